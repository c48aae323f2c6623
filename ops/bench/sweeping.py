"""H2: obligations that have come due become deliveries; the peer claims rows in batches of 1,000, as queues do."""

from datetime import date

from sqlalchemy import text

from notifier.clock import TurnedClock, japan_time
from notifier.steps.sweep import sweep
from notifier.store import cohorts
from notifier.tools import Tools
from ops.bench.figures import line, measured

BATCH = 1000


async def measure(bench: Tools, clock: TurnedClock, count: int, *watched: int) -> None:
    """Sweep on the first day on which every office is to be reminded."""
    peer, claims = await claimed_in_batches(bench, count, *watched)
    await _turn_to_next_rung(bench, clock)
    before = await _deliveries(bench)
    with measured(*watched) as taken:
        await sweep(bench)
    made = await _deliveries(bench) - before
    if made != count:
        raise SystemExit(f"the sweep planned {made} deliveries instead of {count}")
    line(
        f"H2 sweep, {bench.database.dialect}",
        f"{made / taken.elapsed:,.0f}/s",
        f"{count / peer:,.0f}/s (claims alone {count / claims:,.0f}/s)",
        f"{peer / taken.elapsed:.1f} ×",
        f"CPU {1e6 * taken.cost / made:.0f} µs each; gate 1.5, aim 3.5",
    )


async def _turn_to_next_rung(bench: Tools, clock: TurnedClock) -> None:
    today: date = bench.today()
    async with bench.database.reading() as conn:
        following = await cohorts.next_day(conn, today)
    if following is None:
        raise SystemExit("nothing will ever be due")
    clock.turn_to(japan_time(following, 0))


async def _deliveries(bench: Tools) -> int:
    async with bench.database.reading() as conn:
        return int((await conn.execute(text("SELECT count(*) FROM delivery"))).scalar_one())


async def claimed_in_batches(bench: Tools, count: int, *watched: int) -> tuple[float, float]:
    """Claim due rows by the thousand and write what is to be sent; return the seconds, and those of claiming."""
    postgresql = bench.database.dialect == "postgresql"
    identity = "BIGSERIAL PRIMARY KEY" if postgresql else "INTEGER PRIMARY KEY"
    async with bench.database.transaction() as conn:
        due = "office_id INTEGER NOT NULL, due_on TEXT NOT NULL, state TEXT NOT NULL"
        for each in (
            f"CREATE TABLE bench_due (id {identity}, {due})",
            "CREATE INDEX ix_bench_due ON bench_due (state, due_on)",
            f"CREATE TABLE bench_delivery (id {identity}, {due}, recipient TEXT NOT NULL)",
            "CREATE UNIQUE INDEX uq_bench_delivery ON bench_delivery (office_id, recipient, due_on)",
            "CREATE INDEX ix_bench_delivery ON bench_delivery (state, due_on)",
        ):
            await conn.execute(text(each))
        await conn.execute(
            text(
                "INSERT INTO bench_due (office_id, due_on, state) SELECT id, '2026-12-01', 'due' FROM office"
                " ORDER BY id"
            )
        )
        await conn.execute(text("ANALYZE bench_due"))
    with measured(*watched) as both:
        claims, done = 0.0, 0
        while True:
            taken, lot = await _one_batch(bench, postgresql=postgresql)
            claims += taken
            done += lot
            if not lot:
                break
    if done != count:
        raise SystemExit(f"the peer claimed {done} rows instead of {count}")
    async with bench.database.transaction() as conn:
        await conn.execute(text("DROP TABLE bench_due"))
        await conn.execute(text("DROP TABLE bench_delivery"))
    return both.elapsed, claims


async def _one_batch(bench: Tools, *, postgresql: bool) -> tuple[float, int]:
    locked = " FOR UPDATE SKIP LOCKED" if postgresql else ""
    with measured() as claiming:
        async with bench.database.transaction() as conn:
            rows = (
                await conn.execute(
                    text(
                        "UPDATE bench_due SET state = 'claimed' WHERE id IN (SELECT id FROM bench_due"  # noqa: S608 -- words of our own
                        " WHERE state = 'due' AND due_on <= '2026-12-01' ORDER BY id"
                        f" LIMIT {BATCH}{locked}) RETURNING id, office_id"
                    )
                )
            ).all()
    if not rows:
        return claiming.elapsed, 0
    async with bench.database.transaction() as conn:
        await conn.execute(
            text(
                "INSERT INTO bench_delivery (office_id, recipient, state, due_on)"
                " VALUES (:office, :recipient, 'planned', '2026-12-01')"
            ),
            [{"office": row.office_id, "recipient": f"office{row.office_id}@care.example"} for row in rows],
        )
        await conn.execute(
            text("UPDATE bench_due SET state = 'done' WHERE id BETWEEN :first AND :last"),
            {"first": min(row.id for row in rows), "last": max(row.id for row in rows)},
        )
    return claiming.elapsed, len(rows)
