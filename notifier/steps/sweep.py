"""sweep: take every cohort whose next day has come, say what its rung says, and set its next day.

Only what is due is looked at; what is said alike to many cohorts moves in one statement.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial

from notifier.clock import civil_date, japan_time
from notifier.domain.ladders import Occasion, Rung
from notifier.domain.law import Law, Party
from notifier.domain.obligations import Decision
from notifier.heralding import Heralding
from notifier.store import audit, cohorts, derivation, outbox, sequences
from notifier.store.cohorts import Cohort, Placed
from notifier.store.database import retrying
from notifier.store.deliveries import Whom
from notifier.telling import Message, Telling, Told, upcoming
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
            telling, heralding = Telling(conn, tools, law, run), await Heralding.begin(conn, law, run, now)
            await cohorts.update_cohorts(conn, list(_climb(telling, heralding, law, found, today)))
            await telling.say_all()
            await heralding.finish()
            await outbox.enqueue(conn, "dispatch", now)
            await audit.append_run(conn, now, "sweep", run, {"cohorts": len(found)})
        following = await cohorts.next_day(conn, today)
        if following is not None:
            await outbox.enqueue(conn, "sweep", japan_time(following, 0))


def _climb(
    telling: Telling, heralding: Heralding, law: Law, found: Sequence[Cohort], today: date
) -> Iterator[tuple[int, Placed]]:
    """Say what is due to each cohort, and yield where it stands now."""
    for cohort in found:
        decision = telling.decide(cohort.key)
        if decision is None:
            continue
        heralding.decided(cohort, decision)
        yield cohort.id, Placed(cohort.key, decision, cohort.generation, upcoming(decision, today))
        told = Told(cohort.id, cohort.key, decision, cohort.generation)
        reached = _reached(decision, cohort, today)
        for rung in [each for each in reached if each.to_editor][-1:]:
            telling.tell_editor(told, Message(rung.occasion, rung.key))
        for rung in [each for each in reached if not each.to_editor][-1:]:
            _say(telling, law, told, rung)


def _reached(decision: Decision, cohort: Cohort, today: date) -> list[Rung]:
    since = cohort.next_on or today
    return [rung for rung in decision.rungs if since <= rung.on <= today]


def _say(telling: Telling, law: Law, told: Told, rung: Rung) -> None:
    """Say what the rung says; that an end was missed is said to the municipality and the editor, too."""
    deadline = law.deadlines[told.key.deadline]
    message = Message(rung.occasion, rung.key, name=rung.name)
    telling.tell(told, message, whom=Whom.UNSETTLED)
    if law.ladders[deadline.ladder].editor:
        telling.tell_editor(told, message)
    if rung.occasion is Occasion.CLOSING and Party.OFFICE in deadline.parties:
        telling.tell_if_missed(told, message)
