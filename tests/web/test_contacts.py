"""Contacts and subscriptions over the network, and the page on which an owner confirms an address."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from notifier.store.database import table
from notifier.store.memos import MemoRow
from notifier.store.tables import ContactRow
from tests.web.country import NEIGHBOUR, PLANS, SILENT, Country, country


@pytest.fixture
async def own(migrated_url: str) -> AsyncIterator[Country]:
    """A country to change, on both databases."""
    async with country(migrated_url) as found:
        yield found


async def test_an_authority_enters_changes_and_removes_a_contact(own: Country) -> None:
    new = {"address": "new@one.example", "role": "manager"}
    entered = await own.call("POST", f"/offices/{SILENT}/contacts", new)
    assert (entered.status, entered.body["active"], entered.body["origin"]) == (201, True, "authority")
    path = entered.headers["Location"].removeprefix("/v1")
    seen = await own.get(path)
    assert seen.body == entered.body
    change = {"topics": ["platform-subsidy"], "text_only": True}
    changed = await own.call("PATCH", path, change, If_Match=seen.headers["ETag"])
    assert (changed.status, changed.body["topics"], changed.body["text_only"]) == (
        200,
        change["topics"],
        True,
    )
    hours = {"weekdays": [4, 2], "hours": "13-17"}
    waiting = await own.call("PATCH", path, hours, If_Match=changed.headers["ETag"])
    assert (waiting.body["weekdays"], waiting.body["hours"], waiting.body["text_only"]) == (
        [2, 4],
        "13-17",
        True,
    )
    assert waiting.body in (await own.get(f"/offices/{SILENT}/contacts")).items
    for wrong, status, code in (
        ({"hours": "17-13"}, 409, "contact-unfit"),
        ({"hours": "1-2"}, 422, "body-does-not-fit"),
        ({"weekdays": [2, 2]}, 422, "body-does-not-fit"),
        ({"weekdays": [8]}, 422, "body-does-not-fit"),
    ):
        refused = await own.call("PATCH", path, wrong, If_Match="*")
        assert (refused.status, refused.body["code"]) == (status, code)
        assert refused.body["errors"][0]["pointer"].startswith(f"/{next(iter(wrong))}")
    stale = await own.call("PATCH", path, {"role": "clerk"}, If_Match=seen.headers["ETag"])
    assert stale.status == 412
    unfit = await own.call("PATCH", path, {"topics": ["no-such"]}, If_Match="*")
    assert (unfit.status, unfit.body["code"]) == (409, "contact-unfit")
    assert unfit.body["errors"] == [{"in": "body", "pointer": "/topics/0", "code": "unfit"}]
    again = await own.call("POST", f"/offices/{SILENT}/contacts", new)
    assert (again.status, again.body["code"]) == (409, "contact-unfit")
    removed = await own.call("DELETE", path, If_Match=waiting.headers["ETag"])
    assert (removed.status, removed.body["address"]) == (200, "new@one.example")
    assert (await own.get(path)).status == 404
    assert (await own.call("POST", f"/offices/{NEIGHBOUR}/contacts", new)).status == 404


async def test_what_an_office_enters_is_confirmed_on_a_page_that_only_a_button_moves(own: Country) -> None:
    entered = await own.call("POST", f"/offices/{SILENT}/contacts", {"address": "me@one.example"}, "office")
    assert (entered.status, entered.body["active"], entered.body["reason"]) == (201, False, "unverified")
    async with own.tools.database.reading() as conn:
        (text,) = (await conn.execute(select(table(MemoRow).c.text))).scalars()
    link = next(line for line in text.splitlines() if "/confirm/" in line)
    address = f"{own.address}/confirm/{link.rpartition('/')[2]}"
    here = {"Origin": own.address}
    async with own.visitor.post(address, headers={"Origin": "https://elsewhere.example"}) as answer:
        assert answer.status == 403
    for method, active in (("GET", False), ("HEAD", False), ("POST", True), ("POST", True), ("GET", True)):
        async with own.visitor.request(method, address, headers=here) as answer:
            page = await answer.text()
            assert answer.status == 200
        assert (await own.get(entered.headers["Location"].removeprefix("/v1"))).body["active"] is active
        assert ("このアドレスで受け取りますか" in page) == (method == "GET")
    for token in ("x", "unsubscribe", address.rpartition("/")[2] + "x"):
        async with own.visitor.post(f"{own.address}/confirm/{token}", headers=here) as answer:
            assert answer.status == 404


async def test_a_contact_whose_owner_wants_no_mail_cannot_be_removed(own: Country) -> None:
    async with own.tools.database.transaction() as conn:
        refused = table(ContactRow).update().values(active=False, reason="refused")
        await conn.execute(refused)
    (contact,) = (await own.get(f"/offices/{PLANS}/contacts")).items
    said = await own.call("DELETE", f"/contacts/{contact['id']}", If_Match="*")
    assert (said.status, said.body["code"]) == (409, "not-possible")


async def test_an_authority_decides_what_its_offices_are_told(own: Country) -> None:
    silent = {"told": False, "topics": ["platform-subsidy"], "offices": [PLANS], "reason": "休止中"}
    assert (await own.call("POST", "/subscriptions", silent)).body == {"offices": 1}
    shown = (await own.get("/subscriptions")).body
    (decision,) = shown["decisions"]
    assert (decision["office"], decision["topic"], decision["told"], decision["reason"]) == (
        PLANS,
        "platform-subsidy",
        False,
        "休止中",
    )
    assert decision["decided_by"].startswith("key/")
    assert {each["office"] for each in shown["not_told"]} == {PLANS}
    assert (await own.get(f"/subscriptions?office={SILENT}")).body == {"decisions": [], "not_told": []}
    assert (await own.call("POST", "/subscriptions", {"told": True})).body == {"offices": 2}
    assert (await own.get("/subscriptions")).body["not_told"] == []
    past = {"told": True, "since": "2020-04-01"}
    for body, who, code, place in (
        ({"told": False}, "municipality", "decision-unfit", "/reason"),
        (past, "municipality", "decision-unfit", "/since"),
        ({"told": True, "topics": ["*", "no-such"]}, "municipality", "not-found", "/topics/1"),
        ({"told": True, "offices": [PLANS, NEIGHBOUR]}, "municipality", "not-found", "/offices/1"),
        ({"told": True}, "editor", "role-may-not", None),
        ({"told": True}, "office", "role-may-not", None),
    ):
        said = (await own.call("POST", "/subscriptions", body, who)).body
        assert (said["code"], said.get("errors", [{"pointer": None}])[0]["pointer"]) == (code, place), body
