"""Constructions around a time that tell what it is for, whatever the verb: a case, a reckoning, a closed day, bad weather.

`constructions.toml` holds them, each with an example. Some settle that a time is no deadline; the others are weighed
with the other hints.
"""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from notifier.reading.places import Place

_BACK = 30
"""Signs in front of an expression that are looked at."""


class Construction(NamedTuple):
    """One construction: the reason it gives, where it stands, and an example that it must match."""

    reason: str
    example: str
    forms: frozenset[str]
    """The forms of expressions it holds for; all if empty."""
    before: re.Pattern[str] | None
    after: re.Pattern[str] | None
    label: re.Pattern[str] | None
    unless: re.Pattern[str] | None

    def stands(self, place: Place) -> bool:
        """Say whether it stands around an expression in this place, whatever its form."""
        return (
            (self.after is None or self.after.match(place.after) is not None)
            and (self.before is None or self.before.search(place.before[-_BACK:]) is not None)
            and (self.label is None or self.label.search(place.label or place.heading) is not None)
            and (self.unless is None or self.unless.search(place.after) is None)
        )


@cache
def constructions(*, settling: bool) -> tuple[Construction, ...]:
    """Return those that settle that a time is no deadline, or those that are weighed."""
    file = tomllib.loads(files("notifier.reading").joinpath("constructions.toml").read_text(encoding="utf-8"))
    return tuple(
        Construction(
            each["reason"],
            each["example"],
            frozenset(each.get("forms", ())),
            *(
                re.compile(each[part]) if part in each else None
                for part in ("before", "after", "label", "unless")
            ),
        )
        for each in file["construction"]
        if each.get("settles", False) is settling
    )


@cache
def _of_form(form: str, *, settling: bool) -> tuple[Construction, ...]:
    return tuple(each for each in constructions(settling=settling) if not each.forms or form in each.forms)


def why_none(form: str, place: Place) -> str:
    """Return why an expression in such a place can be no deadline; "" if nothing settles it."""
    return next((each.reason for each in _of_form(form, settling=True) if each.stands(place)), "")


def weighed(form: str, place: Place) -> Iterator[str]:
    """Yield the reasons of the constructions that are weighed."""
    yield from (each.reason for each in _of_form(form, settling=False) if each.stands(place))
