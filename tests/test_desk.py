"""A notice goes from its file to an approved change of the law, by two persons, and back if it was wrong."""

from dataclasses import replace
from datetime import date

import pytest

from notifier.domain.callers import Tenant
from notifier.domain.changes import ChangeKind
from notifier.domain.reviews import Verdict
from notifier.domain.stages import Stage
from notifier.errors import NoticeRefusedError, UnknownError
from notifier.rehearsal import what_if
from notifier.reviewing import ReviewRefusedError
from notifier.steps.enact import DriftError
from notifier.store.reviews import Review
from notifier.store.tables import AuditRow, NoticeRow, StatementRow
from tests.builders import REPORT, by, city, notice, prefecture, said
from tests.notices import desk, handed_in, news, paper, reviewed, settled_in
from tests.steps.workshop import OTHER_CITY, Workshop, enrolled


async def stage_of(shop: Workshop, name: str) -> tuple[Stage, str]:
    found = {each.notice: each for each in await desk(shop, "anybody").arrived()}[name]
    return found.stage, found.reason


async def deeds(shop: Workshop, name: str) -> list[tuple[str, str]]:
    rows = [each for each in await shop.all(AuditRow) if each.subject == f"notice/{name}"]
    return [(each.action, each.who) for each in rows]


# ---- reading ----


async def test_a_notice_is_read_into_numbered_candidates(shop: Workshop) -> None:
    await settled_in(shop)
    name, is_new = await desk(shop, "clerk").add(paper())
    assert is_new
    assert await desk(shop, "clerk").add(paper()) == (name, False)
    review = await desk(shop, "clerk").review(name)
    assert [(each.number, each.verdict) for each in review.candidates] == [
        (1, Verdict.OPEN),
        (2, Verdict.OPEN),
    ]
    first, second = review.candidates
    assert first.said["deadline"] == REPORT
    assert first.said["statement"]["due"] == {"by": "2026-08-31"}
    assert first.found["amends"][0]["change"] == "extended"
    assert "definition" in second.said
    assert (review.identity["number"], review.identity["issued"]) == ("例発第20号", "2026-04-02")
    assert (await stage_of(shop, name))[0] is Stage.READ
    assert len(await shop.all(StatementRow)) == 1


async def test_what_is_told_of_a_notice_comes_before_what_is_read(shop: Workshop) -> None:
    await settled_in(shop)
    handed = replace(paper(), issuer="別の局", number="別第1号", issued=date(2026, 4, 1), title="別の題")
    name, _ = await desk(shop, "clerk").add(handed)
    identity = (await desk(shop, "clerk").review(name)).identity
    assert [identity[key] for key in ("title", "issuer", "number", "issued")] == [
        "別の題",
        "別の局",
        "別第1号",
        "2026-04-01",
    ]


# ---- reviewing ----


async def test_a_review_is_refused_with_what_stands_in_its_way(shop: Workshop) -> None:
    await settled_in(shop)
    name, _ = await desk(shop, "clerk").add(paper())
    with pytest.raises(ReviewRefusedError, match="まだ判断されていません") as refused:
        await desk(shop, "reviewer").sign_off(name)
    assert {each.place for each in refused.value.objections} == {"候補", "候補1、2"}
    await desk(shop, "reviewer").judge(name, [1, 2], Verdict.KEPT)
    with pytest.raises(ReviewRefusedError, match="確かめてください") as refused:
        await desk(shop, "reviewer").sign_off(name)
    assert {each.number for each in refused.value.objections} == {2}
    assert (await stage_of(shop, name))[0] is Stage.READ


async def test_what_begins_on_a_later_day_is_reviewed_on_that_day_and_told_then(shop: Workshop) -> None:
    name = await handed_in(shop)
    at = desk(shop, "reviewer")
    await at.correct(name, {"known_from": "2026-04-10"})
    with pytest.raises(ReviewRefusedError, match="令和8年4月10日（金）は、まだ来ていません"):
        await at.sign_off(name)
    shop.turn_to(date(2026, 4, 10), 10)
    await at.sign_off(name)
    await desk(shop, "chief").approve(name)
    await shop.run()
    assert [(each.on, each.latest) for each in await news(shop)] == [(date(2026, 4, 10), "2026-08-31")]


async def test_bad_input_changes_nothing_and_is_answered_in_japanese(shop: Workshop) -> None:
    name = await handed_in(shop)
    at = desk(shop, "reviewer")
    kept = await at.review(name)
    good = dict(kept.candidates[0].said)
    for bad, where, words in (
        ({**good, "statement": {**good["statement"], "due": {"by": "2026-02-30"}}}, "期限の日", "実在する日"),
        ({**good, "statement": {**good["statement"], "due": {"at": "noon"}}}, "期日", "書き方"),
        ({**good, "statement": {**good["statement"], "plase": "1"}}, "記載", "plase"),
        ({**good, "statement": {"place": ""}}, "記載箇所", "文字"),
        ({**good, "deadline": "Annual Report"}, "期限", "形"),
        ({**good, "note": 1}, "候補1", "note"),
        ({"deadline": REPORT}, "記載", "statement"),
        ({**good, "definition": []}, "定義", "表"),
        ({**good, "definition": {"title": "x", "short": "x", "modality": "must"}}, "義務の強さ", "required"),
    ):
        with pytest.raises(ReviewRefusedError) as refused:
            await at.change(name, 1, bad)
        assert where in refused.value.objections[0].place, bad
        assert words in str(refused.value.objections[0]), bad
    assert await at.review(name) == kept
    with pytest.raises(UnknownError, match="候補9"):
        await at.judge(name, [9], Verdict.KEPT)


async def test_a_candidate_is_changed_and_a_missed_one_added(shop: Workshop) -> None:
    name = await handed_in(shop)
    at = desk(shop, "reviewer")
    changed = dict((await at.review(name)).candidates[0].said)
    changed["statement"] = {**changed["statement"], "remark": "5月分も同じです。"}
    review = await at.change(name, 1, changed)
    assert review.candidates[0].verdict is Verdict.CHANGED
    assert (await at.judge(name, [1], Verdict.DROPPED)).candidates[0].verdict is Verdict.DROPPED
    assert (await at.judge(name, [1], Verdict.KEPT)).candidates[0].verdict is Verdict.CHANGED
    added = {"deadline": REPORT, "statement": {"place": "別紙", "remark": "様式は別紙です。"}}
    review = await at.supply(name, added)
    assert [(each.number, each.verdict) for each in review.candidates] == [
        (1, Verdict.CHANGED),
        (2, Verdict.DROPPED),
        (3, Verdict.ADDED),
    ]
    await at.judge(name, [3], Verdict.OPEN)
    assert (await at.judge(name, [3], Verdict.KEPT)).candidates[2].verdict is Verdict.ADDED
    assert [deed for deed, _ in await deeds(shop, name)].count("notice.revised") == 8
    await at.sign_off(name)
    await desk(shop, "chief").approve(name)
    assert await at.objections(name) == []
    assert [each.id for each in await shop.all(StatementRow) if each.notice == name] == [
        f"{REPORT}#{name}-1",
        f"{REPORT}#{name}-3",
    ]


async def test_whoever_reviews_is_asked_what_a_page_of_slides_is_called_and_when_it_was_issued(
    shop: Workshop,
) -> None:
    cover = "例の制度の周知のための説明資料\n\n例の省 例局 例課\n\n令和8年3月\n\n"
    name, _ = await desk(shop, "clerk").add(paper(f"{cover}必要な職員の数について\n\n本文です。\n"))
    at = desk(shop, "reviewer")
    asked = {each.place: each.is_error for each in await at.objections(name)}
    assert {"題名", "発出日"} <= asked.keys()
    assert not asked["題名"]
    await at.correct(name, {"title": "例の制度の説明資料", "issued": "2026-03-20"})
    assert {"題名", "発出日"}.isdisjoint(each.place for each in await at.objections(name))


async def test_the_reviewer_says_what_a_notice_is(shop: Workshop) -> None:
    name = await handed_in(shop)
    at = desk(shop, "reviewer")
    await at.correct(name, {"issuer": "例の省 介護局", "issued": "2026-04-01", "rank": "law"})
    for bad, words in (
        ({"issued": "きのう"}, "2026-03-17"),
        ({"title": " "}, "題名"),
        ({"rank": "memo"}, "notice（通知・事務連絡）"),
        ({"colour": "red"}, "colour"),
        ({"issuer": 7}, "文字"),
    ):
        with pytest.raises(ReviewRefusedError, match=words):
            await at.correct(name, bad)
    await at.sign_off(name)
    await desk(shop, "chief").approve(name)
    (kept,) = [each for each in await shop.all(NoticeRow) if each.id == name]
    assert (kept.issuer, kept.issued, kept.rank) == ("例の省 介護局", date(2026, 4, 1), 40)
    assert (kept.accepted_by, kept.approved_by) == ("reviewer", "chief")


async def test_whoever_has_seen_something_else_changes_nothing(shop: Workshop) -> None:
    name = await handed_in(shop)

    def check(review: Review) -> None:
        raise NoticeRefusedError(review.notice)

    with pytest.raises(NoticeRefusedError):
        await desk(shop, "reviewer").drop_rest(name, check)


# ---- the impact, and two persons ----


async def test_the_impact_is_shown_before_anything_is_signed(shop: Workshop) -> None:
    name = await handed_in(shop)
    impact = await desk(shop, "reviewer").preview(name)
    assert [(each.kind, each.offices, each.told) for each in impact.effects] == [(ChangeKind.EXTENDED, 2, 1)]
    assert "8月31日" in impact.samples[0].text
    await desk(shop, "reviewer").judge(name, [1], Verdict.DROPPED)
    with pytest.raises(ReviewRefusedError, match="採用した候補がありません"):
        await desk(shop, "reviewer").preview(name)
    await desk(shop, "reviewer").supply(
        name, {"deadline": "example/nothing", "statement": {"place": "1", "due": {"by": "2026-09-30"}}}
    )
    with pytest.raises(ReviewRefusedError, match="example/nothing"):
        await desk(shop, "reviewer").preview(name)


async def test_nothing_leaves_before_a_second_person_approves(shop: Workshop) -> None:
    name = await reviewed(shop)
    await shop.run()
    assert await news(shop) == []
    with pytest.raises(NoticeRefusedError, match="別の人"):
        await desk(shop, "reviewer").approve(name)
    await desk(shop, "chief").approve(name)
    await shop.run()
    assert [(each.party, each.occasion, each.latest) for each in await news(shop)] == [
        ("office/9970000001", "change", "2026-08-31")
    ]
    assert await deeds(shop, name) == [
        ("notice.received", "clerk"),
        ("notice.read", "clerk"),
        ("notice.revised", "reviewer"),
        ("notice.revised", "reviewer"),
        ("notice.reviewed", "reviewer"),
        ("notice.approved", "chief"),
    ]
    with pytest.raises(NoticeRefusedError, match="承認済み"):
        await desk(shop, "reviewer").drop_rest(name)
    with pytest.raises(NoticeRefusedError, match="承認済み"):
        await desk(shop, "reviewer").sign_off(name)


async def test_whoever_handed_a_notice_in_may_approve_what_another_reviewed(shop: Workshop) -> None:
    name = await reviewed(shop)
    await desk(shop, "clerk").approve(name)
    assert (await stage_of(shop, name))[0] is Stage.APPROVED


async def test_what_is_changed_after_the_review_is_open_again(shop: Workshop) -> None:
    name = await reviewed(shop)
    await desk(shop, "another").correct(name, {"number": "例発第21号"})
    stage, reason = await stage_of(shop, name)
    assert (stage, "もう一度の確認" in reason) == (Stage.READ, True)
    with pytest.raises(NoticeRefusedError, match="読み取り済み"):
        await desk(shop, "chief").approve(name)


async def test_an_audience_that_has_changed_since_the_review_opens_it_again(shop: Workshop) -> None:
    name = await reviewed(shop)
    await shop.enrol(enrolled("9970000003", "c@example.jp"))
    await shop.run()
    with pytest.raises(DriftError, match=r"知らせる相手が変わりました（1事業所 → 2事業所）"):
        await desk(shop, "chief").approve(name)
    stage, reason = await stage_of(shop, name)
    assert (stage, "知らせる相手" in reason) == (Stage.READ, True)
    await desk(shop, "reviewer").sign_off(name)
    await desk(shop, "chief").approve(name)
    assert ("notice.reopened", "chief") in await deeds(shop, name)


async def test_a_law_that_has_moved_since_the_review_opens_it_again(shop: Workshop) -> None:
    name = await reviewed(shop)
    other = notice(date(2026, 4, 2), id="another")
    await shop.publish(said(by(date(2026, 7, 31)), notice=other))
    await shop.run()
    with pytest.raises(DriftError):
        await desk(shop, "chief").approve(name)


# ---- turned away ----


async def test_a_notice_that_was_turned_away_is_taken_up_again(shop: Workshop) -> None:
    name = await reviewed(shop)
    await desk(shop, "chief").turn_away(name, "別の県の通知", relevant=False)
    with pytest.raises(NoticeRefusedError, match="対象外"):
        await desk(shop, "reviewer").drop_rest(name)
    await desk(shop, "reviewer").take_up(name)
    assert (await stage_of(shop, name))[0] is Stage.READ


# ---- whose notice ----


async def test_a_notice_of_an_authority_touches_its_own_offices_only(shop: Workshop) -> None:
    await settled_in(shop)
    await shop.enrol(enrolled("9970000003", "c@example.jp", municipality=OTHER_CITY))
    await shop.run()
    own = Tenant(OTHER_CITY)
    name, _ = await desk(shop, "local", own).add(paper())
    assert await desk(shop, "stranger", Tenant("999016")).arrived() == []
    with pytest.raises(UnknownError):
        await desk(shop, "stranger", Tenant("999016")).drop_rest(name)
    twin, is_new = await desk(shop, "clerk").add(paper())
    assert (is_new, twin != name) == (True, True)
    at = desk(shop, "local", own)
    await at.judge(name, [1], Verdict.KEPT)
    await at.drop_rest(name)
    nation = {"deadline": REPORT, "statement": {"place": "1", "due": {"by": "2026-09-30"}, "authority": ""}}
    await at.supply(name, nation)
    assert [each.number for each in await at.objections(name) if each.is_error] == [3]
    await at.judge(name, [3], Verdict.DROPPED)
    assert [each.offices for each in (await at.sign_off(name)).effects] == [1]
    await desk(shop, "other", own).approve(name)
    await shop.run()
    assert {each.party for each in await news(shop) if each.latest == "2026-08-31"} == {"office/9970000003"}


async def test_a_word_of_a_prefecture_counts_for_every_office_in_it_and_shows_nobodys_addresses(
    shop: Workshop,
) -> None:
    chiba, towns = "120006", ("121002", "122033")
    inside = [replace(city(code), prefecture=chiba) for code in towns]
    await shop.keep(prefecture(chiba), *inside)
    await settled_in(shop)
    await shop.enrol(
        enrolled("9970000003", "c@example.jp", municipality=towns[0], prefecture=chiba),
        enrolled("9970000004", municipality=towns[1], prefecture=chiba),
    )
    await shop.run()
    own = Tenant(chiba)
    at = desk(shop, "local", own)
    name, _ = await at.add(paper())
    await at.judge(name, [1], Verdict.KEPT)
    await at.drop_rest(name)
    asked = await what_if(shop.tools, REPORT, {"by": "2026-08-31"}, tenant=own, authority=chiba)
    seen = await at.preview(name)
    assert [each.offices for each in seen.effects] == [each.offices for each in asked.effects] == [2]
    assert (seen.offices, seen.letters, seen.no_address, seen.unreached) == (1, 1, 1, ())
    (sample,) = seen.samples
    assert (sample.address, "見本の事業所" in sample.text) == ("mihon-1@example.jp", True)
    assert "9970000003" not in sample.text
    named = await desk(shop, "clerk").preview(name)
    assert [each.number for each in named.unreached] == ["9970000004"]
    assert [each.address for each in named.samples] == ["c@example.jp"]
    assert (await at.sign_off(name)).offices == 1
    await desk(shop, "other", own).approve(name)
    await shop.run()
    told = {each.party for each in await news(shop) if each.latest == "2026-08-31"}
    assert told == {"office/9970000003"}


async def test_a_deadline_of_an_authority_has_a_name_of_its_own(shop: Workshop) -> None:
    await settled_in(shop)
    own = Tenant(OTHER_CITY)
    at = desk(shop, "local", own)
    name, _ = await at.add(paper())
    review = await at.review(name)
    new = dict(review.candidates[1].said)
    assert new["deadline"] == f"local-{OTHER_CITY}/consult"
    await at.change(name, 2, {**new, "deadline": "example/consult"})
    await at.judge(name, [1], Verdict.DROPPED)
    assert any(f"local-{OTHER_CITY}/" in each.mend for each in await at.objections(name))
    words = dict(
        new["definition"],
        where="市に相談します。",
        silence="何も起きません。",
        concerns_wording="市内の事業所",
    )
    await at.change(name, 2, {**new, "definition": words})
    assert [each for each in await at.objections(name) if each.is_error] == []
    twin, _ = await desk(shop, "clerk").add(paper())
    await desk(shop, "clerk").change(twin, 2, {**new, "definition": words})
    assert any("自治体独自" in each.message for each in await desk(shop, "clerk").objections(twin))
