"""Two more offices: B joins late, pledges and links; C does nothing at all."""

from typing import Any

import pytest

from tests.journeys.scenarios import lines

B, C = "1270000002", "1270000003"
LINKS = "tech-grant-r8/five-links"


def told(scenario: str, deadline: str = "") -> list[tuple[str, str, str, str | None]]:
    """What the office of a scenario is told, of one deadline or family or of all."""
    found: list[dict[str, Any]] = [line for line in lines(scenario) if line["to"]["kind"] == "office"]
    return [
        (line["on"], line["occasion"], line["deadline"], line["rung"])
        for line in found
        if line["deadline"].startswith(deadline)
    ]


# ---- B ----


def test_an_office_that_joins_late_is_told_on_that_day_of_everything_still_open_and_of_nothing_past() -> None:
    first = [each for each in told("office_b.yaml") if each[0] == "2026-01-26"]
    assert first == told("office_b.yaml")[: len(first)]
    assert {occasion for _, occasion, _, _ in first} == {"announcement"}
    assert [deadline for _, _, deadline, _ in first] == [
        "free-pass/apply",
        "free-pass/free-year",
        "platform-subsidy/apply",
        "platform/integration",
        "tech-grant-r7/five-links",
        "tech-grant-r7/start-cpdl",
        "treatment-addition-r8/use-cpdl",
        "wage-support/apply",
        "wage-support/covered-months",
        "wage-support/join-cpdl",
        "wage-support/report",
    ]


def test_a_choice_declined_is_left_in_peace() -> None:
    assert told("office_b.yaml", "platform-subsidy/")[1:] == [
        ("2026-02-10", "acknowledgement", "platform-subsidy/apply", None)
    ]


def test_the_pledge_to_join_is_reminded_of_with_the_report_until_the_office_joins() -> None:
    assert told("office_b.yaml", "wage-support/join-cpdl")[1:] == [
        ("2026-02-16", "acknowledgement", "wage-support/join-cpdl", None),
        ("2026-03-17", "change", "wage-support/join-cpdl", None),
        ("2026-06-01", "change", "wage-support/join-cpdl", "T-60"),
        ("2026-07-01", "reminder", "wage-support/join-cpdl", "T-30"),
        ("2026-07-06", "acknowledgement", "wage-support/join-cpdl", None),
    ]


def test_the_report_is_reminded_of_until_it_is_filed() -> None:
    assert told("office_b.yaml", "wage-support/report")[-4:] == [
        ("2026-06-01", "change", "wage-support/report", "T-60"),
        ("2026-07-01", "reminder", "wage-support/report", "T-30"),
        ("2026-07-17", "reminder", "wage-support/report", "T-14"),
        ("2026-07-22", "acknowledgement", "wage-support/report", None),
    ]


def test_the_five_links_are_counted_down_to_because_a_repeated_partner_is_none() -> None:
    assert told("office_b.yaml", LINKS)[1:] == [
        ("2026-08-03", "acknowledgement", LINKS, None),
        ("2026-10-02", "reminder", LINKS, "T-180"),
        ("2026-12-28", "reminder", LINKS, "T-90"),
        ("2027-01-29", "reminder", LINKS, "T-60"),
    ]


def test_two_countdowns_that_meet_on_the_last_open_day_of_the_year_come_as_one_message() -> None:
    found = [line for line in lines("office_b.yaml") if line["on"] == "2026-12-28"]
    assert len({line["message"] for line in found}) == 1
    assert {(line["deadline"], line["rung"]) for line in found} == {
        ("platform/integration", "T-30"),
        ("free-pass/free-year", "T-30"),
        (LINKS, "T-90"),
    }


def test_the_effect_reports_are_of_the_three_years_after_the_grant() -> None:
    found = [line for line in lines("office_b.yaml") if line["deadline"] == "tech-grant-r8/effect-report"]
    assert [line["due"]["latest"] for line in found if line["on"] == "2026-08-03"] == [
        "2028-03-31",
        "2029-03-31",
        "2030-03-31",
    ]


# ---- C ----


def test_the_opening_on_a_sunday_is_told_on_the_friday_before() -> None:
    assert told("office_c.yaml", "free-pass/apply")[:3] == [
        ("2025-02-06", "announcement", "free-pass/apply", None),
        ("2025-03-14", "change", "free-pass/apply", None),
        ("2025-05-30", "opening", "free-pass/apply", None),
    ]


def test_whoever_never_applies_is_reminded_to_the_end_and_told_once_that_it_is_over() -> None:
    assert told("office_c.yaml", "platform-subsidy/")[1:] == [
        ("2026-01-13", "change", "platform-subsidy/apply", None),
        ("2026-02-10", "reminder", "platform-subsidy/apply", "T-30"),
        ("2026-02-27", "reminder", "platform-subsidy/apply", "T-14"),
        ("2026-03-06", "reminder", "platform-subsidy/apply", "T-7"),
        ("2026-03-10", "reminder", "platform-subsidy/apply", "T-3"),
        ("2026-03-12", "reminder", "platform-subsidy/apply", "T-1"),
        ("2026-03-13", "last-call", "platform-subsidy/apply", "T-0"),
        ("2026-03-16", "closing", "platform-subsidy/apply", None),
    ]


def test_the_missed_end_of_the_subsidy_is_told_to_the_city_and_the_editor_too() -> None:
    closing = [line for line in lines("office_c.yaml") if line["occasion"] == "closing"]
    assert {(line["on"], line["to"]["kind"]) for line in closing} == {
        ("2026-03-16", "office"),
        ("2026-03-16", "municipality"),
        ("2026-03-16", "editor"),
    }


@pytest.mark.parametrize(
    "day", ["2026-04-01", "2026-05-01", "2026-05-15", "2026-05-22", "2026-05-28", "2026-05-29"]
)
def test_the_rungs_to_the_former_end_of_the_free_pass_are_cancelled(day: str) -> None:
    assert [each for each in told("office_c.yaml") if each[0] == day] == []


def test_duties_that_follow_from_choices_never_made_are_announced_and_never_reminded_of() -> None:
    chosen = {"wage-support/report", "wage-support/join-cpdl", "tech-grant-r7/five-links", LINKS}
    found = {(occasion, deadline) for _, occasion, deadline, _ in told("office_c.yaml") if deadline in chosen}
    assert {occasion for occasion, _ in found} <= {"announcement", "change"}
    assert {deadline for _, deadline in found} == chosen
