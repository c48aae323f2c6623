"""A month of deadlines: its days in weeks, what ends or opens on them, and what falls into it without being a day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from notifier.domain import dates
from notifier.domain.callers import Tenant
from notifier.domain.law import Deadline, Law
from notifier.domain.obligations import Decision, decide
from notifier.store.board import Standing
from notifier.web.pages import standings

_DAYS_IN_WEEK = 7
OVER = frozenset({"withdrawn", "settled"})


@dataclass(frozen=True, slots=True)
class Item:
    """One deadline on a day, or in a month: what happens (`opens`, else it ends), and for how many offices.

    `open` are those who have not settled it. `wording` says when, for what is no day. `tentative`: 予定.
    """

    deadline: Deadline
    opens: bool
    tentative: bool
    members: int
    open: int
    wording: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the month with what is on it; `closed` on days on which the authority is closed."""

    on: date
    items: tuple[Item, ...]
    closed: bool


@dataclass(frozen=True, slots=True)
class Month:
    """A month: its weeks from Sunday on (None outside the month), and what falls into it without a day."""

    first: date
    weeks: tuple[tuple[Day | None, ...], ...]
    undated: tuple[Item, ...]

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing is on any day of it."""
        return not any(day and day.items for week in self.weeks for day in week)


def month_of(law: Law, standing: Sequence[Standing], month: date, today: date, tenant: Tenant) -> Month:
    """Return the month in which the civil date `month` lies, as it looks on `today` to `tenant`."""
    start, end = month.replace(day=1), dates.month_end(month.year, month.month)
    on_days: dict[date, dict[tuple[str, bool], Item]] = {}
    undated: dict[str, Item] = {}
    for each, decision in _decided(law, standing, today, tenant):
        deadline = law.deadlines[each.key.deadline]
        for day, opens in _days(each, decision):
            if start <= day <= end:
                _add(on_days.setdefault(day, {}), deadline, each, decision, opens=opens)
        due = decision.due
        ends_inside = due.latest is not None and start <= due.latest <= end
        if due.ladder_day is None and ends_inside and not each.anchored and due.ends:
            undated[deadline.id] = Item(
                deadline,
                opens=False,
                tentative=due.tentative,
                members=each.members,
                open=each.members - each.settled,
                wording=due.wording,
            )
    calendar = law.calendar_of(law.authorities.get(tenant.code))
    first = start - timedelta(days=start.isoweekday() % _DAYS_IN_WEEK)
    weeks = []
    while first <= end:
        week = [first + timedelta(days=number) for number in range(_DAYS_IN_WEEK)]
        weeks.append(
            tuple(
                Day(day, tuple(on_days.get(day, {}).values()), not calendar.is_open(day))
                if start <= day <= end
                else None
                for day in week
            )
        )
        first += timedelta(days=_DAYS_IN_WEEK)
    return Month(start, tuple(weeks), tuple(undated.values()))


def _decided(
    law: Law, standing: Sequence[Standing], today: date, tenant: Tenant
) -> Iterator[tuple[Standing, Decision]]:
    """Yield what holds for the offices, and for a deadline without any what holds in the place of `tenant`."""
    taken_up = [each for each in standing if each.key.taken_up and each.state not in OVER]
    known = {each.key.deadline for each in standing}
    rest = [
        Standing(
            standings.key_for(name, tenant),
            anchored=False,
            state="",
            latest=None,
            members=0,
            settled=0,
            unreachable=0,
        )
        for name in sorted(law.deadlines)
        if name not in known and law.said(name)
    ]
    for each in [*taken_up, *rest]:
        decision = decide(law, each.key, today)
        if decision is not None and decision.state.value not in OVER:
            yield each, decision


def _days(each: Standing, decision: Decision) -> Iterator[tuple[date, bool]]:
    """Yield the days on which something ends or opens; what is no day yields none."""
    due = decision.due
    if due.ladder_day is not None and due.ends:
        yield (each.latest if each.anchored and each.latest else due.ladder_day), False
    if due.opens is not None and not each.anchored:
        yield due.opens, True


def _add(
    found: dict[tuple[str, bool], Item],
    deadline: Deadline,
    each: Standing,
    decision: Decision,
    *,
    opens: bool,
) -> None:
    known = found.get((deadline.id, opens))
    members, left = each.members, each.members - each.settled
    if known is not None:
        members, left = members + known.members, left + known.open
    found[deadline.id, opens] = Item(deadline, opens, decision.due.tentative, members, left)
