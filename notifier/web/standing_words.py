"""Words for what authorities choose themselves: ladders and rolls."""

from collections.abc import Mapping
from typing import Final

from notifier.domain.calendar import Roll

LADDERS: Final[Mapping[str, str]] = {
    "fixed": "2か月前から",
    "window": "2か月前からと、受付開始の日",
    "fiscal-year": "半年前から",
    "outer-limit": "3か月前から（前日までに）",
    "last-day": "当日だけ",
    "none": "期限前には知らせない",
}
"""Ladders that an authority may choose; the rest follow from the kind of deadline."""
ROLLS: Final[Mapping[str, str]] = {
    Roll.NONE.value: "動かさない",
    Roll.PREVIOUS.value: "前の開庁日に繰り上げる",
    Roll.NEXT.value: "次の開庁日に繰り下げる",
}


def roll_names(usual: Roll) -> list[tuple[str, str]]:
    """Return the rolls to choose from, as (value, label), `usual` first under no value."""
    return [("", f"標準（{ROLLS[usual.value]}）"), *ROLLS.items()]
