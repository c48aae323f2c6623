"""The year that an expression leaves out, from the issue date, the weekday and what else the text says.

Nothing here is certain: whatever is inferred is flagged.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from notifier.domain.dates import Interval, add_months, fiscal_year_of, month_end
from notifier.reading.moments import Moment, era_year

_ISSUE_WORDS = {"今": 0, "本": 0, "昨": -1, "去": -1, "旧": -1, "来": 1, "次": 1, "一昨": -2, "再来": 2}
_TEXT_WORDS = {"同": 0, "当該": 0, "当": 0, "翌": 1, "翌々": 2, "前": -1, "前々": -2}
_SHORT_WESTERN = 20
_SENTENCE_REACH = 160
_LONG_PAST = 6
"""Months after which a day is too long past for anything to be due by it."""
_SAME_MONTH = 24
"""Signs within which a bare day goes on with the day before it: 前月15日までです。16日以降の届出は."""


@dataclass(slots=True)
class Surroundings:
    """What the reader knows when it comes to an expression; it grows while the text is read."""

    text: str
    issued: date | None = None
    year_of_day: dict[tuple[int, int | None], set[int]] = field(default_factory=dict)
    """Years that the document names in full for a month and day."""
    year_before: dict[tuple[int, int | None], set[int]] = field(default_factory=dict)
    """The same, as far as the text has been read: a stretch repeats only what was said before it."""
    last: date | None = None
    """The beginning of the latest expression that was understood."""
    last_until: date | None = None
    """Its end, if it is a stretch such as 令和8年度, in which what follows on the line is likely to lie."""
    last_is_range: bool = False
    last_is_day: bool = False
    last_has_year: bool = False
    """Whether that expression was one day, and whether its year was written."""
    last_end: int = 0
    frame: Interval | None = None
    """The year, half year or quarter last named as a whole, within which what follows in its sentence is likely to lie."""
    frame_end: int = 0
    row: date | None = None
    """The month that heads the row of a table, and where the row ends."""
    row_end: int = 0
    of_title: Interval | None = None
    """The year of which the title says that the document is its schedule."""
    is_report: bool = False
    """The title says that the document tells of what took place: minutes, or the report of a meeting."""
    each_end: int = 0
    """Where the latest 毎年 or 毎月 ends: words that point back there, such as 前年度, mean no one day."""
    anchored_end: int = -_SENTENCE_REACH
    """Where the latest day ends that hangs on another month, such as 算定開始月の前月15日まで."""
    named: date | None = None
    """The time of the document as far as a year written in it tells: what stands in for an issue date it does not bear."""

    def neighbour(self, start: int) -> date | None:
        """Return the day of an expression earlier in the same sentence as `start`, if there is one."""
        if self.last is None or start - self.last_end > _SENTENCE_REACH:
            return None
        between = self.text[self.last_end : start]
        return None if "。" in between or "\n\n" in between or self._of_each(start) else self.last

    def is_anchored(self, start: int) -> bool:
        """Say whether a bare day at `start` goes on with a day of each month, or of a month that is not known."""
        anchor = max(self.anchored_end, self.each_end)
        return anchor > self.last_end and start - anchor < _SAME_MONTH

    def _of_each(self, start: int) -> bool:
        return self.each_end > self.last_end and "。" not in self.text[self.each_end : start]

    def framed(self, start: int) -> Interval | None:
        """Return the year named as a whole earlier in the sentence and the cell of `start`, if there is one.

        令和9年度の申請は2月から speaks of the months before that year, 令和9年度は2月から of a month in it.
        """
        if self.frame is None or start - self.frame_end > _SENTENCE_REACH:
            return None
        between = self.text[self.frame_end : start]
        if set("。\n|\t") & set(between):
            return None
        opens = self.frame.start
        is_ahead = opens is not None and self.issued is not None and opens > self.issued
        return None if is_ahead and _OF_YEAR.match(between) else self.frame

    def same(self, start: int) -> date | None:
        """Return what 同年 or 同月 points back to: the latest expression within reach, be it a sentence before."""
        is_far = self.last is None or start - self.last_end > _SENTENCE_REACH
        return None if is_far or self._of_each(start) else self.last

    def beside(self, start: int) -> date | None:
        """Return the same if it stands on the same line and in the same cell."""
        found = self.neighbour(start)
        return (
            found if found is not None and not set("\n|\t") & set(self.text[self.last_end : start]) else None
        )

    def in_cell(self, start: int) -> date | None:
        """Return the neighbour if no border of a cell lies between; it may stand in the line above."""
        found = self.neighbour(start)
        return None if found is None or set("|\t") & set(self.text[self.last_end : start]) else found

    def is_due_of(self, start: int) -> bool:
        """Say whether months stand right before `start`, so that a day there is the one on which they are due."""
        is_after = self.last_is_range and start > self.last_end != self.frame_end
        return is_after and _OF_MONTHS.fullmatch(self.text, self.last_end, start) is not None

    def same_line(self, start: int) -> date | None:
        """Return the day of the expression before, whatever ends between, if it stands on the same line."""
        if self.last is None or start - self.last_end > _SENTENCE_REACH:
            return None
        return None if "\n" in self.text[self.last_end : start] else self.last


_OF_YEAR = re.compile(
    r"分?\)?(?:(?:の[^、]{1,20}|[一-龥]{0,12}?(?:申請|申込|募集|計画|届出|説明会)[^、]{0,8}"
    r"|(?:に|から)[^、]{0,16}[るたの][^、]{1,12})(?:は|を|について|に係る)|(?:の[^、]{1,12})?(?:に向け|に備え))"
)
_NEXT_CLAUSE = re.compile(
    "(?:あり|行い|受け|され|おり|なり|した(?:が|ところ)|しましたが|であり|るが|すが|ため)、"
)
_AHEAD_OF = re.compile(
    r"(?:に伴い|に向け|に備え|を踏まえ|を受け|に先立ち|に当たり|にあたり|のため)[^、。\n]{0,12}、"
)
_OF_MONTHS = re.compile(r"分?(?:の?(?:納期限?|期限|納入|申請|請求|締切)?は?)?[ :(、→…]*")
"""What stands between months and the day on which what they bring is due: 6月~11月分 12月10日."""


_IN_FIGURES = re.compile(
    "前年度?(?:の[^、。\n]{1,16}[はが](?:約|延べ|計)?[0-9][0-9,.]{0,9}(?:億|万|千)?(?:[件人名円%回台床団戸社点t]|トン|時間|ヘクタール|平方)"
    "|(?:の実績)?(?:比|より|に比べ|を(?:上回|下回)|並み))"
)
"""What compares the year before with the year in which the document came out."""


def word_offset(word: str) -> tuple[int | None, int | None]:
    """Return how many years (or months) a word lies from the issue date, or else from its neighbour in the text."""
    stem = (
        word.removesuffix("度")
        .removesuffix("会計年")
        .removesuffix("事業年")
        .removesuffix("年")
        .removesuffix("月")
    )
    return _ISSUE_WORDS.get(stem), _TEXT_WORDS.get(stem)


def worded_year(moment: Moment, around: Surroundings, start: int) -> int | None:
    """Return the year, civil or fiscal, that 今年度, 昨年, 同年 or 翌年 means here; None if nothing fixes it."""
    from_issue, from_text = word_offset(moment.year_word)
    if moment.year_word == "新年" and around.issued is not None:
        return (
            around.issued.year + (1 if around.issued.month != 4 else 0)
            if around.issued.month > 3
            else around.issued.year
        )
    if from_issue is not None:
        origin = around.issued
    elif from_text is not None:
        origin, from_issue = around.neighbour(start), from_text
        if origin is None and moment.year_word.startswith("同"):
            origin = around.same(start)
    else:
        return None
    if origin is None and from_text == -1 and _IN_FIGURES.match(around.text, start):
        origin = (
            around.issued
        )  # 前年度の報告件数は1,046件: the reader's own year is the one it is compared with
    if origin is None:
        return None
    is_civil = (origin.month, origin.day) == (1, 1) and around.last_until == date(origin.year, 12, 31)
    return (fiscal_year_of(origin) if moment.is_fiscal and not is_civil else origin.year) + from_issue


def guessed_era(moment: Moment, around: Surroundings) -> int:
    """Return the civil year of a number without an era: of the eras it may belong to, the nearest."""
    number = moment.bare_year or 1
    origin = around.last or around.issued
    candidates = [era_year("R", str(number)), era_year("H", str(number))]
    if number >= _SHORT_WESTERN:
        candidates.append(2000 + number)
    return candidates[0] if origin is None else min(candidates, key=lambda year: abs(year - origin.year))


class Outlook(NamedTuple):
    """Which way a sentence looks: ahead to what is still to be done, back on what is over."""

    ahead: bool = False
    back: bool = False
    is_run: bool = False
    """The whole stretch is named at once, such as 6月~11月."""
    near: bool = False
    """The day may lie before as well as after the time it stands beside."""
    is_stretch: bool = False
    """The day begins or ends a stretch."""
    is_report: bool = False
    """The document tells of what took place."""
    is_counted: bool = False
    """Something is counted as of the day, or accounted for by the month."""

    @property
    def months_back(self) -> int:
        """Return how many months before the issue date a day may lie, of which the year is not said."""
        if self.back:
            return 11
        if self.is_run:
            return 4 if self.is_counted else 1 - self.ahead
        if self.ahead:
            return 1
        return 4 if self.is_counted or self.is_report else 2


def missing_year(
    moment: Moment, around: Surroundings, start: int, outlook: Outlook
) -> tuple[int | None, bool]:
    """Return the year of a month or day that names none, and whether its weekday contradicts every such year."""
    month, day = moment.month or 1, moment.day
    origin = around.issued or around.named or around.neighbour(start) or around.last
    if origin is None:
        years_named = around.year_of_day.get((month, day), set())
        return (min(years_named) if len(years_named) == 1 else None), False
    if moment.weekday is not None and day is not None:
        years = range(origin.year - 1, origin.year + 2)
        # What is still to be done by a day long past bears the wrong weekday rather than the wrong year.
        latest = add_months(origin, -_LONG_PAST)
        fitting = [
            year
            for year in years
            if weekday_of(year, month, day) == moment.weekday
            and not (outlook.ahead and _day(year, month, day) < latest)
        ]
        return _in_window(fitting or list(years), month, day, origin, outlook.months_back), not fitting
    beside = around.beside(start)
    if outlook.near and beside is not None:
        return min(_about(beside), key=lambda year: abs(_day(year, month, day) - beside)), False
    named = around.year_before if outlook.is_stretch else around.year_of_day
    said = _year_said(month, day, named.get((month, day), set()), around, start, origin)
    if said is None and around.row is not None and start < around.row_end:
        row = around.row
        said = min(_about(row), key=lambda year: abs(_day(year, month, day) - row))
    if said is None and around.of_title is not None:
        said = next((year for year in _about(origin) if _day(year, month, day) in around.of_title), None)
    if outlook.back and outlook.is_counted and "、" in around.text[around.last_end : start]:
        said = None  # 令和7年度の収納率は99％、2月末現在の未納は31件: what is counted now, and no part of that year
    if said is not None and (not outlook.back or _day(said, month, day) <= origin):
        return said, False
    return _in_window(_about(origin), month, day, origin, outlook.months_back), False


def _year_said(
    month: int, day: int | None, named: set[int], around: Surroundings, start: int, origin: date
) -> int | None:
    """Return the year that the text itself suggests: beside the expression, or where it repeats the same day."""
    beside = around.beside(start) if around.last_has_year else None
    until = around.last_until
    if until is not None and around.is_due_of(start) and day is not None:
        return until.year + (_day(until.year, month, day) <= until)
    near = {year for year in named if abs(year - origin.year) <= 1}
    if len(near) == 1 and (beside is None or beside.year in near):
        return min(near)
    frame = around.framed(start)
    if frame is not None and (beside is None or around.last_end == around.frame_end):
        return _within(month, day, frame, is_known=around.issued is not None)
    if beside is None or around.last_end == around.frame_end or _leads_away(around, start, beside, origin):
        return None
    if around.last_is_day:
        return beside.year + (_day(beside.year, month, day) < beside)
    return _within(month, day, Interval(beside, around.last_until or beside))


def _leads_away(around: Surroundings, start: int, beside: date, origin: date) -> bool:
    """Say whether what stands at `start` lies apart from the time before it.

    It prepares a later one: 令和10年4月施行の改正に伴い、10月中旬までに. Or the stretch belonged to another clause:
    令和8年度中の計算書類について説明があり、5月12日に.
    """
    between = around.text[around.last_end : start]
    is_prepared = beside > origin and _AHEAD_OF.search(between) is not None
    return is_prepared or (not around.last_is_day and _NEXT_CLAUSE.search(between) is not None)


def _within(month: int, day: int | None, frame: Interval, *, is_known: bool = False) -> int | None:
    """Return the year that puts the day into a stretch, or else into the months after its beginning."""
    if frame.start is None:
        return None
    within = [year for year in _about(frame.start) if _day(year, month, day) in frame]
    if not within and is_known:
        return None  # 令和7年度分の請求は8月14日必着: the day lies outside, and its own year follows from the issue date
    return (
        within[0]
        if within
        else _in_window(_about(frame.start), month, day, frame.start, Outlook().months_back)
    )


def _about(origin: date) -> list[int]:
    return list(range(origin.year - 2, origin.year + 3))


def weekday_of(year: int, month: int, day: int) -> int | None:
    """Return the weekday of a day, Monday being 0; None if there is no such day."""
    return date(year, month, day).weekday() if day <= month_end(year, month).day else None


def _day(year: int, month: int, day: int | None) -> date:
    last = month_end(year, month)
    return last if day is None else last.replace(day=min(day, last.day))


def _in_window(years: list[int], month: int, day: int | None, origin: date, months_back: int) -> int:
    """Return the year that puts the day into the twelve months one speaks of without saying the year."""
    opens = add_months(origin, -months_back)
    inside = [year for year in years if _day(year, month, day) >= opens]
    if inside:
        return min(inside)
    return max(years)
