"""Mails about the service itself are kept before they are sent, and sent as carefully as letters."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest

from notifier.channels.parcel import BeforeDot, Parcel
from notifier.domain.receipts import Phase, Receipt, judge_smtp
from notifier.steps.inform import inform
from notifier.store import memos
from notifier.store.memos import MemoRow
from tests.steps.workshop import Workshop


class Answering:
    """A way out that answers every mail alike."""

    def __init__(self, phase: Phase, code: int | None) -> None:
        self._receipt = judge_smtp(phase, code, "an answer")
        self.parcels: list[Parcel] = []

    async def send(
        self, parcels: Sequence[Parcel], before_dot: BeforeDot
    ) -> AsyncIterator[tuple[str, Receipt]]:
        for parcel in parcels:
            if await before_dot([parcel.key]):
                self.parcels.append(parcel)
                yield parcel.key, self._receipt


async def write(shop: Workshop) -> None:
    async with shop.database.transaction() as conn:
        await memos.write(conn, "owner@example.jp", "件名", "本文\n", shop.tools.now())


async def state(shop: Workshop) -> str:
    (row,) = await shop.all(MemoRow)
    kept: str = row.state
    return kept


async def test_a_memo_leaves_once(shop: Workshop) -> None:
    await write(shop)
    await inform(shop.tools)
    await inform(shop.tools)
    (parcel,) = shop.channel.parcels
    assert (parcel.recipient, parcel.subject, parcel.text) == ("owner@example.jp", "件名", "本文\n")
    assert await state(shop) == "accepted"
    assert await shop.waiting() == []


@pytest.mark.parametrize(
    "phase, code, kept, waits",
    [
        (Phase.RCPT, 550, "refused", None),
        (Phase.RCPT, 450, "planned", timedelta(seconds=54)),
        (Phase.CONNECT, 535, "planned", timedelta(minutes=5)),
        (Phase.DOT, None, "unknown", timedelta(minutes=5)),
    ],
)
async def test_what_became_of_it_is_kept(
    shop: Workshop, phase: Phase, code: int | None, kept: str, waits: timedelta | None
) -> None:
    await write(shop)
    shop = shop.with_channel(Answering(phase, code))
    await inform(shop.tools)
    assert await state(shop) == kept
    due = [] if waits is None else [("inform", shop.tools.now() + waits)]
    assert await shop.waiting() == due


async def test_an_unknown_outcome_is_repeated_once_with_the_same_bytes(shop: Workshop) -> None:
    await write(shop)
    silent = Answering(Phase.DOT, None)
    shop = shop.with_channel(silent)
    await inform(shop.tools)
    shop.clock.turn_to(shop.tools.now() + timedelta(minutes=5))
    await inform(shop.tools)
    first, second = silent.parcels
    assert first == second
    assert await state(shop) == "failed"


async def test_it_is_given_up_after_three_days(shop: Workshop) -> None:
    await write(shop)
    shop = shop.with_channel(Answering(Phase.RCPT, 450))
    for _ in range(40):
        await inform(shop.tools)
        waiting = await shop.waiting()
        if not waiting:
            break
        await shop.forget_outbox()
        shop.clock.turn_to(waiting[0][1])
    assert await state(shop) == "failed"


async def test_a_memo_of_a_worker_that_died_is_sent_when_its_lease_is_over(shop: Workshop) -> None:
    await write(shop)
    async with shop.database.transaction() as conn:
        (lost,) = await memos.claim(conn, shop.tools.now(), "dead", timedelta(minutes=5), 10)
        assert await memos.pass_gate(conn, [lost.id], "another") == set()
    await inform(shop.tools)
    assert shop.channel.parcels == []
    shop.clock.turn_to(shop.tools.now() + timedelta(minutes=5))
    await inform(shop.tools)
    assert len(shop.channel.parcels) == 1
