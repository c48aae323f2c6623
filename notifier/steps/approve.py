"""approve: a second person lets a notice speak; every deadline it touches is worked out anew before anything leaves."""

from collections.abc import Sequence

from notifier.domain.actors import Who
from notifier.domain.stages import Stage, why_not
from notifier.errors import NoticeRefusedError
from notifier.store import audit, inbox, law, outbox, tasks
from notifier.tools import Tools


async def approve(tools: Tools, notices: Sequence[str], who: Who) -> None:
    """Approve the accepted `notices` (ids).

    Raises StoreError if one is unknown or was accepted by the same person, NoticeRefusedError if one came into the
    inbox and was not reviewed yet, or by the same person.
    """
    now = tools.now()
    async with tools.database.transaction() as conn:
        known = await law.known_notices(conn)
        waiting = [each for each in notices if not known.get(each, False)]
        if not waiting:
            return
        for notice, (stage, last) in (await inbox.standing(conn, waiting)).items():
            refused = why_not(stage, Stage.APPROVED, last, str(who), "")
            if refused:
                raise NoticeRefusedError(f"{notice}: {refused}。")
            await inbox.move(conn, notice, Stage.APPROVED, str(who), now)
            await tasks.close_task(conn, "notice.received", f"notice/{notice}", str(who), now)
        moved = await law.approve_notices(conn, waiting, str(who), now)
        for notice in waiting:
            await audit.append(
                conn, now, who, "notice.approved", f"notice/{notice}", {"deadlines": list(moved)}
            )
        await outbox.enqueue(conn, "derive", now)
