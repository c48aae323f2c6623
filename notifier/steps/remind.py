"""remind: say once more, to the offices that asked for it and on the day for which they did, what is due."""

from datetime import timedelta
from functools import partial
from typing import Final

from notifier.clock import civil_date, japan_time
from notifier.domain.ladders import Occasion
from notifier.domain.law import Party
from notifier.domain.obligations import Decision, State
from notifier.store import audit, cohorts, derivation, outbox, sequences, wishes
from notifier.store.cohorts import Cohort
from notifier.store.database import Connection, retrying
from notifier.store.deliveries import Whom
from notifier.store.wishes import DROPPED, SAID
from notifier.telling import Message, Telling, Told
from notifier.tools import Tools, law_on

AT_ONCE: Final = 500
MORNING: Final = 8
SHORTLY: Final = timedelta(minutes=1)
WHY: Final = "貴事業所のページで、この日にもう一度お知らせすることを希望されたためです。"


async def remind(tools: Tools) -> None:
    """Say what was wished for up to the present civil date; a wish for what is done by now is dropped."""
    await retrying(partial(_remind, tools))


async def _remind(tools: Tools) -> None:
    now, today = tools.now(), tools.today()
    async with tools.database.transaction(snapshot=True) as conn:
        found = await wishes.due(conn, today, AT_ONCE)
        # A deadline whose law has moved is worked out first.
        moved = await derivation.moved_deadlines(conn)
        ready = [each for each in found if each.deadline not in moved]
        if ready:
            run = await sequences.draw(conn, "run")
            said = await _said(conn, tools, ready, run)
            detail = {"said": said, "dropped": len(ready) - said}
            await audit.append_run(conn, now, "remind", run, detail)
            await outbox.enqueue(conn, "dispatch", now)
        following = await wishes.next_day(conn)
        if following is not None:
            await outbox.enqueue(conn, "remind", max(japan_time(following, MORNING), now + SHORTLY))


async def _said(conn: Connection, tools: Tools, ready: list[wishes.Due], run: int) -> int:
    """Plan what is to be said; returns to how many wishes."""
    today = civil_date(tools.now())
    law = await law_on(conn, tools, today)
    telling = Telling(conn, tools, law, run)
    owed = [each.cohort_id for each in ready if each.cohort_id is not None]
    open_cohorts: set[int] = set()
    for cohort in await cohorts.cohorts_named(conn, owed):
        decision = telling.decide(cohort.key)
        if decision is None or decision.state in {State.LAPSED, State.WITHDRAWN}:
            continue
        open_cohorts.add(cohort.id)
        # What the ladder says on this very day need not be said twice.
        if not any(rung.on == today and not rung.to_editor for rung in decision.rungs):
            telling.tell(
                _told(cohort, decision), _message(today.isoformat()), whom=Whom.ASKED, parties=PARTIES
            )
    granted = [each.id for each in ready if each.cohort_id in open_cohorts]
    await wishes.move(conn, granted, SAID, run)
    await wishes.move(conn, [each.id for each in ready if each.cohort_id not in open_cohorts], DROPPED, 0)
    await telling.say_all()
    return len(granted)


PARTIES: Final = (Party.OFFICE,)


def _told(cohort: Cohort, decision: Decision) -> Told:
    return Told(cohort.id, cohort.key, decision, cohort.generation)


def _message(day: str) -> Message:
    return Message(Occasion.REMINDER, f"asked:{day}", why=WHY, is_awaited=True)
