"""How far offices are with one deadline: one by one, by place, by service, and day by day."""

from datetime import date

import pytest

from notifier.domain.callers import NATION, Tenant
from notifier.store import board, deadline_records
from notifier.store.deadline_records import Share, Wanted
from notifier.store.subscriptions import not_told_counts
from tests.builders import CITY, REPORT, by, deadline, said, settlement
from tests.steps.workshop import OTHER_CITY, A, B, C, Workshop, enrolled

ABOVE = "990001"
"""A prefecture by its code, as far as the rules for codes go."""
DUE = date(2026, 7, 31)
TODAY = date(2026, 4, 3)


@pytest.fixture
async def town(shop: Workshop) -> Workshop:
    """Two offices of one city, one of them done; one office of another city, with two services."""
    await shop.enrol(
        enrolled(A, "a@example.jp", name="ケアプラン さくら台", services=("43",), prefecture=ABOVE),
        enrolled(B, prefecture=ABOVE),
        enrolled(C, "c@example.jp", services=("11", "15"), municipality=OTHER_CITY, prefecture=ABOVE),
    )
    await shop.publish(said(by(DUE)), deadlines=[deadline(settled_by=(settlement("example.report.filed"),))])
    await shop.live_until(date(2026, 4, 1))
    shop.turn_to(date(2026, 4, 2))
    await shop.note("example.report.filed", A)
    await shop.live_until(TODAY)
    return shop


@pytest.mark.parametrize(
    "tenant,wanted,found",
    [
        (NATION, Wanted(REPORT), [A, B, C]),
        (Tenant(CITY), Wanted(REPORT), [A, B]),
        (Tenant(OTHER_CITY), Wanted(REPORT), [C]),
        (NATION, Wanted(REPORT, state="settled"), [A]),
        (NATION, Wanted(REPORT, state="open"), [B, C]),
        (NATION, Wanted(REPORT, service="15"), [C]),
        (NATION, Wanted(REPORT, municipality=CITY), [A, B]),
        (NATION, Wanted(REPORT, words="さくら台 ケア"), [A]),
        (NATION, Wanted(REPORT, words="0002"), [B]),
        (NATION, Wanted(REPORT, words="%"), []),
        (NATION, Wanted(REPORT, occurrence=1), []),
    ],
)
async def test_offices_are_found_by_state_service_place_and_words(
    town: Workshop, tenant: Tenant, wanted: Wanted, found: list[str]
) -> None:
    async with town.database.reading(tenant=tenant) as conn:
        count, lines = await deadline_records.concerned(conn, tenant, wanted, TODAY)
    assert (count, [each.number for each in lines]) == (len(found), found)


async def test_a_list_is_read_page_by_page(town: Workshop) -> None:
    async with town.database.reading() as conn:
        count, lines = await deadline_records.concerned(conn, NATION, Wanted(REPORT), TODAY, skip=1, limit=1)
    assert (count, [(each.number, each.state, each.reachable) for each in lines]) == (3, [(B, "open", False)])


async def test_numbers_are_summed_by_place_and_by_service(town: Workshop) -> None:
    async with town.database.reading() as conn:
        places = await deadline_records.by_municipality(conn, Tenant(ABOVE), REPORT, 0, TODAY)
        services = await deadline_records.by_service(conn, NATION, REPORT, 0, TODAY)
        own = await deadline_records.by_municipality(conn, Tenant(CITY), REPORT, 0, TODAY)
    assert places == [Share(CITY, 1, 1, 0, 0), Share(OTHER_CITY, 1, 0, 0, 0)]
    assert [each.bound for each in places] == [2, 1]
    assert services == [Share("11", 2, 0, 0, 0), Share("15", 1, 0, 0, 0), Share("43", 0, 1, 0, 0)]
    assert own == places[:1]


async def test_a_duty_past_its_end_counts_as_missed_by_who_has_not_done_it(town: Workshop) -> None:
    async with town.database.reading() as conn:
        places = await deadline_records.by_municipality(conn, Tenant(CITY), REPORT, 0, date(2026, 8, 1))
    assert places == [Share(CITY, 0, 1, 1, 0)]


async def test_completion_is_counted_day_by_day(town: Workshop) -> None:
    async with town.database.reading() as conn:
        assert await deadline_records.completion(conn, NATION, REPORT, 0) == (3, [(date(2026, 4, 2), 1)])
        assert await deadline_records.completion(conn, Tenant(OTHER_CITY), REPORT, 0) == (1, [])


@pytest.mark.parametrize("tenant,members", [(NATION, [3]), (Tenant(CITY), [2]), (Tenant(ABOVE), [3])])
async def test_the_board_counts_the_offices_of_who_looks(
    town: Workshop, tenant: Tenant, members: list[int]
) -> None:
    async with town.database.reading() as conn:
        standing = await board.board(conn, TODAY, tenant, REPORT)
        said_about = await board.said_about(conn, REPORT, tenant)
        assert await not_told_counts(conn, TODAY, tenant) == {}
        assert await board.board(conn, TODAY, tenant) == standing
        assert await board.board(conn, TODAY, tenant, "example/unknown") == []
    assert [each.members for each in standing] == members
    assert bool(said_about) == (tenant.code != ABOVE)
