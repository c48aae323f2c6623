"""What was approved and was wrong is taken back by a notice of its own, and those who were told are told."""

from datetime import date

import pytest
from sqlalchemy import select

from notifier.domain.applicability import Services
from notifier.domain.callers import NATION, Tenant
from notifier.domain.changes import ChangeKind
from notifier.domain.reviews import Verdict
from notifier.domain.stages import Stage
from notifier.errors import NoticeRefusedError, UnknownError
from notifier.steps.accept import accept
from notifier.steps.approve import approve
from notifier.steps.enrol import close
from notifier.steps.exempt import exempt
from notifier.steps.subscribe import Subscription, subscribe
from notifier.store.database import table
from notifier.store.subscriptions import Selection
from notifier.store.tables import CohortRow, ObligationRow, OfficeRow
from tests.builders import CITY, REPORT, by, deadline, notice, said, settlement
from tests.notices import FIRST, desk, news, paper, reviewed, settled_in
from tests.steps.workshop import OTHER_CITY, A, B, Workshop, enrolled


async def stage_of(shop: Workshop, name: str) -> tuple[Stage, str]:
    found = {each.notice: each for each in await desk(shop, "anybody").arrived()}[name]
    return found.stage, found.reason


async def test_those_who_were_told_are_told_that_a_notice_was_taken_back(shop: Workshop) -> None:
    name = await reviewed(shop)
    await desk(shop, "chief").approve(name)
    await shop.run()
    with pytest.raises(NoticeRefusedError, match="理由"):
        await desk(shop, "reviewer").withdraw(name, " ")
    back = await desk(shop, "reviewer").withdraw(name, "日付の誤り")
    with pytest.raises(NoticeRefusedError, match="取下げ"):
        await desk(shop, "another").withdraw(name, "もう一度")
    assert (await stage_of(shop, name))[0] is Stage.APPROVED
    with pytest.raises(NoticeRefusedError, match="別の人"):
        await desk(shop, "reviewer").approve(back)
    await desk(shop, "chief").approve(back)
    await shop.run()
    assert [each.latest for each in await news(shop)] == ["2026-08-31", "2026-06-30"]
    assert (await stage_of(shop, name))[0] is Stage.WITHDRAWN
    assert "日付の誤り" in shop.channel.parcels[-1].text
    assert (await desk(shop, "anybody").open(back)).document.text == ""
    restored = await desk(shop, "reviewer").withdraw(back, "やはり正しかったため")
    await desk(shop, "chief").approve(restored)
    await shop.run()
    assert (await news(shop))[-1].latest == "2026-08-31"
    assert [(await stage_of(shop, each))[0] for each in (name, back)] == [Stage.APPROVED, Stage.WITHDRAWN]
    once_more = await desk(shop, "reviewer").withdraw(name, "もう一度")
    await desk(shop, "chief").approve(once_more)
    await shop.run()
    assert (await news(shop))[-1].latest == "2026-06-30"


async def test_whoever_was_told_and_has_settled_since_is_told_that_it_was_taken_back(shop: Workshop) -> None:
    duty = deadline(settled_by=(settlement("example.report.filed"),))
    await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp"))
    await shop.publish(FIRST, deadlines=[duty])
    await shop.live_until(date(2026, 4, 1))
    await shop.note("example.report.filed", B)
    await shop.live_until(date(2026, 4, 1))
    shop.turn_to(date(2026, 4, 2), 10)
    name, _ = await desk(shop, "reviewer").add(paper())
    await desk(shop, "reviewer").judge(name, [1], Verdict.KEPT)
    await desk(shop, "reviewer").drop_rest(name)
    await desk(shop, "reviewer").sign_off(name)
    await desk(shop, "chief").approve(name)
    await shop.run()
    await shop.note("example.report.filed", A)
    await shop.run()
    shop.turn_to(date(2026, 4, 3), 10)
    back = await desk(shop, "reviewer").withdraw(name, "日付の誤り")
    impact = await desk(shop, "chief").preview(back)
    assert [(each.kind, each.open, each.told) for each in impact.effects] == [(ChangeKind.ADVANCED, 0, 1)]
    await desk(shop, "chief").approve(back)
    await shop.run()
    told = [(each.party, each.occasion) for each in await news(shop) if each.on == date(2026, 4, 3)]
    assert told == [(f"office/{A}", "change")]


async def test_a_duty_that_only_the_taken_back_notice_spoke_of_is_withdrawn(shop: Workshop) -> None:
    await settled_in(shop)
    name, _ = await desk(shop, "reviewer").add(paper())
    new = dict((await desk(shop, "reviewer").review(name)).candidates[1].said)
    words = dict(
        new["definition"], where="窓口です。", silence="何も起きません。", concerns_wording="全事業所"
    )
    statement = dict(new["statement"], due={"by": "2026-09-30"})
    at = desk(shop, "reviewer")
    await at.change(
        name,
        2,
        {"deadline": "example/talk", "definition": {**words, "ladder": "fixed"}, "statement": statement},
    )
    await at.drop_rest(name)
    await at.sign_off(name)
    await desk(shop, "chief").approve(name)
    await shop.run()
    back = await at.withdraw(name, "中止になったため")
    await desk(shop, "chief").approve(back)
    await shop.run()
    assert [(each.occasion, each.deadline) for each in await news(shop)] == [
        ("announcement", "example/talk"),
        ("change", "example/talk"),
    ]
    assert "取下げ" in shop.channel.parcels[-1].subject


async def test_a_retraction_that_was_turned_away_leaves_the_way_open_for_another(shop: Workshop) -> None:
    name = await reviewed(shop)
    with pytest.raises(NoticeRefusedError, match="できません"):
        await desk(shop, "reviewer").withdraw(name, "早すぎ")
    await desk(shop, "chief").approve(name)
    back = await desk(shop, "reviewer").withdraw(name, "日付の誤り")
    await desk(shop, "chief").turn_away(back, "誤りではない", relevant=True)
    again = await desk(shop, "reviewer").withdraw(name, "やはり誤り")
    assert again == f"{back}-2"
    with pytest.raises(UnknownError):
        await desk(shop, "reviewer").withdraw("nothing", "理由")
    with pytest.raises(UnknownError):
        await desk(shop, "local", Tenant(OTHER_CITY)).withdraw(name, "理由")


async def test_a_notice_of_the_catalogue_is_taken_back_the_same_way(shop: Workshop) -> None:
    await settled_in(shop)
    later = notice(date(2026, 4, 2), id="shipped")
    await shop.publish(said(by(date(2026, 7, 31)), notice=later))
    silent = notice(date(2026, 4, 2), id="silent")
    await shop.run()
    back = await desk(shop, "reviewer").withdraw("shipped", "誤って載せたため")
    await desk(shop, "chief").approve(back)
    await shop.run()
    assert (await news(shop))[-1].latest == "2026-06-30"
    await accept(shop.tools, [silent], [], [], "one")
    await approve(shop.tools, ["silent"], "two")
    with pytest.raises(NoticeRefusedError, match="取り下げるものがありません"):
        await desk(shop, "reviewer").withdraw("silent", "何も言っていない")


async def test_an_authority_takes_its_own_notice_back(shop: Workshop) -> None:
    await settled_in(shop)
    own = Tenant(OTHER_CITY)
    await shop.enrol(enrolled("9970000003", "c@example.jp", municipality=OTHER_CITY))
    await shop.run()
    name, _ = await desk(shop, "local", own).add(paper())
    at = desk(shop, "local", own)
    await at.judge(name, [1], Verdict.KEPT)
    await at.drop_rest(name)
    await at.sign_off(name)
    await desk(shop, "other", own).approve(name)
    await shop.run()
    back = await at.withdraw(name, "日付の誤り")
    await desk(shop, "other", own).approve(back)
    await shop.run()
    told = [(each.party, each.latest) for each in await news(shop) if each.occasion == "change"]
    assert told == [("office/9970000003", "2026-08-31"), ("office/9970000003", "2026-06-30")]


async def test_whatever_offices_do_while_a_duty_is_withdrawn_holds_when_it_comes_back(shop: Workshop) -> None:
    moved, other, silent, exempted, closed, new = (f"997000000{number}" for number in range(1, 7))
    duty = deadline(concerns=Services(frozenset({"11"})))
    first = [enrolled(each, f"{each}@example.jp") for each in (moved, other, silent, exempted, closed)]
    await shop.enrol(*first)
    await shop.publish(FIRST, deadlines=[duty])
    await shop.live_until(date(2026, 4, 1))
    shop.turn_to(date(2026, 4, 2), 10)
    back = await desk(shop, "reviewer").withdraw(FIRST.notice.id, "誤って載せたため")
    await desk(shop, "chief").approve(back)
    await shop.run()
    await shop.enrol(
        enrolled(moved, f"{moved}@example.jp", municipality=OTHER_CITY),
        enrolled(other, f"{other}@example.jp", services=("43",)),
        enrolled(new, f"{new}@example.jp"),
    )
    await subscribe(
        shop.tools, Selection(CITY, (silent,)), Subscription(told=False, reason="休止中"), "a clerk"
    )
    await exempt(shop.tools, NATION, exempted, REPORT, "休止中のため", "a clerk")
    await close(shop.tools, closed, date(2026, 4, 2), "a clerk")
    await shop.run()
    shop.turn_to(date(2026, 4, 3), 10)
    again = await desk(shop, "reviewer").withdraw(back, "やはり正しかったため")
    await desk(shop, "chief").approve(again)
    await shop.run()
    cohort, office, own = table(CohortRow), table(OfficeRow), table(ObligationRow)
    joined = select(office.c.number, cohort.c.municipality, cohort.c.latest).select_from(own)
    rows = await shop.rows(
        joined.join(cohort, cohort.c.id == own.c.cohort_id)
        .join(office, office.c.id == own.c.office_id)
        .order_by(office.c.number)
    )
    june = date(2026, 6, 30)
    assert rows == [(moved, OTHER_CITY, june), (silent, CITY, june), (new, CITY, june)]
    told = {each.party for each in await news(shop) if each.on == date(2026, 4, 3)}
    assert told == {f"office/{moved}", f"office/{new}"}
