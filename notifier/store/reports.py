"""Reports: what was said, line by line, as the contract on the simulation prescribes."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.store.letters import key_of
from notifier.store.tables import DeliveryRow, LetterRow, OfficeRow, SayingRow

_SAID = ("accepted", "unreachable")


async def lines(conn: AsyncConnection) -> list[dict[str, Any]]:
    """Return one object per (message, deadline) that was said, in the order of sending, keys in the contract's order."""
    said = {row.id: _said(row) async for row in await conn.stream(select(*_SAYING))}
    rows = await conn.execute(
        select(
            col(LetterRow.id),
            col(LetterRow.gathered),
            col(LetterRow.recipient),
            col(LetterRow.subject),
            col(LetterRow.channel),
            col(DeliveryRow.party),
            col(DeliveryRow.saying_id),
            col(OfficeRow.number),
        )
        .join(DeliveryRow, col(DeliveryRow.letter_id) == col(LetterRow.id))
        .outerjoin(OfficeRow, col(OfficeRow.id) == col(DeliveryRow.office_id))
        .where(col(LetterRow.state).in_(_SAID), col(DeliveryRow.state).in_(_SAID))
        .order_by(col(LetterRow.id), col(DeliveryRow.id))
    )
    return [_line(row, said[row.saying_id]) for row in rows]


_SAYING = (
    col(SayingRow.id),
    col(SayingRow.deadline),
    col(SayingRow.content),
)


def _said(row: Any) -> dict[str, Any]:
    """Return what the lines say alike of one saying; their lists are shared, its whole content is let go."""
    content = row.content
    due = content["due"]
    return {
        "on": content["on"],
        "party": content["party"],
        "occasion": content["occasion"],
        "deadline": row.deadline,
        "rung": content["rung"],
        "due": {name: due[name] for name in ("earliest", "latest", "target", "tentative")},
        "sources": [{"notice": each["notice"], "place": each["place"]} for each in content["sources"]],
    }


def _line(row: Any, said: dict[str, Any]) -> dict[str, Any]:
    identity = row.number or row.party.removeprefix("authority/")
    return {
        "on": said["on"],
        "message": key_of(row.id, row.gathered),
        "to": {"kind": said["party"], "id": identity, "address": row.recipient or None},
        "channel": row.channel,
        "occasion": said["occasion"],
        "deadline": said["deadline"],
        "rung": said["rung"],
        "due": said["due"],
        "sources": said["sources"],
        "subject": row.subject,
    }
