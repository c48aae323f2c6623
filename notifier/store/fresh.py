"""Fresh events: those that are new and to which nothing is to be objected, as nearly all are, are kept at one wait.

What is not like that is looked at one by one (`notifier.store.facts.record_all`); both keep the same rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, literal, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.clock import civil_date
from notifier.store import audit, facts
from notifier.store.facts import Event, Intake
from notifier.store.groups import Group, insert_together


class KnownError(Exception):
    """Some of the events that were to be kept together had been kept before: the transaction must be undone."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """Events that are to be kept together because nothing speaks against it: what becomes of each, and their rows."""

    outcomes: list[Intake]
    rows: Sequence[tuple[Group, Sequence[tuple[Any, ...]]]]

    async def keep(
        self, conn: AsyncConnection, beside: Sequence[tuple[Group, Sequence[tuple[Any, ...]]]]
    ) -> None:
        """Keep them, with rows of other tables beside them, at one wait. Raises KnownError."""
        if len(await insert_together(conn, (*self.rows, *beside))) < len(self.outcomes):
            raise KnownError


async def look_at(conn: AsyncConnection, events: Sequence[Event], now: datetime) -> tuple[Fresh | None, str]:
    """Return how `events` are kept together, and the last digest of the audit; None if one by one they must be looked at.

    That is, if two have one name, or one is about an office that does not answer to its sender.
    """
    numbers = sorted({each.office for each in events if each.office is not None})
    found = (await conn.execute(_beginning(), {"numbers": numbers, "of_chain": ""})).all()
    offices = facts.by_number([row for row in found if row.number is not None])
    are_apart = len({each.name for each in events}) == len(events)
    if not are_apart or not all(facts.may_speak(each, offices) for each in events):
        return None, found[0].head or ""
    today = civil_date(now)
    states = [facts.state_of(each, offices, today) for each in events]
    in_order = sorted(zip(events, states, strict=True), key=lambda each: each[0].name)
    applied = [event for event, state in zip(events, states, strict=True) if state == "applied"]
    rows = (
        (facts.EVENTS, [facts.row_of(event, state, now) for event, state in in_order]),
        (facts.FACTS, [facts.fact_row(each, offices, now) for each in applied]),
    )
    outcomes = [Intake.RECORDED if each == "applied" else Intake.WAITING for each in states]
    return Fresh(outcomes, rows), found[0].head or ""


@cache
def _beginning() -> Select[Any]:
    """The last digest of the audit, in a row at least, beside the offices and the authorities they answer to."""
    one, answering = select(literal(1).label("one")).subquery(), facts.answering().subquery()
    last = audit.head().scalar_subquery().label("head")
    return select(last, answering).select_from(one.outerjoin(answering, true()))
