"""Who hears of what: tenants of their own, vendors of the offices they serve, and nobody of anything else."""

import re
from datetime import date

import pytest

from notifier.domain.messages import MessageType
from notifier.steps.herald import herald
from notifier.store import feed, happenings, listeners
from notifier.store.feed import Place, Told
from notifier.store.happenings import MessageRow, Notice
from tests.builders import CITY, PREFECTURE, by, deadline, said, settlement
from tests.steps.workshop import OTHER_CITY, A, B, Workshop, enrolled

SAID = said(by(date(2026, 6, 30)))
DUTY = deadline(settled_by=(settlement("example.report.filed"),))


async def listen(shop: Workshop, authority: str, vendor: str = "", *numbers: str) -> int:
    async with shop.database.transaction() as conn:
        found = await listeners.listen(conn, authority, vendor, shop.tools.now())
        if numbers:
            await listeners.serve(conn, found.id, numbers)
    return found.id


async def heard(shop: Workshop, listener: int) -> list[Told]:
    async with shop.database.reading() as conn:
        return await feed.read(conn, listener, Place(), 1000)


async def subjects(shop: Workshop, listener: int) -> set[str | None]:
    return {each.subject for each in await heard(shop, listener)}


async def test_where_nobody_listens_nothing_is_written(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.publish(SAID, deadlines=[DUTY])
    await shop.live_until(date(2026, 7, 2))
    assert await shop.all(MessageRow) == []


async def test_a_tenant_hears_of_its_own_offices_and_of_no_others(shop: Workshop) -> None:
    own, other, nation = [await listen(shop, code) for code in (CITY, OTHER_CITY, "")]
    vendor = await listen(shop, "", "a vendor", B)
    prefecture = await listen(shop, PREFECTURE)
    await shop.enrol(enrolled(A), enrolled(B, municipality=OTHER_CITY))
    await shop.publish(SAID, deadlines=[DUTY])
    await shop.run()
    assert await subjects(shop, own) == {None, f"office/{A}"}
    assert await subjects(shop, other) == {None, f"office/{B}"}
    assert await subjects(shop, nation) == {None, f"office/{A}", f"office/{B}"}
    assert await subjects(shop, vendor) == {None, f"office/{B}"}
    assert await subjects(shop, prefecture) == {None}


async def test_a_vendor_hears_nothing_that_the_authority_that_let_it_in_would_not_hear(
    shop: Workshop,
) -> None:
    own = await listen(shop, CITY, "a vendor", A, B)  # B is none of the city's
    other = await listen(shop, OTHER_CITY, "a vendor", A, B)
    await shop.enrol(enrolled(B, municipality=OTHER_CITY))
    await shop.publish(SAID, deadlines=[DUTY])
    await shop.run()
    assert await subjects(shop, own) == set()
    assert await subjects(shop, other) == {None, f"office/{B}"}


async def test_letters_are_told_to_the_authority_whose_contact_they_went_to(shop: Workshop) -> None:
    own, other = await listen(shop, CITY), await listen(shop, OTHER_CITY)
    await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B))
    await shop.publish(SAID, deadlines=[DUTY])
    await shop.live_until(date(2026, 4, 2))
    told = [(each.type, each.subject) for each in await heard(shop, own)]
    assert ("reminder.sent", f"office/{A}") in told
    assert ("delivery.failed", f"office/{B}") in told  # nobody can be written to there
    assert await heard(shop, other) == []
    sent = next(each for each in await heard(shop, own) if each.type == "reminder.sent")
    assert sent.data["occasion"] == "announcement"
    assert "a@example.jp" not in str(sent.data)


async def test_a_moved_date_is_told_once_for_all_and_a_withdrawal_too(shop: Workshop) -> None:
    own = await listen(shop, CITY)
    await shop.enrol(enrolled(A))
    await shop.publish(SAID, deadlines=[DUTY])
    await shop.run()
    shop.turn_to(date(2026, 4, 10))
    moved = said(by(date(2026, 7, 31)), date(2026, 4, 10))
    await shop.publish(moved, deadlines=[DUTY])
    await shop.run()
    told = [each for each in await heard(shop, own) if each.type.startswith("deadline.")]
    assert [each.type for each in told] == ["deadline.announced", "deadline.changed"]
    assert told[1].data["change"]["kind"] == "extended"
    assert told[1].data["change"]["old"]["latest"] == "2026-06-30"
    assert told[1].data["due"]["latest"] == "2026-07-31"
    created = [each for each in await heard(shop, own) if each.type == "obligation.created"]
    assert len(created) == 1


async def test_the_feed_is_read_on_from_any_place_and_misses_nothing(shop: Workshop) -> None:
    own = await listen(shop, CITY)
    now = shop.tools.now()
    async with shop.database.transaction() as conn:
        happening = await happenings.note(conn, now, {"deadline": "a/b"})
        kind = MessageType.OBLIGATION_CREATED
        await happenings.tell_listeners(
            conn, [Notice(kind, own, f"office/{n}", happening) for n in range(50)], now
        )
    await herald(shop.tools)
    place, found = Place(), []
    while page := await _page(shop, own, place):
        place = Place.read(str(page[-1].place))
        found += [each.subject for each in page]
    assert found == [f"office/{n}" for n in range(50)]
    async with shop.database.reading() as conn:
        assert await feed.end_of(conn, own) == place
        assert await feed.end_of(conn, 99) == Place()


async def _page(shop: Workshop, listener: int, after: Place) -> list[Told]:
    async with shop.database.reading() as conn:
        return await feed.read(conn, listener, after, 7)


@pytest.mark.parametrize("written", ["1", "a-b", "1-", "-1", "1-2-3", "１-２", "1" * 20 + "-" + "2" * 20])
def test_what_is_no_place_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=re.escape(written)):
        Place.read(written)


async def test_more_than_a_round_is_fanned_out_in_rounds(shop: Workshop) -> None:
    own = await listen(shop, CITY)
    now = shop.tools.now()
    async with shop.database.transaction() as conn:
        happening = await happenings.note(conn, now, {"deadline": "a/b"})
        kind = MessageType.OBLIGATION_CREATED
        await happenings.tell_listeners(
            conn, [Notice(kind, own, f"office/{n}", happening) for n in range(25)], now
        )
    await herald(shop.tools, 10)
    assert len(await heard(shop, own)) == 10
    assert await shop.waiting() == [("herald", now)]
    await shop.run()
    assert len(await heard(shop, own)) == 25
    assert await shop.waiting() == []
