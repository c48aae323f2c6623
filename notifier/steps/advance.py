"""advance: move a notice on its way (read, rejected, not relevant); each move is written down."""

from notifier.domain.actors import Who
from notifier.domain.stages import Stage, why_not
from notifier.errors import NoticeRefusedError, UnknownError
from notifier.store import audit, inbox, tasks
from notifier.tools import Tools

ENDS = frozenset({Stage.REJECTED, Stage.NOT_RELEVANT})
OWN = frozenset({Stage.REVIEWED, Stage.APPROVED, Stage.WITHDRAWN})
"""Stages that a notice reaches by a step of their own."""


async def advance(tools: Tools, notice: str, to: Stage, who: Who, reason: str = "") -> None:
    """Move a notice of the inbox to `to`; reviewing, approving and withdrawing are steps of their own.

    Raises UnknownError if it is not there, NoticeRefusedError if it may not go there.
    """
    now = tools.now()
    async with tools.database.transaction() as conn:
        found = await inbox.find(conn, notice)
        if found is None:
            raise UnknownError(f"{notice}: no such notice in the inbox; `notifier notice list` names them")
        refused = why_not(found.stage, to, found.moved_by, str(who), reason)
        if refused or to in OWN:
            raise NoticeRefusedError(f"{notice}: {refused or f'「{to.label}」にするのは別の操作です'}。")
        await inbox.move(conn, notice, to, str(who), now, reason)
        detail = {"before": found.stage.value, "after": to.value, "reason": reason}
        await audit.append(conn, now, who, f"notice.{to.value}", f"notice/{notice}", detail)
        if to in ENDS:
            await tasks.close_task(conn, "notice.received", f"notice/{notice}", str(who), now)
