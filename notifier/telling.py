"""Telling: from a decision to planned deliveries, on the right day, to the right parties.

Shared by the steps that have something to say: `derive` (news, acknowledgements) and `sweep` (rungs).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from notifier.clock import civil_date, japan_time
from notifier.domain.calendar import Calendar
from notifier.domain.changes import ChangeKind, Situation
from notifier.domain.ladders import Occasion, next_rung
from notifier.domain.law import Deadline, Law, Party
from notifier.domain.letters import Member, content_of
from notifier.domain.obligations import CohortKey, Decision, State
from notifier.store import authorities, deliveries
from notifier.store.database import Condition, Connection
from notifier.store.deliveries import Saying
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
    """What is said: `rung` is the permanent part of the key, `name` the rung as contracts call it (T-n or None)."""

    occasion: Occasion
    rung: str
    name: str | None = None
    kind: ChangeKind | None = None
    old: Situation | None = None
    fact: tuple[str, date] | None = None
    settled: bool = False


async def tell(  # noqa: PLR0913 -- the arrow's inputs, each named
    conn: Connection,
    tools: Tools,
    law: Law,
    told: Told,
    message: Message,
    run: int,
    *,
    whom: Condition | None = None,
    parties: tuple[Party, ...] | None = None,
) -> None:
    """Say `message` to the parties of the deadline that belong to the cohort; of its offices to those in `whom`."""
    now = tools.now()
    today = civil_date(now)
    deadline = law.deadlines[told.key.deadline]
    calendar = calendar_of(law, told.key)
    due_at = leaves_at(now, calendar, urgent=is_urgent(told.decision, today))
    for party in parties or deadline.parties:
        address = await _address(conn, told.key, party)
        if party is not Party.OFFICE and address is None:
            continue
        members, count = await _members(conn, told, message, party)
        saying = _saying(law, deadline, told, message, party, today, calendar, members, count)
        saying_id = await deliveries.saying_id(conn, saying, run)
        if party is Party.OFFICE:
            await deliveries.tell_members(conn, saying_id, deadline.family, told.cohort_id, due_at, whom)
        elif address is not None:
            await deliveries.tell_party(conn, saying_id, f"authority/{address[0]}", address[1], due_at)


async def tell_editor(
    conn: Connection, tools: Tools, law: Law, told: Told, message: Message, run: int
) -> None:
    """Say `message` to the rule editor, once for the nation however many cohorts it comes from."""
    now = tools.now()
    today = civil_date(now)
    deadline = law.deadlines[told.key.deadline]
    calendar = law.calendar
    saying = _saying(law, deadline, told, message, Party.EDITOR, today, calendar, [], None)
    once = f"{deadline.id}:{told.key.occurrence}:{message.rung}"
    editorial = Saying(
        0,
        0,
        Party.EDITOR.value,
        once,
        saying.occasion,
        saying.deadline,
        saying.occurrence,
        today,
        saying.content,
    )
    fresh = await deliveries.say(conn, editorial, run)
    if fresh is not None:
        due_at = leaves_at(now, calendar, urgent=False)
        await deliveries.tell_party(conn, fresh, "editor", tools.correspondent.editor_address, due_at)


async def _address(conn: Connection, key: CohortKey, party: Party) -> tuple[str, str] | None:
    """Return code and address of the authority that `party` means for this cohort; None for another one's cohort."""
    if party is Party.MUNICIPALITY and key.municipality:
        return key.municipality, await authorities.address_of(conn, key.municipality)
    if party is Party.PREFECTURE and not key.municipality:
        return key.prefecture, await authorities.address_of(conn, key.prefecture)
    return None


async def _members(
    conn: Connection, told: Told, message: Message, party: Party
) -> tuple[list[Member], int | None]:
    """Name the offices that missed the end, where an authority is told that some did."""
    if party is Party.OFFICE or message.occasion is not Occasion.CLOSING:
        return [], None
    count, named = await deliveries.missed_by(conn, told.cohort_id)
    return [Member(number, name) for number, name in named], count


def _saying(  # noqa: PLR0913, PLR0917 -- gathers what a saying is made of
    law: Law,
    deadline: Deadline,
    told: Told,
    message: Message,
    party: Party,
    today: date,
    calendar: Calendar,
    members: list[Member],
    count: int | None,
) -> Saying:
    content = content_of(
        law,
        deadline,
        told.key.occurrence,
        told.decision,
        occasion=message.occasion,
        rung=message.name,
        on=today,
        calendar=calendar,
        old=message.old,
        kind=message.kind,
        fact=message.fact,
        settled=message.settled,
        party=party,
        members=members,
        count=count,
    )
    return Saying(
        told.cohort_id,
        told.generation,
        party.value,
        message.rung,
        message.occasion.value,
        deadline.id,
        told.key.occurrence,
        today,
        content.as_data(),
    )
