"""What has moved since the last derivation: deadlines, days that were set, offices and their facts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.store.tables import DeadlineRow, FactRow, OfficeRow


@dataclass(frozen=True, slots=True)
class Moved:
    """What is new: ids of deadlines, types of facts about offices, types of events that set days, new offices."""

    deadlines: frozenset[str]
    office_facts: frozenset[str]
    settings: frozenset[str]
    newcomers: bool

    def __bool__(self) -> bool:
        """Tell whether anything is new."""
        return bool(self.deadlines or self.office_facts or self.settings or self.newcomers)


async def moved_deadlines(conn: AsyncConnection) -> frozenset[str]:
    """Return the deadlines whose law has moved and has not been worked out yet."""
    moved = select(col(DeadlineRow.id)).where(col(DeadlineRow.generation) != col(DeadlineRow.derived))
    return frozenset((await conn.execute(moved)).scalars())


async def moved(conn: AsyncConnection) -> Moved:
    """Return what has moved since the last derivation."""
    fresh = col(FactRow.derived).is_(False)
    of_office = select(col(FactRow.type)).where(fresh, col(FactRow.office_id).is_not(None)).distinct()
    of_others = select(col(FactRow.type)).where(fresh, col(FactRow.office_id).is_(None)).distinct()
    newcomers = select(exists().where(col(OfficeRow.derived).is_(False)))
    return Moved(
        await moved_deadlines(conn),
        frozenset((await conn.execute(of_office)).scalars()),
        frozenset((await conn.execute(of_others)).scalars()),
        bool((await conn.execute(newcomers)).scalar_one()),
    )


async def fresh_days(conn: AsyncConnection, types: Collection[str]) -> list[tuple[str, date]]:
    """Return type and civil date of the facts about offices that are new, each pair once."""
    rows = await conn.execute(
        select(col(FactRow.type), col(FactRow.on))
        .where(
            col(FactRow.derived).is_(False), col(FactRow.office_id).is_not(None), col(FactRow.type).in_(types)
        )
        .distinct()
        .order_by(col(FactRow.on), col(FactRow.type))
        .limit(2)
    )
    return [(kind, day) for kind, day in rows]


async def mark_derived(conn: AsyncConnection, deadlines: Collection[str]) -> None:
    """Note that everything new has been worked out; call it in the transaction that did so."""
    worked_out = update(DeadlineRow).where(col(DeadlineRow.id).in_(deadlines))
    await conn.execute(worked_out.values(derived=col(DeadlineRow.generation)))
    await conn.execute(update(FactRow).where(col(FactRow.derived).is_(False)).values(derived=True))
    await conn.execute(update(OfficeRow).where(col(OfficeRow.derived).is_(False)).values(derived=True))


async def membership_of(conn: AsyncConnection, deadline: str) -> str:
    """Return the digest of what decided the cohorts of `deadline` when they were last filled; "" if never."""
    found = select(col(DeadlineRow.membership)).where(col(DeadlineRow.id) == deadline)
    return (await conn.execute(found)).scalar_one()


async def keep_membership(conn: AsyncConnection, deadline: str, digest: str) -> None:
    """Keep the digest of what decided the cohorts of `deadline`."""
    await conn.execute(update(DeadlineRow).where(col(DeadlineRow.id) == deadline).values(membership=digest))
