"""Claims: letters held by one worker under a lease, and the gate that they pass before they leave.

A letter's content is fixed by its deliveries once it has been claimed; what has become stale before is taken out.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.store.database import table
from notifier.store.tables import (
    AuthorityRow,
    CohortRow,
    DeadlineRow,
    DeliveryRow,
    LetterRow,
    ObligationRow,
    OfficeRow,
    SayingRow,
)

_OPEN = ("planned", "sending", "unknown")
"""States of a delivery that may still be sent, or sent again."""

MAY_HAVE_ARRIVED = "届いたかどうか不明です。その後に内容が変わったため、再送していません。"
"""What stands in place of the relay's answer for a letter that is not sent again."""


@dataclass(frozen=True, slots=True)
class ClaimedItem:
    """One delivery in a claimed letter."""

    delivery_id: int
    saying_id: int
    party: str
    number: str
    name: str
    progress: int
    settled_on: Any
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ClaimedLetter:
    """A letter under lease; `dated` is its Date header, the same on every try.

    `attempts` counts this try. `is_repeat` marks one that may have been sent before: it says the same again.
    """

    id: int
    recipient: str
    gathered: str
    dated: datetime
    attempts: int
    items: tuple[ClaimedItem, ...]
    is_repeat: bool = False


def _stale() -> ColumnElement[bool]:
    """Deliveries that the law, or the office's own facts, no longer support.

    An acknowledgement reports what was recorded and stays true; a change is told to those who settled it, too.
    """
    current = exists().where(
        col(ObligationRow.office_id) == col(DeliveryRow.office_id),
        col(ObligationRow.deadline) == col(SayingRow.deadline),
        col(ObligationRow.occurrence) == col(SayingRow.occurrence),
        col(ObligationRow.cohort_id) == col(SayingRow.cohort_id),
        or_(col(SayingRow.occasion) == "change", col(ObligationRow.settled_on).is_(None)),
    )
    superseded = and_(
        col(SayingRow.cohort_id) != 0,
        exists().where(
            col(CohortRow.id) == col(SayingRow.cohort_id),
            col(CohortRow.generation) != col(SayingRow.generation),
        ),
    )
    gone = and_(col(DeliveryRow.office_id).is_not(None), ~current)
    return and_(col(SayingRow.occasion) != "acknowledgement", or_(superseded, gone))


def _unsure() -> ColumnElement[bool]:
    """Deliveries about a deadline whose law has moved and has not been worked out yet: they wait."""
    return exists().where(
        col(DeadlineRow.id) == col(SayingRow.deadline),
        col(DeadlineRow.generation) != col(DeadlineRow.derived),
    )


def _flagged(ids: Collection[int], flag: ColumnElement[bool]) -> Any:
    return (
        select(col(DeliveryRow.id), col(DeliveryRow.letter_id))
        .join(SayingRow, col(SayingRow.id) == col(DeliveryRow.saying_id))
        .where(col(DeliveryRow.letter_id).in_(ids), col(DeliveryRow.state).in_(_OPEN), flag)
    )


async def claim(
    conn: AsyncConnection, now: datetime, token: str, lease: timedelta, limit: int
) -> tuple[list[ClaimedLetter], list[ClaimedLetter]]:
    """Claim up to `limit` letters due by `now`; returns those to send and those that nobody can receive.

    What is stale is cancelled; a letter with nothing left is cancelled with it. A letter that may have been sent
    already is not sent again once a part of it is stale. Letters about a deadline whose law is being worked out are
    left for later.
    """
    wanted = (
        select(col(LetterRow.id), col(LetterRow.state))
        .where(col(LetterRow.state).in_(("planned", "unknown")), col(LetterRow.next_try_at) <= now)
        .order_by(col(LetterRow.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    due = {row.id: row.state for row in await conn.execute(wanted)}
    if not due:
        return [], []
    ids = list(due)
    unsure = {row.letter_id for row in await conn.execute(_flagged(ids, _unsure()))}
    if unsure:
        later = (
            update(LetterRow)
            .where(col(LetterRow.id).in_(unsure))
            .values(next_try_at=now + timedelta(seconds=2))
        )
        await conn.execute(later)
    ids = [each for each in ids if each not in unsure]
    stale = (await conn.execute(_flagged(ids, _stale()))).all()
    given_up = {row.letter_id for row in stale if due[row.letter_id] == "unknown"}
    await _give_up(conn, given_up, now)
    ids = [each for each in ids if each not in given_up]
    cancelled = [row.id for row in stale if row.letter_id not in given_up]
    if cancelled:
        await conn.execute(
            update(DeliveryRow).where(col(DeliveryRow.id).in_(cancelled)).values(state="cancelled")
        )
    letters = await _load(conn, ids, now)
    empty = sorted(set(ids) - {letter.id for letter in letters})
    if empty:
        await conn.execute(
            update(LetterRow).where(col(LetterRow.id).in_(empty)).values(state="cancelled", finished_at=now)
        )
    unreachable = [letter for letter in letters if not letter.recipient]
    letters = [letter for letter in letters if letter.recipient]
    if letters:
        await _keep_own_values(conn, letters)
        await conn.execute(
            update(LetterRow)
            .where(col(LetterRow.id).in_([letter.id for letter in letters]))
            .values(
                state="claimed",
                token=token,
                lease_until=now + lease,
                attempts=col(LetterRow.attempts) + 1,
                dated=func.coalesce(col(LetterRow.dated), literal(now, table(LetterRow).c.dated.type)),
            )
        )
    return letters, unreachable


async def _give_up(conn: AsyncConnection, ids: Collection[int], now: datetime) -> None:
    """Leave it at one try for letters that may have arrived: sent again they would say what no longer holds."""
    if not ids:
        return
    final = {"state": "failed", "answer": MAY_HAVE_ARRIVED, "finished_at": now}
    await conn.execute(update(LetterRow).where(col(LetterRow.id).in_(ids)).values(final))
    of_them = update(DeliveryRow).where(
        col(DeliveryRow.letter_id).in_(ids), col(DeliveryRow.state).in_(_OPEN)
    )
    await conn.execute(of_them.values(state="failed"))


async def _keep_own_values(conn: AsyncConnection, letters: Sequence[ClaimedLetter]) -> None:
    """Keep what these letters say of the offices' own share, where there is anything, for a repeat."""
    said = [
        {"delivery": item.delivery_id, "said_progress": item.progress, "said_settled_on": item.settled_on}
        for letter in letters
        for item in letter.items
        if not letter.is_repeat and (item.progress or item.settled_on)
    ]
    if said:
        delivery = table(DeliveryRow)
        kept = update(delivery).where(delivery.c.id == bindparam("delivery"))
        values: dict[str, Any] = {
            "progress": bindparam("said_progress"),
            "settled_on": bindparam("said_settled_on"),
        }
        await conn.execute(kept.values(values), said)


async def _load(conn: AsyncConnection, ids: Sequence[int], now: datetime) -> list[ClaimedLetter]:
    number = case(
        (col(DeliveryRow.office_id).is_not(None), col(OfficeRow.number)), else_=col(AuthorityRow.code)
    )
    name = case((col(DeliveryRow.office_id).is_not(None), col(OfficeRow.name)), else_=col(AuthorityRow.name))
    authority = col(DeliveryRow.party) == literal("authority/") + col(AuthorityRow.code)
    own = and_(
        col(ObligationRow.office_id) == col(DeliveryRow.office_id),
        col(ObligationRow.deadline) == col(SayingRow.deadline),
        col(ObligationRow.occurrence) == col(SayingRow.occurrence),
    )
    repeated = col(LetterRow.state) == "unknown"
    rows = await conn.execute(
        select(
            col(LetterRow.id).label("letter_id"),
            col(LetterRow.recipient),
            col(LetterRow.gathered),
            col(LetterRow.dated),
            col(LetterRow.attempts),
            col(LetterRow.state),
            col(DeliveryRow.id).label("delivery_id"),
            col(DeliveryRow.saying_id),
            col(DeliveryRow.party),
            number.label("number"),
            name.label("name"),
            case((repeated, col(DeliveryRow.progress)), else_=col(ObligationRow.progress)).label("progress"),
            case((repeated, col(DeliveryRow.settled_on)), else_=col(ObligationRow.settled_on)).label(
                "settled_on"
            ),
        )
        .join(DeliveryRow, col(DeliveryRow.letter_id) == col(LetterRow.id))
        .join(SayingRow, col(SayingRow.id) == col(DeliveryRow.saying_id))
        .outerjoin(OfficeRow, col(OfficeRow.id) == col(DeliveryRow.office_id))
        .outerjoin(AuthorityRow, authority)
        .outerjoin(ObligationRow, own)
        .where(col(LetterRow.id).in_(ids), col(DeliveryRow.state).in_(_OPEN))
        .order_by(col(LetterRow.id), col(DeliveryRow.id))
    )
    found = rows.all()
    contents = await _contents(conn, {row.saying_id for row in found})
    grouped: dict[int, list[Any]] = {}
    for row in found:
        grouped.setdefault(row.letter_id, []).append(row)
    return [_letter(group, contents, now) for group in grouped.values()]


async def _contents(conn: AsyncConnection, ids: set[int]) -> dict[int, Mapping[str, Any]]:
    rows = await conn.execute(
        select(col(SayingRow.id), col(SayingRow.content)).where(col(SayingRow.id).in_(ids))
    )
    return {row.id: row.content for row in rows}


def _letter(rows: Sequence[Any], contents: Mapping[int, Mapping[str, Any]], now: datetime) -> ClaimedLetter:
    items = tuple(
        ClaimedItem(
            row.delivery_id,
            row.saying_id,
            row.party,
            row.number or "",
            row.name or "",
            row.progress or 0,
            row.settled_on,
            contents[row.saying_id],
        )
        for row in rows
    )
    head = rows[0]
    return ClaimedLetter(
        head.letter_id,
        head.recipient,
        head.gathered,
        head.dated or now,
        head.attempts + 1,
        items,
        is_repeat=head.state == "unknown",
    )


async def pass_gate(conn: AsyncConnection, ids: Collection[int], token: str) -> set[int]:
    """Mark the letters about to be finished on the wire; returns those that may be, the rest must not leave.

    A letter may leave if it is still held under `token`, its recipient still wants it, and nothing in it has become
    stale or unsure since the claim.
    """
    something = exists().where(
        col(DeliveryRow.letter_id) == col(LetterRow.id), col(DeliveryRow.state).in_(_OPEN)
    )
    mine = and_(col(LetterRow.token) == token, col(LetterRow.state) == "claimed")
    held = select(col(LetterRow.id)).where(col(LetterRow.id).in_(ids), mine, something).with_for_update()
    allowed = {each for each in (await conn.execute(held)).scalars() if each is not None}
    barred = {row.letter_id for row in await conn.execute(_flagged(allowed, or_(_stale(), _unsure())))}
    allowed -= barred
    if allowed:
        await conn.execute(update(LetterRow).where(col(LetterRow.id).in_(allowed)).values(phase="dot"))
        sending = update(DeliveryRow).where(
            col(DeliveryRow.letter_id).in_(allowed), col(DeliveryRow.state) == "planned"
        )
        await conn.execute(sending.values(state="sending"))
    return allowed
