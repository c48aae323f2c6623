"""What every call of the API has in common, tried on a shop of our own with one shelf of things."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from shutil import copyfile
from typing import Annotated, Any

import pytest
from aiohttp import ClientSession, DummyCookieJar, web
from pydantic import Field, SecretStr
from sqlalchemy import func, insert, select

from notifier.clock import TurnedClock, japan_time
from notifier.keyring import Keyring, WantedKey
from notifier.reception import Reception
from notifier.service import Service
from notifier.settings import Settings
from notifier.store.database import table
from notifier.store.tables import SequenceRow
from notifier.web.api.application import make_api
from notifier.web.api.calls import JSON, MERGE, Call, Entrance, Reply, Route
from notifier.web.api.fields import Body, Day, Inside, Name, Page, Paging, RowNumber, Shown, Text, page_of
from notifier.web.api.problems import RefusedError
from notifier.web.api.rates import Rates
from notifier.web.api.turns import CrowdError, Turns
from notifier.web.tracing import identify

KEPT = {"name": "壱"}


class Thing(Shown, title="もの"):
    """One thing."""

    number: int
    name: str


class Things(Page[Thing], title="ものの一覧"):
    """Things."""


class ThingPath(Inside):
    """Which thing."""

    number: RowNumber


class ThingQuery(Paging):
    """Which things."""

    since: Annotated[Day | None, Field(description="この日から")] = None


class Wanted(Body, title="作るもの"):
    """A thing to be."""

    name: Annotated[Text, Field(max_length=10)]
    on: Day | None = None
    sizes: dict[Name, int] = Field(default_factory=dict)


async def make(call: Call) -> Reply:
    wanted = await call.body(Wanted)
    async with call.tools.database.transaction() as conn:
        count = (await conn.execute(select(func.count()).select_from(table(SequenceRow)))).scalar_one()
        await conn.execute(insert(table(SequenceRow)).values(name=f"thing {count}", value=count))
    if wanted.name == "断る":
        raise RefusedError("not-possible")
    return Reply(Thing(number=count, name=wanted.name), 201, f"/v1/things/{count}")


async def show_list(call: Call) -> Things:
    query = call.query(ThingQuery)
    first = (query.after(int) or (0,))[0]
    rows, following = page_of(range(first + 1, 8), query.limit, lambda each: (each,))
    return Things(items=[Thing(number=each, name="") for each in rows], next=following)


async def show(call: Call) -> Thing:
    return Thing(number=call.inside(ThingPath).number, name=KEPT["name"])


async def change(call: Call) -> Thing:
    wanted = await call.body(Wanted)
    call.check(await show(call))
    KEPT["name"] = wanted.name
    return await show(call)


async def fail(_: Call) -> Thing:
    raise RuntimeError("secret")


ROUTES = (
    Route("POST", "/things", "作る", make, "offices:write", {JSON: Wanted}, {201: Thing}, creates=True),
    Route("GET", "/things", "一覧", show_list, "offices:read", answers={200: Things}, query=ThingQuery),
    Route("GET", "/things/{number}", "1件", show, "offices:read", answers={200: Thing}, inside=ThingPath),
    Route(
        "PATCH",
        "/things/{number}",
        "変える",
        change,
        "offices:write",
        {MERGE: Wanted, JSON: Wanted},
        {200: Thing},
        inside=ThingPath,
        guarded=True,
    ),
    Route("GET", "/failing", "失敗", fail, "", answers={200: Thing}, roles=frozenset({"editor"})),
)


@dataclass
class Shop:
    """A service, the address of its things, and keys."""

    service: Service
    clock: TurnedClock
    address: str
    visitor: ClientSession
    keys: Mapping[str, str]
    rates: Rates = field(default_factory=Rates)

    async def call(
        self, method: str, path: str, body: Any = None, who: str = "editor", **headers: str
    ) -> tuple[int, Any, Mapping[str, str]]:
        """Call; returns status, JSON and headers. A body goes as JSON unless a Content-Type is given."""
        sent = {"Authorization": f"Bearer {self.keys.get(who, who)}"} if who else {}
        if body is not None:
            sent["Content-Type"] = JSON
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        async with self.visitor.request(method, self.address + path, data=data, headers=sent) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else None, answer.headers

    async def count(self) -> int:
        async with self.service.database.reading() as conn:
            made = table(SequenceRow).c.name.like("thing %")
            return int((await conn.execute(select(func.count()).where(made))).scalar_one())


@pytest.fixture
async def shop(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop with its door open."""
    file = copyfile(sqlite_template, tmp_path / "notifier.sqlite3")
    settings = Settings(
        database_url=SecretStr(f"sqlite+aiosqlite:///{file}"), secret_key=SecretStr("k" * 32), http_port=0
    )
    clock = TurnedClock(japan_time(date(2026, 1, 21), 10))
    KEPT["name"] = "壱"
    async with (
        Service.open(settings, clock=clock) as service,
        ClientSession(cookie_jar=DummyCookieJar()) as visitor,
    ):
        scopes = ("offices:read", "offices:write")
        keys = {
            "editor": await service.create_key(WantedKey("", "editor", scopes, "e")),
            "city": await service.create_key(WantedKey("121002", "municipality", scopes, "c")),
            "narrow": await service.create_key(WantedKey("", "editor", ("events:write",), "n")),
        }
        entrance = Entrance(
            Reception(service.tools), Keyring(service.tools), service.tools.now, Rates(1, 40, lambda: 0.0)
        )
        application = web.Application(middlewares=[identify])
        application.add_subapp("/v1", make_api(entrance, ROUTES))
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            port = runner.addresses[0][1]
            yield Shop(service, clock, f"http://127.0.0.1:{port}/v1", visitor, keys)
        finally:
            await runner.cleanup()


# ---- addresses, methods, media types ----


async def test_what_the_address_asks_for_must_be_declared_and_fit(shop: Shop) -> None:
    for asked, place in (("?limit=0", "limit"), ("?limit=x", "limit"), ("?since=20260101", "since")):
        status, said, _ = await shop.call("GET", f"/things{asked}")
        assert (status, said["code"]) == (422, "wrong-parameters")
        assert [(each["in"], each["name"]) for each in said["errors"]] == [("query", place)]
    status, said, _ = await shop.call("GET", "/things?secret=1&limit=3&limit=4")
    assert (status, "secret" in json.dumps(said)) == (422, False)
    assert [each["code"] for each in said["errors"]] == ["unknown", "repeated"]
    for number in ("0", "x", "99999999999"):
        assert (await shop.call("GET", f"/things/{number}"))[0] == 404


async def test_head_answers_like_get_without_a_body_and_other_methods_are_named(shop: Shop) -> None:
    status, body, headers = await shop.call("HEAD", "/things/1")
    got = await shop.call("GET", "/things/1")
    assert (status, body, headers["ETag"]) == (200, None, got[2]["ETag"])
    assert headers["Content-Length"] == got[2]["Content-Length"]
    status, said, headers = await shop.call("DELETE", "/things/1")
    assert (status, said["code"], headers["Allow"]) == (405, "method-not-allowed", "GET,HEAD,PATCH")


async def test_the_media_types_are_those_that_are_declared(shop: Shop) -> None:
    assert (await shop.call("GET", "/things", Accept="text/html"))[0] == 406
    assert (await shop.call("GET", "/things", Accept="application/json;q=0, */*"))[0] == 406
    assert (await shop.call("POST", "/things", b"{}", Content_Type="text/plain"))[0] == 415
    status, _, headers = await shop.call("PATCH", "/things/1", b"{}", Content_Type="text/plain", If_Match="*")
    assert (status, headers["Accept-Patch"]) == (415, f"{MERGE}, {JSON}")


async def test_a_list_is_read_page_by_page_and_a_cursor_of_another_list_is_refused(shop: Shop) -> None:
    found: list[int] = []
    asked: str | None = "/things?limit=3"
    while asked is not None:
        _, said, _ = await shop.call("GET", asked)
        found += [each["number"] for each in said["items"]]
        asked = said["next"] and f"/things?limit=3&cursor={said['next']}"
    assert found == [1, 2, 3, 4, 5, 6, 7]
    for wrong in ("WyJhIl0", "WzEsMl0", "W10", "!", "WzEyMzQ1Njc4OTAxMl0", "あ"):
        status, said, _ = await shop.call("GET", f"/things?cursor={wrong}")
        assert (wrong, status, said["code"]) == (wrong, 404, "no-such-page")
    assert (await shop.call("GET", f"/things?cursor={'W' * 601}"))[0] == 422


# ---- bodies ----


@pytest.mark.parametrize(
    "body, places",
    [
        ({"name": 1}, [("/name", "string_type")]),
        ({"name": "x", "secret": 1}, [("", "extra_forbidden")]),
        ({"name": "x", "on": "2026-02-30"}, [("/on", "value_error")]),
        ({"name": "x", "on": 20260101}, [("/on", "value_error")]),
        ({"name": "x", "sizes": {"secret": "x"}}, [("/sizes", "int_type")]),
        ({"name": "x", "sizes": {"SECRET": 1}}, [("/sizes", "string_pattern_mismatch")]),
        ({}, [("/name", "missing")]),
        ([], [("", "model_type")]),
    ],
)
async def test_a_body_is_taken_as_it_is_written_and_what_is_wrong_is_told_without_it(
    shop: Shop, body: Any, places: list[tuple[str, str]]
) -> None:
    status, said, _ = await shop.call("POST", "/things", body)
    assert (status, said["code"]) == (422, "body-does-not-fit")
    assert [(each["pointer"], each["code"]) for each in said["errors"]] == places
    assert "secret" not in json.dumps(said).lower()


async def test_what_fails_is_not_told_to_the_caller(shop: Shop) -> None:
    status, said, headers = await shop.call("GET", "/failing")
    assert (status, said["code"], "secret" in json.dumps(said)) == (500, "failed", False)
    assert len(headers["X-Request-Id"]) == 24


# ---- what was read before it is changed ----


async def test_what_has_changed_meanwhile_is_not_overwritten(shop: Shop) -> None:
    _, _, headers = await shop.call("GET", "/things/1")
    tag = headers["ETag"]
    assert (await shop.call("GET", "/things/1", If_None_Match=tag))[0] == 304
    assert (await shop.call("PATCH", "/things/1", {"name": "弐"}))[1]["code"] == "condition-missing"
    assert (await shop.call("PATCH", "/things/1", {"name": "弐"}, If_Match=f"W/{tag}"))[0] == 412
    assert (await shop.call("PATCH", "/things/1", {"name": "弐"}, If_Match="nonsense"))[0] == 422
    status, said, headers = await shop.call("PATCH", "/things/1", {"name": "弐"}, If_Match=f'"other", {tag}')
    assert (status, said["name"], headers["ETag"] == tag) == (200, "弐", False)
    assert (await shop.call("PATCH", "/things/1", {"name": "参"}, If_Match=tag))[0] == 412
    assert (await shop.call("PATCH", "/things/1", {"name": "参"}, If_Match=headers["ETag"]))[0] == 200
    assert (await shop.call("PATCH", "/things/1", {"name": "四"}, If_Match="*"))[0] == 200
    assert (await shop.call("GET", "/things/1", If_None_Match=tag))[0] == 200


# ---- once ----


async def test_the_same_call_under_the_same_key_is_done_once(shop: Shop) -> None:
    answers = await asyncio.gather(
        *(shop.call("POST", "/things", {"name": "壱"}, Idempotency_Key='"first-1"') for _ in range(8))
    )
    assert {(each[0], json.dumps(each[1]), each[2]["Location"]) for each in answers} == {
        (201, '{"number": 0, "name": "\\u58f1"}', "/v1/things/0")
    }
    assert sorted("Idempotent-Replayed" in each[2] for each in answers) == [False] + [True] * 7
    assert await shop.count() == 1
    status, said, _ = await shop.call("POST", "/things", {"name": "弐"}, Idempotency_Key="first-1")
    assert (status, said["code"]) == (409, "key-reused")
    other = await shop.call("POST", "/things", {"name": "弐"}, "city", Idempotency_Key="first-1")
    assert (other[0], await shop.count()) == (201, 2)
    assert (await shop.call("POST", "/things", {"name": "壱"}, Idempotency_Key="a b"))[0] == 422
    assert (await shop.call("POST", "/things", {"name": "壱"}))[0] == 201
    assert await shop.count() == 3


async def test_a_refused_call_leaves_nothing_and_may_come_again(shop: Shop) -> None:
    for _ in range(2):
        assert (await shop.call("POST", "/things", {"name": "断る"}, Idempotency_Key="k"))[0] == 409
    assert await shop.count() == 0
    assert (await shop.call("POST", "/things", {"name": "壱"}, Idempotency_Key="k"))[0] == 201


# ---- who, and how much ----


async def test_a_key_opens_what_its_scopes_and_its_role_open(shop: Shop) -> None:
    assert (await shop.call("GET", "/things", who=""))[0] == 401
    narrow = (await shop.call("GET", "/things", who="narrow"))[1]
    assert (narrow["code"], narrow["scope"]) == ("scope-missing", "offices:read")
    assert (await shop.call("GET", "/failing", who="city"))[1]["code"] == "role-may-not"


async def test_one_key_that_asks_too_much_is_held_up_and_no_other(shop: Shop) -> None:
    told = [await shop.call("GET", "/things") for _ in range(21)]
    assert [each[0] for each in told] == [200] * 20 + [429]
    assert (told[-1][1]["code"], told[-1][2]["Retry-After"]) == ("too-many", "2")
    assert (await shop.call("GET", "/things", who="city"))[0] == 200


async def test_whoever_guesses_keys_is_held_up_and_good_keys_from_the_same_address_are_not(
    shop: Shop,
) -> None:
    guessed = [await shop.call("GET", "/things", who=f"guess-{number}") for number in range(31)]
    assert [each[0] for each in guessed] == [401] * 30 + [429]
    assert (guessed[-1][1]["code"], int(guessed[-1][2]["Retry-After"]) >= 1) == ("too-many", True)
    assert (await shop.call("GET", "/things", who="city"))[0] == 200
    assert (await shop.call("GET", "/things", who=""))[0] == 401


async def test_a_well_formed_id_is_taken_over_and_any_other_is_replaced(shop: Shop) -> None:
    assert (await shop.call("GET", "/things", X_Request_Id="abc-12345"))[2]["X-Request-Id"] == "abc-12345"
    for wrong in ("short", "a" * 200, "with spaces"):
        assert (await shop.call("GET", "/nothing", X_Request_Id=wrong))[2]["X-Request-Id"] != wrong


async def test_the_tenants_are_served_one_after_another() -> None:
    turns, order, gate = Turns(1, 3), [], asyncio.Event()

    async def call(tenant: str) -> None:
        async with turns.turn(tenant):
            order.append(tenant)
            await gate.wait()

    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(call(tenant)) for tenant in ("a", "a", "a", "a", "b", "b")]
        await asyncio.wait([calls[0]], timeout=0.01)
        with pytest.raises(CrowdError):
            await call("a")
        calls[4].cancel()
        gate.set()
    assert order == ["a", "a", "b", "a", "a"]
    async with asyncio.timeout(1), turns.turn("c"):
        pass
