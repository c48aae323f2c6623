"""National holidays, held against a second library and against the law's own list."""

from datetime import date

import jpholiday
import pytest

from notifier.catalogue.holidays import PROCLAIMED_THROUGH, national_calendar
from notifier.domain.dates import Interval
from notifier.errors import CatalogueError


@pytest.mark.parametrize("year", range(2015, 2051))
def test_the_holidays_of_a_year_are_those_a_second_library_finds(year: int) -> None:
    expected = {holiday.date for holiday in jpholiday.JPHoliday().year_holidays(year)}
    assert expected == {day for day in national_calendar(year, year).holidays if day.year == year}


def test_the_holidays_of_2026_are_those_of_the_law() -> None:
    calendar = national_calendar(2026, 2026)
    assert sorted(calendar.holidays) == [
        date(2026, 1, 1),
        date(2026, 1, 12),
        date(2026, 2, 11),
        date(2026, 2, 23),
        date(2026, 3, 20),
        date(2026, 4, 29),
        date(2026, 5, 3),
        date(2026, 5, 4),
        date(2026, 5, 5),
        date(2026, 5, 6),  # 振替休日 of 05-03
        date(2026, 7, 20),
        date(2026, 8, 11),
        date(2026, 9, 21),
        date(2026, 9, 22),  # 国民の休日 between two holidays
        date(2026, 9, 23),
        date(2026, 10, 12),
        date(2026, 11, 3),
        date(2026, 11, 23),
    ]


def test_the_equinoxes_of_the_last_proclaimed_year_are_those_announced() -> None:
    calendar = national_calendar(2027, 2027)
    assert date(2027, 3, 21) in calendar.holidays
    assert date(2027, 3, 22) in calendar.holidays  # 振替休日: the equinox is a Sunday
    assert date(2027, 9, 23) in calendar.holidays


def test_a_day_after_the_proclaimed_years_is_an_estimate() -> None:
    calendar = national_calendar(2025, 2030)
    assert calendar.known == Interval(date(2025, 1, 1), PROCLAIMED_THROUGH)
    assert not calendar.is_estimate(PROCLAIMED_THROUGH)
    assert calendar.is_estimate(date(2028, 3, 20))
    assert not calendar.is_open(date(2028, 3, 20))


def test_a_day_outside_the_wanted_years_is_an_estimate_too() -> None:
    calendar = national_calendar(2025, 2025)
    assert calendar.known == Interval(date(2025, 1, 1), date(2025, 12, 31))


def test_years_that_are_all_estimates_say_so() -> None:
    calendar = national_calendar(2040, 2041)
    assert calendar.is_estimate(date(2040, 1, 2))
    assert calendar.is_estimate(date(2041, 12, 30))
    assert not calendar.is_open(date(2041, 2, 11))


@pytest.mark.parametrize("first, last, year", [(2099, 2100, "2100"), (1948, 1950, "1948")])
def test_a_year_without_known_holidays_is_refused_instead_of_being_all_open(
    first: int, last: int, year: str
) -> None:
    with pytest.raises(CatalogueError, match=year):
        national_calendar(first, last)


def test_years_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(CatalogueError, match="swap"):
        national_calendar(2027, 2026)
