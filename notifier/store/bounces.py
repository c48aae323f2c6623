"""Bounces in the tables: the letter or memo that came back, and the contacts that are given up."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.domain.returns import Sent
from notifier.store.database import table
from notifier.store.memos import MemoRow
from notifier.store.tables import ContactRow, DeliveryRow, LetterRow, OfficeRow

BOUNCED: Final = "bounced"
"""Why a contact is not in use: mail to it comes back. A list that names another address brings the office back."""


@dataclass(frozen=True, slots=True)
class CameBack:
    """What came back: to whom it had gone, and under which fence; `office_id` where it was about one office only."""

    recipient: str
    fence: str
    office_id: int | None = None
    authority: str = ""


async def find(conn: AsyncConnection, sent: Sent, number: int) -> CameBack | None:
    """Return the letter or memo with this id, or None."""
    if sent is Sent.MEMO:
        memo = table(MemoRow).c
        found = (
            await conn.execute(select(memo.recipient, memo.token).where(memo.id == number))
        ).one_or_none()
        return None if found is None else CameBack(*found)
    letter, delivery = table(LetterRow).c, table(DeliveryRow).c
    row = (
        await conn.execute(select(letter.recipient, letter.token).where(letter.id == number))
    ).one_or_none()
    if row is None:
        return None
    about = select(delivery.office_id, delivery.authority).where(delivery.letter_id == number).distinct()
    offices = (await conn.execute(about)).all()
    return CameBack(*row, *offices[0]) if len(offices) == 1 else CameBack(*row)


async def refuse(conn: AsyncConnection, sent: Sent, number: int, code: int | None, answer: str) -> None:
    """Write down that what the relay had taken was refused later, by the recipient's server."""
    values = {"state": "refused", "code": code, "answer": answer}
    if sent is Sent.MEMO:
        await conn.execute(update(table(MemoRow)).where(col(MemoRow.id) == number).values(**values))
        return
    done = col(LetterRow.state).in_(("accepted", "unknown", "failed"))
    await conn.execute(update(table(LetterRow)).where(col(LetterRow.id) == number, done).values(**values))
    theirs = (
        col(DeliveryRow.letter_id) == number,
        col(DeliveryRow.state).in_(("accepted", "unknown", "failed")),
    )
    await conn.execute(update(table(DeliveryRow)).where(*theirs).values(state="refused"))


async def give_up(conn: AsyncConnection, address: str) -> list[tuple[str, str]]:
    """Take an address out of use wherever it is registered; returns (office number, authority of the contact).

    What is planned for it and has not left ends as unreachable, visibly.
    """
    active = (
        col(ContactRow.address) == address,
        col(ContactRow.channel) == "email",
        col(ContactRow.active).is_(True),
    )
    found = await conn.execute(
        select(col(OfficeRow.number), col(ContactRow.authority), col(OfficeRow.municipality))
        .join(ContactRow, col(ContactRow.office_id) == col(OfficeRow.id))
        .where(*active)
        .order_by(col(OfficeRow.number))
    )
    given_up = [(row.number, row.authority or row.municipality) for row in found]
    await conn.execute(update(ContactRow).where(*active).values(active=False, reason=BOUNCED))
    planned = update(DeliveryRow).where(
        col(DeliveryRow.recipient) == address, col(DeliveryRow.state) == "planned"
    )
    await conn.execute(planned.values(state="unreachable"))
    return given_up
