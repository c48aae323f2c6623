"""sweep: take every cohort whose next day has come, say what its rung says, and set its next day.

Only what is due is looked at; the members are moved in one statement a cohort.
"""

from datetime import date
from functools import partial

from notifier.clock import civil_date, japan_time
from notifier.domain.ladders import Occasion, Rung
from notifier.domain.law import Law, Party
from notifier.domain.obligations import Decision, decide
from notifier.store import cohorts, deliveries, derivation, outbox, sequences
from notifier.store.cohorts import Cohort, Placed
from notifier.store.database import Connection, retrying
from notifier.telling import Message, Told, tell, tell_editor, upcoming
from notifier.tools import Tools, law_on


async def sweep(tools: Tools) -> None:
    """Say what is due on the present civil date; rungs missed during a standstill become the last of them."""
    await retrying(partial(_sweep, tools))


async def _sweep(tools: Tools) -> None:
    now = tools.now()
    today = civil_date(now)
    # A cohort that a derivation changes meanwhile must not be written back as it was.
    async with tools.database.transaction(snapshot=True) as conn:
        found = await cohorts.cohorts_due(conn, today)
        # A deadline whose law has moved waits for its derivation, which asks for another sweep.
        moved = await derivation.moved_deadlines(conn)
        found = [cohort for cohort in found if cohort.key.deadline not in moved]
        if found:
            law = await law_on(conn, tools, today)
            run = await sequences.draw(conn, "run")
            for cohort in found:
                await _climb(conn, tools, law, cohort, today, run)
            await outbox.enqueue(conn, "dispatch", now)
        following = await cohorts.next_day(conn, today)
        if following is not None:
            await outbox.enqueue(conn, "sweep", japan_time(following, 0))


async def _climb(conn: Connection, tools: Tools, law: Law, cohort: Cohort, today: date, run: int) -> None:
    decision = decide(law, cohort.key, today)
    if decision is None:
        return
    placed = Placed(cohort.key, decision, cohort.generation, upcoming(decision, today))
    await cohorts.update_cohort(conn, cohort.id, placed)
    reached = _reached(decision, cohort, today)
    told = Told(cohort.id, cohort.key, decision, cohort.generation)
    for rung in [each for each in reached if each.to_editor][-1:]:
        await tell_editor(conn, tools, law, told, Message(rung.occasion, rung.key), run)
    for rung in [each for each in reached if not each.to_editor][-1:]:
        message = Message(rung.occasion, rung.key, name=rung.name)
        await tell(conn, tools, law, told, message, run, whom=deliveries.unsettled())
        if law.ladders[law.deadlines[cohort.key.deadline].ladder].editor:
            await tell_editor(conn, tools, law, told, message, run)
        if rung.occasion is Occasion.CLOSING:
            await _close(conn, tools, law, told, message, run)


def _reached(decision: Decision, cohort: Cohort, today: date) -> list[Rung]:
    since = cohort.next_on or today
    return [rung for rung in decision.rungs if since <= rung.on <= today]


async def _close(conn: Connection, tools: Tools, law: Law, told: Told, message: Message, run: int) -> None:
    """Tell the municipality and the editor, too, that an end was missed: once, and only if anybody missed it."""
    if Party.OFFICE not in law.deadlines[told.key.deadline].parties:
        return
    count, _ = await deliveries.missed_by(conn, told.cohort_id, limit=0)
    if count:
        await tell(conn, tools, law, told, message, run, parties=(Party.MUNICIPALITY,))
        await tell_editor(conn, tools, law, told, message, run)
