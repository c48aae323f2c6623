"""Halts: when so many letters of one authority come back that no more of them leave until a person has looked.

A provider that refuses the sender answers for every address alike: going on would spoil the sender's name and give up
addresses that are good. Source: the project's failure catalogue, S13: at 5 % of 200 letters or more.
"""

from datetime import timedelta
from typing import Final

FEWEST: Final = 200
"""Letters that must have been answered before their share says anything."""
SHARE: Final = 0.05
SPAN: Final = timedelta(hours=24)
"""How far back letters count; after a release only those that left since."""
MOST: Final = 2_000
"""Letters that count at most, the newest."""


def is_storm(answered: int, refused: int) -> bool:
    """Tell whether `refused` of the `answered` letters of one authority are too many to go on."""
    return answered >= FEWEST and refused >= SHARE * answered
