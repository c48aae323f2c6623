"""The way to an office's page in its letters: for offices only, one for each, the same on every try."""

import re
from dataclasses import replace
from datetime import date
from functools import partial

import pytest
from sqlalchemy import update

from notifier.counter import doorway
from notifier.domain.law import Party
from notifier.passes import Passes
from notifier.steps.deliver import deliver
from notifier.store.tables import DeliveryRow, LetterRow
from tests.builders import by, city, deadline, said
from tests.steps.workshop import A, B, Workshop, enrolled

WAY = re.compile(r"https://n\.example/o/\S+")
DUE, DAY = date(2026, 6, 30), date(2026, 4, 1)


@pytest.fixture
def house(shop: Workshop) -> Workshop:
    """A workshop whose offices have pages."""
    way = partial(doorway, Passes("the secret"), "https://n.example")
    return replace(shop, tools=replace(shop.tools, page=way))


async def test_offices_that_share_a_mailbox_each_get_the_way_to_their_own_page(house: Workshop) -> None:
    await house.enrol(enrolled(A, "shared@example.jp"), enrolled(B, "shared@example.jp"))
    await house.publish(said(by(DUE)))
    await house.live_until(DAY)
    (parcel,) = house.channel.parcels
    assert len(set(WAY.findall(parcel.text))) == 2
    assert len(re.findall(r"確認番号：\S{4}-\S{4}", parcel.text)) == 2
    assert "https://n.example/o/" in (parcel.html or "")


async def test_an_authority_gets_no_key_to_anybody(house: Workshop) -> None:
    await house.keep(city(), address="city@example.jp")
    await house.enrol(enrolled(A, "a@example.jp"))
    parties = (Party.OFFICE, Party.MUNICIPALITY)
    await house.publish(said(by(DUE)), deadlines=[deadline(parties=parties)])
    await house.live_until(DAY)
    texts = {parcel.recipient: parcel.text for parcel in house.channel.parcels}
    assert WAY.search(texts["a@example.jp"])
    assert not WAY.search(texts["city@example.jp"])
    assert "確認番号" not in texts["city@example.jp"]
    # Its code is no number of an office, and no answer of its own settles anything.
    assert "事業所番号" not in texts["city@example.jp"]
    assert "このメールへの返信" not in texts["city@example.jp"]


async def test_a_letter_sent_again_leads_to_the_page_by_the_same_address(house: Workshop) -> None:
    await house.enrol(enrolled(A, "a@example.jp"))
    await house.publish(said(by(DUE)))
    await house.live_until(DAY)
    async with house.database.transaction() as conn:
        # As if the answer of the relay had been lost.
        await conn.execute(update(DeliveryRow).values(state="unknown"))
        await conn.execute(update(LetterRow).values(state="unknown", finished_at=None, phase="dot"))
    house.turn_to(date(2026, 4, 2))
    await deliver(house.tools)
    first, second = house.channel.parcels[:2]
    assert (first.key, first.text, first.html) == (second.key, second.text, second.html)
