"""From an event of another system, over real HTTP, to the letter that acknowledges it, with a worker at work."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import date
from pathlib import Path

from aiohttp import ClientSession
from pydantic import SecretStr
from sqlalchemy import select
from sqlmodel import col

from notifier.channels.parcel import BeforeDot, Parcel
from notifier.channels.recorder import RecorderChannel
from notifier.clock import TurnedClock, japan_time
from notifier.domain.receipts import Receipt
from notifier.service import Service
from notifier.settings import Settings
from notifier.store import outbox
from notifier.store.tables import ObligationRow

TOP = Path(__file__).resolve().parents[2]
OFFICE = "1270000001"
LIST = f"事業所番号,事業所名,サービス種類,メール\n{OFFICE},ケアプランA,43,a@example.jp\n".encode()
PATIENCE = 30
MORNING = japan_time(date(2026, 1, 22), 8)


class Heard(RecorderChannel):
    """A recorder on which somebody waits for a letter."""

    def __init__(self) -> None:
        """Have heard of nothing."""
        super().__init__()
        self.letter: asyncio.Future[Parcel] = asyncio.get_running_loop().create_future()

    async def send(
        self, parcels: Sequence[Parcel], before_dot: BeforeDot
    ) -> AsyncIterator[tuple[str, Receipt]]:
        """Record, and tell who waits."""
        async for each in super().send(parcels, before_dot):
            yield each
            for parcel in self.parcels:
                if parcel.date > MORNING and not self.letter.done():
                    self.letter.set_result(parcel)


async def key_from_the_command(url: str, folder: Path) -> str:
    surroundings = os.environ | {"PYTHONPATH": str(TOP), "NOTIFIER_DATABASE_URL": url}
    asked = ["key", "create", "--as", "operator", "--scope", "events:write", "--label", "国保中央会"]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "notifier",
        *asked,
        cwd=folder,
        env=surroundings,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode().strip()


async def test_an_event_from_another_system_settles_what_it_is_about_and_is_acknowledged(
    migrated_url: str, tmp_path: Path
) -> None:
    settings = Settings(database_url=SecretStr(migrated_url), secret_key=SecretStr("k" * 32), http_port=0)
    clock = TurnedClock(japan_time(date(2026, 1, 21), 10))
    heard = Heard()
    async with Service.open(settings, clock=clock, channel=heard) as service:
        await service.migrate()
        await service.import_offices(LIST, "121002", dry_run=False)
        worker = service.worker()
        await worker.work_off()
        clock.turn_to(japan_time(date(2026, 1, 22), 8, 30))
        working = asyncio.create_task(worker.work())
        token = await key_from_the_command(migrated_url, tmp_path)
        async with service.door(wake=worker.wake) as address, ClientSession() as system:
            event = {
                "specversion": "1.0",
                "id": "2026-000123",
                "source": "urn:example:operator",
                "type": "platform-subsidy.accepted",
                "subject": f"office/{OFFICE}",
                "time": "2026-01-22T08:15:00+09:00",
            }
            headers = {
                "Authorization": f"Bearer {token}",
                "Content-Type": "application/cloudevents+json",
            }
            for _ in range(2):
                async with system.post(f"{address}/v1/events", json=event, headers=headers) as answer:
                    assert answer.status == 202
            clock.turn_to(japan_time(date(2026, 1, 22), 9))
            async with service.database.transaction() as conn:
                await outbox.enqueue(conn, "dispatch", clock.now())  # as the ticker does
            worker.wake()
            letter = await asyncio.wait_for(heard.letter, PATIENCE)
        worker.stop()
        await working
        async with service.database.reading() as conn:
            settled = select(col(ObligationRow.settled_on)).where(
                col(ObligationRow.deadline) == "platform-subsidy/apply"
            )
            assert (await conn.execute(settled)).scalars().all() == [date(2026, 1, 22)]
    assert letter.recipient == "a@example.jp"
    assert letter.subject.startswith("【受付済】助成金申請")
