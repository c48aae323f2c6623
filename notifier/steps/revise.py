"""revise: the reviewer says what a notice is, keeps, changes and drops candidates, and adds what the machine missed.

What was reviewed before is open again: nobody approves what another has changed since.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from notifier.domain.actors import Who
from notifier.domain.callers import NATION, Tenant
from notifier.domain.reviews import Verdict
from notifier.domain.stages import Stage
from notifier.errors import NoticeRefusedError, UnknownError
from notifier.store import audit, inbox, law, reviews
from notifier.store.reviews import Candidate, Review
from notifier.tools import Tools

REVISABLE = frozenset({Stage.READ, Stage.REVIEWED})
REOPENED = "確認の後に内容が変わったため、もう一度の確認が要ります"


@dataclass(frozen=True, slots=True)
class Revision:
    """What is to be kept: an identity, candidates as they are now (by number), further ones (said)."""

    identity: Mapping[str, Any] | None = None
    changed: tuple[Candidate, ...] = ()
    added: tuple[Mapping[str, Any], ...] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)


Revising: TypeAlias = Callable[[Review], Revision]
"""Says what is to be kept, from what is kept now; whatever it raises leaves everything as it was."""
Check: TypeAlias = Callable[[Review], None]
"""Asked inside the transaction, before anything changes: whether the caller has seen what is there now."""


async def revise(
    tools: Tools,
    notice: str,
    revising: Revising,
    who: Who,
    *,
    tenant: Tenant = NATION,
    check: Check | None = None,
) -> Review:
    """Change the review of a notice and return it as it is then.

    Raises UnknownError if there is none, NoticeRefusedError if nothing can be changed any more.
    """
    now = tools.now()
    async with tools.database.transaction() as conn:
        found = await inbox.find(conn, notice, tenant)
        review = await reviews.find(conn, notice, lock=True) if found is not None else None
        if found is None or review is None:
            raise UnknownError(
                f"{notice}: 確認できる文書がありません。`notifier notice list` で確かめてください。"
            )
        if found.stage not in REVISABLE:
            raise NoticeRefusedError(f"{notice}: 「{found.stage.label}」の文書の内容は変えられません。")
        if check is not None:
            check(review)
        revision = revising(review)
        if revision.identity is not None:
            await reviews.keep_identity(conn, notice, revision.identity)
            await law.name_notice(conn, notice, revision.identity)
        for each in revision.changed:
            kept = replace(each, changed_at=now, changed_by=str(who))
            await reviews.keep_candidate(conn, notice, kept)
        rows: list[tuple[Mapping[str, Any], Mapping[str, Any], Verdict]] = [
            ({}, said, Verdict.ADDED) for said in revision.added
        ]
        await reviews.add_candidates(conn, notice, rows, str(who), now)
        await audit.append(conn, now, who, "notice.revised", f"notice/{notice}", dict(revision.detail))
        if found.stage is Stage.REVIEWED:
            await inbox.move(conn, notice, Stage.READ, str(who), now, REOPENED)
            await reviews.unsign(conn, notice)
            detail = {"before": found.stage.value, "after": Stage.READ.value, "reason": REOPENED}
            await audit.append(conn, now, who, "notice.reopened", f"notice/{notice}", detail)
        fresh = await reviews.find(conn, notice)
    return fresh or review
