"""The pages about deadlines: the list, the month, one deadline on any day, whom it concerns, how far they are."""

import re
from collections.abc import AsyncIterator
from datetime import date
from xml.etree import ElementTree as ET

import pytest
from aiohttp import ClientSession

from notifier.domain.callers import NATION
from notifier.domain.dates import Part
from notifier.domain.expressions import InMonth
from notifier.domain.law import Law
from notifier.tools import law_on
from notifier.web.pages import charts, months
from tests.builders import ISSUED, REPORT, by, law, said
from tests.web.test_pages import seen, words
from tests.web.town import CARE_PLANS, ELSEWHERE, SILENT, STAFF, VISITS, Town, town


@pytest.fixture(scope="module")
async def staffed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """A town at whose pages its clerks look."""
    async with town(tmp_path_factory.mktemp("deadlines"), stand_ins=STAFF) as found:
        yield found


async def law_of(place: Town, day: date) -> Law:
    async with place.tools.database.reading() as conn:
        return await law_on(conn, place.tools, day)


# --- the list and the month --------------------------------------------------------------------------------


async def test_the_list_counts_only_offices_of_who_looks(staffed: Town, visitor: ClientSession) -> None:
    page = words(await seen(visitor, staffed, "/deadlines"))
    assert re.search(r"賃上げ・職場環境改善支援の申請 .{0,80}任意 .{0,60}対応中 2 完了 1", page)
    cookies = {"stand-in": ELSEWHERE.name}
    async with visitor.get(f"{staffed.address}/deadlines", cookies=cookies) as answer:
        assert not re.search(r"対応中 [1-9]", words(await answer.text()))


async def test_a_month_shows_what_ends_and_what_opens_on_which_day(
    staffed: Town, visitor: ClientSession
) -> None:
    january = words(await seen(visitor, staffed, "/deadlines/month?month=2026-01"))
    march = words(await seen(visitor, staffed, "/deadlines/month?month=2026-03"))
    assert re.search(r"19 日（月） 賃上げ支援 受付開始", january)
    assert re.search(r"13 日（金） .{0,20}助成.{0,12} 期限（予定） 残り3／3", march)
    assert re.search(r"31 日（火） .{0,40}賃上げ支援 期限 残り2／3", march)


def test_what_is_no_day_stands_below_the_month_and_never_on_a_day() -> None:
    early = InMonth(2026, 3, Part.EARLY)
    found = months.month_of(law(said(early)), [], date(2026, 3, 1), ISSUED, NATION)
    assert found.is_empty
    assert [(item.deadline.id, item.wording) for item in found.undated] == [
        (REPORT, "令和8年3月上旬（日は示されていません）")
    ]
    assert months.month_of(law(said(early)), [], date(2026, 4, 1), ISSUED, NATION).undated == ()


def test_a_fixed_day_stands_on_it_and_is_said_to_be_planned() -> None:
    planned = law(said(by(date(2026, 7, 31)), tentative=True))
    found = months.month_of(planned, [], date(2026, 7, 1), ISSUED, NATION)
    [item] = [item for week in found.weeks for day in week if day for item in day.items]
    assert (item.deadline.id, item.opens, item.tentative, item.members) == (REPORT, False, True, 0)


@pytest.mark.parametrize("written", ["", "2026-13", "0001-01", "9999-12", "２０２６-01", "2026-1", "x"])
async def test_a_month_that_makes_no_sense_shows_the_present_one(
    staffed: Town, visitor: ClientSession, written: str
) -> None:
    async with visitor.get(f"{staffed.address}/deadlines/month", params={"month": written}) as answer:
        assert (answer.status, "令和8年1月の予定" in await answer.text()) == (200, True)


async def test_every_day_of_a_month_is_in_it_once(staffed: Town) -> None:
    known = await law_of(staffed, date(2026, 1, 21))
    for month in range(1, 13):
        found = months.month_of(known, [], date(2026, month, 15), date(2026, 1, 21), NATION)
        days = [day.on for week in found.weeks for day in week if day]
        assert {len(week) for week in found.weeks} == {7}
        assert days == sorted(days)
        assert (days[0].day, len(days)) == (1, len(set(days)))
        assert all(
            day is None or day.on.isoweekday() % 7 == place
            for week in found.weeks
            for place, day in enumerate(week)
        )


# --- one deadline -------------------------------------------------------------------------------------------


async def test_a_deadline_names_the_days_on_which_it_is_said(staffed: Town, visitor: ClientSession) -> None:
    page = words(await seen(visitor, staffed, "/deadlines/wage-support/apply"))
    ladder = page.split("知らせる日")[1].split("いつ、どの資料が")[0]
    assert re.search(
        r"年）1月19日（月） 受付開始 済み 令和8年（2026年）1月30日（金） 期限前のお知らせ（60日前）", ladder
    )
    assert re.search(r"令和8年（2026年）3月31日（火） 期限当日 ?（当日）", ladder)
    assert "日を定めた者 千葉県" in page


async def test_a_deadline_is_seen_as_it_was_known_on_another_day(
    staffed: Town, visitor: ClientSession
) -> None:
    now = words(await seen(visitor, staffed, "/deadlines/free-pass/apply"))
    then = words(await seen(visitor, staffed, "/deadlines/free-pass/apply?on=2025-04-01&known_on=2025-04-01"))
    assert "令和7年4月1日（火）までに知られていたことで" in then
    assert "から令和8年5月31日" in then.split("内容と経過")[0]
    assert "から令和8年5月31日" not in now.split("内容と経過")[0]
    assert "1月13日（火） 令和8年" not in then


async def test_what_was_not_known_yet_is_said_to_be_unknown(staffed: Town, visitor: ClientSession) -> None:
    page = words(await seen(visitor, staffed, "/deadlines/free-pass/apply?known_on=2020-01-01"))
    assert "この日には、この期限について何も知られていませんでした" in page
    assert "この日までに知られていた資料はありません" in page


async def test_a_day_that_makes_no_sense_is_answered_with_how_to_mend_it(
    staffed: Town, visitor: ClientSession
) -> None:
    for asked, told in (
        ("on=32-13-1", "見る日は 2026-12-01 の形で"),
        ("known_on=2030-01-01", "今日までの日を"),
    ):
        page = await seen(visitor, staffed, f"/deadlines/free-pass/apply?{asked}", status=422)
        assert told in page


async def test_an_unknown_deadline_is_not_found(staffed: Town, visitor: ClientSession) -> None:
    for end in ("", "/offices", "/progress"):
        await seen(visitor, staffed, f"/deadlines/no/such{end}", status=404)


# --- whom it concerns ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked,found",
    [
        ("", [CARE_PLANS, VISITS, SILENT]),
        ("state=settled", [CARE_PLANS]),
        ("state=open", [VISITS, SILENT]),
        ("service=78", [SILENT]),
        ("q=さくら台", [CARE_PLANS]),
        ("state=nonsense", [CARE_PLANS, VISITS, SILENT]),
        ("state=lapsed", []),
    ],
)
async def test_offices_are_filtered_by_state_service_and_words(
    staffed: Town, visitor: ClientSession, asked: str, found: list[str]
) -> None:
    page = await seen(visitor, staffed, f"/deadlines/wage-support/apply/offices?{asked}")
    assert re.findall(r'<a href="/offices/(\w+)"', page) == found
    assert bool(found) == ("条件に合う事業所はありません" not in page)


async def test_a_clerk_of_another_city_sees_none_of_them(staffed: Town, visitor: ClientSession) -> None:
    async with visitor.get(
        f"{staffed.address}/deadlines/wage-support/apply/offices", cookies={"stand-in": ELSEWHERE.name}
    ) as answer:
        assert "対象の事業所はまだありません" in await answer.text()


# --- how far they are ----------------------------------------------------------------------------------------


async def test_progress_is_drawn_and_written_in_a_table_beside(staffed: Town, visitor: ClientSession) -> None:
    page = await seen(visitor, staffed, "/deadlines/wage-support/apply/progress")
    drawing = page[page.index('<svg class="chart"') : page.index("</svg>")] + "</svg>"
    assert ET.fromstring(drawing).findall("polyline")
    assert "style=" not in page
    text = words(page)
    assert "1 ／3事業所" in text
    assert re.search(r"1月21日（水） 令和8年（2026年） 1 33％", text)
    assert re.search(r"居宅介護支援 43 1 1 0 0 0 100\.0％", text)


async def test_a_deadline_without_offices_says_what_will_stand_there(
    staffed: Town, visitor: ClientSession
) -> None:
    page = words(await seen(visitor, staffed, "/deadlines/platform/in-force/progress"))
    assert "対象になっている事業所はまだありません" in page


def test_a_chart_grows_day_by_day_to_the_present_and_names_the_due_day() -> None:
    settled = [(date(2026, 1, 10), 2), (date(2026, 2, 1), 3)]
    chart = charts.completion_of(10, settled, date(2026, 1, 1), date(2026, 2, 15), date(2026, 3, 31))
    points = [tuple(map(float, pair.split(","))) for pair in chart.line.split()]
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert [y for _, y in points] == sorted((y for _, y in points), reverse=True)
    assert (chart.settled, chart.percent, chart.due, chart.now) == (
        5,
        50,
        points[-1][0] and chart.due,
        points[-1][0],
    )
    assert [(row.on, row.settled) for row in chart.rows][-1] == (date(2026, 2, 15), 5)
    assert chart.due == charts.WIDTH - charts.RIGHT


def test_a_long_time_is_told_month_by_month() -> None:
    chart = charts.completion_of(4, [(date(2025, 6, 30), 4)], date(2025, 1, 1), date(2026, 6, 10), None)
    assert [row.on for row in chart.rows][:3] == [date(2025, 1, 31), date(2025, 2, 28), date(2025, 3, 31)]
    assert chart.rows[-1].on == date(2026, 6, 10)
    assert len(chart.days) <= 9


def test_what_began_today_is_drawn_as_well() -> None:
    today = date(2026, 1, 5)
    chart = charts.completion_of(1, [], today, today, None)
    assert (chart.settled, chart.now is not None, chart.due, chart.percent) == (0, True, None, 0)
