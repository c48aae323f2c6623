"""National holidays of Japan, from the `holidays` library, with what is proclaimed and what is computed.

The days of spring and autumn equinox (国民の祝日に関する法律2条) are fixed by the calendar that the National
Astronomical Observatory announces for the next year each February in the official gazette (官報, 暦要項).
Beyond that the library computes them; such a year is an estimate until its announcement.
"""

from datetime import date
from functools import cache
from typing import Final

from notifier.domain.calendar import Calendar
from notifier.domain.dates import Interval
from notifier.errors import CatalogueError

PROCLAIMED_THROUGH: Final = date(2027, 12, 31)
"""Last day whose holidays are proclaimed: 令和9年(2027) 暦要項, announced in 官報 in February 2026.

Move it on by a year each February, after comparing the two equinoxes with the announcement.
"""


def national_calendar(first_year: int, last_year: int) -> Calendar:
    """Return the national calendar for the years `first_year` to `last_year`, both included.

    Its `known` days end with the proclaimed ones, or with `last_year` if that is earlier. Where all the
    wanted years lie beyond the proclaimed ones, the last proclaimed year is covered as well.
    Raises CatalogueError if the years are in the wrong order, or if the library has no holidays for one
    of them (before 1949, from 2100 on).
    """
    if first_year > last_year:
        message = f"holidays: the first year {first_year} lies after the last {last_year}; swap them"
        raise CatalogueError(message)
    covered_from = min(first_year, PROCLAIMED_THROUGH.year)
    days = frozenset[date]().union(*(_holidays_of(year) for year in range(covered_from, last_year + 1)))
    known = Interval(date(covered_from, 1, 1), min(date(last_year, 12, 31), PROCLAIMED_THROUGH))
    return Calendar(holidays=days, known=known)


@cache
def _holidays_of(year: int) -> frozenset[date]:
    import holidays  # noqa: PLC0415 - its import costs a quarter of a second, paid only when needed

    days = frozenset(holidays.country_holidays("JP", years=year, expand=False))
    if not days:  # the library stays silent outside the years it knows
        message = f"holidays: no Japanese holidays are known for {year}; ask for years from 1949 to 2099"
        raise CatalogueError(message)
    return days
