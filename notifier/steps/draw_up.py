"""draw_up: what was read in a notice is kept as candidates for its reviewer; from then on it counts as read."""

from notifier.domain.actors import Who
from notifier.domain.reviews import Verdict
from notifier.domain.stages import Stage
from notifier.drafting import Draft
from notifier.errors import UnknownError
from notifier.store import audit, inbox, law, reviews
from notifier.tools import Tools


async def draw_up(tools: Tools, notice: str, drawn: Draft, who: Who) -> bool:
    """Keep what reading made of a notice of the inbox; False if that was done before, then nothing changes.

    Raises UnknownError if it is not there.
    """
    now = tools.now()
    async with tools.database.transaction() as conn:
        found = await inbox.find(conn, notice)
        if found is None:
            raise UnknownError(f"{notice}: no such notice in the inbox; `notifier notice list` names them")
        if await reviews.find(conn, notice) is not None:
            return False
        await reviews.begin(conn, notice, drawn.identity, drawn.suggested, drawn.anomalies)
        await law.name_notice(conn, notice, drawn.identity)
        rows = [(read, said, Verdict.OPEN) for read, said in drawn.candidates]
        await reviews.add_candidates(conn, notice, rows, str(who), now)
        if found.stage is Stage.RECEIVED:
            await inbox.move(conn, notice, Stage.READ, str(who), now)
            detail = {"before": found.stage.value, "after": Stage.READ.value, "candidates": len(rows)}
            await audit.append(conn, now, who, "notice.read", f"notice/{notice}", detail)
    return True
