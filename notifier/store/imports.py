"""Lists of offices that came in over the network: kept until they are compared, and taken over if that is confirmed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, insert, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.callers import Tenant
from notifier.store.database import table
from notifier.store.tables import OfficeImportRow

WAITING: Final = "waiting"
COMPARED: Final = "compared"
REFUSED: Final = "refused"
TAKEN_OVER: Final = "taken_over"
FAILED: Final = "failed"


@dataclass(frozen=True, slots=True)
class KeptImport:
    """A list as it came in. `wanted` and `report` are JSON; times are aware; `is_kept` tells that its content is."""

    id: int
    key: str
    authority: str
    who: str
    name: str
    state: str
    received_at: datetime
    finished_at: datetime | None
    wanted: Mapping[str, Any]
    report: Mapping[str, Any]
    is_kept: bool

    @property
    def can_be_taken_over(self) -> bool:
        """Tell whether it was compared, is still kept, and names any office; of one that could not be read nothing is."""
        counts = self.report.get("counts", {})
        is_compared = self.is_kept and self.state in (COMPARED, REFUSED)
        return is_compared and any(counts.get(each) for each in ("added", "changed", "unchanged", "gone"))


@dataclass(frozen=True, slots=True)
class Arrived:
    """A list that comes in: under which public key, whose, from whom, and what is wanted."""

    key: str
    authority: str
    who: str
    name: str
    content: bytes
    wanted: Mapping[str, Any]


_SHOWN = (
    "id",
    "key",
    "authority",
    "who",
    "name",
    "state",
    "received_at",
    "finished_at",
    "wanted",
    "report",
)


async def receive(conn: AsyncConnection, arrived: Arrived, now: datetime) -> None:
    """Keep a list that is to be looked at."""
    row = {name: getattr(arrived, name) for name in ("key", "authority", "who", "name", "content", "wanted")}
    state = {"state": WAITING, "received_at": now, "report": {}, "refused": ""}
    await conn.execute(insert(table(OfficeImportRow)).values(**row, **state))


async def find(conn: AsyncConnection, tenant: Tenant, key: str) -> KeptImport | None:
    """Return a list by its public key; None if there is none that the tenant sees."""
    target = table(OfficeImportRow)
    found = await conn.execute(_shown(tenant).where(target.c.key == key))
    row = found.mappings().one_or_none()
    return _kept(row) if row else None


async def page(conn: AsyncConnection, tenant: Tenant, before: int | None, limit: int) -> list[KeptImport]:
    """Return lists that the tenant sees, the newest first, those with a smaller id than `before`."""
    target = table(OfficeImportRow)
    found = _shown(tenant).order_by(target.c.id.desc()).limit(limit)
    if before is not None:
        found = found.where(target.c.id < before)
    return [_kept(row) for row in (await conn.execute(found)).mappings()]


def _shown(tenant: Tenant) -> Any:
    target = table(OfficeImportRow)
    mine = true() if tenant.is_nation else target.c.authority == tenant.code
    columns = (target.c[name] for name in _SHOWN)
    return select(*columns, target.c.content.is_not(None).label("is_kept")).where(mine)


def _kept(row: RowMapping) -> KeptImport:
    return KeptImport(**row)


async def waiting(conn: AsyncConnection) -> Sequence[KeptImport]:
    """Return the lists that are to be looked at, the oldest first."""
    target = table(OfficeImportRow)
    found = _shown(Tenant()).where(target.c.state == WAITING).order_by(target.c.id)
    return [_kept(row) for row in (await conn.execute(found)).mappings()]


async def content_of(conn: AsyncConnection, import_id: int) -> bytes:
    """Return the content of a list, b"" if it was forgotten."""
    target = table(OfficeImportRow)
    found = await conn.execute(select(target.c.content).where(target.c.id == import_id))
    return found.scalar_one() or b""


async def refused_of(conn: AsyncConnection, import_id: int) -> str:
    """Return the refused rows of a list as a CSV file, "" if none were."""
    target = table(OfficeImportRow)
    found: str = (await conn.execute(select(target.c.refused).where(target.c.id == import_id))).scalar_one()
    return found


async def want(conn: AsyncConnection, import_id: int, wanted: Mapping[str, Any]) -> bool:
    """Let a list that was compared be looked at again with other wishes; False if it is not compared any more."""
    target = table(OfficeImportRow)
    again = (
        update(target)
        .where(
            target.c.id == import_id,
            target.c.state.in_([COMPARED, REFUSED]),
            target.c.content.is_not(None),
        )
        .values(state=WAITING, wanted=dict(wanted), finished_at=None)
    )
    return (await conn.execute(again)).rowcount == 1


async def finish(
    conn: AsyncConnection,
    import_id: int,
    state: str,
    report: Mapping[str, Any],
    refused: str,
    now: datetime,
) -> bool:
    """Note what came of a list that waited; False if it did not. What cannot be taken over any more is forgotten."""
    target = table(OfficeImportRow)
    values: dict[str, Any] = {"state": state, "report": dict(report), "refused": refused, "finished_at": now}
    if state in (TAKEN_OVER, FAILED):
        values["content"] = None
    done = update(target).where(target.c.id == import_id, target.c.state == WAITING).values(**values)
    return (await conn.execute(done)).rowcount == 1


async def forget(conn: AsyncConnection, before: datetime) -> int:
    """Forget the contents of lists that were compared before an instant and never taken over; returns how many."""
    target = table(OfficeImportRow)
    old = (
        update(target)
        .where(target.c.finished_at < before, target.c.content.is_not(None), target.c.state != WAITING)
        .values(content=None)
    )
    return (await conn.execute(old)).rowcount
