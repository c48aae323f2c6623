"""Letters: deliveries gathered by address, claimed under a lease, and what became of them.

A letter's content is fixed by its deliveries once it has been claimed; what has become stale before is taken out.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

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

FINAL = ("accepted", "refused", "failed", "unreachable", "cancelled")


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
    """A letter under lease; `dated` is its Date header, the same on every try."""

    id: int
    recipient: str
    gathered: str
    dated: datetime
    attempts: int
    items: tuple[ClaimedItem, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one try: `state` is a letter's state; `next_try_at` counts for planned and unknown."""

    letter_id: int
    state: str
    code: int | None
    answer: str
    next_try_at: datetime
    subject: str = ""
    body_hash: str = ""


def key_of(letter_id: int, gathered: str) -> str:
    """Return the permanent public id of a letter: 26 signs, the same on every run with the same data."""
    number = int.from_bytes(blake2b(f"{letter_id}/{gathered}".encode(), digest_size=15).digest(), "big")
    digits = "0123456789abcdefghjkmnpqrstvwxyz"
    return "01" + "".join(digits[(number >> 5 * place) & 31] for place in reversed(range(24)))


async def gather(conn: AsyncConnection, now: datetime, run: int) -> int:
    """Gather the deliveries due by `now` into one letter per address (per party where there is none); returns how many."""
    waiting = and_(
        col(DeliveryRow.state) == "planned",
        col(DeliveryRow.letter_id).is_(None),
        col(DeliveryRow.due_at) <= now,
    )
    to = case((col(DeliveryRow.recipient) == "", col(DeliveryRow.party)), else_=col(DeliveryRow.recipient))
    instant = LetterRow.__table__.c.created_at.type  # type: ignore[attr-defined]
    source = (
        select(
            col(DeliveryRow.channel),
            col(DeliveryRow.recipient),
            to.label("gathered"),
            literal(run),
            literal("planned"),
            literal(""),
            literal(""),
            literal(0),
            literal(now, instant),
            literal(now, instant),
            literal(""),
            literal(""),
            literal(""),
        )
        .where(waiting)
        .group_by(col(DeliveryRow.channel), col(DeliveryRow.recipient), to)
        .order_by(func.min(col(DeliveryRow.id)))
    )
    names = [
        "channel",
        "recipient",
        "gathered",
        "run",
        "state",
        "phase",
        "token",
        "attempts",
        "created_at",
        "next_try_at",
    ]
    made = await conn.execute(
        insert(LetterRow).from_select([*names, "subject", "body_hash", "answer"], source)
    )
    if made.rowcount:
        letter = select(col(LetterRow.id)).where(
            col(LetterRow.run) == run,
            col(LetterRow.gathered) == to,
            col(LetterRow.channel) == col(DeliveryRow.channel),
        )
        await conn.execute(update(DeliveryRow).where(waiting).values(letter_id=letter.scalar_subquery()))
    return made.rowcount


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
        .where(col(DeliveryRow.letter_id).in_(ids), col(DeliveryRow.state) == "planned", flag)
    )


async def claim(
    conn: AsyncConnection, now: datetime, token: str, lease: timedelta, limit: int
) -> tuple[list[ClaimedLetter], list[ClaimedLetter]]:
    """Claim up to `limit` letters due by `now`; returns those to send and those that nobody can receive.

    What is stale is cancelled; a letter with nothing left is cancelled with it. Letters about a deadline whose law is
    being worked out are left for later.
    """
    wanted = (
        select(col(LetterRow.id))
        .where(col(LetterRow.state).in_(("planned", "unknown")), col(LetterRow.next_try_at) <= now)
        .order_by(col(LetterRow.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = [each for each in (await conn.execute(wanted)).scalars() if each is not None]
    if not ids:
        return [], []
    unsure = {row.letter_id for row in await conn.execute(_flagged(ids, _unsure()))}
    if unsure:
        later = (
            update(LetterRow)
            .where(col(LetterRow.id).in_(unsure))
            .values(next_try_at=now + timedelta(seconds=2))
        )
        await conn.execute(later)
    ids = [each for each in ids if each not in unsure]
    stale = [row.id for row in await conn.execute(_flagged(ids, _stale()))]
    if stale:
        await conn.execute(
            update(DeliveryRow).where(col(DeliveryRow.id).in_(stale)).values(state="cancelled")
        )
    letters = await _load(conn, ids)
    empty = sorted(set(ids) - {letter.id for letter in letters})
    if empty:
        await conn.execute(
            update(LetterRow).where(col(LetterRow.id).in_(empty)).values(state="cancelled", finished_at=now)
        )
    unreachable = [_dated(letter, now) for letter in letters if not letter.recipient]
    letters = [letter for letter in letters if letter.recipient]
    if letters:
        await conn.execute(
            update(LetterRow)
            .where(col(LetterRow.id).in_([letter.id for letter in letters]))
            .values(
                state="claimed",
                token=token,
                lease_until=now + lease,
                attempts=col(LetterRow.attempts) + 1,
                dated=func.coalesce(col(LetterRow.dated), literal(now, LetterRow.__table__.c.dated.type)),  # type: ignore[attr-defined]
            )
        )
    return [_dated(letter, now) for letter in letters], unreachable


def _dated(letter: ClaimedLetter, now: datetime) -> ClaimedLetter:
    if letter.attempts:
        return letter
    return ClaimedLetter(letter.id, letter.recipient, letter.gathered, now, 1, letter.items)


async def _load(conn: AsyncConnection, ids: Sequence[int]) -> list[ClaimedLetter]:
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
    rows = await conn.execute(
        select(
            col(LetterRow.id).label("letter_id"),
            col(LetterRow.recipient),
            col(LetterRow.gathered),
            col(LetterRow.dated),
            col(LetterRow.attempts),
            col(DeliveryRow.id).label("delivery_id"),
            col(DeliveryRow.saying_id),
            col(DeliveryRow.party),
            number.label("number"),
            name.label("name"),
            col(ObligationRow.progress),
            col(ObligationRow.settled_on),
        )
        .join(DeliveryRow, col(DeliveryRow.letter_id) == col(LetterRow.id))
        .join(SayingRow, col(SayingRow.id) == col(DeliveryRow.saying_id))
        .outerjoin(OfficeRow, col(OfficeRow.id) == col(DeliveryRow.office_id))
        .outerjoin(AuthorityRow, authority)
        .outerjoin(ObligationRow, own)
        .where(col(LetterRow.id).in_(ids), col(DeliveryRow.state).in_(("planned", "sending", "unknown")))
        .order_by(col(LetterRow.id), col(DeliveryRow.id))
    )
    found = rows.all()
    contents = await _contents(conn, {row.saying_id for row in found})
    grouped: dict[int, list[Any]] = {}
    for row in found:
        grouped.setdefault(row.letter_id, []).append(row)
    return [_letter(group, contents) for group in grouped.values()]


async def _contents(conn: AsyncConnection, ids: set[int]) -> dict[int, Mapping[str, Any]]:
    rows = await conn.execute(
        select(col(SayingRow.id), col(SayingRow.content)).where(col(SayingRow.id).in_(ids))
    )
    return {row.id: row.content for row in rows}


def _letter(rows: Sequence[Any], contents: Mapping[int, Mapping[str, Any]]) -> ClaimedLetter:
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
    return ClaimedLetter(head.letter_id, head.recipient, head.gathered, head.dated, head.attempts, items)


async def pass_gate(conn: AsyncConnection, ids: Collection[int], token: str) -> set[int]:
    """Mark the letters about to be finished on the wire; returns those that may be, the rest must not leave.

    A letter may leave if it is still held under `token` and nothing in it has become stale or unsure since the claim.
    """
    held = select(col(LetterRow.id)).where(
        col(LetterRow.id).in_(ids), col(LetterRow.token) == token, col(LetterRow.state) == "claimed"
    )
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


async def record(conn: AsyncConnection, outcomes: Sequence[Outcome], token: str, now: datetime) -> None:
    """Record what became of letters held under `token`; outcomes of letters held by another worker change nothing."""
    if not outcomes:
        return
    table = LetterRow.__table__  # type: ignore[attr-defined]
    written = (
        update(table)
        .where(table.c.id == bindparam("letter"), table.c.token == token)
        .values(
            state=bindparam("new_state"),
            phase=bindparam("new_phase"),
            code=bindparam("new_code"),
            answer=bindparam("new_answer"),
            next_try_at=bindparam("new_try"),
            subject=bindparam("new_subject"),
            body_hash=bindparam("new_hash"),
            finished_at=bindparam("new_finish"),
            lease_until=None,
        )
    )
    await conn.execute(
        written,
        [
            {
                "letter": each.letter_id,
                "new_state": each.state,
                "new_phase": "dot" if each.state == "unknown" else "",
                "new_code": each.code,
                "new_answer": each.answer,
                "new_try": each.next_try_at,
                "new_subject": each.subject,
                "new_hash": each.body_hash,
                "new_finish": now if each.state in FINAL else None,
            }
            for each in outcomes
        ],
    )
    by_state: dict[str, list[int]] = {}
    for each in outcomes:
        by_state.setdefault("planned" if each.state == "planned" else each.state, []).append(each.letter_id)
    for state, ids in by_state.items():
        mine = select(col(LetterRow.id)).where(col(LetterRow.id).in_(ids), col(LetterRow.token) == token)
        moved = update(DeliveryRow).where(
            col(DeliveryRow.letter_id).in_(mine),
            col(DeliveryRow.state).in_(("planned", "sending", "unknown")),
        )
        await conn.execute(moved.values(state=state))


async def mark_unreachable(conn: AsyncConnection, subjects: Mapping[int, str], now: datetime) -> None:
    """Record that nobody can be reached at these letters (id → subject): visible, final, nothing was sent."""
    if not subjects:
        return
    table = LetterRow.__table__  # type: ignore[attr-defined]
    final = update(table).where(table.c.id == bindparam("letter"))
    final = final.values(state="unreachable", finished_at=now, subject=bindparam("new_subject"))
    await conn.execute(
        final, [{"letter": each, "new_subject": subject} for each, subject in subjects.items()]
    )
    of_them = update(DeliveryRow).where(col(DeliveryRow.letter_id).in_(list(subjects)))
    await conn.execute(of_them.values(state="unreachable"))


async def rescue(conn: AsyncConnection, now: datetime) -> int:
    """Free letters whose lease is over: before the dot they are planned again, after it their outcome is unknown."""
    over = and_(col(LetterRow.state) == "claimed", col(LetterRow.lease_until) <= now)
    freed = await conn.execute(
        update(LetterRow)
        .where(over)
        .values(
            state=case((col(LetterRow.phase) == "dot", "unknown"), else_="planned"),
            token="",
            lease_until=None,
            next_try_at=now,
        )
    )
    return freed.rowcount


async def next_planned(conn: AsyncConnection) -> datetime | None:
    """Return the earliest instant at which a delivery wants to be gathered, or None."""
    waiting = and_(col(DeliveryRow.state) == "planned", col(DeliveryRow.letter_id).is_(None))
    found: datetime | None = (
        await conn.execute(select(func.min(col(DeliveryRow.due_at))).where(waiting))
    ).scalar_one()
    return found


async def next_try(conn: AsyncConnection) -> datetime | None:
    """Return the earliest instant at which a letter wants to be sent, or None."""
    found: datetime | None = (
        await conn.execute(
            select(func.min(col(LetterRow.next_try_at))).where(
                col(LetterRow.state).in_(("planned", "unknown"))
            )
        )
    ).scalar_one()
    return found
