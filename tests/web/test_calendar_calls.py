"""Calendars over the API: given out, handed over once, read, and taken back; each by the authority that gave them out."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from sqlalchemy import select

from notifier.store.database import table
from notifier.store.replies import ReplyRow
from notifier.store.tables import AuditRow
from tests.calendars import by_icalendar
from tests.web.country import (
    CHIBA,
    CHIBA_CITY,
    ICHIKAWA,
    NEIGHBOUR,
    OSAKA_CITY,
    PLANS,
    STRANGER,
    Country,
    country,
)

OFFICE = {"whose": "office", "subject": PLANS, "label": "事務室の暦"}


@pytest.fixture
async def own(migrated_url: str) -> AsyncIterator[Country]:
    """A country to change, on both databases."""
    async with country(migrated_url) as found:
        yield found


async def handed_over(land: Country, body: object = OFFICE, who: str = "municipality") -> tuple[str, str]:
    """Give out a calendar; returns the path of its calls, and the secret address as this machine reaches it."""
    made = await land.call("POST", "/calendars", body, who)
    assert made.status == 201, made.text
    path = made.headers["Location"].removeprefix("/v1")
    given = await land.call("POST", f"{path}/address", who=who)
    assert given.status == 200, given.text
    return path, f"{land.address}/calendar/{given.body['address'].rpartition('/')[2]}"


async def status_of(visitor: ClientSession, address: str) -> int:
    async with visitor.get(address) as answer:
        return answer.status


async def test_a_calendar_is_made_once_read_and_taken_back(own: Country) -> None:
    made = await own.call("POST", "/calendars", OFFICE, Idempotency_Key="once")
    again = await own.call("POST", "/calendars", OFFICE, Idempotency_Key="once")
    assert (made.status, made.body, made.body["revoked"]) == (201, again.body, None)
    path = made.headers["Location"].removeprefix("/v1")
    given = await own.call("POST", f"{path}/address")
    assert given.body["address"].startswith(f"{own.service.settings.base_url}/calendar/{made.body['name']}.")
    address = f"{own.address}/calendar/{given.body['address'].rpartition('/')[2]}"
    async with own.visitor.get(address) as answer:
        assert (answer.status, len(by_icalendar(await answer.text())) > 0) == (200, True)
    assert (await own.get(path)).body == made.body | {"last_read": "2026-01-21"}
    revoked = await own.call("DELETE", path)
    assert (revoked.status, revoked.body["revoked"] is not None) == (200, True)
    assert (await own.call("DELETE", path)).body == revoked.body
    assert await status_of(own.visitor, address) == 410
    refused = await own.call("POST", f"{path}/address")
    assert (refused.status, refused.body["code"]) == (409, "not-possible")


async def test_a_new_address_ends_the_one_before(own: Country) -> None:
    path, first = await handed_over(own)
    second = (await own.call("POST", f"{path}/address")).body["address"].rpartition("/")[2]
    assert await status_of(own.visitor, first) == 404
    assert await status_of(own.visitor, f"{own.address}/calendar/{second}") == 200


async def test_no_kept_answer_and_no_row_of_the_audit_holds_a_secret(own: Country) -> None:
    made = await own.call("POST", "/calendars", OFFICE, Idempotency_Key="once")
    path = made.headers["Location"].removeprefix("/v1")
    given = await own.call("POST", f"{path}/address", Idempotency_Key="twice")
    secret = given.body["address"].rpartition("/")[2].split(".")[1]
    await own.call("DELETE", path)
    async with own.tools.database.reading() as conn:
        replies = (await conn.execute(select(table(ReplyRow)))).all()
        about = table(AuditRow)
        deeds = select(about).where(about.c.action.like("calendar.%")).order_by(about.c.id)
        audit = (await conn.execute(deeds)).all()
    assert len(replies) == 1
    assert secret not in f"{replies}{audit}"
    key = own.keys["municipality"].partition(".")[0]
    assert [(each.action, each.who, each.origin, each.authority) for each in audit] == [
        (action, f"key/{key}", "127.0.0.1", CHIBA_CITY)
        for action in ("calendar.created", "calendar.renewed", "calendar.revoked")
    ]


async def test_an_authority_gives_out_what_it_sees_and_nothing_else(own: Country) -> None:
    contact = (await own.get(f"/offices/{PLANS}/contacts")).items[0]["id"]
    theirs = (await own.get(f"/offices/{PLANS}/contacts", "prefecture")).items[0]["id"]
    given = [
        ("office", PLANS, "municipality", 201),
        ("office", NEIGHBOUR, "municipality", 404),
        ("office", STRANGER, "municipality", 404),
        ("office", "1279999999", "municipality", 404),
        ("office", STRANGER, "operator", 201),
        ("authority", CHIBA_CITY, "municipality", 201),
        ("authority", ICHIKAWA, "municipality", 404),
        ("authority", OSAKA_CITY, "municipality", 404),
        ("authority", CHIBA_CITY, "prefecture", 201),
        ("authority", CHIBA, "prefecture", 201),
        ("contact", str(contact), "municipality", 201),
        ("contact", str(theirs), "municipality", 404),
        ("contact", "9999999999", "municipality", 404),
        ("contact", "ABC", "municipality", 404),
        ("office", PLANS, "office", 403),
    ]
    for whose, subject, who, status in given:
        said = await own.call("POST", "/calendars", {"whose": whose, "subject": subject}, who)
        assert said.status == status, (whose, subject, who, said.text)
    unfit = await own.call("POST", "/calendars", OFFICE | {"label": "二行\nの札"})
    assert (unfit.status, unfit.body["code"]) == (422, "calendar-unfit")


async def test_an_authority_lists_what_it_gave_out_page_by_page(own: Country) -> None:
    names = [
        (await handed_over(own, {"whose": whose, "subject": subject}))[0].rpartition("/")[2]
        for whose, subject in (("office", PLANS), ("authority", CHIBA_CITY), ("office", PLANS))
    ]
    foreign, _ = await handed_over(own, {"whose": "office", "subject": STRANGER}, "osaka")
    assert {each["name"] for each in await own.pages("/calendars")} == set(names)
    assert len(await own.pages(f"/calendars?office={PLANS}", limit=1)) == 2
    assert [each["subject"] for each in await own.pages("/calendars", "osaka")] == [STRANGER]
    assert len(await own.pages("/calendars", "operator")) == 4
    for method, path in (("GET", foreign), ("DELETE", foreign), ("POST", f"{foreign}/address")):
        said = await own.call(method, path)
        assert (said.status, said.body["code"]) == (404, "not-found")
    cursor = (await own.get("/calendars?limit=1", "operator")).body["next"]
    assert (await own.get(f"/calendars?cursor={cursor}", "ichikawa")).body["code"] == "no-such-page"
