"""Incoming mail: kept as it came before it is answered, with what it was found to be and what became of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zlib import compress, decompress

from sqlalchemy import ColumnElement, Index, Text, func, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field

from notifier.domain.callers import Tenant
from notifier.store import sight
from notifier.store.database import table
from notifier.store.tables import ContactRow, OfficeRow, Table, only

RECEIVED, HEARD, UNCLEAR, IGNORED, CLOSED = "received", "heard", "unclear", "ignored", "closed"
STATES: Final = (RECEIVED, HEARD, UNCLEAR, IGNORED, CLOSED)


class IncomingRow(Table, table=True):
    """A mail that came in. `identity` tells a repeat; `content` is the mail as it came, packed, None once forgotten.

    States: received; heard (what follows from it was done, or waits as an enquiry); unclear (waits for somebody); ignored
    (machines, loops); closed (somebody dealt with it). `kind` is what it is, `reason` why it is unclear or ignored,
    `about` the address that a bounce is about, `failure` how final that is. `authority` is whose list it is on.
    """

    __tablename__ = "incoming"
    __table_args__ = (
        Index("ix_incoming_received", "id", **only("state = 'received'")),
        Index("ix_incoming_unclear", "authority", "id", **only("state = 'unclear'")),
        Index("ix_incoming_author", "author", "received_at"),
        Index("ix_incoming_about", "about", **only("about <> ''")),
        Index("ix_incoming_office_id", "office_id", **only("office_id IS NOT NULL")),
    )

    id: int | None = Field(default=None, primary_key=True)
    identity: str = Field(unique=True)
    received_at: datetime
    way: str
    envelope_sender: str
    recipient: str
    content: bytes | None
    state: str = RECEIVED
    kind: str = ""
    reason: str = ""
    author: str
    subject: str
    written: str = Field(default="", sa_type=Text)
    office_id: int | None = Field(default=None, foreign_key="office.id")
    authority: str = ""
    about: str = ""
    failure: str = ""
    attempts: int = 0
    was_answered: bool = False
    heard_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: str = ""
    words: str = Field(default="", sa_type=Text)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A mail at the door. `identity` tells a repeat; `envelope_sender` is "" for the null sender."""

    identity: str
    way: str
    envelope_sender: str
    recipient: str
    author: str
    subject: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Waiting:
    """A mail that was kept and not heard yet; `attempts` counts those that failed."""

    id: int
    received_at: datetime
    envelope_sender: str
    recipient: str
    packed: bytes
    attempts: int

    @property
    def content(self) -> bytes:
        """Return the mail as it came."""
        return decompress(self.packed)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A mail as staff see it; `office` is a number, "" where none is known. Instants are aware."""

    id: int
    received_at: datetime
    author: str
    subject: str
    written: str
    state: str
    kind: str
    reason: str
    office: str
    office_name: str
    authority: str
    closed_at: datetime | None
    closed_by: str
    words: str


_UNHEARD: Final = {
    "state": RECEIVED,
    **dict.fromkeys(("kind", "reason", "written", "authority", "about", "failure", "closed_by", "words"), ""),
    "attempts": 0,
    "was_answered": False,
}


async def keep(conn: AsyncConnection, arrived: Arrived, now: datetime) -> bool:
    """Keep a mail as it came; False if it was kept before."""
    upsert = postgresql_insert if conn.dialect.name == "postgresql" else sqlite_insert
    target = table(IncomingRow)
    written = upsert(target).values(
        identity=arrived.identity,
        received_at=now,
        way=arrived.way,
        envelope_sender=arrived.envelope_sender,
        recipient=arrived.recipient,
        author=arrived.author,
        subject=arrived.subject,
        content=compress(arrived.content, 1),
        **_UNHEARD,
    )
    added = written.on_conflict_do_nothing(index_elements=["identity"]).returning(target.c.id)
    return (await conn.execute(added)).scalar_one_or_none() is not None


async def next_received(conn: AsyncConnection, after: int = 0) -> Waiting | None:
    """Return the oldest mail behind the id `after` that was not heard yet, or None."""
    target = table(IncomingRow).c
    found = (
        select(
            target.id,
            target.received_at,
            target.envelope_sender,
            target.recipient,
            target.content,
            target.attempts,
        )
        .where(target.state == RECEIVED, target.id > after)
        .order_by(target.id)
        .limit(1)
    )
    row = (await conn.execute(found)).one_or_none()
    return None if row is None else Waiting(*row)


async def hold(conn: AsyncConnection, mail_id: int) -> bool:
    """Hold a mail that is to be heard; False if somebody else has heard it or holds it."""
    target = table(IncomingRow).c
    found = select(target.id).where(target.id == mail_id, target.state == RECEIVED)
    return (await conn.execute(found.with_for_update(skip_locked=True))).first() is not None


async def note(conn: AsyncConnection, mail_id: int, values: dict[str, Any]) -> None:
    """Write down what a mail was found to be and what became of it."""
    target = table(IncomingRow)
    await conn.execute(update(target).where(target.c.id == mail_id).values(**values))


async def count_since(conn: AsyncConnection, author: str, since: datetime) -> int:
    """Return how many mails of `author` came in since an instant."""
    target = table(IncomingRow).c
    mine = target.author == author, target.received_at >= since
    return int((await conn.execute(select(func.count()).where(*mine))).scalar_one())


async def answered_since(conn: AsyncConnection, author: str, since: datetime) -> int:
    """Return how many mails of `author` were answered since an instant."""
    target = table(IncomingRow).c
    mine = target.author == author, target.received_at >= since, target.was_answered.is_(True)
    return int((await conn.execute(select(func.count()).where(*mine))).scalar_one())


async def failures_of(conn: AsyncConnection, address: str, failure: str) -> list[datetime]:
    """Return when bounces of this finality about an address came in, in order."""
    target = table(IncomingRow).c
    found = select(target.received_at).where(target.about == address, target.failure == failure)
    return list((await conn.execute(found.order_by(target.received_at))).scalars())


# ---- whose address it is ----


@dataclass(frozen=True, slots=True)
class Owner:
    """An office that has an address among its contacts, and the authority that registered it there."""

    office_id: int
    number: str
    municipality: str
    authority: str


async def owners_of(conn: AsyncConnection, address: str) -> list[Owner]:
    """Return the offices whose contact an address is. One that an office entered and nobody confirmed proves nothing."""
    contact, office = table(ContactRow), table(OfficeRow)
    known = or_(contact.c.active.is_(True), contact.c.reason.not_in(("unverified", "lapsed")))
    found = (
        select(office.c.id, office.c.number, office.c.municipality, contact.c.authority)
        .join(contact, contact.c.office_id == office.c.id)
        .where(
            func.lower(contact.c.address) == address.lower(),
            contact.c.channel == "email",
            known,
            office.c.closed_on.is_(None),
        )
        .distinct()
        .order_by(office.c.id)
    )
    return [Owner(*row) for row in await conn.execute(found)]


# ---- for staff ----


async def sole_municipality(conn: AsyncConnection) -> str:
    """Return the municipality of all offices; "" if there are several, or none."""
    found = (await conn.execute(select(table(OfficeRow).c.municipality).distinct().limit(2))).scalars().all()
    return str(found[0]) if len(found) == 1 else ""


def _seen_by(tenant: Tenant) -> ColumnElement[bool]:
    if tenant.is_nation:
        return true()
    target = table(IncomingRow).c
    return or_(target.authority == tenant.code, sight.of_offices(tenant, target.office_id))


def _shown() -> Any:
    target, office = table(IncomingRow), table(OfficeRow)
    ours = {"office": func.coalesce(office.c.number, ""), "office_name": func.coalesce(office.c.name, "")}
    columns = [ours[name] if name in ours else target.c[name] for name in Incoming.__dataclass_fields__]
    return select(*columns).select_from(target.outerjoin(office, office.c.id == target.c.office_id))


async def unclear(conn: AsyncConnection, tenant: Tenant, limit: int = 200) -> Sequence[Incoming]:
    """Return the mails that wait for somebody on the tenant's list, the oldest first."""
    target = table(IncomingRow).c
    found = _shown().where(target.state == UNCLEAR, _seen_by(tenant)).order_by(target.id).limit(limit)
    return [Incoming(*row) for row in await conn.execute(found)]


async def count_unclear(conn: AsyncConnection, tenant: Tenant) -> int:
    """Return how many mails wait for somebody on the tenant's list."""
    counted = select(func.count()).where(table(IncomingRow).c.state == UNCLEAR, _seen_by(tenant))
    return int((await conn.execute(counted)).scalar_one())


async def of_office(
    conn: AsyncConnection, tenant: Tenant, office_id: int, limit: int = 50
) -> Sequence[Incoming]:
    """Return what came from or about an office, the newest first."""
    target = table(IncomingRow).c
    found = _shown().where(target.office_id == office_id, _seen_by(tenant)).order_by(target.id.desc())
    return [Incoming(*row) for row in await conn.execute(found.limit(limit))]


async def find(
    conn: AsyncConnection, tenant: Tenant, mail_id: int, *, to_change: bool = False
) -> Incoming | None:
    """Return a mail that the tenant sees, or None. With `to_change` it is held."""
    target = table(IncomingRow)
    found = _shown().where(target.c.id == mail_id, _seen_by(tenant))
    if to_change:
        found = found.with_for_update(of=target)
    row = (await conn.execute(found)).one_or_none()
    return None if row is None else Incoming(*row)


async def source(conn: AsyncConnection, tenant: Tenant, mail_id: int) -> bytes | None:
    """Return a mail as it came; None if the tenant does not see it or it was forgotten."""
    target = table(IncomingRow).c
    found = select(target.content).where(target.id == mail_id, _seen_by(tenant))
    packed = (await conn.execute(found)).scalar_one_or_none()
    return None if packed is None else decompress(packed)


async def forget_contents(conn: AsyncConnection, before: datetime, states: Collection[str]) -> int:
    """Forget the mails themselves that came before an instant; what they were and what became of them stays."""
    target = table(IncomingRow)
    old = target.c.received_at < before, target.c.content.is_not(None), target.c.state.in_(list(states))
    return (await conn.execute(update(target).where(*old).values(content=None))).rowcount
