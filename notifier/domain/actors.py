"""Actors: who did something, from where, and on whose behalf, as the audit keeps it."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from notifier.domain.origins import name_of


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a user, `key/<prefix>`, a step of the program.

    `origin` is from where: a network address, `command line`, "" for the program itself. `authority` (団体コード) is on
    whose behalf, "" for the nation and the program. `trace` is the traceparent (W3C) of the call by which it is done, ""
    for none: what follows from it carries that on.
    """

    name: str
    origin: str = ""
    authority: str = ""
    trace: str = ""

    def about(self, authority: str) -> "Actor":
        """Return the same, acting in what concerns `authority`: its staff may read the row in the audit."""
        return Actor(self.name, self.origin, authority, self.trace)

    def __str__(self) -> str:
        """Return the name, under which two persons are told apart."""
        return self.name


Who: TypeAlias = str | Actor
"""An actor, or only a name where nothing else is known."""


def actor_of(who: Who) -> Actor:
    """Return `who` as an actor."""
    return who if isinstance(who, Actor) else Actor(who)


@lru_cache(4096)  # the same few send most of what comes
def sender_of(key: str, source: str, authority: str) -> Actor:
    """Return who sent an event for an `authority`, as the audit knows them: a key, else who bears the source."""
    return Actor(f"key/{key}" if key else name_of(source), "events", authority)
