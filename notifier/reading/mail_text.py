"""The text of a part of a mail: from bytes and what they claim to be, to characters. Nothing is raised.

What claims ISO-2022-JP is mostly what Windows writes under that name (CP50221), with ①, ㈱ and half-width kana; so it
is read as CP932 behind its escapes. What claims nothing, or what is not so, is guessed.
"""

import re
from binascii import Error as BinasciiError
from binascii import a2b_base64, a2b_qp
from typing import Final

from notifier.reading.extraction_text import decoded

_JIS: Final = re.compile(r"(?:cs)?iso-?2022-?jp(?:-?\w+)?|cp5022[0-2]|jis|x-jis")
_PLAIN: Final = {
    "cp932": "cp932",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "sjis": "cp932",
    "windows-31j": "cp932",
    "cswindows31j": "cp932",
    "ms_kanji": "cp932",
    "euc-jp": "euc_jp",
    "x-euc-jp": "euc_jp",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5",
    "euc-kr": "cp949",
    "windows-1252": "cp1252",
}
_ESCAPE: Final = re.compile(rb"\x1b(?:\$[@B]|\$\([@BDOPQ]|\([BJIH])")
_ASCII, _KANJI, _KANA, _SUPPLEMENT = range(4)
_MODES: Final = {b"\x1b$@": _KANJI, b"\x1b$B": _KANJI, b"\x1b(I": _KANA, b"\x1b$(D": _SUPPLEMENT}
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")


def characters(octets: bytes, charset: str) -> str:
    """Return the characters of `octets`; `charset` is the name that they claim, in any case, "" for none."""
    name = charset.strip().strip("\"'").lower()
    if _JIS.fullmatch(name) or _ESCAPE.search(octets[:65_536]):
        return _clean(_from_jis(octets))
    for encoding in (_PLAIN.get(name), "utf-8"):
        if encoding is None:
            continue
        try:
            return _clean(octets.decode(encoding))
        except UnicodeDecodeError:
            continue
    guessed = decoded(octets)
    return _clean(octets.decode(_PLAIN.get(name, "utf-8"), "replace") if guessed is None else guessed)


def untransferred(octets: bytes, encoding: str) -> bytes:
    """Return the bytes behind a Content-Transfer-Encoding; what is not in it stays as it is."""
    name = encoding.strip().lower()
    if name == "base64":
        try:
            return a2b_base64(octets)
        except BinasciiError:
            return _leniently(octets)
    return a2b_qp(octets) if name == "quoted-printable" else octets


def _leniently(octets: bytes) -> bytes:
    """Decode what was cut off: as many whole groups of four as there are."""
    signs = re.sub(rb"[^A-Za-z0-9+/]", b"", octets)
    return a2b_base64(signs[: len(signs) // 4 * 4])


def _from_jis(octets: bytes) -> str:
    """Return what ISO-2022-JP, or what is called so, stands for."""
    pieces: list[str] = []
    mode, place = _ASCII, 0
    for match in _ESCAPE.finditer(octets):
        pieces.append(_in_mode(octets[place : match.start()], mode))
        mode, place = _MODES.get(match[0], _ASCII), match.end()
    pieces.append(_in_mode(octets[place:], mode))
    return "".join(pieces)


def _in_mode(octets: bytes, mode: int) -> str:
    match mode:
        case 0:
            return octets.decode("cp932", "replace")
        case 2:
            return bytes(each | 0x80 if 0x21 <= each <= 0x5F else each for each in octets).decode(
                "cp932", "replace"
            )
        case 3:
            return (b"\x1b$(D" + octets + b"\x1b(B").decode("iso2022_jp_1", "replace")
    return _lines_of_kanji(octets)


def _lines_of_kanji(octets: bytes) -> str:
    """Decode two bytes a character; a broken mail may go on in this mode behind the end of a line."""
    lines = octets.split(b"\n")
    return "\n".join(_kanji(each) for each in lines)


def _kanji(octets: bytes) -> str:
    shifted = bytearray()
    for first, second in zip(octets[::2], octets[1::2], strict=False):
        if 0x21 <= first <= 0x7E and 0x21 <= second <= 0x7E:
            lead = ((first - 0x21) >> 1) + 0x81
            shifted.append(lead + 0x40 if lead > 0x9F else lead)
            if first % 2:
                shifted.append(second + (0x1F if second < 0x60 else 0x20))
            else:
                shifted.append(second + 0x7E)
        else:
            shifted += bytes((first, second)) if first < 0x80 else b"?"
    return shifted.decode("cp932", "replace")


def _clean(text: str) -> str:
    """Return text with line feeds for line ends and without controls."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).removeprefix("\ufeff")
