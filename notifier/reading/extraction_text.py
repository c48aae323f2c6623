"""Which characters the bytes of a text stand for, and whether it is text at all: no guessing by statistics.

The order is that of certainty: a mark of byte order, the escapes of ISO-2022-JP, UTF-8 (which other encodings hardly
ever satisfy), then CP932 and EUC-JP. CP932 and never Shift_JIS, which lacks 髙, ① and ㈱.
"""

import codecs
import re
from typing import Final

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ESCAPE: Final = re.compile(rb"\x1b(?:\$[@B(]|\([BJI])")
_NAMES: Final = {
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "sjis": "cp932",
    "windows-31j": "cp932",
    "ms932": "cp932",
    "cp932": "cp932",
    "euc-jp": "euc_jp",
    "x-euc-jp": "euc_jp",
    "iso-2022-jp": "iso2022_jp_ext",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-16": "utf-16",
}
_DECLARED: Final = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_-]{3,20})""", re.IGNORECASE)
_HTML: Final = re.compile(
    rb"(?:<\?xml[^>]*>|<!--.*?-->|\s)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_HALF_WIDTH_KANA: Final = re.compile("[｡-ﾟ]")
_BEGINNING: Final = 4096


def decoded(content: bytes, declared: str = "") -> str | None:
    """Return the text that `content` stands for, without a mark of byte order, or None if no encoding fits.

    `declared` is the name of an encoding that the text itself gives; it is tried before the others.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _tried(content, encoding)
    if _ESCAPE.search(content) is not None and content.isascii():
        for encoding in ("iso2022_jp", "iso2022_jp_ext"):
            if (text := _tried(content, encoding)) is not None:
                return text
    named = _NAMES.get(declared.lower(), "")
    for encoding in (named, "utf-8"):
        if encoding and (text := _tried(content, encoding)) is not None:
            return text
    found = [text for encoding in ("cp932", "euc_jp") if (text := _tried(content, encoding)) is not None]
    # EUC-JP often passes for CP932, and then reads as a row of half-width kana.
    return min(found, key=lambda text: len(_HALF_WIDTH_KANA.findall(text)), default=None)


def declared_encoding(content: bytes) -> str:
    """Return the name of the encoding that an HTML or XML text gives at its beginning; "" if none."""
    found = _DECLARED.search(content[:_BEGINNING])
    return found[1].decode("ascii") if found else ""


def looks_like_text(content: bytes) -> bool:
    """Tell text from a binary file by the controls at its beginning."""
    if content.startswith(tuple(mark for mark, _ in _MARKS)):
        return True
    beginning = content[:_BEGINNING]
    controls = sum(byte < 0x20 and byte not in b"\t\n\f\r\x1b\x1a" for byte in beginning)
    return controls == 0


def looks_like_html(content: bytes, name: str) -> bool:
    """Tell whether a text is a web page: by how it begins, or by the ending of its name."""
    beginning = content[:_BEGINNING]
    for mark, encoding in _MARKS[3:]:
        if content.startswith(mark):
            beginning = beginning.decode(encoding, "ignore").encode()
    ends_so = name.lower().rpartition("?")[0] or name.lower()
    return _HTML.match(beginning.removeprefix(codecs.BOM_UTF8)) is not None or ends_so.endswith(
        (".html", ".htm", ".xhtml")
    )


def _tried(content: bytes, encoding: str) -> str | None:
    try:
        text = content.decode(encoding)
    except UnicodeError:
        return None
    return None if "\0" in text else text
