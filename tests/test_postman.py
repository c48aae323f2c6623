"""The postman goes round by himself, when woken, and after a fault; and stops when told."""

import asyncio
from datetime import timedelta

from notifier.postman import Postman

SOON = timedelta(milliseconds=1)
NEVER = timedelta(hours=1)


async def test_he_goes_round_until_he_is_stopped() -> None:
    rounds = 0
    postman: Postman

    async def go(_: asyncio.Event) -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 3:
            postman.stop()

    postman = Postman(go, poll=SOON)
    await asyncio.wait_for(postman.work(), 10)
    assert rounds == 3


async def test_woken_he_goes_at_once() -> None:
    gone: asyncio.Queue[int] = asyncio.Queue()

    async def go(_: asyncio.Event) -> None:
        gone.put_nowait(1)

    postman = Postman(go, poll=NEVER)
    working = asyncio.create_task(postman.work())
    await asyncio.wait_for(gone.get(), 10)
    postman.wake()
    await asyncio.wait_for(gone.get(), 10)
    postman.stop()
    await asyncio.wait_for(working, 10)


async def test_a_round_that_fails_is_gone_again() -> None:
    rounds = 0
    postman: Postman

    async def go(_: asyncio.Event) -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 1:
            raise RuntimeError("the database is away")
        postman.stop()

    postman = Postman(go, poll=NEVER, after_fault=SOON)
    await asyncio.wait_for(postman.work(), 10)
    assert rounds == 2
