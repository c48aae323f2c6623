import re
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.web.town import Town, town


@pytest.fixture
async def turning(tmp_path: Path) -> AsyncIterator[Town]:
    async with town(tmp_path) as found:
        yield found


async def token(visitor: ClientSession, turning: Town) -> str:
    async with visitor.get(f"{turning.address}/clock") as answer:
        found = re.search(r'name="token" value="([^"]+)"', await answer.text())
    assert found is not None
    return found[1]


async def test_turning_the_clock_sends_what_falls_due_and_says_what_it_was(
    turning: Town, visitor: ClientSession
) -> None:
    before = await turning.mailbox.count()
    form = {"token": await token(visitor, turning), "to": "2026-02-27"}
    async with visitor.post(f"{turning.address}/clock", data=form) as answer:
        page = await answer.text()
        assert (answer.status, str(answer.url.relative())) == (
            200,
            "/clock?after=2026-01-21&until=2026-02-27",
        )

    assert turning.tools.today() == date(2026, 2, 27)
    assert "令和8年2月27日（金）" in page
    assert "2026年1月21日（水）から2026年2月27日（金）までに起きたこと" in page
    assert "期限前のお知らせ" in page
    assert 'href="/deadlines/platform-subsidy/apply"' in page
    assert await turning.mailbox.count() > before


@pytest.mark.parametrize(
    "to,told",
    [
        ("2026-01-20", "時計は戻せません。2026年1月21日（水）より後の日付を選んでください。"),
        ("2026-01-21", "時計は戻せません。2026年1月21日（水）より後の日付を選んでください。"),
        ("2028-01-01", "一度に進められるのは400日までです。"),
        ("2026-02-30", "日付を 2026-12-01 の形で入力してください。"),
        ("tomorrow", "日付を 2026-12-01 の形で入力してください。"),
        ("", "日付を 2026-12-01 の形で入力してください。"),
    ],
)
async def test_a_day_that_cannot_be_turned_to_is_refused_with_a_reason(
    place: Town, visitor: ClientSession, to: str, told: str
) -> None:
    form = {"token": await token(visitor, place), "to": to}
    async with visitor.post(f"{place.address}/clock", data=form) as answer:
        page = await answer.text()
        assert answer.status == 422
    assert told in page
    assert 'aria-describedby="to-problem"' in page
    assert place.tools.today() == date(2026, 1, 21)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
    ],
)
async def test_a_form_sent_from_elsewhere_turns_nothing(
    place: Town, visitor: ClientSession, headers: dict[str, str]
) -> None:
    form = {"token": await token(visitor, place), "to": "2026-01-22"}
    async with visitor.post(f"{place.address}/clock", data=form, headers=headers) as answer:
        assert answer.status == 403
        assert "この操作は受け付けられません" in await answer.text()
    assert place.tools.today() == date(2026, 1, 21)


@pytest.mark.parametrize("forged", ["", "2026-01-21", "2026-01-21.AAAA"])
async def test_a_form_that_we_did_not_sign_turns_nothing(
    place: Town, visitor: ClientSession, forged: str
) -> None:
    async with visitor.post(f"{place.address}/clock", data={"token": forged, "to": "2026-01-22"}) as answer:
        assert answer.status == 422
    assert place.tools.today() == date(2026, 1, 21)


async def test_a_form_opened_before_the_last_turn_turns_nothing(
    turning: Town, visitor: ClientSession
) -> None:
    old = {"token": await token(visitor, turning), "to": "2026-01-22"}
    async with visitor.post(f"{turning.address}/clock", data=old) as answer:
        assert answer.status == 200
    async with visitor.post(f"{turning.address}/clock", data=old | {"to": "2026-01-23"}) as answer:
        assert answer.status == 422
        assert "この画面を開いてから時計が進みました" in await answer.text()
    assert turning.tools.today() == date(2026, 1, 22)


async def test_a_form_larger_than_any_of_ours_is_refused(place: Town, visitor: ClientSession) -> None:
    async with visitor.post(f"{place.address}/clock", data={"to": "9" * 50_000}) as answer:
        assert answer.status == 413
