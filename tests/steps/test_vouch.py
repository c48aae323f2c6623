"""Contacts: entered, confirmed by their owners, asked again each year."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from notifier.domain.callers import Tenant
from notifier.errors import SubscriptionRefusedError, UnknownError
from notifier.steps.mute import mute
from notifier.steps.vouch import Entry, amend, ask_again, confirm, contact_of, enter, remove
from notifier.store.contacts import Contact
from notifier.store.memos import MemoRow
from notifier.store.tables import AuditRow, ContactRow
from tests.builders import CITY, PREFECTURE, by, said
from tests.steps.workshop import A, B, Workshop, enrolled

OWNER = Tenant(CITY)
NEW = Entry("new@example.jp", "clerk")
BY_OFFICE = replace(NEW, by_office=True)


@pytest.fixture
def town(shop: Workshop) -> Workshop:
    """A workshop with pages, whose confirmation addresses end in what proves them."""
    return replace(shop, tools=replace(shop.tools, confirmation=lambda proof: f"https://x/confirm/{proof}"))


async def put(town: Workshop, entry: Entry = NEW, number: str = A, tenant: Tenant = OWNER) -> Contact:
    return await enter(town.tools, tenant, number, entry, "a clerk")


async def proofs(town: Workshop) -> list[str]:
    """What stands at the end of each link that was mailed."""
    lines = [line for memo in await town.all(MemoRow) for line in memo.text.splitlines()]
    return [line.rpartition("/")[2] for line in lines if line.strip().startswith("https://x/confirm/")]


async def kept(town: Workshop, address: str = "new@example.jp") -> Any:
    (row,) = [each for each in await town.all(ContactRow) if each.address == address]
    return row


async def test_what_an_authority_enters_it_answers_for(town: Workshop) -> None:
    await town.enrol(enrolled(A))
    entered = await put(town)
    assert (entered.office, entered.authority, entered.origin, entered.active) == (A, CITY, "authority", True)
    assert await proofs(town) == []
    await town.publish(said(by(date(2026, 6, 30))))
    await town.live_until(date(2026, 4, 1))
    assert [parcel.recipient for parcel in town.channel.parcels] == ["new@example.jp"]
    row = (await town.all(AuditRow))[1]
    assert (row.action, row.subject) == ("contact.entered", f"office/{A}")
    assert "new@example.jp" not in str(row.detail)


async def test_what_an_office_enters_is_in_use_once_its_owner_has_confirmed_it(town: Workshop) -> None:
    await town.enrol(enrolled(A))
    entered = await put(town, BY_OFFICE)
    assert (entered.active, entered.reason, entered.origin) == (False, "unverified", "office")
    (memo,) = await town.all(MemoRow)
    assert (memo.recipient, memo.subject) == ("new@example.jp", "【ご確認】事業所1の連絡先メールアドレス")
    (proof,) = await proofs(town)
    seen = await contact_of(town.tools, proof)
    assert seen is not None
    assert not (await kept(town)).active
    assert await confirm(town.tools, proof) is not None
    assert await confirm(town.tools, proof) is not None
    row = await kept(town)
    assert (row.active, row.reason, row.verified_at) == (True, "", town.tools.now())


async def test_a_link_works_for_two_weeks_and_only_the_last_of_them(town: Workshop) -> None:
    await town.enrol(enrolled(A))
    await put(town, BY_OFFICE)
    (proof,) = await proofs(town)
    number, _, asked = proof.partition(".")
    for wrong in ("", "x.y", number, f"{number}.{int(asked) - 1}", f"99.{asked}"):
        assert await confirm(town.tools, wrong) is None
    town.turn_to(date(2026, 4, 16))
    assert await contact_of(town.tools, proof) is None
    assert await confirm(town.tools, proof) is None


async def test_a_list_of_the_authority_vouches_for_what_an_office_entered(town: Workshop) -> None:
    await town.enrol(enrolled(A))
    await put(town, BY_OFFICE)
    await town.enrol(enrolled(A, "new@example.jp"))
    row = await kept(town)
    assert (row.active, row.reason, row.role) == (True, "", "clerk")


async def test_an_address_whose_owner_wants_no_mail_stays_silent(town: Workshop) -> None:
    await town.enrol(enrolled(A, "new@example.jp"), enrolled(B))
    await mute(town.tools, "new@example.jp")
    entered = await put(town, BY_OFFICE, B)
    assert (entered.active, entered.reason) == (False, "refused")
    assert await proofs(town) == []
    with pytest.raises(SubscriptionRefusedError, match="受け取りを断られた"):
        await remove(town.tools, OWNER, entered.id, "a clerk")


async def test_a_year_later_the_owner_is_asked_again(town: Workshop) -> None:
    await town.enrol(enrolled(A, "city@example.jp"))
    await put(town, BY_OFFICE)
    await confirm(town.tools, (await proofs(town))[0])
    town.turn_to(date(2027, 3, 31))
    await ask_again(town.tools)
    assert len(await proofs(town)) == 1
    town.turn_to(date(2027, 4, 2))
    await ask_again(town.tools)
    await ask_again(town.tools)
    again = (await proofs(town))[1:]
    assert len(again) == 1
    assert "これからも" in (await town.all(MemoRow))[-1].text
    await confirm(town.tools, again[0])
    town.turn_to(date(2027, 4, 2) + timedelta(days=90))
    await ask_again(town.tools)
    assert (await kept(town)).active
    assert len(await proofs(town)) == 2


async def test_a_year_passes_by_itself_and_whoever_is_asked_again_has_two_months(town: Workshop) -> None:
    await town.enrol(enrolled(A, "city@example.jp"))
    await put(town, BY_OFFICE)
    await confirm(town.tools, (await proofs(town))[0])
    await town.live_until(date(2027, 4, 3))
    (_, again) = await proofs(town)
    assert "60日間使えます" in (await town.all(MemoRow))[-1].text
    town.turn_to(date(2027, 5, 31))
    assert await contact_of(town.tools, again) is not None
    await town.live_until(date(2027, 6, 3))
    assert (await kept(town)).reason == "lapsed"


async def test_what_nobody_confirms_again_lapses_unless_it_is_the_last_address(town: Workshop) -> None:
    await town.enrol(enrolled(A, "city@example.jp"), enrolled(B))
    for number in (A, B):
        await put(town, replace(BY_OFFICE, address=f"{number}@example.jp"), number)
    for proof in await proofs(town):
        await confirm(town.tools, proof)
    town.turn_to(date(2027, 4, 2))
    await ask_again(town.tools)
    town.turn_to(date(2027, 6, 2))
    await ask_again(town.tools)
    first, last = await kept(town, f"{A}@example.jp"), await kept(town, f"{B}@example.jp")
    assert (first.active, first.reason, last.active) == (False, "lapsed", True)
    assert [row.action for row in await town.all(AuditRow)][-1] == "contacts.lapsed"


async def test_without_pages_nobody_is_asked(shop: Workshop) -> None:
    await shop.enrol(enrolled(A))
    entered = await put(shop, BY_OFFICE)
    assert (entered.active, entered.asked_at, await shop.all(MemoRow)) == (False, None, [])


async def test_role_topics_and_form_can_be_changed(town: Workshop) -> None:
    await town.publish(said(by(date(2026, 6, 30))))
    await town.enrol(enrolled(A))
    entered = await put(town)
    wanted = {"role": "manager", "topics": ("example",), "text_only": True}
    amended = await amend(town.tools, OWNER, entered.id, wanted, "a clerk")
    assert (amended.role, amended.topics, amended.text_only) == ("manager", ("example",), True)
    assert (await amend(town.tools, OWNER, entered.id, {}, "a clerk")) == amended
    row = (await town.all(AuditRow))[-1]
    assert row.detail["before"] == {"role": "clerk", "topics": [], "text_only": False}
    await town.live_until(date(2026, 4, 1))
    assert [parcel.html for parcel in town.channel.parcels] == [None]
    await remove(town.tools, OWNER, entered.id, "a clerk")
    assert await town.all(ContactRow) == []


@pytest.mark.parametrize(
    "entry,said",
    [
        (Entry("a..b@example.jp"), "メールを送れるアドレスではありません"),
        (Entry("a@example.jp", "boss"), "役割は"),
        (Entry("a@example.jp", topics=("nothing",)), "「nothing」という分野はありません"),
        (Entry("a@example.jp", topics=("*",)), "という分野はありません"),
        (Entry("city@example.jp"), "すでに登録されています"),
    ],
)
async def test_what_cannot_be_a_contact_is_refused(town: Workshop, entry: Entry, said: str) -> None:
    await town.enrol(enrolled(A, "city@example.jp"))
    with pytest.raises(SubscriptionRefusedError, match=said):
        await put(town, entry)


async def test_what_is_not_the_tenants_is_not_found(town: Workshop) -> None:
    await town.enrol(enrolled(A))
    entered = await put(town)
    other = Tenant(PREFECTURE)
    with pytest.raises(UnknownError):
        await put(town, tenant=Tenant("131016"))
    with pytest.raises(UnknownError):
        await amend(town.tools, other, entered.id, {}, "a prefect")
    with pytest.raises(UnknownError):
        await remove(town.tools, other, entered.id, "a prefect")
