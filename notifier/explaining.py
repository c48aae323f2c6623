"""Explaining: why an office owes what it owes, on any day and with what was known on any day.

Nothing is taken from what was worked out before: the answer follows anew from the law, the authority and the
facts, by the function that decides for everybody.
"""

from dataclasses import dataclass, replace
from datetime import date

from notifier.clock import civil_date
from notifier.domain.law import Authority, Deadline
from notifier.domain.obligations import Obligation, obligations_of
from notifier.domain.offices import Office
from notifier.errors import UnknownError
from notifier.store import dossiers
from notifier.store.dossiers import LetterLine, OfficePage
from notifier.tools import Tools, law_on


@dataclass(frozen=True, slots=True)
class Explanation:
    """One obligation, the deadline it is about, and what was said about it, oldest first."""

    deadline: Deadline
    obligation: Obligation
    said: tuple[LetterLine, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """Everything one office owes on the civil date `on`, as it was known on the civil date `known_on`.

    `authorities` names those whose layers may apply, by 団体コード.
    """

    office: Office
    on: date
    known_on: date
    explanations: tuple[Explanation, ...]
    authorities: dict[str, Authority]


async def explain(
    tools: Tools,
    number: str,
    deadline: str | None = None,
    on: date | None = None,
    known_on: date | None = None,
) -> Explained:
    """Explain each obligation of the office `number`, or that of one `deadline` or one family of them.

    `on` is valid time, `known_on` knowledge time; both are today if not given. Raises UnknownError if there
    is no such office or deadline.
    """
    day, known = on or tools.today(), known_on or tools.today()
    async with tools.database.reading() as conn:
        page = await dossiers.office_page(conn, number)
        if page is None:
            raise UnknownError(
                f"No office has the number {number!r}; `notifier offices import` enlists them."
            )
        law = await law_on(conn, tools, known)
        letters = await dossiers.letters_of(conn, page.id)
    office = _as_known(page, day, known)
    chosen = [
        each
        for each in obligations_of(law, office, day)
        if deadline is None or deadline in {each.deadline, law.deadlines[each.deadline].family}
    ]
    if not chosen:
        message = (
            f"Nothing is known about {deadline!r} on {known}; `notifier catalogue list --database` names all."
        )
        raise UnknownError(message)
    said = [each for each in reversed(letters) if each.on <= known]
    explanations = tuple(
        Explanation(
            law.deadlines[each.deadline], each, tuple(line for line in said if line.deadline == each.deadline)
        )
        for each in chosen
    )
    return Explained(office, day, known, explanations, dict(law.authorities))


def _as_known(page: OfficePage, on: date, known_on: date) -> Office:
    """Return the office with the facts that hold on `on` and had been recorded by the end of `known_on`."""
    facts = tuple(
        line.fact for line in page.facts if line.fact.on <= on and civil_date(line.recorded_at) <= known_on
    )
    return replace(page.office, facts=facts)
