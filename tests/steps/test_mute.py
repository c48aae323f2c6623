from datetime import date

from notifier.steps.mute import mute
from notifier.store.tables import AuditRow, LetterRow
from tests.builders import by, said
from tests.channels.letters import channel
from tests.channels.relays import FakeRelay
from tests.steps.workshop import A, B, C, Interrupting, Workshop, enrolled


async def test_a_muted_address_gets_nothing_more_and_the_offices_are_seen_as_unreachable(
    shop: Workshop,
) -> None:
    await shop.enrol(
        enrolled(A, "shared@example.jp"), enrolled(B, "shared@example.jp"), enrolled(C, "c@example.jp")
    )
    assert await mute(shop.tools, "shared@example.jp") == 2
    await shop.publish(said(by(date(2026, 6, 30))))
    await shop.live_until(date(2026, 4, 1))
    assert [parcel.recipient for parcel in shop.channel.parcels] == ["c@example.jp"]
    assert sorted(each.party for each in await shop.said("unreachable")) == [f"office/{A}", f"office/{B}"]


async def test_muting_is_written_down_for_each_office_once(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"))
    assert [await mute(shop.tools, "a@example.jp") for _ in range(2)] == [1, 0]
    written = (await shop.all(AuditRow))[1:]
    assert [(row.who, row.action, row.subject) for row in written] == [
        ("recipient", "contact.muted", f"office/{A}")
    ]


async def test_no_list_brings_a_muted_address_back(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"))
    await mute(shop.tools, "a@example.jp")
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.publish(said(by(date(2026, 6, 30))))
    await shop.live_until(date(2026, 4, 1))
    assert shop.channel.parcels == []
    assert len(await shop.said("unreachable")) == 1


async def test_a_letter_that_waits_for_another_try_is_not_sent_to_a_muted_address(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.publish(said(by(date(2026, 6, 30))))
    await shop.run()
    shop.turn_to(date(2026, 4, 1), 9)
    async with channel(FakeRelay(port=9)) as away:
        await shop.with_channel(away).run()
    await mute(shop.tools, "a@example.jp")
    await shop.live_until(date(2026, 4, 1))
    assert shop.channel.parcels == []
    assert [row.state for row in await shop.all(LetterRow)] == ["cancelled"]
    assert len(await shop.said("unreachable")) == 1


async def test_muting_stops_a_letter_at_the_gate(shop: Workshop) -> None:
    async def muting() -> None:
        await mute(shop.tools, "a@example.jp")

    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.publish(said(by(date(2026, 6, 30))))
    await shop.with_channel(Interrupting(shop.channel, muting)).live_until(date(2026, 4, 1))
    assert shop.channel.parcels == []
    assert [row.state for row in await shop.all(LetterRow)] == ["cancelled"]
