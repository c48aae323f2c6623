"""Secret addresses of calendars: given out and taken back, both on record."""

from sqlalchemy import select

from notifier.domain.callers import Tenant
from notifier.steps.lend import lend, recall
from notifier.store import agendas
from notifier.store.agendas import CalendarAddress
from notifier.store.database import table
from notifier.store.tables import AuditRow
from tests.steps.workshop import A, Workshop


def address(shop: Workshop, name: str = "cal_000000000001", authority: str = "") -> CalendarAddress:
    return CalendarAddress(name, "digest", "office", A, authority, "電話", shop.tools.now(), "a clerk")


async def actions(shop: Workshop) -> list[tuple[str, str]]:
    about = table(AuditRow)
    rows = await shop.rows(select(about).order_by(about.c.id))
    return [(row.action, row.subject) for row in rows if row.action.startswith("calendar")]


async def test_an_address_is_lent_and_recalled_once(shop: Workshop) -> None:
    lent = address(shop)
    await lend(shop.tools, lent)
    async with shop.database.reading() as conn:
        assert await agendas.find(conn, lent.name) == lent
        assert await agendas.of_office(conn, A) == [lent]
    assert await recall(shop.tools, lent.name, "another clerk")
    assert not await recall(shop.tools, lent.name, "another clerk")
    async with shop.database.reading() as conn:
        found = await agendas.find(conn, lent.name)
        assert (found and found.revoked_at, await agendas.of_office(conn, A)) == (shop.tools.now(), [])
    subject = f"calendar/{lent.name}"
    assert await actions(shop) == [("calendar.created", subject), ("calendar.revoked", subject)]


async def test_a_tenant_sees_and_revokes_only_what_it_gave_out(shop: Workshop) -> None:
    for name, authority in (("cal_1", "999016"), ("cal_2", "999024"), ("cal_3", "")):
        await lend(shop.tools, address(shop, name, authority))
    async with shop.database.transaction() as conn:
        assert [each.name for each in await agendas.every(conn, Tenant("999016"))] == ["cal_1"]
        assert [each.name for each in await agendas.every(conn)] == ["cal_1", "cal_2", "cal_3"]
        assert not await agendas.revoke(conn, "cal_2", shop.tools.now(), Tenant("999016"))
        assert await agendas.revoke(conn, "cal_1", shop.tools.now(), Tenant("999016"))
