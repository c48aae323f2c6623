"""Lists that came in over the network: kept, compared, confirmed, taken over once."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import cast

import pytest

from notifier.catalogue import load
from notifier.catalogue.services import ServiceType
from notifier.domain.callers import Tenant
from notifier.enlisting import Wanted
from notifier.errors import ImportRefusedError, UnknownError
from notifier.steps.enlist import enlist_waiting, receive, take_over_compared, wanted_as_kept, wanted_from
from notifier.store import imports
from notifier.store.imports import Arrived, KeptImport
from notifier.store.tables import AuditRow, OfficeImportRow, OfficeRow
from tests.steps.workshop import Workshop

CITY = "121002"
LIST = "事業所番号,事業所名,サービス種類\n1270000001,ケアプランA,43\n1270000019,ヘルパーB,11\n"
TRY = Wanted(CITY, dry_run=True)


async def post(shop: Workshop, content: str, wanted: Wanted, key: str = "imp_1") -> KeptImport:
    arrived = Arrived(key, CITY, "key/ntf_1", "list.csv", content.encode(), wanted_as_kept(wanted))
    await receive(shop.tools, arrived, "key/ntf_1")
    await enlist_waiting(shop.tools)
    return await kept(shop, key)


async def kept(shop: Workshop, key: str = "imp_1") -> KeptImport:
    async with shop.database.reading() as conn:
        found = await imports.find(conn, Tenant(CITY), key)
    assert found is not None
    return found


@pytest.fixture(autouse=True)
def with_services(shop: Workshop) -> None:
    """Lists speak of services, which the invented law has none of."""
    cast("dict[str, ServiceType]", shop.tools.catalogue.services).update(load().services)


async def test_a_list_is_compared_confirmed_and_taken_over(shop: Workshop) -> None:
    compared = await post(shop, LIST, TRY)
    assert (compared.state, compared.is_kept, compared.report["counts"]["added"]) == ("compared", True, 2)
    assert await shop.all(OfficeRow) == []
    confirmed = await take_over_compared(shop.tools, Tenant(CITY), "imp_1", {}, "key/ntf_2")
    assert confirmed.state == "waiting"
    await enlist_waiting(shop.tools)
    done = await kept(shop)
    assert (done.state, done.is_kept, done.report["counts"]["taken_over"]) == ("taken_over", False, True)
    assert [each["outcome"] for each in done.report["lines"]] == ["added", "added"]
    assert len(await shop.all(OfficeRow)) == 2
    assert [(row.who, row.action) for row in await shop.all(AuditRow)] == [
        ("key/ntf_1", "offices.import.received"),
        ("key/ntf_2", "offices.import.confirmed"),
        ("key/ntf_1", "offices.enlisted"),
    ]
    with pytest.raises(ImportRefusedError, match="送り直してください"):
        await take_over_compared(shop.tools, Tenant(CITY), "imp_1", {}, "key/ntf_2")


async def test_a_faulty_list_is_refused_with_the_rows_to_correct(shop: Workshop) -> None:
    refused = await post(shop, LIST + "127,C,43\n", replace(TRY, dry_run=False))
    assert (refused.state, refused.report["counts"]["refused"]) == ("refused", 1)
    assert refused.report["lines"][0]["outcome"] == "refused"
    async with shop.database.reading() as conn:
        assert "取り込めない理由" in await imports.refused_of(conn, refused.id)
    await take_over_compared(shop.tools, Tenant(CITY), "imp_1", {"without_refused": True}, "key/ntf_1")
    await enlist_waiting(shop.tools)
    assert (await kept(shop)).state == "taken_over"
    assert len(await shop.all(OfficeRow)) == 2


async def test_what_may_not_be_closed_is_refused_with_its_reason(shop: Workshop) -> None:
    await post(shop, LIST, replace(TRY, dry_run=False))
    wanted = Wanted(CITY, close_gone=True, gone_count=2, closed_on=date(2026, 3, 31))
    again = await post(shop, "\n".join(LIST.splitlines()[:2]), wanted, "imp_2")
    assert (again.state, again.is_kept) == ("refused", True)
    assert "指定された2件と違います" in again.report["reason"]
    assert wanted_from(again.wanted) == wanted


async def test_a_list_nobody_came_back_to_is_forgotten(shop: Workshop) -> None:
    await post(shop, LIST, TRY)
    shop.turn_to(date(2026, 4, 1) + timedelta(days=8))
    await enlist_waiting(shop.tools)
    assert not (await kept(shop)).is_kept
    with pytest.raises(ImportRefusedError):
        await take_over_compared(shop.tools, Tenant(CITY), "imp_1", {}, "key/ntf_1")


async def test_another_tenant_sees_no_list_of_a_tenant(shop: Workshop) -> None:
    await post(shop, LIST, TRY)
    other = Tenant("122033")
    async with shop.database.reading() as conn:
        assert await imports.find(conn, other, "imp_1") is None
        assert await imports.page(conn, other, None, 10) == []
        assert [each.key for each in await imports.page(conn, Tenant(), None, 10)] == ["imp_1"]
        assert await imports.page(conn, Tenant(CITY), 1, 10) == []
    with pytest.raises(UnknownError):
        await take_over_compared(shop.tools, other, "imp_1", {}, "key/ntf_1")


async def test_a_list_that_another_worker_has_dealt_with_is_left_as_it_is(shop: Workshop) -> None:
    await post(shop, LIST, TRY)
    async with shop.database.transaction() as conn:
        (row,) = (await kept(shop),)
        assert not await imports.finish(conn, row.id, "failed", {}, "", shop.tools.now())
    assert (await shop.all(OfficeImportRow))[0].state == "compared"


async def test_two_workers_take_a_list_over_once(shop: Workshop) -> None:
    wanted = wanted_as_kept(replace(TRY, dry_run=False))
    await receive(shop.tools, Arrived("imp_1", CITY, "key/ntf_1", "", LIST.encode(), wanted), "key/ntf_1")
    await asyncio.gather(*(enlist_waiting(shop.named(worker)) for worker in ("first", "second")))
    done = await kept(shop)
    assert (done.state, done.report["counts"]["added"]) == ("taken_over", 2)
    assert [row.action for row in await shop.all(AuditRow)] == ["offices.import.received", "offices.enlisted"]
