"""Services of an office and its closing, as an authority enters them, and what the office owes then."""

from datetime import timedelta

import pytest

from notifier.domain.callers import NATION, Tenant
from notifier.errors import UnknownError
from notifier.steps.designate import Closing, close, designate, reopen
from notifier.store import enrolment
from notifier.store.tables import ContactRow, OfficeServiceRow
from tests.builders import CITY
from tests.steps.test_declare import DUE, TODAY, owing
from tests.steps.workshop import OTHER_CITY, A, B, Workshop

HERE = Tenant(CITY)


async def test_a_closed_office_is_told_nothing_and_one_that_opens_again_is_as_before(shop: Workshop) -> None:
    await owing(shop)
    closing = Closing(TODAY, for_good=True, reason="廃止届")
    assert await close(shop.tools, HERE, A, closing, "sato")
    assert not await close(shop.tools, HERE, A, closing, "sato")
    await shop.live_until(DUE - timedelta(days=20))
    assert {each.party for each in await shop.said() if each.occasion == "reminder"} == {f"office/{B}"}
    assert await reopen(shop.tools, HERE, A, "誤りだった", "sato")
    assert not await reopen(shop.tools, HERE, A, "誤りだった", "sato")
    await shop.live_until(DUE)
    assert f"office/{A}" in {each.party for each in await shop.said() if each.occasion == "reminder"}
    assert [(row.address, row.active) for row in await shop.all(ContactRow)] == [
        ("a@example.jp", True),
        ("b@example.jp", True),
    ]


async def test_an_authority_changes_its_own_designation_only(shop: Workshop) -> None:
    await owing(shop)
    assert await designate(shop.tools, HERE, A, ["43", "11"], "追加の指定", "sato")
    assert not await designate(shop.tools, NATION, A, ["11", "43"], "同じ", "sato")
    async with shop.database.reading() as conn:
        assert (await enrolment.enrolled(conn, A)).services == ("11", "43")  # type: ignore[union-attr]  # it is enrolled
    assert len(await shop.all(OfficeServiceRow)) == 3
    await close(shop.tools, HERE, A, Closing(TODAY, for_good=False, reason="休止届"), "sato")
    for tenant, number in ((HERE, A), (Tenant(OTHER_CITY), B), (HERE, "9999999999")):
        with pytest.raises(UnknownError):
            await designate(shop.tools, tenant, number, ["12"], "理由", "sato")
