from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from notifier.catalogue import load
from notifier.channels.recorder import RecorderChannel
from notifier.clock import TurnedClock
from notifier.enlisting import enlist, prefecture_of
from notifier.errors import ImportRefusedError
from notifier.simulation import offline_tools
from notifier.store import outbox
from notifier.store.database import Database
from notifier.store.enrolment import Change, enrolled
from notifier.store.migration import create_all
from notifier.store.tables import OfficeRow
from notifier.tools import Tools

CHIBA = "121002"
LIST = """事業所番号,事業所名,サービス種類,メールアドレス
1270000001,ケアプランA,43,a@example.jp
1270000002,ヘルパーB,11,
""".encode("cp932")


@pytest.fixture
async def tools(database_url: str) -> AsyncIterator[Tools]:
    async with await Database.open(database_url) as database:
        await create_all(database)
        clock = TurnedClock(datetime(2026, 3, 6, 3, 0, tzinfo=UTC))
        yield offline_tools(database, clock, load(), RecorderChannel())


async def count(tools: Tools) -> int:
    async with tools.database.reading() as conn:
        return (await conn.execute(select(func.count(col(OfficeRow.id))))).scalar_one()


async def test_a_list_is_taken_over_and_its_duties_will_be_worked_out(tools: Tools) -> None:
    done = await enlist(tools, LIST, CHIBA, "clerk", dry_run=False)
    assert (done.difference.added, done.faults, done.taken_over) == (("1270000001", "1270000002"), (), True)
    async with tools.database.reading() as conn:
        office = await enrolled(conn, "1270000001")
    assert office is not None
    assert (office.name, office.services, office.municipality, office.prefecture, office.addresses) == (
        "ケアプランA", ("43",), CHIBA, "120006", ("a@example.jp",),
    )  # fmt: skip
    assert await outbox.next_due(tools.database) == tools.now()


async def test_a_dry_run_shows_the_difference_and_changes_nothing(tools: Tools) -> None:
    await enlist(tools, LIST, CHIBA, "clerk", dry_run=False)
    moved = LIST.replace(b",11,", b",11 15,") + "1270000003,デイC,15,\n".encode("cp932")
    done = await enlist(tools, moved, CHIBA, "clerk", dry_run=True)
    assert not done.taken_over
    assert done.difference.added == ("1270000003",)
    assert done.difference.changed == {"1270000002": (Change("services", "11", "11、15"),)}
    assert done.difference.unchanged == 1
    assert await count(tools) == 2


async def test_one_faulty_row_keeps_the_whole_list_out(tools: Tools) -> None:
    faulty = LIST + "127,C,99,\n".encode("cp932")
    done = await enlist(tools, faulty, CHIBA, "clerk", dry_run=False)
    assert [(fault.row, fault.column) for fault in done.faults] == [(4, "事業所番号"), (4, "サービス種類")]
    assert not done.taken_over
    assert await count(tools) == 0


async def test_what_a_list_has_no_column_for_stays_as_it_is_known(tools: Tools) -> None:
    heading = "事業所番号,事業所名,サービス種類,メールアドレス,職員数,法人名\n"
    full = heading + "1270000001,A,43,a@example.jp,4,なのはな会\n"
    await enlist(tools, full.encode(), CHIBA, "clerk", dry_run=False)
    short = "事業所番号,事業所名,サービス種類\n1270000001,新しいA,43\n"
    done = await enlist(tools, short.encode(), CHIBA, "clerk", dry_run=False)
    assert done.difference.changed == {"1270000001": (Change("name", "A", "新しいA"),)}
    async with tools.database.reading() as conn:
        office = await enrolled(conn, "1270000001")
    assert office is not None
    assert (office.staff, office.corporation, office.addresses) == (4, "なのはな会", ("a@example.jp",))


async def test_each_stage_of_an_import_tells_how_far_it_has_come(tools: Tools) -> None:
    told: list[tuple[str, float]] = []
    await enlist(
        tools, LIST, CHIBA, "clerk", dry_run=False, progress=lambda stage, share: told.append((stage, share))
    )
    assert told == [
        (stage, share) for stage in ("reading", "comparing", "taking over") for share in (0.0, 1.0)
    ]


async def test_offices_a_list_does_not_name_are_told_and_stay(tools: Tools) -> None:
    await enlist(tools, LIST, CHIBA, "clerk", dry_run=False)
    one = b"\n".join(LIST.splitlines()[:2])
    done = await enlist(tools, one, CHIBA, "clerk", dry_run=False)
    assert done.difference.gone == ("1270000002",)
    assert await count(tools) == 2


@pytest.mark.parametrize(
    "municipality,prefecture",
    [("121002", "120006"), ("011002", "010006"), ("131016", "130001"), ("473014", "470007")],
)
def test_the_prefecture_follows_from_the_municipality(municipality: str, prefecture: str) -> None:
    assert prefecture_of(municipality) == prefecture


@pytest.mark.parametrize(
    "code,said",
    [
        ("12100", "6桁の数字ではありません"),
        ("１２１００２", "6桁の数字ではありません"),
        ("121003", "検査数字"),
        ("120006", "市町村のものではありません"),
        ("990000", "検査数字"),
        ("991007", "市町村のものではありません"),
    ],
)
def test_a_code_that_is_no_municipality_is_refused(code: str, said: str) -> None:
    with pytest.raises(ImportRefusedError, match=said):
        prefecture_of(code)
