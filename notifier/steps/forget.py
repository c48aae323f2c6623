"""forget: remove from feeds and endpoints what is older than it must be kept."""

from datetime import timedelta
from typing import Final

from notifier.store import audit, backlogs
from notifier.tools import Tools

KEPT: Final = timedelta(days=95)
"""Ninety days are promised; whoever was away for just as long still finds the last of them."""


async def forget(tools: Tools) -> None:
    """Forget messages that happened longer ago than KEPT, lot by lot."""
    before = tools.now() - KEPT
    more = True
    while more:
        async with tools.database.transaction() as conn:
            more = await backlogs.forget(conn, before)
            detail = {"before": before.isoformat()}
            await audit.append(conn, tools.now(), "forget", "messages.forgotten", "messages", detail)
