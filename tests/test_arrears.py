"""Events that come too early: for an office that is not there yet, or for a day that has not come."""

from collections.abc import AsyncIterator, Mapping
from datetime import date, timedelta

import pytest

from notifier.arrears import try_again
from notifier.clock import japan_time
from notifier.domain.callers import Caller
from notifier.errors import UnknownError
from notifier.intake import Inbound
from notifier.reception import Answer, Reception
from notifier.steps.record import record
from notifier.store import arrears
from notifier.store.enrolment import Enrolled
from notifier.store.enrolment import enrolled as office_of
from notifier.store.tables import FactRow, ObligationRow
from tests.builders import CITY, by, deadline, said, settlement
from tests.steps.workshop import A, Workshop, enrolled
from tests.web.country import CHIBA_CITY, Country, country

DUTY = deadline(settled_by=(settlement("example.report.filed"),))
MUNICIPALITY = Caller("ntf_000000000001", "municipality", CHIBA_CITY)
NUMBER = "1270000099"


async def settled(shop: Workshop) -> list[date | None]:
    return [row.settled_on for row in await shop.all(ObligationRow)]


async def test_a_fact_that_is_told_ahead_counts_from_its_day_on(shop: Workshop) -> None:
    await shop.enrol(enrolled(A))
    await shop.publish(said(by(date(2026, 6, 30))), deadlines=[DUTY])
    await shop.run()
    await shop.note("example.report.filed", A, on=date(2026, 4, 20))
    await shop.live_until(date(2026, 4, 19))
    assert await settled(shop) == [None]
    assert await shop.all(FactRow) == []
    await shop.live_until(date(2026, 4, 20))
    assert await settled(shop) == [date(2026, 4, 20)]
    (fact,) = await shop.all(FactRow)
    assert fact.on == date(2026, 4, 20)


async def test_a_day_that_an_authority_sets_ahead_holds_from_then_on(shop: Workshop) -> None:
    event = shop.event("example.due.set", None, CITY, on=date(2026, 4, 10), values={"due": date(2026, 7, 31)})
    await record(shop.tools, [event])
    assert ("ripen", japan_time(date(2026, 4, 10), 0)) in await shop.waiting()
    await shop.live_until(date(2026, 4, 10))
    (fact,) = await shop.all(FactRow)
    assert (fact.authority, fact.on) == (CITY, date(2026, 4, 10))


async def test_of_several_days_each_is_waited_for(shop: Workshop) -> None:
    await shop.enrol(enrolled(A))
    for day in (20, 10):
        await shop.note("example.linked", A, on=date(2026, 4, day), partner=f"99700000{day}")
    for day, count in ((9, 0), (10, 1), (19, 1), (20, 2)):
        await shop.live_until(date(2026, 4, day))
        assert len(await shop.all(FactRow)) == count


async def test_a_fact_told_ahead_about_an_office_that_is_not_there_waits_for_both(shop: Workshop) -> None:
    await shop.note("example.linked", A, on=date(2026, 4, 10), partner="9970000009")
    await shop.enrol(enrolled(A))
    assert await shop.all(FactRow) == []
    await shop.live_until(date(2026, 4, 10))
    assert len(await shop.all(FactRow)) == 1


# ---- events of which no fact follows, with the shipped vocabulary ----


@pytest.fixture
async def land(migrated_url: str) -> AsyncIterator[Country]:
    """A country to which events come too early."""
    async with country(migrated_url) as found:
        yield found


def event(kind: str, name: str, data: Mapping[str, object], on: date = date(2026, 1, 21)) -> Inbound:
    return Inbound("urn:example:early", name, kind, japan_time(on, 9), NUMBER, None, data)


REGISTERED = {"name": "新しい事業所", "services": ["43"], "municipality": CHIBA_CITY}


async def take(land: Country, *events: Inbound) -> list[Answer]:
    return await Reception(land.tools).take(MUNICIPALITY, events)


async def work(land: Country) -> None:
    await land.service.worker().work_off()


async def office(land: Country) -> Enrolled | None:
    async with land.tools.database.reading() as conn:
        return await office_of(conn, NUMBER, CHIBA_CITY)


async def states(land: Country) -> dict[str, str]:
    async with land.tools.database.reading() as conn:
        found = await arrears.listed(conn, ("waiting", "failed", "applied"), 100)
    return {each.event_id: each.state for each in found if each.source == "urn:example:early"}


async def test_a_change_of_an_office_that_is_not_there_yet_is_applied_when_it_appears(land: Country) -> None:
    changed = event("office.changed", "change", {"staff": 7})
    assert [each.code for each in await take(land, changed)] == [""]
    assert [each.code for each in await take(land, changed)] == [""]
    await work(land)
    assert await states(land) == {"change": "waiting"}
    await take(land, event("office.registered", "new", REGISTERED))
    await work(land)
    assert await states(land) == {"change": "applied", "new": "applied"}
    found = await office(land)
    assert found is not None
    assert found.staff == 7


async def test_an_office_that_will_close_stays_open_until_then(land: Country) -> None:
    await take(land, event("office.registered", "new", REGISTERED))
    closing = event("office.closed", "close", {}, date(2026, 2, 1))
    assert [each.code for each in await take(land, closing)] == [""]
    await work(land)
    assert (await states(land))["close"] == "waiting"
    land.clock.turn_to(japan_time(date(2026, 2, 1), 0))
    await work(land)
    assert (await states(land))["close"] == "applied"


async def test_what_another_says_of_an_office_that_appears_is_set_aside_and_can_be_tried_again(
    land: Country,
) -> None:
    stranger = Caller("ntf_000000000002", "municipality", "271004")
    change = event("office.changed", "foreign", {"staff": 1})
    assert [each.code for each in await Reception(land.tools).take(stranger, [change])] == [""]
    await take(land, event("office.registered", "new", REGISTERED))
    await work(land)
    assert (await states(land))["foreign"] == "failed"
    async with land.tools.database.reading() as conn:
        (kept,) = await arrears.listed(conn, ("failed",))
    assert "does not answer to the sender" in kept.problem
    await try_again(land.tools, kept.id, "a clerk")
    assert (await states(land))["foreign"] == "waiting"
    await work(land)
    assert (await states(land))["foreign"] == "failed"
    with pytest.raises(UnknownError, match="set aside"):
        await try_again(land.tools, 999, "a clerk")


async def test_what_lies_too_far_ahead_is_a_slip_of_the_pen(land: Country) -> None:
    far = event("office.closed", "far", {}, date(2026, 1, 21) + timedelta(days=402))
    assert [each.code for each in await take(land, far)] == ["in-the-future"]
