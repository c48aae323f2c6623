"""Of each deadline every open office is in exactly one place, and the numbers add up to all offices."""

import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import cycle

import pytest
from sqlalchemy import func, select

from notifier.channels.parcel import BeforeDot, Parcel
from notifier.domain.applicability import Recorded, Services
from notifier.domain.callers import NATION, Tenant
from notifier.domain.expressions import FiscalYearsAfter
from notifier.domain.law import Deadline
from notifier.domain.receipts import Phase, Receipt, judge_smtp
from notifier.steps.enrol import close
from notifier.steps.subscribe import Subscription, subscribe
from notifier.store import board, coverage, outlines
from notifier.store.coverage import Asked, Covered, Line, Why
from notifier.store.database import table
from notifier.store.subscriptions import Selection
from notifier.store.tables import OfficeRow
from notifier.store.tenants import answers_to
from tests.builders import (
    CITY,
    PREFECTURE,
    REPORT,
    anchor,
    by,
    concerned,
    notice,
    pattern,
    said,
    set_by_prefecture,
    settlement,
)
from tests.steps.workshop import OTHER_CITY, A, B, C, Workshop, enrolled

DUE = date(2026, 7, 31)
D, E, F = "9970000004", "9970000005", "9970000006"
TENANTS = (NATION, Tenant(CITY), Tenant(OTHER_CITY), Tenant(PREFECTURE))
DUTY = concerned(
    Services(frozenset({"11"})),
    settled_by=(settlement("example.report.filed"),),
    excluded=Recorded(pattern("example.declined")),
)
CHOICE = replace(DUTY, id="example/choice", taken_up=Recorded(pattern("example.applied")), excluded=None)


class Refusing:
    """Refuses letters to `refused`, accepts all others."""

    def __init__(self, *refused: str) -> None:
        self.refused = refused

    async def send(
        self, parcels: Sequence[Parcel], before_dot: BeforeDot
    ) -> AsyncIterator[tuple[str, Receipt]]:
        permitted = await before_dot([each.key for each in parcels])
        for each in parcels:
            if each.recipient in self.refused:
                yield each.key, judge_smtp(Phase.RCPT, 550, "no such user")
            elif each.key in permitted:
                yield each.key, judge_smtp(Phase.DOT, 250, "kept")


async def whys(shop: Workshop, duty: Deadline = DUTY, tenant: Tenant = NATION) -> dict[str, str]:
    async with shop.database.reading(tenant=tenant) as conn:
        asked = Asked(duty, 0, shop.tools.today())
        return {each.number: each.why.value for each in await coverage.offices(conn, tenant, asked)}


async def test_every_office_is_where_it_is_for_one_reason(shop: Workshop) -> None:
    sending = shop.with_channel(Refusing("e@example.jp"))
    await sending.enrol(
        enrolled(A, "a@example.jp"),
        enrolled(B, "b@example.jp"),
        enrolled(C, "c@example.jp", services=("43",)),
        enrolled(D),
        enrolled(E, "e@example.jp"),
        enrolled(F, "f@example.jp"),
    )
    await subscribe(shop.tools, Selection(CITY, (B,)), Subscription(told=False, reason="休止中"), "a clerk")
    await shop.note("example.report.filed", F)
    await sending.publish(said(by(DUE)), deadlines=[DUTY])
    assert set((await whys(shop)).values()) == {"new"}
    await sending.run()
    assert (await whys(shop))[A] == "in-the-post"
    await sending.live_until(date(2026, 4, 1))
    assert await whys(shop) == {
        A: "told-now",
        B: "excluded",
        C: "not-concerned",
        D: "no-address",
        E: "not-delivered",
        F: "settled",
    }
    await shop.note("example.declined", A)
    await sending.run()
    assert (await whys(shop))[A] == "declined"


async def test_what_was_told_before_a_change_is_told_apart(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.publish(said(by(DUE)), deadlines=[DUTY])
    await shop.live_until(date(2026, 4, 1))
    shop.turn_to(date(2026, 4, 2), 7)
    later = said(by(date(2026, 8, 31)), notice=notice(date(2026, 4, 2)))
    await shop.publish(later, deadlines=[DUTY])
    await shop.run()
    assert await whys(shop) == {A: "in-the-post"}
    await shop.live_until(date(2026, 4, 2))
    async with shop.database.reading() as conn:
        [line] = await coverage.offices(conn, NATION, Asked(DUTY, 0, shop.tools.today()))
    assert (line.why, line.told_on) == (Why.TOLD_NOW, date(2026, 4, 2))


async def test_who_has_not_chosen_yet_is_not_bound(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp"))
    await shop.publish(said(by(DUE), deadline=CHOICE.id), deadlines=[CHOICE])
    await shop.live_until(date(2026, 4, 1))
    await shop.note("example.applied", B)
    await shop.live_until(date(2026, 4, 2))
    assert await whys(shop, CHOICE) == {A: "not-taken-up", B: "told-now"}


async def test_why_an_office_is_not_told_is_shown_with_who_decided_it(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"))
    await subscribe(shop.tools, Selection(CITY, (A,)), Subscription(told=False, reason="休止中"), "a clerk")
    await shop.publish(said(by(DUE)), deadlines=[DUTY])
    await shop.live_until(date(2026, 4, 1))
    async with shop.database.reading() as conn:
        [line] = await coverage.offices(conn, NATION, Asked(DUTY, 0, shop.tools.today()))
    assert (line.why.place, line.decision) == (Covered.EXCLUDED, "休止中（2026-04-01から、a clerk）")


async def test_a_prefecture_counts_all_offices_in_it_told_by_whomever(shop: Workshop) -> None:
    above = Tenant("990001")
    await shop.enrol(enrolled(A, "a@example.jp", prefecture=above.code), enrolled(B, prefecture=above.code))
    await shop.publish(said(by(DUE)), deadlines=[DUTY])
    await shop.live_until(date(2026, 4, 1))
    asked = Asked(DUTY, 0, shop.tools.today())
    async with shop.database.reading() as conn:
        counts = await coverage.counts(conn, above, asked, in_sum=True)
        [outline] = await outlines.outlines(conn, above, asked.today, in_sum=True)
        assert await coverage.open_offices(conn, above, in_sum=True) == 2
        assert (await coverage.counts(conn, above, asked), await coverage.open_offices(conn, above)) == (
            {},
            0,
        )
    assert counts == {Why.NO_ADDRESS: 1, Why.TOLD_NOW: 1}
    assert (outline.unreachable, outline.others) == (1, 1)


async def test_a_list_is_read_page_by_page_and_by_reason(shop: Workshop) -> None:
    await shop.enrol(*(enrolled(f"997000{number:04d}") for number in range(7)))
    await shop.publish(said(by(DUE)), deadlines=[DUTY])
    await shop.run()
    asked = Asked(DUTY, 0, shop.tools.today(), (Why.NO_ADDRESS,))
    async with shop.database.reading() as conn:
        pages = [await coverage.offices(conn, NATION, asked, skip=skip, limit=3) for skip in (0, 3, 6)]
        assert await coverage.offices(conn, NATION, replace(asked, whys=(Why.SETTLED,))) == []
    assert [len(each) for each in pages] == [3, 3, 1]
    assert len({line.number for page in pages for line in page}) == 7


async def random_world(shop: Workshop, chance: random.Random) -> Workshop:
    """Let anything happen to a few offices in two cities."""
    numbers = [f"997000{number:04d}" for number in range(14)]
    addresses = {number: f"{number}@example.jp" for number in numbers if chance.random() < 0.7}
    sending = shop.with_channel(Refusing(*chance.sample(sorted(addresses.values()), 2)))
    await sending.publish(said(by(DUE)), said(by(DUE), deadline=CHOICE.id), deadlines=[DUTY, CHOICE])
    for number in numbers:
        place = chance.choice([CITY, CITY, OTHER_CITY])
        given = [addresses[number]] if number in addresses else []
        office = enrolled(number, *given, services=(chance.choice(["11", "43"]),), municipality=place)
        await sending.enrol(office)
        if chance.random() < 0.2:
            silent = Subscription(told=False, topics=(chance.choice(["*", "example"]),), reason="休止中")
            await subscribe(shop.tools, Selection(place, (number,)), silent, "a clerk")
    await sending.live_until(date(2026, 4, 2))
    for number in numbers:
        kinds = ["example.report.filed", "example.declined", "example.applied"]
        for kind in chance.sample(kinds, chance.choice([0, 0, 1, 2])):
            await shop.note(kind, number)
    await close(shop.tools, numbers[0], shop.tools.today(), "a clerk")
    await sending.enrol(enrolled("9970009999", "late@example.jp"))
    return sending


@pytest.mark.parametrize("seed", range(3))
async def test_the_numbers_add_up_to_all_offices_whoever_looks(shop: Workshop, seed: int) -> None:
    sending = await random_world(shop, random.Random(seed))
    found: set[Why] = set()
    in_turn = cycle(Why)
    for day in (None, date(2026, 4, 3)):
        if day is not None:
            await sending.live_until(day)
        for tenant in TENANTS:
            for duty in (DUTY, CHOICE):
                found |= await adds_up(sending, tenant, duty, in_turn)
    assert {each.place for each in found} >= {Covered.NOT_APPLICABLE, Covered.UNREACHABLE, Covered.TOLD}


async def adds_up(shop: Workshop, tenant: Tenant, duty: Deadline, in_turn: Iterator[Why]) -> set[Why]:
    """Hold the numbers, the list, a list by the next reason and the outline against all that `tenant` sees."""
    asked = Asked(duty, 0, shop.tools.today())
    office = table(OfficeRow).c
    every = select(func.count()).where(office.closed_on.is_(None), answers_to(tenant))
    async with shop.database.reading(tenant=tenant) as conn:
        counts = await coverage.counts(conn, tenant, asked)
        lists: dict[Why, list[Line]] = {}
        for line in await coverage.offices(conn, tenant, asked, limit=100):
            lists.setdefault(line.why, []).append(line)
        one = next(in_turn)
        assert await coverage.offices(conn, tenant, replace(asked, whys=(one,)), limit=100) == lists.get(
            one, []
        )
        found = await outlines.outlines(conn, tenant, asked.today)
        assert sum(counts.values()) == (await conn.execute(every)).scalar_one()
    async with shop.database.reading() as conn:
        standing = await board.board(conn, asked.today, tenant, reach=False)
        known = await outlines.outlines(conn, tenant, asked.today, in_sum=True, standing=standing)
        assert known == await outlines.outlines(conn, tenant, asked.today, in_sum=True)
    assert {why: len(each) for why, each in lists.items()} == counts
    numbers = Counter(line.number for each in lists.values() for line in each)
    assert set(numbers.values()) <= {1}
    for outline in found:
        if outline.deadline != duty.id:
            continue
        assert outline.settled == counts.get(Why.SETTLED, 0)
        assert outline.excluded == counts.get(Why.EXCLUDED, 0)
        assert outline.unreachable == counts.get(Why.NO_ADDRESS, 0) + counts.get(Why.ADDRESS_LOST, 0)
        assert outline.not_bound == counts.get(Why.NOT_TAKEN_UP, 0) + counts.get(Why.WITHDRAWN, 0)
    return set(counts)


async def test_each_occurrence_has_a_coverage_of_its_own(shop: Workshop) -> None:
    duty = replace(DUTY, excluded=None)
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.publish(
        said(FiscalYearsAfter(anchor("example.granted"), 3, set_by_prefecture())), deadlines=[duty]
    )
    await shop.note("example.granted", A)
    await shop.run()
    async with shop.database.reading() as conn:
        assert await coverage.occurrences(conn, REPORT) == [1, 2, 3]
        assert await coverage.occurrences(conn, "example/unknown") == [0]
