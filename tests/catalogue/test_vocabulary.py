"""The vocabulary: every fact of the contract, and data checked before it is believed."""

from datetime import date
from typing import Any

import pytest

from tests.catalogue.offices import shipped

# The project's contract on events, section 5: families of names, each with what it may end in.
OFFICE = {
    "office": "registered changed closed",
    "cpdl": "applied joined renewed started linked left",
    "caseload-relaxation": "claimed",
    "platform-subsidy": "accepted declined",
    "wage-support": "applied report.filed",
    "treatment-addition": "held",
    "productivity-addition": "held",
    "treatment-addition-r8": "special.claimed report.filed",
    "tech-grant-r7": "granted",
    "tech-grant-r8": "applied declined granted committee.set-up security-action.declared"
    " improvement-support.received improvement-plan.filed effect-report.filed",
    "life": "registered",
    "cooperation-grant": "granted plan.filed effect-report.filed",
    "web-service": "ready",
}
AUTHORITY = {
    "wage-support": "application-window.set report-due.set",
    "tech-grant-r8": "application-window.set improvement-plan-due.set effect-report-due.set",
    "treatment-addition-r8": "report-due.set",
    "platform": "started",
}
NATION = {
    "platform": "integration.announced integration.happened in-force.set",
    "notice": "received",
    "deadline": "decided",
}


def names(subject: str, families: dict[str, str]) -> list[tuple[str, str]]:
    """Every name of `families`, with its subject."""
    return [(subject, f"{family}.{end}") for family, ends in families.items() for end in ends.split()]


@pytest.mark.parametrize(
    "subject, name",
    [*names("office", OFFICE), *names("authority", AUTHORITY), *names("nation", NATION)],
)
def test_every_event_of_the_contract_is_in_the_vocabulary(subject: str, name: str) -> None:
    found = shipped().facts[name]
    assert found.subject == subject
    assert found.label
    assert "editor" in found.asserted_by


def test_dates_come_out_as_dates_and_defaults_are_filled_in() -> None:
    applied = shipped().facts["cpdl.applied"]
    assert applied.check({"paid": True, "licence_until": "2026-04-20"}) == {
        "paid": True,
        "licence_until": date(2026, 4, 20),
    }
    assert applied.date_names == {"licence_until"}
    assert shipped().facts["cpdl.started"].check({}) == {"system": "cpdl"}


def test_dates_are_taken_as_they_come_from_a_table() -> None:
    values = shipped().facts["cpdl.joined"].check({"licence_until": date(2026, 4, 20)})
    assert values == {"licence_until": date(2026, 4, 20)}


def test_a_report_without_its_fiscal_year_is_for_the_year_in_which_it_was_filed() -> None:
    filed = shipped().facts["cooperation-grant.effect-report.filed"]
    assert filed.check({}, date(2028, 3, 31)) == {"fiscal_year": 2027}
    assert filed.check({"fiscal_year": 2026}, date(2028, 3, 31)) == {"fiscal_year": 2026}
    assert filed.check({}) == {}


def test_lists_and_tables_stay_with_the_event() -> None:
    registered = shipped().facts["office.registered"]
    data = {
        "name": "ケアA",
        "services": ["43"],
        "municipality": "121002",
        "contacts": [{"channel": "email", "address": "a@example.jp"}],
        "staff": 4,
    }
    assert registered.problems(data) == []
    assert registered.check(data) == {"name": "ケアA", "municipality": "121002", "staff": 4}


@pytest.mark.parametrize(
    "name, data, said",
    [
        ("cpdl.applied", {}, "paid がありません"),
        ("cpdl.applied", {"paid": "yes"}, "paid はtrue か falseで書いてください"),
        (
            "cpdl.applied",
            {"paid": True, "licence_until": "来年"},
            "licence_until は 2026-04-20 の形の日付",
        ),
        (
            "cpdl.applied",
            {"paid": True, "licence_until": "2026-02-30"},
            "licence_until は 2026-04-20 の形の日付",
        ),
        ("cpdl.applied", {"paid": True, "when": 1}, "when という項目はありません"),
        ("cpdl.started", {"system": "fax"}, "system は cpdl、web-service、"),
        ("cpdl.linked", {"partner": "123"}, "partner の形が違います（123）"),
        ("office.registered", {"name": "A", "services": [], "municipality": "121002"}, "services: "),
        ("wage-support.report-due.set", {"due": 20260731}, "due は文字列で書いてください"),
        (
            "tech-grant-r8.application-window.set",
            {"opens": "2026-06-12", "closes": "2026-05-01"},
            "closes は opens と同じ日か、それより後の日にしてください",
        ),
    ],
)
def test_wrong_data_is_refused_in_japanese(name: str, data: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=r"（.*）: .+") as refused:
        shipped().facts[name].check(data)
    assert said in str(refused.value)


def test_every_problem_is_named_at_once() -> None:
    assert len(shipped().facts["office.registered"].problems({"staff": -1})) == 4
