"""Sets and single offices agree: what the steps keep is what `obligations_of` says, however it came about."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from notifier.clock import TurnedClock, japan_time
from notifier.domain.facts import Fact
from notifier.domain.law import Setting
from notifier.domain.obligations import obligations_of
from notifier.steps.accept import accept
from notifier.steps.approve import approve
from notifier.steps.derive import derive
from notifier.steps.enrol import enrol
from notifier.steps.record import record
from notifier.steps.ripen import ripen
from notifier.steps.sweep import sweep
from notifier.store import authorities
from notifier.store.database import Database, table
from notifier.store.enrolment import Enrolled
from notifier.store.facts import Event, Intake
from notifier.store.tables import NO_ANCHOR, CohortRow, ObligationRow, OfficeRow, Table
from notifier.tools import Tools, law_on
from tests.catalogue.offices import shipped
from tests.steps.workshop import workshop
from tests.store.worlds import AUTHORITIES, FIRST, Picture, World, expected_of, worlds

searching = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
orders = st.randoms(use_true_random=False)


@dataclass
class Place:
    """One database, emptied for each world."""

    tools: Tools

    @property
    def database(self) -> Database:
        return self.tools.database

    async def begin(self) -> None:
        async with self.database.transaction() as conn:
            for each in reversed(Table.metadata.sorted_tables):
                await conn.execute(each.delete())
            await authorities.keep_authorities(conn, [(each, "") for each in AUTHORITIES])
        clock = TurnedClock(japan_time(FIRST, 8))
        self.tools = replace(self.tools, clock=clock)

    def turn_to(self, day: date) -> None:
        clock = self.tools.clock
        assert isinstance(clock, TurnedClock)
        clock.turn_to(max(clock.now(), japan_time(day, 8)))

    async def work(self) -> None:
        await ripen(self.tools)
        await derive(self.tools)
        await sweep(self.tools)

    async def publish(self, world: World, day: date) -> None:
        """Let speak what is known by `day`; doing it again changes nothing."""
        said = [each for each in world.statements if each.known_from <= day]
        notices = list(
            {each.notice.id: each.notice for each in said if each.notice.known_from <= day}.values()
        )
        ids = {each.id for each in notices}
        said = [each for each in said if each.notice.id in ids]
        deadlines = [shipped().deadlines[name] for name in sorted({each.deadline for each in said})]
        await accept(self.tools, notices, said, deadlines, "one person")
        await approve(self.tools, sorted(ids), "another person")

    async def fact(self, office: str, fact: Fact) -> Intake:
        return await self._event(fact, office, None)

    async def set(self, setting: Setting) -> Intake:
        return await self._event(setting.fact, None, setting.authority)

    async def _event(self, fact: Fact, office: str | None, authority: str | None) -> Intake:
        now = self.tools.now()
        name = f"{fact.type} {fact.on} {office} {authority}"
        event = Event("test", name, fact.type, fact.on, now, fact.values, name, office, authority)
        return (await record(self.tools, [event]))[0]

    async def enrol(self, world: World, numbers: Sequence[str]) -> None:
        offices = [each for each in world.offices if each.number in numbers]
        listed = [
            Enrolled(each.number, each.name, tuple(sorted(each.services)), each.municipality, each.prefecture)
            for each in offices
        ]
        await enrol(self.tools, listed, "a clerk")

    async def picture(self) -> Picture:
        """What is kept."""
        office, cohort, own = table(OfficeRow), table(CohortRow), table(ObligationRow)
        async with self.database.reading() as conn:
            rows = await conn.execute(
                select(cohort, office.c.number, own.c.settled_on, own.c.progress)
                .select_from(own)
                .join(cohort, cohort.c.id == own.c.cohort_id)
                .join(office, office.c.id == own.c.office_id)
            )
            return {
                (row.number, row.deadline, row.occurrence): (
                    (
                        row.municipality,
                        row.prefecture,
                        row.taken_up,
                        None if row.anchor == NO_ANCHOR else row.anchor,
                    ),
                    row.state,
                    (row.shape, row.opens, row.earliest, row.latest, row.target, row.tentative),
                    row.settled_on,
                    row.progress,
                )
                for row in rows
            }

    async def expected(self, world: World) -> Picture:
        """What the pure function says of each office, from the law as it is kept."""
        async with self.database.reading() as conn:
            law = await law_on(conn, self.tools, self.tools.today())
        found: Picture = {}
        today = self.tools.today()
        for office in world.offices:
            past = replace(office, facts=tuple(each for each in office.facts if each.on <= today))
            found |= expected_of(obligations_of(law, past, today))
        return found


@pytest_asyncio.fixture
async def place(migrated_url: str) -> AsyncIterator[Place]:
    """A database for many worlds."""
    async with workshop(migrated_url, japan_time(FIRST, 8), shipped()) as opened:
        yield Place(opened.tools)


async def live(place: Place, world: World, order: Callable[[list[str]], None], gaps: Sequence[float]) -> None:
    """Let everything happen, in an order drawn, on days that pass, with derivations between."""
    await place.begin()
    deeds = [*(f"enrol {each.number}" for each in world.offices), "publish"]
    deeds += [f"fact {each.number} {place_}" for each in world.offices for place_ in range(len(each.facts))]
    deeds += [f"set {place_}" for place_ in range(len(world.settings))]
    order(deeds)
    offices = {each.number: each for each in world.offices}
    for number, deed in enumerate(deeds):
        gap = gaps[number % len(gaps)]
        if gap:
            day = FIRST + timedelta(days=int((world.today - FIRST).days * number / len(deeds)))
            place.turn_to(day)
        match deed.split():
            case ["enrol", office]:
                await place.enrol(world, [office])
            case ["publish"]:
                await place.publish(world, place.tools.today())
            case ["fact", office, index]:
                await place.fact(office, offices[office].facts[int(index)])
            case ["set", index]:
                setting = world.settings[int(index)]
                place.turn_to(setting.fact.on)
                await place.set(setting)
        if gap:
            await place.work()
    place.turn_to(world.today)
    await place.publish(world, world.today)
    await place.work()


gaps = st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=5)


@searching
@given(world=worlds(), random=orders, pauses=gaps)
async def test_what_is_kept_is_what_the_pure_function_says_of_every_office(
    place: Place, world: World, random: st.DataObject, pauses: list[float]
) -> None:
    await live(place, world, random.shuffle, pauses)  # type: ignore[attr-defined]  # a Random
    assert await place.picture() == await place.expected(world)


@settings(searching, max_examples=8)
@given(world=worlds(), random=orders, pauses=gaps)
async def test_neither_the_order_of_events_nor_working_in_between_matters_in_the_end(
    place: Place, world: World, random: st.DataObject, pauses: list[float]
) -> None:
    await live(place, world, random.shuffle, pauses)  # type: ignore[attr-defined]  # a Random
    one = await place.picture()
    await derive(place.tools)
    assert await place.picture() == one
    await live(place, world, list.reverse, [0.0])
    assert await place.picture() == one
