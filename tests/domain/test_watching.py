from datetime import UTC, date, datetime, timedelta

import pytest

from notifier.domain.watching import (
    Form,
    Item,
    Standing,
    is_alarming,
    is_to_be_rechecked,
    next_look,
    notice_id,
    sorted_out,
    why_unbelievable,
)

NOW = datetime(2026, 4, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def item(
    title: str = "介護の通知（例）", link: str = "https://office.example/1.pdf", day: date | None = None
) -> Item:
    return Item(link, title, day)


def test_the_same_link_with_the_same_words_is_no_news() -> None:
    known = {item().key}
    assert sorted_out([item(), item()], known, (), is_first=False) == []


def test_a_link_that_is_announced_again_with_other_words_is_looked_at() -> None:
    again = item("介護の通知（再掲）")
    assert sorted_out([again, again], {item().key}, (), is_first=False) == [(again, Standing.WAITING)]


def test_what_was_there_when_the_watch_began_is_no_news() -> None:
    assert sorted_out([item()], (), (), is_first=True) == [(item(), Standing.BEFORE)]


def test_an_item_about_something_else_is_passed_over() -> None:
    found = sorted_out([item(), item("道路の工事")], (), ("介護",), is_first=False)
    assert [standing for _, standing in found] == [Standing.WAITING, Standing.PASSED_OVER]


def test_an_item_dated_long_ago_is_news_all_the_same() -> None:
    late = item(day=date(2025, 1, 1))
    assert sorted_out([late], (), (), is_first=False) == [(late, Standing.WAITING)]


def test_a_date_that_lies_ahead_is_no_issue_date() -> None:
    today = date(2026, 4, 1)
    dates = [date(2026, 3, 31), date(2026, 4, 2), None]
    assert [item(day=day).issued(today) for day in dates] == [date(2026, 3, 31), None, None]


@pytest.mark.parametrize(
    "form, count, before, is_believed",
    [
        (Form.FEED, 0, 0, True),
        (Form.FEED, 0, 5, False),
        (Form.FEED, 5, 0, True),
        (Form.PAGE, 0, 0, False),
        (Form.PAGE, 3, 9, True),
    ],
)
def test_a_parser_that_finds_nothing_where_something_was_has_not_seen(
    form: Form, count: int, before: int, is_believed: bool
) -> None:
    assert (why_unbelievable(form, count, before) == "") is is_believed


def test_the_editor_is_told_after_three_failed_looks_and_once() -> None:
    assert [is_alarming(count, is_told=False) for count in (1, 2, 3, 4)] == [False, False, True, True]
    assert not is_alarming(4, is_told=True)


def test_the_next_look_comes_as_asked_but_not_later_than_tomorrow() -> None:
    assert next_look(NOW, HOUR, None, has_more=False) == NOW + HOUR
    assert next_look(NOW, HOUR, None, has_more=True) == NOW + timedelta(minutes=5)
    assert next_look(NOW, HOUR, 2 * HOUR, has_more=False) == NOW + 2 * HOUR
    assert next_look(NOW, HOUR, 90 * HOUR, has_more=False) == NOW + 24 * HOUR


def test_a_document_is_looked_at_again_daily_for_two_months() -> None:
    assert is_to_be_rechecked(NOW, None, NOW)
    assert not is_to_be_rechecked(NOW, NOW, NOW + 23 * HOUR)
    assert is_to_be_rechecked(NOW, NOW, NOW + 24 * HOUR)
    assert not is_to_be_rechecked(NOW, None, NOW + timedelta(days=61))


def test_a_notice_is_named_by_source_day_and_content() -> None:
    assert notice_id("wam-net", date(2026, 7, 30), "0123456789abcdef") == "wam-net-20260730-01234567"
