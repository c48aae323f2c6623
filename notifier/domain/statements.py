"""Statements: what each notice says about a deadline, and which of them prevails on a day.

The newest statement of the highest rank prevails; 予定 is inherited by repetition; an old enclosure never overrides
its own cover letter, because it keeps its own date and rank; a contradiction is a value that carries both sides.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from notifier.domain.expressions import Expression
from notifier.domain.notices import Notice, Rank


@dataclass(frozen=True, slots=True)
class Statement:
    """What one place in one notice says about one deadline.

    `due` is None where the statement adds something without speaking of the date. `authority` is empty for the nation,
    else the 団体コード whose layer it belongs to. `fiscal_year` limits it to one fiscal year (an exception of a year).
    `target` is a safe day named by an editor's decision. `beside` statements do not give way to newer ones of equal
    rank: they are held against them. `effect` names a change that the dates alone do not show.
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

    @property
    def order(self) -> tuple[int, date, date, str]:
        """Return what decides between two statements: rank, then the paper's date, then when it became known."""
        return (self.notice.rank, self.notice.dated, self.known_from, self.id)


@dataclass(frozen=True, slots=True)
class Resolution:
    """Which statement prevails, what it rests on, and what stands against it.

    `against` holds the statements that disagree and on which no editor has decided since they became known.
    `remarks` are the statements that add something without a date. `layers` names the layers looked at, outermost
    first, as 団体コード or "" for the nation.
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
    return sorted((each for each in statements if each.known_from <= day), key=lambda each: (each.known_from, each.id))


def resolve(statements: Sequence[Statement], authorities: Sequence[str] = (), year: int | None = None) -> Resolution | None:
    """Decide which of `statements` (all known) prevails for an office of `authorities`, nearest authority first.

    The most specific layer that speaks wins over the outer ones; an exception of the fiscal year `year` wins inside
    its layer. Returns None if nothing has been said.
    """
    layers = [*authorities, ""]
    speaking = [each for each in statements if each.authority in layers and each.fiscal_year in {None, year}]
    dated = [each for each in speaking if each.due is not None or each.withdraws]
    if not dated:
        return _without_date(speaking, layers)
    layer = next(layer for layer in layers if any(each.authority == layer for each in dated))
    inside = [each for each in dated if each.authority == layer]
    exceptions = [each for each in inside if each.fiscal_year is not None]
    ordered = sorted(exceptions or inside, key=lambda each: each.order, reverse=True)
    prevailing = ordered[0]
    tentative, inherited = _tentative(prevailing, ordered[1:])
    against = _against(prevailing, [each for each in inside if each is not prevailing])
    return Resolution(
        prevailing,
        tentative,
        inherited,
        superseded=tuple(each for each in dated if each is not prevailing and each not in against),
        against=against,
        remarks=tuple(each for each in speaking if each.due is None and not each.withdraws),
        layers=tuple(reversed([name for name in layers if any(each.authority == name for each in dated)])),
    )


def _without_date(speaking: list[Statement], layers: list[str]) -> Resolution | None:
    if not speaking:
        return None
    newest = max(speaking, key=lambda each: each.order)
    rest = tuple(each for each in speaking if each is not newest)
    named = tuple(reversed([name for name in layers if any(each.authority == name for each in speaking)]))
    return Resolution(newest, tentative=False, inherited=False, superseded=(), against=(), remarks=rest, layers=named)


def _tentative(prevailing: Statement, older: Sequence[Statement]) -> tuple[bool, bool]:
    if prevailing.tentative or prevailing.confirms:
        return prevailing.tentative and not prevailing.confirms, False
    inherited = any(each.due == prevailing.due and each.tentative for each in older)
    return inherited, inherited


def _against(prevailing: Statement, others: Sequence[Statement]) -> tuple[Statement, ...]:
    """Return the statements that disagree with `prevailing` and are not simply older, or that stand beside it."""
    if prevailing.notice.rank is Rank.DECISION:
        return tuple(each for each in others if each.known_from > prevailing.known_from and _newer(each, prevailing))
    return tuple(each for each in others if _newer(each, prevailing) or (each.beside and each.due != prevailing.due))


def _newer(other: Statement, prevailing: Statement) -> bool:
    return other.notice.dated >= prevailing.notice.dated and other.due != prevailing.due
