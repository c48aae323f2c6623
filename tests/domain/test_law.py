"""The law as data: what was known when, and what authorities have set."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain import exemptions
from notifier.domain.applicability import Recorded
from notifier.domain.dates import Period
from notifier.domain.deadlines import SetDay
from notifier.domain.expressions import AfterAnchor, OnAnchor
from notifier.domain.law import Authority, AuthorityKind, Law, Setting
from tests.builders import (
    CALENDAR,
    CITY,
    PREFECTURE,
    REPORT,
    anchor,
    by,
    city,
    deadline,
    law,
    pattern,
    prefecture,
    said,
    set_by_prefecture,
    setting,
    settlement,
)

EVENT = "example.due.set"
EARLY, LATE = date(2026, 4, 1), date(2026, 6, 1)
JULY, AUGUST = date(2026, 7, 31), date(2026, 8, 31)
DAYS = st.dates(date(2026, 3, 1), date(2026, 7, 1))
INSTANTS = st.none() | st.datetimes(datetime(2026, 3, 1), datetime(2026, 7, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- the bounds are naive, the values aware
LAWS = st.builds(
    lambda issued, days: law(
        *(said(by(JULY), day, id=f"s{number}") for number, day in enumerate(issued)),
        settings=[setting(EVENT, on, recorded=recorded, due=JULY) for on, recorded in days],
    ),
    st.lists(DAYS, max_size=4),
    st.lists(st.tuples(DAYS, INSTANTS), max_size=4),
)


def set_by(*settings: Setting, year: int | None = None) -> SetDay | None:
    """What is set for an office in the invented city."""
    return law(settings=settings).set_day((EVENT,), (CITY, PREFECTURE), year)


# ---- knowledge ----


@given(LAWS, DAYS)
def test_nothing_learned_later_enters_the_law_as_known(whole: Law, day: date) -> None:
    known = whole.as_known(day)
    midnight_in_japan = datetime(day.year, day.month, day.day, 15, tzinfo=UTC)
    assert all(each.known_from <= day for each in known.said(REPORT))
    for each in known.settings:
        assert each.fact.on <= day
        assert each.fact.recorded is None or each.fact.recorded < midnight_in_japan


@given(LAWS, DAYS, DAYS)
def test_what_is_known_is_never_forgotten(whole: Law, one: date, other: date) -> None:
    earlier, later = whole.as_known(min(one, other)), whole.as_known(max(one, other))
    assert set(earlier.said(REPORT)) <= set(later.said(REPORT))
    assert all(each in later.settings for each in earlier.settings)


@given(LAWS, DAYS)
def test_knowing_twice_is_knowing(whole: Law, day: date) -> None:
    once = whole.as_known(day)
    assert once.as_known(day) == once


def test_a_day_recorded_late_was_not_known_before_midnight_in_japan() -> None:
    late = setting(EVENT, date(2026, 4, 21), recorded=datetime(2026, 4, 30, 15, tzinfo=UTC), due=JULY)
    assert not law(settings=[late]).as_known(date(2026, 4, 30)).settings
    assert law(settings=[late]).as_known(date(2026, 5, 1)).settings


def test_nothing_is_said_about_a_deadline_nobody_knows() -> None:
    assert law().said("example/unknown") == ()


# ---- what is set ----


def test_the_day_that_was_set_last_counts() -> None:
    assert set_by(setting(EVENT, LATE, due=AUGUST), setting(EVENT, EARLY, due=JULY)) == SetDay(
        AUGUST, None, PREFECTURE
    )


def test_of_two_days_set_on_one_day_the_one_recorded_last_counts() -> None:
    found = set_by(setting(EVENT, EARLY, due=JULY), setting(EVENT, EARLY, due=AUGUST))
    assert found == SetDay(AUGUST, None, PREFECTURE)


def test_the_nearest_authority_that_has_set_a_day_is_heard_and_the_nation_last() -> None:
    nation, far = setting(EVENT, LATE, "", date=JULY), setting(EVENT, LATE, due=AUGUST)
    near = setting(EVENT, EARLY, CITY, due=date(2026, 9, 30))
    assert set_by(nation) == SetDay(JULY, None, "")
    assert set_by(nation, far) == SetDay(AUGUST, None, PREFECTURE)
    assert set_by(nation, far, near) == SetDay(date(2026, 9, 30), None, CITY)


def test_a_prefecture_without_a_municipality_is_heard_before_the_nation() -> None:
    whole = law(settings=[setting(EVENT, LATE, "", date=JULY), setting(EVENT, EARLY, due=AUGUST)])
    assert whole.set_day((EVENT,), ("", PREFECTURE), None) == SetDay(AUGUST, None, PREFECTURE)


def test_another_place_or_another_event_sets_nothing() -> None:
    assert set_by(setting(EVENT, EARLY, "999024", due=JULY), setting("other.set", EARLY, due=JULY)) is None


def test_a_window_is_set_with_both_of_its_ends() -> None:
    posted = setting(EVENT, EARLY, opens=LATE, closes=JULY)
    assert set_by(posted) == SetDay(JULY, LATE, PREFECTURE)


def test_what_names_no_day_sets_none() -> None:
    assert set_by(setting(EVENT, EARLY, remark="later")) is None
    assert set_by(setting(EVENT, EARLY, remark="later"), year=2026) is None


@pytest.mark.parametrize("year, expected", [(2026, JULY), (2027, date(2027, 7, 30)), (2028, None)])
def test_a_recurring_duty_hears_what_was_set_for_its_fiscal_year(year: int, expected: date | None) -> None:
    posted = [
        setting(EVENT, EARLY, fiscal_year=2026, due=JULY),
        setting(EVENT, LATE, fiscal_year=2027, due=date(2027, 7, 30)),
    ]
    found = set_by(*posted, year=year)
    assert (found and found.closes) == expected


def test_a_day_set_without_a_fiscal_year_is_for_the_one_in_which_it_lies() -> None:
    posted = setting(EVENT, EARLY, due=JULY)
    assert set_by(posted, year=2026) == SetDay(JULY, None, PREFECTURE)
    assert set_by(posted, year=2027) is None


# ---- calendars and what a deadline depends on ----


def test_an_authority_closes_on_its_own_days_and_the_nation_on_none_of_them() -> None:
    whole = law()
    own = whole.calendar_of(city(closed=frozenset({JULY})))
    assert not own.is_open(JULY)
    assert whole.calendar_of(None) == CALENDAR


def test_a_deadline_depends_on_the_facts_that_open_end_and_settle_it() -> None:
    entry = deadline(
        concerns=Recorded(pattern("designated")),
        taken_up=Recorded(pattern("granted")),
        excluded=Recorded(pattern("declined")),
        settled_by=(settlement("filed", "accepted"),),
    )
    whole = law(
        said(OnAnchor(anchor("joined"))),
        said(AfterAnchor(anchor("applied"), Period(years=1))),
        said(by(JULY)),
        said(None),
        deadlines=[entry],
    )
    expected = {"designated", "granted", "declined", "filed", "accepted", "joined", "applied"}
    assert whole.fact_types_of(REPORT) == expected | exemptions.TYPES


def test_a_deadline_depends_on_the_events_that_set_its_day() -> None:
    whole = law(said(set_by_prefecture("a.set")), said(set_by_prefecture("b.set")), said(None))
    assert whole.event_types_of(REPORT) == {"a.set", "b.set"}


def test_a_deadline_of_everybody_depends_on_exemptions_alone() -> None:
    assert law(said(by(JULY))).fact_types_of(REPORT) == exemptions.TYPES


def test_a_deadline_belongs_to_the_family_before_the_stroke() -> None:
    assert deadline("example/annual-report").family == "example"


def test_a_union_stands_between_its_members_and_the_prefecture() -> None:
    union = Authority("999105", "例の広域連合", AuthorityKind.UNION, PREFECTURE)
    found = law(said(), authorities=[city(union="999105"), union, prefecture()])
    assert found.nearby((CITY, PREFECTURE)) == (CITY, "999105", PREFECTURE)
    assert found.nearby(("999024", PREFECTURE)) == ("999024", PREFECTURE)
    assert found.places("999105") == {CITY}
    assert found.places(PREFECTURE) == {PREFECTURE}
