"""Obligations: what an office owes, as a pure function of the law as known, its authority, its facts and the day.

What a deadline means depends on few inputs; offices that share them form a cohort, and `decide` decides once for all
of them. `obligations_of` gives the same answers for one office; the store applies `decide` to sets.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from notifier.domain import dates
from notifier.domain.applicability import holds
from notifier.domain.deadlines import Due, Known, Shape, due_of
from notifier.domain.expressions import Anchor, anchor_of, events_of, occurrences_of
from notifier.domain.facts import Fact
from notifier.domain.ladders import Rung, rungs
from notifier.domain.law import Authority, Deadline, Law, Modality, Settlement
from notifier.domain.offices import Office
from notifier.domain.statements import Resolution, resolve


class State(StrEnum):
    """Where an obligation stands."""

    WAITING_FOR_FACT = "waiting-for-fact"
    WAITING_FOR_DATE = "waiting-for-date"
    OPEN = "open"
    SETTLED = "settled"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"
    NOT_APPLICABLE = "not-applicable"
    NEEDS_CLARIFICATION = "needs-clarification"


@dataclass(frozen=True, slots=True)
class CohortKey:
    """The inputs on which a deadline's meaning depends; offices with equal keys share one decision.

    `taken_up` is false while the choice from which the duty follows is not recorded. `anchor` is the office's own day.
    """

    deadline: str
    occurrence: int
    municipality: str
    prefecture: str
    taken_up: bool
    anchor: date | None

    @property
    def authorities(self) -> tuple[str, str]:
        """Return the authorities whose layers apply, the nearest first."""
        return (self.municipality, self.prefecture)


@dataclass(frozen=True, slots=True)
class Decision:
    """What holds for a cohort on a day.

    `rungs` are all rungs of the ladder, past ones included. `set_by` is the code of the authority whose date is used.
    `estimate` marks a day in a year whose holidays are not yet proclaimed.
    """

    state: State
    due: Due
    rungs: tuple[Rung, ...]
    resolution: Resolution
    contradicting: tuple[Due, ...] = ()
    set_by: str | None = None
    estimate: bool = False


@dataclass(frozen=True, slots=True)
class Obligation:
    """One duty of one office. `reason` says in Japanese why it does not apply, or None."""

    office: str
    deadline: str
    occurrence: int
    state: State
    key: CohortKey | None
    decision: Decision | None
    settled_on: date | None = None
    progress: int = 0
    needed: int = 0
    reason: str | None = None


def decide(law: Law, key: CohortKey, today: date) -> Decision | None:
    """Decide what `key.deadline` means for the cohort on the civil date `today`; None if nothing has been said yet.

    `law` must be the law as known on that day.
    """
    deadline = law.deadlines[key.deadline]
    resolution = resolve(law.said(key.deadline), key.authorities, _year_of(key))
    if resolution is None:
        return None
    authority = law.authorities.get(key.municipality) or law.authorities.get(key.prefecture)
    calendar = law.calendar_of(authority)
    due, set_by = _due(law, key, resolution)
    roll = authority.rolls.get(deadline.id, deadline.roll) if authority else deadline.roll
    if due.ladder_day is not None and due.shape in {Shape.DAY, Shape.WINDOW}:
        rolled = calendar.roll(due.ladder_day, roll)
        if rolled != due.ladder_day:
            due = _moved(due, rolled)
    contradicting = tuple(_contradicting(law, key, resolution))
    due = _careful(due, resolution, contradicting)
    state = _state(deadline, key, due, resolution, today)
    climbing = key.taken_up and state in {State.OPEN, State.WAITING_FOR_DATE, State.LAPSED}
    ladder = law.ladders[_ladder_of(deadline, authority)]
    climbed = rungs(ladder, due, calendar) if climbing else ()
    estimate = due.ladder_day is not None and calendar.is_estimate(due.ladder_day)
    return Decision(state, due, climbed, resolution, contradicting, set_by, estimate)


def _year_of(key: CohortKey) -> int | None:
    if not key.occurrence or key.anchor is None:
        return None
    return dates.fiscal_year_of(key.anchor) + key.occurrence


def _ladder_of(deadline: Deadline, authority: Authority | None) -> str:
    return authority.ladders.get(deadline.id, deadline.ladder) if authority else deadline.ladder


def _due(law: Law, key: CohortKey, resolution: Resolution) -> tuple[Due, str | None]:
    said = resolution.prevailing
    if said.withdraws or said.due is None:
        wording = "取り下げられました" if said.withdraws else "期日は示されていません"
        return Due(Shape.UNKNOWN, wording, ends=False), None
    events = events_of(said.due)
    set_day = law.set_day(events, [*key.authorities, ""], _year_of(key)) if events else None
    due = due_of(said.due, Known(key.anchor, set_day, key.occurrence), tentative=resolution.tentative and set_day is None)
    return due, set_day.authority if set_day else None


def _moved(due: Due, day: date) -> Due:
    note = f"{due.wording}（閉庁日のため{dates.day_label(day)}）"
    return replace(due, earliest=day, latest=day, ladder_day=day, target=day, wording=note)


def _contradicting(law: Law, key: CohortKey, resolution: Resolution) -> list[Due]:
    found = []
    for other in resolution.against:
        if other.due is not None:
            events = events_of(other.due)
            set_day = law.set_day(events, [*key.authorities, ""], _year_of(key)) if events else None
            found.append(due_of(other.due, Known(key.anchor, set_day, key.occurrence), tentative=other.tentative))
    return found


def _careful(due: Due, resolution: Resolution, contradicting: Sequence[Due]) -> Due:
    """Name the decided safe day; while sources contradict each other undecided, run to the earlier day."""
    if resolution.prevailing.target is not None:
        return replace(due, target=resolution.prevailing.target)
    if due.ladder_day is None or not contradicting:
        return due
    ends = [other.ladder_day or other.latest for other in contradicting if other.ladder_day or other.latest]
    safe = min([due.ladder_day, *(end for end in ends if end is not None)])
    return replace(due, ladder_day=safe, target=safe)


def _state(deadline: Deadline, key: CohortKey, due: Due, resolution: Resolution, today: date) -> State:
    if resolution.prevailing.withdraws:
        return State.WITHDRAWN
    if not key.taken_up:
        return State.WAITING_FOR_FACT
    if due.shape is Shape.UNCLEAR:
        return State.NEEDS_CLARIFICATION
    if due.shape is Shape.EVENT:
        return State.OPEN if deadline.modality is Modality.OPTIONAL else State.WAITING_FOR_DATE
    if due.ends and due.latest is not None and today > due.latest:
        return State.LAPSED
    if due.is_dated or due.shape in {Shape.STANDING, Shape.PART}:
        return State.OPEN
    return State.WAITING_FOR_DATE


def anchor_day(anchor: Anchor, facts: Sequence[Fact]) -> date | None:
    """Return the office's own day that `anchor` means among `facts`, or None."""
    found = anchor.pattern.among(facts)
    if anchor.value is not None and anchor.lasting is None:
        found = [fact for fact in found if fact.day(anchor.value) is not None]
    if not found:
        return None
    fact = found[0] if anchor.earliest else found[-1]
    if anchor.value is None:
        return fact.on
    posted = fact.day(anchor.value)
    if posted is None and anchor.lasting is not None:
        return dates.last_day_of(fact.on, anchor.lasting)[0]
    return posted


def settled_on(settlements: Sequence[Settlement], facts: Sequence[Fact], due: Due | None) -> date | None:
    """Return the civil date on which the first of `settlements` was reached by `facts`, or None."""
    days = [day for each in settlements if (day := _reached(each, facts, due)[0]) is not None]
    return min(days, default=None)


def progress_of(settlements: Sequence[Settlement], facts: Sequence[Fact], due: Due | None) -> tuple[int, int]:
    """Return how far the first counted settlement has come and how much it needs; (0, 0) if nothing is counted."""
    counted = [each for each in settlements if each.count > 1]
    return (_reached(counted[0], facts, due)[1], counted[0].count) if counted else (0, 0)


def _reached(settlement: Settlement, facts: Sequence[Fact], due: Due | None) -> tuple[date | None, int]:
    found = settlement.pattern.among(facts)
    if settlement.inside and due is not None:
        found = [fact for fact in found if _inside(fact.on, due)]
    if settlement.distinct is not None:
        first: dict[object, date] = {}
        for fact in found:
            value = fact.values.get(settlement.distinct)
            if value is not None:
                first.setdefault(value, fact.on)
        days = sorted(first.values())
    else:
        days = [fact.on for fact in found]
    return (days[settlement.count - 1] if len(days) >= settlement.count else None), len(days)


def _inside(day: date, due: Due) -> bool:
    return (due.opens is None or day >= due.opens) and (due.latest is None or day <= due.latest)


def keys_of(law: Law, deadline: Deadline, office: Office) -> list[CohortKey]:
    """Return the cohorts of `deadline` to which `office` belongs: none if it does not apply, several if it recurs."""
    if not holds(deadline.concerns, office) or (deadline.excluded and holds(deadline.excluded, office)):
        return []
    taken_up = deadline.taken_up is None or holds(deadline.taken_up, office)
    anchor, occurrences = shape_of(law, deadline.id, office.authorities)
    day = anchor_day(anchor, office.facts) if anchor else None
    where = (office.municipality, office.prefecture)
    wanted = occurrences if taken_up and day is not None else occurrences[:1]
    return [CohortKey(deadline.id, each, *where, taken_up, day) for each in wanted]


def shape_of(law: Law, deadline: str, authorities: Sequence[str]) -> tuple[Anchor | None, tuple[int, ...]]:
    """Return on which day of the office's own the prevailing statement depends, and its occurrences."""
    resolution = resolve(law.said(deadline), authorities)
    if resolution is None or resolution.prevailing.due is None:
        return None, (0,)
    return anchor_of(resolution.prevailing.due), occurrences_of(resolution.prevailing.due)


def obligations_of(law: Law, office: Office, today: date) -> list[Obligation]:
    """Return every obligation of `office` on `today` under `law` (as known that day), by deadline and occurrence.

    Deadlines that concern offices but not this one appear as not applicable, with the reason.
    """
    found: list[Obligation] = []
    for deadline in sorted(law.deadlines.values(), key=lambda each: each.id):
        if "office" not in deadline.parties or not law.said(deadline.id):
            continue
        keys = keys_of(law, deadline, office)
        if not keys:
            reason = _why_not(deadline, office)
            found.append(Obligation(office.number, deadline.id, 0, State.NOT_APPLICABLE, None, None, reason=reason))
        found.extend(_obligation(law, deadline, office, key, today) for key in keys)
    return found


def _obligation(law: Law, deadline: Deadline, office: Office, key: CohortKey, today: date) -> Obligation:
    decision = decide(law, key, today)
    if decision is None:
        raise ValueError(f"nothing has been said about {deadline.id}")
    day = None
    if key.taken_up and decision.state is not State.WITHDRAWN:
        day = settled_on(deadline.settled_by, facts_for(deadline, office, key), decision.due)
    progress, needed = progress_of(deadline.settled_by, office.facts, decision.due)
    state = State.SETTLED if day is not None else decision.state
    return Obligation(office.number, deadline.id, key.occurrence, state, key, decision, day, progress, needed)


def facts_for(deadline: Deadline, office: Office, key: CohortKey) -> list[Fact]:
    """Return the facts that may settle this occurrence: of a recurring duty only those for its fiscal year."""
    year = _year_of(key)
    if year is None:
        return list(office.facts)
    settling = {name for each in deadline.settled_by for name in each.pattern.types}
    return [fact for fact in office.facts if fact.type not in settling or fact.values.get("fiscal_year") == year]


def _why_not(deadline: Deadline, office: Office) -> str:
    if deadline.excluded is not None and holds(deadline.excluded, office):
        return "辞退・不要の登録があるため対象外です"
    return f"対象は{deadline.concerns_wording or '別の事業所'}のため、対象外です"
