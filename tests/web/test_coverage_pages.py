"""The pages about coverage: every office is in exactly one place, in numbers, in lists, and as a file."""

import csv
import re
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from notifier.steps.subscribe import Subscription, subscribe
from notifier.store.subscriptions import Selection
from tests.web.test_pages import seen, words
from tests.web.town import CARE_PLANS, CITY, ELSEWHERE, SILENT, STAFF, VISITS, Town, town

WAGES = "/coverage/wage-support/apply"


@pytest.fixture(scope="module")
async def staffed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """A town at whose pages its clerks look; one office is not told of one duty."""
    async with town(tmp_path_factory.mktemp("coverage"), stand_ins=STAFF) as found:
        silent = Subscription(told=False, topics=("platform-subsidy/apply",), reason="休止中")
        await subscribe(found.tools, Selection(CITY, (CARE_PLANS,)), silent, "a clerk")
        yield found


async def test_the_numbers_of_each_deadline_add_up_to_all_offices(
    staffed: Town, visitor: ClientSession
) -> None:
    page = await seen(visitor, staffed, "/coverage")
    rows = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)[1:]
    assert len(rows) >= 10
    for row in rows:
        cells = re.findall(r'data-label="[^"]+">(.*?)</td>', row, re.DOTALL)
        *parts, total = [int(re.sub(r"<span.*?</span>|<[^>]+>|,", "", cell)) for cell in cells]
        assert (sum(parts), total) == (3, 3)


async def test_one_deadline_says_of_every_office_where_it_is_and_why(
    staffed: Town, visitor: ClientSession
) -> None:
    page = words(await seen(visitor, staffed, WAGES))
    assert "千葉市の事業所 3" in page
    assert re.search(r"知らせた 1 いまの内容を知らせました 1", page)
    assert re.search(r"届かない 1 宛先の登録がありません 1", page)
    assert re.search(r"合計 3", page)
    assert "この期限の出典" in page


@pytest.mark.parametrize(
    "place,found",
    [("told", [VISITS]), ("settled", [CARE_PLANS]), ("unreachable", [SILENT]), ("nonsense", [])],
)
async def test_behind_a_number_is_the_list_of_its_offices(
    staffed: Town, visitor: ClientSession, place: str, found: list[str]
) -> None:
    page = await seen(visitor, staffed, f"{WAGES}?place={place}")
    assert re.findall(r'<a href="/offices/(\w+)"', page) == found


async def test_who_decided_that_an_office_is_not_told_is_named(staffed: Town, visitor: ClientSession) -> None:
    page = words(await seen(visitor, staffed, "/coverage/platform-subsidy/apply?place=excluded"))
    assert re.search(r"配信しないと決められています 休止中（2026-01-21から、a clerk）", page)


async def test_an_unreachable_office_is_shown_with_its_telephone(
    staffed: Town, visitor: ClientSession
) -> None:
    assert "電話 043-000-0001" in words(await seen(visitor, staffed, f"{WAGES}?place=unreachable"))


async def test_all_offices_come_as_a_file_that_a_spreadsheet_opens(
    staffed: Town, visitor: ClientSession
) -> None:
    async with visitor.get(f"{staffed.address}{WAGES}/list.csv") as answer:
        content = await answer.read()
        assert answer.content_type == "text/csv"
        assert answer.headers["Content-Disposition"].endswith('"coverage-wage-support-apply-2026-01-21.csv"')
    assert content.startswith(b"\xef\xbb\xbf")
    head, *rows = csv.reader(content.decode("utf-8-sig").splitlines())
    assert head[0] == "事業所番号"
    assert [(row[0], row[3]) for row in rows] == [
        (CARE_PLANS, "完了"),
        (VISITS, "知らせた"),
        (SILENT, "届かない"),
    ]


async def test_offices_of_another_city_are_counted_for_nobody_else(
    staffed: Town, visitor: ClientSession
) -> None:
    cookies = {"stand-in": ELSEWHERE.name}
    async with visitor.get(f"{staffed.address}{WAGES}?place=told", cookies=cookies) as answer:
        page = await answer.text()
    assert "の事業所 0" in words(page)
    assert "/offices/1" not in page


async def test_what_no_office_owes_has_no_coverage(staffed: Town, visitor: ClientSession) -> None:
    await seen(visitor, staffed, "/coverage/platform/in-force", status=404)
    await seen(visitor, staffed, "/coverage/no/such", status=404)
