"""The door of an office's page: who comes in, which forms count, and what strangers learn (nothing)."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import func, select

from notifier.clock import japan_time
from notifier.counter import VALID
from notifier.domain.callers import NATION
from notifier.publishing import publish
from notifier.steps.subscribe import Subscription, subscribe
from notifier.store.declarations import DeclarationRow
from notifier.store.subscriptions import Selection
from notifier.store.tables import ContactRow, FactRow
from notifier.web.gate import OPEN
from tests.web.town import CARE_PLANS, CITY, VISITS, Town, contents, town

UNTIL = date(2026, 2, 20)
OURS = {"Sec-Fetch-Site": "same-origin"}
SEEN = "/seen/platform-subsidy/apply/0"
MARK = re.compile(r'name="mark" value="([^"]+)"')


@dataclass(frozen=True)
class Visitor:
    """Somebody with an address of an office's page, without a browser's manners."""

    place: Town
    session: aiohttp.ClientSession
    home: str

    async def get(self, below: str = "") -> tuple[int, str]:
        async with self.session.get(self.home + below) as answer:
            return answer.status, await answer.text()

    async def mark(self, below: str = SEEN) -> str:
        found = MARK.search((await self.get(below))[1])
        assert found is not None
        return found[1]

    async def post(self, below: str, headers: dict[str, str] | None = None, **typed: Any) -> tuple[int, str]:
        sent = self.session.post(
            self.home + below, headers=OURS if headers is None else headers, data=typed, allow_redirects=False
        )
        async with sent as answer:
            return answer.status, await answer.text()


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Town]:
    async with town(tmp_path, until=UNTIL) as found:
        yield found


@pytest.fixture
async def visitor(place: Town) -> AsyncIterator[Visitor]:
    async with aiohttp.ClientSession() as session:
        yield Visitor(place, session, place.way(CARE_PLANS))


async def count(place: Town, model: Any) -> int:
    async with place.tools.database.reading() as conn:
        return int((await conn.execute(select(func.count()).select_from(model))).scalar_one())


# ---- who comes in ----


async def test_the_page_tells_nobody_else_and_runs_no_script(visitor: Visitor) -> None:
    async with visitor.session.get(visitor.home) as answer:
        headers = answer.headers
        body = await answer.text()
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "noindex" in headers["X-Robots-Tag"]
    assert "script" not in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "<script" not in body
    assert "a@one.example" not in body
    assert re.findall(r'(?:src|href|action)="(?:https?:)?//', body) == []


async def test_every_wrong_address_gets_the_same_answer(visitor: Visitor) -> None:
    async def told(path: str) -> tuple[int, str]:
        async with visitor.session.get(visitor.place.address + path) as answer:
            return answer.status, await answer.text()

    token = visitor.home.rpartition("/")[2]
    wrong = ["x", token[:-2], token.swapcase(), f"{token}.x", "ImEi.abc"]
    answers = {await told(f"/o/{each}") for each in wrong}
    answers |= {await told(f"/o/{wrong[0]}{SEEN}")}
    assert len(answers) == 1
    assert {status for status, _ in answers} == {404}


async def test_an_old_address_offers_to_send_a_new_one_to_the_contacts_of_the_office(
    visitor: Visitor,
) -> None:
    before = len(await contents(visitor.place))
    visitor.place.clock.turn_to(visitor.place.tools.now() + VALID + timedelta(days=1))
    status, body = await visitor.get()
    assert status == 410
    assert "登録済みの宛先に新しいアドレスを送る" in body
    status, _ = await visitor.post("/again", {"Sec-Fetch-Site": "cross-site"})
    assert status == 403
    status, body = await visitor.post("/again")
    assert (status, "お送りしました" in body) == (200, True)
    await visitor.place.turn(visitor.place.tools.today())
    new = [mail for mail in (await contents(visitor.place))[before:] if "事業所のページのアドレスを" in mail]
    assert [mail.partition("\n")[0] for mail in new] == ["a@one.example"]


async def test_a_new_address_is_sent_to_nobody_who_shows_a_revoked_one_or_none(visitor: Visitor) -> None:
    assert (await visitor.post("/again"))[0] == 303
    await visitor.place.counter.revoke(NATION, CARE_PLANS, "a clerk")
    status, body = await visitor.get()
    assert (status, "新しいアドレスに切り替えられました" in body) == (410, True)
    assert (await visitor.post("/again"))[0] == 404


async def test_no_token_stands_in_the_log(visitor: Visitor, capfd: pytest.CaptureFixture[str]) -> None:
    await visitor.get()
    await visitor.get("/nothing")
    await visitor.post(SEEN, {})
    async with visitor.session.get(visitor.home + "x"):
        pass
    written = "".join(capfd.readouterr())
    assert visitor.home.rpartition("/")[2] not in written


# ---- which forms count ----


async def test_a_form_from_elsewhere_or_without_its_mark_changes_nothing(visitor: Visitor) -> None:
    mark = await visitor.mark()
    assert (await visitor.post(SEEN, {"Sec-Fetch-Site": "cross-site"}, mark=mark, step="do"))[0] == 403
    assert (await visitor.post(SEEN, {"Origin": "https://evil.example"}, mark=mark, step="do"))[0] == 403
    assert (await visitor.post(SEEN, {}, mark=mark, step="do"))[0] == 403
    assert (await visitor.post(SEEN, step="do"))[0] == 422
    assert (await visitor.post(SEEN, mark="forged", step="do"))[0] == 422
    assert await count(visitor.place, DeclarationRow) == 0


async def test_a_form_of_another_office_does_not_count(visitor: Visitor) -> None:
    other = Visitor(visitor.place, visitor.session, visitor.place.way(VISITS))
    assert (await visitor.post(SEEN, mark=await other.mark("/message"), step="do"))[0] == 422
    assert await count(visitor.place, DeclarationRow) == 0


async def test_browsers_that_tell_no_site_write_null_for_pages_without_referrer(visitor: Visitor) -> None:
    status, _ = await visitor.post(SEEN, {"Origin": "null"}, mark=await visitor.mark(), step="do")
    assert status == 303
    assert await count(visitor.place, DeclarationRow) == 1


async def test_two_clicks_and_two_devices_have_one_effect(visitor: Visitor) -> None:
    mark = await visitor.mark()
    answers = await asyncio.gather(*(visitor.post(SEEN, mark=mark, step="do") for _ in range(5)))
    assert [status for status, _ in answers] == [303] * 5
    assert await count(visitor.place, DeclarationRow) == 1


async def test_who_sends_without_end_is_told_to_wait(visitor: Visitor) -> None:
    for _ in range(60):
        assert (await visitor.post(SEEN, mark=await visitor.mark(), step="do"))[0] == 303
    status, body = await visitor.post(SEEN, mark=await visitor.mark(), step="do")
    assert (status, "しばらくしてから" in body) == (429, True)


async def test_a_form_that_was_open_too_long_keeps_what_was_typed(visitor: Visitor) -> None:
    mark = await visitor.mark("/message")
    visitor.place.clock.turn_to(visitor.place.tools.now() + timedelta(hours=3))
    status, body = await visitor.post("/message", mark=mark, words="用紙はどこですか。", step="do")
    assert status == 422
    assert "用紙はどこですか。" in body
    assert "まだ何も登録されていません" in body


async def test_when_mails_are_to_come_is_chosen_on_the_page_asked_once_more_and_shown(
    visitor: Visitor,
) -> None:
    contact = re.search(r"/contacts/(\d+)", (await visitor.get())[1])
    assert contact is not None
    path = f"/contacts/{contact[1]}/shape"

    async def send(first: str, last: str, step: str = "", path: str = path) -> tuple[int, str]:
        typed = [("mark", await visitor.mark(path)), ("text_only", "no"), ("scope", "all"), ("step", step)]
        typed += [("address", "new@one.example"), ("role", "clerk")]
        typed += [("weekdays", "4"), ("weekdays", "2"), ("hours", first), ("hours", last)]
        sent = visitor.session.post(visitor.home + path, headers=OURS, data=typed, allow_redirects=False)
        async with sent as answer:
            return answer.status, await answer.text()

    status, body = await send("17", "13")
    assert (status, "時間帯の終わりは、始まりより後の時刻にしてください。" in body) == (422, True)
    status, body = await send("13", "17")
    assert (status, "火・木の13時〜17時" in body) == (200, True)
    assert 'name="hours" value="13"><input type="hidden" name="hours" value="17"' in body
    assert (await send("13", "17", "do"))[0] == 303
    assert "火・木の13時〜17時に送ります" in (await visitor.get())[1]
    assert "火・木の13時〜17時に送ります" in (await visitor.get(path.removesuffix("/shape")))[1]
    form = (await visitor.get(path.replace("shape", "replace")))[1]
    assert re.findall(r'name="weekdays" value="(\d)" checked', form) == ["2", "4"]
    assert re.findall(r'<option value="(\d+)" selected>', form) == ["13", "17"]
    assert "火・木の9時〜12時" in (await send("9", "12", path="/contacts/new"))[1]
    assert (await send("9", "12", "do", "/contacts/new"))[0] == 303
    async with visitor.place.tools.database.reading() as conn:
        kept = await conn.execute(select(ContactRow.weekdays, ContactRow.hours).order_by(ContactRow.id))  # type: ignore[call-overload]  # two columns
        assert {("24", "13-17"), ("24", "09-12")} <= {tuple(row) for row in kept}


# ---- what belongs to others ----


async def test_what_belongs_to_another_office_is_not_there(visitor: Visitor) -> None:
    async with visitor.place.tools.database.reading() as conn:
        rows = (await conn.execute(select(ContactRow.id, ContactRow.address))).all()  # type: ignore[call-overload]  # two columns
    (theirs,) = [number for number, address in rows if address == "b@two.example"]
    other = Visitor(visitor.place, visitor.session, visitor.place.way(VISITS))
    assert (await other.get(f"/contacts/{theirs}"))[0] == 200
    for below in (f"/contacts/{theirs}", f"/contacts/{theirs}/stop", "/calendar/cal_000000000000"):
        assert (await visitor.get(below))[0] == 404
    await other.post(SEEN, mark=await other.mark(SEEN), step="do")
    status, _ = await visitor.post("/undo/1", mark=await visitor.mark())
    assert status == 303
    async with visitor.place.tools.database.reading() as conn:
        states = (await conn.execute(select(DeclarationRow.state))).scalars().all()  # type: ignore[call-overload]  # one column
    assert states == ["applied"]


@pytest.mark.parametrize(
    "below",
    [
        "/done/wage-support/covered-months/0",
        "/done/nothing/at-all/0",
        "/remind/wage-support/report/0x",
        "/ours/platform-subsidy/apply/0",
    ],
)
async def test_what_is_not_offered_cannot_be_done(visitor: Visitor, below: str) -> None:
    assert (await visitor.get(below))[0] == 404


async def test_what_concerns_an_office_is_recorded_with_the_data_that_the_law_asks_for(
    visitor: Visitor,
) -> None:
    below = "/ours/care-manager-caseload/cpdl-in-use/0"
    mark = await visitor.mark(below)
    status, body = await visitor.post(below, mark=mark, on="2026-02-31")
    assert (status, "2026-12-01 の形" in body) == (422, True)
    status, _ = await visitor.post(below, mark=mark, on="2026-02-19", step="do")
    assert status == 303
    await visitor.place.turn(UNTIL + timedelta(days=1))
    async with visitor.place.tools.database.reading() as conn:
        kinds = (await conn.execute(select(FactRow.type).order_by(FactRow.id))).scalars().all()  # type: ignore[call-overload]  # one column
    assert kinds[-1] == "caseload-relaxation.claimed"


# ---- what is shown ----


async def test_what_changed_lately_is_shown_from_old_to_new(tmp_path: Path) -> None:
    async with (
        town(tmp_path, first=date(2026, 1, 5), until=date(2026, 1, 12)) as place,
        aiohttp.ClientSession() as session,
    ):
        place.clock.turn_to(japan_time(date(2026, 1, 13), 0))
        await publish(place.tools, date(2026, 1, 13))
        await place.turn(date(2026, 1, 14))
        _, body = await Visitor(place, session, place.way(VISITS)).get()
    changed = body[body.index("最近変わったこと") : body.index('id="todo"')]
    assert "これまで" in changed
    assert "2026-05-31" in changed
    assert "これから" in changed


async def test_a_fact_that_is_wrong_is_named_in_the_message_about_it(visitor: Visitor) -> None:
    _, body = await visitor.get("/message?fact=0")
    assert "の登録が違います。正しくは、" in body
    for nothing in ("/message?fact=99", "/message?fact=x", "/message"):
        assert "の登録が違います" not in (await visitor.get(nothing))[1]


async def test_that_the_municipality_tells_no_more_is_said_and_the_duty_stays(visitor: Visitor) -> None:
    wanted = Subscription(told=False, topics=("platform-subsidy",), reason="市で一括して案内するため")
    await subscribe(visitor.place.tools, Selection(CITY, (CARE_PLANS,)), wanted, "a clerk")
    _, body = await visitor.get()
    assert "市町村の判断により、この期限のお知らせは送っていません" in body
    assert "市で一括して案内するため" not in body
    assert "介護情報基盤の活用に向けた助成金の申請" in body


def test_offices_come_to_their_pages_without_signing_in_and_the_staff_do_not() -> None:
    assert "/o/token/done/a/b/0".startswith(OPEN)
    assert "/code".startswith(OPEN)
    assert not "/offices/1270001005".startswith(OPEN)
