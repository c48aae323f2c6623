"""Calendars over HTTP: what calendar programs get, and what nobody else does."""

import logging
from pathlib import Path

import pytest
from aiohttp import ClientSession

from notifier.almanac import WantedCalendar, Whose, open_calendar
from notifier.domain.callers import NATION
from notifier.steps.lend import recall
from tests.calendars import by_icalendar
from tests.web.town import CARE_PLANS, VISITS, Town, town


async def address_of(place: Town, office: str = CARE_PLANS, mark: bytes = b"a") -> str:
    wanted = WantedCalendar(Whose.OFFICE, office)
    token = await open_calendar(place.tools, wanted, lambda length: mark * length, "test")
    return f"{place.address}/calendar/{token}.ics"


async def test_a_calendar_is_fetched_once_and_then_only_when_it_changed(
    place: Town, visitor: ClientSession
) -> None:
    address = await address_of(place)
    async with visitor.get(address) as answer:
        text = await answer.text()
        assert (answer.status, answer.content_type, answer.charset) == (200, "text/calendar", "utf-8")
        assert answer.headers["Cache-Control"] == "private, max-age=900"
        assert answer.headers["Content-Disposition"] == 'inline; filename="office-deadlines.ics"'
        tag = answer.headers["ETag"]
    assert len(by_icalendar(text)) > 2
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        async with visitor.get(address, headers={"If-None-Match": known}) as answer:
            assert (answer.status, answer.headers["ETag"], await answer.read()) == (304, tag, b"")
            assert answer.headers["Cache-Control"] == "private, max-age=900"
    async with visitor.get(address, headers={"If-None-Match": '"other"'}) as answer:
        assert answer.status == 200
    async with visitor.head(address) as answer:
        assert (answer.status, answer.headers["ETag"], await answer.read()) == (200, tag, b"")
        assert answer.headers["Content-Length"] == str(len(text.encode()))


async def test_an_unknown_calendar_is_not_found_and_a_revoked_one_is_gone(
    tmp_path: Path, visitor: ClientSession
) -> None:
    async with town(tmp_path) as place:
        address = await address_of(place, mark=b"b")
        assert await recall(place.tools, NATION, address.rpartition("/")[2].partition(".")[0], "test")
        async with visitor.get(address) as answer:
            assert answer.status == 410
            assert "配信は終わりました" in await answer.text()
        for wrong in (address.replace("YmJ", "YmK"), f"{place.address}/calendar/cal_x.ics"):
            async with visitor.get(wrong) as answer:
                assert answer.status == 404
        async with visitor.post(address) as answer:
            assert (answer.status, answer.headers["Allow"]) == (405, "GET,HEAD")


async def test_a_hostile_name_stays_text_in_a_calendar(place: Town, visitor: ClientSession) -> None:
    async with visitor.get(await address_of(place, VISITS, b"c")) as answer:
        found = by_icalendar(await answer.text())
    assert all("訪問介護 <script>alert(1)" in each.description for each in found)


async def test_the_secret_of_a_calendar_is_not_logged_when_its_page_fails(
    tmp_path: Path,
    visitor: ClientSession,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    async with town(tmp_path) as place:
        address = await address_of(place, mark=b"d")
        await place.tools.database.close()
        async with place.tools.database.transaction() as conn:
            await conn.exec_driver_sql("DROP TABLE calendar_version")
        async with visitor.get(address) as answer:
            assert answer.status == 503
    secret = address.rpartition("/")[2].partition(".")[2].partition(".")[0]
    told = caplog.text + "".join(capsys.readouterr())
    assert "/calendar/{token}.ics" in told
    assert secret not in told


async def test_the_offices_page_tells_of_its_calendars_and_never_their_addresses(
    tmp_path: Path, visitor: ClientSession
) -> None:
    async with town(tmp_path) as place:
        page = f"{place.address}/offices/{CARE_PLANS}/record"
        async with visitor.get(page) as answer:
            assert "発行していません" in await answer.text()
        address = await address_of(place, mark=b"e")
        async with visitor.get(page) as answer:
            assert "まだ読まれていません" in await answer.text()
        async with visitor.get(address):
            pass
        async with visitor.get(page) as answer:
            text = await answer.text()
    assert "最後に読まれた日" in text
    assert "webcal://" in text
    assert address.rpartition("/")[2].split(".")[1] not in text
