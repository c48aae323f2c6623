"""Claims: letters held by one worker under a lease, and the gate that they pass before they leave.

A letter's content is fixed by its deliveries once it has been claimed; what has become stale before is taken out.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Update,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.chosen import among
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
    office_id: int | None = None


@dataclass(frozen=True, slots=True)
class ClaimedLetter:
    """A letter under lease; `dated` is its Date header, the same on every try.

    `attempts` counts this try. `is_repeat` marks one that may have been sent before: it says the same again. `wording`
    is the version of an authority's templates by which it is written, None as shipped.
    """

    id: int
    recipient: str
    gathered: str
    dated: datetime
    attempts: int
    items: tuple[ClaimedItem, ...]
    is_repeat: bool = False
    wording: int | None = None


def _stale() -> ColumnElement[bool]:
    """Deliveries that the law, or the office's own facts, no longer support.

    An acknowledgement reports what was recorded and stays true; a change is told to those who settled it, too.
    """
    obligation, cohort = table(ObligationRow).alias("held"), table(CohortRow).alias("meant")
    saying, delivery = table(SayingRow).c, table(DeliveryRow).c
    current = exists().where(
        obligation.c.office_id == delivery.office_id,
        obligation.c.deadline == saying.deadline,
        obligation.c.occurrence == saying.occurrence,
        obligation.c.cohort_id == saying.cohort_id,
        or_(saying.occasion == "change", obligation.c.settled_on.is_(None)),
    )
    superseded = and_(
        saying.cohort_id != 0,
        exists().where(cohort.c.id == saying.cohort_id, cohort.c.generation != saying.generation),
    )
    gone = and_(delivery.office_id.is_not(None), ~current)
    return and_(saying.occasion != "acknowledgement", or_(superseded, gone))


def _unsure() -> ColumnElement[bool]:
    """Deliveries about a deadline whose law has moved and has not been worked out yet: they wait."""
    deadline, moved = table(DeadlineRow).c, table(DeadlineRow).c.generation != table(DeadlineRow).c.derived
    return table(SayingRow).c.deadline.in_(select(deadline.id).where(moved))


async def claim(
    conn: AsyncConnection, now: datetime, token: str, lease: timedelta, limit: int
) -> tuple[list[ClaimedLetter], list[ClaimedLetter]]:
    """Claim up to `limit` letters due by `now`; returns those to send and those that nobody can receive.

    What is stale is cancelled; a letter with nothing left is cancelled with it. A letter that may have been sent
    already is not sent again once a part of it is stale. Letters about a deadline whose law is being worked out are
    left for later.
    """
    ids: list[int] = list((await conn.execute(_due(), {"by": now, "most": limit})).scalars())
    if not ids:
        return [], []
    found = (await conn.execute(_contained(), {"ids": ids})).all()
    unsure = {row.letter_id for row in found if row.is_unsure}
    await _put_off(conn, unsure, now)
    stale = [row for row in found if row.is_stale and row.letter_id not in unsure]
    given_up = {row.letter_id for row in stale if row.state == "unknown"}
    await _give_up(conn, given_up, now)
    aside = unsure | given_up
    await _cancel(conn, [row.delivery_id for row in stale if row.letter_id not in aside])
    valid = [row for row in found if not row.is_stale and row.letter_id not in aside]
    letters = await _composed_of(conn, valid, now)
    await _cancel_letters(conn, set(ids) - aside - {letter.id for letter in letters}, now)
    to_send = [letter for letter in letters if letter.recipient]
    if to_send:
        await _keep_own_values(conn, to_send)
        held = {"ids": [letter.id for letter in to_send], "holder": token, "until": now + lease, "first": now}
        await conn.execute(_holding(), held)
    return to_send, [letter for letter in letters if not letter.recipient]


@cache
def _due() -> Select[int]:
    letter = table(LetterRow).c
    return (
        select(letter.id)
        .where(
            letter.finished_at.is_(None),
            letter.state.in_(("planned", "unknown")),
            letter.next_try_at <= bindparam("by", type_=letter.next_try_at.type),
        )
        .order_by(letter.next_try_at, letter.id)
        .limit(bindparam("most", type_=Integer()))
        .with_for_update(skip_locked=True)
    )


async def _put_off(conn: AsyncConnection, ids: Collection[int], now: datetime) -> None:
    """Let letters wait until the law they speak of has been worked out."""
    if ids:
        letter = table(LetterRow)
        later = update(letter).where(among(letter.c.id)).values(next_try_at=now + timedelta(seconds=2))
        await conn.execute(later, {"ids": list(ids)})


async def _give_up(conn: AsyncConnection, ids: Collection[int], now: datetime) -> None:
    """Leave it at one try for letters that may have arrived: sent again they would say what no longer holds."""
    if ids:
        letter, delivery = table(LetterRow), table(DeliveryRow)
        final = {"state": "failed", "answer": MAY_HAVE_ARRIVED, "finished_at": now}
        await conn.execute(update(letter).where(among(letter.c.id)).values(final), {"ids": list(ids)})
        of_them = update(delivery).where(among(delivery.c.letter_id), delivery.c.state.in_(_OPEN))
        await conn.execute(of_them.values(state="failed"), {"ids": list(ids)})


async def _cancel(conn: AsyncConnection, ids: Sequence[int]) -> None:
    if ids:
        delivery = table(DeliveryRow)
        cancelled = update(delivery).where(among(delivery.c.id)).values(state="cancelled")
        await conn.execute(cancelled, {"ids": ids})


async def _cancel_letters(conn: AsyncConnection, ids: Collection[int], now: datetime) -> None:
    if ids:
        letter = table(LetterRow)
        cancelled = update(letter).where(among(letter.c.id)).values(state="cancelled", finished_at=now)
        await conn.execute(cancelled, {"ids": list(ids)})


@cache
def _holding() -> Update:
    letter = table(LetterRow)
    instant = letter.c.dated.type
    return (
        update(letter)
        .where(among(letter.c.id))
        .values(
            state="claimed",
            token=bindparam("holder"),
            lease_until=bindparam("until", type_=instant),
            attempts=letter.c.attempts + 1,
            dated=func.coalesce(letter.c.dated, bindparam("first", type_=instant)),
        )
    )


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


@cache
def _contained() -> Select[tuple[Any, ...]]:
    """Everything in the chosen letters, and what of it may not be said (any more, or yet)."""
    letter, delivery, saying = table(LetterRow), table(DeliveryRow), table(SayingRow)
    office, authority, obligation = table(OfficeRow), table(AuthorityRow), table(ObligationRow)
    of_office = delivery.c.office_id.is_not(None)
    repeated = letter.c.state == "unknown"
    own = and_(
        obligation.c.office_id == delivery.c.office_id,
        obligation.c.deadline == saying.c.deadline,
        obligation.c.occurrence == saying.c.occurrence,
    )
    return (
        select(
            letter.c.id.label("letter_id"),
            letter.c.recipient,
            letter.c.gathered,
            letter.c.dated,
            letter.c.attempts,
            letter.c.state,
            letter.c.wording_id,
            delivery.c.id.label("delivery_id"),
            delivery.c.saying_id,
            delivery.c.party,
            delivery.c.office_id,
            case((of_office, office.c.number), else_=authority.c.code).label("number"),
            case((of_office, office.c.name), else_=authority.c.name).label("name"),
            case((repeated, delivery.c.progress), else_=obligation.c.progress).label("progress"),
            case((repeated, delivery.c.settled_on), else_=obligation.c.settled_on).label("settled_on"),
            _stale().label("is_stale"),
            _unsure().label("is_unsure"),
        )
        .join(delivery, delivery.c.letter_id == letter.c.id)
        .join(saying, saying.c.id == delivery.c.saying_id)
        .outerjoin(office, office.c.id == delivery.c.office_id)
        .outerjoin(authority, delivery.c.party == literal("authority/") + authority.c.code)
        .outerjoin(obligation, own)
        .where(among(letter.c.id), delivery.c.state.in_(_OPEN))
        .order_by(letter.c.next_try_at, letter.c.id, delivery.c.id)
    )


async def _composed_of(conn: AsyncConnection, rows: Sequence[Any], now: datetime) -> list[ClaimedLetter]:
    contents = await _contents(conn, {row.saying_id for row in rows})
    grouped: dict[int, list[Any]] = {}
    for row in rows:
        grouped.setdefault(row.letter_id, []).append(row)
    return [_letter(group, contents, now) for group in grouped.values()]


async def _contents(conn: AsyncConnection, ids: set[int]) -> dict[int, Mapping[str, Any]]:
    rows = await conn.execute(_content(), {"ids": sorted(ids)})
    return {row.id: row.content for row in rows}


@cache
def _content() -> Select[tuple[int, Mapping[str, Any]]]:
    saying = table(SayingRow).c
    return select(saying.id, saying.content).where(among(saying.id))


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
            row.office_id,
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
        wording=head.wording_id,
    )


async def pass_gate(conn: AsyncConnection, ids: Collection[int], token: str) -> set[int]:
    """Mark the letters about to be finished on the wire; returns those that may be, the rest must not leave.

    A letter may leave if it is still held under `token`, its recipient still wants it, and nothing in it has become
    stale or unsure since the claim.
    """
    passed = await conn.execute(_passing(), {"ids": list(ids), "holder": token})
    allowed = list(passed.scalars())
    if allowed:
        await conn.execute(_leaving(), {"ids": allowed})
    return set(allowed)


@cache
def _passing() -> Update:
    letter, delivery, saying = table(LetterRow), table(DeliveryRow), table(SayingRow)
    inside = delivery.c.letter_id == letter.c.id, delivery.c.state.in_(_OPEN)
    something = select(literal(1)).select_from(delivery).where(*inside).correlate(letter)
    barred = (
        select(literal(1))
        .select_from(delivery)
        .join(saying, saying.c.id == delivery.c.saying_id)
        .where(*inside, or_(_stale(), _unsure()))
        .correlate(letter)
    )
    held = letter.c.token == bindparam("holder"), letter.c.state == "claimed"
    return (
        update(letter)
        .where(among(letter.c.id), *held, exists(something), ~exists(barred))
        .values(phase="dot")
        .returning(letter.c.id)
    )


@cache
def _leaving() -> Update:
    delivery = table(DeliveryRow)
    return (
        update(delivery)
        .where(among(delivery.c.letter_id), delivery.c.state == "planned")
        .values(state="sending")
    )
