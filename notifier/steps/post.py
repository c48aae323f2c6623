"""post: claim what is due at the endpoints, post it to all of them at once, record what became of it in groups.

Each endpoint has a line of its own and a limit of its own: one that is slow or dead takes nothing from the others.
The row stands before the deed, the same id goes with every try, and a result that comes too late changes nothing.
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any, Final

from notifier.alerting import alert
from notifier.channels.webhook import Endpoint as Address
from notifier.channels.webhook import written
from notifier.clock import JAPAN
from notifier.domain import breaker
from notifier.domain.backoff import webhook_retry
from notifier.domain.breaker import FAILURES, Turn
from notifier.domain.messages import MessageType
from notifier.domain.receipts import Receipt, Verdict
from notifier.domain.remedies import SINCE
from notifier.exchange import Exchange
from notifier.store import attempts, audit, endpoints, postings
from notifier.store.attempts import Outcome
from notifier.store.database import Connection
from notifier.store.endpoints import Endpoint
from notifier.store.feed import Told
from notifier.store.postings import Posting, Ready
from notifier.tools import Tools

LEASE: Final = timedelta(minutes=10)
GROUP: Final = 1000
OFTEN: Final = 0.1
"""Seconds after which outcomes are recorded even if they are few."""
FIRST, MOST = 16, 2000
"""Postings held for an endpoint: so many for each that may be in flight at first, and never more than that."""
BRISK: Final = 1.0
"""Seconds within which an endpoint that deals with all it was given may be given twice as many."""
GONE: Final = "受信側が 410 Gone と答えました（今後の送信は不要という意味です）"
KEY_CHANGED: Final = (
    "NOTIFIER_SECRET_KEY が変わり、署名の鍵が合いません。鍵を作り直してください（notifier endpoint rotate）"
)


async def post(tools: Tools, exchange: Exchange, stopping: asyncio.Event | None = None) -> datetime | None:
    """Post until nothing is due any more, or until `stopping`; returns when the next posting will be due."""
    return await _Round(tools, exchange, stopping or asyncio.Event()).run()


@dataclass
class _Line:
    """What is held for one endpoint."""

    endpoint: Endpoint
    address: Address
    queue: deque[Posting] = field(default_factory=deque)
    busy: int = 0
    quota: int = 0
    failures: int = 0
    since: float = 0.0

    @property
    def held(self) -> int:
        return len(self.queue) + self.busy


class _Round:
    def __init__(self, tools: Tools, exchange: Exchange, stopping: asyncio.Event) -> None:
        self._tools = tools
        self._exchange = exchange
        self._stopping = stopping
        self._token = f"{tools.worker}:{tools.now().isoformat()}"
        self._lines: dict[int, _Line] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._outcomes: list[tuple[Outcome, Receipt]] = []
        self._given_back: list[int] = []
        self._news = asyncio.Event()
        self._data: Mapping[str, Any] | None = None
        self._words = ""

    async def run(self) -> datetime | None:
        now = self._tools.now()
        async with self._tools.database.reading() as conn:
            has_lost = await postings.has_lost(conn, now)
        if has_lost:
            async with self._tools.database.transaction() as conn:
                await postings.rescue(conn, now)
        try:
            while True:
                claimed, following = await self._turn_over()
                self._news.clear()
                self._start(claimed)
                if self._tasks:
                    await self._wait()
                elif not claimed and not self._has_news:
                    return following
        finally:
            await self._give_up()

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), OFTEN)

    async def _give_up(self) -> None:
        """Let what is on the wire end, and give the rest back."""
        for line in self._lines.values():
            self._give_back(line)
        while self._tasks:
            await asyncio.wait(self._tasks)
        if self._has_news:
            async with self._tools.database.transaction() as conn:
                await self._record(conn)

    @property
    def _has_news(self) -> bool:
        """Tell whether there is something to be recorded."""
        return bool(self._outcomes or self._given_back)

    async def _turn_over(self) -> tuple[Sequence[Posting], datetime | None]:
        """Record what became of what was posted, and claim more, in one transaction; returns as `_claim` does."""
        if self._has_news:
            async with self._tools.database.transaction() as conn:
                await self._record(conn)
                return await self._claim(conn)
        async with self._tools.database.reading() as conn:
            found, following = await self._ready(conn, self._tools.now())
        if not any(self._room(each.endpoint_id) for each in found):
            return [], following
        async with self._tools.database.transaction() as conn:
            return await self._claim(conn)

    # ---- claiming ----

    async def _claim(self, conn: Connection) -> tuple[Sequence[Posting], datetime | None]:
        """Take what is due for endpoints that have room; returns it, and when something else will be due."""
        now = self._tools.now()
        found, following = await self._ready(conn, now)
        wanted = {each.endpoint_id: each for each in found if self._room(each.endpoint_id)}
        rooms = {}
        for kept in await endpoints.among_ids(conn, list(wanted)):
            if not self._exchange.knows(kept):
                await self._disable(conn, kept, KEY_CHANGED, now)
            else:
                rooms[kept.id] = self._line_up(kept, wanted[kept.id], now)
        return await postings.claim(conn, rooms, now, self._token, LEASE), following

    async def _ready(self, conn: Connection, now: datetime) -> tuple[Sequence[Ready], datetime | None]:
        """Return the endpoints whose breakers let something through that is due; none when an end is asked for."""
        return ([], None) if self._stopping.is_set() else await postings.ready(conn, now)

    def _room(self, endpoint_id: int) -> bool:
        """Tell whether an endpoint is given more: earlier than it asks for it, so that one turn serves many."""
        line = self._lines.get(endpoint_id)
        return line is None or line.held <= 3 * line.quota // 4

    def _line_up(self, kept: Endpoint, found: Ready, now: datetime) -> int:
        """Make the line of an endpoint ready; returns how many postings more it may hold."""
        line = self._lines.setdefault(kept.id, _Line(kept, self._exchange.endpoint(kept, now)))
        line.endpoint, line.address = kept, self._exchange.endpoint(kept, now)
        if kept.breaker.is_tripped:
            if found.busy or line.held:
                return 0
            line.quota = 1
        else:
            grown = 2 * line.quota if line.quota and perf_counter() - line.since < BRISK else 0
            line.quota = min(max(grown, FIRST * kept.in_flight), MOST)
        line.since, line.failures = perf_counter(), 0
        return max(line.quota - line.held, 0)

    # ---- posting ----

    def _start(self, claimed: Sequence[Posting]) -> None:
        """Let every line be worked off, by as many at a time as its endpoint takes, now that what was claimed is kept."""
        for posting in claimed:
            self._lines[posting.endpoint_id].queue.append(posting)
        for line in self._lines.values():
            while line.busy < min(line.endpoint.in_flight, line.held):
                line.busy += 1
                task = asyncio.create_task(self._work_off(line))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _work_off(self, line: _Line) -> None:
        try:
            while line.queue:
                await self._post(line, line.queue.popleft())
        finally:
            line.busy -= 1
            self._news.set()

    async def _post(self, line: _Line, posting: Posting) -> None:
        at, began = self._tools.now(), perf_counter()
        body = self._body(posting.told)
        receipt = await self._exchange.way.post(
            line.address, posting.told.id, body, at, posting.told.traceparent
        )
        spent = round(1000 * (perf_counter() - began))
        self._outcomes.append((self._outcome(posting, receipt, self._tools.now(), spent), receipt))
        line.failures = 0 if receipt.verdict is Verdict.ACCEPTED else line.failures + 1
        refused = receipt.verdict is Verdict.REFUSED or receipt.retry_after is not None
        if refused or line.failures >= FAILURES:
            self._give_back(line)
        if len(self._outcomes) >= GROUP or len(line.queue) == line.quota // 2:
            self._news.set()

    def _body(self, told: Told) -> bytes:
        """Return what is posted; what happened to many at once is put into words once."""
        if told.data is not self._data:
            self._data, self._words = told.data, written(told.data)
        return self._exchange.body(told, self._words)

    def _give_back(self, line: _Line) -> None:
        self._given_back.extend(each.id for each in line.queue)
        line.queue.clear()

    def _outcome(self, posting: Posting, receipt: Receipt, at: datetime, spent: int) -> Outcome:
        state, again, problem = "delivered", at, ""
        if receipt.verdict is not Verdict.ACCEPTED:
            problem = f"{receipt.code or '-'} {receipt.text}"
            wait = webhook_retry(posting.attempts, self._tools.spread())
            if receipt.verdict is Verdict.REFUSED:
                state = "waiting"
            elif wait is None:
                state = "dead"
            else:
                state, again = "waiting", at + max(wait, receipt.retry_after or timedelta())
        verdict = receipt.verdict.value
        return Outcome(posting, state, at, again, spent, verdict, receipt.code, receipt.text, problem)

    # ---- recording ----

    async def _record(self, conn: Connection) -> None:
        outcomes, self._outcomes = self._outcomes, []
        back, self._given_back = self._given_back, []
        await attempts.record(conn, [outcome for outcome, _ in outcomes], self._token)
        if back:
            await postings.release(conn, back, self._token)
        by_endpoint: dict[int, list[tuple[Outcome, Receipt]]] = {}
        for each in outcomes:
            by_endpoint.setdefault(each[0].posting.endpoint_id, []).append(each)
        for endpoint_id, found in sorted(by_endpoint.items()):
            known = self._lines[endpoint_id].endpoint.breaker
            if known.failures or any(outcome.state != "delivered" for outcome, _ in found):
                await self._turn(conn, endpoint_id, found)

    async def _turn(
        self, conn: Connection, endpoint_id: int, found: Sequence[tuple[Outcome, Receipt]]
    ) -> None:
        """Bring the breaker of an endpoint up to date, and tell what has turned."""
        kept = await endpoints.find(conn, endpoint_id, lock=True)
        if kept is None or kept.state != "enabled":
            return
        now = found[-1][0].at
        standing, turns = kept.breaker, []
        for outcome, receipt in found:
            if outcome.state == "delivered":
                standing, turn = breaker.after_success(standing)
            else:
                spread = self._tools.spread()
                standing, turn = breaker.after_failure(standing, outcome.at, spread, receipt.retry_after)
            turns += [turn] if turn is not None else []
        await endpoints.keep_breaker(conn, endpoint_id, standing)
        self._lines[endpoint_id].endpoint = replace(kept, breaker=standing)
        refused = [receipt for _, receipt in found if receipt.verdict is Verdict.REFUSED]
        dead = [outcome for outcome, _ in found if outcome.state == "dead"]
        if dead:
            await self._exhausted(conn, kept, dead, now)
        if refused:
            await self._disable(conn, kept, GONE if refused[0].disable else refused[0].text, now)
        elif Turn.DEAD in turns:
            begun = (standing.failing_since or now).astimezone(JAPAN)
            reason = f"{begun:%Y-%m-%d %H:%M}{SINCE}{found[-1][0].problem}"
            await self._disable(conn, kept, reason, now)
        elif turns:
            kind = MessageType.ENDPOINT_FAILING if standing.failures else MessageType.ENDPOINT_RECOVERED
            await alert(conn, kept, kind, now, found[-1][0].problem)

    async def _exhausted(
        self, conn: Connection, endpoint: Endpoint, dead: Sequence[Outcome], now: datetime
    ) -> None:
        names = [each.posting.told.id for each in dead]
        recent = await postings.died_since(conn, endpoint.id, now - timedelta(days=1))
        kind = MessageType.ENDPOINT_EXHAUSTED
        reason = dead[-1].problem
        await alert(conn, endpoint, kind, now, reason, by_mail=recent <= len(dead), messages=names)

    async def _disable(self, conn: Connection, endpoint: Endpoint, reason: str, now: datetime) -> None:
        await endpoints.change(conn, endpoint.id, state="disabled", reason=reason)
        await audit.append(
            conn, now, "notifier", "endpoint.disabled", f"endpoint/{endpoint.id}", {"reason": reason}
        )
        await alert(conn, endpoint, MessageType.ENDPOINT_DISABLED, now, reason)
