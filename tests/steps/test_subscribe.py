"""An authority decides what its offices are told; what they owe stays."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from notifier.errors import SubscriptionRefusedError, UnknownError
from notifier.steps.subscribe import Subscription, subscribe
from notifier.store import subscriptions
from notifier.store.subscriptions import NotTold, Selection
from notifier.store.tables import AuditRow, ContactRow, ObligationRow
from tests.builders import CITY, PREFECTURE, REPORT, by, said
from tests.steps.workshop import A, B, Workshop, enrolled

DUE = date(2026, 6, 30)
TODAY = date(2026, 4, 1)
SILENT = Subscription(told=False, topics=("example",), reason="休止中")


async def town(shop: Workshop) -> None:
    await shop.publish(said(by(DUE)))
    await shop.run()
    await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp", services=("43",)))


async def decide(shop: Workshop, wanted: Subscription, *numbers: str, **more: Any) -> int:
    return await subscribe(shop.tools, Selection(CITY, numbers, **more), wanted, "a clerk")


async def untold(shop: Workshop, authority: str = CITY) -> Sequence[NotTold]:
    async with shop.database.reading() as conn:
        return await subscriptions.not_told(conn, authority, shop.tools.today(), 10)


async def test_an_office_that_is_told_no_more_still_owes_and_is_shown_as_not_told(shop: Workshop) -> None:
    await town(shop)
    assert await decide(shop, SILENT, A) == 1
    await shop.live_until(date(2026, 5, 1))
    assert await shop.briefs() == [(B, "announcement", None), (B, "reminder", "T-60")]
    assert [row.deadline for row in await shop.all(ObligationRow)] == [REPORT, REPORT]
    (shown,) = await untold(shop)
    assert (shown.number, shown.deadline, shown.latest, shown.decided.reason, shown.decided.decided_by) == (
        A,
        REPORT,
        DUE,
        "休止中",
        "a clerk",
    )
    async with shop.database.reading() as conn:
        assert await subscriptions.not_told_counts(conn, TODAY) == {REPORT: 1}


async def test_who_decided_what_from_when_and_why_is_written_down(shop: Workshop) -> None:
    await town(shop)
    await decide(shop, SILENT, A)
    row = (await shop.all(AuditRow))[-1]
    assert (row.who, row.action, row.subject) == ("a clerk", "offices.unsubscribed", f"authority/{CITY}")
    assert row.detail == {
        "topics": ["example"],
        "since": "2026-04-01",
        "channel": "",
        "reason": "休止中",
        "count": 1,
        "offices": [A],
    }
    async with shop.database.reading() as conn:
        (kept,) = await subscriptions.decisions(conn, Selection(CITY))
        assert await subscriptions.decisions(conn, Selection(CITY, (B,))) == []
    assert (kept.number, kept.decided.since, kept.decided.told) == (A, TODAY, False)
    assert kept.decided.decided_at == shop.tools.now()


async def test_it_holds_from_its_day_on_and_can_be_taken_back_from_another(shop: Workshop) -> None:
    await town(shop)
    await decide(shop, Subscription(told=False, since=date(2026, 5, 1), reason="移転"))
    await decide(shop, Subscription(told=True, since=date(2026, 6, 1)), A)
    assert await untold(shop) == []
    await shop.live_until(date(2026, 5, 31))
    assert await shop.briefs() == [(A, "announcement", None), (B, "announcement", None)]
    assert [each.number for each in await untold(shop)] == [A, B]
    await shop.live_until(date(2026, 6, 16))
    assert (await shop.briefs())[2:] == [(A, "reminder", "T-14")]
    assert [each.number for each in await untold(shop)] == [B]


async def test_the_last_word_counts_for_all_it_is_about(shop: Workshop) -> None:
    await town(shop)
    await shop.run()
    await decide(shop, Subscription(told=False, topics=(REPORT,), reason="様式が別"))
    await decide(shop, Subscription(told=False, reason="休止中"), B)
    await decide(shop, Subscription(told=True, topics=("example",)), A)
    assert [each.number for each in await untold(shop)] == [B]
    await decide(shop, Subscription(told=True), B)
    assert await untold(shop) == []
    await decide(shop, Subscription(told=False, topics=(REPORT,), reason="様式が別"), B)
    assert [each.number for each in await untold(shop)] == [B]


async def test_offices_are_chosen_by_service_and_by_channel(shop: Workshop) -> None:
    await town(shop)
    await shop.run()
    silent = Subscription(told=False, reason="休止中", channel="webhook")
    assert await decide(shop, silent) == 2
    assert await decide(shop, SILENT, services=("43",)) == 1
    assert [each.number for each in await untold(shop)] == [B]


async def test_what_one_authority_decides_is_nothing_to_the_contacts_of_another(shop: Workshop) -> None:
    await town(shop)
    await shop.enrol(enrolled(A, "prefecture@example.jp", authority=PREFECTURE))
    await decide(shop, SILENT)
    await shop.live_until(TODAY)
    assert await shop.briefs() == [(A, "announcement", None)]
    assert await untold(shop, PREFECTURE) == []
    assert await subscribe(shop.tools, Selection(PREFECTURE), SILENT, "a prefect") == 1
    assert [each.number for each in await untold(shop, PREFECTURE)] == [A]


@pytest.mark.parametrize(
    "wanted,said",
    [
        (Subscription(told=False, reason=" "), "理由が必要です"),
        (Subscription(told=True, since=date(2026, 3, 31)), "過ぎています"),
        (Subscription(told=True, channel="fax"), "送り方はありません"),
    ],
)
async def test_what_makes_no_sense_is_refused(shop: Workshop, wanted: Subscription, said: str) -> None:
    await town(shop)
    with pytest.raises(SubscriptionRefusedError, match=said):
        await decide(shop, wanted)


async def test_unknown_topics_and_offices_are_named(shop: Workshop) -> None:
    await town(shop)
    with pytest.raises(UnknownError, match="「exampl」という分野や期限は"):
        await decide(shop, Subscription(told=True, topics=("exampl",)))
    with pytest.raises(UnknownError, match="9970000099"):
        await decide(shop, Subscription(told=True), "9970000099")
    with pytest.raises(UnknownError, match="当てはまる事業所がありません"):
        await decide(shop, Subscription(told=True), services=("55",))


# ---- a contact narrows what it reads ----


async def narrow(shop: Workshop, address: str, topics: str) -> None:
    async with shop.database.transaction() as conn:
        contact = update(ContactRow).where(col(ContactRow.address) == address)
        await conn.execute(contact.values(topics=topics))


async def recipients(shop: Workshop) -> list[str]:
    return [parcel.recipient for parcel in shop.channel.parcels]


async def test_a_letter_goes_to_those_contacts_that_chose_its_family(shop: Workshop) -> None:
    await shop.publish(said(by(DUE)))
    await shop.enrol(enrolled(A, "all@example.jp", "this@example.jp", "other@example.jp"))
    await narrow(shop, "this@example.jp", " example ")
    await narrow(shop, "other@example.jp", " other ")
    await shop.live_until(TODAY)
    assert await recipients(shop) == ["all@example.jp", "this@example.jp"]


async def test_a_letter_that_no_contact_chose_goes_to_all_of_them(shop: Workshop) -> None:
    await shop.publish(said(by(DUE)))
    await shop.enrol(enrolled(A, "one@example.jp", "two@example.jp"))
    await narrow(shop, "one@example.jp", " other ")
    await narrow(shop, "two@example.jp", " another ")
    await shop.live_until(TODAY)
    assert await recipients(shop) == ["one@example.jp", "two@example.jp"]
