"""Endpoints under /v1: where signed webhooks are posted, how they stand, and what is sent again."""

import secrets
from datetime import UTC, timedelta
from typing import Any, Literal

from notifier.domain.remedies import remedy
from notifier.errors import EndpointRefusedError
from notifier.steps.attach import Fresh
from notifier.store import endpoints
from notifier.store.endpoints import Wanted
from notifier.switchboard import Switchboard
from notifier.web.api.calls import JSON, MERGE, Call, Reply, Route
from notifier.web.api.endpoint_forms import (
    Answered,
    Disabling,
    Enabling,
    Endpoint,
    EndpointChange,
    EndpointPath,
    Endpoints,
    Given,
    NewEndpoint,
    Replayed,
    Replaying,
    Rotation,
    Secret,
    Standing,
    Try,
)
from notifier.web.api.fields import (
    Paging,
    page_of,
)
from notifier.web.api.problems import RefusedError, Wrong, pointer

CHANGERS = frozenset({"municipality", "prefecture", "operator", "editor"})
GROUP = "外部への通知"


def shown(found: endpoints.Endpoint) -> Endpoint:
    """Return an endpoint as it is answered."""
    return Endpoint(
        id=found.id,
        url=found.url,
        state=_STATES[found.state],
        reason=found.reason,
        types=list(found.wanted.types),
        offices=list(found.wanted.offices),
        deadlines=list(found.wanted.deadlines),
        description=found.description,
        owner=found.owner,
        in_flight=found.in_flight,
        failures=found.breaker.failures,
        resting_until=found.breaker.open_until,
        created=found.created_at,
        proved=found.proved_at,
    )


_STATES: dict[str, Literal["unproved", "enabled", "disabled"]] = {
    "unproved": "unproved",
    "enabled": "enabled",
    "disabled": "disabled",
}


def board(call: Call) -> Switchboard:
    """Return what deals with the endpoints that the caller sees."""
    exchange = call.entrance.exchange
    if exchange is None:
        raise RefusedError("unavailable")
    authority = None if call.tenant.is_nation else call.tenant.code
    return Switchboard(call.tools, exchange, secrets.token_bytes, call.actor, authority)


def _number(call: Call) -> int:
    return call.inside(EndpointPath).id


async def show_list(call: Call) -> Endpoints:
    """Answer with a page of endpoints."""
    query = call.query(Paging)
    (after,) = query.after(int) or (0,)
    found = [each for each in await board(call).every() if each.id > after]
    rows, following = page_of(found[: query.limit + 1], query.limit, lambda each: (each.id,))
    return Endpoints(items=[shown(each) for each in rows], next=following)


async def show(call: Call) -> Endpoint:
    """Answer with one endpoint."""
    return shown(await board(call).find(_number(call)))


async def show_standing(call: Call) -> Standing:
    """Answer with how an endpoint stands."""
    found = await board(call).standing(_number(call), 50)
    tries = [
        Try(
            at=each.at,
            milliseconds=each.milliseconds,
            code=each.code,
            result=each.verdict,
            answer=each.answer,
            detail="" if each.verdict == "accepted" else remedy(each.code, each.answer),
        )
        for each in found.attempts
    ]
    given_up = [
        Given(
            type=each.type,
            subject=each.subject,
            deadline=each.deadline,
            tries=each.attempts,
            at=each.finished_at,
            reason=each.problem,
        )
        for each in found.dead
    ]
    waiting, dead = found.counts["waiting"], found.counts["dead"]
    return Standing(
        endpoint=shown(found.endpoint), waiting=waiting, dead=dead, tries=tries, given_up=given_up
    )


async def add(call: Call) -> Reply:
    """Add an endpoint. Its secret is asked for by a call of its own, so that no kept answer holds it."""
    body = await call.body(NewEndpoint)
    wanted = Wanted(tuple(body.types), tuple(body.offices), tuple(body.deadlines))
    fresh = Fresh(call.tenant.code, body.url, wanted, body.description, body.owner, body.in_flight)
    try:
        added, _ = await board(call).add(fresh)
    except EndpointRefusedError as fault:
        raise _unfit(fault) from None
    return Reply(shown(added), 201, f"/v1/endpoints/{added.id}")


async def change(call: Call) -> Endpoint:
    """Change an endpoint."""
    values: dict[str, Any] = (await call.body(EndpointChange)).model_dump(exclude_unset=True)
    async with call.tools.database.together():
        found = await board(call).find(_number(call))
        call.check(shown(found))
        try:
            return shown(await board(call).amend(found.id, values))
        except EndpointRefusedError as fault:
            raise _unfit(fault) from None


def _unfit(fault: EndpointRefusedError) -> RefusedError:
    return RefusedError("endpoint-unfit", [Wrong(pointer((fault.about,)), "unfit")] if fault.about else ())


async def remove(call: Call) -> Endpoint:
    """Remove an endpoint for good; answers with what it was."""
    found = await board(call).find(_number(call))
    await board(call).remove(found.id)
    return shown(found)


async def rotate(call: Call) -> Secret:
    """Give an endpoint a new secret."""
    body = await call.body(Rotation)
    return Secret(secret=await board(call).rotate(_number(call), timedelta(hours=body.overlap_hours)))


async def enable(call: Call) -> Endpoint:
    """Post to an endpoint (again); one that is new is sent its challenge first."""
    body = await call.body(Enabling)
    try:
        found, _ = await board(call).enable(_number(call), latest_only=body.latest_only)
    except EndpointRefusedError:
        tries = (await board(call).standing(_number(call), 1)).attempts
        meant = remedy(tries[0].code, tries[0].answer) if tries else ""
        raise RefusedError("endpoint-unproved", more={"detail": meant} if meant else None) from None
    return shown(found)


async def disable(call: Call) -> Endpoint:
    """Post nothing more to an endpoint."""
    body = await call.body(Disabling)
    return shown(await board(call).disable(_number(call), body.reason))


async def ping(call: Call) -> Answered:
    """Post a test message now."""
    try:
        receipt, _ = await board(call).ping(_number(call))
    except EndpointRefusedError:
        raise RefusedError("endpoint-unproved") from None
    return Answered(accepted=receipt.verdict.value == "accepted", code=receipt.code, answer=receipt.text)


async def replay(call: Call) -> Replayed:
    """Send again what happened since an instant, or say how much that is."""
    body = await call.body(Replaying)
    since = body.since.astimezone(UTC)
    deals = board(call)
    deed = deals.count_since if body.dry_run else deals.replay
    return Replayed(count=await deed(_number(call), since))


def _deed(
    method: str, path: str, summary: str, answering: Any, answers: Any, takes: Any = None, **more: Any
) -> Route:
    return Route(
        method,
        f"/endpoints/{{id}}{path}",
        summary,
        answering,
        "endpoints:write",
        takes={} if takes is None else {JSON: takes},
        answers={200: answers},
        inside=EndpointPath,
        roles=CHANGERS,
        group=GROUP,
        **more,
    )


ROUTES = (
    Route(
        "GET",
        "/endpoints",
        "送信先の一覧（古い順）",
        show_list,
        "endpoints:read",
        answers={200: Endpoints},
        query=Paging,
        group=GROUP,
    ),
    Route(
        "POST",
        "/endpoints",
        "送信先を加える（鍵は/secretで受け取り、/enableで所有確認を受ける）",
        add,
        "endpoints:write",
        takes={JSON: NewEndpoint},
        answers={201: Endpoint},
        problems=("endpoint-unfit",),
        roles=CHANGERS,
        creates=True,
        group=GROUP,
    ),
    Route(
        "GET",
        "/endpoints/{id}",
        "送信先",
        show,
        "endpoints:read",
        answers={200: Endpoint},
        inside=EndpointPath,
        group=GROUP,
    ),
    Route(
        "GET",
        "/endpoints/{id}/standing",
        "送信先の状況（送信待ち、最近の試みと応答、断念した通知と理由）",
        show_standing,
        "endpoints:read",
        answers={200: Standing},
        inside=EndpointPath,
        group=GROUP,
    ),
    Route(
        "PATCH",
        "/endpoints/{id}",
        "送信先を変える（アドレスを変えると、所有確認からやり直す）",
        change,
        "endpoints:write",
        takes={MERGE: EndpointChange, JSON: EndpointChange},
        answers={200: Endpoint},
        problems=("endpoint-unfit",),
        inside=EndpointPath,
        roles=CHANGERS,
        guarded=True,
        group=GROUP,
    ),
    _deed("DELETE", "", "送信先を取り除く", remove, Endpoint),
    _deed("POST", "/secret", "署名の鍵を作り直して受け取る（この1回だけ示す）", rotate, Secret, Rotation),
    _deed(
        "POST",
        "/enable",
        "送信を始める、または再開する（初回は所有確認を送る）",
        enable,
        Endpoint,
        Enabling,
        problems=("endpoint-unproved",),
        queues=False,
    ),
    _deed("POST", "/disable", "送信を止める（止めている間の分は保管する）", disable, Endpoint, Disabling),
    _deed(
        "POST",
        "/ping",
        "試しに1件送り、応答を見る",
        ping,
        Answered,
        problems=("endpoint-unproved",),
        queues=False,
        cost=20,
    ),
    _deed(
        "POST", "/replay", "ある時刻からの分を再送する（dry_runでは件数だけ）", replay, Replayed, Replaying
    ),
)
