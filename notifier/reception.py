"""The reception: events from other systems are checked against who may assert what, and kept before they are answered.

Events that arrive while a write is under way share the next one (group commit), so that what many senders wait for
is one transaction, not one each.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import Any, Final, TypeAlias

import structlog

from notifier.catalogue.vocabulary import FactType, Fault
from notifier.channels.envelope import is_sendable
from notifier.domain.callers import Caller, Objection, objection
from notifier.domain.offices import is_authority_code, prefecture_code
from notifier.domain.origins import is_kept_back
from notifier.editorial import deal
from notifier.errors import NotifierError, StoreError
from notifier.intake import DEALT_WITH, Inbound, event_to_keep
from notifier.ownership import Ownership
from notifier.steps.claim import claim, conclude, defer
from notifier.steps.record import record
from notifier.store import answerable
from notifier.store.database import retrying
from notifier.store.facts import Event, Intake
from notifier.store.fresh import Keeper
from notifier.tools import Tools, known_deadlines

GROUP: Final = 500
"""Events that share a transaction at most."""
GATHERING: Final = 0.005
"""Seconds for which events gather after a group of several; one that comes alone is written at once."""
MOST_WAITING: Final = 20_000
AHEAD: Final = timedelta(days=400)
"""How far ahead an event may be dated; it counts from its day on. What lies further is a slip of the pen."""
FIRST_DAY, LAST_DAY = date(2000, 4, 1), date(2199, 12, 31)
"""Care insurance began on 2000-04-01 (介護保険法 附則 1); days outside this span are slips of the pen."""
MOST_NUMBER: Final = 2**31 - 1
EDITORIAL: Final = {"notice.received", "deadline.decided"}
EDITORS: Final = {"editor", "ministry"}
NAMED: Final = "deadline"
"""The value by which an event names a deadline; one that nobody knows would be kept and do nothing, for ever."""
PARTNER: Final = "partner"


Told: TypeAlias = Callable[[Intake | Exception], None]
"""Is told what became of an event, or why it could not be kept."""


class CrowdedError(NotifierError):
    """More events wait to be kept than the program will hold; nothing was kept of these."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an event is answered: `code` is "" if it was taken, else says why not; `faults` where it is wrong.

    `problem` is why it was set aside, as it is kept.
    """

    code: str = ""
    faults: tuple[Fault, ...] = ()
    problem: str = ""


TAKEN: Final = Answer()
_BY_INTAKE: Final[Mapping[Intake, Answer]] = {
    Intake.CONFLICTING: Answer("conflicting"),
    Intake.FOREIGN: Answer("another-authority"),
}


class Reception:
    """Takes events in. `wake` is called when one was kept, so that a worker in this process looks at once.

    `count` is told how each was answered: the answer's code.
    """

    def __init__(
        self,
        tools: Tools,
        wake: Callable[[], None] = lambda: None,
        count: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Take events in with `tools`."""
        self._tools = tools
        self._wake = wake
        self._count = count
        self._waiting: deque[tuple[Event, Told]] = deque()
        self._writing: asyncio.Task[None] | None = None
        self._full = asyncio.Event()
        self._enough = GROUP
        self._dealing = asyncio.Lock()
        self._ownership = Ownership(tools)
        self._keeper = Keeper(tools.database)
        self._log = structlog.get_logger("reception")

    @property
    def tools(self) -> Tools:
        """Return what it takes events in with."""
        return self._tools

    def wake(self) -> None:
        """Let a worker in this process look for work at once."""
        self._wake()

    @property
    def kinds(self) -> Mapping[str, FactType]:
        """Return the types that may come, by name."""
        return self._tools.catalogue.facts

    async def take(self, caller: Caller, events: Sequence[Inbound]) -> list[Answer]:
        """Take `events` in and answer each, in order; what is answered with TAKEN is durable.

        Raises StoreError if the database does not keep them, CrowdedError if too many wait; both may be sent again.
        """
        if len(self._waiting) + len(events) > MOST_WAITING:
            raise CrowdedError("too many events wait to be kept; send them again in a moment")
        await self._claim_sources(caller, events)
        if len(events) == 1:
            answers = [await self._answer(caller, events[0])]
        else:
            answers = await self._answer_all(caller, events)
        for each in answers:
            self._count(each.code)
        return answers

    def begin(self, caller: Caller, event: Inbound, told: Told) -> bool:
        """Have one event kept that is a plain fact, of a source that was met, and beyond objection; False for any other.

        Once `told` is called with what `is_taken` holds of, the event is durable, as `take` would have told.
        """
        kind = self.kinds.get(event.type)
        if kind is None or event.type in DEALT_WITH or NAMED in kind.value_names:
            return False
        if len(self._waiting) >= MOST_WAITING:
            return False
        if self._refused(caller, kind, event) is not None or not self._ownership.is_own(caller, event.source):
            return False
        self._queue(self._kept(caller, kind, event), told)
        return True

    def is_unmet(self, caller: Caller, event: Inbound) -> bool:
        """Tell whether the source of an event has to be met before it can begin."""
        return self._ownership.is_unknown(caller, event.source)

    async def meet(self, caller: Caller, event: Inbound) -> None:
        """Learn whose the source of an event is. Raises StoreError."""
        await self._claim_sources(caller, [event])

    def is_taken(self, became: Intake | Exception) -> bool:
        """Tell whether an event that began is answered as taken, and count it if so."""
        if became in _BY_INTAKE or isinstance(became, Exception):
            return False
        self._count(TAKEN.code)
        return True

    async def _answer_all(self, caller: Caller, events: Sequence[Inbound]) -> list[Answer]:
        answers: list[Answer] = []
        for found in await asyncio.gather(
            *(self._answer(caller, each) for each in events), return_exceptions=True
        ):
            if isinstance(found, BaseException):
                raise found
            answers.append(found)
        return answers

    async def _answer(self, caller: Caller, event: Inbound) -> Answer:
        kind = self.kinds.get(event.type)
        if kind is None:
            return Answer("unknown-type", (Fault(("type",), "enum"),))
        refused = self._refused(caller, kind, event)
        if refused is None and await self._names_unknown(kind, event):
            refused = Answer("data-does-not-fit", (Fault(("data", NAMED), "unknown"),))
        if refused is not None:
            return refused
        if caller.key and is_kept_back(event.source, caller.key):
            return Answer("source-taken", (Fault(("source",), "taken"),))
        if self._ownership.is_borrowed(caller, event.source):
            met, source = await self._ownership.borrowed(caller, event)
            if met is not None:
                return _BY_INTAKE.get(met, TAKEN)
            event = replace(event, source=source)
        kept = self._kept(caller, kind, event)
        if event.type in DEALT_WITH:
            async with self._dealing:
                answer = await self._deal(caller, event, kept)
        else:
            answer = _BY_INTAKE.get(await self._keep(kept), TAKEN)
        return answer

    async def _names_unknown(self, kind: FactType, event: Inbound) -> bool:
        """Tell whether an event names a deadline that the law does not know, neither as shipped nor from a notice."""
        named = event.data.get(NAMED)
        if NAMED not in kind.value_names or named in self._tools.catalogue.deadlines:
            return False
        async with self._tools.database.reading() as conn:
            return named not in await known_deadlines(conn, self._tools)

    def _kept(self, caller: Caller, kind: FactType, event: Inbound) -> Event:
        values = kind.values_of(event.data, event.on)  # they were checked: `_refused` found no faults
        return event_to_keep(event, kind, values, caller.authority, caller.key)

    # ---- who may say what ----

    async def _claim_sources(self, caller: Caller, events: Sequence[Inbound]) -> None:
        """Learn whose the sources are that were not met before; only an event that is sound makes one its sender's."""
        fresh = [each for each in events if self._ownership.is_unknown(caller, each.source)]
        if fresh:
            kinds = [(each, self.kinds.get(each.type)) for each in fresh]
            sound = {e.source for e, kind in kinds if kind and self._refused(caller, kind, e) is None}
            await self._ownership.claim(caller, sound)

    def _refused(self, caller: Caller, kind: FactType, event: Inbound) -> Answer | None:
        about = "office" if event.office else "authority" if event.authority else "nation"
        if about != kind.subject:
            return Answer("wrong-subject", (Fault(("subject",), kind.subject),))
        against = objection(caller, kind.asserted_by, kind.subject, event.authority)
        if against is None and event.type in EDITORIAL and caller.role not in EDITORS:
            against = Objection.ROLE
        return self._misfit(kind, event) if against is None else Answer(against.value)

    def _misfit(self, kind: FactType, event: Inbound) -> Answer | None:
        beyond = _out_of_bounds(event.data, kind.date_names)
        faults = (*kind.faults(event.data), *(Fault(path, "range") for path in beyond))
        if event.office and event.data.get(PARTNER) == event.office:  # nobody is their own partner
            faults = (*faults, Fault((PARTNER,), "own"))
        if faults:
            return Answer(
                "data-does-not-fit", tuple(Fault(("data", *each.path), each.keyword) for each in faults)
            )
        if not FIRST_DAY <= event.on <= LAST_DAY:
            return Answer("time-out-of-range", (Fault(("time",), "range"),))
        if event.at > self._tools.now() + AHEAD:
            return Answer("in-the-future", (Fault(("time",), "future"),))
        return None

    # ---- facts: kept in groups ----

    def _keep(self, event: Event) -> asyncio.Future[Intake]:
        kept: asyncio.Future[Intake] = asyncio.get_running_loop().create_future()
        self._queue(event, partial(_settle, kept))
        return kept

    def _queue(self, event: Event, told: Told) -> None:
        self._waiting.append((event, told))
        if len(self._waiting) >= self._enough:
            self._full.set()
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        try:
            most = GROUP
            while self._waiting:
                size = min(most, len(self._waiting))
                await self._write_group([self._waiting.popleft() for _ in range(size)])
                most = await self._gather(size)
        finally:
            self._writing = None

    async def _gather(self, size: int) -> int:
        """Where many send, let a few more come: a group costs nearly the same whether it is large or small.

        Half of those who send, as far as can be told, are enough. On PostgreSQL they are no more than a group, returned:
        while that is written elsewhere, the other half is looked at. On SQLite it is this program that writes.
        """
        self._enough = min(GROUP, max(1, (size + len(self._waiting)) // 2))
        self._full.clear()
        if size > 1 and len(self._waiting) < self._enough:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._full.wait(), GATHERING)
        return self._enough if self._tools.database.dialect == "postgresql" else GROUP

    async def _write_group(self, group: Sequence[tuple[Event, Told]]) -> None:
        try:
            outcomes = await retrying(
                partial(record, self._tools, [event for event, _ in group], self._keeper)
            )
        except Exception as fault:  # noqa: BLE001 -- whatever it was, each sender who waits is told
            # Named faults concern the database as a whole; any other may lie in one event, and the rest shall flow.
            if len(group) > 1 and (type(fault) is StoreError or not isinstance(fault, StoreError)):
                for each in group:
                    await self._write_group([each])
                return
            self._log.error("events were not kept", count=len(group), problem=type(fault).__name__)
            for _, told in group:
                self._tell(told, fault)
            return
        for (_, told), outcome in zip(group, outcomes, strict=True):
            self._tell(told, outcome)
        if Intake.RECORDED in outcomes:
            self._wake()

    def _tell(self, told: Told, became: Intake | Exception) -> None:
        try:
            told(became)
        except Exception as fault:  # noqa: BLE001 -- whoever fails to listen keeps nobody else from hearing
            self._log.error("a sender could not be told", problem=type(fault).__name__)

    # ---- offices, notices, decisions: dealt with at once ----

    async def _deal(self, caller: Caller, event: Inbound, kept: Event) -> Answer:
        refused, event, later = await self._prepared(caller, event)
        if refused is not None:
            return refused
        if later or event.on > self._tools.today():
            deferred = await retrying(partial(defer, self._tools, replace(kept, values=dict(event.data))))
            return _BY_INTAKE.get(deferred, TAKEN)
        claimed = await retrying(partial(claim, self._tools, kept))
        if claimed is not Intake.RECORDED:
            return _BY_INTAKE.get(claimed, TAKEN)
        try:
            await retrying(
                partial(deal, self._tools, replace(event, sender=caller.authority, key=caller.key))
            )
        except Exception as fault:
            if isinstance(fault, StoreError) and type(fault) is not StoreError:
                raise
            self._log.warning("an event was set aside", type=event.type, problem=type(fault).__name__)
            problem = f"{type(fault).__name__}: {fault}"
            await retrying(partial(conclude, self._tools, kept, problem))
            return Answer("set-aside", problem=problem)
        await retrying(partial(conclude, self._tools, kept))
        self._wake()
        return TAKEN

    async def _prepared(self, caller: Caller, event: Inbound) -> tuple[Answer | None, Inbound, bool]:
        """Return why an event cannot be dealt with, the event with the prefecture it implies, and whether it must wait."""
        if event.office is None:
            return None, event, False
        async with self._tools.database.reading() as conn:
            authorities = await answerable.authorities_of(conn, event.office)
            union = await answerable.union_of(conn, str(event.data.get("municipality", "")))
        if authorities is not None and caller.authority and caller.authority not in authorities:
            return Answer("another-authority"), event, False
        # Of an office that is not known yet the rest is seen when it appears, in whatever order events arrive.
        return *self._placed(caller, event, union), authorities is None and event.type != "office.registered"

    def _placed(self, caller: Caller, event: Inbound, union: str) -> tuple[Answer | None, Inbound]:
        municipality = event.data.get("municipality")
        prefecture = event.data.get("prefecture")
        faults = [
            Fault(("data", "services", str(place)), "unknown")
            for place, code in enumerate(event.data.get("services", ()))
            if code not in self._tools.catalogue.services
        ]
        for place, contact in enumerate(event.data.get("contacts", ())):
            if contact["channel"] != "email":
                faults.append(Fault(("data", "contacts", str(place), "channel"), "unsupported"))
            elif not is_sendable(contact["address"]):
                faults.append(Fault(("data", "contacts", str(place), "address"), "format"))
        if municipality is None:
            faults += [Fault(("data", "prefecture"), "dependent")] if prefecture is not None else []
        elif not is_authority_code(municipality) or prefecture_code(municipality) == municipality:
            faults.append(Fault(("data", "municipality"), "unknown"))
        elif prefecture not in {None, prefecture_code(municipality)}:
            faults.append(Fault(("data", "prefecture"), "unknown"))
        if faults:
            return Answer("data-does-not-fit", tuple(faults)), event
        if municipality is None:
            return None, event
        inside = {"", municipality, prefecture_code(municipality), union}
        if caller.authority not in inside:
            return Answer("another-authority"), event
        return None, replace(event, data={**event.data, "prefecture": prefecture_code(municipality)})


def _settle(kept: asyncio.Future[Intake], became: Intake | Exception) -> None:
    if kept.done():  # nobody waits any more
        return
    if isinstance(became, Exception):
        kept.set_exception(became)
    else:
        kept.set_result(became)


def _out_of_bounds(found: Any, dates: frozenset[str], name: str = "") -> list[tuple[str, ...]]:
    """Return the places at which a day or a number lies outside what can be meant and kept; `dates` name the days."""
    if isinstance(found, str):
        is_off = name in dates and not FIRST_DAY.isoformat() <= found <= LAST_DAY.isoformat()
        return [()] if is_off else []
    if isinstance(found, Mapping):
        return [(key, *rest) for key, value in found.items() for rest in _out_of_bounds(value, dates, key)]
    if isinstance(found, list):
        members = enumerate(found)
        return [(str(place), *rest) for place, value in members for rest in _out_of_bounds(value, dates)]
    is_off = isinstance(found, int) and not isinstance(found, bool) and abs(found) > MOST_NUMBER
    return [()] if is_off else []
