"""What a page shows of one office: its record, its facts, what it was told; and the list of offices."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.domain.facts import Fact
from notifier.domain.offices import Office
from notifier.store.board import without_address
from notifier.store.database import table
from notifier.store.letters import key_of
from notifier.store.tables import (
    CohortRow,
    ContactRow,
    DeliveryRow,
    FactRow,
    LetterRow,
    ObligationRow,
    OfficeRow,
    OfficeServiceRow,
    SayingRow,
)
from notifier.store.values import from_kept

MOST_LETTERS = 300
"""Letters of one office that its page shows, the newest."""


@dataclass(frozen=True, slots=True)
class OfficeLine:
    """One office in the list; `open` and `lapsed` count its obligations."""

    number: str
    name: str
    services: tuple[str, ...]
    corporation: str
    reachable: bool
    open: int
    lapsed: int


@dataclass(frozen=True, slots=True)
class FactLine:
    """A fact and who said so when; `recorded_at` is an aware UTC instant."""

    fact: Fact
    source: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class LetterLine:
    """One thing said to one office, on the civil date `on`; `content` is what was said, as kept.

    `key` is the left half of the letter's Message-ID, "" while none is written.
    """

    on: date
    occasion: str
    rung: str
    deadline: str
    content: Mapping[str, Any]
    channel: str
    recipient: str
    state: str
    key: str
    code: int | None
    answer: str


@dataclass(frozen=True, slots=True)
class OfficePage:
    """Everything kept about one office. `contacts` are (channel, address, still in use)."""

    id: int
    office: Office
    corporation: str
    telephone: str
    fax: str
    registered_at: datetime
    closed_on: date | None
    contacts: tuple[tuple[str, str, bool], ...]
    facts: tuple[FactLine, ...]


async def offices(
    conn: AsyncConnection, today: date, words: str = "", *, limit: int = 50, skip: int = 0
) -> tuple[int, list[OfficeLine]]:
    """Return how many open offices carry all `words` in number, name or corporation, and `limit` of them."""
    wanted = and_(col(OfficeRow.closed_on).is_(None), *(_carries(word) for word in words.split()))
    count = (await conn.execute(select(func.count()).select_from(OfficeRow).where(wanted))).scalar_one()
    found = await conn.execute(
        select(
            col(OfficeRow.id),
            col(OfficeRow.number),
            col(OfficeRow.name),
            col(OfficeRow.corporation),
            (~without_address()).label("reachable"),
        )
        .where(wanted)
        .order_by(col(OfficeRow.number))
        .limit(limit)
        .offset(skip)
    )
    rows = found.mappings().all()
    ids = [row["id"] for row in rows]
    services = await _services(conn, ids)
    tallies = await _tallies(conn, ids, today)
    lines = [
        OfficeLine(
            row["number"],
            row["name"],
            services.get(row["id"], ()),
            row["corporation"],
            bool(row["reachable"]),
            *tallies.get(row["id"], (0, 0)),
        )
        for row in rows
    ]
    return count, lines


def _carries(word: str) -> ColumnElement[bool]:
    """Tell in SQL whether an office carries `word`; signs special to LIKE stand for themselves."""
    return or_(
        *(
            col(column).contains(word, autoescape=True)
            for column in (OfficeRow.number, OfficeRow.name, OfficeRow.folded, OfficeRow.corporation)
        )
    )


async def _services(conn: AsyncConnection, ids: list[int]) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    rows = await conn.execute(
        select(col(OfficeServiceRow.office_id), col(OfficeServiceRow.service))
        .where(col(OfficeServiceRow.office_id).in_(ids))
        .order_by(col(OfficeServiceRow.office_id), col(OfficeServiceRow.service))
    )
    for office, service in rows:
        found[office] = (*found.get(office, ()), service)
    return found


async def _tallies(conn: AsyncConnection, ids: list[int], today: date) -> dict[int, tuple[int, int]]:
    """Return for each office how many obligations are open, and how many have lapsed."""
    past = and_(col(CohortRow.state) == "open", col(CohortRow.latest) < today)
    is_lapsed = or_(col(CohortRow.state) == "lapsed", past)
    lapsed = func.sum(case((is_lapsed, 1), else_=0))
    is_open = and_(col(CohortRow.state) == "open", func.coalesce(col(CohortRow.latest) >= today, True))
    rows = await conn.execute(
        select(col(ObligationRow.office_id), func.sum(case((is_open, 1), else_=0)), lapsed)
        .join(CohortRow, col(CohortRow.id) == col(ObligationRow.cohort_id))
        .where(col(ObligationRow.office_id).in_(ids), col(ObligationRow.settled_on).is_(None))
        .group_by(col(ObligationRow.office_id))
    )
    return {office: (int(opened), int(missed)) for office, opened, missed in rows}


async def office_page(conn: AsyncConnection, number: str) -> OfficePage | None:
    """Return everything kept about the office `number`, or None; its letters come from `letters_of`."""
    row = (
        (await conn.execute(select(table(OfficeRow)).where(col(OfficeRow.number) == number)))
        .mappings()
        .first()
    )
    if row is None:
        return None
    services = (await _services(conn, [row["id"]])).get(row["id"], ())
    contacts = await conn.execute(
        select(col(ContactRow.channel), col(ContactRow.address), col(ContactRow.active))
        .where(col(ContactRow.office_id) == row["id"])
        .order_by(col(ContactRow.id))
    )
    facts = await conn.execute(
        select(
            col(FactRow.type),
            col(FactRow.on),
            col(FactRow.values),
            col(FactRow.recorded_at),
            col(FactRow.source),
        )
        .where(col(FactRow.office_id) == row["id"])
        .order_by(col(FactRow.on), col(FactRow.id))
    )
    lines = tuple(
        FactLine(Fact(kind, on, from_kept(values), recorded_at, source), source, recorded_at)
        for kind, on, values, recorded_at, source in facts
    )
    office = Office(
        row["number"],
        row["name"],
        frozenset(services),
        row["municipality"],
        row["prefecture"],
        row["staff"],
        tuple(line.fact for line in lines),
    )
    return OfficePage(
        row["id"],
        office,
        row["corporation"],
        row["telephone"],
        row["fax"],
        row["registered_at"],
        row["closed_on"],
        tuple((channel, address, active) for channel, address, active in contacts),
        lines,
    )


async def letters_of(conn: AsyncConnection, office_id: int, limit: int = MOST_LETTERS) -> list[LetterLine]:
    """Return what was said to an office, the newest first."""
    found = await conn.execute(
        select(
            col(SayingRow.on),
            col(SayingRow.occasion),
            col(SayingRow.rung),
            col(SayingRow.deadline),
            col(SayingRow.content),
            col(DeliveryRow.channel),
            col(DeliveryRow.recipient),
            col(DeliveryRow.state),
            col(DeliveryRow.letter_id),
            func.coalesce(col(LetterRow.gathered), "").label("gathered"),
            col(LetterRow.code),
            func.coalesce(col(LetterRow.answer), "").label("answer"),
        )
        .join(SayingRow, col(SayingRow.id) == col(DeliveryRow.saying_id))
        .join(LetterRow, col(LetterRow.id) == col(DeliveryRow.letter_id), isouter=True)
        .where(col(DeliveryRow.office_id) == office_id)
        .order_by(col(DeliveryRow.id).desc())
        .limit(limit)
    )
    return [
        LetterLine(
            row.on,
            row.occasion,
            row.rung,
            row.deadline,
            row.content,
            row.channel,
            row.recipient,
            row.state,
            _key(row.letter_id, row.gathered),
            row.code,
            row.answer,
        )
        for row in found
    ]


def _key(letter_id: int | None, gathered: str) -> str:
    return key_of(letter_id, gathered) if letter_id is not None else ""
