"""Reminders on the days that offices have asked for."""

from datetime import date, timedelta

from sqlalchemy import update

from notifier.store import outbox
from notifier.store.database import table
from notifier.store.tables import DeadlineRow
from notifier.store.wishes import WishRow
from tests.builders import by, deadline, said, settlement
from tests.steps.pages import APPLIED, declared, done, say
from tests.steps.test_declare import TODAY, owing
from tests.steps.workshop import A, Workshop

WISHED = date(2026, 5, 11)
SATURDAY = date(2026, 5, 16)


async def reminded(shop: Workshop, day: date) -> list[tuple[str, str, str | None]]:
    return [each.brief for each in await shop.said() if each.on == day]


async def wishes(shop: Workshop) -> list[str]:
    return [row.state for row in await shop.all(WishRow)]


async def test_an_office_is_reminded_on_the_day_it_asked_for_and_no_other_is(shop: Workshop) -> None:
    await owing(shop)
    await say(shop, declared("reminder", on=WISHED))
    await shop.live_until(WISHED)
    assert await reminded(shop, WISHED) == [(A, "reminder", None)]
    assert await wishes(shop) == ["said"]
    assert "この日にもう一度お知らせすることを希望されたためです。" in shop.channel.parcels[-1].text.replace(
        "\n　", ""
    )


async def test_a_wish_for_a_closed_day_is_granted_on_that_day(shop: Workshop) -> None:
    await owing(shop)
    await say(shop, declared("reminder", on=SATURDAY))
    await shop.live_until(SATURDAY)
    assert await reminded(shop, SATURDAY) == [(A, "reminder", None)]


async def test_what_the_ladder_says_on_that_day_is_not_said_twice(shop: Workshop) -> None:
    await owing(shop)
    rung = date(2026, 5, 29)  # 30 days before is a Sunday: the rung lies on the Friday before
    await say(shop, declared("reminder", on=rung))
    await shop.live_until(rung)
    assert [brief for brief in await reminded(shop, rung) if brief[0] == A] == [(A, "reminder", "T-30")]
    assert await wishes(shop) == ["said"]


async def test_who_has_done_it_by_then_is_not_reminded(shop: Workshop) -> None:
    await owing(shop)
    await say(shop, declared("reminder", on=WISHED))
    await say(shop, done(TODAY))
    await shop.live_until(WISHED)
    assert await reminded(shop, WISHED) == []
    assert await wishes(shop) == ["dropped"]


async def test_a_wish_for_a_duty_that_was_withdrawn_is_dropped(shop: Workshop) -> None:
    await owing(shop)
    await say(shop, declared("reminder", on=WISHED))
    shop.turn_to(date(2026, 4, 20))
    await shop.publish(
        said(None, date(2026, 4, 20), withdraws=True),
        deadlines=[deadline(settled_by=(settlement(APPLIED),))],
    )
    await shop.live_until(WISHED)
    assert await wishes(shop) == ["dropped"]
    assert await reminded(shop, WISHED) == []


async def test_a_day_that_moves_ahead_of_the_wish_brings_the_reminder_forward(shop: Workshop) -> None:
    await owing(shop)
    await say(shop, declared("reminder", on=date(2026, 6, 24)))
    shop.turn_to(date(2026, 4, 20))
    await shop.publish(
        said(by(date(2026, 6, 10)), date(2026, 4, 20)),
        deadlines=[deadline(settled_by=(settlement(APPLIED),))],
    )
    await shop.live_until(date(2026, 6, 9))
    assert await wishes(shop) == ["waiting"]
    await ask_to_remind(shop, date(2026, 6, 10))
    await shop.live_until(date(2026, 6, 10))
    assert await wishes(shop) == ["said"]


async def test_while_the_law_is_being_worked_out_a_wish_waits(shop: Workshop) -> None:
    await owing(shop)
    await say(shop, declared("reminder", on=WISHED))
    await shop.live_until(WISHED - timedelta(days=1))
    await set_generation(shop, 99)
    shop.turn_to(WISHED)
    await shop.run()
    assert await wishes(shop) == ["waiting"]
    await set_generation(shop, 1)
    await shop.live_until(WISHED)
    assert await wishes(shop) == ["said"]


async def ask_to_remind(shop: Workshop, day: date) -> None:
    """What the ticker leaves each morning."""
    shop.turn_to(day)
    async with shop.database.transaction() as conn:
        await outbox.enqueue(conn, "remind", shop.tools.now())


async def set_generation(shop: Workshop, number: int) -> None:
    async with shop.database.transaction() as conn:
        await conn.execute(update(table(DeadlineRow)).values(generation=number))
