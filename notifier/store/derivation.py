"""What has moved since the last derivation: deadlines, days that were set, offices and their facts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property

from sqlalchemy import Select, Update, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel, col

from notifier.domain.exemptions import TYPES
from notifier.store.database import table
from notifier.store.tables import DeadlineRow, FactRow, OfficeRow
from notifier.store.values import kept_value


@dataclass(frozen=True)
class Moved:
    """What is new: ids of deadlines, facts about offices (type and civil date, each pair once), events that set days.

    `settings` are the types of such events; `newcomers` tells whether there are offices not worked out yet; `exempted` are
    the deadlines about which an exemption of an office, or the end of one, is new.
    """

    deadlines: frozenset[str]
    facts: frozenset[tuple[str, date]]
    settings: frozenset[str]
    newcomers: bool
    exempted: frozenset[str] = frozenset()

    @cached_property
    def office_facts(self) -> frozenset[str]:
        """Return the types of the facts about offices that are new."""
        return frozenset(kind for kind, _ in self.facts)

    def facts_about(self, deadline: str) -> frozenset[str]:
        """Return the types of the new facts about offices, without exemptions from other deadlines."""
        return self.office_facts if deadline in self.exempted else self.office_facts - TYPES

    def __bool__(self) -> bool:
        """Tell whether anything is new."""
        return bool(self.deadlines or self.facts or self.settings or self.newcomers)


async def moved_deadlines(conn: AsyncConnection) -> frozenset[str]:
    """Return the deadlines whose law has moved and has not been worked out yet."""
    return frozenset((await conn.execute(_unworked())).scalars())


async def moved(conn: AsyncConnection) -> Moved:
    """Return what has moved since the last derivation."""
    fresh = frozenset((kind, day) for kind, day in await conn.execute(_fresh_facts()))
    is_exempting = any(kind in TYPES for kind, _ in fresh)
    return Moved(
        await moved_deadlines(conn),
        fresh,
        frozenset((await conn.execute(_fresh_settings())).scalars()),
        bool((await conn.execute(_newcomers())).scalar_one()),
        frozenset((await conn.execute(_fresh_exemptions())).scalars()) if is_exempting else frozenset(),
    )


@cache
def _unworked() -> Select[str]:
    return select(col(DeadlineRow.id)).where(col(DeadlineRow.generation) != col(DeadlineRow.derived))


@cache
def _fresh_facts() -> Select[str, date]:
    fresh = col(FactRow.derived).is_(False), col(FactRow.office_id).is_not(None)
    return select(col(FactRow.type), col(FactRow.on)).where(*fresh).distinct()


@cache
def _fresh_exemptions() -> Select[str]:
    named = kept_value(table(FactRow).c["values"], "deadline")
    return select(named).where(col(FactRow.derived).is_(False), col(FactRow.type).in_(TYPES)).distinct()


@cache
def _fresh_settings() -> Select[str]:
    fresh = col(FactRow.derived).is_(False), col(FactRow.office_id).is_(None)
    return select(col(FactRow.type)).where(*fresh).distinct()


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


async def ask_again(conn: AsyncConnection) -> None:
    """Ask for every deadline that has spoken to be worked out anew, because an authority changed; nothing leaves before."""
    spoken = update(DeadlineRow).where(col(DeadlineRow.generation) > 0)
    await conn.execute(spoken.values(generation=col(DeadlineRow.generation) + 1))


async def membership_of(conn: AsyncConnection, deadline: str) -> str:
    """Return the digest of what decided the cohorts of `deadline` when they were last filled; "" if never."""
    found = select(col(DeadlineRow.membership)).where(col(DeadlineRow.id) == deadline)
    return (await conn.execute(found)).scalar_one()


async def keep_membership(conn: AsyncConnection, deadline: str, digest: str) -> None:
    """Keep the digest of what decided the cohorts of `deadline`."""
    kept = update(table(DeadlineRow)).where(col(DeadlineRow.id) == deadline)
    await conn.execute(kept.values(membership=digest))
