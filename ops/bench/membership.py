"""Membership: offices are enrolled, and what each of them owes under the whole shipped catalogue is worked out."""

from datetime import date

from sqlalchemy import text

from notifier.clock import TurnedClock, japan_time
from notifier.publishing import publish
from notifier.steps.derive import derive
from notifier.steps.enrol import enrol
from notifier.store import authorities
from notifier.tools import Tools
from ops.bench.country import gather_statistics, offices, places
from ops.bench.figures import line, measured, peak_megabytes

DAY = date(2026, 11, 2)
LOT = 60_000


async def measure(bench: Tools, clock: TurnedClock, count: int, *watched: int) -> None:
    """Enrol `count` offices under the law of `DAY`."""
    clock.turn_to(japan_time(DAY, 8))
    async with bench.database.transaction() as conn:
        await authorities.keep_authorities(conn, [(each, "") for each in places()])
    await publish(bench, DAY)
    await derive(bench)
    everybody = list(offices(count))
    first = everybody[:LOT]
    with measured(*watched) as enrolled:
        await enrol(bench, first, "bench")
    line(
        f"   enrol, {bench.database.dialect}",
        f"{enrolled.elapsed:.1f} s",
        f"{len(first):,} offices",
        "",
        f"{len(first) / enrolled.elapsed:,.0f}/s, CPU {1e6 * enrolled.cost / len(first):.0f} µs each",
    )
    for start in range(LOT, count, LOT):
        await enrol(bench, everybody[start : start + LOT], "bench")
    del everybody, first
    await gather_statistics(bench.database)
    with measured(*watched) as taken:
        await derive(bench)
    owed, said = await _rows(bench, "obligation"), await _rows(bench, "delivery")
    line(
        f"   first derivation, {bench.database.dialect}",
        f"{taken.elapsed:.1f} s",
        f"{owed:,} obligations, {said:,} deliveries",
        "",
        f"{1e6 * taken.elapsed / (owed + said):.1f} µs a row, CPU {taken.cost:.1f} s; peak {peak_megabytes():.0f} MB",
    )


async def _rows(bench: Tools, name: str) -> int:
    async with bench.database.reading() as conn:
        return int((await conn.execute(text(f"SELECT count(*) FROM {name}"))).scalar_one())  # noqa: S608 -- names of our own
