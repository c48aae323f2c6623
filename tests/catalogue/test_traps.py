"""The traps of the founding notices, numbered as in the project's domain register, section 4.12.

Where a trap lies in reading a text (a missing year, a misread digit), the test holds that its false reading
did not get into the law as data.
"""

import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, timedelta

import pytest

from notifier.catalogue import dump_due, lint
from notifier.domain.dates import Part
from notifier.domain.deadlines import Shape, due_of
from notifier.domain.expressions import AfterAnchor, Fixed, InMonth, Unclear, events_of
from notifier.domain.facts import Value
from notifier.domain.notices import Rank
from notifier.domain.obligations import State
from notifier.domain.statements import Statement, resolve
from tests.catalogue.offices import (
    decision,
    due,
    fact,
    law_on,
    obligation,
    obligations,
    office,
    setting,
    shipped,
    shipped_law,
)

HOME_HELP = office("11")


def said(name: str) -> Statement:
    """The statement called `name`."""
    return next(each for each in shipped().statements if each.id == name)


def texts() -> Iterator[str]:
    """Every Japanese text that may reach an office, a municipality or the editor."""
    for deadline in shipped().deadlines.values():
        yield from (value for value in asdict(deadline).values() if isinstance(value, str))
    for statement in shipped().statements:
        yield from (statement.remark, statement.place, *statement.unknown)
        yield str(dump_due(statement.due)) if statement.due is not None else ""
    for notice in shipped().notices.values():
        yield from (notice.title, notice.issuer, notice.number)


def days_written() -> set[date]:
    """Every day that some due expression names."""
    written = [str(dump_due(each.due)) for each in shipped().statements if each.due is not None]
    found = {day for text in written for day in re.findall(r"\d{4}-\d{2}-\d{2}", text)}
    return {date.fromisoformat(day) for day in found}


def test_trap_01_early_march_against_13_march_is_seen_and_the_earlier_day_is_reminded() -> None:
    found = decision("platform-subsidy/apply", date(2026, 1, 20), HOME_HELP)
    assert found.due.latest == date(2026, 3, 13)
    assert found.due.tentative
    assert [each.notice.rank for each in found.resolution.against] == [Rank.EXPLANATION]
    assert found.due.target == found.due.ladder_day == date(2026, 3, 10)


def test_trap_02_a_year_that_had_ended_before_the_issue_creates_no_overdue() -> None:
    due_said = said("tech-grant-r8/start-cpdl#tk8-1").due
    assert isinstance(due_said, Unclear)
    assert due_said.probable is not None
    assert due_said.probable.end == date(2027, 3, 31)
    who = office("11", facts=[fact("tech-grant-r8.granted", date(2026, 5, 1))])
    assert obligation("tech-grant-r8/start-cpdl", date(2027, 6, 1), who).state is State.NEEDS_CLARIFICATION
    assert any(
        each.id == "due-before-issue" and "tech-grant-r8/start-cpdl" in each.place
        for each in lint(shipped(), shipped_law().calendar)
    )


def test_trap_03_the_outlines_are_cited_by_what_they_are_and_not_by_their_stale_references() -> None:
    annexes = [each for name, each in shipped().notices.items() if name.startswith("rohatsu-0407-3")]
    assert not any("令和7年度" in each.title for each in annexes)
    assert said("cooperation-grant/effect-report#kd-2").place.startswith("4(2)")
    assert said("cooperation-grant/plan#kd-1").place.startswith("4(1)")


def test_trap_04_this_year_and_next_year_are_counted_from_the_day_they_were_said() -> None:
    assert said("platform-subsidy/apply#kj-2").due == InMonth(2026, 3, Part.EARLY)
    assert said("platform-subsidy/apply#kj-2").unknown == ("令和8年度に助成があるか",)
    assert said("platform/in-force#pf-1-act").notice.issued == date(2023, 5, 19)


def test_trap_05_a_day_without_a_year_gets_it_from_its_weekday() -> None:
    page = shipped().notices["cpdl-free-pass-2025-03"]
    assert page.issued == date(2025, 3, 14)
    assert page.issued.weekday() == 4
    assert said("free-pass/apply#fp-2").due == Fixed(date(2026, 5, 31), date(2025, 6, 1))
    assert not days_written() & {date(2026, 3, 14), date(2026, 6, 1)}


def test_trap_06_short_and_carried_over_eras_are_written_out_right() -> None:
    notices = shipped().notices
    assert notices["subcommittee-249"].issued == date(2025, 12, 3)
    assert notices["chiba-cpdl-slides-2026-03"].known_from == date(2026, 3, 17)
    assert min(days_written()) == date(2023, 5, 19)


def test_trap_07_misread_digits_are_in_no_due_and_in_no_text() -> None:
    assert max(days_written()) <= date(2027, 5, 31)
    assert not any(re.search(r"20[3-9]\d年|24,000", text) for text in texts())
    assert any("21,000円" in text for text in texts())


def test_trap_08_a_repetition_without_the_mark_stays_tentative() -> None:
    marked, bare = said("free-pass/apply#fp-2-slides"), said("free-pass/apply#fp-2-slides-again")
    assert (marked.tentative, bare.tentative) == (True, False)
    found = resolve([marked, bare])
    assert found is not None
    assert found.prevailing is bare
    assert (found.tentative, found.inherited) == (True, True)


@pytest.mark.parametrize(
    "deadline, day, enclosed",
    [
        ("free-pass/apply", date(2026, 1, 13), "fp-2-enclosed"),
        ("free-pass/apply", date(2026, 1, 20), "fp-2-slides"),
        ("free-pass/apply", date(2026, 3, 17), "fp-2-screenshot"),
    ],
)
def test_trap_09_an_old_enclosure_does_not_override_its_cover_letter(
    deadline: str, day: date, enclosed: str
) -> None:
    found = decision(deadline, day, HOME_HELP).resolution
    assert f"{deadline}#{enclosed}" in {each.id for each in found.superseded}
    assert not any("flyer" in each.notice.id or "screenshot" in each.notice.id for each in found.against)


def test_trap_10_three_answers_to_free_until_when_are_kept_apart_and_asked_about() -> None:
    told = [setting("platform.integration.announced", date(2026, 11, 10), "", date=date(2027, 2, 1))]
    who = office("11", facts=[fact("cpdl.applied", date(2026, 5, 31), paid=False)])
    found = decision("free-pass/free-year", date(2026, 11, 10), who, told)
    assert found.due.latest == date(2027, 2, 1)
    assert [each.latest for each in found.contradicting] == [date(2027, 3, 31)]
    assert isinstance(said("free-pass/free-year#fp-3").due, AfterAnchor)
    assert any("1年間が統合日より後" in point for point in found.resolution.prevailing.unknown)
    assert any("費用" in point for point in found.resolution.prevailing.unknown)


@pytest.mark.parametrize(
    "have, deadline, settles",
    [
        ("cpdl.joined", "wage-support/join-cpdl", True),
        ("cpdl.started", "wage-support/join-cpdl", False),
        ("cpdl.linked", "wage-support/join-cpdl", False),
        ("cpdl.applied", "treatment-addition-r8/use-cpdl", False),
        ("cpdl.joined", "treatment-addition-r8/use-cpdl", False),
        ("cpdl.started", "treatment-addition-r8/use-cpdl", True),
        ("cpdl.joined", "tech-grant-r8/start-cpdl", False),
        ("cpdl.linked", "tech-grant-r8/start-cpdl", False),
        ("cpdl.started", "tech-grant-r8/start-cpdl", True),
        ("cpdl.joined", "tech-grant-r8/five-links", False),
        ("cpdl.started", "tech-grant-r8/five-links", False),
    ],
)
def test_trap_11_applying_joining_using_and_linking_are_different_facts(
    have: str, deadline: str, settles: bool
) -> None:
    values: dict[str, dict[str, Value]] = {
        "cpdl.applied": {"paid": False},
        "cpdl.linked": {"partner": "1270000009"},
    }
    facts = [
        fact("wage-support.applied", date(2026, 2, 2), supplement=True, pledged=True),
        fact("treatment-addition-r8.special.claimed", date(2026, 4, 1)),
        fact("tech-grant-r8.granted", date(2026, 5, 1), addition=True),
        fact(have, date(2026, 5, 2), **values.get(have, {})),
    ]
    found = obligation(deadline, date(2026, 5, 3), office("11", facts=facts))
    assert (found.state is State.SETTLED) is settles


def test_trap_12_the_four_reports_are_four_duties_and_none_has_a_printed_day() -> None:
    reports = {
        "wage-support/report": "wage-support.report.filed",
        "treatment-addition-r8/report": "treatment-addition-r8.report.filed",
        "tech-grant-r8/effect-report": "tech-grant-r8.effect-report.filed",
        "cooperation-grant/effect-report": "cooperation-grant.effect-report.filed",
    }
    for name, filed in reports.items():
        settling = shipped().deadlines[name].settled_by
        assert [each.pattern.types for each in settling] == [(filed,)]
        dues = [each.due for each in shipped_law().said(name) if each.due is not None]
        assert dues
        assert all(events_of(each) for each in dues)


def test_trap_13_short_stay_is_on_the_side_of_facilities_for_wages_and_of_home_services_for_the_grant() -> (
    None
):
    short_stay = shipped().services["21"]
    assert (short_stay.wage_route, short_stay.committee, short_stay.cpdl_start) == ("B", True, True)


def test_trap_14_a_special_nursing_home_need_not_start_cpdl_but_its_short_stay_must() -> None:
    home = shipped().services["51"]
    assert (home.committee, home.cpdl_start, home.software_condition) == (True, False, "life")
    day = date(2026, 4, 7)
    assert obligation("tech-grant-r8/start-cpdl", day, office("51")).state is State.NOT_APPLICABLE
    assert obligation("tech-grant-r8/start-cpdl", day, office("51", "21")).state is not State.NOT_APPLICABLE


def test_trap_15_the_dirty_lists_come_out_as_45_and_20_codes() -> None:
    services, groups = shipped().services, shipped().groups
    assert (len(groups["cpdl-start"]), len(groups["committee"])) == (45, 20)
    assert {"31", "22", "23", "2A", "69", "77"} <= groups["cpdl-start"]
    assert not {"68", "79", "33", "54"} & groups["cpdl-start"]
    assert {"54", "77"} <= groups["committee"]
    assert len({each.name for each in services.values()}) == len(services) == 56


def test_trap_16_home_services_read_strictly_leave_out_the_community_based_types() -> None:
    community = {"71", "72", "73", "76", "77", "78"}
    groups = shipped().groups
    assert not community & groups["five-links-r8"]
    assert not community & groups["software-cpdl"]
    assert community <= groups["cpdl-start"]


def test_trap_17_what_stands_behind_and_so_on_stays_undecided() -> None:
    undecided = {code for code, each in shipped().services.items() if each.wage_route == "undecided"}
    assert undecided == {"17", "31", "34", "46", "67"} | {f"A{i}" for i in range(1, 9)}
    assert not undecided & (shipped().groups["wage-route-a"] | shipped().groups["wage-route-b"])


@pytest.mark.parametrize("granted, first", [(date(2026, 4, 8), 2027), (date(2027, 4, 1), 2028)])
def test_trap_18_the_years_are_counted_from_the_grant_and_not_from_the_budget(
    granted: date, first: int
) -> None:
    who = office("11", facts=[fact("tech-grant-r8.granted", granted)])
    found = obligations("tech-grant-r8/effect-report", granted, who)
    opens = [each.decision.due.opens for each in found if each.decision is not None]
    assert opens == [date(first + i, 4, 1) for i in range(3)]


def test_trap_19_what_applies_backwards_is_still_known_only_from_its_issue() -> None:
    assert not law_on(date(2026, 4, 6)).said("tech-grant-r8/apply")
    assert law_on(date(2026, 4, 7)).said("tech-grant-r8/apply")


def test_trap_20_projects_that_municipalities_may_run_are_told_to_both() -> None:
    assert set(shipped().deadlines["model-area/report"].parties) == {"municipality", "prefecture"}
    assert set(shipped().deadlines["prefecture/ask-municipalities"].parties) == {"prefecture"}


def test_trap_21_slides_still_speaking_of_a_bill_do_not_unsettle_the_enacted_budget() -> None:
    found = decision("free-pass/apply", date(2026, 1, 20), HOME_HELP)
    assert not found.due.tentative
    assert decision("wage-support/apply", date(2026, 3, 17), HOME_HELP).resolution.prevailing.id.endswith(
        "#wg-2a"
    )


def test_trap_22_the_four_years_are_counted_both_ways() -> None:
    found = said("platform/in-force#pf-1").due
    assert found is not None
    counted = due_of(found)
    assert (counted.latest, counted.later_reading) == (date(2027, 5, 18), date(2027, 5, 19))
    assert counted.shape is Shape.OUTER_LIMIT
    assert not any(each.due for each in law_on(date(2025, 2, 6)).said("platform/in-force"))


def test_trap_23_ends_on_a_sunday_are_told_on_the_friday_before_and_do_not_move() -> None:
    found = decision("free-pass/apply", date(2025, 3, 14), HOME_HELP)
    assert found.due.latest == date(2026, 5, 31)
    days = [rung.on for rung in found.rungs]
    assert days[0] == date(2025, 5, 30)
    assert date(2026, 5, 29) in days
    assert not {day for day in days if day.weekday() >= 5}


def test_trap_24_numbers_that_look_like_dates_are_none() -> None:
    assert days_written() == {
        date(2025, 6, 1),
        date(2026, 5, 31),
        date(2026, 10, 1),
        date(2027, 3, 31),
        date(2025, 4, 1),
        date(2025, 5, 31),
        date(2026, 3, 13),
        date(2026, 3, 31),
        date(2026, 4, 1),
        date(2023, 5, 19),
    }


def test_trap_25_counts_that_do_not_add_up_are_not_carried_on() -> None:
    assert not any(re.search(r"1,207|1,184|1,988", text) for text in texts())


@pytest.mark.parametrize(
    "wrong",
    [
        "介助事業所",
        "介護保健資格",
        "姫舘",
        "生産性向上計算",
        "質上げ",
        "待遇改善加算",
        "フリーPASS",
        "desk",
        "一體",
        "ケアプラン連携データ",
        "テクノロジー一定着",
        "公益財団法人",
    ],
)
def test_trap_26_misread_names_stand_in_no_text(wrong: str) -> None:
    assert not any(wrong in text for text in texts())


@pytest.mark.parametrize("partners", [5, 6])
def test_trap_27_five_partners_or_more_raise_the_ceiling_and_nothing_else(partners: int) -> None:
    links = [
        fact("cpdl.linked", date(2026, 6, 1) + timedelta(days=i), partner=f"12700002{i:02}")
        for i in range(partners)
    ]
    who = office("43", facts=[fact("tech-grant-r8.granted", date(2026, 5, 1), addition=True), *links])
    found = obligation("tech-grant-r8/five-links", date(2026, 7, 1), who)
    assert (found.state, found.settled_on) == (State.SETTLED, date(2026, 6, 5))
    assert "上限" in shipped().deadlines["tech-grant-r8/five-links"].money


def test_trap_28_until_the_report_means_the_offices_own_report_even_before_the_due_day() -> None:
    posted = [setting("wage-support.report-due.set", date(2026, 6, 1), due=date(2026, 7, 31))]
    pledge = fact("wage-support.applied", date(2026, 2, 2), supplement=True, pledged=True)
    before = due("wage-support/join-cpdl", date(2026, 7, 10), office("11", facts=[pledge]), posted)
    assert (before.shape, before.latest) == (Shape.DAY, date(2026, 7, 31))
    filed = office("11", facts=[pledge, fact("wage-support.report.filed", date(2026, 7, 10))])
    assert due("wage-support/join-cpdl", date(2026, 7, 10), filed, posted).latest == date(2026, 7, 10)
    assert obligation("wage-support/join-cpdl", date(2026, 7, 11), filed, posted).state is State.LAPSED
