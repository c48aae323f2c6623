"""Fresh events: those that are new and to which nothing is to be objected, as nearly all are, are kept at one wait.

What is not like that is looked at one by one (`notifier.store.facts.record_all`); both keep the same rows.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any, TypeAlias

from sqlalchemy import Select, literal, select, true

from notifier.clock import civil_date
from notifier.store import audit, facts
from notifier.store.database import Database
from notifier.store.facts import Event, Intake
from notifier.store.groups import Group, insert_beneath, insert_together
from notifier.store.questions import Question

Rows: TypeAlias = tuple[Group, Sequence[tuple[Any, ...]]]
Beside: TypeAlias = Callable[[str, Sequence[Intake]], Sequence[Rows]]
"""Returns the rows to be kept beside events, from the last digest of the audit and what becomes of each event."""


class KnownError(Exception):
    """Some of the events that were to be kept together had been kept before: the transaction is undone."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What becomes of each event, and the rows that are to be kept together."""

    outcomes: list[Intake]
    rows: Sequence[Rows]


async def keep(
    database: Database, events: Sequence[Event], now: datetime, beside: Beside
) -> list[Intake] | None:
    """Keep `events` with what `beside` returns, in a transaction of its own; returns what became of each, in order.

    None, and nothing is kept, if one by one they must be looked at: if one is known, if two have one name, or one is
    about an office that does not answer to its sender.
    """
    numbers = sorted({each.office for each in events if each.office is not None})
    wanted = {"numbers": numbers, "of_chain": audit.DEEDS}
    planned = partial(_planned, events, now, beside)
    try:
        if database.dialect == "sqlite":
            return await database.at_one_go(lambda plain: _kept_beneath(plain, wanted, planned))
        async with database.transaction() as conn:
            await audit.take_turn(conn)
            plan = planned((await conn.execute(_beginning(), wanted)).all())
            if plan is None:
                return None
            _see(plan, await insert_together(conn, plan.rows))
            return plan.outcomes
    except KnownError:
        return None


def _kept_beneath(
    plain: sqlite3.Connection, wanted: Mapping[str, Any], planned: Callable[[Sequence[Any]], _Plan | None]
) -> list[Intake] | None:
    plan = planned(_beneath().ask(plain, wanted))
    if plan is None:
        return None
    _see(plan, insert_beneath(plain, plan.rows))
    return plan.outcomes


def _see(plan: _Plan, kept: int) -> None:
    if kept < len(plan.outcomes):
        raise KnownError


def _planned(events: Sequence[Event], now: datetime, beside: Beside, found: Sequence[Any]) -> _Plan | None:
    """Return how `events` are kept, from what `_beginning` found; None if one by one they must be looked at."""
    offices = facts.by_number([row for row in found if row.number is not None])
    named = {each.name: each for each in events}
    if len(named) < len(events) or not all(facts.may_speak(each, offices) for each in events):
        return None
    today = civil_date(now)
    states = {name: facts.state_of(each, offices, today) for name, each in named.items()}
    applied = [event for name, event in named.items() if states[name] == "applied"]
    # In the order of their names, so that two writers never cross.
    written = [facts.row_of(named[name], states[name], now) for name in sorted(named)]
    outcomes = [Intake.RECORDED if each == "applied" else Intake.WAITING for each in states.values()]
    rows = (
        (facts.EVENTS, written),
        (facts.FACTS, [facts.fact_row(each, offices, now) for each in applied]),
        *beside(found[0].head or "", outcomes),
    )
    return _Plan(outcomes, rows)


@cache
def _beginning() -> Select[Any]:
    """The last digest of the audit, in a row at least, beside the offices and the authorities they answer to."""
    one, answering = select(literal(1).label("one")).subquery(), facts.answering().subquery()
    last = audit.head().scalar_subquery().label("head")
    return select(last, answering).select_from(one.outerjoin(answering, true()))


@cache
def _beneath() -> Question:
    return Question(_beginning())
