"""The service as it is wired: settings in, letters out, mail stopped by whoever owns the address."""

import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from aiohttp import ClientSession, DummyCookieJar
from pydantic import SecretStr

from notifier.channels.mailbox import Mailbox, Received
from notifier.clock import TurnedClock, japan_time
from notifier.service import Service
from notifier.settings import Settings

LIST = """事業所番号,事業所名,サービス種類,メール
1270000001,ケアプランA,43,a@example.jp
1270000002,訪問介護B,11,b@example.jp
""".encode()


class Post:
    """A mailbox that keeps what it got."""

    def __init__(self) -> None:
        """Start empty."""
        self.received: list[Received] = []

    async def take(self, received: Sequence[Received]) -> None:
        """Keep what came in."""
        self.received.extend(received)


@pytest.fixture
async def post() -> AsyncIterator[tuple[Post, int]]:
    kept = Post()
    mailbox = Mailbox(kept.take, lambda: datetime(2026, 1, 13, tzinfo=UTC))
    port = await mailbox.start()
    yield kept, port
    await mailbox.stop()


def settings_for(url: str, port: int | None) -> Settings:
    ours = Settings(database_url=SecretStr(url), secret_key=SecretStr("k" * 32), http_port=0)
    return ours.model_copy(
        update={"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none"} if port else {}
    )


async def enlisted(service: Service) -> None:
    await service.migrate()
    done = await service.import_offices(LIST, "121002", dry_run=False)
    assert (len(done.difference.added), done.faults) == (2, ())


async def test_offices_taken_over_from_a_list_get_one_letter_each_with_what_is_open(
    migrated_url: str, post: tuple[Post, int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    kept, port = post
    clock = TurnedClock(japan_time(date(2026, 1, 13), 9))
    async with Service.open(settings_for(migrated_url, port), clock=clock) as service:
        await enlisted(service)
        await service.worker().work_off()
    assert sorted(each.recipient for each in kept.received) == ["a@example.jp", "b@example.jp"]
    assert all(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in each.content for each in kept.received)


async def test_without_a_relay_letters_wait_and_leave_once_there_is_one(
    migrated_url: str, post: tuple[Post, int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    kept, port = post
    clock = TurnedClock(japan_time(date(2026, 1, 13), 9))
    async with Service.open(settings_for(migrated_url, None), clock=clock) as service:
        await enlisted(service)
        await service.worker().work_off()
    assert kept.received == []
    clock.turn_to(japan_time(date(2026, 1, 13), 10))
    async with Service.open(settings_for(migrated_url, port), clock=clock) as service:
        await service.worker().work_off()
    assert len(kept.received) == 2


async def test_an_address_stops_getting_mail_only_by_a_post_and_its_office_shows_as_not_reached(
    sqlite_file_url: str, post: tuple[Post, int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    kept, port = post
    clock = TurnedClock(japan_time(date(2026, 1, 13), 9))
    async with (
        Service.open(settings_for(sqlite_file_url, port), clock=clock) as service,
        ClientSession(cookie_jar=DummyCookieJar()) as visitor,
        service.door() as address,
    ):
        await enlisted(service)
        await service.worker().work_off()
        mail = next(each.content for each in kept.received if each.recipient == "a@example.jp")
        found = re.search(rb"List-Unsubscribe: <http://[^/]+(/unsubscribe/[^>]+)>", mail)
        assert found is not None
        page = address + found[1].decode()
        async with visitor.get(page) as answer:
            assert answer.status == 200
            assert "メールの配信を止めますか" in await answer.text()
        async with visitor.get(f"{address}/offices/1270000001/record") as answer:
            assert "a@example.jp" in await answer.text()
        for _ in range(2):
            async with visitor.post(page, data={"List-Unsubscribe": "One-Click"}) as answer:
                assert answer.status == 200
                assert "配信を止めました" in await answer.text()
        async with visitor.post(f"{page}x") as answer:
            assert answer.status == 404
        async with visitor.get(f"{address}/offices/1270000001/record") as answer:
            assert "送りません" in await answer.text()
        clock.turn_to(japan_time(date(2026, 3, 6), 9))
        await service.worker().work_off()
    assert {each.recipient for each in kept.received[2:]} == {"b@example.jp"}
