"""How long to wait before the next attempt to deliver."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count, takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.backoff import mail_retry, webhook_retry

Retry = Callable[[int, float], timedelta | None]
SPREADS = st.floats(0, 1)


def waits(retry: Retry, spread: float) -> list[timedelta]:
    return [wait for wait in takewhile(bool, (retry(attempt, spread) for attempt in count(1))) if wait]


def test_mail_is_tried_again_after_a_minute_and_then_at_least_every_four_hours() -> None:
    minutes = [wait / timedelta(minutes=1) for wait in waits(mail_retry, 1)]
    assert minutes == [1, 2, 4, 8, 16, 32, 64, 128] + [240] * 16


def test_mail_is_given_up_within_72_hours_and_not_before_two_days() -> None:
    assert timedelta(days=2) < sum(waits(mail_retry, 0), timedelta())
    assert timedelta(hours=60) < sum(waits(mail_retry, 1), timedelta()) <= timedelta(hours=72)


def test_an_endpoint_is_called_24_times_within_eight_days() -> None:
    full = waits(webhook_retry, 1)
    assert len(full) + 1 == 24
    assert full[:3] == [timedelta(seconds=10), timedelta(seconds=30), timedelta(seconds=90)]
    assert max(full) == timedelta(hours=12)
    assert timedelta(days=7) < sum(full, timedelta()) <= timedelta(days=8)


@pytest.mark.parametrize("retry", [mail_retry, webhook_retry])
def test_after_the_last_attempt_there_is_no_other(retry: Retry) -> None:
    last = len(waits(retry, 0.5)) + 1
    assert retry(last - 1, 0.5) is not None
    assert retry(last, 0.5) is None
    assert retry(last + 1000, 0.5) is None


@pytest.mark.parametrize("retry", [mail_retry, webhook_retry])
@given(attempt=st.integers(1, 40), spread=SPREADS)
def test_a_wait_lies_in_the_last_fifth_of_its_full_length(retry: Retry, attempt: int, spread: float) -> None:
    full, drawn = retry(attempt, 1), retry(attempt, spread)
    assert (full is None) is (drawn is None)
    if full is not None and drawn is not None:
        assert full * 0.8 <= drawn <= full


@pytest.mark.parametrize("retry", [mail_retry, webhook_retry])
@given(spread=SPREADS)
def test_waits_never_shrink(retry: Retry, spread: float) -> None:
    drawn = waits(retry, spread)
    assert drawn == sorted(drawn)


@pytest.mark.parametrize("retry", [mail_retry, webhook_retry])
@pytest.mark.parametrize("attempt, spread", [(0, 0.5), (-1, 0.5), (1, -0.1), (1, 1.1)])
def test_an_attempt_before_the_first_or_a_spread_out_of_range_is_refused(
    retry: Retry, attempt: int, spread: float
) -> None:
    with pytest.raises(ValueError, match="attempt"):
        retry(attempt, spread)
