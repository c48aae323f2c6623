"""What the grammar reads in the founding notices: facts and figures of the register, by file and line."""

from datetime import date
from pathlib import Path

import pytest

from notifier.reading.expressions import Expression, read

FACTS = [
    # file, line, kind, start, end, tentative, deadline
    ("2025-02-06", 4, "date", "2025-02-06", "2025-02-06", False, False),
    ("2025-02-06", 21, "relative", "2024-01-01", None, False, False),
    ("2025-02-06", 33, "month", "2025-03-01", "2025-03-31", True, False),
    ("2025-02-06", 43, "fiscal_year", "2025-04-01", "2026-03-31", True, True),
    ("2025-02-06", 63, "period", None, None, True, True),
    ("2026-01-13", 48, "until_event", None, None, False, True),
    ("2026-01-13", 56, "date", None, "2026-03-13", True, True),
    ("2026-01-13", 58, "fiscal_year", "2026-04-01", "2027-03-31", False, True),
    ("2026-01-13", 165, "range", "2025-06-01", "2026-05-31", True, True),
    ("2026-01-13", 167, "relative", None, None, False, True),
    ("2026-01-13", 267, "date", "2025-03-14", None, False, False),
    ("2026-01-13", 283, "range", "2025-06-01", "2026-05-31", True, True),
    ("2026-01-13", 300, "range", "2026-04-01", "2026-05-31", False, True),
    ("2026-01-13", 363, "range", "2025-12-01", "2026-05-31", False, True),
    ("2026-01-13", 384, "fiscal_year", "2025-04-01", "2026-03-31", False, False),
    ("2026-01_", 42, "range", "2024-02-01", "2024-05-31", False, False),
    ("2026-01_", 367, "relative", None, None, False, True),
    ("2026-01_", 480, "part_of_month", "2026-03-01", "2026-03-10", False, True),
    ("2026-01_", 481, "relative", "2026-04-01", "2027-03-31", False, False),
    ("2026-01_", 525, "date", "2025-06-01", "2025-06-01", False, False),
    ("2026-01_", 809, "month", "2025-12-01", "2025-12-31", False, False),
    ("2026-01_", 1123, "fiscal_year", "2026-04-01", None, True, False),
    ("2026-03-17", 18, "half_year", "2026-10-01", "2027-03-31", True, True),
    ("2026-03-17", 43, "until_event", None, None, False, True),
    ("2026-03-17", 110, "date", "2026-03-17", "2026-03-17", False, False),
    ("2026-03-17", 160, "range", "2025-06-01", "2026-05-31", False, True),
    ("2026-03-17", 355, "until_event", None, None, False, True),
    ("2026-04-07", 4, "date", "2026-04-07", "2026-04-07", False, False),
    ("2026-04-07", 14, "date", "2026-04-01", None, False, True),
    ("2026-04-07", 156, "fiscal_year", "2026-04-01", "2027-03-31", False, True),
    ("2026-04-07", 201, "fiscal_year", "2025-04-01", "2026-03-31", False, True),
    ("2026-04-07", 305, "relative", None, None, False, True),
    ("2026-04-07", 562, "until_event", None, None, False, True),
]


@pytest.fixture(scope="module")
def readings(notices_folder: Path) -> dict[str, tuple[Expression, ...]]:
    return {
        path.name: read(path.read_text(encoding="utf-8")).expressions for path in notices_folder.glob("*.txt")
    }


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: f"{fact[0]}:{fact[1]}")
def test_the_register_is_read_out_of_the_notices(
    readings: dict[str, tuple[Expression, ...]],
    fact: tuple[str, int, str, str | None, str | None, bool, bool],
) -> None:
    file, line, kind, start, end, tentative, deadline = fact
    (name,) = [each for each in readings if each.startswith(file)]
    wanted = (kind, start and date.fromisoformat(start), end and date.fromisoformat(end), tentative, deadline)
    here = [each for each in readings[name] if each.line == line]
    assert wanted in [(each.kind, each.start, each.end, each.tentative, each.is_deadline) for each in here]


def test_what_cannot_be_meant_is_flagged(readings: dict[str, tuple[Expression, ...]]) -> None:
    flagged = {
        (name[:10], each.line, flag)
        for name, row in readings.items()
        for each in row
        for flag in each.flags
        if flag in ("past-at-issue", "ocr-suspect", "weekday-mismatch", "not-understood", "void", "conflict")
    }
    misread = {
        ("2026-01-13", line, "ocr-suspect") for start in (181, 229) for line in range(start, start + 36, 2)
    }
    assert flagged == {("2026-04-07", 201, "past-at-issue"), *misread}


def test_fractions_and_numbers_of_papers_are_no_dates(readings: dict[str, tuple[Expression, ...]]) -> None:
    numbers = {"10/10", "9/10", "1/10", "4/5", "1/5", "1／2", "3／4", "5分", "0407"}
    assert [each.text for row in readings.values() for each in row if each.text in numbers] == []
