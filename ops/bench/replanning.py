"""H1: a national date moves; the limit is the bare INSERT … SELECT of every rung of every office, with its indexes."""

from datetime import date

from sqlalchemy import text

from notifier.steps.derive import derive
from notifier.tools import Tools
from ops.bench.country import gather_statistics, national, say
from ops.bench.figures import line, measured

RUNGS = 6
GATES = {"postgresql": "gate 0.6, aim 0.1", "sqlite": "gate 0.5, aim 0.1"}


async def measure(bench: Tools, count: int, *watched: int) -> None:
    """Move the date of a duty of all offices: planning alone, then with every office told of it."""
    quiet = national(bench.catalogue, "moved", announce=False)
    told = national(bench.catalogue, "told", announce=True)
    await say(bench, quiet, "moved-1", date(2026, 12, 25))
    await say(bench, told, "told-1", date(2026, 12, 25))
    await derive(bench)
    await gather_statistics(bench.database)
    bare = await every_rung(bench, quiet.id, count * RUNGS, *watched)
    with measured(*watched) as planned:
        await say(bench, quiet, "moved-2", date(2027, 3, 31))
        await derive(bench)
    name = f"H1 date moves, {bench.database.dialect}"
    limit = f"{bare:.2f} s for {count * RUNGS:,} rows"
    ratio = f"{planned.elapsed / bare:.2f} ×"
    line(
        f"{name}: planned",
        f"{planned.elapsed:.2f} s",
        limit,
        ratio,
        f"CPU {planned.cost:.2f} s; {GATES[bench.database.dialect]}",
    )
    with measured(*watched) as telling:
        await say(bench, told, "told-2", date(2027, 1, 22))
        await derive(bench)
    line(
        f"{name}: told",
        f"{telling.elapsed:.2f} s",
        f"{count:,} deliveries",
        f"{telling.elapsed / bare:.2f} ×",
        f"{count / telling.elapsed:,.0f}/s, CPU {1e6 * telling.cost / count:.0f} µs each",
    )


async def every_rung(bench: Tools, deadline: str, expected: int, *watched: int) -> float:
    """Write a row for every rung of every obligation of `deadline`, indexed; return the seconds it took."""
    async with bench.database.transaction() as conn:
        await conn.execute(text("DROP TABLE IF EXISTS bench_rung"))
        await conn.execute(
            text(
                "CREATE TABLE bench_rung (office_id INTEGER NOT NULL, deadline TEXT NOT NULL,"
                " occurrence INTEGER NOT NULL, rung INTEGER NOT NULL, due_on DATE NOT NULL,"
                " state TEXT NOT NULL, PRIMARY KEY (office_id, deadline, occurrence, rung))"
            )
        )
        await conn.execute(text("CREATE INDEX ix_bench_rung_state_due_on ON bench_rung (state, due_on)"))
    rungs = ", ".join(f"({number}, '2026-12-{25 - number:02d}')" for number in range(RUNGS))
    with measured(*watched) as taken:
        async with bench.database.transaction() as conn:
            await conn.execute(
                text(
                    f"WITH ladder (rung, due_on) AS (VALUES {rungs})"  # noqa: S608 -- figures of our own
                    " INSERT INTO bench_rung SELECT office_id, deadline, occurrence, rung,"
                    " CAST(due_on AS DATE), 'planned' FROM obligation CROSS JOIN ladder"
                    " WHERE deadline = :deadline"
                ),
                {"deadline": deadline},
            )
    async with bench.database.transaction() as conn:
        written = (await conn.execute(text("SELECT count(*) FROM bench_rung"))).scalar_one()
        if written != expected:
            raise SystemExit(f"the limit wrote {written} rungs instead of {expected}")
        await conn.execute(text("DROP TABLE bench_rung"))
    return taken.elapsed
