"""Every call with every role: nobody reads or changes what belongs to another tenant."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from shutil import copyfile

import pytest
from sqlalchemy import func, select

from notifier.store.database import table
from notifier.store.tables import AuditRow, DeliveryRow, OfficeRow
from notifier.web.api.application import ROUTES
from notifier.web.api.calls import Route
from tests.web.country import MARK, OSAKA_CITY, ROLES, STRANGER, Country, country

STRANGERS = sorted(name for name, (authority, _) in ROLES.items() if authority and name != "osaka")
"""Every role of every tenant but Osaka's."""
BODIES: dict[tuple[str, str], object] = {
    ("POST", "/approvals"): {"notice": "no-such"},
    ("PUT", "/offices/{number}/designations"): {"items": []},
    ("PATCH", "/notices/{id}/candidates/{number}"): {"verdict": "kept"},
    ("POST", "/notices/{id}/candidates"): {"deadline": "a/b", "statement": {}},
    ("POST", "/notices/{id}/reject"): {"reason": "x"},
    ("POST", "/notices/{id}/withdraw"): {"reason": "x"},
    ("POST", "/offices/{number}/contacts"): {"address": "somebody@elsewhere.example"},
    ("POST", "/calendars"): {"whose": "office", "subject": STRANGER},
    ("POST", "/endpoints/{id}/replay"): {"since": "2026-01-21T00:00:00Z"},
}
"""What a call needs to get as far as its rows; where it is not named, {} does."""


@pytest.fixture(scope="module")
async def land(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Country]:
    """A country in which nobody may get at what is Osaka's."""
    file = copyfile(sqlite_template, tmp_path_factory.mktemp("walls") / "notifier.sqlite3")
    async with country(f"sqlite+aiosqlite:///{file}") as found:
        yield found


async def foreign_of(land: Country) -> dict[str, str]:
    """Return for each name in a path what is Osaka's."""
    delivery = (await land.pages("/deliveries", "osaka", 50))[0]["id"]
    event = (await land.pages("/events", "osaka", 50))[0]["id"]
    endpoints = await land.pages("/endpoints", "osaka", 50)
    if not endpoints:
        body = {"url": "https://osaka.example/hook", "description": MARK}
        endpoints = [(await land.call("POST", "/endpoints", body, "osaka")).body]
    rows = {"/deliveries": str(delivery), "/events": str(event), "/endpoints": str(endpoints[0]["id"])}
    contact = (await land.get(f"/offices/{STRANGER}/contacts", "osaka")).items[0]
    rows |= {"/contacts": str(contact["id"]), "key": await an_import(land), "name": await a_calendar(land)}
    rows["/notices"] = await a_notice(land)
    return {"number": STRANGER, "code": OSAKA_CITY} | rows


async def a_notice(land: Country) -> str:
    """Return the id of a notice that Osaka has handed in and that is not approved."""
    known = [each["id"] for each in await land.pages("/approvals", "osaka", 50) if each["title"] == MARK]
    if known:
        return str(known[0])
    headers = {"Authorization": f"Bearer {land.keys['osaka']}", "Content-Type": "text/plain"}
    async with land.visitor.post(
        f"{land.address}/v1/notices?title={MARK}", data=MARK.encode(), headers=headers
    ) as answer:
        return str((await answer.json())["notice"])


async def a_calendar(land: Country) -> str:
    """Return the name of a calendar that Osaka has given out."""
    known = (await land.get("/calendars", "osaka")).items
    if known:
        return str(known[0]["name"])
    body = {"whose": "office", "subject": STRANGER, "label": MARK}
    return str((await land.call("POST", "/calendars", body, "osaka")).body["name"])


async def an_import(land: Country) -> str:
    """Return the key of a list that Osaka has sent and that is not looked at yet."""
    known = (await land.get("/imports", "osaka")).items
    if known:
        return str(known[0]["key"])
    headers = {"Authorization": f"Bearer {land.keys['osaka']}", "Content-Type": "text/csv"}
    async with land.visitor.post(f"{land.address}/v1/offices:import", data=b"x", headers=headers) as answer:
        return str((await answer.json())["key"])


def address_of(route: Route, foreign: dict[str, str]) -> str | None:
    """Return the address of the call for what is Osaka's; None if what stands in it belongs to nobody."""
    path = route.path.replace("/candidates/{number}", "/candidates/1")
    for name in ("number", "code", "key", "name"):
        path = path.replace(f"{{{name}}}", foreign[name])
    for noun in ("/deliveries", "/events", "/endpoints", "/contacts", "/notices"):
        if path.startswith(noun):
            path = path.replace("{id}", foreign[noun])
    return None if "{" in path else path


def anywhere(route: Route) -> str:
    """Return an address of the call, whatever stands in it."""
    return re.sub(r"\{\w+\}", "x", route.path)


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


PUBLIC = {
    "GET /deadlines/{family}/{duty}",
    "GET /deadlines/{family}/{duty}/history",
    "POST /deadlines/{family}/{duty}/preview",
}
"""What is asked for here belongs to everybody: the law."""


@pytest.mark.parametrize("route", ROUTES, ids=named)
async def test_what_is_anothers_is_neither_shown_nor_changed(land: Country, route: Route) -> None:
    foreign = await foreign_of(land)
    path = address_of(route, foreign)
    assert (path is None) == (named(route) in PUBLIC)
    if path is None:
        return
    kept = await state_of(land)
    for who in STRANGERS:
        body = BODIES.get((route.method, route.path), {}) if route.takes else None
        said = await land.call(route.method, path, body, who, If_Match="*")
        assert MARK not in said.text, who
        assert STRANGER not in said.text, who
        if path != route.path:
            assert said.status in {403, 404}, (who, said.text)
        elif route.method == "GET":
            assert said.status == 200, (who, said.text)
    assert await state_of(land) == kept


async def state_of(land: Country) -> list[object]:
    """Return what no stranger may change: Osaka's office, how many deliveries there are, how long the audit is."""
    async with land.tools.database.reading() as conn:
        office = (
            await conn.execute(select(table(OfficeRow)).where(table(OfficeRow).c.number == STRANGER))
        ).one()
        counts = [
            (await conn.execute(select(func.count()).select_from(table(each)))).scalar_one()
            for each in (DeliveryRow, AuditRow)
        ]
    return [office, *counts]


@pytest.mark.parametrize("route", [each for each in ROUTES if each.scope], ids=named)
async def test_a_key_without_the_scope_opens_nothing(land: Country, route: Route) -> None:
    path = address_of(route, await foreign_of(land)) or anywhere(route)
    if route.scope == "events:write":
        return
    said = await land.call(route.method, path, {} if route.takes else None, "narrow", If_Match="*")
    assert (said.status, said.body["code"]) == (403, "scope-missing")


@pytest.mark.parametrize("route", [each for each in ROUTES if each.roles], ids=named)
async def test_a_role_that_may_not_call_is_told_so(land: Country, route: Route) -> None:
    path = address_of(route, await foreign_of(land)) or ""
    for name, (_, role) in ROLES.items():
        said = await land.call(route.method, path, {} if route.takes else None, name, If_Match="*")
        assert (said.status == 403 and said.body["code"] == "role-may-not") == (
            role not in (route.roles or ())
        ), name


@pytest.mark.parametrize("route", ROUTES, ids=named)
async def test_without_a_key_nothing_is_shown(land: Country, route: Route) -> None:
    path = address_of(route, await foreign_of(land)) or anywhere(route)
    async with land.visitor.request(route.method, f"{land.address}/v1{path}") as answer:
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
