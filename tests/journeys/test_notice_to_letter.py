"""The whole way: a PDF that extends a deadline, its candidates, the impact, two persons, a letter from old to new."""

from datetime import date

import pytest

from notifier.domain.applicability import Services
from notifier.domain.changes import ChangeKind
from notifier.domain.reviews import Verdict
from notifier.errors import NoticeRefusedError
from notifier.steps.take_in import Handed
from tests.builders import by, deadline, said, settlement
from tests.journeys.test_notice_to_receipt import Post, posting, text_of
from tests.notices import desk
from tests.reading.papers import Line, pdf, text_operators
from tests.steps.workshop import A, B, C, Workshop, enrolled

DUTY = deadline(
    concerns=Services(frozenset({"11"})),
    concerns_wording="訪問介護の事業所",
    settled_by=(settlement("example.report.filed"),),
)
OTHER = "9970000004"
COVER = ("例発第20号", "令和8年4月15日", "例の省介護局例課", "年次報告書の提出（例）の期限について（通知）")
ORDER = ("1 延長後の期限", "年次報告書の提出（例）について、年次報告の期限を令和8年7月31日まで延長する。")


def paper() -> bytes:
    """Two pages: what it is on the first, what it says on the second."""
    pages = [
        [Line(text, 60, 780 - 40 * place) for place, text in enumerate(lines)] for lines in (COVER, ORDER)
    ]
    return pdf([text_operators(each) for each in pages])


async def test_a_pdf_that_extends_a_deadline_becomes_one_letter_to_each_office_concerned(
    shop: Workshop,
) -> None:
    post = Post()
    async with posting(shop, post) as living:
        await living.publish(said(by(date(2026, 6, 30)), remark=""), deadlines=[DUTY])
        await living.enrol(
            enrolled(A, "a@example.jp"),
            enrolled(B),
            enrolled(C, "c@example.jp"),
            enrolled(OTHER, "other@example.jp", services=("43",)),
        )
        await living.live_until(date(2026, 4, 1))
        await living.note("example.report.filed", C)
        await living.live_until(date(2026, 4, 14))
        post.arrived.clear()
        living.turn_to(date(2026, 4, 15), 10)

        reviewer, chief = desk(living, "reviewer"), desk(living, "chief")
        name, _ = await reviewer.add(Handed("通知.pdf", paper(), ""))
        (proposed,) = (await reviewer.review(name)).candidates
        assert proposed.said["deadline"] == DUTY.id
        assert proposed.said["statement"]["due"] == {"by": "2026-07-31"}
        assert "2ページ" in proposed.said["statement"]["place"]
        await reviewer.judge(name, [1], Verdict.KEPT)

        impact = await reviewer.preview(name)
        (effect,) = impact.effects
        assert (effect.kind, effect.offices, effect.open) == (ChangeKind.EXTENDED, 3, 2)
        assert (effect.told, effect.no_address) == (1, 1)
        assert [each.number for each in impact.unreached] == [B]
        foretold = impact.samples[0]

        await reviewer.sign_off(name)
        with pytest.raises(NoticeRefusedError, match="別の人"):
            await reviewer.approve(name)
        await living.live_until(date(2026, 4, 15))
        assert post.arrived == []
        living.turn_to(date(2026, 4, 16), 10)
        await chief.approve(name)
        await living.live_until(date(2026, 5, 15))

    assert [each.recipient for each in post.arrived] == ["a@example.jp"]
    (mail,) = post.mails()
    assert mail["Subject"].startswith("【変更→7/31(金)】年次報告")
    assert mail["Subject"] == foretold.subject
    text = text_of(mail)
    assert "期限の延長" in text
    assert text.index("6月30日") < text.index("7月31日")
    cited = "".join(text.partition("【根拠】")[2].split())
    assert "年次報告書の提出(例)の期限について(通知)" in cited.replace("（例）", "(例)").replace(
        "（通知）", "(通知)"
    )
    assert "例発第20号" in cited
    assert "2ページ" in cited
