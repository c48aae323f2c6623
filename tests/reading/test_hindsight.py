"""Which way a sentence looks from a day without a year: back on what is over, or ahead."""

from datetime import date

import pytest

from notifier.reading.expressions import read

ISSUED = date(2026, 12, 10)


@pytest.mark.parametrize(
    "text, start",
    [
        ("５月の総会で承認された規約により運営します。", "2026-05-01"),
        ("６月に行われた調査では、半数が賛成でした。", "2026-06-01"),
        ("９月から始めた移動販売は好評です。", "2026-09-01"),
        ("10月１日から実施している臨時便です。", "2026-10-01"),
        ("７月１日から受付を始めており、まだ受け付けます。", "2026-07-01"),
        ("２月１日に発生した火災では、２名がけがをしました。", "2026-02-01"),
        ("10月１日現在の登録者は52人です。", "2026-10-01"),
        ("４月１日現在で満６歳に達する児童が対象です。", "2027-04-01"),
        ("８月利用分の請求漏れは、再請求してください。", "2026-08-01"),
        ("１月16日の監査では、指摘が１件ありました。", "2026-01-16"),
        ("漏えいは２件でした（６月のＦＡＸ誤送信など）。", "2026-06-01"),
        ("７月から実施することを検討しています。", "2027-07-01"),
        ("公募の締切を１月12日から１月19日に延長しました。", "2027-01-12"),
        ("９月に受診した方は、領収書をお持ちください。", "2026-09-01"),
        ("５月に申請された方には、翌月に支給します。", "2027-05-01"),
        ("８月～11月に順次支払われる見込みです。", "2027-08-01"),
    ],
)
def test_the_verb_tells_on_which_side_of_the_issue_date_a_day_lies(text: str, start: str) -> None:
    assert str(read(text, ISSUED).expressions[0].start) == start


def test_words_that_point_back_to_every_year_mean_no_one_day() -> None:
    row = read(
        "令和９年度から令和11年度までの間、毎年四月末日までに、前年度の状況を報告する。", ISSUED
    ).expressions
    assert [(each.start, each.end) for each in row[1:]] == [(None, None), (None, None)]


def test_a_bare_day_goes_on_with_the_day_of_a_month_that_is_not_known() -> None:
    _, after = read(
        "届出は、算定開始月の前月15日までです。16日以降の届出は翌々月からとします。", ISSUED
    ).expressions[:2]
    assert (after.text, after.kind, after.start) == ("16日以降", "relative", None)


def test_the_rows_of_a_calendar_follow_each_other() -> None:
    text = "| 月 | 内容 |\n|---|---|\n| ４月 | 申請 |\n| 10月 | 中間 |\n| ３月 | 報告 ３月10日 |\n"
    months = [str(each.start) for each in read(text, date(2027, 1, 15)).expressions]
    assert months == ["2027-04-01", "2027-10-01", "2028-03-01", "2028-03-10"]
