"""GET /v1/audit: who did what on behalf of the key's authority."""

from dataclasses import asdict
from typing import Annotated, Any

from pydantic import Field

from notifier.clock import japan_time
from notifier.store import audit_records
from notifier.store.audit_records import Wanted
from notifier.web.api.calls import Call, Route
from notifier.web.api.fields import Day, Instant, Page, Paging, Shown, Text, page_of


class AuditQuery(Paging):
    """Which rows."""

    action: Annotated[str | None, Field(pattern=r"^[a-z.-]{1,60}$", description="したこと")] = None
    subject: Annotated[Text | None, Field(max_length=200, description="対象（office/番号など）")] = None
    who: Annotated[Text | None, Field(max_length=200, description="した人")] = None
    since: Annotated[Day | None, Field(description="この日以後")] = None


class Deed(Shown, title="記録"):
    """Who did what, when, to what."""

    id: int
    at: Instant
    who: str
    origin: Annotated[str, Field(description="どこから")]
    authority: Annotated[str, Field(description="どの自治体のために。空は全国と仕組み自身。")]
    action: str
    subject: str
    detail: Annotated[dict[str, Any], Field(description="変更ではbeforeとafterに前後の値")]
    digest: Annotated[str, Field(description="前の記録とつなぐ値")]


class Deeds(Page[Deed], title="記録の一覧"):
    """Rows of the audit, the newest first."""


async def show_list(call: Call) -> Deeds:
    """Answer with a page of the audit."""
    query = call.query(AuditQuery)
    since = japan_time(query.since, 0) if query.since is not None else None
    wanted = Wanted(query.action, query.subject, query.who, since)
    (before,) = query.after(int) or (None,)
    async with call.reading() as conn:
        found = await audit_records.rows(conn, call.tenant, wanted, before, query.limit + 1)
    rows, following = page_of(found, query.limit, lambda each: (each.id,))
    return Deeds(
        items=[Deed(**asdict(each) | {"detail": dict(each.detail)}) for each in rows], next=following
    )


ROUTES = (
    Route(
        "GET",
        "/audit",
        "誰がいつ何をしたかの記録（新しい順）",
        show_list,
        "audit:read",
        answers={200: Deeds},
        query=AuditQuery,
        group="記録",
    ),
)
