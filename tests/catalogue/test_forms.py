"""Due expressions, conditions, statements and deadlines as data: what is written can be read again."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.catalogue import (
    deadline_as_data,
    deadline_from_data,
    dump_due,
    parse_due,
    statement_as_data,
    statement_from_data,
)
from notifier.catalogue.conditions import condition_as_data, read_condition
from notifier.domain.applicability import AllOf, AnyOf, Authorities, Condition, NotThat, Recorded, Services
from notifier.domain.dates import Half, Interval, Part, Period, fiscal_year, half_year, month, month_end
from notifier.domain.expressions import (
    AfterAnchor,
    Anchor,
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
from notifier.domain.facts import FactPattern, Value
from tests.catalogue.offices import shipped

days = st.dates(date(1990, 1, 1), date(2090, 12, 31))
years = st.integers(1990, 2090)
names = st.text("abcdefghij.-", min_size=1, max_size=12).filter(lambda text: text.strip() != "")
wordings = st.text("期日は未定です予定", min_size=1, max_size=12)
values: st.SearchStrategy[Value] = st.one_of(st.booleans(), st.integers(0, 99), wordings)
periods = st.builds(Period, st.integers(1, 5), st.integers(0, 11), st.integers(0, 30))
set_by = st.builds(
    SetByAuthority, st.sampled_from(["prefecture", "municipality", "designation-authority"]), names
)


@st.composite
def patterns(draw: st.DrawFn) -> FactPattern:
    """Any pattern of facts."""
    types = draw(st.lists(names, min_size=1, max_size=3))
    where = draw(st.dictionaries(names, values, max_size=2))
    since, until = draw(st.none() | days), draw(st.none() | days)
    return FactPattern(tuple(types), tuple(sorted(where.items(), key=lambda pair: pair[0])), since, until)


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    """Any interval, open on either side or not."""
    start, end = draw(st.none() | days), draw(st.none() | days)
    return (
        Interval(start, end) if start is None or end is None else Interval(min(start, end), max(start, end))
    )


@st.composite
def months(draw: st.DrawFn) -> Months:
    """Any range of whole months."""
    first, last = sorted([draw(days), draw(days)])
    return Months(Interval(first.replace(day=1), month_end(last.year, last.month)))


anchors = st.builds(
    Anchor, patterns(), st.none() | names, earliest=st.booleans(), lasting=st.none() | periods
)
fixed = st.builds(Fixed, st.none() | days, st.none() | days).filter(lambda each: each != Fixed(None))
expressions: st.SearchStrategy[Expression] = st.one_of(
    fixed,
    st.builds(InMonth, years, st.integers(1, 12), st.none() | st.sampled_from(Part)),
    months(),
    st.builds(InFiscalYear, years, st.none() | st.sampled_from(Half)),
    st.builds(
        UntilEvent,
        names,
        st.lists(names, min_size=1, max_size=2).map(tuple),
        st.none() | intervals(),
        st.just("") | wordings,
    ),
    st.builds(AfterAnchor, anchors, periods),
    st.builds(OnAnchor, anchors),
    st.builds(MonthFromAnchor, anchors, st.integers(-12, 12), st.integers(1, 31) | st.just("end")),
    set_by,
    st.builds(BeforeFact, anchors, wordings, set_by),
    st.builds(FiscalYearsAfter, anchors, st.integers(1, 9), set_by),
    st.builds(OuterLimit, days, periods, names),
    st.builds(Standing, wordings, st.none() | anchors),
    st.builds(Unknown, wordings),
    st.builds(Unclear, intervals(), st.none() | intervals(), wordings),
)
leaves: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Services, st.frozensets(st.sampled_from(["11", "43", "2A"]))),
    st.builds(Authorities, st.frozensets(st.sampled_from(["121002", "120006"]))),
    st.builds(Recorded, patterns()),
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(AllOf, st.lists(inner, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple)),
        st.builds(NotThat, inner),
    ),
    max_leaves=6,
)


def through_json(data: dict[str, Any]) -> dict[str, Any]:
    """What is left of `data` after a journey through JSON."""
    found: dict[str, Any] = json.loads(json.dumps(data, ensure_ascii=False))
    return found


@given(expressions, st.booleans())
def test_every_due_expression_survives_the_journey_through_json(due: Expression, tentative: bool) -> None:
    assert parse_due(through_json(dump_due(due, tentative=tentative))) == (due, tentative)


@given(conditions)
def test_every_condition_survives_the_journey_through_json(condition: Condition) -> None:
    assert read_condition(through_json(condition_as_data(condition)), {}) == condition


@pytest.mark.parametrize("said", shipped().statements, ids=lambda said: said.id)
def test_every_shipped_statement_survives_the_journey_through_json(said: Any) -> None:
    assert statement_from_data(through_json(statement_as_data(said)), said.notice) == said


@pytest.mark.parametrize("deadline", shipped().deadlines.values(), ids=lambda deadline: deadline.id)
def test_every_shipped_deadline_survives_the_journey_through_json(deadline: Any) -> None:
    assert deadline_from_data(through_json(deadline_as_data(deadline)), {}) == deadline


def test_a_statement_is_not_read_with_another_notice() -> None:
    first = shipped().statements[0]
    other = next(each for each in shipped().notices.values() if each != first.notice)
    with pytest.raises(ValueError, match="rests on"):
        statement_from_data(statement_as_data(first), other)


@pytest.mark.parametrize(
    "written, meant",
    [
        ({"fiscal_year": 2026}, fiscal_year(2026)),
        ({"fiscal_year": 2026, "half": "second"}, half_year(2026, Half.SECOND)),
        ({"opens": "2026-03-01", "by": "2026-03-31"}, month(2026, 3)),
    ],
)
def test_an_expected_window_may_be_written_as_a_fiscal_year_a_half_or_two_days(
    written: dict[str, Any], meant: Interval
) -> None:
    due, _ = parse_due({"until_event": "x", "events": ["x.set"], "expected": written})
    assert due == UntilEvent("x", ("x.set",), meant, "")


def test_dates_are_read_from_toml_and_from_json_alike() -> None:
    assert parse_due({"by": date(2026, 3, 13)}) == parse_due({"by": "2026-03-13"})


@pytest.mark.parametrize(
    "written, said",
    [
        ({}, "none of the known forms"),
        ({"by": "13 March"}, "`by` must be a date"),
        ({"by": 20260313}, "without a time of day"),
        ({"by": "2026-03-13", "until": "x"}, "unknown keys"),
        ({"by": "2026-03-13", "tentative": "yes"}, "true or false"),
        ({"month": "2026-13"}, "a month is written"),
        ({"month": "2026-03", "part": "soon"}, "must be one of"),
        ({"months": ["2025-12"]}, "first and the last month"),
        ({"months": "2025-12"}, "list of texts"),
        ({"fiscal_year": "2026"}, "whole number"),
        ({"until_event": "x", "events": []}, "must name the events"),
        ({"after": "cpdl.applied", "period": "one year"}, "not a period"),
        ({"after": {"value": "licence_until"}, "period": "P1Y"}, "`fact` is missing"),
        ({"after": 3, "period": "P1Y"}, "must be a table"),
        ({"month_from": "x", "months": 1, "day": 32}, "day of the month"),
        ({"month_from": "x", "months": 1, "day": "last"}, "day of the month"),
        ({"set_by": "king", "event": "x.set"}, "must be one of"),
        ({"fiscal_years_after": "x", "years": 0, "set_by": "prefecture", "event": "y"}, "1 or more"),
        ({"unknown": " "}, "must be a text"),
        ({"outer_limit": "P4Y", "event": "x"}, "`from` is missing"),
        ({"day_of": {"fact": "x", "where": {"on": date(2026, 1, 1)}}}, "use since, until for dates"),
    ],
)
def test_a_malformed_due_is_refused_with_the_mend(written: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_due(written)


def test_an_exception_of_one_authority_and_one_year_survives_the_journey_too() -> None:
    first = replace(
        shipped().statements[0], authority="121002", fiscal_year=2027, withdraws=True, target=date(2027, 5, 1)
    )
    assert statement_from_data(through_json(statement_as_data(first)), first.notice) == first


@pytest.mark.parametrize(
    "key, value, said",
    [
        ("settled_by", {"fact": "cpdl.linked"}, "`settled_by` must be a list"),
        ("settled_by", ["cpdl.linked"], "`settled_by` must be a table"),
        ("prompt", 1, "`prompt` must be true or false"),
        ("concerns", {"weather": "fine"}, "`concerns`: a condition knows"),
        ("parties", ["king"], "`parties` must be one of"),
    ],
)
def test_a_malformed_deadline_is_refused_with_the_mend(key: str, value: object, said: str) -> None:
    data = deadline_as_data(shipped().deadlines["tech-grant-r7/five-links"])
    with pytest.raises(ValueError, match=said):
        deadline_from_data({**data, key: value}, {})
