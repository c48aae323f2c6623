"""Telling: from a decision to planned deliveries, on the right day, to the right parties.

Shared by the steps that have something to say: `derive` (news, acknowledgements) and `sweep` (rungs).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from notifier.clock import civil_date, japan_time
from notifier.domain.calendar import Calendar
from notifier.domain.changes import ChangeKind, Situation
from notifier.domain.ladders import Occasion, next_rung
from notifier.domain.law import Law, Party
from notifier.domain.letters import content_of
from notifier.domain.obligations import CohortKey, Decision, State, decide
from notifier.store import deliveries
from notifier.store.database import Connection
from notifier.store.deliveries import Missed, Round, Saying, Whom
from notifier.tools import Tools

SEND_HOUR = 9
"""Letters leave at 09:00 in Japan."""
URGENT_DAYS = 3
"""What is due within so many days leaves on a closed day, too."""


@dataclass(frozen=True)
class Told:
    """A cohort about which something is said: who it is, what holds, and under which generation."""

    cohort_id: int
    key: CohortKey
    decision: Decision
    generation: int


def calendar_of(law: Law, key: CohortKey) -> Calendar:
    """Return the calendar of the authority nearest to the cohort."""
    return law.calendar_of(law.authorities.get(key.municipality) or law.authorities.get(key.prefecture))


def leaves_at(now: datetime, calendar: Calendar, *, urgent: bool) -> datetime:
    """Return when news that came up at `now` leaves: at 09:00, or at once later in the day, on an open day.

    Urgent news does not wait for an open day. `now` is aware; the result is in UTC.
    """
    today = civil_date(now)
    if urgent or calendar.is_open(today):
        return max(now.astimezone(UTC), japan_time(today, SEND_HOUR))
    return japan_time(calendar.next_open(today), SEND_HOUR)


def is_urgent(decision: Decision, today: date) -> bool:
    """Tell whether what is due cannot wait for the next open day."""
    last = decision.due.ladder_day
    return last is not None and today <= last <= today + timedelta(days=URGENT_DAYS)


def upcoming(decision: Decision, today: date) -> date | None:
    """Return the next civil date on which something is said to the cohort, or on which time changes its state."""
    rung = next_rung(decision.rungs, today)
    days = [rung.on] if rung else []
    last = decision.due.latest
    if decision.due.ends and last is not None and today <= last and decision.state is not State.LAPSED:
        days.append(last + timedelta(days=1))
    return min(days, default=None)


@dataclass(frozen=True)
class Message:
    """What is said: `rung` is the permanent part of the key, `name` the rung as contracts call it (T-n or None).

    `why` takes the place of the usual reason. What `is_awaited` leaves on its day, be it open or closed. `trace` is the
    traceparent of the call that led to it, "" for none; a fact of an office's own goes before it.
    """

    occasion: Occasion
    rung: str
    name: str | None = None
    kind: ChangeKind | None = None
    old: Situation | None = None
    fact: tuple[str, date] | None = None
    settled: bool = False
    why: str = ""
    is_awaited: bool = False
    trace: str = ""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is said alike to the cohorts that differ in nothing the law looks at."""

    key: CohortKey
    message: Message
    party: Party
    whom: Whom


NOBODY = Missed(0, ())


class Telling:
    """What a step has to say: decided and worded once for all cohorts that are alike, kept in sets at the end.

    `say_all` must come after the cohorts themselves have been brought up to date.
    """

    def __init__(self, conn: Connection, tools: Tools, law: Law, run: int) -> None:
        """Begin with nothing said; `law` is the law as known on the present civil date."""
        self._conn = conn
        self._tools = tools
        self._law = law
        self._run = run
        self._now = tools.now()
        self._today = civil_date(self._now)
        self._speaking = _speaking(law)
        self._decisions: dict[CohortKey, Decision | None] = {}
        self._plans: dict[_Plan, list[Told]] = {}
        self._closings: list[tuple[Told, Message]] = []
        self._editorial: dict[str, tuple[Told, Message]] = {}

    def decide(self, key: CohortKey) -> Decision | None:
        """Decide what the deadline means for the cohort; once for all for whom nobody nearby has a say of its own."""
        alike = self._alike(key)
        if alike not in self._decisions:
            self._decisions[alike] = decide(self._law, alike, self._today)
        return self._decisions[alike]

    def _alike(self, key: CohortKey) -> CohortKey:
        if self._speaking.isdisjoint(self._law.nearby(key.authorities)):
            return replace(key, municipality="", prefecture="")
        return key

    def tell(
        self,
        told: Told,
        message: Message,
        *,
        whom: Whom = Whom.ALL,
        parties: tuple[Party, ...] | None = None,
    ) -> None:
        """Say `message` to the parties of the deadline that belong to the cohort; of its offices to those in `whom`."""
        alike = self._alike(told.key)
        for party in parties or self._law.deadlines[told.key.deadline].parties:
            if _belongs(told.key, party):
                self._plans.setdefault(_Plan(alike, message, party, whom), []).append(told)

    def tell_if_missed(self, told: Told, message: Message) -> None:
        """Say `message` to the municipality and the editor if any office of the cohort has not done its duty."""
        self._closings.append((told, message))

    def tell_editor(self, told: Told, message: Message) -> None:
        """Say `message` to the rule editor, once for the nation however many cohorts it comes from."""
        once = f"{told.key.deadline}:{told.key.occurrence}:{message.rung}"
        self._editorial.setdefault(once, (told, message))

    async def say_all(self) -> None:
        """Keep everything that has been said so far, and plan its deliveries."""
        missed = await self._missed()
        for told, message in self._closings:
            if told.cohort_id in missed:
                self.tell(told, message, parties=(Party.MUNICIPALITY,))
                self.tell_editor(told, message)
        plans, editorial = self._plans, self._editorial
        self._plans, self._editorial, self._closings = {}, {}, []
        for once, (told, message) in editorial.items():
            await self._say_to_editor(once, told, message)
        for plan, found in plans.items():
            if _is_counted(plan):
                for told in found:
                    await self._say(plan, [told], missed.get(told.cohort_id, NOBODY))
            else:
                await self._say(plan, found)

    async def _missed(self) -> Mapping[int, Missed]:
        counted = [told for plan, found in self._plans.items() if _is_counted(plan) for told in found]
        ids = [told.cohort_id for told in (*counted, *(told for told, _ in self._closings))]
        return await deliveries.missed_by(self._conn, ids) if ids else {}

    async def _say_to_editor(self, once: str, told: Told, message: Message) -> None:
        saying = self._saying(told, message, Party.EDITOR, self._law.calendar)
        due_at = leaves_at(self._now, self._law.calendar, urgent=False)
        address = self._tools.correspondent.editor_address
        await deliveries.say_to_editor(self._conn, saying, once, address, due_at, self._run)

    async def _say(self, plan: _Plan, found: Sequence[Told], missed: Missed | None = None) -> None:
        first, ids = found[0], [each.cohort_id for each in found]
        calendar = calendar_of(self._law, plan.key)
        saying = self._saying(first, plan.message, plan.party, calendar, missed)
        urgent = plan.message.is_awaited or is_urgent(first.decision, self._today)
        due_at = leaves_at(self._now, calendar, urgent=urgent)
        await deliveries.say_to_cohorts(self._conn, saying, ids, self._run)
        said = Round(plan.message.rung, ids, due_at, plan.message.trace)
        if plan.party is Party.OFFICE:
            family = self._law.deadlines[plan.key.deadline].family
            await deliveries.tell_members(self._conn, said, family, plan.whom, self._run)
        else:
            await deliveries.tell_authorities(self._conn, said, plan.party.value)

    def _saying(
        self,
        told: Told,
        message: Message,
        party: Party,
        calendar: Calendar,
        missed: Missed | None = None,
    ) -> Saying:
        content = content_of(
            self._law,
            self._law.deadlines[told.key.deadline],
            told.key.occurrence,
            told.decision,
            occasion=message.occasion,
            rung=message.name,
            on=self._today,
            calendar=calendar,
            old=message.old,
            kind=message.kind,
            fact=message.fact,
            settled=message.settled,
            party=party,
            members=missed.first if missed else (),
            count=missed.count if missed else None,
        )
        if message.why:
            content = replace(content, why=message.why)
        return Saying(
            party.value,
            message.rung,
            message.occasion.value,
            told.key.deadline,
            told.key.occurrence,
            self._today,
            content.as_data(),
            message.trace,
        )


def _speaking(law: Law) -> frozenset[str]:
    """Return the authorities with a say of their own: closed days, ladders, rolls, statements or days set."""
    own = {each.code for each in law.authorities.values() if each.closed or each.ladders or each.rolls}
    said = {each.authority for found in law.statements.values() for each in found}
    return frozenset(own | said | {each.authority for each in law.settings}) - {""}


def _belongs(key: CohortKey, party: Party) -> bool:
    """Tell whether the cohort is one of `party`: a prefecture is not told what its municipalities are."""
    if party is Party.MUNICIPALITY:
        return bool(key.municipality)
    return party is Party.OFFICE or (party is Party.PREFECTURE and not key.municipality)


def _is_counted(plan: _Plan) -> bool:
    """Tell whether an authority is told how many of its offices have missed an end."""
    return plan.party is not Party.OFFICE and plan.message.occasion is Occasion.CLOSING
