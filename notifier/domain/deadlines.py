"""Deadlines: from a due expression and the days known for a cohort to a Due.

A date is an interval with a certainty and a wording. What is no day is never made to look like one.
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from notifier.domain import dates
from notifier.domain.dates import Interval
from notifier.domain.expressions import (
    AfterAnchor,
    BeforeFact,
    Expression,
    FiscalYearsAfter,
    Fixed,
    InFiscalYear,
    InMonth,
    MonthFromAnchor,
    Months,
    OnAnchor,
    OuterLimit,
    SetByAuthority,
    Standing,
    Unclear,
    Unknown,
    UntilEvent,
)


class Shape(StrEnum):
    """What kind of answer a due expression gives."""

    DAY = "day"
    WINDOW = "window"
    FISCAL_YEAR = "fiscal-year"
    PART = "part"
    MONTHS = "months"
    EVENT = "event"
    UNSET = "unset"
    OUTER_LIMIT = "outer-limit"
    STANDING = "standing"
    UNKNOWN = "unknown"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class SetDay:
    """What an authority, or the nation, has set: a day (`closes` alone) or a window, both ends inclusive."""

    closes: date
    opens: date | None = None
    authority: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """When something is due: inclusive civil dates in Japan, how certain they are, and how to say it.

    `earliest`..`latest` is the interval in which the end lies; equal for a day. `opens` is the first day on
    which the thing may be done. `ladder_day` is the day reminders count down to, None if there is no day.
    `target` is the safe day to name beside the due day. `later_reading` is the other reading of a period:
    shown, and not counted down to. `ends` is false where nothing can be missed.
    """

    shape: Shape
    wording: str
    earliest: date | None = None
    latest: date | None = None
    opens: date | None = None
    tentative: bool = False
    ladder_day: date | None = None
    target: date | None = None
    later_reading: date | None = None
    ends: bool = True

    @property
    def is_dated(self) -> bool:
        """Tell whether reminders can count down to a day."""
        return self.ladder_day is not None


@dataclass(frozen=True, slots=True)
class Known:
    """The days on which an expression depends: the office's own day, what was set, and the occurrence."""

    anchor: date | None = None
    set_day: SetDay | None = None
    occurrence: int = 0


_NOTHING_PLANNED = {Shape.UNKNOWN, Shape.UNSET, Shape.UNCLEAR}


def due_of(expression: Expression, known: Known = Known(), *, tentative: bool = False) -> Due:
    """Work out `expression` with what is known. `tentative` marks 予定 as printed or inherited.

    What names no time at all cannot be 予定. Raises ValueError for an expression that names no end.
    """
    due = _due(expression, known)
    if not tentative or due.tentative or due.shape in _NOTHING_PLANNED:
        return due
    return replace(due, tentative=True, wording=f"{due.wording}（予定）")


def _day(day: date, *, opens: date | None = None) -> Due:
    label = dates.day_label_with_western(day)
    if opens is None:
        return Due(Shape.DAY, f"{label}まで", day, day, ladder_day=day, target=day)
    wording = f"{dates.day_label_with_western(opens)}から{label}まで"
    return Due(Shape.WINDOW, wording, day, day, opens, ladder_day=day, target=day)


def _set(set_day: SetDay) -> Due:
    return _day(set_day.closes, opens=set_day.opens)


_UNCLEAR_WORDING = "確認中（印刷された期日のとおりには読めません。確認できるまで遅れの扱いにはなりません）"
_SETTERS = {"prefecture": "都道府県", "municipality": "市町村", "designation-authority": "指定権者"}


def _unset(expression: SetByAuthority) -> Due:
    return Due(Shape.UNSET, f"期日は{_SETTERS[expression.by]}が定めます（未公表）")


def _due(expression: Expression, known: Known) -> Due:  # noqa: PLR0911, PLR0912, C901 -- a table of forms
    match expression:
        case Fixed(by=None, opens=opens) if opens is not None:
            return Due(Shape.STANDING, f"{dates.day_label_with_western(opens)}から", opens=opens, ends=False)
        case Fixed(by=by, opens=opens) if by is not None:
            return _day(by, opens=opens)
        case InMonth():
            return _in_month(expression)
        case Months(covered=covered):
            return _months(covered)
        case InFiscalYear():
            return _in_fiscal_year(expression)
        case UntilEvent():
            return _until_event(expression, known)
        case AfterAnchor() | OnAnchor() | MonthFromAnchor():
            return _from_anchor(expression, known)
        case SetByAuthority():
            return _set(known.set_day) if known.set_day else _unset(expression)
        case BeforeFact():
            return _before_fact(expression, known)
        case FiscalYearsAfter():
            return _fiscal_year_after(expression, known)
        case OuterLimit():
            return _outer_limit(expression, known)
        case Standing():
            return _standing(expression, known)
        case Unclear(printed=printed, probable=probable):
            edge = probable or printed
            return Due(Shape.UNCLEAR, _UNCLEAR_WORDING, edge.start, edge.end, ends=False)
        case Unknown(wording=wording):
            return Due(Shape.UNKNOWN, wording, ends=False)
    raise ValueError("a fixed day needs `by`, `opens`, or both")


def _in_month(expression: InMonth) -> Due:
    year, month, part = expression.year, expression.month, expression.part
    if part is None:
        span, label = dates.month(year, month), dates.month_label(year, month)
    else:
        span, label = dates.part_of_month(year, month, part), dates.part_of_month_label(year, month, part)
    return Due(Shape.PART, f"{label}（日は示されていません）", span.start, span.end, target=span.start)


def _months(covered: Interval) -> Due:
    first, last = _both_ends(covered)
    begin, end = (dates.month_label(each.year, each.month) for each in (first, last))
    wording = f"{begin}分から{end}分まで"
    return Due(Shape.MONTHS, wording, last, last, first, ladder_day=last, target=last)


def _both_ends(span: Interval) -> tuple[date, date]:
    if span.start is None or span.end is None:
        raise ValueError("months that are covered need the first and the last of them")
    return span.start, span.end


def _in_fiscal_year(expression: InFiscalYear) -> Due:
    if expression.half is None:
        span, label = dates.fiscal_year(expression.year), dates.fiscal_year_label(expression.year)
    else:
        span = dates.half_year(expression.year, expression.half)
        label = dates.half_year_label(expression.year, expression.half)
    first, last = _both_ends(span)
    wording = f"{label}中（{dates.day_label_with_western(last)}まで）"
    return Due(Shape.FISCAL_YEAR, wording, last, last, first, ladder_day=last, target=last)


def _until_event(expression: UntilEvent, known: Known) -> Due:
    if known.set_day:
        return _day(known.set_day.closes)
    expected = expression.expected or Interval(None, None)
    wording = f"{expression.expected_wording}（予定）" if expression.expected_wording else "時期は未定"
    return Due(Shape.EVENT, wording, expected.start, expected.end, tentative=True, ends=False)


def _from_anchor(expression: AfterAnchor | OnAnchor | MonthFromAnchor, known: Known) -> Due:
    if known.anchor is None:
        return Due(Shape.UNKNOWN, "事業所ごとの日付によります（日付の登録がありません）", ends=False)
    match expression:
        case OnAnchor():
            return _day(known.anchor)
        case MonthFromAnchor(months=months, day=day):
            return _day(dates.shift_month(known.anchor, months, day))
    counted, not_counted = dates.last_day_of(known.anchor, expression.period)
    due = _day(counted)
    wording = f"{due.wording}（数え方により{dates.day_label_with_western(not_counted)}までとも読めます）"
    return replace(due, wording=wording, latest=not_counted, later_reading=not_counted)


def _before_fact(expression: BeforeFact, known: Known) -> Due:
    day, last = known.anchor, known.set_day
    if day is not None and (last is None or day <= last.closes):
        wording = f"{expression.wording}（{dates.day_label_with_western(day)}に済んでいます）"
        return Due(Shape.DAY, wording, day, day, ladder_day=day, target=day)
    if last is None:
        setter = _SETTERS[expression.latest.by]
        return Due(Shape.UNSET, f"{expression.wording}（期日は{setter}が定めます・未公表）")
    due = _set(last)
    return replace(due, wording=f"{expression.wording}、遅くとも{due.wording}")


def _fiscal_year_after(expression: FiscalYearsAfter, known: Known) -> Due:
    if known.anchor is None:
        span = f"翌年度から{expression.years}年間、毎年度" if expression.years > 1 else "翌年度"
        return Due(Shape.UNKNOWN, f"{span}（起点となる年度の登録がありません）", ends=False)
    year = dates.fiscal_year_of(known.anchor) + known.occurrence
    due = _in_fiscal_year(InFiscalYear(year))
    if known.set_day is None:
        wording = f"{due.wording}。期日は{_SETTERS[expression.latest.by]}が定めます（未公表）"
        return replace(due, wording=wording, earliest=due.opens, ladder_day=None, target=None, ends=False)
    return replace(_set(known.set_day), opens=due.opens, shape=Shape.FISCAL_YEAR)


def _outer_limit(expression: OuterLimit, known: Known) -> Due:
    if known.set_day:
        return _day(known.set_day.closes)
    counted, not_counted = dates.last_day_of(expression.start, expression.period)
    wording = f"遅くとも{dates.day_label_with_western(counted)}まで"
    due = Due(Shape.OUTER_LIMIT, wording, counted, counted, ladder_day=counted, target=counted)
    shown = f"（初日を数えなければ{dates.day_label(not_counted)}まで）"
    return replace(due, wording=wording + shown, later_reading=not_counted)


def _standing(expression: Standing, known: Known) -> Due:
    if known.anchor is None:
        return Due(Shape.STANDING, expression.wording, ends=False)
    day = known.anchor
    wording = f"{expression.wording}（いまは{dates.day_label_with_western(day)}まで有効）"
    return Due(Shape.STANDING, wording, day, day, ladder_day=day, target=day)
