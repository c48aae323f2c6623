"""The demonstration as a program: replayed in memory, saved, and its clock turned."""

from datetime import date
from pathlib import Path

import pytest

from notifier.channels.recorder import RecorderChannel
from notifier.clock import ShiftedClock, TurnedClock, civil_date, japan_time
from notifier.demonstration.program import replay, turning
from notifier.service import Service
from notifier.settings import Settings
from notifier.store.board import totals


def offices_of(channel: RecorderChannel) -> set[str]:
    return {each.recipient for each in channel.parcels if not each.recipient.endswith("@notifier.example")}


async def test_the_citys_first_weeks_are_replayed_saved_and_turned_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NOTIFIER_DATABASE_URL", "sqlite+aiosqlite://")
    real = TurnedClock(japan_time(date(2025, 3, 13), 12))
    clock = ShiftedClock(real, japan_time(date(2025, 2, 1), 0))
    first, then = RecorderChannel(), RecorderChannel()
    days: list[date] = []
    async with Service.open(Settings(), clock=clock, channel=first) as service:
        await replay(service, clock, real, lambda _begin, today, _end: days.append(today))
        await service.database.save_to(tmp_path / "city.sqlite3")
    assert days == sorted(days)
    assert civil_date(clock.now()) == date(2025, 3, 13)
    assert {civil_date(parcel.date) for parcel in first.parcels} == {date(2025, 2, 6)}

    monkeypatch.setenv("NOTIFIER_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'city.sqlite3'}")
    async with Service.open(Settings(), clock=clock, channel=then) as service:
        async with service.database.reading() as conn:
            assert (await totals(conn)).offices == 1434
        await turning(service, clock)(date(2025, 3, 14))
    assert civil_date(clock.now()) == date(2025, 3, 14)
    assert offices_of(then) == offices_of(first)
    assert {parcel.subject[:14] for parcel in then.parcels} == {"【変更→5/31(日)予定】"}
