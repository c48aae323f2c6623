"""Previews under /v1: what would happen if a deadline were due on another day. Nothing is kept, nothing is sent."""

from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from notifier.rehearsal import what_if
from notifier.web.api.calls import Call, Route
from notifier.web.api.deadlines import DeadlinePath
from notifier.web.api.fields import AuthorityCode, Body
from notifier.web.api.problems import RefusedError, Wrong
from notifier.web.api.review_forms import ImpactShown, impact_shown

MOST_MEMBERS = 12


class Supposed(Body, title="仮の期日"):
    """What is supposed: a due day as the law as data writes it."""

    due: Annotated[
        dict[str, Any],
        Field(
            min_length=1,
            max_length=MOST_MEMBERS,
            description='期日の書き方。例: {"by": "2026-08-31"}、{"by": "2026-08-31", "tentative": true}。'
            "notifier catalogue show で見られる形と同じです。",
            examples=[{"by": "2026-08-31"}],
        ),
    ]
    authority: Annotated[
        AuthorityCode | None,
        Field(description="決める自治体（自分の団体コード）。なければ国が決めたものとして試算"),
    ] = None
    months: Annotated[int, Field(ge=1, le=12, description="何か月先までの手紙を数えるか")] = 3
    samples: Annotated[
        int, Field(ge=0, le=3, description="見本の手紙の数。宛先が見えるので、offices:readも要ります")
    ] = 0


async def preview(call: Call) -> ImpactShown:
    """Play it through on a copy in memory, with the real steps; the database is only read."""
    path, supposed = call.inside(DeadlinePath), await call.body(Supposed)
    own = call.who.authority
    if supposed.authority is not None and own and supposed.authority != own:
        raise RefusedError("another-authority")
    sees_offices = "offices:read" in call.who.scopes and call.who.may_use("offices:read")
    if supposed.samples and not sees_offices:
        raise RefusedError("scope-missing")
    try:
        impact = await what_if(
            call.tools,
            f"{path.family}/{path.duty}",
            supposed.due,
            tenant=call.tenant,
            authority=supposed.authority or "",
            months=supposed.months,
            samples=supposed.samples,
        )
    except (ValueError, KeyError, TypeError):
        raise RefusedError("body-does-not-fit", [Wrong("/due", "value")]) from None
    return impact_shown(impact if sees_offices else replace(impact, unreached=()))


ROUTES = (
    Route(
        "POST",
        "/deadlines/{family}/{duty}/preview",
        "期日がその日だったら何が起こるかの試算（何も保存せず、何も送りません）",
        preview,
        "deadlines:read",
        takes={"application/json": Supposed},
        answers={200: ImpactShown},
        problems=("another-authority", "not-found"),
        inside=DeadlinePath,
        group="期限",
        note="今日その期日が決まったとして、事業所・宛先・手紙の数を、実際と同じ手順で数えます。"
        "1回の試算には1秒ほどかかり、鍵の回数枠を多めに使います。",
        cost=100,
    ),
)
