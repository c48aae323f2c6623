"""What a list, a case, a term or a version says about its times, sentence by sentence."""

from datetime import date

import pytest

from notifier.reading.expressions import Expression, read

ISSUED = date(2026, 10, 1)


def expressions(text: str) -> tuple[Expression, ...]:
    return read(text, ISSUED).expressions


@pytest.mark.parametrize(
    "text, deadlines",
    [
        (
            "納期限　令和８年11月30日（月）（第２期）、令和９年２月１日（月）（第３期）",
            ["令和８年11月30日（月）", "令和９年２月１日（月）"],
        ),
        ("第１四半期の報告は７月15日、第２四半期は10月15日まで。", ["７月15日", "10月15日まで"]),
        ("説明会は６月１日、申込期限は５月20日までです。", ["５月20日まで"]),
        ("交付決定の日以降に契約し、２月末日までに支払うこと。", ["交付決定の日以降", "２月末日まで"]),
    ],
)
def test_what_is_said_of_one_member_of_a_list_holds_for_all(text: str, deadlines: list[str]) -> None:
    assert [each.text for each in expressions(text) if each.is_deadline] == deadlines


def test_a_system_that_is_to_end_has_a_tentative_effective_date() -> None:
    (found,) = expressions("旧システムは2027年3月をもって終了予定です。")
    assert (found.kind, found.is_deadline, found.tentative) == ("month", True, True)


def test_the_date_behind_a_version_is_found() -> None:
    (found,) = expressions("Ver2.1（2026.9.30更新）")
    assert (found.start, found.is_deadline) == (date(2026, 9, 30), False)


@pytest.mark.parametrize(
    "text, day",
    [
        ("来週金曜日までにご返信ください。", date(2026, 10, 9)),
        ("今週の金曜までにご返信ください。", date(2026, 10, 2)),
        ("再来週月曜日までに提出してください。", date(2026, 10, 12)),
    ],
)
def test_a_weekday_of_a_named_week_is_one_day(text: str, day: date) -> None:
    (found,) = expressions(text)
    assert (found.kind, found.start, found.end, found.is_deadline) == ("relative", None, day, True)


def test_a_day_in_a_list_inherits_a_month_that_is_only_relative() -> None:
    found = expressions("算定開始月の前月15日まで（居宅系）、１日まで（施設系）")
    assert [(each.kind, each.end, each.is_deadline) for each in found] == [("relative", None, True)] * 2


def test_what_a_case_asks_for_may_lie_before_the_month_the_case_speaks_of() -> None:
    last = expressions("例えば、令和８年６月分から算定する場合は４月末日まで。")[-1]
    assert (last.end, last.is_deadline) == (date(2026, 4, 30), True)


def test_the_year_in_the_number_of_a_public_notice_is_no_date() -> None:
    (found,) = expressions("令和５年○○市告示第45号")
    assert (found.text, found.kind) == ("令和５年○○市告示第45号", "other")


def test_a_quarter_as_a_term_is_its_months_of_the_fiscal_year_in_force() -> None:
    (found,) = expressions("第２四半期の支払を確認する。")
    assert (found.kind, found.start, found.end) == ("half_year", date(2026, 7, 1), date(2026, 9, 30))


def test_a_range_without_a_year_that_runs_at_issue_is_the_one_meant() -> None:
    (found,) = expressions("７月から12月までの分")
    assert (found.start, found.end) == (date(2026, 7, 1), date(2026, 12, 31))


def test_a_list_of_events_has_no_deadline_only_because_its_last_day_stands_without_a_name() -> None:
    found = expressions("導入の日程\n操作研修　　　11月5日（木）、12日（木）\n本稼働　　　12月1日（火）")
    assert [each.text for each in found if each.is_deadline] == ["12月1日（火）"]
