"""Offices on their pages, for tests of the steps: who they are, and what they declare."""

from datetime import date
from itertools import count
from typing import Any

from notifier.domain.actors import Actor
from notifier.steps.declare import Asserted, Declared, Kept, declare
from notifier.store import entrances
from notifier.store.entrances import Guest
from tests.builders import REPORT
from tests.steps.workshop import A, Workshop

APPLIED = "example.applied"
FORMS = count()


async def guest(shop: Workshop, number: str = A) -> Guest:
    """The office as it comes to its page."""
    async with shop.database.reading() as conn:
        found = await entrances.guest(conn, number)
    assert found is not None
    return found


def by_page(number: str = A) -> Actor:
    return Actor(f"office/{number}", "192.0.2.1", "999016")


def declared(kind: str, **more: Any) -> Declared:
    """A declaration about the report, with a form of its own."""
    values = {"nonce": f"form {next(FORMS)}", "deadline": REPORT, "title": "年次報告書の提出（例）"}
    return Declared(kind, **{**values, **more})


def done(on: date, **more: Any) -> Declared:
    """It is done on a day."""
    return declared("done", facts=(Asserted(APPLIED, on),), **more)


async def say(shop: Workshop, what: Declared, number: str = A) -> Kept:
    """The office says so on its page."""
    kept = await declare(shop.tools, await guest(shop, number), what, by_page(number))
    assert kept is not None
    return kept
