"""Letters: what became of them, told under the fence of whoever holds them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import blake2b
from typing import Any

from sqlalchemy import Update, bindparam, case, column, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from notifier.store.chosen import among
from notifier.store.database import table
from notifier.store.tables import DeliveryRow, LetterRow

FINAL = ("accepted", "refused", "failed", "unreachable", "cancelled")
_OUTCOME = ("state", "phase", "code", "answer", "next_try_at", "subject", "body_hash", "finished_at")


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


async def record(conn: AsyncConnection, outcomes: Sequence[Outcome], token: str, now: datetime) -> None:
    """Record what became of letters held under `token`; outcomes of letters held by another worker change nothing."""
    if not outcomes:
        return
    rows = [_columns(each, now) for each in outcomes]
    if conn.dialect.name == "postgresql":
        values = {f"all_{name}": [row[name] for row in rows] for name in rows[0]}
        await conn.execute(_recording_at_once(), values | {"fence": token})
    else:
        await conn.execute(_recording(), [row | {"fence": token} for row in rows])
    by_state: dict[str, list[int]] = {}
    for each in outcomes:
        by_state.setdefault(each.state, []).append(each.letter_id)
    for state, ids in by_state.items():
        await conn.execute(_following(), {"ids": ids, "fence": token, "new_state": state})


def _columns(outcome: Outcome, now: datetime) -> dict[str, Any]:
    return {
        "letter": outcome.letter_id,
        "new_state": outcome.state,
        "new_phase": "dot" if outcome.state == "unknown" else "",
        "new_code": outcome.code,
        "new_answer": outcome.answer,
        "new_next_try_at": outcome.next_try_at,
        "new_subject": outcome.subject,
        "new_body_hash": outcome.body_hash,
        "new_finished_at": now if outcome.state in FINAL else None,
        "uncounted": 0 if outcome.counted else 1,
    }


def _recorded(given: Callable[[str], Any]) -> Update:
    letter = table(LetterRow)
    changed = {name: given(f"new_{name}") for name in _OUTCOME}
    attempts = letter.c.attempts - given("uncounted")
    return (
        update(letter)
        .where(letter.c.id == given("letter"), letter.c.token == bindparam("fence"))
        .values(**changed, attempts=attempts, lease_until=None)
    )


def _type_of(name: str) -> TypeEngine[Any]:
    columns = table(LetterRow).c
    return columns[name.removeprefix("new_")].type if name.startswith("new_") else columns.id.type


@cache
def _recording() -> Update:
    return _recorded(lambda name: bindparam(name, type_=_type_of(name)))


@cache
def _recording_at_once() -> Update:
    """All outcomes in one statement: PostgreSQL spends more on each statement than on the change."""
    names = ["letter", *(f"new_{name}" for name in _OUTCOME), "uncounted"]
    lists = [bindparam(f"all_{name}", type_=ARRAY(_type_of(name))) for name in names]
    found = func.unnest(*lists).table_valued(
        *(column(name, _type_of(name)) for name in names), name="outcome"
    )
    found = found.render_derived()
    return _recorded(lambda name: found.c[name])


@cache
def _following() -> Update:
    """Deliveries share what becomes of their letter."""
    letter, delivery = table(LetterRow).c, table(DeliveryRow)
    mine = select(letter.id).where(among(letter.id), letter.token == bindparam("fence"))
    return (
        update(delivery)
        .where(delivery.c.letter_id.in_(mine), delivery.c.state.in_(("planned", "sending", "unknown")))
        .values(state=bindparam("new_state"))
    )


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
    delivery = table(DeliveryRow)
    of_them = update(delivery).where(among(delivery.c.letter_id)).values(state="unreachable")
    await conn.execute(of_them, {"ids": list(subjects)})


async def rescue(conn: AsyncConnection, now: datetime) -> int:
    """Free letters whose lease is over: before the dot they are planned again, after it their outcome is unknown."""
    letter = table(LetterRow)
    over = letter.c.finished_at.is_(None), letter.c.state == "claimed", letter.c.lease_until <= now
    freed = await conn.execute(
        update(letter)
        .where(*over)
        .values(
            state=case((letter.c.phase == "dot", "unknown"), else_="planned"),
            token="",
            lease_until=None,
            next_try_at=now,
        )
    )
    return freed.rowcount


async def next_try(conn: AsyncConnection) -> datetime | None:
    """Return the earliest instant at which a letter wants to be sent, or None."""
    letter = table(LetterRow).c
    waiting = letter.finished_at.is_(None), letter.state.in_(("planned", "unknown"))
    found: datetime | None = (
        await conn.execute(select(func.min(letter.next_try_at)).where(*waiting))
    ).scalar_one()
    return found
