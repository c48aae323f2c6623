"""Attempts: how tries at endpoints ended, kept for whoever looks, with what becomes of the postings they were for."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Update, bindparam, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.chosen import among
from notifier.store.database import table
from notifier.store.driver import beneath
from notifier.store.groups import Group
from notifier.store.postings import AttemptRow, Posting, PostingRow
from notifier.store.questions import Deed


@dataclass(slots=True)  # not frozen: those are made at a quarter of the speed, and of these very many are
class Outcome:
    """What became of one try; `next_try_at` counts where the posting waits again."""

    posting: Posting
    state: str
    at: datetime
    next_try_at: datetime
    milliseconds: int
    verdict: str
    code: int | None
    answer: str
    problem: str = ""


async def record(conn: AsyncConnection, outcomes: Sequence[Outcome], token: str) -> None:
    """Record tries of postings held under `token`; what another worker holds by now is not changed by it."""
    if not outcomes:
        return
    tried = [_try(each) for each in outcomes]
    taken = [each for each in outcomes if each.state == "delivered"]
    ids = [each.posting.id for each in taken]
    ended = {"ids": ids, "fence": token, "ended": taken[-1].at if taken else None}
    if conn.dialect.name == "sqlite":
        await beneath(conn, lambda plain: _record_beneath(plain, tried, ended))
    else:
        await _TRIED.insert(conn, tried)
        if taken:
            await conn.execute(_delivered(), ended)
    others = [
        {
            "posting": each.posting.id,
            "fence": token,
            "to": each.state,
            "again": each.next_try_at,
            "ended": each.at if each.state == "dead" else None,
            "why": each.problem,
        }
        for each in outcomes
        if each.state != "delivered"
    ]
    if others:
        await conn.execute(_others(), others)


def _record_beneath(
    plain: sqlite3.Connection, tried: Sequence[tuple[Any, ...]], ended: Mapping[str, Any]
) -> None:
    _TRIED.insert_beneath(plain, tried)
    _delivered_beneath().do(plain, ended)


@cache
def _delivered_beneath() -> Deed:
    return Deed(_delivered())


_TRIED = Group(AttemptRow, ("endpoint_id", "message_id", "at", "milliseconds", "code", "verdict", "answer"))


def _try(each: Outcome) -> tuple[Any, ...]:
    about = each.posting.endpoint_id, each.posting.told.place.message, each.at
    return (*about, each.milliseconds, each.code, each.verdict, each.answer)


@cache
def _delivered() -> Update:
    posting = table(PostingRow)
    ended = bindparam("ended", type_=posting.c.next_try_at.type)
    mine = among(posting.c.id), posting.c.token == bindparam("fence")
    final = {"state": "delivered", "finished_at": ended, "lease_until": None, "problem": ""}
    return update(posting).where(*mine).values(final)


@cache
def _others() -> Update:
    posting = table(PostingRow)
    instant = posting.c.next_try_at.type
    return (
        update(posting)
        .where(posting.c.id == bindparam("posting"), posting.c.token == bindparam("fence"))
        .values(
            state=bindparam("to"),
            next_try_at=bindparam("again", type_=instant),
            finished_at=bindparam("ended", type_=instant),
            problem=bindparam("why"),
            lease_until=None,
            token="",
        )
    )


async def note_attempt(conn: AsyncConnection, endpoint_id: int, values: Mapping[str, Any]) -> None:
    """Keep a try that belongs to no posting: a challenge, a ping."""
    await conn.execute(insert(table(AttemptRow)).values(endpoint_id=endpoint_id, **values))
