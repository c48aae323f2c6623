"""watch: look at the sources that are due, fetch what is new there, and hand it to the rule editor; nothing speaks yet.

Load, fetch, save: a source is claimed under a lease, the network is asked outside any transaction, and what was found
is written in one. What could not be seen is told apart from what is not new, and told to the editor.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urljoin

from notifier.bringing import bring
from notifier.channels.fetcher import Fetched, Fetcher, FetchError
from notifier.domain import watching
from notifier.domain.notices import Notice, Rank
from notifier.domain.watching import Form, Item, Outcome, Standing
from notifier.reading.extraction import ExtractionError, ask_child
from notifier.reading.feeds import MOST_BYTES, FeedError, day_of, read_feed
from notifier.store import audit, inbox, law, memos, outbox, papers, sources, tasks
from notifier.store.database import Connection
from notifier.store.papers import Paper, Wanted
from notifier.store.sources import Look, Source
from notifier.tools import Tools

LEASE: Final = timedelta(minutes=30)
AT_ONCE: Final = 4
MOST_DOCUMENTS: Final = 20
"""Documents of one source in one look; the others wait for the next."""
ACTOR: Final = "watch"
RECEIVED: Final = "notice.received"
UNSEEN: Final = "source.unseen"
LOST: Final = "document.lost"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look brought: the items, or why there are none; `answer` is None where nothing was sent anew (304)."""

    items: Sequence[Item] = ()
    answer: Fetched | None = None
    problem: str = ""
    status: int | None = None
    retry_after: timedelta | None = None


@dataclass
class Brought:
    """A document that was asked for: the item, and the paper, or why there is none. Neither: it is unchanged."""

    wanted: Wanted
    paper: Paper | None = None
    problem: str = ""
    answer: Fetched | None = None
    values: dict[str, Any] = field(default_factory=dict)


async def watch(
    tools: Tools, fetcher: Fetcher, stopping: asyncio.Event | None = None, only: str | None = None
) -> datetime | None:
    """Look at every source that is due, or at `only` that one; returns when the next will be due."""
    stopping = stopping or asyncio.Event()
    token = f"{tools.worker}:{tools.now().isoformat()}"
    fetcher.begin()
    while not stopping.is_set():
        async with tools.database.transaction() as conn:
            claimed = await sources.claim(conn, tools.now(), token, LEASE, AT_ONCE, only)
        await asyncio.gather(*(_look(tools, fetcher, each, token) for each in claimed))
        if not claimed or only:
            break
    async with tools.database.reading() as conn:
        return await sources.next_due(conn)


async def glance(fetcher: Fetcher, source: Source) -> Seen:
    """Look at a source once and keep nothing: to try it out."""
    return await _see(fetcher, source)


# ---- looking ----------------------------------------------------------------------------------------------


async def _look(tools: Tools, fetcher: Fetcher, source: Source, token: str) -> None:
    seen = await _see(fetcher, source)
    now = tools.now()
    if seen.problem:
        await _save_missed(tools, source, token, seen)
        return
    async with tools.database.transaction() as conn:
        if not await sources.is_held(conn, source.id, token):
            return
        known = await papers.known(conn, source.id)
        fresh = watching.sorted_out(seen.items, known, source.words, is_first=source.seen_at is None)
        await papers.add_items(conn, source.id, fresh, now)
    async with tools.database.reading() as conn:
        waiting = await papers.wanted(conn, source.id, now, MOST_DOCUMENTS)
    brought = [await _bring(fetcher, each, source) for each in waiting]
    await _save_seen(tools, source, token, seen, brought)


async def _see(fetcher: Fetcher, source: Source) -> Seen:
    try:
        answer = await fetcher.get(source.url, MOST_BYTES, source.etag, source.modified)
        if answer.content is None:
            return Seen(answer=answer, status=answer.status)
        if source.form is Form.FEED:
            items = read_feed(answer.content, answer.url)
        else:
            items = await _listed(source, answer.url, answer.content)
    except FetchError as fault:
        return Seen(problem=str(fault), status=fault.status, retry_after=fault.retry_after)
    except (FeedError, ExtractionError) as fault:
        return Seen(problem=str(fault), status=200)
    problem = watching.why_unbelievable(source.form, len(items), source.items)
    return Seen(items, answer, problem, answer.status)


async def _listed(source: Source, address: str, content: bytes) -> list[Item]:
    """Return the links of a list page as items; a date beside a link is taken for its own."""
    found = await ask_child(["links", source.selector], content, source.url)
    items = []
    for each in found["links"]:
        link = urljoin(urljoin(address, each["base"]), each["link"])
        if link.startswith(("http://", "https://")):
            items.append(Item(link.partition("#")[0], each["title"] or link, day_of(each["around"])))
    return items


async def _bring(fetcher: Fetcher, wanted: Wanted, source: Source) -> Brought:
    """Fetch the document behind an item, unless it is unchanged."""
    found = await bring(fetcher, wanted.item.link, source.id, etag=wanted.etag, modified=wanted.modified)
    return Brought(wanted, found.paper, found.problem, found.answer)


# ---- saving -----------------------------------------------------------------------------------------------


async def _save_missed(tools: Tools, source: Source, token: str, seen: Seen) -> None:
    """Write down that a source could not be seen, and tell the editor if that goes on."""
    now = tools.now()
    following = watching.next_look(now, source.every, seen.retry_after, has_more=False)
    async with tools.database.transaction() as conn:
        if not await sources.is_held(conn, source.id, token):
            return
        failures = source.failures + 1
        is_told = watching.is_alarming(failures, is_told=source.told_at is not None)
        await sources.missed(conn, source, token, now, following, (seen.problem, is_told))
        await sources.log(
            conn, source.id, now, Look(Outcome.COULD_NOT_LOOK, seen.status, problem=seen.problem)
        )
        if failures >= watching.ALARM_AFTER:
            title = f"{source.title}を確認できません（{failures}回続けて）"
            await tasks.open_task(conn, UNSEEN, f"source/{source.id}", title, seen.problem, now)
        if is_told:
            text = [
                f"{source.title}を{failures}回続けて確認できませんでした。新しい通知を見落としているおそれがあります。",
                "",
                f"アドレス: {source.url}",
                f"理由: {seen.problem}",
                "",
                "サイトを直接確かめ、アドレスや形式が変わっていれば登録し直してください（notifier source check）。",
            ]
            await _mail(tools, conn, f"【情報源】{source.title}を確認できません", text, now)


async def _save_seen(
    tools: Tools, source: Source, token: str, seen: Seen, brought: Sequence[Brought]
) -> None:
    now = tools.now()
    async with tools.database.transaction() as conn:
        if not await sources.is_held(conn, source.id, token):
            return
        kept = await papers.documents(conn, [each.paper.digest for each in brought if each.paper])
        taken = 0
        for each in brought:
            taken += await _settle(tools, conn, source, each, kept)
        has_more = await papers.has_waiting(conn, source.id)
        following = watching.next_look(now, source.every, None, has_more=has_more)
        answer = seen.answer
        is_new = answer is not None and answer.content is not None
        marks = (answer.etag, answer.modified) if answer and is_new else (source.etag, source.modified)
        count = len(seen.items) if is_new else source.items
        await sources.saw(conn, source.id, token, now, following, (*marks, count))
        content = (answer.content if answer else None) or b""
        outcome = Outcome.NEWS if taken else Outcome.NOTHING_NEW
        digest = sha256(content).hexdigest() if content else ""
        await sources.log(
            conn, source.id, now, Look(outcome, seen.status, len(content), digest, count, taken)
        )
        if await tasks.close_task(conn, UNSEEN, f"source/{source.id}", ACTOR, now):
            text = [f"{source.title}を再び確認できるようになりました。", "", f"アドレス: {source.url}"]
            await _mail(tools, conn, f"【情報源】{source.title}を再び確認できました", text, now)


async def _settle(
    tools: Tools, conn: Connection, source: Source, brought: Brought, kept: dict[str, int]
) -> bool:
    """Note what became of one document; True if it is a new one, which then is a received notice."""
    now, wanted = tools.now(), brought.wanted
    if brought.problem:
        attempts = wanted.attempts + 1
        values: dict[str, Any] = {"attempts": attempts, "problem": brought.problem}
        if attempts == watching.TRIES:
            is_gone = wanted.standing is not Standing.WAITING
            what = "公開されていた文書を取得できなくなりました" if is_gone else "文書を取得できません"
            title, detail = f"{what}: {wanted.item.title}", f"{wanted.item.link} {brought.problem}"
            await tasks.open_task(conn, LOST, f"item/{wanted.id}", title, detail, now)
            values["standing"] = Standing.GIVEN_UP.value
        await papers.settle(conn, wanted.id, now, values)
        return False
    values = {"attempts": 0, "problem": ""}
    if brought.paper is None or brought.answer is None:
        await papers.settle(conn, wanted.id, now, values)
        return False
    values |= {"etag": brought.answer.etag, "modified": brought.answer.modified}
    paper = brought.paper
    document = kept.get(paper.digest)
    is_new = document is None
    if document is None:
        document = kept[paper.digest] = await _receive(tools, conn, source, wanted, paper)
    if is_new or wanted.document_id is not None:
        values["standing"] = Standing.TAKEN.value
    else:
        values["standing"] = Standing.REPEATED.value
    await papers.settle(conn, wanted.id, now, values | {"document_id": document})
    return is_new


async def _receive(tools: Tools, conn: Connection, source: Source, wanted: Wanted, paper: Paper) -> int:
    """Keep a document that is new, as a received notice and a task for the editor; until it is approved it is silent."""
    now, today, item = tools.now(), tools.today(), wanted.item
    name = watching.notice_id(source.id, today, paper.digest)
    is_replaced = wanted.document_id is not None
    title = f"{item.title}（差し替え）" if is_replaced else item.title
    notice = Notice(name, title, source.issuer, "", item.issued(today), today, Rank.NOTICE)
    who = f"source/{source.id}"
    await law.accept_notice(conn, notice, who, now)
    await inbox.put(conn, name, who, now)
    detail = {"title": title, "link": item.link, "digest": paper.digest, "replaced": is_replaced}
    await audit.append(conn, now, who, "notice.received", f"notice/{name}", detail)
    said = [item.link, *([paper.problem] if paper.problem else [])]
    await tasks.open_task(conn, RECEIVED, f"notice/{name}", title, "\n".join(said), now)
    kept = Paper(paper.digest, paper.url, paper.name, paper.type, paper.content, paper.problem, name)
    return await papers.keep(conn, kept, now)


async def _mail(tools: Tools, conn: Connection, subject: str, text: Sequence[str], now: datetime) -> None:
    address = tools.correspondent.editor_address
    if address:
        await memos.write(conn, address, subject, "\n".join(text) + "\n", now)
        await outbox.enqueue(conn, "inform", now)
