"""Enrolment: offices are taken over in sets; what changed is worked out in the next derivation."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.store.tables import ContactRow, DesignationRow, OfficeRow, OfficeServiceRow, SubscriptionRow

_CHUNK = 500
_KEPT = ("name", "kana", "corporation", "telephone", "fax", "municipality", "prefecture", "staff")


@dataclass(frozen=True, slots=True)
class Enrolled:
    """An office to be enrolled. `subscriptions` None means all families of deadlines."""

    number: str
    name: str
    services: tuple[str, ...]
    municipality: str
    prefecture: str
    addresses: tuple[str, ...] = ()
    staff: int | None = None
    kana: str = ""
    corporation: str = ""
    telephone: str = ""
    fax: str = ""
    subscriptions: tuple[str, ...] | None = None


def folded(text: str) -> str:
    """Return `text` as searches compare it: NFKC, without spaces, ヶ as ケ, lower case."""
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    return plain.replace("ヶ", "ケ").replace("﨑", "崎").lower()


async def enrol(conn: AsyncConnection, offices: Sequence[Enrolled], now: datetime) -> None:
    """Enrol offices or take over what changed of known ones: services, addresses and designations are replaced."""
    for start in range(0, len(offices), _CHUNK):
        await _chunk(conn, offices[start : start + _CHUNK], now)


async def _chunk(conn: AsyncConnection, offices: Sequence[Enrolled], now: datetime) -> None:
    upsert = postgresql_insert if conn.dialect.name == "postgresql" else sqlite_insert
    rows = [
        {name: getattr(each, name) for name in _KEPT}
        | {"number": each.number, "folded": folded(each.name), "registered_at": now, "derived": False}
        for each in offices
    ]
    written = upsert(OfficeRow).values(rows)
    changed = {name: written.excluded[name] for name in (*_KEPT, "folded", "derived")}
    kept = written.on_conflict_do_update(index_elements=["number"], set_=changed)
    found = await conn.execute(kept.returning(col(OfficeRow.id), col(OfficeRow.number)))
    ids = {row.number: row.id for row in found}
    mine = list(ids.values())
    for model in (OfficeServiceRow, DesignationRow, ContactRow, SubscriptionRow):
        await conn.execute(delete(model).where(col(model.office_id).in_(mine)))
    await _insert(conn, OfficeServiceRow, [
        {"office_id": ids[each.number], "service": service, "name": ""} for each in offices for service in each.services
    ])  # fmt: skip
    await _insert(conn, DesignationRow, [
        {"office_id": ids[each.number], "authority": each.municipality, "service": service}
        for each in offices for service in each.services
    ])  # fmt: skip
    await _insert(conn, ContactRow, [
        {"office_id": ids[each.number], "channel": "email", "address": address, "active": True}
        for each in offices for address in dict.fromkeys(each.addresses)
    ])  # fmt: skip
    await _insert(conn, SubscriptionRow, [
        {"office_id": ids[each.number], "family": family} for each in offices for family in each.subscriptions or ()
    ])  # fmt: skip


async def _insert(conn: AsyncConnection, model: Any, rows: list[dict[str, Any]]) -> None:  # noqa: ANN401 -- any table
    if rows:
        await conn.execute(insert(model), rows)


async def close(conn: AsyncConnection, number: str, on: date) -> bool:
    """Note that an office closed on the civil date `on`; False if it is not known."""
    closed = update(OfficeRow).where(col(OfficeRow.number) == number).values(closed_on=on, derived=False)
    return (await conn.execute(closed)).rowcount == 1


async def enrolled(conn: AsyncConnection, number: str) -> Enrolled | None:
    """Return an office as it is enrolled, or None."""
    row = (
        await conn.execute(select(OfficeRow.__table__).where(col(OfficeRow.number) == number))
    ).one_or_none()  # type: ignore[attr-defined]
    if row is None:
        return None
    services = select(col(OfficeServiceRow.service)).where(col(OfficeServiceRow.office_id) == row.id)
    addresses = select(col(ContactRow.address)).where(
        col(ContactRow.office_id) == row.id, col(ContactRow.active).is_(True)
    )
    return Enrolled(
        row.number,
        row.name,
        tuple(sorted((await conn.execute(services)).scalars())),
        row.municipality,
        row.prefecture,
        tuple((await conn.execute(addresses.order_by(col(ContactRow.id)))).scalars()),
        row.staff,
        row.kana,
        row.corporation,
        row.telephone,
        row.fax,
    )
