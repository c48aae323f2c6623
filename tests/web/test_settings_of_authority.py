"""What an authority sets itself: days the law leaves to it, on which days is told, and when it is closed."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from pathlib import Path

import pytest
from aiohttp import ClientSession

from notifier.clock import japan_time
from notifier.domain.accounts import User
from notifier.domain.callers import Tenant
from notifier.domain.roles import Role
from notifier.publishing import publish
from notifier.running import run_due
from notifier.store import audit_records, authority_records
from notifier.tools import law_on
from tests.web.test_pages import seen, words
from tests.web.town import ADMINISTRATOR, CITY, CLERK, PREFECTURE, STAFF, Town, town

REPORT, LADDER = "/deadlines/treatment-addition-r8/report/settings", "/deadlines/wage-support/apply/settings"
PREFECTURAL = User("ken", Role.EDITOR, PREFECTURE, "県 太郎")
OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Town]:
    """A town that is changed."""
    async with town(tmp_path, stand_ins=(*STAFF, PREFECTURAL)) as found:
        yield found


async def sent(
    visitor: ClientSession,
    place: Town,
    path: str,
    form: Mapping[str, str] | Sequence[tuple[str, str]],
    who: User = ADMINISTRATOR,
) -> tuple[int, str]:
    async with visitor.post(
        place.address + path, data=form, headers=OURS, cookies={"stand-in": who.name}, allow_redirects=False
    ) as answer:
        return answer.status, await answer.text()


def asked_again(page: str) -> dict[str, str]:
    """The form of the page that asks once more."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


async def own(place: Town) -> authority_records.AuthorityRecord:
    async with place.tools.database.reading() as conn:
        found = await authority_records.authority(conn, Tenant(CITY), CITY)
    assert found is not None
    return found


# --- days the law leaves to the authority -----------------------------------------------------------------------


async def test_a_prefecture_sets_a_day_after_seeing_whom_it_concerns(
    place: Town, visitor: ClientSession
) -> None:
    form = {"type": "wage-support.application-window.set", "opens": "2026-02-02", "closes": "2026-04-30"}
    status, page = await sent(visitor, place, f"{LADDER}/day", form, PREFECTURAL)
    assert (status, "対象の事業所 3" in words(page)) == (200, True)
    assert "2026年4月30日（木）" in page
    kept = asked_again(page)
    assert (await sent(visitor, place, f"{LADDER}/day", kept, PREFECTURAL))[0] == 303
    assert (await sent(visitor, place, f"{LADDER}/day", kept, PREFECTURAL))[0] == 303
    await run_due(place.tools)
    async with place.tools.database.reading() as conn:
        law = await law_on(conn, place.tools, place.tools.today())
    days = [each.fact.day("closes") for each in law.settings if each.authority == PREFECTURE]
    assert [str(day) for day in days] == ["2026-03-31", "2026-04-30"]
    async with visitor.get(place.address + LADDER, cookies={"stand-in": "ken"}) as answer:
        assert "令和8年4月30日（木）" in await answer.text()


@pytest.mark.parametrize(
    "days,problem",
    [
        ({"opens": "2026-04-02", "closes": "2026-04-01"}, "締切日は開始日と同じ日か"),
        ({"opens": "", "closes": "2026-04-01"}, "開始日を入力してください"),
        ({"opens": "2026-02-30", "closes": "2026-04-01"}, "開始日は 2026-12-01 の形で"),
    ],
)
async def test_days_that_make_no_sense_are_given_back_with_how_to_mend_them(
    place: Town, visitor: ClientSession, days: dict[str, str], problem: str
) -> None:
    form = {"type": "wage-support.application-window.set", **days}
    status, page = await sent(visitor, place, f"{LADDER}/day", form, PREFECTURAL)
    assert (status, problem in page) == (422, True)
    assert f'value="{days["closes"]}"' in page


async def test_a_city_cannot_set_what_is_for_its_prefecture(place: Town, visitor: ClientSession) -> None:
    page = words(await seen(visitor, place, LADDER))
    assert "都道府県が定めます。千葉市では登録できません" in page
    form = {"type": "wage-support.application-window.set", "opens": "2026-02-02", "closes": "2026-04-30"}
    assert (await sent(visitor, place, f"{LADDER}/day", form, CLERK))[0] == 403


async def test_a_city_is_told_for_whom_a_day_counts_that_is_left_to_whoever_designates(
    place: Town, visitor: ClientSession
) -> None:
    place.clock.turn_to(japan_time(date(2026, 4, 10), 9))
    await publish(place.tools, place.tools.today())
    page = words(await seen(visitor, place, REPORT))
    assert "都道府県が指定した事業所も含めて、千葉市にあるすべての事業所に使われます" in page
    assert "含めて" not in words(await seen(visitor, place, LADDER))


# --- ladder and roll --------------------------------------------------------------------------------------------


async def test_on_which_days_is_told_is_chosen_confirmed_and_undone(
    place: Town, visitor: ClientSession
) -> None:
    status, page = await sent(visitor, place, LADDER, {"ladder": "last-day", "roll": "next"})
    assert (status, (await own(place)).ladders) == (200, {})
    assert (await sent(visitor, place, LADDER, asked_again(page)))[0] == 303
    assert (await own(place)).ladders == {"wage-support/apply": "last-day"}
    assert (await own(place)).rolls == {"wage-support/apply": "next"}
    async with visitor.get(place.address + LADDER, cookies={"stand-in": ADMINISTRATOR.name}) as answer:
        page = await answer.text()
    assert "元に戻す" in page
    undo = re.findall(r'<form method="post" action="[^"]+settings">(.*?)</form>', page, re.DOTALL)[-1]
    _, page = await sent(visitor, place, LADDER, asked_again(undo))
    await sent(visitor, place, LADDER, asked_again(page))
    assert (await own(place)).ladders == {}
    async with place.tools.database.reading() as conn:
        wanted = audit_records.Wanted(action="authority.amended")
        rows = await audit_records.rows(conn, Tenant(CITY), wanted, None, 10)
    assert {row.who for row in rows} == {ADMINISTRATOR.name}
    assert len(rows) == 2


async def test_one_fiscal_year_may_be_an_exception(place: Town, visitor: ClientSession) -> None:
    for roll, kept in (("previous", {"wage-support/apply@2025": "previous"}), ("", {})):
        _, page = await sent(visitor, place, f"{LADDER}/year", {"year": "2025", "year_roll": roll})
        await sent(visitor, place, f"{LADDER}/year", asked_again(page))
        assert (await own(place)).rolls == kept
    status, page = await sent(visitor, place, f"{LADDER}/year", {"year": "", "year_roll": "next"})
    assert (status, "年度（西暦）を入力してください" in page) == (422, True)


async def test_only_an_administrator_chooses(place: Town, visitor: ClientSession) -> None:
    assert (await sent(visitor, place, LADDER, {"ladder": "", "roll": ""}, CLERK))[0] == 403
    assert "変えられるのは管理者だけです" in await seen(visitor, place, LADDER)


async def test_a_ladder_that_does_not_exist_is_refused(place: Town, visitor: ClientSession) -> None:
    status, page = await sent(visitor, place, LADDER, {"ladder": "nonsense", "roll": ""})
    assert (status, "知らせる日を一覧から選んでください" in page) == (422, True)


# --- closed days ------------------------------------------------------------------------------------------------


async def test_closed_days_are_added_and_taken_away_after_asking_once_more(
    place: Town, visitor: ClientSession
) -> None:
    span = {"deed": "add", "since": "2026-02-09", "until": "2026-02-10"}
    status, page = await sent(visitor, place, "/settings/authority/closed", span)
    assert (status, "2026年2月10日（火）" in page, (await own(place)).closed) == (200, True, ())
    await sent(visitor, place, "/settings/authority/closed", asked_again(page))
    assert (await own(place)).closed == ("2026-02-09", "2026-02-10")
    _, page = await sent(
        visitor, place, "/settings/authority/closed", {"deed": "remove", "day": "2026-02-09"}
    )
    await sent(visitor, place, "/settings/authority/closed", asked_again(page))
    assert (await own(place)).closed == ("2026-02-10",)
    month = await seen(visitor, place, "/deadlines/month?month=2026-02")
    assert re.search(r'10<span class="narrow">日（火）</span></time><span class="hidden">閉庁日', month)


@pytest.mark.parametrize(
    "form,problem",
    [
        ({"deed": "add", "since": ""}, "最初の日を入力してください"),
        ({"deed": "add", "since": "2026-02-10", "until": "2026-02-09"}, "最後の日は、最初の日と同じ日か"),
        ({"deed": "add", "since": "2026-02-10", "until": "2026-12-09"}, "31日までです"),
        ({"deed": "remove", "day": "1999-01-01"}, "取り消す閉庁日を選んでください"),
    ],
)
async def test_closed_days_that_make_no_sense_are_refused(
    place: Town, visitor: ClientSession, form: dict[str, str], problem: str
) -> None:
    status, page = await sent(visitor, place, "/settings/authority/closed", form)
    assert (status, problem in page) == (422, True)


async def test_name_and_address_are_kept(place: Town, visitor: ClientSession) -> None:
    form = {"name": "千葉市 介護保険事業課", "address": "kaigo@city.example"}
    assert (await sent(visitor, place, "/settings/authority", form))[0] == 303
    assert (await own(place)).address == "kaigo@city.example"
    status, page = await sent(visitor, place, "/settings/authority", {"name": "", "address": "no address"})
    assert (status, "名称を入力" in page, "アドレスの形" in page) == (422, True, True)


async def test_who_sees_the_nation_has_no_settings_of_an_authority(
    tmp_path: Path, visitor: ClientSession
) -> None:
    async with town(tmp_path) as national:
        assert "全国を見る利用者" in await seen(visitor, national, "/settings/authority")
        await seen(visitor, national, LADDER, status=404)
