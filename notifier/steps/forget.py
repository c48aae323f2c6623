"""forget: remove what is older than it must be kept: messages for other systems, memos, mails that came in themselves."""

from datetime import timedelta
from typing import Final

from notifier.store import audit, backlogs, incoming, memos
from notifier.store.incoming import CLOSED, HEARD, IGNORED
from notifier.tools import Tools

KEPT: Final = timedelta(days=95)
"""Ninety days are promised; whoever was away for just as long still finds the last of them."""


async def forget(tools: Tools) -> None:
    """Forget messages that happened longer ago than KEPT, lot by lot; memos, and mails themselves, that are done with."""
    before = tools.now() - KEPT
    more = True
    while more:
        async with tools.database.transaction() as conn:
            more = await backlogs.forget(conn, before)
            detail = {"before": before.isoformat()}
            await audit.append(conn, tools.now(), "forget", "messages.forgotten", "messages", detail)
    async with tools.database.transaction() as conn:
        forgotten = await incoming.forget_contents(conn, before, [HEARD, IGNORED, CLOSED])
        if forgotten:
            await audit.append(conn, tools.now(), "forget", "mails.forgotten", "mails", {"count": forgotten})
        removed = await memos.forget(conn, before)
        if removed:
            await audit.append(conn, tools.now(), "forget", "memos.forgotten", "memos", {"count": removed})
