"""Vital signs for whoever watches from outside: is it alive, is it ready, how is it doing (Prometheus).

What waits is read from the tables, so that it is true however many processes there are and whichever is asked. What
happened is counted by the process in which it happened; sums are for the one who asks all of them.
"""

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from notifier.clock import japan_time
from notifier.errors import NotifierError, StoreError
from notifier.store import vitals
from notifier.store.database import Database
from notifier.store.migration import pending
from notifier.tools import Tools

FORM: Final = CONTENT_TYPE_LATEST
DATABASE_SECONDS: Final = 3.0
"""A database that does not answer within this time is called unreachable."""
PULSE_SECONDS: Final = 1.0
_STEP_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300)
_KINDS = ("outbox", "delivery", "letter", "fact", "cohort", "message", "posting")


class Monitor:
    """The vital signs of one process. `silence` tells for how many seconds its ticker has not beaten, None: it has none."""

    def __init__(self, tools: Tools, silence: Callable[[], float | None] = lambda: None) -> None:
        """Watch the database of `tools`, and count what is told."""
        self._tools = tools
        self._silence = silence
        self._pulse = Pulse()
        self._registry = CollectorRegistry()
        self._letters = self._counter("letters", "Letters that left, by what the relay answered.", "verdict")
        self._events = self._counter("events", "Events that came in, by how they were answered.", "answer")
        self._answers: dict[str, Counter] = {}
        self._steps = Histogram(
            "notifier_step_seconds",
            "How long steps took, by how they ended.",
            ("step", "outcome"),
            buckets=_STEP_BUCKETS,
            registry=self._registry,
        )
        self._build = self._gauge("build_info", "The program: always 1.", "version", "python")
        self._build.labels(_version(), ".".join(map(str, sys.version_info[:3]))).set(1)
        self._unsent = self._gauge(
            "oldest_due_unsent_seconds",
            "Age of the oldest due thing that is not yet sent. 0: nothing waits. Letters that their recipients' own "
            "servers put off do not count.",
        )
        self._oldest = self._gauge("oldest_due_seconds", "The same by kind of thing.", "kind")
        self._deferred = self._gauge(
            "oldest_deferred_letter_seconds", "Age of the oldest letter put off by its recipient's server."
        )
        self._outbox = self._gauge("outbox_messages", "Messages between steps, by state.", "state")
        self._waiting = self._gauge("deliveries_waiting", "Deliveries planned and in no letter yet.")
        self._unfinished = self._gauge("letters_unfinished", "Letters not done with, by state.", "state")
        self._moving = self._gauge("deadlines_moving", "Deadlines whose law moved and is not worked out yet.")
        self._set_aside = self._gauge("events_unapplied", "Events kept and not applied, by state.", "state")
        self._endpoints = self._gauge("endpoints", "Endpoints of other systems, by state.", "state")
        self._breakers = self._gauge("endpoint_breakers", "Breakers of enabled endpoints, by state.", "state")
        self._postings = self._gauge("postings_unfinished", "Webhooks not done with, by state.", "state")
        self._tries = self._gauge(
            "webhook_tries_recent", "Tries to post webhooks in the last five minutes, by verdict.", "verdict"
        )
        self._sources = self._gauge(
            "sources", "Sources that are watched, by whether the last look saw them.", "state"
        )
        self._unseen = self._gauge(
            "source_unseen_seconds", "Since when the source was not seen that is out of sight for longest."
        )
        self._tasks = self._gauge("tasks_open", "Tasks that wait for the rule editor, by kind.", "kind")
        self._halted = self._gauge(
            "authorities_halted", "Authorities whose letters are held back because too many came back."
        )
        self._reachable = self._gauge("database_up", "1 if the database answered this question, else 0.")
        self._used = self._gauge("database_connections_used", "Connections of this process in use.")
        self._most = self._gauge("database_connections_limit", "Connections this process may open.")
        self._silent = self._gauge("ticker_silence_seconds", "Since when the ticker has not beaten, at most.")
        self._lag = self._gauge(
            "loop_lag_seconds", "Longest wait for the event loop since the last question."
        )
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)

    def _counter(self, name: str, told: str, label: str) -> Counter:
        return Counter(f"notifier_{name}", told, (label,), registry=self._registry)

    def _gauge(self, name: str, told: str, *labels: str) -> Gauge:
        return Gauge(f"notifier_{name}", told, labels, registry=self._registry)

    # ---- what happened here ----

    def count_letter(self, verdict: str) -> None:
        """Count a letter that left, or did not."""
        self._letters.labels(verdict).inc()

    def count_event(self, answer: str) -> None:
        """Count an event by its answer, "" if it was taken."""
        counter = self._answers.get(answer)
        if counter is None:
            counter = self._answers[answer] = self._events.labels(answer or "taken")
        counter.inc()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure a step."""
        begun = asyncio.get_running_loop().time()
        outcome = "failed"
        try:
            yield
            outcome = "done"
        finally:
            self._steps.labels(name, outcome).observe(asyncio.get_running_loop().time() - begun)

    @contextmanager
    def feeling(self) -> Iterator[None]:
        """Feel the pulse of the event loop inside the block."""
        self._pulse.start()
        try:
            yield
        finally:
            self._pulse.stop()

    # ---- what is asked ----

    async def readiness(self) -> Mapping[str, str]:
        """Return by name what must be well before work can be done here, and "ok" or what is wrong with it."""
        checks = {"database": "ok", "schema": "not looked at", "catalogue": "not looked at"}
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                missing = await pending(self._tools.database)
                checks["schema"] = (
                    f"{len(missing)} revisions to go; run notifier migrate" if missing else "ok"
                )
                if not missing:
                    known = await _law_is_kept(self._tools.database)
                    checks["catalogue"] = "ok" if known else "no law is kept; run notifier migrate"
        except (TimeoutError, StoreError):
            checks["database"] = "does not answer"
        except NotifierError:
            checks["schema"] = "belongs to a newer program"
        return checks

    async def exposition(self) -> bytes:
        """Return all metrics in Prometheus' text format; if the database does not answer, what is known without it."""
        self._lag.set(self._pulse.longest())
        silence = self._silence()
        self._silent.set(silence or 0.0)
        connections = vitals.connections_of(self._tools.database)
        if connections is not None:
            self._used.set(connections[0])
            self._most.set(connections[1])
        try:
            async with asyncio.timeout(DATABASE_SECONDS), self._tools.database.reading() as conn:
                found = await vitals.look(conn, self._tools.now(), self._tools.today())
        except (TimeoutError, NotifierError):
            self._reachable.set(0)
        else:
            self._reachable.set(1)
            self._show(found)
        return generate_latest(self._registry)

    def _show(self, found: vitals.Vitals) -> None:
        now = self._tools.now()
        since = dict(found.oldest)
        if found.cohorts_since is not None:
            since["cohort"] = japan_time(found.cohorts_since, 0)
        ages = {kind: _age(now, since.get(kind)) for kind in _KINDS}
        self._unsent.set(max(ages.values()))
        for kind, age in ages.items():
            self._oldest.labels(kind).set(age)
        self._deferred.set(_age(now, found.deferred_since))
        self._waiting.set(found.deliveries_waiting)
        self._moving.set(found.deadlines_moving)
        _set_all(self._outbox, found.outbox, ("due", "claimed", "later", "parked"))
        _set_all(self._unfinished, found.letters, ("planned", "claimed", "unknown"))
        _set_all(self._set_aside, found.events, ("received", "waiting", "failed"))
        _set_all(self._endpoints, found.endpoints, ("unproved", "enabled", "disabled"))
        _set_all(self._breakers, found.breakers, ("closed", "open", "half-open"))
        _set_all(self._postings, found.postings, ("waiting", "claimed"))
        _set_all(self._tries, found.tries, ("accepted", "deferred", "refused"))
        _set_all(self._sources, found.sources, ("seen", "unseen"))
        self._unseen.set(_age(now, found.sources_since))
        _set_all(self._tasks, found.tasks, ("notice.received", "source.unseen", "document.lost"))
        self._halted.set(found.halted)


class Pulse:
    """The pulse of the event loop: how late it comes to what was to be done by now."""

    def __init__(self) -> None:
        """Rest until started."""
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._longest = 0.0

    def start(self) -> None:
        """Feel it each second, from now on."""
        loop = asyncio.get_running_loop()
        self._due = loop.time() + PULSE_SECONDS
        self._timer = loop.call_at(self._due, self._beat)

    def stop(self) -> None:
        """Feel it no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def longest(self) -> float:
        """Return the longest delay in seconds since this was last asked, also one that is not over."""
        late = 0.0 if self._timer is None else asyncio.get_running_loop().time() - self._due
        found, self._longest = max(self._longest, late, 0.0), 0.0
        return found

    def _beat(self) -> None:
        self._longest = max(self._longest, asyncio.get_running_loop().time() - self._due)
        self.start()


async def _law_is_kept(database: Database) -> bool:
    async with database.reading() as conn:
        return await vitals.law_is_kept(conn)


def _age(now: datetime, since: datetime | None) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())


def _set_all(gauge: Gauge, found: Mapping[str, int], known: tuple[str, ...]) -> None:
    """Set what was found, and to 0 what was not: a state that is left must not show its last number for ever."""
    gauge.clear()
    for state in {*known, *found}:
        gauge.labels(state).set(found.get(state, 0))


def _version() -> str:
    try:
        return version("notifier")
    except PackageNotFoundError:
        return "source"
