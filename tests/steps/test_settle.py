from datetime import date, timedelta

from notifier.steps.deliver import LEASE
from notifier.steps.derive import derive
from notifier.steps.dispatch import dispatch
from notifier.steps.settle import settle
from notifier.store import claims
from notifier.store.tables import LetterRow
from tests.builders import by, said
from tests.steps.workshop import A, B, Workshop, enrolled

TODAY = date(2026, 4, 1)


async def gathered(shop: Workshop) -> None:
    await shop.publish(said(by(date(2026, 6, 30))))
    await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp"))
    await derive(shop.tools)
    shop.turn_to(TODAY, 9)
    await dispatch(shop.tools)


async def claimed_by_a_worker_that_dies(shop: Workshop) -> list[int]:
    """Two letters are claimed; of one the worker may have sent the final dot."""
    await gathered(shop)
    async with shop.database.transaction() as conn:
        held, _ = await claims.claim(conn, shop.tools.now(), "dead:0", LEASE, 10)
    async with shop.database.transaction() as conn:
        assert await claims.pass_gate(conn, [held[1].id], "dead:0") == {held[1].id}
    await shop.forget_outbox()
    return [each.id for each in held]


async def test_nothing_is_freed_while_a_lease_holds(shop: Workshop) -> None:
    await claimed_by_a_worker_that_dies(shop)
    shop.clock.turn_to(shop.tools.now() + LEASE - timedelta(seconds=1))
    await settle(shop.tools)
    assert {row.state for row in await shop.all(LetterRow)} == {"claimed"}
    assert await shop.waiting() == []


async def test_what_was_not_sent_is_planned_again_and_what_may_have_been_is_unknown(shop: Workshop) -> None:
    before, after = await claimed_by_a_worker_that_dies(shop)
    shop.clock.turn_to(shop.tools.now() + LEASE)
    await settle(shop.tools)
    assert {row.id: row.state for row in await shop.all(LetterRow)} == {before: "planned", after: "unknown"}
    assert {row.token for row in await shop.all(LetterRow)} == {""}
    assert await shop.waiting() == [("deliver", shop.tools.now())]


async def test_what_was_freed_is_sent_once_more_and_then_done(shop: Workshop) -> None:
    await claimed_by_a_worker_that_dies(shop)
    shop.clock.turn_to(shop.tools.now() + LEASE)
    await settle(shop.tools)
    await shop.run()
    assert {row.state for row in await shop.all(LetterRow)} == {"accepted"}
    assert [parcel.recipient for parcel in shop.channel.parcels] == ["a@example.jp", "b@example.jp"]
