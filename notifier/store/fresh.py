"""Fresh events: those that are new and to which nothing is to be objected, as nearly all are, are kept at one wait.

What is not like that is looked at one by one (`notifier.store.facts.record_all`); both keep the same rows.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any, Final, TypeAlias, TypeVar

from sqlalchemy import Select, literal, select, true

from notifier.clock import civil_date
from notifier.store import answerable, audit, facts
from notifier.store.answerable import Answerable
from notifier.store.audit import START, Head
from notifier.store.database import Connection, Database
from notifier.store.facts import Event, Intake
from notifier.store.groups import Group, together
from notifier.store.questions import Question
from notifier.store.straight import ClashError, Inquiry, rows_of

Rows: TypeAlias = tuple[Group, Sequence[tuple[Any, ...]]]
Beside: TypeAlias = Callable[[Head, Sequence[Intake]], tuple[Head, Sequence[Rows]]]
"""Returns, from the last deed of the audit and what becomes of each event, the last deed then and the rows to be kept."""

MOST_KNOWN: Final = 20_000
"""Offices that are remembered."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Plan:
    """What becomes of each event, and the rows that are to be kept together."""

    outcomes: list[Intake]
    last: Head
    rows: Sequence[Rows]


@dataclass(frozen=True, slots=True)
class _Sight:
    """The last deed of the audit, and offices by number as they stand since then; None for one that is not known."""

    last: Head
    offices: dict[str, Answerable | None]


Planned: TypeAlias = Callable[[_Sight], _Plan | None]
"""Returns how events are kept, from what was seen; None if one by one they must be looked at."""


class KnownError(Exception):
    """Some of the events that were to be kept together had been kept before: nothing was."""


class Keeper:
    """Keeps fresh events in `database`.

    It remembers what it saw: whoever changes an office writes a deed in the same transaction, so what was seen still
    holds if the deed that was the last is the last when the events are kept, and they are kept only then. While others
    write deeds, too, it waits for its turn first, and looks then.
    """

    def __init__(self, database: Database) -> None:
        """Remember nothing yet."""
        self._database = database
        self._seen: _Sight | None = None
        self._own = START
        self._is_alone = True

    async def keep(self, events: Sequence[Event], now: datetime, beside: Beside) -> list[Intake] | None:
        """Keep `events` with what `beside` returns, in a transaction of its own; returns what became of each, in order.

        None, and nothing is kept, if one by one they must be looked at: if one is known, if two have one name, or one
        is about an office that does not answer to its sender.
        """
        numbers = {each.office for each in events if each.office is not None}
        planned = partial(_planned, events, numbers, now, beside)
        is_straight = self._database.dialect == "postgresql"
        try:
            if self._is_alone:
                seen, self._seen = await self._sight(numbers), None
                plan = planned(seen)
                if plan is None:
                    return None
                self._is_alone = await (
                    self._straight(plan, seen) if is_straight else self._beneath(plan, seen)
                )
                if self._is_alone:
                    return self._remember(plan, seen)
            done = await (self._in_turn(numbers, planned) if is_straight else self._at_once(numbers, planned))
        except KnownError:
            return None
        if done is None:
            return None
        plan, found = done
        self._is_alone = found.last == self._own
        return self._remember(plan, found)

    def _remember(self, plan: _Plan, seen: _Sight) -> list[Intake]:
        self._own, self._seen = plan.last, _Sight(plan.last, seen.offices)
        return plan.outcomes

    async def _straight(self, plan: _Plan, seen: _Sight) -> bool:
        """Keep what is planned by one statement on PostgreSQL, if nobody has written a deed since; tell whether it was."""
        statement, values = together(plan.rows, audit.gate(), [seen.last.digest])
        try:
            ((kept,),) = await self._database.at_one_statement(statement, values)
        except ClashError as clash:
            if clash.constraint != audit.NUMBERED:
                raise KnownError from clash
            return False
        return bool(kept)

    async def _beneath(self, plan: _Plan, seen: _Sight) -> bool:
        """Keep what is planned at one go on SQLite, if nobody has written a deed since; tell whether it was.

        Statements and values are made here: the thread that writes would take turns at the interpreter for each of them.
        """
        portions = [each for group, rows in plan.rows for each in group.portions(rows)]

        def write(plain: sqlite3.Connection) -> bool:
            if audit.last_digest(plain) != seen.last.digest:
                return False
            for statement, values in portions:
                plain.execute(statement, values)
            return True

        return await self._go(write)

    async def _in_turn(self, numbers: set[str], planned: Planned) -> tuple[_Plan, _Sight] | None:
        """Wait until nobody else writes deeds, look, and keep what is planned then, on PostgreSQL."""
        async with self._database.transaction() as conn:
            await audit.take_turn(conn)
            seen = _seen(await _inquiry().ask(conn, _wanted(numbers)), numbers)
            plan = planned(seen)
            if plan is not None:
                await _rows_of(conn, *together(plan.rows))
        return None if plan is None else (plan, seen)

    async def _at_once(self, numbers: set[str], planned: Planned) -> tuple[_Plan, _Sight] | None:
        """Look, and keep what is planned then, in one transaction on SQLite."""

        def write(plain: sqlite3.Connection) -> tuple[_Plan, _Sight] | None:
            seen = _seen(_question().ask(plain, _wanted(numbers)), numbers)
            plan = planned(seen)
            if plan is None:
                return None
            for group, rows in plan.rows:
                group.insert_beneath(plain, rows)
            return plan, seen

        return await self._go(write)

    async def _go(self, write: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return await self._database.at_one_go(write)
        except sqlite3.IntegrityError as clash:
            raise KnownError from clash

    async def _sight(self, numbers: set[str]) -> _Sight:
        """Return what is remembered, if it is about all these offices, else look."""
        seen = self._seen
        if seen is not None and numbers <= seen.offices.keys():
            return seen
        found = _seen(await self._look(numbers), numbers)
        if seen is None or seen.last != found.last or len(seen.offices) + len(numbers) > MOST_KNOWN:
            return found
        seen.offices.update(found.offices)
        return seen

    async def _look(self, numbers: set[str]) -> Sequence[Any]:
        wanted = _wanted(numbers)
        if self._database.dialect == "sqlite":
            return await self._database.at_one_go(lambda plain: _question().ask(plain, wanted))
        inquiry = _inquiry()
        rows = await self._database.at_one_statement(inquiry.statement, inquiry.values(wanted))
        return inquiry.read(rows)


def _planned(
    events: Sequence[Event], numbers: set[str], now: datetime, beside: Beside, seen: _Sight
) -> _Plan | None:
    """Return how `events` are kept, from what was seen; None if one by one they must be looked at."""
    offices = {number: found for number in numbers if (found := seen.offices[number])}
    named = {each.name: each for each in events}
    if len(named) < len(events) or not all(facts.may_speak(each, offices) for each in events):
        return None
    today = civil_date(now)
    states = {name: facts.state_of(each, offices, today) for name, each in named.items()}
    applied = [event for name, event in named.items() if states[name] == "applied"]
    # In the order of their names, so that two writers never cross.
    written = [facts.row_of(named[name], states[name], now) for name in sorted(named)]
    outcomes = [Intake.RECORDED if each == "applied" else Intake.WAITING for each in states.values()]
    last, more = beside(seen.last, outcomes)
    kept = (
        (facts.FRESH_EVENTS, written),
        (facts.FACTS, [facts.fact_row(each, offices, now) for each in applied]),
    )
    return _Plan(outcomes, last, (*kept, *more))


async def _rows_of(conn: Connection, statement: str, values: Sequence[Any]) -> None:
    try:
        await rows_of(conn, statement, values)
    except ClashError as clash:
        raise KnownError from clash


def _wanted(numbers: set[str]) -> Mapping[str, Any]:
    return {"numbers": sorted(numbers), "of_chain": audit.DEEDS}


def _seen(rows: Sequence[Any], numbers: set[str]) -> _Sight:
    known = answerable.by_number([row for row in rows if row.number is not None])
    last = Head(rows[0].last, rows[0].digest) if rows[0].last else START
    return _Sight(last, {number: known.get(number) for number in numbers})


@cache
def _beginning() -> Select[Any]:
    """The last deed, in a row at least, beside the offices and the authorities they answer to."""
    one, answering = select(literal(1).label("one")).subquery(), answerable.answering().subquery()
    last = audit.head().subquery()
    columns = last.c.number.label("last"), last.c.digest, answering
    return select(*columns).select_from(one.outerjoin(last, true()).outerjoin(answering, true()))


@cache
def _question() -> Question:
    return Question(_beginning())


@cache
def _inquiry() -> Inquiry:
    return Inquiry(_beginning())
