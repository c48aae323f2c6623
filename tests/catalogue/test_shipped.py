"""What the shipped law must hold: every id, every register entry, and words fit for a letter."""

import re

import pytest

from notifier.catalogue import Catalogue
from notifier.domain.law import Deadline, Party
from notifier.domain.statements import Statement
from tests.catalogue.offices import shipped, shipped_law

# Ids and register entries: the project's domain register, section 4.0.
REGISTER = {
    "free-pass/apply": "fp-1 fp-2 fp-5 fp-6 fp-7 fp-9",
    "free-pass/free-year": "fp-3 fp-8",
    "free-pass/renewal": "fp-4 fp-8",
    "platform-subsidy/apply": "kj-1 kj-2 kj-3 kj-4 kj-5",
    "wage-support/covered-months": "wg-1",
    "wage-support/apply": "wg-2a wg-3 wg-4 wg-5",
    "wage-support/report": "wg-2b",
    "wage-support/join-cpdl": "wg-2b",
    "treatment-addition-r8/report": "sk-1",
    "treatment-addition-r8/use-cpdl": "sk-1 sk-2",
    "tech-grant-r7/start-cpdl": "tk7-1 tk7-3",
    "tech-grant-r7/five-links": "tk7-2",
    "tech-grant-r8/apply": "tk8-0 tk8-11 tk8-12",
    "tech-grant-r8/start-cpdl": "tk8-1",
    "tech-grant-r8/five-links": "tk8-2",
    "tech-grant-r8/committee": "tk8-3",
    "tech-grant-r8/security-action": "tk8-4",
    "tech-grant-r8/improvement-support": "tk8-5",
    "tech-grant-r8/improvement-plan": "tk8-6",
    "tech-grant-r8/effect-report": "tk8-7",
    "tech-grant-r8/life": "tk8-8 tk8-9 tk8-10",
    "model-facility/improvement-plan": "md-1-plan",
    "model-facility/effect-report": "md-1-report",
    "model-area/report": "md-2 md-3",
    "cooperation-grant/plan": "kd-1",
    "cooperation-grant/effect-report": "kd-2",
    "platform/in-force": "pf-1",
    "platform/start": "pf-2",
    "platform/integration": "pf-3 pf-4",
    "care-manager-caseload/cpdl-in-use": "cm-1",
    "publicity/2025-02-06": "nt-1",
    "publicity/2025-12-04": "nt-2",
    "publicity/2026-01-13": "nt-3",
    "publicity/2026-04-07": "nt-4",
    "prefecture/ask-municipalities": "md-0 tk8-13",
}
DEADLINES = list(shipped().deadlines.values())
STATEMENTS = list(shipped().statements)


@pytest.fixture
def catalogue() -> Catalogue:
    """The catalogue as shipped."""
    return shipped()


def test_the_shipped_deadlines_are_those_of_the_register(catalogue: Catalogue) -> None:
    assert set(catalogue.deadlines) == set(REGISTER)


@pytest.mark.parametrize("deadline", sorted(REGISTER))
def test_every_register_entry_is_a_statement_of_its_deadline(deadline: str) -> None:
    said = {each.id for each in STATEMENTS if each.deadline == deadline}
    assert {f"{deadline}#{entry}" for entry in REGISTER[deadline].split()} <= said


@pytest.mark.parametrize("said", STATEMENTS, ids=lambda said: said.id)
def test_every_statement_is_cited_with_a_place_and_known_no_sooner_than_its_notice(said: Statement) -> None:
    assert said.place.strip()
    assert said.remark.strip()
    assert said.known_from >= said.notice.known_from
    assert said.notice.issued is None or said.known_from >= said.notice.issued


@pytest.mark.parametrize("deadline", DEADLINES, ids=lambda deadline: deadline.id)
def test_every_duty_says_in_short_plain_japanese_what_to_do_and_what_follows(deadline: Deadline) -> None:
    assert len(deadline.short) <= 8
    for text in (deadline.action, deadline.where, deadline.silence):
        assert text.endswith("。"), text
        assert len(text) <= 90, text
        assert re.search(r"[ぁ-ん]", text)
    assert deadline.concerns_wording
    assert bool(deadline.taken_up) is bool(deadline.taken_up_wording)


@pytest.mark.parametrize("deadline", DEADLINES, ids=lambda deadline: deadline.id)
def test_only_requests_to_authorities_are_prompts_and_offices_are_never_prompted(deadline: Deadline) -> None:
    assert deadline.prompt is (deadline.family in {"publicity", "prefecture"})
    assert not deadline.prompt or Party.OFFICE not in deadline.parties


def test_repetitions_are_silent_and_never_the_first_word_on_a_day(catalogue: Catalogue) -> None:
    for deadline in catalogue.deadlines:
        spoken = [each for each in STATEMENTS if each.deadline == deadline and not each.silent]
        assert spoken


def test_papers_that_are_only_cited_are_known_from_the_paper_that_cites_them(catalogue: Catalogue) -> None:
    cited = {name for name, each in catalogue.notices.items() if not each.in_hand}
    assert cited == {
        "act-31-2023",
        "care-fee-revision-r6",
        "joint-notice-2025-07-22",
        "labour-saving-plan-2025-06-13",
        "cabinet-decision-2025-11-21",
        "subcommittee-249",
        "rohatsu-1225-3",
        "wage-support-qa-1",
        "treatment-addition-qa-1",
    }


@pytest.mark.parametrize(
    "code, group",
    [
        ("11", "subsidy-visit"),
        ("51", "subsidy-residential"),
        ("43", "subsidy-other"),
        ("43", "care-manager"),
        ("62", "home-services"),
        ("78", "community-based"),
        ("54", "software-life"),
        ("46", "software-cpdl"),
        ("A2", "wage-base"),
        ("15", "wage-route-a"),
        ("21", "wage-route-b"),
    ],
)
def test_a_service_stands_in_the_groups_of_its_columns(catalogue: Catalogue, code: str, group: str) -> None:
    assert code in catalogue.groups[group]


def test_links_and_software_ask_for_the_same_strict_set_of_home_services(catalogue: Catalogue) -> None:
    assert catalogue.groups["five-links-r8"] == catalogue.groups["software-cpdl"]
    assert catalogue.groups["five-links-r8"] == catalogue.groups["home-services"] | {"43", "46"}


def test_every_subsidy_group_is_marked_as_assumed(catalogue: Catalogue) -> None:
    assert all(
        "subsidy_group" in each.assumed
        for each in catalogue.services.values()
        if each.subsidy_group != "undecided"
    )


def test_the_law_holds_every_statement_under_its_deadline(catalogue: Catalogue) -> None:
    law = shipped_law()
    assert sum(len(law.said(name)) for name in catalogue.deadlines) == len(STATEMENTS)
    assert law.authorities == catalogue.authorities
