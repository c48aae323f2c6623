from datetime import date, timedelta

from notifier.clock import japan_time
from notifier.steps.derive import derive
from notifier.steps.dispatch import dispatch
from notifier.store.tables import DeliveryRow, LetterRow
from tests.builders import by, deadline, said
from tests.steps.workshop import A, B, C, Workshop, enrolled

TODAY = date(2026, 4, 1)
TWO = (
    said(by(date(2026, 6, 30)), deadline="example/plan"),
    said(by(date(2026, 7, 31)), deadline="example/report"),
)
DEADLINES = [deadline("example/plan"), deadline("example/report")]


async def planned(shop: Workshop) -> None:
    """Both duties are announced at eight, to leave at nine."""
    await shop.publish(*TWO, deadlines=DEADLINES)
    await shop.enrol(
        enrolled(A, "shared@example.jp"), enrolled(B, "shared@example.jp"), enrolled(C, "c@example.jp")
    )
    await derive(shop.tools)
    await shop.forget_outbox()


async def test_before_the_hour_nothing_is_gathered_and_the_hour_is_waited_for(shop: Workshop) -> None:
    await planned(shop)
    await dispatch(shop.tools)
    assert await shop.all(LetterRow) == []
    assert await shop.waiting() == [("dispatch", japan_time(TODAY, 9))]


async def test_all_that_is_due_for_an_address_becomes_one_letter(shop: Workshop) -> None:
    await planned(shop)
    shop.turn_to(TODAY, 9)
    await dispatch(shop.tools)
    letters = {row.recipient: row.id for row in await shop.all(LetterRow)}
    assert set(letters) == {"shared@example.jp", "c@example.jp"}
    deliveries = await shop.all(DeliveryRow)
    assert len(deliveries) == 6
    assert all(row.letter_id == letters[row.recipient] for row in deliveries)
    assert await shop.waiting() == [("deliver", japan_time(TODAY, 9))]


async def test_what_has_been_gathered_is_not_gathered_again(shop: Workshop) -> None:
    await planned(shop)
    shop.turn_to(TODAY, 9)
    await dispatch(shop.tools)
    await shop.forget_outbox()
    await dispatch(shop.tools)
    assert len(await shop.all(LetterRow)) == 2
    assert await shop.waiting() == []


async def test_offices_without_an_address_get_a_letter_each_that_nobody_receives(shop: Workshop) -> None:
    await shop.publish(*TWO, deadlines=DEADLINES)
    await shop.enrol(enrolled(A), enrolled(B))
    await derive(shop.tools)
    shop.turn_to(TODAY, 9)
    await dispatch(shop.tools)
    letters = await shop.all(LetterRow)
    assert [(row.recipient, row.gathered) for row in letters] == [("", f"office/{A}"), ("", f"office/{B}")]


async def test_what_is_due_later_waits_for_its_own_time(shop: Workshop) -> None:
    await shop.publish(TWO[0], deadlines=DEADLINES[:1])
    await shop.enrol(enrolled(A, "a@example.jp"))
    await derive(shop.tools)
    shop.turn_to(TODAY, 10)
    await dispatch(shop.tools)
    later = shop.tools.now() + timedelta(hours=3)
    await shop.write(
        DeliveryRow,
        saying_id=1,
        office_id=None,
        party="editor",
        channel="email",
        recipient="editor@example.jp",
        state="planned",
        due_at=later,
    )
    await shop.forget_outbox()
    await dispatch(shop.tools)
    assert await shop.waiting() == [("dispatch", later)]
