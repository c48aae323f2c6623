"""Heralding: what a step does becomes messages for other systems, in the transaction in which it is done.

Shared by the steps that change what others are told of: `derive`, `sweep` and `deliver`. Where nobody listens, one
look at a small table is all it costs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from notifier.domain.changes import ChangeKind, Situation
from notifier.domain.law import Deadline, Law, Party
from notifier.domain.messages import (
    MessageType,
    deadline_data,
    may_be_overdue,
    obligation_data,
    type_of_change,
)
from notifier.domain.obligations import Decision, State
from notifier.store import happenings, listeners, outbox
from notifier.store.cohorts import Cohort
from notifier.store.database import Connection
from notifier.store.happenings import Cause, Notice
from notifier.store.listeners import Listener
from notifier.store.obligations import Scope
from notifier.telling import Telling


@dataclass
class _News:
    """What became of a deadline for some cohorts: the change is one, the decisions and what led to them may differ."""

    deadline: Deadline
    occurrence: int
    kind: ChangeKind
    found: list[tuple[Cohort, Decision, str]] = field(default_factory=list)


class Heralding:
    """Collects what a derivation or a sweep does, and writes it down; see `begin`."""

    def __init__(
        self, conn: Connection, law: Law, run: int, now: datetime, heard: Sequence[Listener]
    ) -> None:
        """Herald to the listeners `heard`; none of them is nobody."""
        self._conn = conn
        self._law = law
        self._run = run
        self._now = now
        self._listeners = heard
        self._news: dict[tuple[str, int, ChangeKind], _News] = {}
        self._overdue: dict[int, tuple[Cohort, Decision, list[int]]] = {}
        self._told = False

    @classmethod
    async def begin(cls, conn: Connection, law: Law, run: int, now: datetime) -> "Heralding":
        """Begin in the transaction of a step; `law` is the law as known today, `run` the derivation's number."""
        return cls(conn, law, run, now, await listeners.every(conn))

    def decided(
        self, cohort: Cohort, decision: Decision, kind: ChangeKind | None = None, trace: str = ""
    ) -> None:
        """Note how a cohort (as it was kept before) stands now, which change of the law that is, and by which call."""
        if not self._listeners:
            return
        key, deadline = cohort.key, self._law.deadlines[cohort.key.deadline]
        if kind is not None and kind is not ChangeKind.CONTRADICTED:
            about = (key.deadline, key.occurrence, kind)
            news = self._news.setdefault(about, _News(deadline, key.occurrence, kind))
            news.found.append((cohort, decision, trace))
        has_lapsed = decision.state is State.LAPSED and cohort.state is not State.LAPSED
        if has_lapsed and key.taken_up and may_be_overdue(deadline):
            self._overdue.setdefault(id(decision), (cohort, decision, []))[2].append(cohort.id)

    async def members(self, deadline: Deadline, telling: Telling, *, everyone: bool, trace: str = "") -> None:
        """Write down who came under a deadline and whose duty was found settled, among all or those with news.

        What was noted of deadlines stands before it. `trace` is that of the call by which the law moved.
        """
        await self._tell_of_deadlines()
        if not self._listeners or Party.OFFICE not in deadline.parties:
            return
        scopes = [Scope.EVERYONE] if everyone else [Scope.NEWCOMERS, Scope.FRESH_FACTS]
        for scope in scopes:
            await self._members(deadline, telling, scope, trace)

    async def _members(self, deadline: Deadline, telling: Telling, scope: Scope, trace: str) -> None:
        created: dict[tuple[int, int], tuple[Decision, list[int]]] = {}
        settled: dict[tuple[int, int], tuple[Decision, list[int]]] = {}
        for each in await happenings.moved_members(self._conn, deadline.id, self._run, scope):
            decision = telling.decide(each.key)
            if decision is None or not each.key.taken_up:
                continue
            alike = (id(decision), each.key.occurrence)
            for happened, groups in ((each.arrived, created), (each.settled, settled)):
                if happened:
                    groups.setdefault(alike, (decision, []))[1].append(each.cohort_id)
        for kind, groups in (
            (MessageType.OBLIGATION_CREATED, created),
            (MessageType.OBLIGATION_SETTLED, settled),
        ):
            for (_, occurrence), (decision, ids) in groups.items():
                data = obligation_data(deadline, occurrence, decision)
                if kind is MessageType.OBLIGATION_SETTLED:
                    data["state"] = State.SETTLED.value
                await self._tell_members(kind, ids, data, trace)

    async def _tell_members(
        self, kind: MessageType, ids: Sequence[int], data: dict[str, Any], trace: str = ""
    ) -> None:
        happening = await happenings.note(self._conn, self._now, data)
        cause = Cause(self._run, trace)
        await happenings.tell_of_members(self._conn, kind, ids, happening, self._now, cause)
        self._told = True

    async def finish(self) -> None:
        """Write down what was noted, and ask for it to be fanned out."""
        for cohort, decision, ids in self._overdue.values():
            deadline = self._law.deadlines[cohort.key.deadline]
            data = obligation_data(deadline, cohort.key.occurrence, decision)
            await self._tell_members(MessageType.OBLIGATION_OVERDUE, ids, data)
        self._overdue = {}
        await self._tell_of_deadlines()
        if self._told:
            await outbox.enqueue(self._conn, "herald", self._now)

    async def _tell_of_deadlines(self) -> None:
        for news in self._news.values():
            await self._tell_of_deadline(news)
        self._news = {}

    async def _tell_of_deadline(self, news: _News) -> None:
        kept: dict[tuple[int, Situation, bool], int] = {}
        notices = []
        for listener in self._listeners:
            found = [each for each in news.found if self._concerns(listener, each[0])]
            if not found:
                continue
            cohort, decision, trace = min(
                found, key=lambda each: (each[0].key.anchor is not None, each[0].id)
            )
            varies = any(each is not decision for _, each, _ in found)
            alike = (id(decision), cohort.situation, varies)
            if alike not in kept:
                data = deadline_data(news.deadline, news.occurrence, decision, news.kind, cohort.situation)
                kept[alike] = await happenings.note(self._conn, self._now, data | {"varies": varies})
            about = (news.deadline.id, news.occurrence)
            kind = type_of_change(news.kind)
            notices.append(Notice(kind, listener.id, "", kept[alike], *about, trace))
        await happenings.tell_listeners(self._conn, notices, self._now)
        self._told = self._told or bool(notices)

    def _concerns(self, listener: Listener, cohort: Cohort) -> bool:
        """Tell whether a listener is told of a deadline because of a cohort; a vendor is as its authority is."""
        return listener.authority in {"", *self._law.nearby(cohort.key.authorities)}


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What an office has let us know of a duty.

    `kind` is done, not-applicable or seen; `by` how it came: page or mail. `facts` are the types asserted, `on` the day
    from which they hold.
    """

    deadline: str
    occurrence: int
    title: str
    kind: str
    by: str
    facts: tuple[str, ...] = ()
    on: date | None = None

    @property
    def data(self) -> dict[str, Any]:
        """Return it as it is told."""
        return {
            "deadline": self.deadline,
            "occurrence": self.occurrence,
            "title": self.title,
            "kind": self.kind,
            "by": self.by,
            "facts": list(self.facts),
            "on": self.on.isoformat() if self.on else None,
        }


async def herald_acknowledged(
    conn: Connection, office_id: int, acknowledged: Acknowledged, now: datetime
) -> None:
    """Write down that an office has acknowledged a duty, for those who hear of the office."""
    duty = (acknowledged.deadline, acknowledged.occurrence)
    kind = MessageType.OFFICE_ACKNOWLEDGED
    if await happenings.tell_of_office(conn, kind, office_id, duty, acknowledged.data, now):
        await outbox.enqueue(conn, "herald", now)


async def herald_letters(conn: Connection, letter_ids: Sequence[int], fence: str, now: datetime) -> None:
    """Write down what became of letters that have just come to their end under `fence`; others are passed over."""
    if letter_ids and await listeners.every(conn):
        await happenings.tell_of_letters(conn, letter_ids, fence, now)
        await outbox.enqueue(conn, "herald", now)
