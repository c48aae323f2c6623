"""The bucket of each key: full at first, refilled evenly, never above its brim."""

from notifier.web.api.rates import Rates


def test_a_key_may_send_a_burst_then_evenly_and_others_are_not_held_up() -> None:
    seconds = [100.0]
    rates = Rates(2, 10, lambda: seconds[0])
    assert [rates.wait("a", 4) for _ in range(3)] == [0, 0, 1]
    assert rates.wait("b", 10) == 0
    seconds[0] += 1
    assert rates.wait("a", 4) == 0
    seconds[0] += 1000
    assert [rates.wait("a", 10), rates.wait("a", 1)] == [0, 0.5]
