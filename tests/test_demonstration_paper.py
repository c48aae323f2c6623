"""The invented notice of the demonstration is read as a person would read it."""

from datetime import date

from notifier.demonstration.paper import paper
from notifier.reading.expressions import read

TODAY = date(2026, 11, 22)


def test_the_invented_notice_says_that_it_is_invented() -> None:
    assert "架空の通知" in paper(TODAY).decode()


def test_the_invented_notice_sets_one_planned_day_three_months_ahead() -> None:
    reading = read(paper(TODAY).decode())
    assert reading.issued == date(2026, 11, 20)
    deadlines = [(each.end, each.tentative) for each in reading.expressions if each.is_deadline]
    assert deadlines == [(date(2027, 2, 28), True)]
