"""Duties as an office's page shows them: what a letter would say today, how far the office is, what it can do about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from notifier.catalogue.vocabulary import FactType
from notifier.domain import dates, exemptions
from notifier.domain.applicability import Recorded
from notifier.domain.facts import Fact, FactPattern, Value
from notifier.domain.ladders import Occasion
from notifier.domain.law import Deadline, Law, Modality
from notifier.domain.letters import content_of
from notifier.domain.obligations import Obligation, State, obligations_of
from notifier.domain.offices import Office
from notifier.domain.sayings import Content
from notifier.domain.wishes import days_to_wish
from notifier.store.declarations import PENDING, Declaration
from notifier.store.enquiries import NOT_APPLICABLE, UPHELD, Enquiry
from notifier.store.subscriptions import Decided, in_force
from notifier.store.wishes import Wish
from notifier.tools import Tools
from notifier.web import wording
from notifier.web.office.facts import may_assert
from notifier.web.pages.standings import chips_of
from notifier.web.wording import Chip

GROUPS: Final = (
    ("todo", "いま対応すること", (State.OPEN,)),
    ("late", "期限を過ぎたもの", (State.LAPSED,)),
    ("waiting", "日付や内容の確認を待っているもの", (State.WAITING_FOR_DATE, State.NEEDS_CLARIFICATION)),
    ("maybe", "当てはまれば対象になるもの", (State.WAITING_FOR_FACT,)),
    ("closed", "受付が終わったもの", ()),
    ("excused", "対象外と認められたもの", ()),
    ("done", "済んだもの", (State.SETTLED,)),
    ("withdrawn", "取り下げられたもの", (State.WITHDRAWN,)),
)
ACTIVE: Final = {State.OPEN, State.WAITING_FOR_DATE, State.NEEDS_CLARIFICATION, State.LAPSED}
HELD: Final = ("done", "facts")


@dataclass(frozen=True, slots=True)
class Card:
    """One duty. `path` names it in addresses; `said` is what a letter would say today.

    `left` tells how far the last safe day is, `next_on` when the next mail comes, `wish` which day was asked for. `can` are
    the names of what may be done about it here. `is_untold`: no mail is sent about it, because the municipality decided so;
    `is_excused`: because it agrees that the duty does not apply.
    """

    path: str
    said: Content
    state: State
    code: str
    left: str
    is_urgent: bool
    chips: tuple[Chip, ...]
    progress: str
    settled_on: date | None
    next_on: date | None
    wish: date | None
    pending: Declaration | None
    can: frozenset[str]
    owed: Obligation
    is_untold: bool = False
    is_excused: bool = False

    @property
    def group(self) -> str:
        """Return under which heading it stands: a chance that was not taken is not late."""
        if self.is_excused and self.state in ACTIVE:
            return "excused"
        if self.state is State.LAPSED and self.said.modality is not Modality.REQUIRED:
            return "closed"
        return next(name for name, _, states in GROUPS if self.state in states)

    @property
    def day(self) -> date:
        """Return the day by which it is sorted; what has none comes last."""
        due = self.said.due
        return due.target or due.latest or date.max


@dataclass(frozen=True, slots=True)
class View:
    """Everything that a duty's card is drawn from."""

    tools: Tools
    law: Law
    office: Office
    office_id: int
    wishes: Sequence[Wish]
    declarations: Sequence[Declaration]
    enquiries: Sequence[Enquiry] = ()
    decided: Sequence[Decided] = ()

    @property
    def today(self) -> date:
        """Return the present civil date in Japan."""
        return self.tools.today()

    def cards(self) -> list[Card]:
        """Return what the office owes and may claim, the nearest first."""
        found = [
            self._card(owed)
            for owed in obligations_of(self.law, self._without_exemptions(), self.today)
            if owed.decision is not None
        ]
        return sorted(found, key=lambda card: (card.day, card.said.deadline, card.said.occurrence))

    def card(self, path: str) -> Card | None:
        """Return the duty that `path` names, or None if the office has none of that name."""
        return next((card for card in self.cards() if card.path == path), None)

    def with_fact(self, fact: Fact, path: str) -> Card | None:
        """Return the duty as it would stand if `fact` were recorded."""
        changed = replace(self.office, facts=(*self.office.facts, fact))
        return replace(self, office=changed).card(path)

    def _without_exemptions(self) -> Office:
        """Return the office as if nobody had agreed that a duty is not its own: such duties are shown all the same."""
        facts = tuple(each for each in self.office.facts if each.type not in exemptions.TYPES)
        return replace(self.office, facts=facts)

    def _card(self, owed: Obligation) -> Card:
        deadline, decision = self.law.deadlines[owed.deadline], owed.decision
        if decision is None:
            raise AssertionError(owed)
        places = (owed.key.municipality, owed.key.prefecture) if owed.key else ()
        nearby = [
            self.law.authorities[code] for code in self.law.nearby(places) if code in self.law.authorities
        ]
        said = content_of(
            self.law,
            deadline,
            owed.occurrence,
            decision,
            occasion=Occasion.REMINDER,
            rung=None,
            on=self.today,
            calendar=self.law.calendar_of(nearby[0] if nearby else None),
            settled=owed.state is State.SETTLED,
        )
        duty = (owed.deadline, owed.occurrence)
        wish = next((each.on for each in self.wishes if (each.deadline, each.occurrence) == duty), None)
        rungs = [rung.on for rung in decision.rungs if rung.on > self.today and not rung.to_editor]
        coming = [*rungs, *([wish] if wish else [])]
        last = said.due.target or decision.due.ladder_day
        is_open = owed.state is State.OPEN and last is not None
        decided = in_force(self.decided, owed.deadline, self.today)
        is_exempt = exemptions.exemption(owed.deadline, self.office.facts) is not None
        untold = is_exempt or (decided is not None and not decided.told)
        upheld = {
            each.deadline for each in self.enquiries if (each.kind, each.state) == (NOT_APPLICABLE, UPHELD)
        }
        return Card(
            path=f"{owed.deadline}/{owed.occurrence}",
            said=said,
            state=owed.state,
            code=self.tools.codes.of_office(self.office_id, *duty),
            left=wording.days_left(last, self.today) if is_open and last else "",
            is_urgent=bool(is_open and last and (last - self.today).days <= 7),
            chips=tuple(chips_of(deadline, decision)),
            progress=f"{owed.needed}件のうち{owed.progress}件" if owed.needed else "",
            settled_on=owed.settled_on,
            next_on=min(coming, default=None) if owed.state in ACTIVE and not untold else None,
            wish=wish,
            pending=self._pending(duty),
            can=self._can(deadline, owed),
            owed=owed,
            is_untold=untold,
            is_excused=is_exempt or (untold and owed.deadline in upheld),
        )

    def _pending(self, duty: tuple[str, int]) -> Declaration | None:
        held = [each for each in self.declarations if each.state == PENDING and each.kind in HELD]
        return next((each for each in held if (each.deadline, each.occurrence) == duty), None)

    def _can(self, deadline: Deadline, owed: Obligation) -> frozenset[str]:
        kinds, found = self.tools.catalogue.facts, set()
        if owed.state in ACTIVE:
            found = {"not-ours", "seen"}
            if may_assert(kinds, settling_types(deadline)):
                found.add("done")
            if owed.decision and days_to_wish(owed.decision.due, self.today):
                found.add("remind")
        if owed.state is State.LAPSED:
            found.discard("remind")
        if owed.state is State.WAITING_FOR_FACT and may_assert(kinds, opening_types(deadline)):
            found.add("facts")
        return frozenset(found)


# ---- what may be asserted about a duty ----


def settling_types(deadline: Deadline) -> list[str]:
    """Return the types of fact that discharge a duty, in the law's order."""
    return [name for each in deadline.settled_by for name in each.pattern.types]


def opening_types(deadline: Deadline) -> list[str]:
    """Return the types of fact after which a duty binds, where that is one plain fact."""
    return list(deadline.taken_up.pattern.types) if isinstance(deadline.taken_up, Recorded) else []


def pattern_for(deadline: Deadline, kind: FactType, *, opening: bool) -> FactPattern:
    """Return what a fact of this type must be like to count."""
    if opening and isinstance(deadline.taken_up, Recorded):
        return deadline.taken_up.pattern
    return next(each.pattern for each in deadline.settled_by if kind.type in each.pattern.types)


def given_values(pattern: FactPattern, kind: FactType, owed: Obligation) -> Mapping[str, Value]:
    """Return the values that follow from the duty itself and are not asked for."""
    found: dict[str, Value] = {name: value for name, value in pattern.where if name in kind.value_names}
    opens = owed.decision.due.opens if owed.decision else None
    if owed.occurrence and opens is not None and "fiscal_year" in kind.value_names:
        found["fiscal_year"] = dates.fiscal_year_of(opens)
    return found
