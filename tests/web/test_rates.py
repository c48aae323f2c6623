"""The bucket of each key: full at first, refilled evenly, never above its brim."""

from notifier.web.api.rates import GUESSES, MOST_ADDRESSES, Guesses, Rates


def test_a_key_may_send_a_burst_then_evenly_and_others_are_not_held_up() -> None:
    seconds = [100.0]
    rates = Rates(2, 10, lambda: seconds[0])
    assert [rates.wait("a", 4) for _ in range(3)] == [0, 0, 1]
    assert rates.wait("b", 10) == 0
    seconds[0] += 1
    assert rates.wait("a", 4) == 0
    seconds[0] += 1000
    assert [rates.wait("a", 10), rates.wait("a", 1)] == [0, 0.5]


def test_an_address_may_guess_some_keys_then_one_in_six_seconds_and_other_addresses_are_not_held_up() -> None:
    seconds = [100.0]
    guesses = Guesses(lambda: seconds[0])
    many = int(GUESSES)
    assert [guesses.wait("192.0.2.7") for _ in range(many + 1)] == [0] * many + [6]
    assert guesses.wait("192.0.2.8") == guesses.wait("") == 0
    seconds[0] += 6
    assert [guesses.wait("192.0.2.7") for _ in range(2)] == [0, 6]


def test_all_addresses_of_one_ipv6_network_count_as_one() -> None:
    guesses = Guesses(lambda: 0.0)
    waits = [guesses.wait(f"2001:db8::{number:x}") for number in range(int(GUESSES) + 1)]
    assert waits[-1] > 0
    assert guesses.wait("2001:db8:0:1::1%eth0") == 0


def test_the_memory_for_addresses_is_bounded_and_a_busy_one_stays_in_it() -> None:
    guesses = Guesses(lambda: 0.0)
    held_up = 0.0
    for number in range(MOST_ADDRESSES + 100):
        guesses.wait(f"host-{number}")
        held_up = guesses.wait("192.0.2.7")
    assert held_up > 0
    assert guesses.wait("host-0") == 0
