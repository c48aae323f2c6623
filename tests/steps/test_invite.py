"""The address of an office's page is sent to its own contacts, and revoked."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from notifier.counter import doorway
from notifier.domain.callers import Tenant
from notifier.errors import UnknownError
from notifier.passes import Passes
from notifier.steps.invite import invite, revoke
from notifier.store.tables import AuditRow
from tests.builders import CITY
from tests.steps.test_declare import TODAY
from tests.steps.workshop import OTHER_CITY, A, B, Workshop, enrolled

HERE = Tenant(CITY)


def with_pages(shop: Workshop) -> Workshop:
    way = partial(doorway, Passes("secret"), "https://n.example")
    return replace(shop, tools=replace(shop.tools, page=way))


async def test_the_address_goes_to_all_contacts_in_use_and_to_nobody_else(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp", "also@example.jp"), enrolled(B, "b@example.jp"))
    assert await invite(with_pages(shop).tools, HERE, A, "a clerk") == 2
    await shop.live_until(TODAY)
    assert [each.recipient for each in shop.channel.parcels] == ["a@example.jp", "also@example.jp"]
    assert "https://n.example/o/" in shop.channel.parcels[0].text


async def test_an_office_without_an_address_gets_nothing_and_that_is_told(shop: Workshop) -> None:
    await shop.enrol(enrolled(A))
    assert await invite(with_pages(shop).tools, HERE, A, "a clerk") == 0
    assert await shop.waiting() == [("derive", shop.tools.now())]


async def test_where_there_are_no_pages_nothing_is_sent(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"))
    assert await invite(shop.tools, HERE, A, "a clerk") == 0


async def test_an_address_that_is_sent_after_a_revocation_is_a_new_one(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"))
    tools = with_pages(shop).tools
    await invite(tools, HERE, A, "a clerk")
    await revoke(tools, HERE, A, "a clerk")
    await invite(tools, HERE, A, "a clerk")
    shop.clock.turn_to(shop.tools.now() + timedelta(minutes=5))
    await shop.run()
    first, second = (each.text for each in shop.channel.parcels)
    assert first != second
    deeds = [row.action for row in await shop.all(AuditRow) if row.action.startswith("office-page.")]
    assert deeds == ["office-page.sent", "office-page.revoked", "office-page.sent"]


async def test_nobody_invites_or_locks_out_the_offices_of_others(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"))
    for deed in (invite, revoke):
        with pytest.raises(UnknownError):
            await deed(shop.tools, Tenant(OTHER_CITY), A, "a clerk")
        with pytest.raises(UnknownError):
            await deed(shop.tools, HERE, "0000000000", "a clerk")
