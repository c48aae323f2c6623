"""What is asserted about an office, and which of it counts."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.facts import Fact, FactPattern
from tests.builders import fact, office, pattern

DAYS = st.dates(date(2026, 4, 1), date(2026, 4, 30))
FACTS = st.lists(st.builds(Fact, st.sampled_from(["joined", "left"]), DAYS), max_size=8)


def test_joining_is_not_using() -> None:
    assert not pattern("cpdl.started").matches(fact("cpdl.joined", date(2026, 4, 1)))


def test_one_of_several_types_is_enough() -> None:
    assert pattern("cpdl.joined", "cpdl.renewed").matches(fact("cpdl.renewed", date(2026, 4, 1)))


def test_both_ends_of_a_span_of_days_count() -> None:
    april = pattern("joined", since=date(2026, 4, 1), until=date(2026, 4, 30))
    days = [date(2026, 3, 31), date(2026, 4, 1), date(2026, 4, 30), date(2026, 5, 1)]
    assert [april.matches(fact("joined", day)) for day in days] == [False, True, True, False]


def test_every_named_value_must_be_there() -> None:
    paid = FactPattern(("applied",), (("paid", True), ("plan", "a")))
    assert paid.matches(fact("applied", date(2026, 4, 1), paid=True, plan="a", more=1))
    assert not paid.matches(fact("applied", date(2026, 4, 1), paid=False, plan="a"))
    assert not paid.matches(fact("applied", date(2026, 4, 1), paid=True))


def test_a_value_that_is_no_date_is_no_day() -> None:
    found = fact("joined", date(2026, 4, 1), licence_until=date(2027, 3, 31), partner="1")
    assert found.day("licence_until") == date(2027, 3, 31)
    assert found.day("partner") is None
    assert found.day("absent") is None


def test_facts_of_one_day_keep_the_order_in_which_they_were_recorded() -> None:
    first, second = fact("joined", date(2026, 4, 2), n=1), fact("joined", date(2026, 4, 2), n=2)
    earlier = fact("joined", date(2026, 4, 1))
    assert pattern("joined").among([first, second, earlier]) == [earlier, first, second]


@given(FACTS)
def test_what_is_found_is_what_matches_in_order_of_days(facts: list[Fact]) -> None:
    joined = pattern("joined")
    found = joined.among(facts)
    assert [each.on for each in found] == sorted(each.on for each in facts if joined.matches(each))


def test_the_municipality_is_nearer_than_the_prefecture() -> None:
    where = office(municipality="999024", prefecture="999008")
    assert where.authorities == ("999024", "999008")
