"""How long the other side may take, told by one timer for all who wait."""

import asyncio

import pytest

from notifier.channels.patience import Patience


async def waits(patience: Patience, seconds: float, *, swallows: bool = False) -> str:
    with patience:
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            if not swallows:
                raise
            return "swallowed"
    return "done"


async def test_whoever_takes_too_long_is_cut_off_and_nobody_else() -> None:
    patience = Patience(0.2)
    ended = await asyncio.gather(
        waits(patience, 0.01), waits(patience, 30), waits(patience, 0.05), return_exceptions=True
    )
    assert [ended[0], ended[2]] == ["done", "done"]
    assert isinstance(ended[1], TimeoutError)
    assert await waits(patience, 0.01) == "done"


async def test_whoever_is_cancelled_from_outside_is_cancelled_and_not_late() -> None:
    task = asyncio.create_task(waits(Patience(5), 30))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cut_that_was_swallowed_is_not_felt_later() -> None:
    """What was meant for the block must not end what the task does after it."""

    async def goes_on() -> str:
        said = await waits(Patience(0.05), 30, swallows=True)
        await asyncio.sleep(0.01)
        task = asyncio.current_task()
        assert task is not None
        return f"{said}, {task.cancelling()} left"

    assert await goes_on() == "swallowed, 0 left"


async def test_a_cut_and_a_cancellation_at_once_are_a_cancellation() -> None:
    patience = Patience(0.05)

    async def stubborn() -> None:
        with patience:
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                asyncio.current_task().cancel()  # type: ignore[union-attr]  # there is one: this runs in it
                raise

    task = asyncio.create_task(stubborn())
    with pytest.raises(asyncio.CancelledError):
        await task


def test_patience_is_for_tasks() -> None:
    with pytest.raises(RuntimeError, match="no running event loop"), Patience(1):
        pass
