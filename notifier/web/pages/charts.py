"""A chart of completion over time: points on a fixed field of units, and the same numbers for a table beside it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from notifier.domain import dates

WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 20, 32
"""Margins of the field, for the labels of its axes."""
MOST_ROWS: Final = 12
_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: so many had settled by the end of the civil date `on`, of all bound."""

    on: date
    settled: int
    percent: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark on an axis: where it stands, and what is written beside it."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn. `line` and `area` are points of SVG, `due` and `now` where those days stand (None: outside)."""

    bound: int
    settled: int
    first: date
    last: date
    line: str
    area: str
    days: tuple[Mark, ...]
    counts: tuple[Mark, ...]
    due: float | None
    now: float | None
    due_on: date | None
    rows: tuple[Row, ...]
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def bottom(self) -> int:
        """Return where the axis of days lies."""
        return HEIGHT - BOTTOM

    @property
    def percent(self) -> int:
        """Return how many of a hundred have settled, rounded down."""
        return 100 * self.settled // self.bound


def completion_of(
    bound: int, settled: Sequence[tuple[date, int]], first: date, today: date, due: date | None
) -> Chart:
    """Return the chart of `bound` offices, of which so many `settled` on each civil date, from `first` to `today`.

    It begins early enough for the first of them and reaches to the due day, if there is one and it is ahead.
    """
    first = min([first, *(day for day, _ in settled[:1])])
    last = max(today, due or today, first + timedelta(days=1))
    span = (last - first).days

    def across(day: date) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (day - first).days / span, 1)

    top = _round_up(bound)

    def up(count: int) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * count / top, 1)

    points = [(across(first), up(0))]
    sums: list[tuple[date, int]] = []
    total = 0
    for day, count in settled:
        points.append((across(day), up(total)))
        total += count
        points.append((across(day), up(total)))
        sums.append((day, total))
    points.append((across(min(today, last)), up(total)))
    line = " ".join(f"{x:g},{y:g}" for x, y in points)
    area = f"{points[0][0]:g},{up(0):g} {line} {points[-1][0]:g},{up(0):g}"
    return Chart(
        bound,
        total,
        first,
        last,
        line,
        area,
        tuple(_day_marks(first, last, across)),
        tuple(Mark(up(count), f"{count:,}") for count in (0, top // 2, top)),
        across(due) if due is not None and first <= due <= last else None,
        across(today) if today < last else None,
        due,
        tuple(_rows(bound, sums, first, min(today, last))),
    )


def _round_up(count: int) -> int:
    """Return the next number that looks round on an axis: 2, 4, 10, 20 … at least `count`."""
    size = 2
    while True:
        for step in _STEPS:
            if size * step >= count:
                return size * step
        size *= 10


def _day_marks(first: date, last: date, across: Callable[[date], float]) -> list[Mark]:
    """Return the first days of months, so many that their labels do not meet."""
    months = []
    day = first.replace(day=1)
    while day <= last:
        if day >= first:
            months.append(day)
        day = dates.add_months(day, 1)
    every = max(1, -(-len(months) // 5))
    return [
        Mark(
            across(each),
            f"{each.year}年{each.month}月" if each.month == 1 or not number else f"{each.month}月",
        )
        for number, each in enumerate(months[::every])
    ] or [Mark(across(first), dates.short_label(first))]


def _rows(bound: int, sums: Sequence[tuple[date, int]], first: date, last: date) -> list[Row]:
    """Return the state at the ends of months (of weeks where there are few days), and on the last day."""
    days = (last - first).days
    if days <= 7 * MOST_ROWS:
        ends = [last - timedelta(days=7 * number) for number in range(days // 7 + 1)]
    else:
        ends, day = [last], last.replace(day=1) - timedelta(days=1)
        while day >= first and len(ends) < 2 * MOST_ROWS:
            ends.append(day)
            day = day.replace(day=1) - timedelta(days=1)
    rows = []
    for end in sorted(ends):
        settled = max((total for day, total in sums if day <= end), default=0)
        rows.append(Row(end, settled, 100 * settled // bound))
    return rows
