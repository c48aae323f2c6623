"""approve: a second person lets a notice speak; every deadline it touches is worked out anew before anything leaves."""

from collections.abc import Sequence

from notifier.domain.actors import Who, actor_of
from notifier.errors import NoticeRefusedError
from notifier.store import audit, inbox, law, outbox
from notifier.tools import Tools


async def approve(tools: Tools, notices: Sequence[str], who: Who) -> None:
    """Approve the accepted `notices` (ids).

    Raises StoreError if one is unknown or was accepted by the same person, NoticeRefusedError if one came into the
    inbox: that is approved as it was reviewed (`notifier.steps.enact`).
    """
    now = tools.now()
    async with tools.database.transaction() as conn:
        known = await law.known_notices(conn)
        waiting = [each for each in notices if not known.get(each, False)]
        if not waiting:
            return
        for notice in await inbox.standing(conn, waiting):
            message = f"{notice}: 受付箱の文書は、確認した内容と相手のとおりに承認します（notifier notice approve）。"
            raise NoticeRefusedError(message)
        moved = await law.approve_notices(conn, waiting, str(who), now, actor_of(who).trace)
        for notice in waiting:
            await audit.append(
                conn, now, who, "notice.approved", f"notice/{notice}", {"deadlines": list(moved)}
            )
        await outbox.enqueue(conn, "derive", now)
