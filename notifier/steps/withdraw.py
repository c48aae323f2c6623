"""withdraw: begin to take an approved notice back, by a notice of its own that a second person approves.

Nothing is deleted: each of its statements is retracted by a new one, and what held without it will hold again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from notifier.domain.actors import Who
from notifier.domain.callers import NATION, Tenant
from notifier.domain.law import Law
from notifier.domain.reviews import Verdict
from notifier.domain.stages import Stage, why_not
from notifier.domain.statements import Statement, resolve
from notifier.errors import NoticeRefusedError, UnknownError
from notifier.reviewing import identity_as_data
from notifier.store import audit, inbox, law, notice_records, reviews, tasks
from notifier.store.database import Connection
from notifier.tools import Tools, law_on

ISSUER = "運用担当者"
PLACE = "取下げの記録"
SUFFIX = "withdrawn"
_WITHOUT_EFFECT = frozenset({Stage.REJECTED, Stage.NOT_RELEVANT, Stage.WITHDRAWN})
"""Where a retraction stands that keeps nobody from taking the notice back (again)."""


async def withdraw(tools: Tools, notice: str, reason: str, who: Who, *, tenant: Tenant = NATION) -> str:
    """Draw up the retraction of an approved notice, ready to be reviewed; returns its id.

    Raises UnknownError if there is no such notice, NoticeRefusedError if it cannot be taken back.
    """
    now, today = tools.now(), tools.today()
    async with tools.database.transaction() as conn:
        found = await inbox.find(conn, notice, tenant)
        record = await notice_records.notice(conn, notice)
        if record is None or (found is None and not tenant.is_nation):
            raise UnknownError(
                f"{notice}: そのような文書はありません。`notifier notice list --all` で確かめてください。"
            )
        stage = found.stage if found is not None else Stage.APPROVED if record.approved_at else Stage.RECEIVED
        refused = why_not(stage, Stage.WITHDRAWN, "", str(who), reason)
        if refused:
            raise NoticeRefusedError(f"{notice}: {refused}。")
        await _refuse_twice(conn, notice)
        known = await law_on(conn, tools, today)
        said = [each for row in known.statements.values() for each in row if each.notice.id == notice]
        if not said:
            raise NoticeRefusedError(f"{notice}: この文書による記載がないため、取り下げるものがありません。")
        name = await _free_name(conn, f"{notice.replace('/', '-')}-{SUFFIX}")
        paper = replace(
            said[0].notice,
            id=name,
            title=f"「{record.title}」の取下げ",
            issuer=ISSUER,
            number="",
            issued=today,
            known_from=today,
        )
        authority = found.authority if found is not None else ""
        await law.accept_notice(conn, paper, str(who), now)
        await inbox.put(conn, name, str(who), now, authority)
        await inbox.move(conn, name, Stage.READ, str(who), now, reason)
        await reviews.begin(conn, name, identity_as_data(paper), {}, [], takes_back=notice)
        rows: list[tuple[dict[str, Any], dict[str, Any], Verdict]] = [
            ({}, each, Verdict.ADDED) for each in _retractions(known, said, name, record.title, reason)
        ]
        await reviews.add_candidates(conn, name, rows, str(who), now)
        await tasks.open_task(conn, "notice.received", f"notice/{name}", paper.title, reason, now)
        detail = {"takes_back": notice, "reason": reason}
        await audit.append(conn, now, who, "notice.withdrawal-begun", f"notice/{name}", detail)
    return name


async def _refuse_twice(conn: Connection, notice: str) -> None:
    for other in await reviews.taking_back(conn, notice):
        standing = await inbox.find(conn, other, lock=False)
        if standing is not None and standing.stage not in _WITHOUT_EFFECT:
            raise NoticeRefusedError(f"{notice}: 取下げ {other} が「{standing.stage.label}」です。")


async def _free_name(conn: Connection, wanted: str) -> str:
    known = await law.known_notices(conn)
    names = (wanted, *(f"{wanted}-{count}" for count in range(2, len(known) + 3)))
    return next(each for each in names if each not in known)


def _retractions(
    known: Law, said: Sequence[Statement], name: str, title: str, reason: str
) -> Iterator[dict[str, Any]]:
    """Yield a retraction of each statement; a duty of which nothing else speaks is withdrawn with the last of them."""
    ended: set[tuple[str, str]] = set()
    for number, each in enumerate(said, 1):
        statement: dict[str, Any] = {
            "id": f"{name}-{number}",
            "place": PLACE,
            "remark": f"「{title}」による記載を取り下げました。理由: {reason}",
            "retracts": each.id,
        }
        if each.authority:
            statement["authority"] = each.authority
        left = [other for other in known.said(each.deadline) if other not in said]
        layer = (each.deadline, each.authority)
        rest = resolve(left, [each.authority] if each.authority else [])
        if (rest is None or not rest.prevailing.speaks_of_date) and layer not in ended:
            ended.add(layer)
            statement["withdraws"] = True
        yield {"deadline": each.deadline, "statement": statement}
