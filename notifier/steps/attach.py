"""attach: add, change and remove endpoints; each deed and its audit row in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from notifier.domain.actors import Who, actor_of
from notifier.errors import UnknownError
from notifier.store import attempts, audit, backlogs, endpoints, listeners, vendors
from notifier.store.endpoints import Endpoint, Wanted
from notifier.tools import Tools


@dataclass(frozen=True, slots=True)
class Fresh:
    """An endpoint to be added for `authority` ("": the nation), or for a vendor that it lets in for some offices."""

    authority: str
    url: str
    wanted: Wanted
    description: str
    owner: str
    in_flight: int
    vendor: str = ""


@dataclass(frozen=True, slots=True)
class Salt:
    """What makes a secret, and what tells whether it still does."""

    salt: str
    fingerprint: str


async def attach(tools: Tools, fresh: Fresh, salt: Salt, who: Who) -> Endpoint:
    """Add an endpoint, unproved; what happens from now on is kept for it. A vendor hears of the wanted offices only."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        listener = await listeners.listen(conn, fresh.authority, fresh.vendor, now)
        values = {
            "url": fresh.url,
            "types": list(fresh.wanted.types),
            "offices": list(fresh.wanted.offices),
            "deadlines": list(fresh.wanted.deadlines),
            "description": fresh.description,
            "owner": fresh.owner,
            "in_flight": fresh.in_flight,
            "salt": salt.salt,
            "fingerprint": salt.fingerprint,
            "created_at": now,
            "created_by": str(who),
        }
        number = await endpoints.add(conn, listener.id, values)
        if fresh.vendor:
            await vendors.serve(conn, fresh.authority, fresh.vendor, now)
        detail = {"url": fresh.url, "authority": fresh.authority, "vendor": fresh.vendor}
        await audit.append(
            conn, now, actor_of(who).about(fresh.authority), "endpoint.added", f"endpoint/{number}", detail
        )
        return await _found(conn, number)


async def amend(
    tools: Tools, endpoint: Endpoint, values: Mapping[str, Any], who: Who, action: str
) -> Endpoint:
    """Change columns of an endpoint; `action` names the deed in the audit."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        await endpoints.change(conn, endpoint.id, **values)
        if endpoint.vendor:
            await vendors.serve(conn, endpoint.authority, endpoint.vendor, now)
        detail = {name: value for name, value in values.items() if isinstance(value, str | int | list)}
        detail = {name: value for name, value in detail.items() if "salt" not in name}
        await audit.append(
            conn, now, actor_of(who).about(endpoint.authority), action, f"endpoint/{endpoint.id}", detail
        )
        return await _found(conn, endpoint.id)


async def resume(tools: Tools, endpoint: Endpoint, who: Who, *, latest_only: bool) -> int:
    """Let an endpoint be posted to again, with what was kept or the latest of it; returns how many were passed over."""
    now = tools.now()
    standing = {"failures": 0, "failing_since": None, "open_until": None}
    async with tools.database.transaction() as conn:
        await endpoints.change(conn, endpoint.id, state="enabled", reason="", **standing)
        passed = await backlogs.keep_latest(conn, endpoint.id, now) if latest_only else 0
        detail = {"passed_over": passed}
        await audit.append(
            conn,
            now,
            actor_of(who).about(endpoint.authority),
            "endpoint.enabled",
            f"endpoint/{endpoint.id}",
            detail,
        )
    return passed


async def detach(tools: Tools, endpoint: Endpoint, who: Who) -> None:
    """Remove an endpoint for good; what waits for it is given up."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        await endpoints.change(conn, endpoint.id, state="removed", reason="")
        await backlogs.drop(conn, endpoint.id, now)
        if endpoint.vendor:
            await vendors.serve(conn, endpoint.authority, endpoint.vendor, now)
        detail = {"url": endpoint.url}
        await audit.append(
            conn,
            now,
            actor_of(who).about(endpoint.authority),
            "endpoint.removed",
            f"endpoint/{endpoint.id}",
            detail,
        )


async def replay(tools: Tools, endpoint: Endpoint, since: datetime, who: Who) -> int:
    """Send everything since `since` (aware) once more; returns how many messages that is."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        count = await backlogs.replay(conn, endpoint, since, now)
        detail = {"since": since.isoformat(), "count": count}
        await audit.append(
            conn,
            now,
            actor_of(who).about(endpoint.authority),
            "endpoint.replayed",
            f"endpoint/{endpoint.id}",
            detail,
        )
    return count


async def keep_attempt(
    tools: Tools, endpoint: Endpoint, values: Mapping[str, Any], *, proved: bool = False
) -> None:
    """Keep a try that was asked for, a challenge or a ping; `proved`: the endpoint has answered the challenge."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        await attempts.note_attempt(conn, endpoint.id, values)
        if proved:
            await endpoints.change(conn, endpoint.id, state="enabled", reason="", proved_at=now)
            await audit.append(conn, now, "notifier", "endpoint.proved", f"endpoint/{endpoint.id}", {})


async def _found(conn: Any, number: int) -> Endpoint:
    found = await endpoints.find(conn, number)
    if found is None:
        raise UnknownError(f"endpoint {number}: it was removed meanwhile")
    return found
