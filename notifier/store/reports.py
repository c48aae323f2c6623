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
    rows = await conn.execute(
        select(
            col(LetterRow.id),
            col(LetterRow.gathered),
            col(LetterRow.recipient),
            col(LetterRow.subject),
            col(LetterRow.channel),
            col(DeliveryRow.party),
            col(OfficeRow.number),
            col(SayingRow.content),
            col(SayingRow.deadline),
            col(SayingRow.occurrence),
            col(SayingRow.occasion),
        )
        .join(DeliveryRow, col(DeliveryRow.letter_id) == col(LetterRow.id))
        .join(SayingRow, col(SayingRow.id) == col(DeliveryRow.saying_id))
        .outerjoin(OfficeRow, col(OfficeRow.id) == col(DeliveryRow.office_id))
        .where(col(LetterRow.state).in_(_SAID), col(DeliveryRow.state).in_(_SAID))
        .order_by(col(LetterRow.id), col(DeliveryRow.id))
    )
    return [_line(row) for row in rows]


def _line(row: Any) -> dict[str, Any]:
    content = row.content
    due = content["due"]
    kind, identity = content["party"], row.number or row.party.removeprefix("authority/")
    return {
        "on": content["on"],
        "message": key_of(row.id, row.gathered),
        "to": {"kind": kind, "id": identity, "address": row.recipient or None},
        "channel": row.channel,
        "occasion": content["occasion"],
        "deadline": row.deadline,
        "rung": content["rung"],
        "due": {name: due[name] for name in ("earliest", "latest", "target", "tentative")},
        "sources": [{"notice": each["notice"], "place": each["place"]} for each in content["sources"]],
        "subject": row.subject,
    }
