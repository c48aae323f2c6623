"""What has moved since the last derivation: deadlines, days that were set, offices and their facts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from typing import Any

from sqlalchemy import ColumnElement, Select, String, Update, bindparam, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel, col

from notifier.domain.exemptions import TYPES
from notifier.store.database import table
from notifier.store.tables import DeadlineRow, FactRow, OfficeRow
from notifier.store.values import kept_value


@dataclass(frozen=True, slots=True)
class SetBy:
    """An event of an authority ("" is the nation) that is new, and the trace (W3C) of the call that brought it.

    `deadline` is the one it names, None if it names none.
    """

    type: str
    authority: str
    deadline: str | None
    trace: str


@dataclass(frozen=True)
class Moved:
    """What is new: ids of deadlines, facts about offices (type and civil date, each pair once), events that set days.

    `settings` are the types of such events; `newcomers` tells whether there are offices not worked out yet; `exempted` are
    the deadlines about which an exemption of an office, or the end of one, is new. `traces` are those of the calls by
    which the law of deadlines moved, `set_by` the events with a trace behind `settings`, the newest first.
    """

    deadlines: frozenset[str]
    facts: frozenset[tuple[str, date]]
    settings: frozenset[str]
    newcomers: bool
    exempted: frozenset[str] = frozenset()
    traces: Mapping[str, str] = field(default_factory=dict)
    set_by: Sequence[SetBy] = ()

    @cached_property
    def office_facts(self) -> frozenset[str]:
        """Return the types of the facts about offices that are new."""
        return frozenset(kind for kind, _ in self.facts)

    def facts_about(self, deadline: str) -> frozenset[str]:
        """Return the types of the new facts about offices, without exemptions from other deadlines."""
        return self.office_facts if deadline in self.exempted else self.office_facts - TYPES

    def trace_of(self, deadline: str, types: Collection[str], places: Collection[str]) -> str:
        """Return the trace of the call by which the law of a deadline, or a day of it, has moved; "" if there is none.

        `types` are those of the events that set its days, `places` the authorities that count where it is looked at from.
        """
        if deadline in self.deadlines:
            return self.traces.get(deadline, "")
        found = (
            each.trace
            for each in self.set_by
            if each.type in types and each.authority in places and each.deadline in {None, deadline}
        )
        return next(found, "")

    def __bool__(self) -> bool:
        """Tell whether anything is new."""
        return bool(self.deadlines or self.facts or self.settings or self.newcomers)


async def moved_deadlines(conn: AsyncConnection) -> frozenset[str]:
    """Return the deadlines whose law has moved and has not been worked out yet."""
    return frozenset(row.id for row in await conn.execute(_unworked()))


async def moved(conn: AsyncConnection) -> Moved:
    """Return what has moved since the last derivation."""
    fresh = frozenset((kind, day) for kind, day in await conn.execute(_fresh_facts()))
    is_exempting = any(kind in TYPES for kind, _ in fresh)
    deadlines = {row.id: row.traceparent for row in await conn.execute(_unworked())}
    settings = (await conn.execute(_fresh_settings())).all()
    return Moved(
        frozenset(deadlines),
        fresh,
        frozenset(row.type for row in settings),
        bool((await conn.execute(_newcomers())).scalar_one()),
        frozenset((await conn.execute(_fresh_exemptions())).scalars()) if is_exempting else frozenset(),
        {name: trace for name, trace in deadlines.items() if trace},
        [
            SetBy(row.type, row.authority, row.deadline, row.traceparent)
            for row in settings
            if row.traceparent
        ],
    )


@cache
def _unworked() -> Select[str, str | None]:
    found = select(col(DeadlineRow.id), col(DeadlineRow.traceparent))
    return found.where(col(DeadlineRow.generation) != col(DeadlineRow.derived))


@cache
def _fresh_facts() -> Select[str, date]:
    fresh = col(FactRow.derived).is_(False), col(FactRow.office_id).is_not(None)
    return select(col(FactRow.type), col(FactRow.on)).where(*fresh).distinct()


@cache
def _fresh_exemptions() -> Select[str]:
    named = kept_value(table(FactRow).c["values"], "deadline")
    return select(named).where(col(FactRow.derived).is_(False), col(FactRow.type).in_(TYPES)).distinct()


@cache
def _fresh_settings() -> Select[Any]:
    fact = table(FactRow).c
    named = kept_value(fact["values"], "deadline").label("deadline")
    found = select(fact.type, func.coalesce(fact.authority, "").label("authority"), named, fact.traceparent)
    return found.where(fact.derived.is_(False), fact.office_id.is_(None)).order_by(fact.id.desc())


def fresh_trace() -> ColumnElement[str]:
    """Return the trace of the newest fact about an office that is being worked out: what follows belongs to it."""
    fact = table(FactRow).c
    fresh = fact.office_id == table(OfficeRow).c.id, fact.derived.is_(False), fact.traceparent.is_not(None)
    newest = select(fact.traceparent).where(*fresh).order_by(fact.id.desc()).limit(1)
    return newest.correlate(table(OfficeRow)).scalar_subquery()


def led_by(nearer: ColumnElement[Any] | None = None) -> ColumnElement[Any]:
    """Return the trace `nearer` if there is one, else the one that a statement is given as `led_by` ("" is none)."""
    given = func.nullif(bindparam("led_by", type_=String()), "")
    return given if nearer is None else func.coalesce(nearer, given)


@cache
def _newcomers() -> Select[bool]:
    return select(exists().where(col(OfficeRow.derived).is_(False)))


async def mark_derived(conn: AsyncConnection, deadlines: Collection[str]) -> None:
    """Note that everything new has been worked out; call it in the transaction that did so."""
    if deadlines:
        worked_out = update(table(DeadlineRow)).where(col(DeadlineRow.id).in_(deadlines))
        await conn.execute(worked_out.values(derived=col(DeadlineRow.generation)))
    await conn.execute(_worked_out(FactRow))
    await conn.execute(_worked_out(OfficeRow))


@cache
def _worked_out(model: type[SQLModel]) -> Update:
    fresh = table(model)
    return update(fresh).where(fresh.c.derived.is_(False)).values(derived=True)


async def ask_again(conn: AsyncConnection, trace: str = "") -> None:
    """Ask for every deadline that has spoken to be worked out anew, because an authority changed; nothing leaves before.

    `trace` is the traceparent of the call by which it did, "" for none.
    """
    spoken = update(DeadlineRow).where(col(DeadlineRow.generation) > 0)
    moved = {"generation": col(DeadlineRow.generation) + 1, "traceparent": trace or None}
    await conn.execute(spoken.values(moved))


async def membership_of(conn: AsyncConnection, deadline: str) -> str:
    """Return the digest of what decided the cohorts of `deadline` when they were last filled; "" if never."""
    found = select(col(DeadlineRow.membership)).where(col(DeadlineRow.id) == deadline)
    return (await conn.execute(found)).scalar_one()


async def keep_membership(conn: AsyncConnection, deadline: str, digest: str) -> None:
    """Keep the digest of what decided the cohorts of `deadline`."""
    kept = update(table(DeadlineRow)).where(col(DeadlineRow.id) == deadline)
    await conn.execute(kept.values(membership=digest))
