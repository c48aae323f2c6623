"""Letter copies: what one letter holds, as it was sent or would be, for a tenant to read again."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, case, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.callers import Tenant
from notifier.store.claims import ClaimedItem, ClaimedLetter
from notifier.store.database import table
from notifier.store.tables import AuthorityRow, DeliveryRow, LetterRow, ObligationRow, OfficeRow, SayingRow
from notifier.store.tenants import sees_delivery


@dataclass(frozen=True, slots=True)
class Enclosed:
    """One delivery in a letter: to whom, on what, in which state."""

    delivery: int
    party: str
    office: str | None
    name: str
    deadline: str
    occurrence: int
    occasion: str
    on: date
    state: str


@dataclass(frozen=True, slots=True)
class LetterCopy:
    """A letter with what of it a tenant sees; `hidden` counts what it holds of others.

    `letter` is what composes it again: as it was first claimed (`dated`), or as it would be now. `first_tried_at` is
    None while it was never on its way; `id` is None for a delivery that is in no letter yet. `authority` is whose it is,
    "" if it holds what several have to say.
    """

    letter: ClaimedLetter
    enclosed: tuple[Enclosed, ...]
    hidden: int
    authority: str
    id: int | None
    state: str
    attempts: int
    first_tried_at: datetime | None
    next_try_at: datetime | None
    finished_at: datetime | None
    subject: str
    body_hash: str
    code: int | None
    answer: str


async def copy_of(conn: AsyncConnection, tenant: Tenant, delivery: int, now: datetime) -> LetterCopy | None:
    """Return the letter that holds the delivery with this id; None if `tenant` sees no such delivery.

    To be read with eyes that see everything, or what the letter holds of others is not counted.
    """
    target = table(DeliveryRow).c
    asked = select(target.id, target.letter_id, target.recipient, target.party).where(
        target.id == delivery, sees_delivery(tenant)
    )
    found = (await conn.execute(asked)).one_or_none()
    if found is None:
        return None
    which = target.id == delivery if found.letter_id is None else target.letter_id == found.letter_id
    rows = (await conn.execute(_held(tenant).where(which).order_by(target.id))).all()
    seen = [row for row in rows if row.is_seen]
    head = seen[0]
    letter = ClaimedLetter(
        found.letter_id or 0,
        found.recipient,
        head.gathered or found.recipient or found.party,
        head.dated or now,
        head.attempts or 0,
        tuple(_item(row) for row in seen),
        wording=head.wording_id,
    )
    whose = {row.authority for row in rows}
    return LetterCopy(
        letter,
        tuple(_enclosed(row) for row in seen),
        len(rows) - len(seen),
        whose.pop() if len(whose) == 1 else "",
        found.letter_id,
        head.letter_state or head.state,
        head.attempts or 0,
        head.dated,
        head.next_try_at if head.finished_at is None else None,
        head.finished_at,
        head.subject or "",
        head.body_hash or "",
        head.code,
        head.answer or "",
    )


def _held(tenant: Tenant) -> Select[Any]:
    delivery, saying, letter = table(DeliveryRow), table(SayingRow), table(LetterRow)
    office, authority, obligation = table(OfficeRow), table(AuthorityRow), table(ObligationRow)
    own = and_(
        obligation.c.office_id == delivery.c.office_id,
        obligation.c.deadline == saying.c.deadline,
        obligation.c.occurrence == saying.c.occurrence,
    )
    of_office, was_tried = delivery.c.office_id.is_not(None), letter.c.dated.is_not(None)
    return (
        select(
            delivery.c.id,
            delivery.c.party,
            delivery.c.state,
            delivery.c.saying_id,
            delivery.c.office_id,
            delivery.c.authority,
            case((of_office, office.c.number), else_=authority.c.code).label("number"),
            case((of_office, office.c.name), else_=authority.c.name).label("name"),
            office.c.number.label("office"),
            # What was said of the office's own share stays as it was said, whatever it did since.
            case((was_tried, delivery.c.progress), else_=obligation.c.progress).label("progress"),
            case((was_tried, delivery.c.settled_on), else_=obligation.c.settled_on).label("settled_on"),
            saying.c.content,
            saying.c.deadline,
            saying.c.occurrence,
            saying.c.occasion,
            saying.c.on,
            sees_delivery(tenant).label("is_seen"),
            letter.c.gathered,
            letter.c.wording_id,
            letter.c.dated,
            letter.c.attempts,
            letter.c.state.label("letter_state"),
            letter.c.next_try_at,
            letter.c.finished_at,
            letter.c.subject,
            letter.c.body_hash,
            letter.c.code,
            letter.c.answer,
        )
        .select_from(delivery)
        .join(saying, saying.c.id == delivery.c.saying_id)
        .outerjoin(letter, letter.c.id == delivery.c.letter_id)
        .outerjoin(office, office.c.id == delivery.c.office_id)
        .outerjoin(authority, delivery.c.party == literal("authority/") + authority.c.code)
        .outerjoin(obligation, own)
    )


def _item(row: Any) -> ClaimedItem:
    return ClaimedItem(
        row.id,
        row.saying_id,
        row.party,
        row.number or "",
        row.name or "",
        row.progress or 0,
        row.settled_on,
        row.content,
        row.office_id,
    )


def _enclosed(row: Any) -> Enclosed:
    return Enclosed(
        row.id,
        row.party,
        row.office,
        row.name or "",
        row.deadline,
        row.occurrence,
        row.occasion,
        row.on,
        row.state,
    )
