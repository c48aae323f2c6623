"""What single constructs of official time mean: the year of a list, the month of a row, two bounds of one duty."""

from datetime import date

import pytest

from notifier.reading.expressions import Expression, read

ISSUED = date(2026, 11, 24)


def expressions(text: str, issued: date | None = ISSUED) -> tuple[Expression, ...]:
    return read(text, issued).expressions


def days(text: str, issued: date | None = ISSUED) -> list[tuple[str, str, str]]:
    return [(each.text, str(each.start or ""), str(each.end or "")) for each in expressions(text, issued)]


def test_the_year_at_the_head_of_a_list_holds_for_all_of_it() -> None:
    found = days("令和８年度の納期限は、６月30日、８月31日、１月31日です。")
    assert [end for _, _, end in found[1:]] == ["2026-06-30", "2026-08-31", "2027-01-31"]


def test_what_prepares_the_next_year_comes_before_it() -> None:
    found = days("来年度の説明会は２月中に開催予定、参加申込みは1/12～1/22です。")
    assert [start for _, start, _ in found] == ["2027-04-01", "2027-02-01", "2027-01-12"]


def test_an_issue_named_by_its_month_dates_what_stands_in_it() -> None:
    text = "広報みずほ　令和８年12月号　（11月26日発行）\n納期限は12月25日（金）です。\n入所の受付は２月10日（水）まで。"
    assert [end for _, _, end in days(text, None)] == ["2026-12-31", "2026-11-26", "2026-12-25", "2027-02-10"]


def test_without_an_issue_date_years_do_not_drift() -> None:
    text = "令和８年12月号\n" + "１月５日から14日まで\n" * 5
    assert {start for _, start, _ in days(text, None)[1:]} == {"2027-01-05"}


def test_the_month_that_heads_a_row_and_the_year_of_the_title_date_a_calendar() -> None:
    head = "# 令和8年度 年間スケジュール\n\n| 月 | 手続 |\n|---|---|\n"
    text = f"{head}| 6月 | 実績報告 上旬まで |\n| 3月 | 規則改正（4月1日施行） |\n"
    assert days(text, date(2026, 4, 6))[1:] == [
        ("6月", "2026-06-01", "2026-06-30"),
        ("上旬まで", "", "2026-06-10"),
        ("3月", "2027-03-01", "2027-03-31"),
        ("4月1日", "2027-04-01", "2027-04-01"),
    ]


def test_of_two_bounds_the_earlier_one_closes_both() -> None:
    first, second = expressions("完了後30日以内又は令和９年３月10日のいずれか早い日までに提出すること。")
    assert (first.kind, first.is_deadline) == ("relative", True)
    assert (second.text, second.start, second.end, second.is_deadline) == (
        "令和９年３月10日のいずれか早い日まで",
        None,
        date(2027, 3, 10),
        True,
    )


def test_the_later_of_two_bounds_is_not_the_named_day() -> None:
    _, second = expressions(
        "施行日から二年を経過する日又は令和十年九月三十日のいずれか遅い日まで適用しない。"
    )
    assert (second.start, second.end) == (date(2028, 9, 30), date(2028, 9, 30))


@pytest.mark.parametrize(
    "text, found",
    [
        ("４月・６月・８月は仮徴収です。", ["４月", "６月", "８月"]),
        ("４月・５月に行います。", ["４月・５月"]),
        ("令和07・08・09年度の資格", ["令和07・08・09年度"]),
        ("公募期間内に提出", ["公募期間内"]),
        ("第２・第４土曜日に行います。", ["第２・第４土曜日"]),
        ("六月以下の拘禁刑", ["六月以下"]),
        ("申請月の１日から翌年７月31日まで", ["申請月の１日から翌年７月31日まで"]),
        ("令和元年5月1日～同2年3月31日", ["令和元年5月1日～同2年3月31日"]),
        ("公告の日から開札の時までの間", ["公告の日から開札の時まで"]),
        ("３月31日（水）迄に提出", ["３月31日（水）迄"]),
        ("11月いっぱいで終了します。", ["11月いっぱい"]),
        ("作成日　8.6.1", ["8.6.1"]),
        ("一年度につき一回に限る。", ["一年度につき一回"]),
        ("毎日午前9時までに報告", ["毎日午前9時まで"]),
        ("R8～R10", ["R8～R10"]),
        ("6月30日、午後5時までに必着", ["6月30日、午後5時まで"]),
        ("開札後30分以内に申し込む", ["開札後30分以内"]),
        ("交付には１０日ほどかかります。", ["１０日ほど"]),
        ("納付期限までに納付しないとき", ["納付期限まで"]),
        ("12月４日（金）　午前10時30分　市役所会議室", ["12月４日（金）", "午前10時30分"]),
        ("提出期限　12月４日（金）　午後５時　契約課会議室", ["12月４日（金）　午後５時"]),
        ("毎週火曜日及び年末年始は休館", ["毎週火曜日", "年末年始"]),
        ("毎年２月・４月・６月・８月・10月・12月に支払う", ["毎年２月・４月・６月・８月・10月・12月"]),
        ("卒業する年の１月31日までに申請", ["卒業する年の１月31日まで"]),
        ("利用を開始する日に提出", ["利用を開始する日"]),
        ("徒歩10分以内、週40時間以内、１泊２日", []),
        ("学期末までに提出", ["学期末まで"]),
        ("申請から交付まで\n", []),
        ("前回改定時は", []),
        ("１年度につき５人まで", []),
    ],
)
def test_an_expression_is_neither_torn_apart_nor_read_into_words(text: str, found: list[str]) -> None:
    assert [each.text for each in expressions(text)] == found


def test_an_hour_does_not_break_a_range_of_days() -> None:
    (found,) = expressions("申請期間：令和8年7月1日(水)午前9時～令和8年7月31日(金)午後5時")
    assert (found.kind, found.start, found.end) == ("range", date(2026, 7, 1), date(2026, 7, 31))


def test_the_same_day_is_the_day_named_before() -> None:
    _, same = expressions("締切は12月18日（金）で、当日17時までに受け付けたものを対象とする。")
    assert (same.text, same.end, same.is_deadline) == ("当日17時まで", date(2026, 12, 18), True)


def test_the_year_before_is_only_compared_with_the_year_in_which_something_is_due() -> None:
    before, due = expressions("前年度の発生量が1,000トン以上の事業者は、６月30日までに提出すること。")
    assert (before.start, before.end, due.end) == (date(2025, 4, 1), date(2026, 3, 31), date(2027, 6, 30))


@pytest.mark.parametrize(
    "text, ends",
    [
        (
            "第1期　6月30日　第2期　8月31日　第3期　11月1日　第4期　1月31日",
            ["2026-06-30", "2026-08-31", "2026-11-01", "2027-01-31"],
        ),
        (
            "9月21日、10月19日、11月16日のいずれかに受講してください。",
            ["2027-09-21", "2027-10-19", "2027-11-16"],
        ),
        ("前期分は４月末、後期分は10月末が納期です。", ["2027-04-30", "2027-10-31"]),
        ("４月、７月、10月、１月の末日までに報告", ["2026-04-30", "2026-07-31", "2026-10-31", "2027-01-31"]),
        ("12月10日、１月14日、２月10日に開催", ["2026-12-10", "2027-01-14", "2027-02-10"]),
    ],
)
def test_days_of_one_list_follow_one_another(text: str, ends: list[str]) -> None:
    assert [end for _, _, end in days(text)] == ends


def test_a_bare_day_at_the_head_of_a_text_is_read() -> None:
    assert days("25日（金）までに回答願います。") == [("25日（金）まで", "", "2026-12-25")]


def test_words_quoted_to_be_amended_are_no_deadline() -> None:
    text = "第二条中「三十日」を「二週間」に改め、同条中「十日以内」とあるのは「五日以内」とする。"
    assert not any(each.is_deadline for each in expressions(text))


def test_what_prepares_a_later_time_comes_before_it() -> None:
    _, found = expressions("令和10年４月施行の改正に伴い、１月中旬までに措置を講ずること。")
    assert (found.end, found.is_deadline) == (date(2027, 1, 20), True)


def test_what_months_bring_is_due_after_them() -> None:
    months, due = expressions("・６月～11月分　12月10日", date(2027, 1, 8))
    assert (months.start, months.end, due.end) == (date(2027, 6, 1), date(2027, 11, 30), date(2027, 12, 10))


def test_the_hour_at_which_applications_open_leaves_their_end_open() -> None:
    (found,) = expressions("受付は４月１日９時から窓口で行います。")
    assert (found.start, found.end) == (date(2027, 4, 1), None)


def test_a_day_outside_the_year_beside_it_follows_from_the_issue_date() -> None:
    _, found = expressions("令和７年度下半期分の請求は、４月14日必着で提出すること。")
    assert (found.end, found.is_deadline) == (date(2027, 4, 14), True)


@pytest.mark.parametrize(
    "text, found",
    [
        ("7月3日㊏・4日㊐に開催", [("7月3日㊏", "2027-07-03"), ("4日㊐", "2027-07-04")]),
        ("7月3(土)、4(日)に開催", [("7月3(土)", "2027-07-03"), ("4(日)", "2027-07-04")]),
        ("提出期限　令9.1.15", [("令9.1.15", "2027-01-15")]),
        ("締切：2027. 1. 15（金）", [("2027. 1. 15（金）", "2027-01-15")]),
        ("締切：1.15（金）", [("1.15（金）", "2027-01-15")]),
        ("12/21～25に申し込む", [("12/21～25", "2026-12-25")]),
        ("1/12(火)－1/22(金)に申し込む", [("1/12(火)－1/22(金)", "2027-01-22")]),
        ("12月18日→12月25日に延長", [("12月18日", "2026-12-18"), ("12月25日", "2026-12-25")]),
        (
            "12月（２日・９日）に開催",
            [("12月", "2026-12-31"), ("２日", "2026-12-02"), ("９日", "2026-12-09")],
        ),
        ("昨年条例第５号、2024年条例第12号", [("昨年", "2025-12-31"), ("2024年条例第12号", "")]),
    ],
)
def test_days_in_every_dress_are_quoted_and_dated(text: str, found: list[tuple[str, str]]) -> None:
    assert [(each, end) for each, _, end in days(text)] == found


@pytest.mark.parametrize(
    "text, found",
    [
        ("説明会は12月第３週に行います。", ("12月第３週", "2026-12-14", "2026-12-20")),
        ("報告は12月第１週までに提出してください。", ("12月第１週まで", "", "2026-12-06")),
        ("申請書は連休明けまでに提出してください。", ("連休明けまで", "", "")),
    ],
)
def test_a_week_of_a_month_and_the_end_of_holidays_are_read_and_never_certain(
    text: str, found: tuple[str, str, str]
) -> None:
    assert days(text) == [found]
    assert expressions(text)[0].tentative


def test_a_week_that_the_month_does_not_have_is_reported_as_not_understood() -> None:
    (found,) = expressions("令和９年２月第５週に行います。")
    assert (found.start, found.end, found.flags) == (None, None, ("not-understood",))


def test_the_months_in_brackets_behind_a_due_day_lie_before_it() -> None:
    text = "納期の特例：12月10日（６月～11月分）と６月10日（12月～翌年５月分）"
    assert days(text, date(2026, 4, 8))[3] == ("12月～翌年５月", "2025-12-01", "2026-05-31")


def test_the_day_at_the_end_of_a_title_on_which_a_call_was_published_dates_it() -> None:
    head = "プロポーザル実施要領（地域包括支援センターの運営を委託する業務）　令和８年10月５日公告\n"
    text = f"{head}１　契約期間　令和９年４月１日から３年間\n２　結果通知　12月中旬"
    assert days(text, None)[-1] == ("12月中旬", "2026-12-11", "2026-12-20")


@pytest.mark.parametrize(
    "text, found",
    [
        (
            "春の一斉清掃\n12月６日（日）８時から（雨天時は13日）。",
            ("12月６日（日）８時", "2026-12-06", "2026-12-06"),
        ),
        (
            "意見公募　十月一日から同月三十日まで行い、四十二件の意見が寄せられた。",
            ("十月一日から同月三十日まで", "2026-10-01", "2026-10-30"),
        ),
        ("12月31日以前に退職した方は一括で徴収します。", ("12月31日以前", "", "2026-12-31")),
        (
            "令和７年４月１日から令和９年３月31日までに取得したもの\n７　縦覧の期間　４月１日から30日まで",
            ("４月１日から30日まで", "2027-04-01", "2027-04-30"),
        ),
    ],
)
def test_what_is_over_and_what_is_to_come_tell_the_year(text: str, found: tuple[str, str, str]) -> None:
    assert found in days(text)


def test_a_report_tells_of_what_took_place_and_its_day_set_to_the_right_dates_it() -> None:
    text = (
        "運営推進会議　開催報告書\n\n　　　　　　　　　　　　　　　　　　　令和8年12月4日\n青葉市長　様\n\n"
        "行事　敬老会（９月21日）、避難訓練（10月15日）\n要望　面会の制限は来年１月11日までとする。"
    )
    assert days(text, None) == [
        ("令和8年12月4日", "2026-12-04", "2026-12-04"),
        ("９月21日", "2026-09-21", "2026-09-21"),
        ("10月15日", "2026-10-15", "2026-10-15"),
        ("来年１月11日まで", "", "2027-01-11"),
    ]
