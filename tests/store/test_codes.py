"""Codes lead from a letter back to what it was about."""

from dataclasses import replace
from datetime import date

from notifier.domain.callers import Tenant
from notifier.domain.codes import OFFICES, Codes
from notifier.store import codes
from notifier.store.database import table
from notifier.store.tables import ObligationRow, OfficeRow
from notifier.store.tenants import answers_to
from tests.builders import by, said
from tests.steps.workshop import OTHER_CITY, A, B, Workshop, enrolled

KEYED = Codes((b"this installation",))


async def owing(shop: Workshop) -> tuple[int, int]:
    """Two offices in two cities, which owe one thing; their ids."""
    await shop.publish(said(by(date(2026, 6, 1)), deadline="grant/apply"))
    await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp", municipality=OTHER_CITY))
    await shop.run()
    rows = await shop.all(OfficeRow)
    return rows[0].id, rows[1].id


async def test_a_code_names_the_office_and_the_obligation(shop: Workshop) -> None:
    first, second = await owing(shop)
    async with shop.database.reading() as conn:
        found = await codes.find(conn, KEYED, KEYED.of_office(first, "grant/apply", 0))
        other = await codes.find(conn, KEYED, KEYED.of_office(second, "grant/apply", 0))
    assert found is not None
    assert other is not None
    assert (found.number, found.deadline, found.occurrence, found.settled) == (A, "grant/apply", 0, False)
    assert other.number == B


async def test_a_code_that_names_nothing_is_not_found(shop: Workshop) -> None:
    first, _ = await owing(shop)
    async with shop.database.reading() as conn:
        assert await codes.find(conn, KEYED, KEYED.of_office(first, "grant/report", 0)) is None
        assert await codes.find(conn, KEYED, KEYED.of_office(999, "grant/apply", 0)) is None
        assert await codes.find(conn, Codes((b"another",)), KEYED.of_office(first, "grant/apply", 0)) is None


async def test_a_tenant_finds_its_own_offices_only(shop: Workshop) -> None:
    first, second = await owing(shop)
    mine = answers_to(Tenant(OTHER_CITY))
    async with shop.database.reading() as conn:
        assert await codes.find(conn, KEYED, KEYED.of_office(first, "grant/apply", 0), mine) is None
        assert await codes.find(conn, KEYED, KEYED.of_office(second, "grant/apply", 0), mine) is not None


async def test_an_office_far_beyond_the_first_codes_is_found(shop: Workshop) -> None:
    first, _ = await owing(shop)
    far = first + 3 * OFFICES
    async with shop.database.transaction() as conn:
        office = {
            **(await conn.execute(table(OfficeRow).select().limit(1))).mappings().one(),
            "id": far,
            "number": "9970000099",
        }
        await conn.execute(table(OfficeRow).insert().values(office))
        owed = {
            **(await conn.execute(table(ObligationRow).select().limit(1))).mappings().one(),
            "office_id": far,
        }
        await conn.execute(table(ObligationRow).insert().values(owed))
        found = await codes.find(conn, KEYED, KEYED.of_office(far, "grant/apply", 0))
    assert found is not None
    assert found.number == "9970000099"


async def test_the_letter_prints_the_code_that_is_found(shop: Workshop) -> None:
    keyed = replace(shop, tools=replace(shop.tools, codes=KEYED))
    first, _ = await owing(keyed)
    await keyed.live_until(date(2026, 4, 2))
    letters = [each.text for each in keyed.channel.parcels if each.recipient == "a@example.jp"]
    assert f"【整理番号】{KEYED.of_office(first, 'grant/apply', 0)}" in letters[0]
