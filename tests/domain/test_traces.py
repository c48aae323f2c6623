"""A trace goes on: taken in with an event, passed on with what follows."""

import pytest

from notifier.domain.traces import accepted, passed_on, trace_of

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.mark.parametrize(
    "written, taken",
    [
        (f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-01"),
        (f"00-{TRACE}-{SPAN}-ff", f"00-{TRACE}-{SPAN}-01"),
        (f"cc-{TRACE}-{SPAN}-00-of-the-future", f"00-{TRACE}-{SPAN}-00"),
        (f"00-{TRACE}-{SPAN}-01-more", ""),
        (f"ff-{TRACE}-{SPAN}-01", ""),
        (f"00-{'0' * 32}-{SPAN}-01", ""),
        (f"00-{TRACE}-{'0' * 16}-01", ""),
        (f"00-{TRACE.upper()}-{SPAN}-01", ""),
        ("", ""),
    ],
)
def test_only_a_well_formed_parent_is_taken(written: str, taken: str) -> None:
    assert accepted(written) == taken


def test_what_follows_belongs_to_the_same_trace_and_is_the_same_on_every_try() -> None:
    parent = f"00-{TRACE}-{SPAN}-01"
    first = passed_on(parent, "message 1")
    assert (trace_of(first), first[-3:], accepted(first)) == (TRACE, "-01", first)
    assert first == passed_on(parent, "message 1") != passed_on(parent, "message 2")
