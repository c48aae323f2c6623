"""derive: from the law as known and the offices' facts to obligations, and to the news that follows.

Three things can have moved: the law (approved notices), days that authorities set, and offices (new ones, new facts).
A moved date is decided once per cohort and leaves the obligations alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from hashlib import blake2b

from notifier.clock import civil_date
from notifier.domain import exemptions
from notifier.domain.changes import ChangeKind, Situation, change
from notifier.domain.deadlines import Shape
from notifier.domain.ladders import Occasion
from notifier.domain.law import AuthorityKind, Deadline, Law, Party
from notifier.domain.obligations import CohortKey, Decision, State, shape_of
from notifier.domain.statements import resolve
from notifier.heralding import Heralding
from notifier.store import audit, cohorts, derivation, obligations, outbox, sequences
from notifier.store.cohorts import Cohort, Placed
from notifier.store.database import Connection, retrying
from notifier.store.deliveries import Whom
from notifier.store.derivation import Moved
from notifier.store.obligations import Branch, Scope
from notifier.telling import Message, Telling, Told, upcoming
from notifier.tools import Tools, law_on


@dataclass(frozen=True)
class Work:
    """One derivation: its transaction and number, the generation of what it changes, the law, the day, what it says."""

    conn: Connection
    tools: Tools
    law: Law
    today: date
    run: int
    generation: int
    telling: Telling
    heralding: Heralding
    moved: Moved

    def trace_of(self, key: CohortKey) -> str:
        """Return the trace of the call by which the law, or a day that was set, has moved for a cohort; "" for none."""
        places = {"", *self.law.nearby(key.authorities)}
        return self.moved.trace_of(key.deadline, self.law.event_types_of(key.deadline), places)


async def derive(tools: Tools) -> None:
    """Work out everything that has moved since the last derivation, in one transaction."""
    await retrying(partial(_derive, tools))


async def _derive(tools: Tools) -> None:
    now = tools.now()
    today = civil_date(now)
    # What is marked as worked out must be what was read: news that comes in meanwhile stays new.
    async with tools.database.transaction(snapshot=True) as conn:
        moved = await derivation.moved(conn)
        if not moved:
            return
        law = await law_on(conn, tools, today)
        run = await sequences.draw(conn, "run")
        generation = await sequences.draw(conn, "generation")
        heralding = await Heralding.begin(conn, law, run, now)
        telling = Telling(conn, tools, law, run)
        work = Work(conn, tools, law, today, run, generation, telling, heralding, moved)
        for name in sorted(law.deadlines):
            if law.said(name):
                await _deadline(work, law.deadlines[name], moved)
        await heralding.finish()
        await derivation.mark_derived(conn, moved.deadlines)
        await outbox.enqueue(conn, "sweep", now)
        await outbox.enqueue(conn, "dispatch", now)
        detail = {"deadlines": sorted(moved.deadlines), "facts": sorted(moved.office_facts)}
        detail |= {"settings": sorted(moved.settings)}
        await audit.append_run(conn, now, "derive", run, {**detail, "newcomers": moved.newcomers})


async def _deadline(work: Work, deadline: Deadline, moved: Moved) -> None:
    by_law = deadline.id in moved.deadlines
    news = moved.facts_about(deadline.id)
    answered = not news.isdisjoint(work.law.fact_types_of(deadline.id))
    branches = branches_of(work.law, deadline) if by_law or moved.newcomers or answered else []
    first_time = by_law and not await derivation.membership_of(work.conn, deadline.id)
    if by_law:
        await _membership_if_changed(work, deadline, branches)
    for_all = by_law or not moved.settings.isdisjoint(work.law.event_types_of(deadline.id))
    if for_all:
        await _decide_again(work, deadline, by_law=by_law, first_time=first_time)
    if moved.newcomers:
        await _membership(work, deadline, branches, Scope.NEWCOMERS)
        await _announce_to_newcomers(work, deadline)
    if answered:
        if news.isdisjoint(work.law.placing_types_of(deadline.id)):
            await obligations.settle(work.conn, deadline, Scope.FRESH_FACTS, work.run)
        else:
            await _membership(work, deadline, branches, Scope.FRESH_FACTS)
        await _acknowledge(work, deadline, moved)
    trace = moved.traces.get(deadline.id, "")
    await work.heralding.members(deadline, work.telling, everyone=for_all, trace=trace)


def branches_of(law: Law, deadline: Deadline) -> list[Branch]:
    """Return the layers of `deadline` that give it a shape of their own, the nation's last if it has spoken."""
    said = law.said(deadline.id)
    own = sorted({each.authority for each in said if each.authority})
    found = []
    for code in [*own, ""]:
        authority = law.authorities.get(code)
        chain = [code, authority.prefecture] if authority and authority.prefecture else [code]
        if resolve(said, law.nearby(chain)) is None:
            continue
        anchor, occurrences = shape_of(law, deadline.id, chain)
        nearer = frozenset(
            other for other in own if not code or (other != code and _inside(law, other, code))
        )
        inside = law.places(code) if code else frozenset()
        outside = frozenset().union(*(law.places(other) for other in nearer))
        found.append(Branch(anchor, occurrences, inside, outside))
    return found


def _inside(law: Law, code: str, other: str) -> bool:
    authority = law.authorities.get(code)
    return authority is not None and other in {authority.prefecture, authority.union}


def _digest(deadline: Deadline, branches: Sequence[Branch]) -> str:
    written = repr((deadline.concerns, deadline.taken_up, deadline.excluded, deadline.settled_by, branches))
    return blake2b(written.encode(), digest_size=16).hexdigest()


async def _membership_if_changed(work: Work, deadline: Deadline, branches: Sequence[Branch]) -> None:
    digest = _digest(deadline, branches)
    await _authorities(work, deadline)
    if await derivation.membership_of(work.conn, deadline.id) == digest:
        return
    await _membership(work, deadline, branches, Scope.EVERYONE)
    await derivation.keep_membership(work.conn, deadline.id, digest)


async def _membership(work: Work, deadline: Deadline, branches: Sequence[Branch], scope: Scope) -> None:
    """Put the offices in `scope` into their cohorts, making those that are missing, and settle what is settled."""
    if Party.OFFICE not in deadline.parties:
        return
    for branch in branches:
        keys = await obligations.missing_among(work.conn, deadline, branch, scope, work.today)
        if keys:
            await _ensure(work, deadline, keys)
        await obligations.assign(work.conn, deadline, branch, scope, work.today, work.run)
    await obligations.release(work.conn, deadline, branches, scope, work.today)
    await obligations.settle(work.conn, deadline, scope, work.run)


async def _authorities(work: Work, deadline: Deadline) -> None:
    """Make the cohorts of the authorities that owe or are told something themselves."""
    keys = []
    for authority in sorted(work.law.authorities.values(), key=lambda each: each.code):
        if authority.kind is AuthorityKind.MUNICIPALITY and Party.MUNICIPALITY in deadline.parties:
            where = (authority.code, authority.prefecture or "")
        elif authority.kind is AuthorityKind.PREFECTURE and Party.PREFECTURE in deadline.parties:
            where = ("", authority.code)
        else:
            continue
        keys.append(CohortKey(deadline.id, 0, *where, taken_up=True, anchor=None))
    await _ensure(work, deadline, keys)


async def _ensure(work: Work, deadline: Deadline, keys: Iterable[CohortKey]) -> None:
    known = await cohorts.known_keys(work.conn, deadline.id)
    missing = [key for key in keys if key not in known]
    if not missing:
        return
    placed = []
    for key in missing:
        decision = work.telling.decide(key)
        if decision is not None:
            placed.append(Placed(key, decision, work.generation, upcoming(decision, work.today)))
    await cohorts.insert_cohorts(work.conn, placed)


async def _decide_again(work: Work, deadline: Deadline, *, by_law: bool, first_time: bool) -> None:
    """Decide anew for every cohort; what has become of them is kept in sets, and told."""
    counts_inside = any(each.inside for each in deadline.settled_by)
    resettle = False
    updates = []
    for cohort in await cohorts.cohorts_of(work.conn, deadline.id):
        decision = work.telling.decide(cohort.key)
        if decision is None:
            continue
        kind = change(None if first_time else cohort.situation, decision)
        work.heralding.decided(cohort, decision, kind, work.trace_of(cohort.key) if kind else "")
        generation = cohort.generation if kind is None or first_time else work.generation
        placed = Placed(cohort.key, decision, generation, upcoming(decision, work.today))
        situation = Situation.of(decision)
        if (situation, placed.next_on, generation) != (cohort.situation, cohort.next_on, cohort.generation):
            updates.append((cohort.id, placed))
            resettle = resettle or counts_inside or situation.withdrawn != cohort.situation.withdrawn
        if kind is not None:
            _news(
                work, deadline, cohort, Told(cohort.id, cohort.key, decision, generation), kind, by_law=by_law
            )
    await cohorts.update_cohorts(work.conn, updates)
    await work.telling.say_all()
    if resettle:
        await obligations.settle(work.conn, deadline, Scope.EVERYONE, work.run)


def _news(
    work: Work, deadline: Deadline, cohort: Cohort, told: Told, kind: ChangeKind, *, by_law: bool
) -> None:
    """Tell the members of a cohort, and the editor where a person has to decide."""
    _ask_editor(work, told)
    decision = told.decision
    silent = kind is ChangeKind.CONTRADICTED or _is_silent(decision, kind)
    waiting = decision.state is State.WAITING_FOR_FACT and not by_law
    undated = deadline.tell_when_dated and not decision.due.is_dated
    if silent or waiting or undated or not deadline.announce or _is_over(decision, work.today):
        return
    announced = kind is ChangeKind.ANNOUNCED and (cohort.generation == told.generation)
    occasion = Occasion.ANNOUNCEMENT if announced else Occasion.CHANGE
    if deadline.prompt:
        occasion = Occasion.PROMPT
    today = [rung.name for rung in decision.rungs if rung.on == work.today and not rung.to_editor]
    message = Message(
        occasion,
        occasion.value,
        name=today[-1] if today else None,
        kind=None if announced else kind,
        old=None if announced else cohort.situation,
        trace=work.trace_of(cohort.key),
    )
    work.telling.tell(told, message, whom=_whom(deadline, cohort, decision, announced=announced))


def _is_over(decision: Decision, today: date) -> bool:
    """Tell whether the last day has gone by, for those, too, who have not taken up what the duty follows from."""
    due = decision.due
    has_end = due.ends and due.shape is not Shape.MONTHS
    return has_end and due.latest is not None and today > due.latest


def _whom(deadline: Deadline, cohort: Cohort, decision: Decision, *, announced: bool) -> Whom:
    """Return who is told: what is taken back is told to all to whom it was told."""
    found = decision.resolution
    fresh = (each for each in (found.prevailing, *found.remarks) if each.id not in cohort.situation.said)
    if any(each.retracts for each in fresh):
        return Whom.HEARD
    return Whom.ALL if deadline.follow and not announced else Whom.UNSETTLED


def _is_silent(decision: Decision, kind: ChangeKind) -> bool:
    return kind is ChangeKind.REWORDED and decision.resolution.prevailing.silent


def _ask_editor(work: Work, told: Told) -> None:
    decision = told.decision
    against = decision.resolution.against
    unclear = decision.due.shape is Shape.UNCLEAR
    if not against and not unclear:
        return
    sides = sorted(each.id for each in (decision.resolution.prevailing, *against))
    key = f"question:{','.join(sides)}:{decision.due.latest}"
    rung = f"question:{blake2b(key.encode(), digest_size=8).hexdigest()}"
    work.telling.tell_editor(told, Message(Occasion.QUESTION, rung, trace=work.trace_of(told.key)))


async def _announce_to_newcomers(work: Work, deadline: Deadline) -> None:
    """Tell offices that were just enrolled what is open for them; what is past is not told."""
    if not deadline.announce:
        return
    for each in await cohorts.touched_cohorts(work.conn, deadline.id, work.run, Scope.NEWCOMERS):
        decision = work.telling.decide(each.cohort.key)
        if not each.moved or decision is None or decision.state is State.WITHDRAWN:
            continue
        if _is_over(decision, work.today):
            continue
        if deadline.tell_when_dated and not decision.due.is_dated:
            continue
        message = Message(Occasion.ANNOUNCEMENT, Occasion.ANNOUNCEMENT.value)
        _tell_offices(work, each.cohort, decision, message, Whom.ENROLLED)
    await work.telling.say_all()


async def _acknowledge(work: Work, deadline: Deadline, moved: Moved) -> None:
    """Answer facts that settled or opened a duty of an office."""
    if not deadline.acknowledge:
        return
    touched = await cohorts.touched_cohorts(work.conn, deadline.id, work.run, Scope.FRESH_FACTS)
    fact = _fact(work, deadline, moved)
    for each in touched:
        decision = work.telling.decide(each.cohort.key)
        if decision is None or not each.cohort.key.taken_up:
            continue
        if each.settled:
            rung = f"acknowledgement:settled:{work.run}"
            message = Message(Occasion.ACKNOWLEDGEMENT, rung, fact=fact, settled=True)
            _tell_offices(work, each.cohort, decision, message, Whom.SETTLED)
        if each.moved and decision.state not in {State.LAPSED, State.WITHDRAWN}:
            rung = f"acknowledgement:opened:{work.run}"
            message = Message(Occasion.ACKNOWLEDGEMENT, rung, fact=fact)
            _tell_offices(work, each.cohort, decision, message, Whom.MOVED)
    await work.telling.say_all()


def _tell_offices(work: Work, cohort: Cohort, decision: Decision, message: Message, whom: Whom) -> None:
    told = Told(cohort.id, cohort.key, decision, cohort.generation)
    work.telling.tell(told, message, whom=whom, parties=(Party.OFFICE,))


def _fact(work: Work, deadline: Deadline, moved: Moved) -> tuple[str, date] | None:
    """Name the fact that is answered, if only one kind of it, of one day, is new."""
    types = work.law.fact_types_of(deadline.id) - exemptions.TYPES
    mattering = [(kind, day) for kind, day in moved.facts if kind in types]
    if len(mattering) != 1:
        return None
    kind, day = mattering[0]
    return work.tools.catalogue.facts[kind].label, day
