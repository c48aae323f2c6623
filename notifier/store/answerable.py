"""Answerable: to which authorities offices answer, as far as events about them go."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.authorities import AuthorityMemberRow
from notifier.store.chosen import among_texts
from notifier.store.database import table
from notifier.store.tables import DesignationRow, OfficeRow


@dataclass(frozen=True, slots=True)
class Answerable:
    """An office: its row, and the authorities (団体コード) to which it answers."""

    id: int
    authorities: frozenset[str]


async def authorities_of(conn: AsyncConnection, number: str) -> frozenset[str] | None:
    """Return the authorities (団体コード) to which an office answers; None if it is not known."""
    found = await answerable(conn, {number})
    return found[number].authorities if number in found else None


async def union_of(conn: AsyncConnection, municipality: str) -> str:
    """Return the 広域連合 (団体コード) to which a municipality belongs, "" if to none."""
    member = table(AuthorityMemberRow).c
    found = await conn.execute(select(member.authority).where(member.member == municipality))
    return found.scalar_one_or_none() or ""


async def answerable(conn: AsyncConnection, numbers: Collection[str]) -> dict[str, Answerable]:
    """Return those offices among `numbers` that are known, by number."""
    if not numbers:
        return {}
    return by_number((await conn.execute(answering(), {"numbers": sorted(numbers)})).all())


def by_number(rows: Sequence[Row[Any]]) -> dict[str, Answerable]:
    """Return offices by number, from rows that `answering` selects."""
    answers: dict[str, tuple[int, set[str]]] = {}
    for row in rows:
        _, codes = answers.setdefault(row.number, (row.id, {row.municipality, row.prefecture}))
        codes.update(code for code in (row.authority, row.union_code) if code)
    return {number: Answerable(each[0], frozenset(each[1])) for number, each in answers.items()}


@cache
def answering() -> Select[Any]:
    """Select the offices among `numbers`, once for each authority to which they answer.

    Whoever changes what is read here writes a deed of the audit in the same transaction; see `notifier.store.fresh`.
    """
    office, designation, member = table(OfficeRow), table(DesignationRow), table(AuthorityMemberRow)
    return (
        select(
            office.c.number,
            office.c.id,
            office.c.municipality,
            office.c.prefecture,
            designation.c.authority,
            member.c.authority.label("union_code"),
        )
        .outerjoin(designation, designation.c.office_id == office.c.id)
        .outerjoin(member, member.c.member == office.c.municipality)
        .where(among_texts(office.c.number, "numbers"))
    )
