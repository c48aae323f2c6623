"""Where a deadline stands: its day and wording from the law, its numbers from the tables."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from notifier.domain import dates
from notifier.domain.callers import NATION, Tenant
from notifier.domain.law import Deadline, Law
from notifier.domain.obligations import CohortKey, Decision, decide
from notifier.domain.offices import prefecture_code
from notifier.store.board import Standing
from notifier.web import wording
from notifier.web.wording import Chip

SOON_DAYS, URGENT_DAYS = 60, 14


class Group(StrEnum):
    """Under which heading of the board a deadline is shown."""

    SOON = "soon"
    LATER = "later"
    UNDATED = "undated"
    PAST = "past"
    AUTHORITIES = "authorities"


@dataclass(frozen=True, slots=True)
class Tally:
    """Offices by what has become of a deadline. `possible` are those whom it concerns only after a choice.

    `unreachable` are counted among open and waiting, too.
    """

    open: int = 0
    settled: int = 0
    lapsed: int = 0
    waiting: int = 0
    possible: int = 0
    unreachable: int = 0

    @property
    def bound(self) -> int:
        """Return how many offices the deadline binds, or offers itself to."""
        return self.open + self.settled + self.lapsed + self.waiting

    @property
    def parts(self) -> list[tuple[str, int, float, float]]:
        """Return the bar: (state, count, left edge, width) in percent, none where nobody is bound."""
        found = []
        left = 0.0
        named = (
            ("settled", self.settled),
            ("open", self.open),
            ("waiting", self.waiting),
            ("lapsed", self.lapsed),
        )
        for name, count in named:
            width = 100 * count / self.bound if self.bound else 0.0
            if count:
                found.append((name, count, round(left, 2), round(width, 2)))
            left += width
        return found


@dataclass(frozen=True, slots=True)
class DeadlineView:
    """One deadline on the board. `day` is the nearest day still ahead, else the last one passed, or None."""

    deadline: Deadline
    group: Group
    day: date | None
    days_left: str
    wording: str
    chips: tuple[Chip, ...]
    tally: Tally
    is_urgent: bool = False

    @property
    def day_label(self) -> str:
        """Return the day without its year: 3月13日（金）."""
        if self.day is None:
            return ""
        return f"{self.day.month}月{self.day.day}日（{dates.weekday_ja(self.day)}）"


def tally_of(standings: Iterable[Standing]) -> Tally:
    """Add up the numbers of one deadline."""
    sums = dict.fromkeys(("open", "settled", "lapsed", "waiting", "possible", "unreachable"), 0)
    for each in standings:
        sums["settled"] += each.settled
        rest = each.members - each.settled
        name = {
            "open": "open",
            "lapsed": "lapsed",
            "settled": "settled",
            "waiting-for-fact": "possible",
            "waiting-for-date": "waiting",
            "needs-clarification": "waiting",
        }.get(each.state)
        if name is not None:
            sums[name] += rest
        if name in {"open", "waiting"}:
            sums["unreachable"] += each.unreachable
    return Tally(**sums)


def views_of(
    law: Law, standings: Sequence[Standing], today: date, tenant: Tenant = NATION
) -> list[DeadlineView]:
    """Return every deadline of `law` of which something has been said, the nearest day first."""
    by_deadline: dict[str, list[Standing]] = {}
    for each in standings:
        by_deadline.setdefault(each.key.deadline, []).append(each)
    found = [
        view_of(law, deadline, by_deadline.get(deadline.id, []), today, key_for(deadline.id, tenant))
        for deadline in law.deadlines.values()
        if law.said(deadline.id)
    ]
    return sorted(found, key=lambda view: (view.day or date.max, view.deadline.id))


def key_for(deadline: str, tenant: Tenant) -> CohortKey:
    """Return the cohort of offices in a tenant's own place that have taken the duty up, without a day of their own."""
    prefecture = prefecture_code(tenant.code) if tenant.code else ""
    municipality = "" if tenant.code == prefecture else tenant.code
    return CohortKey(deadline, 0, municipality, prefecture, taken_up=True, anchor=None)


def view_of(
    law: Law, deadline: Deadline, standings: Sequence[Standing], today: date, key: CohortKey | None = None
) -> DeadlineView:
    """Return where `deadline` stands on the civil date `today`; of `key` where there is no standing, or the nation."""
    chief = _chief(standings, today)
    key = chief.key if chief else key or key_for(deadline.id, NATION)
    decision = decide(law, key, today)
    tally = tally_of(standings)
    if decision is None:
        return DeadlineView(deadline, Group.UNDATED, None, "", "何も示されていません", (), tally)
    days = sorted({each.latest for each in standings if each.latest and each.key.taken_up and each.anchored})
    due = decision.due
    day = chief.latest if chief and chief.anchored else (due.ladder_day or (due.latest if due.ends else None))
    words = due.wording
    if len(days) > 1:
        words = f"事業所ごとに異なります（{dates.day_label(days[0])}から{dates.day_label(days[-1])}まで）"
    group = _group(deadline, decision, day, tally, today)
    if group is Group.UNDATED:
        day = None
    left = wording.days_left(day, today) if day else ""
    is_urgent = day is not None and 0 <= (day - today).days <= URGENT_DAYS
    return DeadlineView(
        deadline, group, day, left, words, chips_of(deadline, decision), tally, is_urgent=is_urgent
    )


def _chief(standings: Sequence[Standing], today: date) -> Standing | None:
    """Return the standing whose day is shown: the nearest ahead not settled by all, else the last one."""
    bound = [each for each in standings if each.key.taken_up] or list(standings)
    ahead = [each for each in bound if each.latest and each.latest >= today and each.settled < each.members]
    if ahead:
        return min(ahead, key=lambda each: each.latest or date.max)
    return max(bound, key=lambda each: each.latest or date.min, default=None)


def _group(deadline: Deadline, decision: Decision, day: date | None, tally: Tally, today: date) -> Group:
    if "office" not in deadline.parties:
        return Group.AUTHORITIES
    if decision.state == "withdrawn" or (day is not None and day < today):
        return Group.PAST
    if day is None:
        return Group.UNDATED
    is_soon = (day - today).days <= SOON_DAYS and (tally.open > 0 or not tally.bound)
    return Group.SOON if is_soon else Group.LATER


def chips_of(deadline: Deadline, decision: Decision) -> tuple[Chip, ...]:
    """Return the labels that say how binding and how certain a deadline is."""
    found = [wording.MODALITIES[deadline.modality]]
    if decision.due.tentative:
        found.append(Chip("予定", "warning"))
    if decision.contradicting:
        found.append(Chip("資料に食い違い", "bad"))
    if decision.state in {"needs-clarification", "withdrawn"}:
        found.append(wording.STATES[decision.state])
    if decision.estimate:
        found.append(Chip("休日未確定", "warning"))
    return tuple(found)
