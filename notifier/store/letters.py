"""Letters: deliveries gathered by address, and what became of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from sqlalchemy import (
    and_,
    bindparam,
    case,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.store.database import table
from notifier.store.tables import (
    DeliveryRow,
    LetterRow,
)

FINAL = ("accepted", "refused", "failed", "unreachable", "cancelled")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one try: `state` is a letter's state; `next_try_at` counts for planned and unknown.

    A try that failed through no fault of the letter or its recipient is not `counted` among its attempts.
    """

    letter_id: int
    state: str
    code: int | None
    answer: str
    next_try_at: datetime
    subject: str = ""
    body_hash: str = ""
    counted: bool = True


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
    instant = table(LetterRow).c.created_at.type
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


async def record(conn: AsyncConnection, outcomes: Sequence[Outcome], token: str, now: datetime) -> None:
    """Record what became of letters held under `token`; outcomes of letters held by another worker change nothing."""
    if not outcomes:
        return
    letter = table(LetterRow)
    written = (
        update(letter)
        .where(letter.c.id == bindparam("letter"), letter.c.token == token)
        .values(
            state=bindparam("new_state"),
            phase=bindparam("new_phase"),
            code=bindparam("new_code"),
            answer=bindparam("new_answer"),
            next_try_at=bindparam("new_try"),
            subject=bindparam("new_subject"),
            body_hash=bindparam("new_hash"),
            finished_at=bindparam("new_finish"),
            attempts=letter.c.attempts - bindparam("uncounted"),
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
                "uncounted": 0 if each.counted else 1,
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
    letter = table(LetterRow)
    final = update(letter).where(letter.c.id == bindparam("letter"))
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
