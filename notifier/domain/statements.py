"""Statements: what each notice says about a deadline, and which of them prevails on a day.

The newest statement of the highest rank prevails; 予定 is inherited by repetition; an old enclosure never
overrides its own cover letter, because it keeps its own date and rank; a contradiction is a value that
carries both sides. Source: the project's domain register, sections 1 and 4.12.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from notifier.domain.expressions import Expression
from notifier.domain.notices import Notice, Rank


@dataclass(frozen=True, slots=True)
class Statement:
    """What one place in one notice says about one deadline.

    `due` is None where the statement adds something without speaking of the date. `authority` is empty for
    the nation, else the 団体コード whose layer it belongs to. `fiscal_year` limits it to one fiscal year (an
    exception of a year). `target` is a safe day named by an editor's decision. `beside` statements do not
    give way to newer ones of equal rank: they are held against them. `effect` names a change that the dates
    alone do not show. `retracts` is the id of a statement of the same layer that no longer counts, as if it had
    never been said; what held without it holds again.
    """

    id: str
    deadline: str
    notice: Notice
    place: str
    due: Expression | None
    remark: str
    tentative: bool = False
    confirms: bool = False
    withdraws: bool = False
    silent: bool = False
    beside: bool = False
    effect: str = ""
    target: date | None = None
    unknown: tuple[str, ...] = ()
    authority: str = ""
    fiscal_year: int | None = None
    known_from: date = field(default=date.max)
    retracts: str = ""

    @property
    def order(self) -> tuple[int, date, date, str]:
        """Return what decides between two statements: rank, the paper's date, when it was learned."""
        return (self.notice.rank, self.notice.dated, self.known_from, self.id)

    @property
    def speaks_of_date(self) -> bool:
        """Tell whether it says when, or that there is nothing to do any more."""
        return self.due is not None or self.withdraws

    def agrees_with(self, other: "Statement") -> bool:
        """Tell whether both say the same about the date."""
        return (self.withdraws, self.due) == (other.withdraws, other.due)


@dataclass(frozen=True, slots=True)
class Resolution:
    """Which statement prevails, what it rests on, and what stands against it.

    `against` holds the statements that disagree and on which no editor has decided since they became known.
    `remarks` are the statements that add something without a date. `layers` names the layers that speak,
    outermost first, as 団体コード or "" for the nation.
    """

    prevailing: Statement
    tentative: bool
    inherited: bool
    superseded: tuple[Statement, ...]
    against: tuple[Statement, ...]
    remarks: tuple[Statement, ...]
    layers: tuple[str, ...]


def known_on(statements: Iterable[Statement], day: date) -> list[Statement]:
    """Return the statements that the service may use on the civil date `day`, as first to last known."""
    return sorted((each for each in statements if each.known_from <= day), key=_as_learned)


def _as_learned(said: Statement) -> tuple[date, str]:
    return said.known_from, said.id


def resolve(
    statements: Iterable[Statement], authorities: Iterable[str] = (), year: int | None = None
) -> Resolution | None:
    """Decide which of `statements` (all known) prevails for an office of `authorities`, the nearest first.

    The most specific layer that speaks wins over the outer ones, unless an outer one has withdrawn the duty
    since; an exception of the fiscal year `year` wins inside its layer, and what it departs from does not
    contradict it. Empty codes are no authority. Returns None if nothing has been said.
    """
    layers = [*(code for code in authorities if code), ""]
    meant = (
        each
        for each in _standing(statements)
        if each.authority in layers and each.fiscal_year in {None, year}
    )
    speaking = sorted(meant, key=_as_learned)
    dated = [each for each in speaking if each.speaks_of_date]
    if not dated:
        return _without_date(speaking, layers)
    layer = _prevailing_layer(dated, layers)
    prevailing = _first_of(layer, dated)
    others = [each for each in dated if each is not prevailing]
    equals = [
        each for each in others if (each.authority, each.fiscal_year) == (layer, prevailing.fiscal_year)
    ]
    against = _against(prevailing, equals)
    tentative, inherited = _tentative(prevailing, others)
    return Resolution(
        prevailing,
        tentative,
        inherited,
        superseded=tuple(each for each in others if each not in against),
        against=against,
        remarks=tuple(each for each in speaking if not each.speaks_of_date),
        layers=_spoken_in(dated, layers),
    )


def _standing(statements: Iterable[Statement]) -> list[Statement]:
    """Return the statements that nobody has retracted; a retraction can be retracted itself."""
    said = list(statements)
    gone: set[tuple[str, str]] = set()
    for each in sorted((each for each in said if each.retracts), key=_as_learned, reverse=True):
        if (each.id, each.authority) not in gone:
            gone.add((each.retracts, each.authority))
    return [each for each in said if (each.id, each.authority) not in gone] if gone else said


def _without_date(speaking: list[Statement], layers: list[str]) -> Resolution | None:
    if not speaking:
        return None
    newest = max(speaking, key=lambda each: each.order)
    rest = tuple(each for each in speaking if each is not newest)
    named = _spoken_in(speaking, layers)
    return Resolution(
        newest, tentative=False, inherited=False, superseded=(), against=(), remarks=rest, layers=named
    )


def _spoken_in(statements: Sequence[Statement], layers: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in reversed(layers) if any(each.authority == name for each in statements))


def _first_of(layer: str, dated: Sequence[Statement]) -> Statement:
    inside = [each for each in dated if each.authority == layer]
    exceptions = [each for each in inside if each.fiscal_year is not None]
    return max(exceptions or inside, key=lambda each: each.order)


def _prevailing_layer(dated: Sequence[Statement], layers: Sequence[str]) -> str:
    """Return the nearest layer that speaks, or an outer one that has withdrawn the duty since."""
    nearest, *outer = [name for name in layers if any(each.authority == name for each in dated)]
    own = _first_of(nearest, dated)
    ends = [(name, _first_of(name, dated)) for name in outer]
    return next((name for name, said in ends if said.withdraws and said.order > own.order), nearest)


def _tentative(prevailing: Statement, others: Sequence[Statement]) -> tuple[bool, bool]:
    """Return whether 予定 holds, and whether it is inherited from what said the same and was marked."""
    if prevailing.tentative or prevailing.confirms:
        return not prevailing.confirms, False
    marked = [each for each in others if each.agrees_with(prevailing) and (each.tentative or each.confirms)]
    newest = max(marked, key=lambda each: each.order, default=None)
    inherited = newest is not None and not newest.confirms
    return inherited, inherited


def _against(prevailing: Statement, others: Sequence[Statement]) -> tuple[Statement, ...]:
    """Return the statements that disagree with `prevailing` and are not simply older, or stand beside it.

    Of the lower ranks, too, only the newest word counts. What an editor's decision has seen is decided.
    """
    decided = prevailing.known_from if prevailing.notice.rank is Rank.DECISION else None
    return tuple(
        each
        for each in others
        if not each.agrees_with(prevailing)
        and (decided is None or each.known_from > decided)
        and (_is_last_word(each, prevailing, others) or (each.beside and decided is None))
    )


def _is_last_word(said: Statement, prevailing: Statement, others: Sequence[Statement]) -> bool:
    dated, rank = said.notice.dated, said.notice.rank
    return dated >= prevailing.notice.dated and not any(
        each.notice.dated > dated and each.notice.rank >= rank for each in others
    )
