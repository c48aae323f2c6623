"""Headcounts: the sums of cohorts are held equal to the rows, whoever looks and whatever has just moved."""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from notifier.domain.callers import NATION, Tenant
from notifier.store import obligation_records
from notifier.store.authorities import AuthorityMemberRow
from notifier.store.database import Database, table
from notifier.store.headcounts import headcounts
from notifier.store.migration import create_all
from notifier.store.obligation_records import Wanted
from notifier.store.tables import (
    NO_ANCHOR,
    AuthorityRow,
    CohortRow,
    ContactRow,
    DesignationRow,
    ObligationRow,
    OfficeRow,
)

PLACES = {"121002": "120006", "122041": "120006", "131016": "130001"}
UNION = "129991"
MEMBERS = ("122041", "131016")
TENANTS = (NATION, Tenant("121002"), Tenant("122041"), Tenant("120006"), Tenant("130001"), Tenant(UNION))
DUTIES = ("a/one", "a/two")
NOW = datetime(2026, 3, 6, tzinfo=UTC)


@dataclass
class Someone:
    """An office: where it lies, where its cohorts are of, who designated it, who has an address of it in use."""

    id: int
    place: str
    cohorts_of: str
    is_open: bool
    designated_by: set[str] = field(default_factory=set)
    reached_by: set[str] = field(default_factory=set)
    settled: dict[str, bool] = field(default_factory=dict)

    def counts_for(self, tenant: Tenant, *, in_sum: bool) -> bool:
        """Tell whether it is counted."""
        if tenant.is_nation:
            return self.is_open
        inside = in_sum and tenant.is_prefecture and PLACES[self.place] == tenant.code
        mine = self.place == tenant.code or tenant.code in self.designated_by
        return self.is_open and (mine or inside or (tenant.code == UNION and self.place in MEMBERS))

    def is_reached_by(self, eyes: Tenant) -> bool:
        """Tell whether a contact of `eyes` is in use."""
        return bool(self.reached_by) if eyes.is_nation else eyes.code in self.reached_by


def someone(number: int, chance: random.Random) -> Someone:
    """Draw an office; a few have moved or closed and were not worked out since."""
    place = chance.choice(list(PLACES))
    was = chance.choice(list(PLACES)) if chance.random() < 0.2 else place
    drawn = Someone(number, place, was, chance.random() > 0.1)
    drawn.designated_by = {code for code in (*PLACES, "120006", "130001") if chance.random() < 0.2}
    drawn.reached_by = {code for code in PLACES if chance.random() < 0.4}
    drawn.settled = {duty: chance.random() < 0.3 for duty in DUTIES if chance.random() < 0.8}
    return drawn


async def keep(database: Database, people: list[Someone]) -> dict[tuple[str, str], int]:
    """Keep them and their cohorts; return the cohorts by deadline and place."""
    cohorts = {(duty, place): 1 + number for number, (duty, place) in enumerate(_pairs())}
    fixed = {"occurrence": 0, "taken_up": True, "anchor": NO_ANCHOR, "generation": 1, "shape": "day"}
    written: list[tuple[Any, list[dict[str, Any]]]] = [
        (AuthorityRow, [{"code": UNION, "name": "連合", "kind": "union", "prefecture": "", "settings": {}}]),
        (AuthorityMemberRow, [{"authority": UNION, "member": each} for each in MEMBERS]),
        (
            OfficeRow,
            [
                {
                    "id": each.id,
                    "number": f"{each.id:010d}",
                    "name": "",
                    "municipality": each.place,
                    "prefecture": PLACES[each.place],
                    "registered_at": NOW,
                    "closed_on": None if each.is_open else date(2026, 3, 1),
                    "derived": each.is_open and each.place == each.cohorts_of,
                }
                for each in people
            ],
        ),
        (
            CohortRow,
            [
                fixed
                | {"id": number, "deadline": duty, "municipality": place, "prefecture": PLACES[place]}
                | {"state": "open", "tentative": False, "decision": {}}
                for (duty, place), number in cohorts.items()
            ],
        ),
        (
            ObligationRow,
            [
                {"office_id": each.id, "deadline": duty, "cohort_id": cohorts[duty, each.cohorts_of]}
                | {"occurrence": 0, "settled_on": date(2026, 3, 2) if settled else None}
                for each in people
                for duty, settled in each.settled.items()
            ],
        ),
        (
            DesignationRow,
            [
                {"office_id": each.id, "authority": code, "service": service}
                for each in people
                for code in sorted(each.designated_by)
                for service in ("11", "43")
            ],
        ),
        (
            ContactRow,
            [
                {"office_id": each.id, "authority": code, "address": f"{code}@x.example"}
                | {"channel": "email", "active": code in each.reached_by}
                for each in people
                for code in PLACES
            ],
        ),
    ]
    async with database.transaction() as conn:
        for model, rows in written:
            await conn.execute(insert(table(model)), rows)
    return cohorts


def _pairs() -> list[tuple[str, str]]:
    return [(duty, place) for duty in DUTIES for place in PLACES]


def counted(
    people: list[Someone], cohorts: dict[tuple[str, str], int], eyes: Tenant
) -> dict[int, tuple[int, int, int]]:
    """Count one by one."""
    members: Counter[int] = Counter()
    settled: Counter[int] = Counter()
    silent: Counter[int] = Counter()
    for each in people:
        for duty, is_settled in each.settled.items():
            cohort = cohorts[duty, each.cohorts_of]
            members[cohort] += 1
            settled[cohort] += is_settled
            silent[cohort] += duty == "a/one" and not is_settled and not each.is_reached_by(eyes)
    return {number: (members[number], settled[number], silent[number]) for number in members}


@pytest.mark.parametrize("seed", range(3))
async def test_the_sums_of_cohorts_are_those_of_their_offices(database_url: str, seed: int) -> None:
    chance = random.Random(seed)
    people = [someone(number, chance) for number in range(1, 81)]
    async with await Database.open(database_url) as database:
        await create_all(database)
        cohorts = await keep(database, people)
        for tenant in TENANTS:
            for in_sum in (True, False):
                eyes = chance.choice(TENANTS)
                sums = await _sums(database, tenant, eyes, in_sum=in_sum)
                mine = [each for each in people if each.counts_for(tenant, in_sum=in_sum)]
                assert sums == counted(mine, cohorts, eyes)
            # The list of obligations, read in pages, holds those of the same offices.
            mine = [each for each in people if each.counts_for(tenant, in_sum=False)]
            assert await _listed(database, tenant) == sorted(
                (cohorts[duty, each.cohorts_of], each.id) for each in mine for duty in each.settled
            )


async def _sums(
    database: Database, tenant: Tenant, eyes: Tenant, *, in_sum: bool
) -> dict[int, tuple[int, int, int]]:
    watched = table(CohortRow).c.deadline == "a/one"
    found = headcounts(tenant, in_sum=in_sum, reached=(eyes, watched))
    sums = [func.sum(found.c[name]) for name in ("members", "settled", "unreachable")]
    async with database.reading() as conn:
        rows = await conn.execute(select(found.c.cohort_id, *sums).group_by(found.c.cohort_id))
        return {row[0]: (int(row[1]), int(row[2]), int(row[3])) for row in rows if row[1]}


async def _listed(database: Database, tenant: Tenant) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    async with database.reading() as conn:
        while True:
            after = found[-1] if found else (0, 0)
            page = await obligation_records.obligations(conn, tenant, Wanted(), NOW.date(), after, 30)
            found += [(each.cohort, each.office_id) for each in page]
            if len(page) < 30:
                return found
