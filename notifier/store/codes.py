"""Codes in the tables: which item of which office a short code (整理番号) names."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.codes import OFFICES, Codes
from notifier.store.database import table
from notifier.store.tables import ObligationRow, OfficeRow

_ROUNDS_MOST = 16
"""How often ids of offices may have gone through all beginnings of codes: eleven million offices."""


@dataclass(frozen=True, slots=True)
class Named:
    """What a code names: an office and one of its obligations. `deadline` is its id, `settled` whether it is done.

    `cohort` is the obligation's cohort.
    """

    office_id: int
    number: str
    office_name: str
    municipality: str
    deadline: str
    occurrence: int
    cohort: int
    settled: bool


async def find(
    conn: AsyncConnection, codes: Codes, code: str, within: ColumnElement[bool] | None = None
) -> Named | None:
    """Return what `code` names, as `notifier.domain.codes` writes it; None if it fits no obligation there is.

    `within` bounds the offices that are looked at, `answers_to(tenant)` say. Offices that are closed are found, too.
    """
    candidates = [start + turn * OFFICES for start in codes.offices(code) for turn in range(_ROUNDS_MOST)]
    owed = [each for each in await _owed_by(conn, candidates, within) if _fits(codes, code, each)]
    return owed[0] if owed else None


def _fits(codes: Codes, code: str, named: Named) -> bool:
    return codes.fits(code, named.office_id, named.deadline, named.occurrence)


async def _owed_by(
    conn: AsyncConnection, offices: Collection[int], within: ColumnElement[bool] | None
) -> list[Named]:
    office, obligation = table(OfficeRow), table(ObligationRow)
    found = (
        select(
            office.c.id,
            office.c.number,
            office.c.name,
            office.c.municipality,
            obligation.c.deadline,
            obligation.c.occurrence,
            obligation.c.cohort_id,
            obligation.c.settled_on,
        )
        .join(obligation, obligation.c.office_id == office.c.id)
        .where(office.c.id.in_(offices), true() if within is None else within)
        .order_by(office.c.id, obligation.c.deadline, obligation.c.occurrence)
    )
    return [Named(*row[:-1], row.settled_on is not None) for row in await conn.execute(found)]
