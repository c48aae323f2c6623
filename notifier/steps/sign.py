"""sign: the reviewer vouches for what a notice is to say, and for whom: both are bound by their digests."""

from notifier.domain.actors import Who
from notifier.domain.callers import NATION, Tenant
from notifier.domain.stages import Stage, why_not
from notifier.errors import NoticeRefusedError, UnknownError
from notifier.store import audit, inbox, reviews
from notifier.store.reviews import Review, Signed
from notifier.tools import Tools


async def sign(
    tools: Tools, notice: str, seen: Review, signed: Signed, who: Who, *, tenant: Tenant = NATION
) -> None:
    """Let a notice that was read count as reviewed. `seen` is the review from which the digests were made.

    Raises UnknownError if it is not there, NoticeRefusedError if it may not go there or has changed since.
    """
    now = tools.now()
    async with tools.database.transaction() as conn:
        found = await inbox.find(conn, notice, tenant)
        review = await reviews.find(conn, notice, lock=True)
        if found is None or review is None:
            raise UnknownError(
                f"{notice}: 確認できる文書がありません。`notifier notice list` で確かめてください。"
            )
        refused = why_not(found.stage, Stage.REVIEWED, found.moved_by, str(who), "")
        if refused:
            raise NoticeRefusedError(f"{notice}: {refused}。")
        if review != seen:
            raise NoticeRefusedError(
                f"{notice}: 影響を確かめている間に内容が変わりました。もう一度確かめてください。"
            )
        await reviews.sign(conn, notice, signed, str(who), now)
        await inbox.move(conn, notice, Stage.REVIEWED, str(who), now)
        detail: dict[str, str | int] = {
            "before": found.stage.value,
            "after": Stage.REVIEWED.value,
            "reason": "",
        }
        detail |= {"content": signed.content, "audience": signed.audience, "offices": signed.offices}
        await audit.append(conn, now, who, "notice.reviewed", f"notice/{notice}", detail)
