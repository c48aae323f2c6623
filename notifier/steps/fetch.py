"""fetch: get the files of notices of which a program told the address alone, and add them to the notices that wait.

As with sources, the network is asked outside any transaction, and an address is somebody else's word: the fetcher
reaches what is public only. What could not be fetched is told to the rule editor in the notice's task.
"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from notifier.bringing import Carried, bring
from notifier.channels.fetcher import Fetcher
from notifier.domain import watching
from notifier.domain.stages import Stage
from notifier.store import audit, inbox, papers, pickups, tasks
from notifier.store.database import Connection
from notifier.store.papers import Paper
from notifier.store.pickups import Pickup
from notifier.tools import Tools

LEASE: Final = timedelta(minutes=30)
AT_ONCE: Final = 4
ACTOR: Final = "fetch"
RECEIVED: Final = "notice.received"


async def fetch(tools: Tools, fetcher: Fetcher, stopping: asyncio.Event) -> datetime | None:
    """Ask for every file that is due; returns when the next will be."""
    token = f"{tools.worker}:{tools.now().isoformat()}"
    fetcher.begin()
    while not stopping.is_set():
        async with tools.database.transaction() as conn:
            claimed = await pickups.claim(conn, tools.now(), token, LEASE, AT_ONCE)
        if not claimed:
            break
        await asyncio.gather(*(_fetch(tools, fetcher, each, token) for each in claimed))
    async with tools.database.reading() as conn:
        return await pickups.next_due(conn)


async def _fetch(tools: Tools, fetcher: Fetcher, wanted: Pickup, token: str) -> None:
    carried = await bring(fetcher, wanted.url, wanted.notice)
    async with tools.database.transaction() as conn:
        if not await pickups.is_held(conn, wanted.notice, token):
            return
        found = await inbox.find(conn, wanted.notice)
        has_file = await papers.document_of(conn, wanted.notice) is not None
        if found is None or found.stage is not Stage.RECEIVED or has_file:
            await pickups.forget(conn, wanted.notice)
        elif carried.paper is None:
            await _missed(tools, conn, wanted, carried)
        else:
            await _keep(tools, conn, wanted, carried.paper)


async def _missed(tools: Tools, conn: Connection, wanted: Pickup, carried: Carried) -> None:
    now, problem = tools.now(), carried.problem
    following = watching.next_try(now, wanted.attempts + 1, carried.retry_after)
    await pickups.missed(conn, wanted, problem, following)
    what = "もう一度試します。" if following else "自動では取得できませんでした。入手して加えてください。"
    await _tell(conn, wanted, f"{problem}{what}", now)


async def _keep(tools: Tools, conn: Connection, wanted: Pickup, paper: Paper) -> None:
    now = tools.now()
    await pickups.forget(conn, wanted.notice)
    other = await papers.notice_of(conn, paper.digest)
    if other is not None:
        await _tell(conn, wanted, f"同じ内容の文書が {other} としてすでにあります。", now)
        return
    await papers.keep(conn, replace(paper, notice=wanted.notice), now)
    await _tell(conn, wanted, paper.problem or paper.name, now)
    detail = {"title": wanted.title, "file": paper.name, "digest": paper.digest, "link": wanted.url}
    await audit.append(conn, now, ACTOR, RECEIVED, f"notice/{wanted.notice}", detail)


async def _tell(conn: Connection, wanted: Pickup, what: str, now: datetime) -> None:
    await tasks.open_task(
        conn, RECEIVED, f"notice/{wanted.notice}", wanted.title, f"{wanted.url}\n{what}", now
    )
