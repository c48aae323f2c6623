"""Changes: from old to new as a named kind, and whether anybody needs to be told."""

from enum import StrEnum

from notifier.domain.deadlines import Due, Shape
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
    ChangeKind.ANNOUNCED: "新しいお知らせ",
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


def situation(decision: Decision) -> tuple[object, ...]:
    """Return what makes an office's situation: if it is equal before and after, nobody is told.

    The passing of time (open, then lapsed) and a safe day named beside an unchanged due day are no change.
    """
    due = decision.due
    withdrawn = decision.state is State.WITHDRAWN
    spoken = due.wording if due.shape in _UNDATED | {Shape.STANDING} else ""
    return (withdrawn, due.shape, due.opens, due.earliest, due.latest, due.tentative, spoken)


def change(old: Decision | None, new: Decision) -> ChangeKind | None:
    """Name the step from `old` to `new` for one cohort; None if its effective situation did not change.

    A statement that says of itself what it does to scope or content (`effect`) names the change if the dates do not.
    """
    if old is None:
        return ChangeKind.ANNOUNCED
    if new.state is State.WITHDRAWN:
        return None if old.state is State.WITHDRAWN else ChangeKind.WITHDRAWN
    if situation(old) == situation(new):
        return _without_new_dates(old, new)
    return _by_dates(old.due, new.due)


def _without_new_dates(old: Decision, new: Decision) -> ChangeKind | None:
    known = {said.id for said in (old.resolution.prevailing, *old.resolution.remarks)}
    fresh = [
        said for said in (*new.resolution.remarks, new.resolution.prevailing) if said.id not in known and not said.silent
    ]
    named = [said.effect for said in fresh if said.effect]
    if named:
        return ChangeKind(named[-1])
    return ChangeKind.CONTRADICTED if new.contradicting and not old.contradicting else None


def _by_dates(old: Due, new: Due) -> ChangeKind:
    if old.shape in _UNDATED or new.shape in _UNDATED:
        return ChangeKind.ANNOUNCED if new.is_dated or new.shape is Shape.EVENT else ChangeKind.REWORDED
    if (old.earliest, old.latest, old.opens) == (new.earliest, new.latest, new.opens):
        if old.tentative and not new.tentative:
            return ChangeKind.CONFIRMED
        return ChangeKind.MADE_TENTATIVE if new.tentative and not old.tentative else ChangeKind.REWORDED
    return _by_ends(old, new)


def _by_ends(old: Due, new: Due) -> ChangeKind:
    if old.shape is Shape.EVENT and new.is_dated:
        return ChangeKind.CONFIRMED
    if old.latest is not None and new.latest is not None and old.latest != new.latest:
        return ChangeKind.EXTENDED if new.latest > old.latest else ChangeKind.ADVANCED
    if old.earliest is not None and new.earliest is not None and new.earliest < old.earliest:
        return ChangeKind.NARROWED
    if old.opens is not None and new.opens is not None and new.opens < old.opens:
        return ChangeKind.WIDENED
    return ChangeKind.NARROWED if new.opens is not None and old.opens != new.opens else ChangeKind.REWORDED
