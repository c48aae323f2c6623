"""What an expression's flags say, and why it is tentative or a deadline."""

from datetime import date

import pytest

from notifier.reading.expressions import Expression, read
from tests.reading.labelled import lines, sentences, spans

ISSUED = date(2026, 4, 7)


def expressions(text: str, issued: date | None = ISSUED) -> list[Expression]:
    return list(read(text, issued).expressions)


def flags(text: str, issued: date | None = ISSUED) -> list[tuple[str, tuple[str, ...]]]:
    return [(each.text, each.flags) for each in expressions(text, issued)]


def test_a_deadline_that_was_over_when_the_notice_was_issued_is_flagged_and_still_told() -> None:
    (found,) = expressions("補助を受ける事業所は、令和7年度内に利用を開始すること。")
    assert (found.end, found.is_deadline, found.flags) == (date(2026, 3, 31), True, ("past-at-issue",))


def test_what_stands_in_the_column_before_an_amendment_binds_nobody() -> None:
    text = "| 改正後 | 改正前 |\n|---|---|\n| 令和8年6月30日まで | 令和8年5月29日まで |\n"
    after, before = expressions(text)
    assert (after.is_deadline, after.flags) == (True, ())
    assert (before.is_deadline, before.flags) == (False, ("void",))


def test_what_stands_under_a_line_before_an_amendment_binds_nobody() -> None:
    before, after = expressions("（変更前）\n締切 令和8年5月29日\n\n（変更後）\n締切 令和8年6月30日\n")
    assert (before.is_deadline, after.is_deadline) == (False, True)


def test_a_run_of_dates_a_year_apart_is_suspected_of_being_misread() -> None:
    text = "\n\n".join(f"{year}年5月31日" for year in range(2026, 2034))
    assert [each.start.year for each in expressions(text) if each.start and "ocr-suspect" in each.flags] == [
        2028,
        2029,
        2030,
        2031,
        2032,
        2033,
    ]


def test_a_repetition_without_the_mark_is_as_tentative_as_the_first_mention() -> None:
    text = "申請期間は令和8年5月1日～6月30日（予定）です。\n\n■申請期間\n令和8年5月1日～6月30日\n"
    first, second = expressions(text)
    assert (first.tentative, first.flags) == (True, ())
    assert (second.tentative, second.flags) == (True, ("inherited-tentative",))


def test_two_last_days_for_one_duty_contradict_each_other() -> None:
    text = "導入支援補助金の申請は5月29日までに行うこと。\n\n導入支援補助金の申請は6月30日までとする。\n"
    assert [each.flags for each in expressions(text)] == [("conflict", "year-inferred")] * 2


@pytest.mark.parametrize(
    "text",
    [
        "導入支援補助金の申請期限は5月29日までを6月30日まで延長します。\n",
        "第1回 導入支援補助金の申請は5月29日まで\n第2回 導入支援補助金の申請は6月30日まで\n",
        "導入支援補助金の申請は5月29日まで。\n見守り支援事業の申請は6月30日まで。\n",
    ],
)
def test_an_extension_a_second_round_and_another_programme_contradict_nothing(text: str) -> None:
    assert [each for each in expressions(text) if "conflict" in each.flags] == []


def test_a_day_that_does_not_exist_is_told_as_not_understood() -> None:
    (found,) = expressions("提出は令和8年2月30日までとする。")
    assert (found.start, found.end, found.flags) == (None, None, ("not-understood",))


def test_a_range_that_ends_before_it_begins_is_told_as_not_understood() -> None:
    (found,) = expressions("期間は令和8年4月1日から令和7年3月31日までとする。")
    assert (found.start, found.end, found.flags) == (None, None, ("not-understood",))


def test_a_year_less_day_in_a_text_without_any_date_is_told_as_not_understood() -> None:
    (found,) = expressions("締切は3月13日です。", issued=None)
    assert (found.start, found.is_deadline, found.flags) == (None, True, ("not-understood",))


def test_a_heading_makes_all_below_it_tentative_down_to_the_next() -> None:
    text = "２　スケジュール（予定）\n公募　7月1日\n交付決定　8月中旬\n３　委託期間　9月1日から10月31日まで\n"
    assert [each.tentative for each in expressions(text)] == [True, True, False]


@pytest.mark.parametrize(
    "text, is_tentative",
    [
        ("申請は6月1日から受け付ける予定です。", True),
        ("申請の受付（6月1日から）を予定しています。", True),
        ("9月頃に交付します。", True),
        ("出産予定日の前月15日までに届け出ること。", False),
        ("計画・予定・実績を毎月10日までに送ること。", False),
        ("6月1日に実施した。次回の日程は調整中である。", False),
    ],
)
def test_a_mark_makes_tentative_what_it_governs_and_nothing_else(text: str, is_tentative: bool) -> None:
    assert expressions(text)[0].tentative is is_tentative


@pytest.mark.parametrize(
    "text, is_deadline",
    [
        ("令和8年4月1日付け老発第1号通知", False),
        ("事業所数は令和8年4月1日現在", False),
        ("令和7年度補正予算により支援する。", False),
        ("過去3年間に処分を受けていないこと。", False),
        ("令和5年4月から運用を開始した。", False),
        ("定例会は5月20日に開催します。", False),
        ("受付時間は9時から17時までです。", False),
        ("令和8年6月1日から施行する。", True),
        ("回答期限：5月20日", True),
        ("帳簿は5年間保存すること。", True),
        ("無料の期間は1年間です。", True),
        ("変更の日から10日以内に届け出ること。", True),
        ("研修を年2回以上実施すること。", True),
        ("事故があったときは速やかに報告すること。", True),
        ("実績報告までに加入すること。", True),
        ("令和8年度中は無料で利用できます。", True),
    ],
)
def test_what_bounds_a_duty_or_a_chance_is_a_deadline(text: str, is_deadline: bool) -> None:
    assert [each.is_deadline for each in expressions(text)] == [is_deadline]


def test_each_decision_says_what_spoke_for_and_against_it() -> None:
    (found,) = expressions("申請書は6月30日までに提出する予定です。")
    signs = {reason[0] for reason in found.reasons if reason[1].isdigit()}
    assert signs == {"+", "-"}
    assert any("形：まで" in reason for reason in found.reasons)
    assert found.reasons[-1] == "予定: 予定（同じ文）"


def test_what_rules_a_deadline_out_is_said_alone() -> None:
    (found,) = expressions("第二条中「三年」を「五年」に改める。")[:1]
    assert (found.is_deadline, found.reasons) == (False, ("改める字句の引用",))


def test_a_day_that_is_moved_gives_the_old_day_and_the_new_and_no_range() -> None:
    found = expressions("提出期限を令和8年5月15日（金）から同月29日（金）に延長します。")
    assert [(each.text, each.start, each.is_deadline) for each in found] == [
        ("令和8年5月15日（金）", date(2026, 5, 15), False),  # it bounds nothing any more
        ("同月29日（金）", date(2026, 5, 29), True),
    ]


def test_a_sentence_sets_a_deadline_or_only_speaks_of_a_time() -> None:
    right = 0
    for line in sentences():
        wanted, _, text = line.partition("|")
        found = read(text, date(2026, 5, 20)).expressions
        assert found, text
        right += any(each.is_deadline for each in found) is (wanted == "1")
    assert right >= 0.92 * len(sentences())


def test_in_single_lines_hardly_a_deadline_is_missed() -> None:
    told = deadlines = false = others = 0
    for line in lines():
        text, marks = spans(line)
        found = read(text, date(2026, 9, 20)).expressions
        for start, end, is_deadline in marks:
            here = [each for each in found if each.offset < end and start < each.offset + len(each.text)]
            is_told = any(each.is_deadline for each in here)
            told, deadlines = told + (is_told and is_deadline), deadlines + is_deadline
            false, others = false + (is_told and not is_deadline), others + (not is_deadline)
    assert told >= 0.95 * deadlines
    assert false <= 0.2 * others
