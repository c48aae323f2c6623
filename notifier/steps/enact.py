"""enact: a second person lets a reviewed notice speak, as it was reviewed and for whom it was reviewed, or not at all."""

from dataclasses import dataclass
from typing import Any

from notifier.catalogue.duties import deadline_as_data
from notifier.catalogue.sources import statement_as_data
from notifier.clock import civil_date
from notifier.domain.actors import Who, actor_of
from notifier.domain.callers import NATION, Tenant
from notifier.domain.impacts import Bill
from notifier.domain.stages import Stage, why_not
from notifier.errors import NoticeRefusedError, SecondPersonError, UnknownError
from notifier.reviewing import AtHand, bill_of, content_digest
from notifier.store import audit, copies, inbox, law, outbox, reviews, tasks
from notifier.store.database import Connection
from notifier.store.inbox import Arrived
from notifier.store.law import DeadlineEntry, StatementEntry
from notifier.store.reviews import Review
from notifier.tools import Tools, law_on

CONTENT_DRIFTED = "確認の後に内容が変わりました"
AUDIENCE_DRIFTED = "確認の後に、知らせる相手が変わりました"


class DriftError(NoticeRefusedError):
    """What was reviewed is not what would be approved now; the notice is open for review again."""


class MovedError(NoticeRefusedError):
    """Offices, facts, addresses or the law moved while the audience was worked out; try again."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What the approval is bound to: the audience as worked out just now, how many offices, and the state that was seen."""

    audience: str
    offices: int
    stamp: str


async def enact(tools: Tools, notice: str, bound: Bound, who: Who, *, tenant: Tenant = NATION) -> None:
    """Approve a reviewed notice: what it says becomes law, and is worked out before anything leaves.

    Raises UnknownError if it is not there, NoticeRefusedError if it may not be approved (by `who`), MovedError if the
    audience may have changed since `bound`, DriftError if it is not what was reviewed; it is then open again.
    """
    now = tools.now()
    async with tools.database.transaction(snapshot=True) as conn:
        found = await inbox.find(conn, notice, tenant)
        review = await reviews.find(conn, notice, lock=True)
        if found is None or review is None:
            raise UnknownError(
                f"{notice}: 承認できる文書がありません。`notifier notice list` で確かめてください。"
            )
        refused = why_not(found.stage, Stage.APPROVED, review.reviewed_by or found.moved_by, str(who), "")
        if refused:
            fault = SecondPersonError if found.stage is Stage.REVIEWED else NoticeRefusedError
            raise fault(f"{notice}: {refused}。")
        if await copies.stamp(conn) != bound.stamp:
            raise MovedError(
                f"{notice}: 影響を確かめている間に登録内容が変わりました。もう一度お試しください。"
            )
        known = await law_on(conn, tools, civil_date(now))
        bill = bill_of(review, AtHand(known, tools.catalogue, found.authority))
        drifted = _drifted(review, bill, bound)
        if not drifted:
            moved = await _enact(tools, conn, review, bill, who)
            detail: dict[str, Any] = {
                "deadlines": list(moved),
                "content": review.content,
                "audience": review.audience,
            }
            detail |= {"offices": review.offices, "reviewed_by": review.reviewed_by}
            await audit.append(conn, now, who, "notice.approved", f"notice/{notice}", detail)
        else:
            await _reopen(tools, conn, found, drifted, who)
    if drifted:
        raise DriftError(f"{notice}: {drifted}。もう一度の確認が要ります。")


def _drifted(review: Review, bill: Bill, bound: Bound) -> str:
    if content_digest(bill) != review.content:
        return CONTENT_DRIFTED
    if bound.audience != review.audience:
        return f"{AUDIENCE_DRIFTED}（{review.offices}事業所 → {bound.offices}事業所）"
    return ""


async def _reopen(tools: Tools, conn: Connection, found: Arrived, reason: str, who: Who) -> None:
    now = tools.now()
    await inbox.move(conn, found.notice, Stage.READ, str(who), now, reason)
    await reviews.unsign(conn, found.notice)
    detail = {"before": found.stage.value, "after": Stage.READ.value, "reason": reason}
    await audit.append(conn, now, who, "notice.reopened", f"notice/{found.notice}", detail)


async def _enact(tools: Tools, conn: Connection, review: Review, bill: Bill, who: Who) -> list[str]:
    """Write the bill into the law; returns the deadlines that it moves."""
    now, name = tools.now(), bill.notice.id
    await law.describe_notice(conn, bill.notice, review.reviewed_by, review.reviewed_at or now)
    await law.keep_deadlines(
        conn, [DeadlineEntry(each.id, deadline_as_data(each)) for each in bill.deadlines]
    )
    entries = [
        StatementEntry(each.id, each.deadline, name, each.known_from, statement_as_data(each))
        for each in bill.statements
    ]
    await law.keep_statements(conn, entries)
    moved = await law.approve_notices(conn, [name], str(who), now, actor_of(who).trace)
    await inbox.move(conn, name, Stage.APPROVED, str(who), now)
    await tasks.close_task(conn, "notice.received", f"notice/{name}", str(who), now)
    if review.takes_back:
        await _take_back(tools, conn, review, who)
    await outbox.enqueue(conn, "derive", now)
    return list(moved)


async def _take_back(tools: Tools, conn: Connection, review: Review, who: Who) -> None:
    """Let the notice that is retracted stand as withdrawn, and what a retraction took back as approved again.

    A shipped one was never in the inbox.
    """
    now, original = tools.now(), review.takes_back
    reason = str(review.identity.get("title") or "")
    if await inbox.find(conn, original) is not None:
        await inbox.move(conn, original, Stage.WITHDRAWN, str(who), now, reason)
        retraction = await reviews.find(conn, original)
        restored = retraction.takes_back if retraction is not None else ""
        if restored and await inbox.find(conn, restored) is not None:
            await inbox.move(conn, restored, Stage.APPROVED, str(who), now, reason)
    detail = {"by": review.notice, "reason": reason}
    await audit.append(conn, now, who, "notice.withdrawn", f"notice/{original}", detail)
