"""A notice says who it is from, what it is called and when it was issued; what is not certain is asked."""

import pytest

from notifier.reading.candidates_identity import Identity, identity_of
from notifier.reading.expressions import read


def identity(*lines: str) -> Identity:
    return identity_of(read("\n".join(lines)))


@pytest.mark.parametrize(
    "line",
    [
        "加算の届出の期限について",
        "加算の届出の期限について（通知）",
        "加算の届出の期限について（架空の通知）",
        "実績報告の受付開始のお知らせ",
        "集団指導の説明会のご案内",
    ],
)
def test_a_line_in_the_form_of_a_subject_is_the_title(line: str) -> None:
    found = identity(
        "事務連絡", "令和8年11月20日", "", "例示県福祉部介護課", "", line, "", "次のとおりとします。"
    )
    assert found.title.value == line.replace("（", "(").replace("）", ")")


def test_the_day_of_issue_is_never_taken_for_the_title() -> None:
    found = identity(
        "事務連絡", "令和8年11月20日", "", "例示県の介護のたより 冬の号", "", "次のとおりとします。"
    )
    assert found.title.value is None
    assert found.title.hint == "例示県の介護のたより 冬の号"


def test_the_volume_of_a_series_is_the_number_of_a_paper_that_has_no_other() -> None:
    head = ("介護保険最新情報", "Vol.1600", "令和8年11月20日", "例示省老健局介護課")
    assert identity(*head, "加算の届出の期限について").number.value == "介護保険最新情報Vol.1600"
    assert identity("事務連絡", *head, "加算の届出の期限について").number.value == "事務連絡"
    assert identity("Vol.3", "令和8年11月20日", "加算の届出の期限について").number.value is None


def test_a_page_of_slides_does_not_name_the_paper() -> None:
    page = "第9期の計画に基づく介護職員の必要数について"
    cover = ("みんなの暮らし", "介護の記録の共有に向けた取組の紹介", "例示省 老健局 介護課", "令和8年1月")
    found = identity(*cover, "", page, "", "計画の見込みは次のとおりです。")
    assert (found.title.value, found.title.hint) == (None, "介護の記録の共有に向けた取組の紹介")
    assert identity(page, "", "計画の見込みは次のとおりです。").title.hint == page


def test_an_office_that_signs_above_the_title_is_the_issuer() -> None:
    found = identity(
        "事務連絡", "令和8年11月20日", "例示県福祉部介護課", "", "加算の届出の期限について（通知）"
    )
    assert found.issuer.value == "例示県福祉部介護課"


@pytest.mark.parametrize(
    "head, issuer, number",
    [
        (("青葉市 介護保険課 / 事務連絡 第118号", "令和8年11月20日"), "青葉市介護保険課", "事務連絡第118号"),
        (
            (
                "令和８年11月20日　保指第２１８号",
                "市内介護サービス事業所　管理者　様",
                "青葉市長　佐野　一成",
            ),
            "青葉市長",
            "保指第218号",
        ),
        (
            (
                "| 発出元 | 例示県 福祉部 介護課 |",
                "| 文書番号 | 介第1234-2号 |",
                "| 発出日 | 令和8年11月20日 |",
            ),
            "例示県福祉部介護課",
            "介第1234-2号",
        ),
        (
            (
                "　　　　　写",
                "老発１１２０第３号",
                "令和８年11月20日",
                "都道府県",
                "各　指定都市　民生主管部（局）長　　殿",
                "中核市",
                "厚生労働省老健局長",
                "（公　印　省　略）",
            ),
            "厚生労働省老健局長",
            "老発1120第3号",
        ),
        (
            ("R8介保第45号", "令和8年11月20日", "各都道府県介護保険主管課長　殿", "例示県知事　山本　太一郎"),
            "例示県知事",
            "R8介保第45号",
        ),
        (
            ("第118号", "社会福祉法人　青葉町社会福祉協議会", "令和8年11月20日", "会員各位"),
            "社会福祉法人青葉町社会福祉協議会",
            "第118号",
        ),
    ],
)
def test_a_head_tells_who_signs_under_which_number_and_whom_it_addresses_is_not_taken_for_the_issuer(
    head: tuple[str, ...], issuer: str, number: str
) -> None:
    found = identity(*head, "", "加算の届出の期限について（通知）", "", "次のとおりとします。")
    assert (found.issuer.value, found.number.value) == (issuer, number)
    assert found.title.value == "加算の届出の期限について(通知)"
    assert found.issued.value == "2026-11-20"


def test_a_key_names_the_subject_and_a_rule_bears_its_own_name() -> None:
    assert identity("差出人: 県介護保険課", "件名: 調査のお願い").title.value == "調査のお願い"
    assert (
        identity("○青葉町介護職員確保補助金交付要綱", "", "第一条").title.value
        == "青葉町介護職員確保補助金交付要綱"
    )
