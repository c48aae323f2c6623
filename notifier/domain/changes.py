"""Changes: from old to new as a named kind, and whether anybody needs to be told."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from notifier.domain.dates import Interval
from notifier.domain.deadlines import Shape
from notifier.domain.obligations import Decision, State


class ChangeKind(StrEnum):
    """What an amendment does to a deadline."""

    ANNOUNCED = "announced"
    EXTENDED = "extended"
    ADVANCED = "advanced"
    CONFIRMED = "confirmed"
    MADE_TENTATIVE = "made-tentative"
    WIDENED = "widened"
    NARROWED = "narrowed"
    REWORDED = "reworded"
    WITHDRAWN = "withdrawn"
    CONTRADICTED = "contradicted"

    @property
    def label(self) -> str:
        """Return the kind as a letter names it."""
        return _LABELS[self]


_LABELS = {
    ChangeKind.ANNOUNCED: "期日の公表",
    ChangeKind.EXTENDED: "期限の延長",
    ChangeKind.ADVANCED: "期限の繰上げ",
    ChangeKind.CONFIRMED: "期日の確定",
    ChangeKind.MADE_TENTATIVE: "期日が予定に変更",
    ChangeKind.WIDENED: "対象・期間の拡大",
    ChangeKind.NARROWED: "対象・期間の見直し",
    ChangeKind.REWORDED: "内容の変更",
    ChangeKind.WITHDRAWN: "取下げ",
    ChangeKind.CONTRADICTED: "資料の食い違い",
}

_UNDATED = {Shape.UNKNOWN, Shape.UNSET, Shape.UNCLEAR}
_DAYS = ("opens", "earliest", "latest")


@dataclass(frozen=True, slots=True)
class Situation:
    """What makes the situation of a cohort's members; kept, so that the next decision can be held against it.

    `said` are the ids of the statements it rests on, `contradicting` the wordings that stand against it.
    """

    withdrawn: bool
    shape: Shape
    wording: str
    opens: date | None
    earliest: date | None
    latest: date | None
    tentative: bool
    said: tuple[str, ...]
    contradicting: tuple[str, ...]

    @classmethod
    def of(cls, decision: Decision) -> "Situation":
        """Take the situation out of a decision."""
        due, found = decision.due, decision.resolution
        return cls(
            decision.state is State.WITHDRAWN,
            due.shape,
            due.wording,
            due.opens,
            due.earliest,
            due.latest,
            due.tentative,
            tuple(each.id for each in (found.prevailing, *found.remarks)),
            tuple(each.wording for each in decision.contradicting),
        )

    @property
    def effective(self) -> tuple[object, ...]:
        """Return what an office would notice: equal before and after means that nobody is told.

        The passing of time and a safe day named beside an unchanged due day are no change.
        """
        spoken = self.wording if self.shape in _UNDATED | {Shape.STANDING} else ""
        return (self.withdrawn, self.shape, self.opens, self.earliest, self.latest, self.tentative, spoken)

    def as_data(self) -> dict[str, Any]:
        """Return the situation as JSON values; dates as ISO text."""
        written = asdict(self)
        for name in _DAYS:
            written[name] = written[name] and written[name].isoformat()
        return written | {"said": list(self.said), "contradicting": list(self.contradicting)}

    @classmethod
    def from_data(cls, written: Mapping[str, Any]) -> "Situation":
        """Read what `as_data` wrote."""
        days = {name: written[name] and date.fromisoformat(written[name]) for name in _DAYS}
        lists = {name: tuple(written[name]) for name in ("said", "contradicting")}
        return cls(**{**written, **days, **lists, "shape": Shape(written["shape"])})


def change(old: Situation | None, new: Decision) -> ChangeKind | None:
    """Name the step from `old` to `new` for one cohort; None if its effective situation did not change.

    A statement that says of itself what it does to scope or content (`effect`) names the change if the dates
    do not. A duty that was withdrawn before it was ever told is nothing to tell.
    """
    fresh = Situation.of(new)
    if fresh.withdrawn:
        return None if old is None or old.withdrawn else ChangeKind.WITHDRAWN
    if old is None:
        return ChangeKind.ANNOUNCED
    if old.effective == fresh.effective:
        return _without_new_dates(old, new)
    return _by_dates(old, fresh)


def _without_new_dates(old: Situation, new: Decision) -> ChangeKind | None:
    found, fresh = new.resolution, Situation.of(new)
    named = [
        each.effect
        for each in (*found.remarks, found.prevailing)
        if each.id not in old.said and each.effect and not each.silent
    ]
    if named:
        return ChangeKind(named[-1])
    return None if set(fresh.contradicting) <= set(old.contradicting) else ChangeKind.CONTRADICTED


def _by_dates(old: Situation, new: Situation) -> ChangeKind:
    if old.shape in _UNDATED or new.shape in _UNDATED:
        return ChangeKind.REWORDED if new.shape in _UNDATED else ChangeKind.ANNOUNCED
    if (old.earliest, old.latest, old.opens) == (new.earliest, new.latest, new.opens):
        if old.tentative and not new.tentative:
            return ChangeKind.CONFIRMED
        return ChangeKind.MADE_TENTATIVE if new.tentative and not old.tentative else ChangeKind.REWORDED
    return _by_ends(old, new)


def _by_ends(old: Situation, new: Situation) -> ChangeKind:
    if _falls_into(new, old):
        return ChangeKind.NARROWED if new.tentative else ChangeKind.CONFIRMED
    if old.latest is not None and new.latest is not None and old.latest != new.latest:
        return ChangeKind.EXTENDED if new.latest > old.latest else ChangeKind.ADVANCED
    if old.earliest is not None and new.earliest is not None and new.earliest != old.earliest:
        return ChangeKind.WIDENED if new.earliest > old.earliest else ChangeKind.NARROWED
    if old.opens is not None and new.opens is not None and new.opens < old.opens:
        return ChangeKind.WIDENED
    return ChangeKind.NARROWED if new.opens is not None and old.opens != new.opens else ChangeKind.REWORDED


def _falls_into(new: Situation, old: Situation) -> bool:
    """Tell whether an end that lay in a span, or at no known time, has become a day of it."""
    if new.latest is None or new.earliest != new.latest:
        return False
    was_open = old.shape is Shape.EVENT or old.earliest != old.latest
    return was_open and new.latest in Interval(old.earliest, old.latest)
