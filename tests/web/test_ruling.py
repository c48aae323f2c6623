"""The page on which the nation's editor settles what sources leave open."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession

from notifier.domain.accounts import User
from notifier.domain.law import Law
from notifier.domain.notices import Rank
from notifier.domain.obligations import CohortKey, decide
from notifier.domain.roles import Role
from notifier.domain.statements import Resolution
from notifier.tools import law_on
from tests.web.test_notice_pages import look, post
from tests.web.test_pages import words
from tests.web.town import CLERK, Town, town

EDITOR, CHIEF = (
    User("takahashi", Role.EDITOR, "", "高橋 実"),
    User("watanabe", Role.APPROVER, "", "渡辺 京子"),
)
PASS = "free-pass/apply"
TODAY = date(2026, 3, 19)
REASON = "老健局に電話で確かめました（3月18日）。"


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Town]:
    """A town on a day on which one paper ends the free pass with the year, and a newer one in its second half."""
    async with town(tmp_path, TODAY, TODAY - timedelta(days=1), stand_ins=(EDITOR, CHIEF, CLERK)) as found:
        yield found


async def found(place: Town) -> Resolution:
    async with place.tools.database.reading() as conn:
        law: Law = await law_on(conn, place.tools, TODAY)
    decision = decide(law, CohortKey(PASS, 0, "", "", taken_up=True, anchor=None), TODAY)
    assert decision is not None
    return decision.resolution


async def test_a_contradiction_is_settled_by_two_people_of_the_nation(
    place: Town, visitor: ClientSession
) -> None:
    (other,) = (await found(place)).against
    assert "期日を決める" in await look(visitor, place, f"/deadlines/{PASS}", EDITOR)
    assert "期日を決める" not in await look(visitor, place, f"/deadlines/{PASS}", CLERK)
    form = f"/deadlines/{PASS}/ruling"
    asked = words(await look(visitor, place, form, EDITOR))
    assert "令和8年度（2026年度）中" in asked
    assert "2026年度下期中" in asked
    status, _, page = await post(visitor, place, form, {"source": other.id}, EDITOR)
    assert (status, "理由を入力してください。" in page) == (422, True)
    said = {"source": other.id, "reason": REASON, "target": "2026-09-30"}
    status, to, page = await post(visitor, place, form, said, EDITOR)
    assert status == 303, page
    impact = words(await look(visitor, place, to, EDITOR))
    assert "運用担当者の判断" in impact
    notice = to.removesuffix("/impact")
    assert "老健局に電話で確かめました" in await look(visitor, place, notice, EDITOR)
    assert (await post(visitor, place, f"{notice}/sign", {}, EDITOR))[0] == 303
    assert (await found(place)).against == (other,)
    assert (await post(visitor, place, f"{notice}/approve", {}, CHIEF))[0] == 303
    now = await found(place)
    assert (now.prevailing.notice.rank, now.against) == (Rank.DECISION, ())
    assert (now.prevailing.due, now.prevailing.target) == (other.due, date(2026, 9, 30))
    assert now.prevailing.remark == REASON
    async with visitor.get(place.address + form, cookies={"stand-in": EDITOR.name}) as answer:
        assert answer.status == 404


async def test_the_day_may_be_one_that_no_source_names(place: Town, visitor: ClientSession) -> None:
    form = f"/deadlines/{PASS}/ruling"
    async with visitor.get(place.address + form, cookies={"stand-in": CLERK.name}) as answer:
        assert answer.status == 404
    empty = {"source": "own", "how": "by", "reason": REASON}
    status, _, page = await post(visitor, place, form, empty, EDITOR)
    assert (status, "期日を入力してください。" in page, REASON in page) == (422, True, True)
    odd = {**empty, "by": "2026-12-25", "target": "2026-12-28"}
    status, _, page = await post(visitor, place, form, odd, EDITOR)
    assert (status, "安全な期日は" in page) == (422, True)
    status, to, page = await post(visitor, place, form, {**empty, "by": "2026-12-25"}, EDITOR)
    assert status == 303, page
    assert "12月25日" in words(await look(visitor, place, to, EDITOR))
