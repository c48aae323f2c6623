"""A whole journey, with everything that can go wrong on it: the log names no person, no office and no secret."""

import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from aiohttp import ClientSession
from pydantic import SecretStr

from notifier import log
from notifier.almanac import WantedCalendar, Whose
from notifier.channels.mailbox import Mailbox
from notifier.clock import TurnedClock, japan_time
from notifier.keyring import WantedKey
from notifier.service import Service
from notifier.settings import Settings
from notifier.store.database import Database
from tests.plain_log import log_plainly

NUMBER = "1270000001"
LIST = (
    "事業所番号,事業所名,サービス種類,メール,法人名\n"
    f"{NUMBER},ケアプラン花子の家,43,hanako@kaigo.example.jp,株式会社ひみつの里\n"
    "1270000002,訪問介護ないしょ,11,jiro@kaigo.example.jp,株式会社ひみつの里\n"
)
PERSONAL = (
    "花子の家",
    "ないしょ",
    "ひみつの里",
    "hanako",
    "jiro",
    "kaigo.example.jp",
    "kigen@city.example.jp",
)
SECRET = "the-key-that-signs-everything-here"
DAY = date(2026, 1, 13)


@pytest.fixture(autouse=True)
def log_as_before(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    log_plainly()


def settings_for(url: str, port: int) -> Settings:
    return Settings(
        database_url=SecretStr(url),
        secret_key=SecretStr(SECRET),
        http_port=0,
        smtp_host="127.0.0.1",
        smtp_port=port,
        smtp_tls="none",
        mail_from="kigen@city.example.jp",
    )


async def wander(service: Service) -> list[str]:
    """Use every door, rightly and wrongly; return the secrets that were used."""
    calendar = await service.create_calendar(WantedCalendar(Whose.OFFICE, NUMBER))
    contact = await service.create_calendar(WantedCalendar(Whose.CONTACT, "hanako@kaigo.example.jp"))
    key = await service.create_key(WantedKey("", "operator", ("events:write",), "国保中央会"))
    stop = service.tools.unsubscribe("jiro@kaigo.example.jp") or ""
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "/test",
        "type": "cpdl.started",
        "subject": f"office/{NUMBER}",
        "time": "2026-01-13T00:00:00Z",
        "data": {},
    }
    wrong = event | {
        "id": "2",
        "type": "cpdl.linked",
        "data": {"partner": "花子の家 hanako@kaigo.example.jp"},
    }
    async with service.door() as address, ClientSession() as visitor:
        there = {"Authorization": f"Bearer {key}", "Content-Type": "application/cloudevents+json"}
        for each in (event, wrong):
            async with visitor.post(f"{address}/v1/events", json=each, headers=there) as answer:
                assert answer.status in {202, 422}
        paths = [each.partition("/calendar/")[2] for each in (calendar, contact)]
        pages = [f"/calendar/{each}" for each in paths] + [f"/offices/{NUMBER}", "/offices?q=花子の家", "/"]
        pages.append(stop.removeprefix(service.settings.base_url))
        for page in pages:
            async with visitor.get(f"{address}{page}") as answer:
                assert answer.status == 200
        async with visitor.post(f"{address}{pages[-1]}") as answer:
            assert answer.status == 200
        await _break(service.database)
        for page in pages:
            async with visitor.get(f"{address}{page}") as answer:
                assert answer.status in {200, 500, 503}
        async with visitor.post(f"{address}/v1/events", json=event | {"id": "3"}, headers=there) as answer:
            assert answer.status >= 500
    tokens = [each.partition(".")[2].removesuffix(".ics") for each in paths]
    return [
        *tokens,
        key.partition(".")[2],
        stop.rpartition("/")[2],
        SECRET,
    ]


async def _break(database: Database) -> None:
    async with database.transaction() as conn:
        for name in ("fact", "calendar_version", "contact"):
            await conn.exec_driver_sql(f"ALTER TABLE {name} RENAME TO {name}_gone")


async def test_the_log_of_a_journey_names_no_person_no_office_and_no_secret(
    migrated_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    log.set_up("json", "debug")
    clock = TurnedClock(japan_time(DAY, 9))
    mailbox = Mailbox(_lose, lambda: datetime(2026, 1, 13, tzinfo=UTC))
    port = await mailbox.start()
    async with Service.open(settings_for(migrated_url, port), clock=clock) as service:
        await service.migrate()
        await service.import_offices(LIST.encode(), "121002", dry_run=False)
        await service.worker().work_off()
        await mailbox.stop()
        clock.turn_to(japan_time(date(2026, 1, 14), 9))
        await service.worker().work_off()
        secrets = await wander(service)
        clock.turn_to(japan_time(date(2026, 1, 15), 9))
        await service.worker().work_off()
    told = "".join(capfd.readouterr())
    assert "page failed" in told
    assert [each for each in (*PERSONAL, *secrets) if each in told] == []


async def _lose(_: object) -> None:
    """Take mail in and forget it."""
