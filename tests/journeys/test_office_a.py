"""Office A of the domain register, section 8: what one office should receive, and what it should not."""

import json
from datetime import date
from typing import Any

import pytest

from tests.journeys.scenarios import lines, simulated

SCENARIO = "office_a.yaml"
LINKS_R7, INTEGRATION = "tech-grant-r7/five-links", "platform/integration"
TABLE: list[tuple[str, str, str, str | None]] = [
    ("2025-02-06", "announcement", "free-pass/apply", None),
    ("2025-02-06", "announcement", LINKS_R7, None),
    ("2025-02-06", "announcement", "tech-grant-r7/start-cpdl", None),
    ("2025-03-14", "change", "free-pass/apply", None),
    ("2025-03-14", "announcement", "free-pass/free-year", None),
    ("2025-04-21", "acknowledgement", "free-pass/apply", None),
    ("2025-04-21", "acknowledgement", "free-pass/renewal", None),
    ("2025-09-10", "acknowledgement", LINKS_R7, None),
    ("2025-09-10", "acknowledgement", "tech-grant-r7/start-cpdl", None),
    ("2025-10-02", "reminder", LINKS_R7, "T-180"),
    ("2025-12-04", "announcement", "platform-subsidy/apply", None),
    ("2025-12-04", "announcement", INTEGRATION, None),
    ("2025-12-26", "reminder", LINKS_R7, "T-90"),
    ("2026-01-13", "change", "platform-subsidy/apply", None),
    ("2026-01-13", "change", "free-pass/apply", None),
    ("2026-01-13", "change", "free-pass/free-year", None),
    ("2026-01-13", "announcement", "wage-support/apply", None),
    ("2026-01-13", "announcement", "wage-support/covered-months", None),
    ("2026-01-13", "announcement", "wage-support/report", None),
    ("2026-01-28", "acknowledgement", "platform-subsidy/apply", None),
    ("2026-01-30", "reminder", LINKS_R7, "T-60"),
    ("2026-02-02", "acknowledgement", "wage-support/apply", None),
    ("2026-02-02", "acknowledgement", "wage-support/report", None),
    ("2026-02-19", "reminder", "free-pass/renewal", "T-60"),
    ("2026-02-20", "acknowledgement", LINKS_R7, None),
    ("2026-03-17", "change", "free-pass/apply", None),
    ("2026-03-17", "change", "free-pass/free-year", None),
    ("2026-03-17", "change", INTEGRATION, None),
    ("2026-03-19", "reminder", "free-pass/renewal", "T-30"),
    ("2026-04-06", "reminder", "free-pass/renewal", "T-14"),
    ("2026-04-06", "reminder", "care-manager-caseload/cpdl-in-use", "T-14"),
    ("2026-04-07", "announcement", "tech-grant-r8/apply", None),
    ("2026-04-07", "announcement", "tech-grant-r8/effect-report", None),
    ("2026-04-07", "announcement", "tech-grant-r8/five-links", None),
    ("2026-04-07", "announcement", "tech-grant-r8/improvement-plan", None),
    ("2026-04-07", "announcement", "tech-grant-r8/improvement-support", None),
    ("2026-04-07", "announcement", "tech-grant-r8/life", None),
    ("2026-04-07", "announcement", "tech-grant-r8/security-action", None),
    ("2026-04-07", "announcement", "tech-grant-r8/start-cpdl", None),
    ("2026-04-08", "acknowledgement", "free-pass/renewal", None),
    ("2026-04-21", "change", "tech-grant-r8/apply", None),
    ("2026-05-11", "opening", "tech-grant-r8/apply", None),
    ("2026-05-13", "reminder", "tech-grant-r8/apply", "T-30"),
    ("2026-05-14", "acknowledgement", "tech-grant-r8/apply", None),
    ("2026-05-29", "last-call", "wage-support/covered-months", "T-0"),
    ("2026-06-01", "change", "wage-support/report", "T-60"),
    ("2026-07-01", "reminder", "wage-support/report", "T-30"),
    ("2026-07-17", "reminder", "wage-support/report", "T-14"),
    ("2026-07-21", "acknowledgement", "wage-support/report", None),
    ("2026-09-01", "reminder", INTEGRATION, None),
    ("2026-10-01", "opening", INTEGRATION, None),
    ("2026-11-10", "change", "free-pass/apply", None),
    ("2026-11-10", "change", INTEGRATION, None),
    ("2026-12-03", "reminder", INTEGRATION, "T-60"),
    ("2026-12-28", "reminder", INTEGRATION, "T-30"),
    ("2027-01-18", "reminder", INTEGRATION, "T-14"),
    ("2027-01-25", "reminder", INTEGRATION, "T-7"),
    ("2027-01-29", "reminder", INTEGRATION, "T-1"),
    ("2027-02-01", "last-call", INTEGRATION, "T-0"),
]
AFTERWARDS = [
    # The licence renewed on 2026-04-08 ends on 2027-04-20, and with it what the relaxed case load rests on.
    ("2027-04-06", "reminder", "care-manager-caseload/cpdl-in-use", "T-14"),
    ("2027-04-21", "closing", "care-manager-caseload/cpdl-in-use", None),
]


def told() -> list[dict[str, Any]]:
    return [line for line in lines(SCENARIO) if line["to"]["kind"] == "office"]


def brief(line: dict[str, Any]) -> tuple[str, str, str, str | None]:
    return line["on"], line["occasion"], line["deadline"], line["rung"]


def test_office_a_receives_the_messages_of_the_register_on_those_days_and_no_others() -> None:
    assert sorted(map(brief, told()), key=str) == sorted([*TABLE, *AFTERWARDS], key=str)


def test_everything_for_one_day_comes_in_one_message_to_its_address() -> None:
    by_day: dict[str, set[str]] = {}
    for line in told():
        by_day.setdefault(line["on"], set()).add(line["message"])
        assert line["to"] == {"kind": "office", "id": "1270000001", "address": "a@example.jp"}
    assert {len(messages) for messages in by_day.values()} == {1}


def test_a_rerun_gives_the_same_bytes() -> None:
    again = simulated(SCENARIO)
    assert json.dumps(again, ensure_ascii=False) == json.dumps(lines(SCENARIO), ensure_ascii=False)


# ---- what must not be said ----


def test_no_sixty_days_notice_of_the_subsidy_is_given_that_was_past_when_its_day_became_known() -> None:
    assert not [line for line in told() if line["on"] == "2026-01-12"]
    assert "T-60" not in {line["rung"] for line in told() if line["deadline"] == "platform-subsidy/apply"}


def test_after_17_march_2026_nothing_counts_down_to_the_end_of_may_of_the_free_pass() -> None:
    late = [
        line for line in told() if line["on"] >= "2026-03-17" and line["deadline"].startswith("free-pass/")
    ]
    assert late
    assert "2026-05-31" not in {
        line["due"][name] for line in late for name in ("earliest", "latest", "target")
    }
    assert not [line for line in late if "5/31" in line["subject"]]


@pytest.mark.parametrize(
    "deadline, settled",
    [
        ("platform-subsidy/apply", "2026-01-28"),
        (LINKS_R7, "2026-02-20"),
        ("free-pass/renewal", "2026-04-08"),
        ("tech-grant-r8/apply", "2026-05-14"),
        ("wage-support/report", "2026-07-21"),
    ],
)
def test_what_is_settled_is_not_reminded_of_any_more(deadline: str, settled: str) -> None:
    after = [brief(line) for line in told() if line["deadline"] == deadline and line["on"] > settled]
    assert after == []


@pytest.mark.parametrize(
    "day", ["2026-02-27", "2026-04-13", "2026-04-17", "2026-03-10", "2026-03-13", "2025-05-30"]
)
def test_on_days_whose_rungs_were_cancelled_there_is_silence(day: str) -> None:
    assert [brief(line) for line in told() if line["on"] == day] == []


def test_what_was_printed_with_a_year_that_is_over_is_never_overdue() -> None:
    said = [line for line in lines(SCENARIO) if line["deadline"] == "tech-grant-r8/start-cpdl"]
    assert {line["occasion"] for line in said} == {"announcement", "question"}


def test_nothing_is_said_before_its_source_was_issued() -> None:
    issued = {
        "rohatsu-0206-1": "2025-02-06",
        "cpdl-free-pass-2025-03": "2025-03-14",
        "kaigo-saishin-joho-1460": "2025-12-04",
        "mhlw-cpdl-slides-2026-01": "2026-01-20",
        "chiba-cpdl-slides-2026-03": "2026-03-17",
        "rohatsu-0407-3": "2026-04-07",
    }
    for line in lines(SCENARIO):
        for source in line["sources"]:
            assert line["on"] >= issued.get(source["notice"].partition("/")[0], "2025-02-06")


def test_the_subsidy_is_said_to_be_tentative_and_the_safe_day_is_named() -> None:
    (line,) = [
        line for line in told() if brief(line)[:3] == ("2026-01-13", "change", "platform-subsidy/apply")
    ]
    assert line["due"] == {
        "earliest": "2026-03-13",
        "latest": "2026-03-13",
        "target": "2026-03-13",
        "tentative": True,
    }
    (later,) = [
        line
        for line in lines(SCENARIO)
        if brief(line)[:3] == ("2026-01-20", "question", "platform-subsidy/apply")
    ]
    assert later["to"]["kind"] == "editor"


def test_no_letter_to_an_office_leaves_on_a_closed_day() -> None:
    closed = {"2025-12-29", "2025-12-30", "2025-12-31", "2026-01-01", "2026-01-02", "2026-03-20"}
    for line in told():
        day = date.fromisoformat(line["on"])
        assert day.weekday() < 5
        assert line["on"] not in closed
