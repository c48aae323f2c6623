"""Exemptions: an authority has agreed that a duty does not apply to an office, or has taken that back.

Both are facts like any other, dated and kept with who said so. Of those about one deadline the last by date counts.
"""

from collections.abc import Iterable
from typing import Final

from notifier.domain.facts import Fact, FactPattern

EXEMPTED: Final = "duty.exempted"
ENDED: Final = "duty.exemption-ended"
TYPES: Final = frozenset({EXEMPTED, ENDED})


def exemption(deadline: str, facts: Iterable[Fact]) -> Fact | None:
    """Return the fact by which `deadline` does not apply to the office of `facts`, or None if it may.

    Facts of one date count in the order given. What applies to no occurrence of a duty applies to all of them.
    """
    said = FactPattern((EXEMPTED, ENDED), (("deadline", deadline),)).among(facts)
    return said[-1] if said and said[-1].type == EXEMPTED else None
