"""Questions: what sources leave open about a deadline, and who may settle it."""

from dataclasses import dataclass
from typing import Final

from notifier.catalogue.sources import statement_as_data
from notifier.domain import dates
from notifier.domain.callers import NATION
from notifier.domain.law import Deadline, Law
from notifier.domain.obligations import Decision, State, decide
from notifier.domain.roles import Deed
from notifier.domain.statements import Statement
from notifier.web.pages import candidate_forms, standings
from notifier.web.staff import Staff

OWN: Final = "own"
"""Stands among the sources for a day that none of them names."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is open about a deadline: the statements between which to choose; none where what is printed cannot be."""

    deadline: Deadline
    decision: Decision
    sources: tuple[Statement, ...]

    @property
    def lines(self) -> list[str]:
        """Return what the sources say, each in a line with its citation."""
        if self.sources:
            return [f"{cited(each)}：{_due(each)}" for each in self.sources]
        return [f"{cited(self.decision.resolution.prevailing)}：{self.decision.due.wording}"]

    @property
    def choices(self) -> list[tuple[str, str, str]]:
        """Return the sources as a person chooses among them: value, the day in their words, who said it."""
        named = [(each.id, _due(each), cited(each)) for each in self.sources]
        return [*named, (OWN, "どの資料にもよらず、期日を別に定める", "")]


def question_of(law: Law, deadline: Deadline, looking: Staff) -> Question | None:
    """Return what the user may settle about `deadline`; None if nothing is open, or it is not theirs to settle."""
    if not looking.tenant.is_nation or not looking.may(Deed.EDIT):
        return None
    decision = decide(law, standings.key_for(deadline.id, NATION), looking.today())
    if decision is None:
        return None
    found = decision.resolution
    if not found.against and decision.state is not State.NEEDS_CLARIFICATION:
        return None
    sources = (found.prevailing, *found.against) if found.against else ()
    return Question(deadline, decision, tuple(each for each in sources if each.due is not None))


def contradicted(law: Law, looking: Staff) -> list[Deadline]:
    """Return the deadlines about which sources contradict each other, and which the user may settle."""
    asked = (question_of(law, each, looking) for each in law.deadlines.values())
    return [each.deadline for each in asked if each is not None and each.sources]


def _due(said: Statement) -> str:
    return candidate_forms.due_in_words(statement_as_data(said))


def cited(said: Statement) -> str:
    """Return where a statement stands, as a person finds it."""
    issued = f"{dates.wareki(said.notice.issued)}" if said.notice.issued else ""
    return "、".join(each for each in (said.notice.title, said.notice.issuer, issued, said.place) if each)
