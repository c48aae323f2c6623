"""Running: the steps that messages name, one after the other, with what they leave."""

from datetime import date, timedelta

import pytest

from notifier.errors import NotifierError
from notifier.running import LEASE, STEPS, run_due, run_step
from notifier.store import outbox
from notifier.store.tables import CohortRow
from tests.builders import by, said
from tests.steps.workshop import A, Workshop, enrolled


async def test_what_is_due_is_dealt_with_and_so_is_what_follows_from_it(shop: Workshop) -> None:
    await shop.publish(said(by(date(2026, 6, 30))))
    await shop.enrol(enrolled(A, "a@example.jp"))
    assert await run_due(shop.tools) == 3  # derive, which leaves sweep and dispatch
    assert [step for step, _ in await shop.waiting()] == ["dispatch", "sweep"]
    shop.turn_to(date(2026, 4, 1), 9)
    assert await run_due(shop.tools) == 2  # dispatch, which leaves deliver
    assert [parcel.recipient for parcel in shop.channel.parcels] == ["a@example.jp"]


async def test_where_nothing_is_due_nothing_is_done(shop: Workshop) -> None:
    assert await run_due(shop.tools) == 0


async def test_a_step_of_another_version_is_named(shop: Workshop) -> None:
    with pytest.raises(
        NotifierError, match="there is no step 'fly'; the message was left by another version"
    ):
        await run_step(shop.tools, "fly")


async def test_every_step_bears_being_run_again(shop: Workshop) -> None:
    """A worker may die after its step and before it could say so."""
    await shop.publish(said(by(date(2026, 6, 30))))
    await shop.enrol(enrolled(A, "a@example.jp"))
    shop.turn_to(date(2026, 4, 1), 9)
    for _ in range(2):
        for step in STEPS:
            await run_step(shop.tools, step)
    assert len(shop.channel.parcels) == 1
    assert len(await shop.all(CohortRow)) == 1


async def test_a_message_of_a_worker_that_died_is_run_when_its_lease_is_over(shop: Workshop) -> None:
    await shop.publish(said(by(date(2026, 6, 30))))
    assert len(await outbox.claim(shop.database, shop.tools.now(), "dead", LEASE)) == 1
    assert await run_due(shop.tools) == 0
    shop.clock.turn_to(shop.tools.now() + LEASE + timedelta(seconds=1))
    assert await run_due(shop.tools) == 3
    assert len(await shop.all(CohortRow)) == 0
