"""Obligations: what an office owes, as a pure function of the law as known, its authority, facts and the day.

What a deadline means depends on few inputs; offices that share them form a cohort, and `decide` decides once
for all of them. `obligations_of` gives the same answers for one office; the store applies `decide` to sets.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from notifier.domain import dates
from notifier.domain.applicability import holds
from notifier.domain.calendar import Calendar, Roll
from notifier.domain.deadlines import Due, Known, Shape, due_of
from notifier.domain.exemptions import exemption
from notifier.domain.expressions import (
    Anchor,
    BeforeFact,
    Expression,
    anchor_of,
    events_of,
    occurrences_of,
    setter_of,
)
from notifier.domain.facts import Fact
from notifier.domain.ladders import Rung, rungs
from notifier.domain.law import Authority, AuthorityKind, Deadline, Law, Modality, Settlement
from notifier.domain.offices import Office
from notifier.domain.statements import Resolution, Statement, resolve


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

    `municipality` is empty in a prefecture's own cohort. `taken_up` is false while the choice from which the
    duty follows is not recorded. `anchor` is the office's own day.
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

    `rungs` are all rungs of the ladder, past ones included. `set_by` is the code of the authority whose date
    is used. `estimate` marks a day in a year whose holidays are not yet proclaimed.
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
    """Decide what `key.deadline` means for the cohort on the civil date `today`; None if nothing is said.

    `law` must be the law as known on that day.
    """
    deadline = law.deadlines[key.deadline]
    resolution = _resolution(law, key)
    if resolution is None:
        return None
    nearby = [law.authorities[code] for code in law.nearby(key.authorities) if code in law.authorities]
    calendar = law.calendar_of(nearby[0] if nearby else None)
    due, set_by = _due(law, key, resolution)
    if _may_roll(key, resolution.prevailing, due, set_by):
        setter = law.authorities.get(set_by or "")
        due = _rolled(due, _roll(deadline, nearby, due), law.calendar_of(setter) if setter else calendar)
    contradicting = tuple(_contradicting(law, key, resolution))
    due = _careful(due, resolution, contradicting)
    state = _state(deadline, key, due, resolution, today)
    climbing = key.taken_up and state in {State.OPEN, State.WAITING_FOR_DATE, State.LAPSED}
    ladders = [each.ladders[deadline.id] for each in nearby if deadline.id in each.ladders]
    ladder = law.ladders[ladders[0] if ladders else deadline.ladder]
    climbed = rungs(ladder, due, calendar) if climbing else ()
    estimate = due.ladder_day is not None and calendar.is_estimate(due.ladder_day)
    return Decision(state, due, climbed, resolution, contradicting, set_by, estimate)


def _roll(deadline: Deadline, nearby: Sequence[Authority], due: Due) -> Roll:
    """Return the roll of the nearest authority that has one of its own for the year of the due day."""
    year = dates.fiscal_year_of(due.latest or date.min)
    own = [roll for each in nearby if (roll := each.roll_of(deadline.id, year)) is not None]
    return own[0] if own else deadline.roll


def _year_of(key: CohortKey) -> int | None:
    if not key.occurrence or key.anchor is None:
        return None
    return dates.fiscal_year_of(key.anchor) + key.occurrence


def _resolution(law: Law, key: CohortKey) -> Resolution | None:
    """Resolve with the exceptions of the occurrence's fiscal year, else of the year in which the end lies."""
    said, year = law.said(key.deadline), _year_of(key)
    nearby = law.nearby(key.authorities)
    found = resolve(said, nearby, year)
    if found is None or year is not None or all(each.fiscal_year is None for each in said):
        return found
    last = _due(law, key, found)[0].latest
    return found if last is None else resolve(said, nearby, dates.fiscal_year_of(last))


def _due(law: Law, key: CohortKey, resolution: Resolution) -> tuple[Due, str | None]:
    said = resolution.prevailing
    if said.withdraws or said.due is None:
        wording = "取り下げられました" if said.withdraws else "期日は示されていません"
        return Due(Shape.UNKNOWN, wording, ends=False), None
    known = _known(law, key, said.due)
    set_day = known.set_day
    due = due_of(said.due, known, tentative=resolution.tentative and set_day is None)
    return due, set_day.authority if set_day and set_day.closes == due.latest else None


def _setters(law: Law, key: CohortKey, setter: str | None) -> list[str]:
    """Return who may set the day, the nearest first; `setter` is to whom the law leaves it, None: whoever may say so."""
    kinds = {
        "prefecture": {AuthorityKind.PREFECTURE},
        "municipality": {*AuthorityKind} - {AuthorityKind.PREFECTURE},
    }
    wanted = kinds.get(setter or "", {*AuthorityKind})
    nearby = law.nearby(key.authorities)
    return [code for code in nearby if code not in law.authorities or law.authorities[code].kind in wanted]


def _known(law: Law, key: CohortKey, expression: Expression) -> Known:
    """Return the days on which `expression` depends; the key's own day only if that is the one it means."""
    events, anchor = events_of(expression), anchor_of(expression)
    chain = _setters(law, key, setter_of(expression))
    set_day = law.set_day(events, chain, _year_of(key), key.deadline) if events else None
    is_meant = anchor is not None and anchor == shape_of(law, key.deadline, key.authorities)[0]
    return Known(key.anchor if is_meant else None, set_day, key.occurrence)


def _may_roll(key: CohortKey, said: Statement, due: Due, set_by: str | None) -> bool:
    """Tell whether the end may move off a closed day: a day does, a fiscal year and an own deed do not."""
    done = isinstance(said.due, BeforeFact) and key.anchor is not None
    return not done and (set_by is not None or due.shape in {Shape.DAY, Shape.WINDOW})


def _rolled(due: Due, roll: Roll, calendar: Calendar) -> Due:
    day, latest = (each and calendar.roll(each, roll) for each in (due.ladder_day, due.latest))
    if day is None or day == due.ladder_day:
        return due
    note = f"{due.wording}（閉庁日のため{dates.day_label_with_western(day)}まで）"
    return replace(due, earliest=day, latest=latest, ladder_day=day, target=day, wording=note)


def _contradicting(law: Law, key: CohortKey, resolution: Resolution) -> list[Due]:
    dues = [(each.due, each.tentative) for each in resolution.against if each.due is not None]
    return [due_of(due, _known(law, key, due), tentative=tentative) for due, tentative in dues]


def _careful(due: Due, resolution: Resolution, contradicting: Sequence[Due]) -> Due:
    """Name the decided safe day; while sources contradict each other undecided, run to the earlier day.

    A day that was over when it was said, or before the thing may begin, is nothing to run to.
    """
    decided = resolution.prevailing.target
    if due.ladder_day is None:
        return due if decided is None else replace(due, target=decided)
    against = [each for each in resolution.against if each.due is not None]
    ends = [
        end
        for said, other in zip(against, contradicting, strict=True)
        if (end := other.ladder_day or other.latest) is not None
        and end >= max(said.known_from, due.opens or said.known_from)
    ]
    safe = min([due.ladder_day, *ends])
    return replace(due, ladder_day=safe, target=min(safe, decided or due.target or safe))


def _state(  # noqa: PLR0911 -- one line a state, read as a table
    deadline: Deadline, key: CohortKey, due: Due, resolution: Resolution, today: date
) -> State:
    if resolution.prevailing.withdraws:
        return State.WITHDRAWN
    if not key.taken_up:
        return State.WAITING_FOR_FACT
    if due.shape is Shape.UNCLEAR:
        return State.NEEDS_CLARIFICATION
    if due.shape is Shape.EVENT:
        return State.OPEN if deadline.modality is Modality.OPTIONAL else State.WAITING_FOR_DATE
    if due.ends and due.latest is not None and today > due.latest:
        # Months that are covered come to their end without anybody missing it.
        return State.SETTLED if due.shape is Shape.MONTHS else State.LAPSED
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
    """Return how far the first counted settlement has come and how much it needs; (0, 0) without one."""
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
    """Return the cohorts of `deadline` to which `office` belongs: none, or several if the duty recurs."""
    if not holds(deadline.concerns, office) or (deadline.excluded and holds(deadline.excluded, office)):
        return []
    if exemption(deadline.id, office.facts) is not None:
        return []
    taken_up = deadline.taken_up is None or holds(deadline.taken_up, office)
    anchor, occurrences = shape_of(law, deadline.id, office.authorities)
    day = anchor_day(anchor, office.facts) if anchor else None
    where = (office.municipality, office.prefecture)
    wanted = occurrences if taken_up and day is not None else occurrences[:1]
    return [CohortKey(deadline.id, each, *where, taken_up, day) for each in wanted]


def shape_of(law: Law, deadline: str, authorities: Sequence[str]) -> tuple[Anchor | None, tuple[int, ...]]:
    """Return on which day of the office's own the prevailing statement depends, and its occurrences."""
    resolution = resolve(law.said(deadline), law.nearby(authorities))
    if resolution is None or resolution.prevailing.due is None:
        return None, (0,)
    return anchor_of(resolution.prevailing.due), occurrences_of(resolution.prevailing.due)


def obligations_of(law: Law, office: Office, today: date) -> list[Obligation]:
    """Return every obligation of `office` on `today` under `law` (as known that day), by id and occurrence.

    Deadlines that concern offices but not this one appear as not applicable, with the reason; one of which
    only other places speak does not appear.
    """
    found: list[Obligation] = []
    for deadline in sorted(law.deadlines.values(), key=lambda each: each.id):
        if "office" not in deadline.parties or not law.said(deadline.id):
            continue
        keys = keys_of(law, deadline, office)
        if not keys:
            found.append(_not_applicable(deadline, office))
        for key in keys:
            decision = decide(law, key, today)
            if decision is not None:
                found.append(_obligation(deadline, office, key, decision))
    return found


def _obligation(deadline: Deadline, office: Office, key: CohortKey, decision: Decision) -> Obligation:
    day = None
    if key.taken_up and decision.state is not State.WITHDRAWN:
        day = settled_on(deadline.settled_by, facts_for(deadline, office, key), decision.due)
    progress, needed = progress_of(deadline.settled_by, office.facts, decision.due)
    state = State.SETTLED if day is not None else decision.state
    return Obligation(office.number, deadline.id, key.occurrence, state, key, decision, day, progress, needed)


def facts_for(deadline: Deadline, office: Office, key: CohortKey) -> list[Fact]:
    """Return the facts that may settle this occurrence: of a recurring duty those for its fiscal year."""
    year = _year_of(key)
    if year is None:
        return list(office.facts)
    settling = {name for each in deadline.settled_by for name in each.pattern.types}
    return [
        fact for fact in office.facts if fact.type not in settling or fact.values.get("fiscal_year") == year
    ]


def _not_applicable(deadline: Deadline, office: Office) -> Obligation:
    if not holds(deadline.concerns, office):
        whom = deadline.concerns_wording
        reason = (
            f"対象は{whom}です。この事業所は当てはまりません" if whom else "この事業所は対象ではありません"
        )
    elif (agreed := exemption(deadline.id, office.facts)) is not None:
        reason = (
            f"{dates.day_label(agreed.on)}から対象外と認められています（{agreed.values.get('reason', '')}）"
        )
    else:
        reason = "辞退または不要の登録があるため、対象ではありません"
    return Obligation(office.number, deadline.id, 0, State.NOT_APPLICABLE, None, None, reason=reason)
