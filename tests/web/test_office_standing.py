"""What an office's staff page lets its authority decide: what does not apply to it, and whether it is open."""

import re
from collections.abc import AsyncIterator
from datetime import date

import pytest
from aiohttp import ClientSession, DummyCookieJar

from notifier.running import run_due
from tests.web.test_offices import Desk, words
from tests.web.town import APPROVER, CARE_PLANS, CLERK, ELSEWHERE, STAFF, VISITS, town

DUTY = "platform-subsidy/apply"
TITLE = "介護情報基盤の活用に向けた助成金の申請"
YES = {"confirmed": "yes"}


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """A desk in a town on 2026-02-20, three weeks before a deadline."""
    folder = tmp_path_factory.mktemp("town")
    async with (
        town(folder, until=date(2026, 2, 20), stand_ins=STAFF) as place,
        ClientSession(cookie_jar=DummyCookieJar()) as session,
    ):
        yield Desk(place, session)


async def test_a_clerk_lets_a_duty_not_apply_and_an_approver_takes_that_back(desk: Desk) -> None:
    path = f"/offices/{CARE_PLANS}/exemptions"
    assert f"{path}?deadline={DUTY}#new" in await desk.get(f"/offices/{CARE_PLANS}")
    assert "対象外と決めた期限はありません" in await desk.get(f"{path}?deadline={DUTY}")
    await desk.get(path, 404, ELSEWHERE.name)
    _, page = await desk.post(path, {"deadline": "no/such", "reason": ""}, 422)
    assert "期限を一覧から選んでください。" in page
    assert "理由を入力してください。" in page
    said = {"deadline": DUTY, "reason": "機器を置いていないと確かめた"}
    _, page = await desk.post(path, said, 200)
    assert "この期限を対象外としますか" in page
    to, page = await desk.post(path, said | YES)
    assert to == path
    assert f"「{TITLE}」を対象外としました。" in page
    await run_due(desk.place.tools)
    page = words(await desk.get(path))
    assert f"{TITLE} 2月20日（金） 令和8年（2026年） 機器を置いていないと確かめた 佐藤 花子" in page
    assert "対象に戻せるのは、承認者です。" in page
    assert "対象外と認められています（機器を置いていないと確かめた）" in await desk.get(
        f"/offices/{CARE_PLANS}"
    )
    assert "対象外と認めました" in await desk.get(f"/coverage/{DUTY}?place=not-applicable")
    back = said | {"reason": "機器を置くことになった"}
    await desk.post(f"{path}/end", back | YES, 403)
    _, page = await desk.post(f"{path}/end", back | {"reason": ""}, 422, APPROVER.name)
    assert "理由を入力してください。" in page
    _, page = await desk.post(f"{path}/end", back, 200, APPROVER.name)
    assert "お知らせの宛先 1件" in words(page)
    _, page = await desk.post(f"{path}/end", back | YES, who=APPROVER.name)
    assert f"「{TITLE}」を対象に戻しました。" in page
    _, page = await desk.post(f"{path}/end", back | YES, who=APPROVER.name)
    assert "もう対象に戻っています。" in page
    await run_due(desk.place.tools)
    assert "対象外と決めたもの" not in await desk.get(f"/offices/{CARE_PLANS}", who=CLERK.name)


async def test_other_services_bring_other_duties_after_it_was_said_which(desk: Desk) -> None:
    path = f"/offices/{CARE_PLANS}"
    page = await desk.get(f"{path}/standing")
    assert re.search(r'value="43" checked', page)
    _, page = await desk.post(f"{path}/services", {"service": "43", "why": "同じ"}, 422)
    assert "いまのサービスと同じです。" in page
    wanted = {"service": "11", "why": "訪問介護に変わった"}
    _, page = await desk.post(f"{path}/services", wanted, 200)
    assert "加える：訪問介護、外す：居宅介護支援。" in words(page)
    assert re.search(r"対象でなくなる期限 [1-9]\d*件", words(page))
    to, page = await desk.post(f"{path}/services", wanted | YES)
    assert to == f"{path}/standing"
    assert "サービスを変えました。" in page
    await run_due(desk.place.tools)
    assert "（11）" in await desk.get(path)
    assert "サービスを変更" in await desk.get(f"{path}/timeline")


async def test_an_office_that_closes_owes_nothing_until_it_is_open_again(desk: Desk) -> None:
    path = f"/offices/{VISITS}"
    await desk.get(f"{path}/standing", 404, ELSEWHERE.name)
    _, page = await desk.post(f"{path}/closing", {"kind": "closed", "on": "2027-01-01", "reason": ""}, 422)
    assert "先の日付は登録できません。" in page
    assert "理由を入力してください。" in page
    said = {"kind": "suspended", "on": "2026-02-01", "reason": "休止届"}
    _, page = await desk.post(f"{path}/closing", said, 200)
    assert "令和8年（2026年）2月1日（日）からの休止とします。" in page
    assert re.search(r"なくなる期限 [1-9]\d*件 送らなくなる宛先 1件", words(page))
    await desk.post(f"{path}/closing", said | YES)
    await run_due(desk.place.tools)
    page = await desk.get(f"{path}/standing")
    assert "休廃止 令和8年（2026年）2月1日（日）" in page
    assert "休止を登録 佐藤 花子（介護保険課） 休止届" in words(await desk.get(f"{path}/timeline"))
    _, page = await desk.post(f"{path}/closing", said | YES)
    assert "もう休廃止として登録されています。" in page
    await desk.post(f"{path}/services", {"service": "43", "why": "閉じている"} | YES, 404)
    _, page = await desk.post(f"{path}/reopening", {"reason": "再開届"}, 200)
    assert re.search(r"対象になる期限 [1-9]\d*件", words(page))
    _, page = await desk.post(f"{path}/reopening", {"reason": "再開届"} | YES)
    assert "再開を登録しました。" in page
    _, page = await desk.post(f"{path}/reopening", {"reason": "再開届"} | YES)
    assert "もう営業中に戻っています。" in page
    deeds = [action for action, _ in await desk.deeds(f"office/{VISITS}")]
    assert deeds == ["office.reopened", "office.suspended"]


async def test_a_clerk_enters_until_when_an_office_is_designated(desk: Desk) -> None:
    path = f"/offices/{CARE_PLANS}/standing"
    assert "登録していません。" in await desk.get(path)
    said = {"of": "11", "since": "2020-04-01", "until": "2026-02-19"}
    _, page = await desk.post(f"/offices/{CARE_PLANS}/term", said, 422)
    assert "過ぎた日です。" in page
    _, page = await desk.post(f"/offices/{CARE_PLANS}/term", said | {"since": "2026-03-01", "until": ""}, 422)
    assert "先の日は登録できません。" in page
    to, page = await desk.post(f"/offices/{CARE_PLANS}/term", said | {"until": "2026-03-31"})
    assert to == path
    assert "指定の期間を登録しました。" in page
    assert "令和8年（2026年）3月31日（火）まで" in words(page)
    await desk.post(f"/offices/{CARE_PLANS}/term", said | {"until": "2026-03-31"}, 404, ELSEWHERE.name)
