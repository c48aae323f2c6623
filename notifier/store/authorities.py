"""Authorities: municipalities and prefectures with their closed days, ladders and rolls."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.domain.calendar import Roll
from notifier.domain.law import Authority, Party
from notifier.store.database import table
from notifier.store.tables import AuthorityRow


def _settings(authority: Authority) -> dict[str, Any]:
    return {
        "closed": sorted(day.isoformat() for day in authority.closed),
        "ladders": dict(authority.ladders),
        "rolls": {deadline: roll.value for deadline, roll in authority.rolls.items()},
    }


async def keep_authorities(conn: AsyncConnection, authorities: Iterable[tuple[Authority, str]]) -> None:
    """Keep authorities with the address at which each is reached ("" if none); known ones are replaced."""
    upsert = postgresql_insert if conn.dialect.name == "postgresql" else sqlite_insert
    for authority, address in authorities:
        written = upsert(AuthorityRow).values(
            code=authority.code,
            name=authority.name,
            kind=authority.kind.value,
            prefecture=authority.prefecture or "",
            address=address,
            settings=_settings(authority),
        )
        changed = {
            name: written.excluded[name] for name in ("name", "kind", "prefecture", "address", "settings")
        }
        await conn.execute(written.on_conflict_do_update(index_elements=["code"], set_=changed))


async def load_authorities(conn: AsyncConnection) -> Mapping[str, Authority]:
    """Return all authorities by code."""
    rows = await conn.execute(select(table(AuthorityRow)).order_by(col(AuthorityRow.code)))
    return {
        row.code: Authority(
            row.code,
            row.name,
            Party(row.kind),
            row.prefecture or None,
            frozenset(date.fromisoformat(day) for day in row.settings.get("closed", ())),
            row.settings.get("ladders", {}),
            {deadline: Roll(roll) for deadline, roll in row.settings.get("rolls", {}).items()},
        )
        for row in rows
    }


async def address_of(conn: AsyncConnection, code: str) -> str:
    """Return the address at which an authority is reached; "" if it has none or is not known."""
    found = select(col(AuthorityRow.address)).where(col(AuthorityRow.code) == code)
    return (await conn.execute(found)).scalar_one_or_none() or ""
