"""Vendors: of which offices one is told, from its endpoints and its keys together."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store import endpoints, listeners
from notifier.store.database import table
from notifier.store.keys import ApiKeyRow


async def serve(conn: AsyncConnection, authority: str, vendor: str, now: datetime) -> None:
    """Let a vendor be told of the offices that its endpoints and keys that are not revoked name, and of no others."""
    listener = await listeners.listen(conn, authority, vendor, now)
    key = table(ApiKeyRow).c
    good = select(key.offices).where(
        key.authority == authority, key.vendor == vendor, key.revoked_at.is_(None)
    )
    numbers = {number for found in (await conn.execute(good)).scalars() for number in found}
    for each in await endpoints.of_listeners(conn, [listener.id]):
        numbers.update(each.wanted.offices)
    await listeners.serve(conn, listener.id, numbers)
