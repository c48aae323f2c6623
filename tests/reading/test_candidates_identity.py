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


def test_an_office_that_signs_above_the_title_is_the_issuer() -> None:
    found = identity(
        "事務連絡", "令和8年11月20日", "例示県福祉部介護課", "", "加算の届出の期限について（通知）"
    )
    assert found.issuer.value == "例示県福祉部介護課"
