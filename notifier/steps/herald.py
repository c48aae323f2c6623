"""herald: put what has happened into the feeds of those who hear of it, and plan its way to their endpoints."""

from functools import partial

from notifier.store import endpoints, feed, outbox, postings
from notifier.store.database import retrying
from notifier.tools import Tools


async def herald(tools: Tools, most: int = feed.ROUND) -> None:
    """Fan out one round of `most` messages, and ask to come back if more are left."""
    await retrying(partial(_herald, tools, most))


async def _herald(tools: Tools, most: int) -> None:
    now = tools.now()
    async with tools.database.transaction(snapshot=True) as conn:
        batch, told, more = await feed.fan_out(conn, most)
        if told:
            await postings.plan(conn, await endpoints.of_listeners(conn, told), batch, now)
        if more:
            await outbox.enqueue(conn, "herald", now)
