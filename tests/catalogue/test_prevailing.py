"""What the shipped law says to an office on the days on which something became known."""

from datetime import date, timedelta

import pytest

from notifier.domain.deadlines import Due, Shape
from notifier.domain.facts import Fact, Value
from notifier.domain.ladders import Occasion
from notifier.domain.obligations import State, obligations_of
from notifier.domain.offices import Office
from tests.catalogue.offices import (
    decision,
    due,
    fact,
    law_on,
    obligation,
    obligations,
    office,
    setting,
)

CARE_MANAGER = office("43")
HOME_HELP = office("11")


def granted(*partners: str) -> Office:
    links = [
        fact("cpdl.linked", date(2025, 10, 1) + timedelta(days=i), partner=each)
        for i, each in enumerate(partners)
    ]
    return office("43", facts=[fact("tech-grant-r7.granted", date(2025, 9, 10), addition=True), *links])


def partner(number: int) -> str:
    return f"12700001{number:02}"


def test_the_free_pass_is_first_announced_as_one_year_planned_for_fiscal_2025() -> None:
    found = due("free-pass/apply", date(2025, 2, 6), HOME_HELP)
    assert (found.shape, found.latest, found.tentative) == (Shape.FISCAL_YEAR, date(2026, 3, 31), True)


@pytest.mark.parametrize("day", [date(2025, 3, 14), date(2025, 12, 4), date(2026, 1, 12)])
def test_the_campaign_page_replaces_the_plan_by_a_window(day: date) -> None:
    found = due("free-pass/apply", day, HOME_HELP)
    assert (found.shape, found.opens, found.latest) == (Shape.WINDOW, date(2025, 6, 1), date(2026, 5, 31))
    assert found.tentative


def test_the_free_pass_lasts_through_fiscal_2026_from_the_letter_of_january_on() -> None:
    found = decision("free-pass/apply", date(2026, 1, 13), HOME_HELP)
    assert (found.due.shape, found.due.latest) == (Shape.FISCAL_YEAR, date(2027, 3, 31))
    assert not found.due.tentative
    assert not found.contradicting


def test_slides_that_repeat_the_old_flyer_do_not_contradict_the_letter() -> None:
    found = decision("free-pass/apply", date(2026, 1, 20), HOME_HELP)
    assert found.due.latest == date(2027, 3, 31)
    assert not found.contradicting


def test_the_free_pass_lasts_until_integration_from_march_on_and_the_letter_stands_beside() -> None:
    found = decision("free-pass/apply", date(2026, 3, 17), HOME_HELP)
    assert found.due.shape is Shape.EVENT
    assert (found.due.earliest, found.due.latest) == (date(2026, 10, 1), date(2027, 3, 31))
    assert found.due.ladder_day is None
    assert [each.id for each in found.resolution.against] == ["free-pass/apply#fp-5"]
    reminders = [(r.on, r.occasion) for r in found.rungs if r.occasion is not Occasion.QUESTION]
    assert reminders == [
        (date(2026, 9, 1), Occasion.REMINDER),
        (date(2026, 10, 1), Occasion.OPENING),
    ]


def test_an_announced_integration_day_ends_the_free_pass_that_day() -> None:
    told = [setting("platform.integration.announced", date(2026, 11, 10), "", date=date(2027, 2, 1))]
    found = decision("free-pass/apply", date(2026, 11, 10), HOME_HELP, told)
    assert (found.due.shape, found.due.latest, found.due.tentative) == (Shape.DAY, date(2027, 2, 1), False)
    assert found.due.ladder_day == date(2027, 2, 1)
    assert [each.latest for each in found.contradicting] == [date(2027, 3, 31)]


def test_the_subsidy_has_no_day_before_the_letter_of_january() -> None:
    assert due("platform-subsidy/apply", date(2025, 12, 4), HOME_HELP).shape is Shape.UNKNOWN


def test_the_subsidy_closes_on_13_march_as_planned() -> None:
    found = due("platform-subsidy/apply", date(2026, 1, 13), HOME_HELP)
    assert (found.latest, found.ladder_day, found.tentative) == (date(2026, 3, 13), date(2026, 3, 13), True)


def test_while_the_slides_contradict_the_letter_the_ladder_runs_to_the_earlier_day() -> None:
    found = decision("platform-subsidy/apply", date(2026, 1, 20), HOME_HELP)
    assert found.due.latest == date(2026, 3, 13)
    assert found.due.ladder_day == date(2026, 3, 10)
    assert [each.id for each in found.resolution.against] == ["platform-subsidy/apply#kj-2"]


def test_the_editors_decision_keeps_the_day_and_names_a_safe_one() -> None:
    found = decision("platform-subsidy/apply", date(2026, 1, 21), HOME_HELP)
    assert (found.due.latest, found.due.ladder_day) == (date(2026, 3, 13), date(2026, 3, 13))
    assert found.due.target == date(2026, 3, 10)
    assert found.due.tentative
    assert not found.contradicting


@pytest.mark.parametrize("day", [date(2026, 4, 7), date(2027, 4, 1), date(2029, 1, 1)])
def test_the_start_of_use_with_the_impossible_year_never_lapses(day: date) -> None:
    who = office("43", facts=[fact("tech-grant-r8.granted", date(2026, 4, 7))])
    found = obligation("tech-grant-r8/start-cpdl", day, who)
    assert found.state is State.NEEDS_CLARIFICATION
    assert found.decision is not None
    assert not found.decision.rungs


def test_the_start_of_use_is_said_to_be_under_clarification_before_any_grant() -> None:
    found = obligation("tech-grant-r8/start-cpdl", date(2026, 4, 7), CARE_MANAGER)
    assert found.state is State.WAITING_FOR_FACT
    assert found.decision is not None
    assert found.decision.due.wording.startswith("確認中")


def test_the_fifth_distinct_partner_inside_the_fiscal_year_settles_the_five_links_duty() -> None:
    who = granted(*(partner(i) for i in range(5)))
    found = obligation("tech-grant-r7/five-links", date(2025, 12, 1), who)
    assert (found.state, found.settled_on) == (State.SETTLED, date(2025, 10, 5))


def test_a_repeated_partner_does_not_settle_the_five_links_duty() -> None:
    who = granted(*(partner(i) for i in (1, 2, 3, 4, 4)))
    found = obligation("tech-grant-r7/five-links", date(2025, 12, 1), who)
    assert (found.state, found.progress, found.needed) == (State.OPEN, 4, 5)


def test_partners_of_another_fiscal_year_do_not_count_for_five_links() -> None:
    grant = fact("tech-grant-r8.granted", date(2026, 7, 1), addition=True)
    before = [fact("cpdl.linked", date(2026, 3, 31), partner=partner(1))]
    inside = [fact("cpdl.linked", date(2026, 4, 1), partner=partner(i)) for i in range(2, 6)]
    who = office("11", facts=[grant, *before, *inside])
    found = obligation("tech-grant-r8/five-links", date(2026, 8, 1), who)
    assert (found.state, found.progress) == (State.OPEN, 4)


def test_five_links_are_reminded_from_half_a_year_before_the_end() -> None:
    found = decision("tech-grant-r7/five-links", date(2025, 9, 10), granted(partner(1)))
    days = [rung.on for rung in found.rungs]
    assert days[:4] == [date(2025, 10, 2), date(2025, 12, 26), date(2026, 1, 30), date(2026, 2, 27)]


def pledged(*facts: Fact) -> Office:
    applied = fact("wage-support.applied", date(2026, 2, 2), supplement=True, pledged=True)
    return office("11", facts=[applied, *facts])


REPORT_DUE = [setting("wage-support.report-due.set", date(2026, 6, 1), due=date(2026, 7, 31))]


def test_a_pledge_is_broken_by_the_offices_own_report_and_not_only_at_the_due_day() -> None:
    who = pledged(fact("wage-support.report.filed", date(2026, 7, 10)))
    found = obligation("wage-support/join-cpdl", date(2026, 7, 11), who, REPORT_DUE)
    assert found.state is State.LAPSED
    late = pledged(
        fact("wage-support.report.filed", date(2026, 7, 10)), fact("cpdl.joined", date(2026, 7, 20))
    )
    assert obligation("wage-support/join-cpdl", date(2026, 7, 21), late, REPORT_DUE).state is State.LAPSED


@pytest.mark.parametrize(
    "facts",
    [
        [fact("cpdl.joined", date(2026, 7, 1))],
        [fact("cpdl.applied", date(2026, 7, 1), paid=False)],
        [fact("cpdl.started", date(2026, 7, 1), system="kanamic")],
    ],
)
def test_membership_or_an_equal_system_before_the_report_keeps_the_pledge(facts: list[Fact]) -> None:
    who = pledged(*facts, fact("wage-support.report.filed", date(2026, 7, 10)))
    found = obligation("wage-support/join-cpdl", date(2026, 7, 11), who, REPORT_DUE)
    assert (found.state, found.settled_on) == (State.SETTLED, date(2026, 7, 1))


def test_an_office_that_did_not_pledge_is_not_reminded_to_join() -> None:
    who = office("11", facts=[fact("wage-support.applied", date(2026, 2, 2), supplement=False)])
    found = obligation("wage-support/join-cpdl", date(2026, 6, 1), who, REPORT_DUE)
    assert found.state is State.WAITING_FOR_FACT


def test_joining_is_not_yet_use_for_the_special_requirement_of_the_addition() -> None:
    claimed = fact("treatment-addition-r8.special.claimed", date(2026, 4, 1))
    joined = fact("cpdl.joined", date(2026, 4, 2), licence_until=date(2027, 4, 1))
    who = office("11", facts=[claimed, joined])
    assert obligation("treatment-addition-r8/use-cpdl", date(2026, 5, 1), who).state is State.WAITING_FOR_DATE
    started = office("11", facts=[claimed, joined, fact("cpdl.started", date(2026, 4, 20))])
    assert obligation("treatment-addition-r8/use-cpdl", date(2026, 5, 1), started).state is State.SETTLED


def test_the_addition_is_only_under_study_in_january_and_decided_in_march() -> None:
    assert due("treatment-addition-r8/use-cpdl", date(2026, 1, 13), HOME_HELP).wording.startswith("検討中")
    found = decision("treatment-addition-r8/use-cpdl", date(2026, 3, 17), HOME_HELP)
    assert found.due.shape is Shape.UNSET
    assert not found.contradicting


def test_the_effect_is_reported_in_each_of_the_three_fiscal_years_after_the_grant() -> None:
    who = office("11", facts=[fact("tech-grant-r8.granted", date(2026, 8, 1))])
    found = obligations("tech-grant-r8/effect-report", date(2026, 8, 1), who)
    dues = [each.decision.due for each in found if each.decision is not None]
    spans = [(each.opens, each.latest) for each in dues]
    assert spans == [
        (date(2027, 4, 1), date(2028, 3, 31)),
        (date(2028, 4, 1), date(2029, 3, 31)),
        (date(2029, 4, 1), date(2030, 3, 31)),
    ]


def test_a_report_settles_only_its_own_fiscal_year() -> None:
    facts = [
        fact("tech-grant-r8.granted", date(2026, 8, 1)),
        fact("tech-grant-r8.effect-report.filed", date(2027, 6, 1), fiscal_year=2027),
    ]
    found = obligations("tech-grant-r8/effect-report", date(2027, 6, 2), office("11", facts=facts))
    assert [each.state for each in found] == [State.SETTLED, State.WAITING_FOR_DATE, State.WAITING_FOR_DATE]


def test_the_cooperation_grant_is_reported_once_in_the_year_after() -> None:
    facts = [
        fact("cooperation-grant.granted", date(2026, 8, 1)),
        fact("cooperation-grant.effect-report.filed", date(2027, 6, 1)),
    ]
    found = obligation("cooperation-grant/effect-report", date(2027, 6, 2), office("11", facts=facts))
    assert found.state is State.SETTLED


@pytest.mark.parametrize(
    "services,deadline,concerned",
    [
        (["51"], "tech-grant-r8/start-cpdl", False),
        (["51"], "tech-grant-r8/committee", True),
        (["51", "21"], "tech-grant-r8/start-cpdl", True),
        (["78"], "tech-grant-r8/start-cpdl", True),
        (["78"], "tech-grant-r8/five-links", False),
        (["43"], "tech-grant-r8/five-links", True),
        (["46"], "tech-grant-r8/five-links", True),
        (["43"], "tech-grant-r7/start-cpdl", True),
        (["51"], "tech-grant-r7/start-cpdl", False),
        (["43"], "wage-support/join-cpdl", False),
        (["13"], "wage-support/join-cpdl", False),
        (["11"], "wage-support/join-cpdl", True),
        (["21"], "wage-support/join-cpdl", False),
        (["A2"], "wage-support/join-cpdl", False),
        (["11"], "care-manager-caseload/cpdl-in-use", False),
        (["43"], "care-manager-caseload/cpdl-in-use", True),
    ],
)
def test_a_duty_concerns_the_services_that_its_list_names(
    services: list[str], deadline: str, concerned: bool
) -> None:
    found = obligation(deadline, date(2026, 4, 7), office(*services))
    assert (found.state is not State.NOT_APPLICABLE) is concerned
    assert (found.reason is None) is concerned


def paid(on: date, **values: Value) -> Fact:
    return fact("cpdl.applied", on, paid=True, **values)


def test_the_april_cohort_renews_by_the_end_of_its_licence() -> None:
    who = office("43", facts=[paid(date(2025, 4, 21))])
    found = decision("free-pass/renewal", date(2025, 4, 21), who)
    assert found.due.ladder_day == date(2026, 4, 20)
    days = [rung.on for rung in found.rungs]
    assert days[:3] == [date(2026, 2, 19), date(2026, 3, 19), date(2026, 4, 6)]


def test_a_posted_licence_end_wins_over_the_computed_one() -> None:
    who = office("43", facts=[paid(date(2025, 4, 21), licence_until=date(2026, 4, 30))])
    assert due("free-pass/renewal", date(2025, 4, 21), who).ladder_day == date(2026, 4, 30)


@pytest.mark.parametrize("facts", [[paid(date(2025, 3, 31))], [paid(date(2025, 6, 1))], []])
def test_the_renewal_is_a_matter_of_the_april_cohort_alone(facts: list[Fact]) -> None:
    found = obligation("free-pass/renewal", date(2026, 3, 1), office("43", facts=facts))
    assert found.state is State.NOT_APPLICABLE


def test_the_relaxed_case_load_breaks_with_the_licence_and_is_mended_by_renewal() -> None:
    claimed = fact("caseload-relaxation.claimed", date(2025, 4, 21))
    applied = paid(date(2025, 4, 21), licence_until=date(2026, 4, 20))
    who = office("43", facts=[claimed, applied])
    assert obligation("care-manager-caseload/cpdl-in-use", date(2026, 4, 20), who).state is State.OPEN
    assert obligation("care-manager-caseload/cpdl-in-use", date(2026, 4, 21), who).state is State.LAPSED
    assert [r.on for r in decision("care-manager-caseload/cpdl-in-use", date(2025, 4, 21), who).rungs] == [
        date(2026, 4, 6),
        date(2026, 4, 21),
    ]
    renewed = office(
        "43",
        facts=[claimed, applied, fact("cpdl.renewed", date(2026, 4, 8), licence_until=date(2027, 4, 20))],
    )
    assert obligation("care-manager-caseload/cpdl-in-use", date(2026, 5, 1), renewed).state is State.OPEN


def test_integration_is_counted_down_to_its_day_and_not_closed_after_it() -> None:
    who = office("43", facts=[paid(date(2025, 4, 21))])
    told = [setting("platform.integration.announced", date(2026, 11, 10), "", date=date(2027, 2, 1))]
    found = decision("platform/integration", date(2026, 11, 10), who, told)
    assert [rung.on for rung in found.rungs] == [
        date(2026, 12, 3),
        date(2026, 12, 28),
        date(2027, 1, 18),
        date(2027, 1, 25),
        date(2027, 1, 29),
        date(2027, 2, 1),
    ]


def test_covered_months_that_are_over_are_done_with_and_nobody_missed_them() -> None:
    who = office("43", facts=[fact("wage-support.applied", date(2026, 2, 2), supplement=False)])
    assert decision("wage-support/covered-months", date(2026, 6, 1), who).state is State.SETTLED


def test_the_covered_months_are_called_on_the_last_open_day() -> None:
    who = office("43", facts=[fact("wage-support.applied", date(2026, 2, 2), supplement=False)])
    assert [r.on for r in decision("wage-support/covered-months", date(2026, 2, 2), who).rungs] == [
        date(2026, 5, 29)
    ]


def test_the_grants_window_opens_with_a_message_and_skips_what_lies_before() -> None:
    window = [
        setting(
            "tech-grant-r8.application-window.set",
            date(2026, 4, 21),
            opens=date(2026, 5, 11),
            closes=date(2026, 6, 12),
        )
    ]
    found = decision("tech-grant-r8/apply", date(2026, 4, 21), CARE_MANAGER, window)
    assert [rung.on for rung in found.rungs][:2] == [date(2026, 5, 11), date(2026, 5, 13)]


@pytest.mark.parametrize("day", [date(2025, 5, 12), date(2026, 1, 20), date(2026, 1, 21)])
def test_nothing_new_becomes_known_to_an_office_on_a_silent_day(day: date) -> None:
    facts = [paid(date(2025, 4, 21)), fact("caseload-relaxation.claimed", date(2025, 4, 21))]
    who = office("43", facts=facts)
    before, after = told(who, day - timedelta(days=1)), told(who, day)
    assert {
        name for name in after if name not in before or after[name].latest != before[name].latest
    } == set()


def told(who: Office, day: date) -> dict[str, Due]:
    """What the office has been told is due, by deadline."""
    law = law_on(day)
    found = [each for each in obligations_of(law, who, day) if each.decision is not None]
    spoken = [each for each in found if not law.deadlines[each.deadline].tell_when_dated]
    return {each.deadline: each.decision.due for each in spoken if each.decision is not None}
