"""Secret addresses of calendars: given out and taken back, both on record."""

from sqlalchemy import select

from notifier.domain.actors import Actor
from notifier.domain.callers import NATION, Tenant
from notifier.steps.lend import lend, recall, renew
from notifier.store import agendas
from notifier.store.agendas import CalendarAddress
from notifier.store.database import table
from notifier.store.tables import AuditRow
from tests.steps.workshop import A, Workshop

CLERK = Actor("a clerk", "192.0.2.7")


def address(shop: Workshop, name: str = "cal_000000000001", authority: str = "") -> CalendarAddress:
    return CalendarAddress(name, "digest", "office", A, authority, "電話", shop.tools.now(), "a clerk")


async def actions(shop: Workshop) -> list[tuple[str, str]]:
    about = table(AuditRow)
    rows = await shop.rows(select(about).order_by(about.c.id))
    return [(row.action, row.subject) for row in rows if row.action.startswith("calendar")]


async def test_an_address_is_lent_and_recalled_once(shop: Workshop) -> None:
    lent = address(shop)
    await lend(shop.tools, lent, CLERK)
    async with shop.database.reading() as conn:
        assert await agendas.find(conn, lent.name) == lent
        assert await agendas.of_office(conn, A) == [lent]
    assert await renew(shop.tools, NATION, lent.name, "another digest", CLERK)
    assert await recall(shop.tools, NATION, lent.name, CLERK)
    assert not await recall(shop.tools, NATION, lent.name, CLERK)
    assert not await renew(shop.tools, NATION, lent.name, "a third digest", CLERK)
    async with shop.database.reading() as conn:
        found = await agendas.find(conn, lent.name)
        assert found
        assert (found.revoked_at, found.digest) == (shop.tools.now(), "another digest")
        assert await agendas.of_office(conn, A) == []
    subject = f"calendar/{lent.name}"
    deeds = ("calendar.created", "calendar.renewed", "calendar.revoked")
    assert await actions(shop) == [(deed, subject) for deed in deeds]


async def test_a_tenant_sees_and_revokes_only_what_it_gave_out(shop: Workshop) -> None:
    for name, authority in (("cal_1", "999016"), ("cal_2", "999024"), ("cal_3", "")):
        await lend(shop.tools, address(shop, name, authority), CLERK)
    async with shop.database.transaction() as conn:
        assert [each.name for each in await agendas.every(conn, Tenant("999016"))] == ["cal_1"]
        assert [each.name for each in await agendas.every(conn)] == ["cal_1", "cal_2", "cal_3"]
    mine = Tenant("999016")
    for foreign in ("cal_2", "cal_3", "cal_4"):
        assert not await renew(shop.tools, mine, foreign, "stolen", CLERK)
        assert not await recall(shop.tools, mine, foreign, CLERK)
    assert await recall(shop.tools, mine, "cal_1", CLERK)
    about = table(AuditRow)
    found = await shop.rows(select(about).where(about.c.action == "calendar.revoked"))
    assert [(row.who, row.origin, row.authority) for row in found] == [("a clerk", "192.0.2.7", "999016")]
