"""A normalised copy of a text in which patterns are sought, with the way back to the text as it stands.

The copy has one width of digits and signs, one tilde, eras spelt out, and no gap inside an expression: not the
spaces of 「令和 8 年 4 月 7 日」, not the line break or the page number in the middle of a date. What is found is
always quoted from the original.
"""

import re
import sys
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

_TILDES = "~〜～∼˜\u223f\u3030"
_DASHES = "-‐‑‒–—―−－ｰ─━"
# A circled or raised figure is a label or a note, never a digit of the number beside it.
_LABELS = ((0x2460, 0x24FF), (0x2776, 0x2793), (0x3251, 0x32BF), (0x2150, 0x218B), (0x2070, 0x209C))
_SPELT_OUT = {"迄": "まで", "㋿": "令和", "㍻": "平成", "㍼": "昭和", "㍽": "大正", "㍾": "明治"}
_SPELT_OUT.update({chr(0x322A + index): f"({sign})" for index, sign in enumerate("月火水木金土日")})
_SPELT_OUT.update({chr(0x328A + index): f"({sign})" for index, sign in enumerate("月火水木金土日")})
_SPELT_OUT.update({chr(0x32C0 + index): f"{index + 1}月" for index in range(12)})
_SPELT_OUT.update({chr(0x33E0 + index): f"{index + 1}日" for index in range(31)})

_ERAS = "令和|平成|昭和|大正|明治"
_DIGIT = "[0-9元〇一二三四五六七八九十]"
_PAGE_NUMBER = r"(?:[ \f]*(?:- ?)?[0-9]{1,3}(?: ?-| ?ページ|/[0-9]{1,3})?[ ]*\n)"
_BREAK = rf"[ ]*\n(?:[ \f]*\n){{0,2}}{_PAGE_NUMBER}(?:[ ]*\n){{0,2}}[ \f]*|[ ]*\n[ \f]*"
_WEEKDAY = "[月火水木金土日]"
_GAP = "|".join(
    (
        "(?<=令)[ ]+(?=和[ ]*[0-9元])|(?<=平)[ ]+(?=成[ ]*[0-9元])|(?<=昭)[ ]+(?=和[ ]*[0-9])",
        rf"(?<=[和成])(?:{_BREAK}|[ ]+)(?={_DIGIT}{{1,3}}[ ]*(?:年|[~・、-][ ]*[0-9]))",
        r"(?<=[0-9])(?<![A-Za-z][0-9])(?<![A-Za-z][0-9][0-9])(?<!\n[0-9])(?<!\n[0-9][0-9])[ ]+(?=年)",
        r"(?<=[^0-9]年)[ ]+(?=[0-9]{1,2}回(?!目))",
        r"(?<=時)[ ]+(?=[0-9]{1,2}[ ]*分)|(?<=[0-9])[ ]+(?=分(?![の類野担割別]))",
        r"(?<=[0-9])[ ]+(?=月(?!曜)|日(?![程本曜常頃])|[かヶカヵケ箇][ ]*月|時(?!間)|旬|週間)",
        r"(?<=[0-9])[ ]*\n[ ]*(?=年[ ]*[0-9]{1,2}[ ]*月|年度|月[ ]*[0-9]{1,2}[ ]*日|日(?:ま[ ]*で|から|より|\())",
        rf"(?<=年)(?:{_BREAK}|[ ]+)(?=度|{_DIGIT}{{1,3}}[ ]*(?:月(?!曜)|[かヶカヵケ箇][ ]*月))",
        rf"(?<=月)(?:{_BREAK}|[ ]+)(?={_DIGIT}{{1,3}}[ ]*日(?![程本間])|[上中下初]旬|末)",
        rf"(?<=[日)時分月年度末旬])(?:{_BREAK}|[ ]+)(?=まで|から(?!の)|より(?!も)|以降|以前|必着)",
        r"(?<=:[0-9][0-9])[ ]+(?=まで|から(?!の)|必着)",
        rf"(?<=日)(?:{_BREAK}|[ ]+)(?=\([ ]*{_WEEKDAY}[^)\n]{{0,4}}\))",
        rf"(?<={_WEEKDAY}\)|.日)(?:{_BREAK})(?=(?:午前|午後|正午|[0-2]?[0-9](?:時(?!間)|:[0-5][0-9]))[^\n]{{0,8}}(?:まで|必着|[〆締]))",
        rf"(?<=\()[ ]+(?={_WEEKDAY}[^)\n]{{0,4}}\))|(?<={_WEEKDAY})[ ]+(?=\))|(?<=ま)[ ](?=で)",
        r"(?<=[0-9])[ ](?=[0-9][ ][0-9][ ][0-9][ ]*年)|(?<=[0-9][ ][0-9])[ ](?=[0-9][ ][0-9][ ]*年)",
        r"(?<=[0-9][ ][0-9][ ][0-9])[ ](?=[0-9][ ]*年)",
    )
)
_FULL_LINE = 25
"""Signs of a line that may have been broken because it was full; a longer one beside it shows that it was not."""
_NEARLY = 0.9
_SET_TO_THE_RIGHT = " " * 8
"""What begins a line set to the right, such as the day and the office that signs: it is full of nothing."""
_LONGEST_LINE = 400
_ENDS = "。:】」|\t"
_BEGINS = re.compile(
    r"[-*•・○●◇◆□■※▶→✓>#|~\s]|\(?[0-9一二三四五六七八九十]{1,3}[).、. ]|第[0-9一二三四五六七八九十]+[条章節 ]"
    r"|[アイウエオカキ][ )、.]|[【《〔〈]|記\n|[QA問答][0-9. )]|[^\n]{0,400}[|\t]"
    r"|[^、。:\n]{1,10}:|(?:令和|平成|20[0-9]{2})[^、。\n]{4,18}(?:\([^)\n]{1,4}\)|日)[ ]*(?:\n|$)"
)
"""What begins a line of its own: a bullet, a number, a cell, a key, a day that stands alone."""
_COLUMNS = re.compile(r"[^ \n] {2,}[^ \n]")
"""A gap of several signs within a line: columns, and no prose."""
_FIELD = re.compile(r"[^、。:\n]{1,10}:")

_DASH = rf"(?:(?<=/[0-9])|(?<=/[0-9][0-9])|(?<={_WEEKDAY}\))) ?- ?(?=[0-9]{{1,2}}/[0-9]{{1,2}}(?![0-9/]))"
"""A dash that runs from day to day: 1/12-1/22."""
_CHANGED = re.compile(
    f"(?P<gap>{_GAP})|(?P<wrap>(?<=\\S)\\n(?=\\S))|(?P<sign>[{''.join(_SPELT_OUT)}])|(?P<dash>{_DASH})|(?P<mark>\\*\\*|[*※](?=まで))"
)


@cache
def _table() -> dict[int, str]:
    """Return what each sign becomes that has a plainer form of the same length."""
    table = {}
    for code in range(0x80, min(sys.maxunicode, 0xFFFF)):
        sign = chr(code)
        plain = unicodedata.normalize("NFKC", sign)
        if len(plain) == 1 and plain != sign and not any(low <= code <= high for low, high in _LABELS):
            table[code] = plain
    table.update(dict.fromkeys(map(ord, _TILDES), "~"))
    table.update(dict.fromkeys(map(ord, _DASHES), "-"))
    table.update({ord("\r"): " ", ord("\u2028"): "\n", ord("’"): "'", ord("，"): ",", ord("．"): "."})
    return table


@dataclass(frozen=True, slots=True)
class Copy:
    """The normalised text, and where each stretch of it begins in the original."""

    original: str
    text: str
    starts: tuple[int, ...] = field(repr=False)
    """Positions in `text` where a stretch begins that was copied sign for sign."""
    origins: tuple[int, ...] = field(repr=False)
    """The position in `original` of each such beginning."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the place in the original of `text[start:end]`, which must not be empty."""
        return self._origin(start), self._end(end)

    def _origin(self, position: int) -> int:
        stretch = bisect_right(self.starts, position) - 1
        return self.origins[stretch] + position - self.starts[stretch]

    def _end(self, position: int) -> int:
        # What was spelt out (㋿) is longer here than there: its end is where the next stretch begins.
        stretch = bisect_right(self.starts, position - 1) - 1
        found = self.origins[stretch] + position - self.starts[stretch]
        return min(found, self.origins[stretch + 1]) if stretch + 1 < len(self.origins) else found


def normalised(text: str) -> Copy:
    """Return the copy of `text`. Its length differs only where gaps were closed and signs spelt out."""
    plain = text.translate(_table())
    pieces: list[str] = []
    starts, origins = [0], [0]
    length = last = 0
    for place, end, put in _changes(plain):
        pieces += (plain[last:place], put)
        length += place - last
        if put:
            starts.append(length)
            origins.append(place)
            length += len(put)
        starts.append(length)
        origins.append(end)
        last = end
    pieces.append(plain[last:])
    return Copy(text, "".join(pieces), tuple(starts), tuple(origins))


def _changes(plain: str) -> Iterator[tuple[int, int, str]]:
    for found in _CHANGED.finditer(plain):
        if found["wrap"] and not _is_wrapped(plain, found.start()):
            continue
        put = "~" if found["dash"] else _SPELT_OUT.get(found[0], "") if found["sign"] else ""
        yield found.start(), found.end(), put


def _is_wrapped(plain: str, place: int) -> bool:
    """Say whether the line that ends at `place` was broken only because it was full."""
    length = place - 1 - plain.rfind("\n", max(0, place - _LONGEST_LINE), place)
    if length < _FULL_LINE or plain[place - 1] in _ENDS or _BEGINS.match(plain, place + 1) is not None:
        return False
    if plain.startswith(_SET_TO_THE_RIGHT, place - length):
        return False
    if _FIELD.match(plain, place - length) is not None or _COLUMNS.search(plain, place - length, place):
        return False
    end = plain.find("\n", place + 1, place + _LONGEST_LINE)
    start = plain.rfind("\n", max(0, place - length - _LONGEST_LINE), place - length)
    before = max(0, place - length - 2 - start) if start >= 0 else 0
    following = (end if end >= 0 else min(len(plain), place + _LONGEST_LINE)) - place - 1
    return length >= _NEARLY * max(before, following) and "\t" not in plain[place - length : place]
