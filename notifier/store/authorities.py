"""Authorities: municipalities, 広域連合 and prefectures with their closed days, ladders and rolls."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field, col

from notifier.domain.calendar import Roll
from notifier.domain.law import Authority, AuthorityKind
from notifier.store.database import table
from notifier.store.tables import AuthorityRow, Table


class AuthorityMemberRow(Table, table=True):
    """A municipality (`member`) belongs to a 広域連合 (`authority`), and to no other."""

    __tablename__ = "authority_member"

    authority: str = Field(primary_key=True, max_length=6)
    member: str = Field(primary_key=True, max_length=6, index=True, unique=True)


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


async def keep_members(conn: AsyncConnection, authority: str, members: Iterable[str]) -> None:
    """Let the municipalities `members`, and no others, belong to the 広域連合 `authority`."""
    wanted = sorted(set(members))
    members_of = table(AuthorityMemberRow)
    await conn.execute(delete(members_of).where(members_of.c.authority == authority))
    if wanted:
        await conn.execute(
            insert(members_of), [{"authority": authority, "member": member} for member in wanted]
        )


async def members_of(conn: AsyncConnection, code: str) -> Sequence[str]:
    """Return the municipalities (団体コード) of a 広域連合, in order; none of any other authority."""
    found = select(col(AuthorityMemberRow.member)).where(col(AuthorityMemberRow.authority) == code)
    return (await conn.execute(found.order_by(col(AuthorityMemberRow.member)))).scalars().all()


async def load_authorities(conn: AsyncConnection) -> Mapping[str, Authority]:
    """Return all authorities by code."""
    member = table(AuthorityMemberRow)
    rows = await conn.execute(
        select(table(AuthorityRow), member.c.authority.label("union"))
        .outerjoin(member, member.c.member == col(AuthorityRow.code))
        .order_by(col(AuthorityRow.code))
    )
    return {
        row.code: Authority(
            row.code,
            row.name,
            AuthorityKind(row.kind),
            row.prefecture or None,
            frozenset(date.fromisoformat(day) for day in row.settings.get("closed", ())),
            row.settings.get("ladders", {}),
            {deadline: Roll(roll) for deadline, roll in row.settings.get("rolls", {}).items()},
            row.union,
        )
        for row in rows
    }


async def address_of(conn: AsyncConnection, code: str) -> str:
    """Return the address at which an authority is reached; "" if it has none or is not known."""
    found = select(col(AuthorityRow.address)).where(col(AuthorityRow.code) == code)
    return (await conn.execute(found)).scalar_one_or_none() or ""


async def addresses(conn: AsyncConnection) -> Mapping[str, str]:
    """Return by code the address at which each authority is reached ("" if it has none)."""
    found = await conn.execute(select(col(AuthorityRow.code), col(AuthorityRow.address)))
    return {row.code: row.address for row in found}
