"""Which fact "it is done" means, by the invented law and by the shipped one."""

from datetime import date

import pytest

from notifier.catalogue import load
from notifier.catalogue.duties import deadline_as_data, deadline_from_data
from notifier.catalogue.holidays import national_calendar
from notifier.domain.applicability import Recorded
from notifier.domain.assertions import Sayable, fact_of_done, names_another, own_word, settled_by_word
from notifier.domain.expressions import FiscalYearsAfter
from notifier.domain.facts import Fact
from notifier.domain.law import Law
from notifier.domain.obligations import Obligation, obligations_of
from notifier.domain.offices import Office
from tests.builders import (
    REPORT,
    anchor,
    by,
    deadline,
    fact,
    law,
    office,
    pattern,
    said,
    set_by_prefecture,
    settlement,
)

TODAY = date(2026, 4, 10)
PLAIN = Sayable(frozenset(), frozenset())
SAYABLE = {
    "filed": PLAIN,
    "sorted": Sayable(frozenset({"kind", "other"}), frozenset({"kind"})),
    "yearly": Sayable(frozenset({"fiscal_year"}), frozenset({"fiscal_year"})),
    "late": PLAIN,
}


def owed(known: Law, whose: Office, occurrence: int = 0, name: str = REPORT) -> Obligation:
    found = obligations_of(known, whose, TODAY)
    return next(each for each in found if (each.deadline, each.occurrence) == (name, occurrence))


def done(*settled: object, due: object = None, **more: object) -> Fact | None:
    known = law(said(due or by(date(2026, 6, 1))), deadlines=[deadline(settled_by=settled, **more)])  # type: ignore[arg-type]  # the tests choose
    return fact_of_done(known, office(), owed(known, office()), SAYABLE, TODAY)


def test_the_first_fact_that_settles_is_meant() -> None:
    assert done(settlement("filed", "late")) == Fact("filed", TODAY, {})
    assert done(settlement("unknown", "filed")) == Fact("filed", TODAY, {})


def test_a_fact_that_others_assert_or_that_needs_more_words_is_not_meant() -> None:
    assert done(settlement("unknown")) is None
    assert done(settlement("sorted")) is None
    assert done() is None


def test_values_that_the_law_names_need_not_be_said() -> None:
    named = settlement("sorted")
    named = type(named)(pattern("sorted", where=(("kind", "a"),)))
    assert done(named) == Fact("sorted", TODAY, {"kind": "a"})


def test_what_would_not_settle_is_not_asserted() -> None:
    assert done(settlement("filed", count=2)) is None
    assert done(settlement("filed", distinct="partner", count=5)) is None
    assert done(type(settlement("filed"))(pattern("filed", since=date(2026, 5, 1)))) is None
    assert done(type(settlement("filed"))(pattern("filed", until=date(2026, 4, 1)))) == Fact(
        "filed", date(2026, 4, 1), {}
    )
    assert done(settlement("filed", count=2), settlement("late")) == Fact("late", TODAY, {})


def test_of_a_recurring_duty_the_year_follows_from_the_occurrence() -> None:
    recurring = FiscalYearsAfter(anchor("granted"), 3, set_by_prefecture())
    known = law(said(recurring), deadlines=[deadline(settled_by=(settlement("yearly"),))])
    granted = office(fact("granted", date(2025, 5, 1)))
    assert fact_of_done(known, granted, owed(known, granted, 2), SAYABLE, TODAY) == Fact(
        "yearly", TODAY, {"fiscal_year": 2027}
    )


def test_what_does_not_concern_an_office_is_not_done_by_it() -> None:
    excluded = deadline(settled_by=(settlement("filed"),), excluded=Recorded(pattern("away")))
    known = law(said(by(date(2026, 6, 1))), deadlines=[excluded])
    gone = office(fact("away", date(2026, 1, 1)))
    assert fact_of_done(known, gone, owed(known, gone), SAYABLE, TODAY) is None


CATALOGUE = load()
LAW = CATALOGUE.law(national_calendar(2025, 2029)).as_known(TODAY)
SHIPPED = {
    name: Sayable(kind.value_names, frozenset(kind.schema.get("required", ())))
    for name, kind in CATALOGUE.facts.items()
    if "office" in kind.asserted_by
}


@pytest.mark.parametrize(
    "name,expected",
    [
        ("platform-subsidy/apply", "platform-subsidy.accepted"),
        ("free-pass/apply", "cpdl.joined"),
        ("tech-grant-r8/apply", "tech-grant-r8.applied"),
        ("wage-support/apply", None),  # whether it is with the supplement must be asked
        ("tech-grant-r8/five-links", None),  # so must the partners
    ],
)
def test_by_the_shipped_law(name: str, expected: str | None) -> None:
    whose = Office("1270000001", "事業所", frozenset({"43", "11"}), "121002", "120006")
    found = [each for each in obligations_of(LAW, whose, TODAY) if each.deadline == name and each.key]
    meant = [fact_of_done(LAW, whose, each, SHIPPED, TODAY) for each in found]
    assert {each.type if each else None for each in meant} <= {expected}


def test_a_duty_without_types_of_its_own_is_settled_by_word_about_that_very_duty() -> None:
    data = deadline_as_data(deadline()) | {"settled_by": settled_by_word(REPORT)}
    assert not names_another(deadline_from_data(data, {}))
    other = data | {"settled_by": settled_by_word("example/other")}
    assert names_another(deadline_from_data(other, {}))
    assert not names_another(deadline())
    assert own_word(settled_by_word("example/other"), REPORT) == settled_by_word(REPORT)
    for kept in ([], [{"fact": "filed"}], [{"fact": "duty.done", "where": {"deadline": "a/b"}, "count": 2}]):
        assert own_word(kept, REPORT) == kept
