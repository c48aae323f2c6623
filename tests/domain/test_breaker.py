"""When an endpoint is left in peace, and when it is tried again."""

from datetime import UTC, datetime, timedelta

from notifier.domain.breaker import (
    DEAD_AFTER,
    FAILURES,
    LONGEST,
    Breaker,
    Turn,
    after_failure,
    after_success,
)

NOW = datetime(2026, 3, 6, tzinfo=UTC)


def failing(times: int) -> Breaker:
    breaker = Breaker()
    for _ in range(times):
        breaker, _ = after_failure(breaker, NOW, 1)
    return breaker


def test_single_failures_keep_nothing_back() -> None:
    breaker = failing(FAILURES - 1)
    assert breaker.open_until is None
    assert not breaker.is_tripped


def test_failures_in_a_row_open_it_and_say_so_once() -> None:
    breaker, turn = after_failure(failing(FAILURES - 1), NOW, 1)
    assert turn is Turn.FAILING
    assert breaker.open_until == NOW + timedelta(seconds=30)
    assert after_failure(breaker, NOW, 1)[1] is None


def test_the_rest_doubles_with_each_probe_that_fails_up_to_an_hour_and_is_spread() -> None:
    breaker, rests = failing(FAILURES), []
    for _ in range(40):
        assert breaker.open_until is not None
        probed = breaker.open_until
        breaker, _ = after_failure(breaker, probed, 1)
        assert breaker.open_until is not None
        rests.append(breaker.open_until - probed)
    assert rests[:2] == [timedelta(seconds=60), timedelta(seconds=120)]
    assert rests[-1] == LONGEST
    spread, _ = after_failure(failing(FAILURES - 1), NOW, 0)
    assert spread.open_until == NOW + timedelta(seconds=24)


def test_what_was_on_its_way_when_it_opened_makes_the_rest_no_longer() -> None:
    opened = failing(FAILURES)
    assert failing(FAILURES + 27) == opened
    asked, turn = after_failure(opened, NOW, 1, timedelta(minutes=10))
    assert (asked.open_until, asked.failures, turn) == (NOW + timedelta(minutes=10), FAILURES, None)


def test_one_success_closes_it_and_tells_of_recovery_only_where_failure_was_told() -> None:
    assert after_success(failing(FAILURES)) == (Breaker(), Turn.RECOVERED)
    assert after_success(failing(1)) == (Breaker(), None)


def test_the_wait_an_endpoint_asks_for_counts_at_once_and_is_never_cut_short() -> None:
    asked, _ = after_failure(Breaker(), NOW, 1, timedelta(minutes=10))
    assert asked.open_until == NOW + timedelta(minutes=10)
    again, _ = after_failure(asked, NOW, 1)
    assert again.open_until == NOW + timedelta(minutes=10)


def test_nothing_taken_for_eight_days_is_dead_but_two_failures_far_apart_are_not() -> None:
    breaker, turn = after_failure(failing(FAILURES), NOW + DEAD_AFTER, 1)
    assert turn is Turn.DEAD
    assert breaker.failing_since == NOW
    assert after_failure(failing(1), NOW + DEAD_AFTER, 1)[1] is None
