"""Feeds are kept as long as was promised, and no longer."""

from datetime import timedelta

from sqlalchemy import update
from sqlmodel import col

from notifier.steps.forget import KEPT, forget
from notifier.store import feed, memos
from notifier.store.feed import Place
from notifier.store.happenings import HappeningRow, MessageRow
from notifier.store.memos import MemoRow
from notifier.store.postings import PostingRow
from notifier.store.tables import AuditRow
from tests.builders import CITY
from tests.receivers import Receiver, attached, exchange, receiving
from tests.steps.test_post import happen
from tests.steps.workshop import Workshop


async def test_what_is_older_than_promised_is_forgotten_with_all_that_hangs_on_it(shop: Workshop) -> None:
    receiver = Receiver()
    async with receiving(receiver), exchange() as way:
        await attached(shop.tools, way, receiver, CITY)
    await happen(shop, "office/1")
    shop.clock.turn_to(shop.tools.now() + timedelta(days=1))
    await happen(shop, "office/2")
    shop.clock.turn_to(shop.tools.now() + KEPT)
    await forget(shop.tools)
    assert [row.subject for row in await shop.all(MessageRow)] == ["office/2"]
    assert len(await shop.all(PostingRow)) == len(await shop.all(HappeningRow)) == 1
    async with shop.database.reading() as conn:
        (left,) = await feed.read(conn, 1, Place(), 10)
    assert left.subject == "office/2"


async def test_forgetting_again_changes_nothing(shop: Workshop) -> None:
    await happen(shop, "office/1")
    await forget(shop.tools)
    await forget(shop.tools)
    assert len(await shop.all(MessageRow)) == 1


async def test_ninety_days_are_kept() -> None:
    assert timedelta(days=90) <= KEPT


async def test_mails_about_the_service_are_forgotten_once_they_are_done_with_and_no_earlier(
    shop: Workshop,
) -> None:
    async with shop.database.transaction() as conn:
        for _ in range(3):
            await memos.write(conn, "a@example.jp", "回答", "本文", shop.tools.now())
        await conn.execute(update(MemoRow).where(col(MemoRow.id) != 1).values(state="accepted"))
        later = shop.tools.now() + timedelta(days=1)
        await conn.execute(update(MemoRow).where(col(MemoRow.id) == 3).values(created_at=later))
    shop.clock.turn_to(shop.tools.now() + KEPT + timedelta(hours=1))
    await forget(shop.tools)
    await forget(shop.tools)
    assert [(row.id, row.state) for row in await shop.all(MemoRow)] == [(1, "planned"), (3, "accepted")]
    found = [row.detail for row in await shop.all(AuditRow) if row.action == "memos.forgotten"]
    assert found == [{"count": 1}]
