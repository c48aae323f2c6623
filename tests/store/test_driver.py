"""Connections to SQLite files are closed whatever happens while they are made, and nothing is asked for nothing."""

import asyncio
import gc
import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from notifier.store.database import Database

pytestmark = pytest.mark.filterwarnings("error")


async def look(database: Database) -> None:
    async with database.reading() as conn:
        await conn.execute(text("SELECT 1"))


def looked(plain: sqlite3.Connection) -> None:
    plain.execute("SELECT 1")


@pytest.mark.parametrize("steps", range(12))
async def test_whoever_is_cancelled_while_connecting_leaves_no_connection_open(
    tmp_path: Path, steps: int
) -> None:
    before = threading.active_count()
    database = await Database.open(f"sqlite+aiosqlite:///{tmp_path / 'a.sqlite3'}")
    async with (
        database.reading() as conn
    ):  # the one connection there is, so that each of the others is made anew
        await conn.execute(text("SELECT 1"))
        tasks = [asyncio.create_task(look(database)) for _ in range(4)]
        tasks.append(asyncio.create_task(database.at_one_go(looked)))
        turned = asyncio.get_running_loop().create_future()
        turn(steps, turned)
        await turned
        for task in tasks:
            task.cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(each is None or isinstance(each, asyncio.CancelledError) for each in done)
    await look(database)
    await database.close()
    del tasks, done
    gc.collect()
    async with asyncio.timeout(10):
        while threading.active_count() > before:  # the threads end by themselves
            await look_away()


def turn(steps: int, turned: "asyncio.Future[None]") -> None:
    """Let the loop go round so many times."""
    if steps:
        asyncio.get_running_loop().call_soon(turn, steps - 1, turned)
    else:
        turned.set_result(None)


async def look_away() -> None:
    """Let others go on for a moment."""
    turned = asyncio.get_running_loop().create_future()
    turn(10, turned)
    await turned
