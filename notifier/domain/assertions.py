"""Assertions: which fact "it is done" means, where an office says no more than that.

The first of the facts that settle a duty, in the law's order, that the office may assert, whose values follow from the
duty itself, and after which the duty would really be settled. Where there is none, more has to be asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from notifier.domain.dates import fiscal_year_of
from notifier.domain.facts import Fact, FactPattern, Value
from notifier.domain.law import Deadline, Law
from notifier.domain.obligations import Obligation, facts_for, settled_on
from notifier.domain.offices import Office

DONE: Final = "duty.done"
"""The type of fact that settles a duty which brings no type of its own; its value `deadline` names the duty."""
_YEAR: Final = "fiscal_year"


@dataclass(frozen=True, slots=True)
class Sayable:
    """A type of fact that an office may assert: the names of its values, and those it cannot be without."""

    names: frozenset[str]
    required: frozenset[str]


def settled_by_word(deadline: str) -> list[dict[str, Any]]:
    """Return, as the law as data writes it, that `deadline` is settled when somebody says that it is done."""
    return [{"fact": DONE, "where": {"deadline": deadline}}]


def own_word(settled_by: object, deadline: str) -> object:
    """Return `settled_by` of a duty that got another id, `deadline`: the word that it is done is about that one."""
    return settled_by_word(deadline) if _is_word(settled_by) else settled_by


def _is_word(written: object) -> bool:
    match written:
        case [{"fact": str() | list() as fact, "where": {"deadline": str(), **others}, **rest}]:
            return fact in (DONE, [DONE]) and not others and not rest
    return False


def names_another(deadline: Deadline) -> bool:
    """Tell whether it would be settled when another duty is said to be done: a slip of whoever wrote it."""
    words = [each.pattern for each in deadline.settled_by if DONE in each.pattern.types]
    return any(("deadline", deadline.id) not in each.where for each in words)


def fact_of_done(
    law: Law, office: Office, owed: Obligation, sayable: Mapping[str, Sayable], today: date
) -> Fact | None:
    """Return the fact that settles `owed` when it is asserted on the civil date `today`; None if there is none."""
    if owed.key is None or owed.decision is None:
        return None
    deadline = law.deadlines[owed.deadline]
    for settlement in deadline.settled_by:
        for kind in settlement.pattern.types:
            said = sayable.get(kind)
            values = {} if said is None else _given(settlement.pattern, said, owed)
            if said is None or not said.required <= values.keys():
                continue
            fact = Fact(kind, _day(settlement.pattern, today), values)
            told = replace(office, facts=(*office.facts, fact))
            if settled_on(deadline.settled_by, facts_for(deadline, told, owed.key), owed.decision.due):
                return fact
    return None


def _given(pattern: FactPattern, said: Sayable, owed: Obligation) -> dict[str, Value]:
    found = {name: value for name, value in pattern.where if name in said.names}
    opens = owed.decision.due.opens if owed.decision else None
    if owed.occurrence and opens is not None and _YEAR in said.names:
        found[_YEAR] = fiscal_year_of(opens)
    return found


def _day(pattern: FactPattern, today: date) -> date:
    return min(today, pattern.until or today)
