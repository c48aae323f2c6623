"""What an office does about its addresses on its own page: another in its place, no more mail there."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from notifier.errors import SubscriptionRefusedError
from notifier.steps.mute import mute
from notifier.steps.vouch import Entry, amend, confirm, contact_of, remove, stop
from notifier.store.enrolment import difference
from notifier.store.tables import AuditRow, DeliveryRow, LetterRow
from tests.builders import CITY, by, said
from tests.channels.letters import channel
from tests.channels.relays import FakeRelay
from tests.steps.test_vouch import BY_OFFICE, OWNER, kept, proofs, put
from tests.steps.test_vouch import town as town  # noqa: PLC0414 - a fixture is found by its name
from tests.steps.workshop import A, Workshop, enrolled

MOVED = Entry("new@example.jp", "clerk", by_office=True)
DUE = date(2026, 6, 30)


async def test_an_address_is_replaced_once_the_new_one_is_confirmed(town: Workshop) -> None:
    await town.enrol(enrolled(A, "old@example.jp"))
    old = await kept(town, "old@example.jp")
    await town.publish(said(by(DUE)))
    await amend(town.tools, OWNER, old.id, {"weekdays": (5,)}, "a clerk")
    await town.live_until(date(2026, 4, 1))
    assert town.channel.parcels == []
    await put(town, replace(MOVED, replaces=old.id))
    assert (await kept(town, "old@example.jp")).active
    (proof,) = await proofs(town)
    assert await confirm(town.tools, proof) is not None
    assert (await kept(town)).active
    row = await kept(town, "old@example.jp")
    assert (row.active, row.reason) == (False, "replaced")
    last = (await town.all(AuditRow))[-1]
    assert (last.action, last.detail["replaces"]) == ("contact.confirmed", old.id)
    # What waited for a Friday goes to the new address, which wants its letters on any day.
    await town.live_until(date(2026, 4, 2))
    asked, told = town.channel.parcels
    assert (asked.recipient, told.recipient) == ("new@example.jp", "new@example.jp")
    assert told.subject.startswith("【お知らせ6/30(火)】")


async def test_what_is_planned_for_a_contact_that_is_removed_goes_to_the_one_entered_instead(
    town: Workshop,
) -> None:
    await town.enrol(enrolled(A, "wrong@example.jp"))
    await town.publish(said(by(DUE)))
    await town.run()
    await put(town)
    await remove(town.tools, OWNER, (await kept(town, "wrong@example.jp")).id, "a clerk")
    await town.live_until(date(2026, 4, 1))
    assert [parcel.recipient for parcel in town.channel.parcels] == ["new@example.jp"]
    assert [row.state for row in await town.all(DeliveryRow)] == ["accepted"]


async def test_an_office_stops_mail_to_an_address_and_what_is_planned_goes_elsewhere(town: Workshop) -> None:
    await town.enrol(enrolled(A, "one@example.jp", "two@example.jp"))
    await town.publish(said(by(DUE)))
    await town.run()
    await stop(town.tools, OWNER, (await kept(town, "one@example.jp")).id, f"office/{A}")
    await stop(town.tools, OWNER, (await kept(town, "one@example.jp")).id, f"office/{A}")
    await town.live_until(date(2026, 4, 1))
    assert [parcel.recipient for parcel in town.channel.parcels] == ["two@example.jp"]
    assert sorted(row.state for row in await town.all(DeliveryRow)) == ["accepted", "cancelled"]
    assert [row.action for row in await town.all(AuditRow)].count("contact.stopped") == 1


async def test_without_any_address_left_the_office_is_seen_as_unreachable(town: Workshop) -> None:
    await town.enrol(enrolled(A, "one@example.jp"))
    await town.publish(said(by(DUE)))
    await town.run()
    await stop(town.tools, OWNER, (await kept(town, "one@example.jp")).id, f"office/{A}")
    await town.live_until(date(2026, 4, 1))
    assert town.channel.parcels == []
    assert [each.party for each in await town.said("unreachable")] == [f"office/{A}"]


async def test_no_list_brings_back_what_an_office_has_stopped(town: Workshop) -> None:
    await town.enrol(enrolled(A, "one@example.jp"))
    await stop(town.tools, OWNER, (await kept(town, "one@example.jp")).id, f"office/{A}")
    await town.enrol(enrolled(A, "one@example.jp"))
    assert not (await kept(town, "one@example.jp")).active


async def test_no_list_takes_away_what_an_office_has_entered_itself(town: Workshop) -> None:
    await town.enrol(enrolled(A, "old@example.jp"))
    await put(town, replace(MOVED, replaces=(await kept(town, "old@example.jp")).id))
    await town.enrol(enrolled(A, "old@example.jp"))
    (proof,) = await proofs(town)
    await confirm(town.tools, proof)
    await town.enrol(enrolled(A, "old@example.jp"))
    assert (await kept(town)).active
    assert not (await kept(town, "old@example.jp")).active
    async with town.database.reading() as conn:
        assert (await difference(conn, [enrolled(A, "old@example.jp")])).unchanged == 1


async def test_what_an_office_has_stopped_it_can_enter_again_and_its_owner_is_asked(town: Workshop) -> None:
    await town.enrol(enrolled(A, "new@example.jp"))
    known = await kept(town)
    await stop(town.tools, OWNER, known.id, f"office/{A}")
    again = await put(town, BY_OFFICE)
    assert (again.id, again.active, again.reason) == (known.id, False, "unverified")
    (proof,) = await proofs(town)
    await confirm(town.tools, proof)
    assert (await kept(town)).active


async def test_whoever_got_no_mail_can_ask_for_another_but_not_at_once(town: Workshop) -> None:
    await town.enrol(enrolled(A))
    await put(town, BY_OFFICE)
    with pytest.raises(SubscriptionRefusedError, match="お送りしたばかり"):
        await put(town, BY_OFFICE)
    town.clock.turn_to(town.tools.now() + timedelta(minutes=11))
    await put(town, BY_OFFICE)
    first, second = await proofs(town)
    assert await contact_of(town.tools, first) is None
    assert await contact_of(town.tools, second) is not None


async def test_what_is_in_use_is_not_asked_about_again(town: Workshop) -> None:
    await town.enrol(enrolled(A, "new@example.jp"))
    with pytest.raises(SubscriptionRefusedError, match="すでに登録"):
        await put(town, BY_OFFICE)
    assert (await kept(town)).authority == CITY


async def test_a_letter_that_may_have_arrived_is_not_sent_again_to_an_owner_who_wants_no_mail(
    town: Workshop,
) -> None:
    await town.enrol(enrolled(A, "one@example.jp"))
    await town.publish(said(by(DUE)))
    await town.run()
    town.turn_to(date(2026, 4, 1), 9)
    async with channel(FakeRelay(port=9)) as away:
        await town.with_channel(away).run()
    async with town.database.transaction() as conn:
        # As if the answer of the relay had been lost.
        for model in (DeliveryRow, LetterRow):
            await conn.execute(update(model).values(state="unknown"))
    await mute(town.tools, "one@example.jp")
    await town.live_until(date(2026, 4, 2))
    assert town.channel.parcels == []
    assert [row.state for row in await town.all(DeliveryRow)] == ["failed"]
