"""Due expressions as data: each form is a small table, told from the others by its first key.

`parse_due` and `dump_due` are inverse to each other. What a form means stands in
`notifier.domain.expressions`.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from notifier.catalogue.conditions import anchor_as_data, period_as_text, read_anchor
from notifier.catalogue.tables import Table, Written
from notifier.domain import dates
from notifier.domain.dates import Half, Interval, Part, Period
from notifier.domain.expressions import (
    DUE_SET,
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

SETTERS = ("prefecture", "municipality", "designation-authority")
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


def parse_due(written: Written) -> tuple[Expression, bool]:
    """Read one due expression, and whether it is marked 予定. Raises ValueError with the key and the mend."""
    table = Table(written, "`due`")
    tentative = table.flag("tentative")
    form = next((form for form in _FORMS if form in table), None)
    if form is None:
        raise ValueError(f"`due` has none of the known forms {list(_FORMS)}; found keys {sorted(written)}")
    expression = _FORMS[form](table)
    table.finish()
    return expression, tentative


def _fixed(table: Table) -> Fixed:
    return Fixed(table.day_or_none("by"), table.day_or_none("opens"))


def _in_month(table: Table) -> InMonth:
    first = _month(table.text("month"))
    part = table.choice("part", Part) if "part" in table else None
    return InMonth(first.year, first.month, part)


def _months(table: Table) -> Months:
    written = table.texts("months")
    if len(written) != 2:
        raise ValueError(
            f'`months` must name the first and the last month, ["2025-12", "2026-05"]; found {written!r}'
        )
    first, last = (_month(each) for each in written)
    return Months(Interval(first, dates.month_end(last.year, last.month)))


def _in_fiscal_year(table: Table) -> InFiscalYear:
    return InFiscalYear(table.number("fiscal_year"), _half(table))


def _until_event(table: Table) -> UntilEvent:
    expected = read_interval(table.raw("expected")) if "expected" in table else None
    events = table.texts("events")
    if not events:
        raise ValueError("`events` must name the events that announce the day")
    return UntilEvent(table.text("until_event"), events, expected, table.text("wording", ""))


def _after(table: Table) -> AfterAnchor:
    return AfterAnchor(read_anchor(table.raw("after")), Period.parse(table.text("period")))


def _day_of(table: Table) -> OnAnchor:
    return OnAnchor(read_anchor(table.raw("day_of")))


def _month_from(table: Table) -> MonthFromAnchor:
    day = table.raw("day")
    if day == "end":
        return MonthFromAnchor(read_anchor(table.raw("month_from")), table.number("months"), "end")
    if not isinstance(day, int) or not 1 <= day <= 31:
        raise ValueError(f"`day` must be a day of the month, 1 to 31, or 'end'; found {day!r}")
    return MonthFromAnchor(read_anchor(table.raw("month_from")), table.number("months"), day)


def _set_by(table: Table) -> SetByAuthority:
    setter = table.text("set_by")
    if setter not in SETTERS:
        raise ValueError(f"`set_by` must be one of {list(SETTERS)}; found {setter!r}")
    return SetByAuthority(setter, table.text("event", DUE_SET))


def _before(table: Table) -> BeforeFact:
    return BeforeFact(read_anchor(table.raw("before")), table.text("wording"), _set_by(table))


def _fiscal_years_after(table: Table) -> FiscalYearsAfter:
    years = table.number("years")
    if years < 1:
        raise ValueError(f"`years` must be 1 or more; found {years}")
    return FiscalYearsAfter(read_anchor(table.raw("fiscal_years_after")), years, _set_by(table))


def _outer_limit(table: Table) -> OuterLimit:
    return OuterLimit(table.day("from"), Period.parse(table.text("outer_limit")), table.text("event"))


def _standing(table: Table) -> Standing:
    return Standing(table.text("standing"), read_anchor(table.raw("until")) if "until" in table else None)


def _unknown(table: Table) -> Unknown:
    return Unknown(table.text("unknown"))


def _unclear(table: Table) -> Unclear:
    probable = read_interval(table.raw("probable")) if "probable" in table else None
    return Unclear(read_interval(table.raw("unclear")), probable, table.text("question"))


_FORMS: Mapping[str, Callable[[Table], Expression]] = {  # the order matters where forms share a key
    "until_event": _until_event,
    "after": _after,
    "day_of": _day_of,
    "month_from": _month_from,
    "before": _before,
    "fiscal_years_after": _fiscal_years_after,
    "outer_limit": _outer_limit,
    "standing": _standing,
    "unclear": _unclear,
    "unknown": _unknown,
    "set_by": _set_by,
    "months": _months,
    "month": _in_month,
    "fiscal_year": _in_fiscal_year,
    "by": _fixed,
    "opens": _fixed,
}


def read_interval(written: object) -> Interval:
    """Read `{fiscal_year, half}` or `{opens, by}`, either of which may be absent. Raises ValueError."""
    table = Table(written, "the interval")
    if "fiscal_year" in table:
        year, half = table.number("fiscal_year"), _half(table)
        found = dates.fiscal_year(year) if half is None else dates.half_year(year, half)
    else:
        found = Interval(table.day_or_none("opens"), table.day_or_none("by"))
    table.finish()
    return found


def _half(table: Table) -> Half | None:
    return table.choice("half", Half) if "half" in table else None


def _month(written: str) -> date:
    match = _MONTH.fullmatch(written)
    if match is None:
        raise ValueError(f"a month is written as 2026-03; found {written!r}")
    return date(int(match[1]), int(match[2]), 1)


def dump_due(expression: Expression, *, tentative: bool = False) -> dict[str, Any]:  # noqa: PLR0911, PLR0912, C901 -- a table
    """Return `expression` as JSON can keep it; `parse_due` is the inverse."""
    if tentative:
        return {**dump_due(expression), "tentative": True}
    match expression:
        case Fixed(by=by, opens=opens):
            return _days(opens, by)
        case InMonth(year=year, month=month, part=part):
            return {"month": f"{year:04}-{month:02}", **({"part": part.value} if part else {})}
        case Months(covered=Interval(start=start, end=end)):
            return {"months": [str(start)[:7], str(end)[:7]]}
        case InFiscalYear(year=year, half=half):
            return {"fiscal_year": year, **({"half": half.value} if half else {})}
        case UntilEvent(name=name, events=events, expected=expected, expected_wording=wording):
            shown = {"expected": _days(expected.start, expected.end)} if expected is not None else {}
            return {"until_event": name, "events": list(events), **shown, "wording": wording}
        case AfterAnchor(anchor=anchor, period=period):
            return {"after": anchor_as_data(anchor), "period": period_as_text(period)}
        case OnAnchor(anchor=anchor):
            return {"day_of": anchor_as_data(anchor)}
        case MonthFromAnchor(anchor=anchor, months=months, day=day):
            return {"month_from": anchor_as_data(anchor), "months": months, "day": day}
        case SetByAuthority(by=setter, event=event):
            return {"set_by": setter, "event": event}
        case BeforeFact(anchor=anchor, wording=wording, latest=latest):
            return {"before": anchor_as_data(anchor), "wording": wording, **dump_due(latest)}
        case FiscalYearsAfter(anchor=anchor, years=years, latest=latest):
            return {"fiscal_years_after": anchor_as_data(anchor), "years": years, **dump_due(latest)}
        case OuterLimit(start=start, period=period, event=event):
            return {"outer_limit": period_as_text(period), "from": str(start), "event": event}
        case Standing(wording=wording, until=until):
            return {"standing": wording, **({"until": anchor_as_data(until)} if until else {})}
        case Unknown(wording=wording):
            return {"unknown": wording}
        case Unclear(printed=printed, probable=probable, question=question):
            meant = {"probable": _days(probable.start, probable.end)} if probable is not None else {}
            return {"unclear": _days(printed.start, printed.end), **meant, "question": question}


def _days(opens: date | None, by: date | None) -> dict[str, str]:
    return {key: day.isoformat() for key, day in (("opens", opens), ("by", by)) if day is not None}
