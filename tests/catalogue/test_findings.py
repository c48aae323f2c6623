"""What is found in the law as data before anybody is written to because of it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from notifier.catalogue import Catalogue, Finding, lint
from notifier.catalogue.findings import Level, last_day_written
from notifier.domain.applicability import AllOf, AnyOf, Authorities, NotThat, Recorded, Services
from notifier.domain.dates import Half, Part, fiscal_year
from notifier.domain.expressions import (
    Anchor,
    Expression,
    Fixed,
    InFiscalYear,
    InMonth,
    Months,
    OnAnchor,
    SetByAuthority,
    Standing,
    Unclear,
    Unknown,
    UntilEvent,
)
from notifier.domain.facts import FactPattern
from notifier.domain.ladders import Ladder
from notifier.domain.law import Deadline, Settlement
from tests.catalogue.offices import shipped, shipped_law

DEADLINE = "platform-subsidy/apply"


def found(catalogue: Catalogue) -> set[tuple[str, str, str]]:
    """Level, rule and place of everything found."""
    return {(each.level, each.id, each.place) for each in lint(catalogue, shipped_law().calendar)}


def new(catalogue: Catalogue) -> list[Finding]:
    """What is found in `catalogue` and not in the shipped one."""
    known = lint(shipped(), shipped_law().calendar)
    return [each for each in lint(catalogue, shipped_law().calendar) if each not in known]


def with_deadline(**changes: Any) -> Catalogue:
    """The shipped catalogue with one deadline changed."""
    deadlines: Mapping[str, Deadline] = {
        **shipped().deadlines,
        DEADLINE: replace(shipped().deadlines[DEADLINE], **changes),
    }
    return replace(shipped(), deadlines=deadlines)


def with_statement(name: str, **changes: Any) -> Catalogue:
    """The shipped catalogue with one statement changed."""
    statements = tuple(replace(each, **changes) if each.id == name else each for each in shipped().statements)
    return replace(shipped(), statements=statements)


def test_the_shipped_law_has_no_error() -> None:
    assert not [each for each in lint(shipped(), shipped_law().calendar) if each.level is Level.ERROR]


def test_the_impossible_year_of_the_tech_grant_is_found() -> None:
    place = "tech-grant-r8.toml: tech-grant-r8/start-cpdl#tk8-1"
    assert ("warning", "due-before-issue", place) in found(shipped())


def test_the_two_answers_on_the_free_pass_are_found_and_the_decided_subsidy_is_not() -> None:
    places = {place for _, rule, place in found(shipped()) if rule == "undecided-contradiction"}
    assert places == {"free-pass.toml: free-pass/apply", "free-pass.toml: free-pass/free-year"}


def test_without_the_editors_decision_the_subsidy_is_found_too() -> None:
    undecided = tuple(each for each in shipped().statements if "#decision-" not in each.id)
    assert [each.id for each in new(replace(shipped(), statements=undecided))] == ["undecided-contradiction"]


def test_days_that_wait_for_an_authority_are_warned_of() -> None:
    places = {place for _, rule, place in found(shipped()) if rule == "unset-authority-date"}
    assert "wage-support.toml: wage-support/report" in places
    assert "tech-grant-r8.toml: tech-grant-r8/effect-report" in places
    assert "wage-support.toml: wage-support/covered-months" not in places


@pytest.mark.parametrize(
    "changes, rule, named",
    [
        ({"short": "助成金申請のご案内"}, "long-short", "9 characters"),
        ({"ladder": "rope"}, "unknown-ladder", "'rope'"),
        ({"related": ("free-pass/none",)}, "unknown-deadline", "'free-pass/none'"),
        ({"concerns": Services(frozenset({"99"}))}, "unknown-service", "'99'"),
        (
            {"concerns": NotThat(AnyOf((Authorities(frozenset({"999999"})),)))},
            "unknown-authority",
            "'999999'",
        ),
        ({"taken_up": AllOf((Recorded(FactPattern(("cpdl.bought",))),))}, "unknown-fact", "'cpdl.bought'"),
        ({"excluded": Recorded(FactPattern(("platform.started",)))}, "unknown-fact", "'platform.started'"),
        (
            {"settled_by": (Settlement(FactPattern(("cpdl.linked",)), distinct="friend"),)},
            "unknown-value",
            "'cpdl.linked friend'",
        ),
        (
            {"settled_by": (Settlement(FactPattern(("cpdl.applied",), (("free", True),))),)},
            "unknown-value",
            "'cpdl.applied free'",
        ),
    ],
)
def test_a_fault_of_a_deadline_is_an_error(changes: dict[str, Any], rule: str, named: str) -> None:
    (finding,) = new(with_deadline(**changes))
    assert (finding.level, finding.id) == (Level.ERROR, rule)
    assert finding.place == f"platform-subsidy.toml: {DEADLINE}"
    assert named in finding.message
    assert finding.mend


@pytest.mark.parametrize(
    "changes, rule",
    [
        ({"place": " "}, "missing-place"),
        ({"authority": "130001"}, "unknown-authority"),
        ({"due": Fixed(date(2025, 3, 13))}, "due-before-issue"),
        ({"due": SetByAuthority("prefecture", "subsidy.set")}, "unknown-event"),
        ({"due": SetByAuthority("prefecture", "cpdl.left")}, "unknown-event"),
        ({"due": OnAnchor(Anchor(FactPattern(("cpdl.bought",))))}, "unknown-fact"),
        ({"due": OnAnchor(Anchor(FactPattern(("cpdl.joined",)), "until"))}, "unknown-value"),
    ],
)
def test_a_fault_of_a_statement_is_an_error(changes: dict[str, Any], rule: str) -> None:
    errors = [
        each for each in new(with_statement(f"{DEADLINE}#kj-1", **changes)) if each.level is Level.ERROR
    ]
    assert [each.id for each in errors] == [rule]
    assert errors[0].place == f"platform-subsidy.toml: {DEADLINE}#kj-1"


def test_a_statement_that_cites_a_paper_nobody_has_named_is_an_error() -> None:
    without = {name: each for name, each in shipped().notices.items() if name != "act-31-2023"}
    assert [each.id for each in new(replace(shipped(), notices=without))] == ["unknown-notice"]


def test_a_deadline_of_which_no_notice_speaks_is_an_error() -> None:
    silent = tuple(each for each in shipped().statements if each.deadline != "publicity/2026-04-07")
    assert [each.id for each in new(replace(shipped(), statements=silent))] == ["missing-citation"]


def test_a_ladder_that_can_never_fire_is_an_error() -> None:
    ladders = {**shipped().ladders, "none": Ladder("none", (7,))}
    rules = {each.id for each in new(replace(shipped(), ladders=ladders))}
    assert rules == {"silent-ladder"}


def test_a_ladder_that_nobody_climbs_is_warned_of() -> None:
    ladders = {**shipped().ladders, "rope": Ladder("rope", (7,))}
    (finding,) = new(replace(shipped(), ladders=ladders))
    assert (finding.level, finding.id, finding.place) == (
        Level.WARNING,
        "unused-ladder",
        "ladders.toml: rope",
    )


def test_what_an_authority_names_must_exist() -> None:
    city = replace(shipped().authorities["121002"], prefecture="130001", ladders={"free-pass/none": "rope"})
    authorities = {**shipped().authorities, "121002": city}
    rules = sorted(each.id for each in new(replace(shipped(), authorities=authorities)))
    assert rules == ["unknown-authority", "unknown-deadline", "unknown-ladder"]


def test_a_contradiction_inside_a_layer_is_found_there() -> None:
    first = next(each for each in shipped().statements if each.id == f"{DEADLINE}#kj-1")
    local = [
        replace(
            first, id=f"{DEADLINE}#x{day}", authority="121002", due=Fixed(date(2026, 3, day)), beside=True
        )
        for day in (1, 2)
    ]
    catalogue = replace(shipped(), statements=(*shipped().statements, *local))
    assert [each.id for each in new(catalogue)] == ["undecided-contradiction"]


@pytest.mark.parametrize(
    "due, last",
    [
        (Fixed(date(2026, 3, 13)), date(2026, 3, 13)),
        (InMonth(2026, 3), date(2026, 3, 31)),
        (InMonth(2026, 3, Part.EARLY), date(2026, 3, 10)),
        (Months(fiscal_year(2026)), date(2027, 3, 31)),
        (InFiscalYear(2026), date(2027, 3, 31)),
        (InFiscalYear(2026, Half.FIRST), date(2026, 9, 30)),
        (UntilEvent("x", ("x",), fiscal_year(2026), ""), date(2027, 3, 31)),
        (UntilEvent("x", ("x",), None, ""), None),
        (Unclear(fiscal_year(2025), None, "?"), date(2026, 3, 31)),
        (Unknown("未定"), None),
        (Standing("ずっと"), None),
    ],
)
def test_the_last_day_is_the_one_the_text_names(due: Expression, last: date | None) -> None:
    assert last_day_written(due) == last


def test_findings_come_errors_first_and_by_place() -> None:
    both = with_deadline(short="助成金申請のご案内")
    levels = [each.level for each in lint(both, shipped_law().calendar)]
    assert levels == sorted(levels)
    assert levels[0] is Level.ERROR
