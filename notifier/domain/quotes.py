"""Quotes: what somebody wrote in an answer, told apart from what it quotes, forwards or is signed with.

Each mail program quotes in its own way: signs before each line, a line that names the writer, a block of headers, a line
of dashes, or nothing at all. Whatever looks like the beginning of a quotation ends what was written, unless the
quotation marks its lines: then what stands between them was written, too.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

MOST_LINES: Final = 2_000
LONGEST_LINE: Final = 1_000
"""What is beyond is not read: no person's answer reaches that far."""
_NEAR: Final = 8
"""Lines in which a block of headers must be complete, and a quotation have begun."""
_LONGEST_NAME: Final = 400
_DAY_BEGINS: Final = 16

_MARK: Final = re.compile(r"\s{0,4}(?:>|\|\s|》|≫)")
_DASHES = r"[-_=*~#\u2500\u2501\u2015\u30fc\u2014\u2013\s]"
_ORIGINAL: Final = re.compile(
    rf"{_DASHES}{{2,80}}\s?(?:original message|original mail|forwarded message|forwarded by|reply message"
    r"|元のメッセージ|元のメール|もとのメッセージ|オリジナルメッセージ|転送メッセージ|転送メール|転送されたメッセージ"
    r"|返信元メッセージ|返信元メール|受信メール|受信メッセージ|引用|以下、?転送).{0,80}",
    re.IGNORECASE,
)
_BEGINNING: Final = re.compile(
    r"(?:begin forwarded message|転送されたメッセージ|以下、?(?:の?メールを)?(?:転送|引用)(?:します|です)?"
    r"|(?:元の|受信)メール(?:内容)?)\s?:?",
    re.IGNORECASE,
)
_FROM: Final = re.compile(r"\*?(?:from|差出人|送信元|送信者|発信者|発信元)\*?\s?:", re.IGNORECASE)
_HEADER: Final = re.compile(
    r"\*?(?:sent|date|to|cc|subject|送信日時|送信日|受信日時|日時|日付|宛先|宛て|件名|題名|タイトル)\*?\s?:",
    re.IGNORECASE,
)
_DAY = (
    r"(?:\d{4}\s?年\s?\d{1,2}\s?月\s?\d{1,2}\s?日|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/]\d{1,2}[-/]\d{2,4}"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s\d)"
)
_ADDRESS = r"[^\s<>@]{1,64}@[^\s<>@]{1,255}"
_DATED: Final = re.compile(_DAY, re.IGNORECASE)
_ADDRESSED: Final = re.compile(_ADDRESS)
_WROTE: Final = re.compile(
    r"(?:wrote|writes|書きました|かきました|書いています|のメール|からのメール|のメッセージ|からのメッセージ)\s?:$",
    re.IGNORECASE,
)
_SAID: Final = re.compile(r"(?:さん|様)(?:は|が|の|から)\S{0,8}\s?(?:\([^)]{0,40}\))?\s?:$")
_SIGNED: Final = re.compile(r"--\s?")
_OUR_LETTER: Final = re.compile(r".{1,60}\s御中")
_OUR_NUMBER: Final = re.compile(r"\(事業所番号\s")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an answer; `written` tells whether whoever answered wrote it. Blank lines are left out."""

    text: str
    written: bool


def told_apart(text: str) -> list[Line]:
    """Return the lines of an answer, in order, each with whether it was written or quoted."""
    raw = [each[:LONGEST_LINE] for each in text.splitlines()[:MOST_LINES]]
    plain = [unicodedata.normalize("NFKC", each).strip() for each in raw]
    found: list[Line] = []
    place = 0
    while place < len(raw):
        if plain[place]:
            taken, ends = _quoted_from(plain, place)
            if ends:
                found += [Line(each, written=False) for each in raw[place:] if each.strip()]
                break
            if taken:
                found += [Line(each, written=False) for each in raw[place : place + taken] if each.strip()]
                place += taken
                continue
            found.append(Line(raw[place], written=True))
        place += 1
    return found


def is_marked(line: str) -> bool:
    """Tell whether a line begins with a sign of quotation, such as > or ＞."""
    return _MARK.match(unicodedata.normalize("NFKC", line)) is not None


def _quoted_from(lines: Sequence[str], place: int) -> tuple[int, bool]:
    """Return how many lines from `place` on are quoted, and whether all that follows is."""
    line = lines[place]
    if _MARK.match(line):
        return 1, False
    if _ORIGINAL.fullmatch(line) or _BEGINNING.fullmatch(line) or _SIGNED.fullmatch(line):
        return 0, True
    if _is_header_block(lines, place) or _is_our_letter(lines, place):
        return 0, True
    named = _naming(lines, place)
    if not named:
        return 0, False
    following = next((each for each in lines[place + named : place + named + _NEAR] if each), "")
    return named, _MARK.match(following) is None


def _is_header_block(lines: Sequence[str], place: int) -> bool:
    if not _FROM.match(lines[place]):
        return False
    near = lines[place + 1 : place + 1 + _NEAR]
    return sum(_HEADER.match(each) is not None for each in near) >= 2


def _is_our_letter(lines: Sequence[str], place: int) -> bool:
    """Tell the beginning of a letter of ours that a telephone quoted without any sign."""
    if not _OUR_LETTER.fullmatch(lines[place]):
        return False
    return any(_OUR_NUMBER.match(each) for each in lines[place + 1 : place + 3])


def _naming(lines: Sequence[str], place: int) -> int:
    """Return how many lines name the writer of what follows, wrapped or not: `2026年4月1日 9:00 市 <a@example.jp>:`."""
    for count in (1, 2, 3):
        part = lines[place : place + count]
        if len(part) < count or not all(part) or any(_MARK.match(each) for each in part[1:]):
            break
        if _names(" ".join(part), is_whole=count == 1):
            return count
    return 0


def _names(line: str, *, is_whole: bool) -> bool:
    if len(line) > _LONGEST_NAME or not line.endswith(":"):
        return False
    dated, addressed = _DATED.search(line), _ADDRESSED.search(line)
    if is_whole and (_SAID.search(line) or (addressed and line.endswith(">:"))):
        return True
    # What was wrapped must begin as such lines do: with a day, or the word before one.
    begins = dated is not None and dated.start() <= _DAY_BEGINS
    return begins and (addressed is not None or _WROTE.search(line) is not None)
