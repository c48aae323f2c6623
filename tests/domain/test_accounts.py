"""Passwords that are good enough, waiting after wrong ones, and the end of sessions."""

from datetime import UTC, datetime, timedelta

import pytest

from notifier.domain.accounts import (
    ABSOLUTE,
    FORGOTTEN,
    IDLE,
    LONGEST_WAIT,
    counts_still,
    folded,
    is_over,
    objection,
    waits_until,
)

NOON = datetime(2026, 4, 1, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    "password, why",
    [
        ("correct horse", ""),
        ("かいごほけんのきげんをまもる", ""),
        ("too short", "12文字以上"),
        ("x" * 300 + "abcdef", "256文字以下"),
        ("I am HANAKO, really", "利用者名"),
        ("aaaabbbbaaaabbbb", "くり返し"),
    ],
)
def test_a_password_is_long_and_is_not_the_name(password: str, why: str) -> None:
    found = objection(password, "hanako")
    assert (why in found) if why else not found


def test_full_width_signs_are_those_they_mean() -> None:
    assert folded("ＡＢＣ１２３") == "ABC123"


def test_the_sixth_try_waits_and_each_further_one_twice_as_long() -> None:
    waits = [waits_until(count, NOON) - NOON for count in (4, 5, 6, 7, 30, 3000)]
    seconds = [each.total_seconds() for each in waits]
    assert seconds == [0, 30, 60, 120, LONGEST_WAIT.total_seconds(), LONGEST_WAIT.total_seconds()]


def test_a_day_later_wrong_passwords_are_forgotten() -> None:
    assert counts_still(NOON, NOON + FORGOTTEN - timedelta(seconds=1))
    assert not counts_still(NOON, NOON + FORGOTTEN)


def test_a_session_ends_when_it_is_not_used_and_at_last_in_any_case() -> None:
    assert not is_over(NOON, NOON, NOON + IDLE - timedelta(seconds=1))
    assert is_over(NOON, NOON, NOON + IDLE)
    assert is_over(NOON, NOON + ABSOLUTE - timedelta(minutes=1), NOON + ABSOLUTE)
