"""Events that were set aside: staff see why, and have them tried again once the cause is mended."""

from collections.abc import AsyncIterator
from datetime import date

import pytest
from aiohttp import ClientSession, DummyCookieJar

from notifier.domain.expressions import DUE_SET
from notifier.domain.facts import Value
from notifier.running import run_due
from notifier.steps.enrol import enrol
from notifier.steps.record import record
from notifier.store import event_records
from notifier.store.enrolment import Enrolled
from notifier.store.event_records import Wanted
from notifier.store.facts import Event
from notifier.web.event_words import told
from tests.web.test_offices import MINE, Desk, words
from tests.web.town import CITY, ELSEWHERE, PREFECTURE, STAFF, town

NUMBER = "1270009958"
TODAY = date(2026, 2, 20)


@pytest.fixture
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """A desk in a town that has told of an office before it was known, and set a day that is not its own to set."""
    folder = tmp_path_factory.mktemp("town")
    async with (
        town(folder, until=TODAY, stand_ins=STAFF) as place,
        ClientSession(cookie_jar=DummyCookieJar()) as session,
    ):
        now = place.tools.now()
        held = Event(
            "urn:a", "1", "treatment-addition.held", TODAY, now, {"tier": "1"}, "x", NUMBER, sender=CITY
        )
        values: dict[str, Value] = {"deadline": "platform-subsidy/apply", "due": TODAY}
        due = Event("urn:a", "2", DUE_SET, TODAY, now, values, "y", None, CITY, sender=CITY)
        await record(place.tools, [held, due])
        yield Desk(place, session)


async def test_what_was_set_aside_is_explained_and_tried_again_once_its_cause_is_mended(desk: Desk) -> None:
    page = words(await desk.get("/settings/events"))
    assert "待っています 事業所が登録されるか、出来事の日が来ると、反映します。" in page
    assert "効き目なし いまの規則では、この期限の日を決めるのはこの自治体ではない" in page
    office = Enrolled(NUMBER, "後から", ("43",), ELSEWHERE.authority, PREFECTURE)
    await enrol(desk.place.tools, [office], "ito")
    assert "保留した出来事" in await desk.get("/")
    page = await desk.get("/settings/events?state=failed")
    assert "送り手の自治体の事業所ではありません" in page
    async with desk.place.tools.database.reading() as conn:
        (kept,) = await event_records.events(conn, MINE, Wanted("failed"), None, 5)
    again = f"/settings/events/{kept.id}/replay"
    assert f'action="{again}"' in page
    await desk.post(again, {}, 404, ELSEWHERE.name)
    await enrol(desk.place.tools, [Enrolled(NUMBER, "後から", ("43",), CITY, PREFECTURE)], "sato")
    _, page = await desk.post(again, {})
    assert "もう一度試します。" in page
    assert "もう一度試しています。" in page
    await run_due(desk.place.tools)
    assert "この状態の出来事はありません" in await desk.get("/settings/events?state=failed")
    _, page = await desk.post(again, {})
    assert "もう保留ではありません" in page
    assert "保留した出来事" not in await desk.get("/")


def test_a_reason_that_nobody_foresaw_is_told_with_what_to_do() -> None:
    assert "運用担当者に伝えてください" in told("failed", "KeyError: 'x'")
    assert "通知が承認されてから" in told("failed", "UnknownError: a/b: no such deadline; …")
    assert told("applied", "") == ""
