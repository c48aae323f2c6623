from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from notifier.catalogue import load
from notifier.channels.recorder import RecorderChannel
from notifier.clock import TurnedClock
from notifier.enlisting import Enlisted, Wanted, check_municipality, counts, outcomes
from notifier.errors import ImportRefusedError
from notifier.simulation import offline_tools
from notifier.steps.enlist import enlist
from notifier.store import outbox
from notifier.store.database import Database
from notifier.store.enrolment import Change, enrolled
from notifier.store.tables import OfficeRow
from notifier.tools import Tools

CHIBA = "121002"
LIST = """事業所番号,事業所名,サービス種類,メールアドレス
1270000001,ケアプランA,43,a@example.jp
1270000019,ヘルパーB,11,
""".encode("cp932")


@pytest.fixture
async def tools(migrated_url: str) -> AsyncIterator[Tools]:
    async with await Database.open(migrated_url) as database:
        clock = TurnedClock(datetime(2026, 3, 6, 3, 0, tzinfo=UTC))
        yield offline_tools(database, clock, load(), RecorderChannel())


async def count(tools: Tools) -> int:
    async with tools.database.reading() as conn:
        return (await conn.execute(select(func.count(col(OfficeRow.id))))).scalar_one()


async def test_a_list_is_taken_over_and_its_duties_will_be_worked_out(tools: Tools) -> None:
    done = await enlist(tools, LIST, Wanted(CHIBA, dry_run=False), "clerk")
    assert (done.difference.added, done.faults, done.taken_over) == (("1270000001", "1270000019"), (), True)
    async with tools.database.reading() as conn:
        office = await enrolled(conn, "1270000001")
    assert office is not None
    assert (office.name, office.services, office.municipality, office.prefecture, office.addresses) == (
        "ケアプランA", ("43",), CHIBA, "120006", ("a@example.jp",),
    )  # fmt: skip
    assert await outbox.next_due(tools.database) == tools.now()


async def test_a_dry_run_shows_the_difference_and_changes_nothing(tools: Tools) -> None:
    await enlist(tools, LIST, Wanted(CHIBA, dry_run=False), "clerk")
    moved = LIST.replace(b",11,", b",11 15,") + "1270000027,デイC,15,\n".encode("cp932")
    done = await enlist(tools, moved, Wanted(CHIBA, dry_run=True), "clerk")
    assert not done.taken_over
    assert done.difference.added == ("1270000027",)
    assert done.difference.changed == {"1270000019": (Change("services", "11", "11、15"),)}
    assert done.difference.unchanged == 1
    assert await count(tools) == 2


async def test_one_faulty_row_keeps_the_whole_list_out(tools: Tools) -> None:
    faulty = LIST + "127,C,99,\n".encode("cp932")
    done = await enlist(tools, faulty, Wanted(CHIBA, dry_run=False), "clerk")
    assert [(fault.row, fault.column) for fault in done.faults] == [(4, "事業所番号"), (4, "サービス種類")]
    assert not done.taken_over
    assert await count(tools) == 0


async def test_what_a_list_has_no_column_for_stays_as_it_is_known(tools: Tools) -> None:
    heading = "事業所番号,事業所名,サービス種類,メールアドレス,職員数,法人名\n"
    full = heading + "1270000001,A,43,a@example.jp,4,なのはな会\n"
    await enlist(tools, full.encode(), Wanted(CHIBA, dry_run=False), "clerk")
    short = "事業所番号,事業所名,サービス種類\n1270000001,新しいA,43\n"
    done = await enlist(tools, short.encode(), Wanted(CHIBA, dry_run=False), "clerk")
    assert done.difference.changed == {"1270000001": (Change("name", "A", "新しいA"),)}
    async with tools.database.reading() as conn:
        office = await enrolled(conn, "1270000001")
    assert office is not None
    assert (office.staff, office.corporation, office.addresses) == (4, "なのはな会", ("a@example.jp",))


async def test_each_stage_of_an_import_tells_how_far_it_has_come(tools: Tools) -> None:
    told: list[tuple[str, float]] = []
    for dry_run in (True, False):
        await enlist(
            tools,
            LIST,
            Wanted(CHIBA, dry_run=dry_run),
            "clerk",
            lambda stage, share: told.append((stage, share)),
        )
    assert told == [
        (stage, share) for stage in ("reading", "comparing", "reading", "taking over") for share in (0.0, 1.0)
    ]


async def test_offices_a_list_does_not_name_are_told_and_stay(tools: Tools) -> None:
    await enlist(tools, LIST, Wanted(CHIBA, dry_run=False), "clerk")
    one = b"\n".join(LIST.splitlines()[:2])
    done = await enlist(tools, one, Wanted(CHIBA, dry_run=False), "clerk")
    assert done.difference.gone == ("1270000019",)
    assert await count(tools) == 2


def told(done: Enlisted) -> list[dict[str, object]]:
    return list(outcomes(done))


async def test_what_becomes_of_each_row_is_told_for_programs(tools: Tools) -> None:
    await enlist(tools, LIST, Wanted(CHIBA), "clerk")
    moved = LIST.decode("cp932").replace("ケアプランA", "ケアプランB").replace("1270000019", "1270000002")
    done = await enlist(tools, (moved + "127,C,43,\n").encode(), Wanted(CHIBA, dry_run=True), "clerk")
    assert told(done) == [
        {"outcome": "added", "row": 3, "office": "1270000002", "name": "ヘルパーB"},
        {
            "outcome": "changed",
            "row": 2,
            "office": "1270000001",
            "column": "事業所名",
            "old": "ケアプランA",
            "new": "ケアプランB",
        },
        {"outcome": "gone", "office": "1270000019"},
        {
            "outcome": "warned",
            "row": 3,
            "column": "事業所番号",
            "value": "1270000002",
            "reason": "検査数字（10桁目）が合いません。番号を確かめてください（このままでも取り込めます）。",
        },
        {
            "outcome": "refused",
            "row": 4,
            "column": "事業所番号",
            "value": "127",
            "reason": "事業所番号は10桁です（3桁目だけは英字のことがあります）。",
        },
        {
            "outcome": "summary",
            "added": 1,
            "changed": 1,
            "unchanged": 0,
            "gone": 1,
            "closed": 0,
            "warned": 1,
            "refused": 1,
            "elsewhere": 0,
            "without_duties": 0,
            "taken_over": False,
        },
    ]


async def test_another_way_of_writing_is_no_change(tools: Tools) -> None:
    heading = "事業所番号,事業所名,サービス種類,電話番号,住所\n"
    first = heading + "1270000001,ケアプラン　龍ヶ崎 Ａ,43,043-000-0000,千葉市１－１\n"
    await enlist(tools, first.encode(), Wanted(CHIBA), "clerk")
    again = heading + "1270000001,ｹｱﾌﾟﾗﾝ龍ケ崎A,43,(043)000‐0000,千葉市 1-1\n"
    done = await enlist(tools, again.encode(), Wanted(CHIBA), "clerk")
    assert (done.difference.changed, done.difference.unchanged) == ({}, 1)


async def test_the_rest_of_a_faulty_list_is_taken_over_on_request(tools: Tools) -> None:
    faulty = LIST + "1270000027,C,99,\n1270000027,C,43,\n".encode("cp932")
    done = await enlist(tools, faulty, Wanted(CHIBA, without_refused=True), "clerk")
    assert (done.taken_over, done.difference.added) == (True, ("1270000001", "1270000019"))
    assert counts(done)["refused"] == 2


async def test_offices_that_are_gone_are_closed_only_on_request_and_many_only_by_number(tools: Tools) -> None:
    heading = "事業所番号,事業所名,サービス種類\n"
    rows = [f"12700{number:05},A,43\n" for number in range(8)]
    await enlist(tools, (heading + "".join(rows)).encode(), Wanted(CHIBA), "clerk")
    few, many = (heading + "".join(rows[:kept]) for kept in (6, 1))
    done = await enlist(tools, few.encode(), Wanted(CHIBA, close_gone=True), "clerk")
    assert done.closed == done.difference.gone == ("1270000006", "1270000007")
    assert (await enlist(tools, few.encode(), Wanted(CHIBA), "clerk")).difference.gone == ()
    back = await enlist(tools, "".join([heading, *rows]).encode(), Wanted(CHIBA), "clerk")
    assert [each.column for each in back.difference.changed["1270000007"]] == ["closed_on"]
    for count, said in ((None, "--gone-count 7"), (6, "指定された6件と違います")):
        with pytest.raises(ImportRefusedError, match=said):
            await enlist(tools, many.encode(), Wanted(CHIBA, close_gone=True, gone_count=count), "clerk")
    with pytest.raises(ImportRefusedError, match="誤りのある行があるため"):
        await enlist(
            tools, (few + "x,,,\n").encode(), Wanted(CHIBA, without_refused=True, close_gone=True), "clerk"
        )
    assert len((await enlist(tools, many.encode(), Wanted(CHIBA), "clerk")).difference.gone) == 7
    await enlist(tools, many.encode(), Wanted(CHIBA, close_gone=True, gone_count=7), "clerk")
    assert (await enlist(tools, many.encode(), Wanted(CHIBA), "clerk")).difference.gone == ()


NATIONAL = "都道府県コード又は市町村コード,事業所名,サービスの種類,事業所番号\n"


async def test_the_national_register_adds_services_and_takes_none_away(tools: Tools) -> None:
    await enlist(tools, LIST.replace(b",43,", b",43 46,"), Wanted(CHIBA), "clerk")
    file = NATIONAL + "121011,ケアプランA,訪問介護,1270000001\n122033,他市,訪問介護,1270000027\n"
    done = await enlist(tools, file.encode(), Wanted(CHIBA), "clerk")
    assert done.difference.changed == {"1270000001": (Change("services", "43、46", "11、43、46"),)}
    # ヘルパーB provides nothing but 訪問介護, of which this file speaks; other offices may stand in other files.
    assert (done.difference.gone, done.listed.elsewhere) == (("1270000019",), 1)
    everywhere = await enlist(tools, file.encode(), Wanted(None), "clerk")
    assert everywhere.difference.added == ("1270000027",)
    async with tools.database.reading() as conn:
        office = await enrolled(conn, "1270000027")
    assert office is not None
    assert (office.municipality, office.prefecture) == ("122033", "120006")


async def test_an_office_keeps_the_name_it_goes_by_for_one_service(tools: Tools) -> None:
    heading = "事業所番号,事業所名,サービス種類\n"
    both = heading + "1270000001,なのはな苑,15\n1270000001,なのはなショート,21\n"
    await enlist(tools, both.encode(), Wanted(CHIBA), "clerk")
    assert (await enlist(tools, both.encode(), Wanted(CHIBA), "clerk")).difference.unchanged == 1
    other = both.replace("なのはなショート", "つくしショート")
    done = await enlist(tools, other.encode(), Wanted(CHIBA), "clerk")
    assert done.difference.changed == {
        "1270000001": (Change("service_names", "21=なのはなショート", "21=つくしショート"),)
    }
    joined = heading + "1270000001,なのはな苑,15 21\n"
    assert (await enlist(tools, joined.encode(), Wanted(CHIBA), "clerk")).difference.unchanged == 1
    async with tools.database.reading() as conn:
        office = await enrolled(conn, "1270000001")
    assert office is not None
    assert office.service_names == {"21": "つくしショート"}


async def test_addresses_come_with_the_role_of_their_owner(tools: Tools) -> None:
    heading = "事業所番号,事業所名,サービス種類,メールアドレス,メールアドレス（管理者）\n"
    await enlist(tools, (heading + "1270000001,A,43,a@example.jp,\n").encode(), Wanted(CHIBA), "clerk")
    roles = (heading + "1270000001,A,43,,a@example.jp b..b@docomo.ne.jp\n").encode()
    done = await enlist(tools, roles, Wanted(CHIBA), "clerk")
    assert [each.column for each in done.difference.changed["1270000001"]] == ["addresses"]
    async with tools.database.reading() as conn:
        office = await enrolled(conn, "1270000001")
    assert office is not None
    assert office.roles == {"a@example.jp": "manager", "b..b@docomo.ne.jp": "manager"}


async def test_a_tenant_cannot_take_an_office_from_another_municipality(tools: Tools) -> None:
    await enlist(tools, LIST, Wanted(CHIBA), "clerk")
    theirs = LIST.replace(b"1270000001", b"1270000027")
    bound = Wanted("122033", is_bound=True)
    for dry_run in (True, False):
        done = await enlist(tools, theirs, replace(bound, dry_run=dry_run), "clerk")
        assert (done.taken_over, [fault.value for fault in done.faults]) == (False, ["1270000019"])
        assert "ほかの市町村の事業所" in done.faults[0].reason
    rest = await enlist(tools, theirs, replace(bound, without_refused=True), "clerk")
    assert rest.difference.added == ("1270000027",)
    assert (await enlist(tools, LIST, Wanted(CHIBA, is_bound=True), "clerk")).difference.unchanged == 2


async def test_another_authority_lists_its_own_designations_and_closes_nothing(tools: Tools) -> None:
    await enlist(tools, LIST, Wanted(CHIBA), "clerk")
    one = b"\n".join(LIST.splitlines()[:2])
    prefecture = Wanted(CHIBA, authority="120006")
    assert (await enlist(tools, one, prefecture, "clerk")).difference.gone == ()
    other = LIST.splitlines()[0] + b"\n" + LIST.splitlines()[2]
    with pytest.raises(ImportRefusedError, match="所在地の市町村だけ"):
        await enlist(tools, other, replace(prefecture, close_gone=True), "clerk")
    assert (await enlist(tools, other, prefecture, "clerk")).difference.gone == ("1270000001",)


async def test_a_list_without_offices_changes_nothing(tools: Tools) -> None:
    done = await enlist(tools, b"x", Wanted(CHIBA), "clerk")
    assert (done.taken_over, len(done.faults)) == (False, 3)


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
        check_municipality(code)
