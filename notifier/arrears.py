"""Arrears: events that had to wait are dealt with once their office has appeared, or their day has come.

Facts are applied by the steps (`ripen`, `enrol`); here are the events of which no fact follows.
"""

import structlog

from notifier.clock import japan_time
from notifier.domain.actors import Actor, Who
from notifier.domain.origins import name_of
from notifier.editorial import deal
from notifier.errors import StoreError, UnknownError
from notifier.intake import Inbound
from notifier.store import answerable, arrears, audit, outbox
from notifier.store.arrears import Kept
from notifier.store.database import Connection
from notifier.tools import Tools

NOT_THEIRS = "the office that appeared does not answer to the sender"


async def catch_up(tools: Tools) -> None:
    """Deal with every event that need not wait any longer; one that cannot be dealt with is set aside with its reason."""
    today = tools.today()
    async with tools.database.reading() as conn:
        found = await arrears.waiting(conn)
        known = {each.subject: await _authorities(conn, each) for each in found}
    for each in found:
        authorities = known[each.subject]
        is_placed = authorities is not None or not each.subject.startswith("office/")
        if each.on > today or not (is_placed or each.type == "office.registered"):
            continue
        if authorities is not None and each.sender and each.sender not in authorities:
            await _end(tools, each, NOT_THEIRS)
        else:
            await _deal(tools, each)
    async with tools.database.transaction() as conn:
        following = await arrears.next_day(conn, today)
        if following is not None:
            await outbox.enqueue(conn, "arrears", japan_time(following, 0))


async def _authorities(conn: Connection, event: Kept) -> frozenset[str] | None:
    kind, _, number = event.subject.partition("/")
    return await answerable.authorities_of(conn, number) if kind == "office" else None


async def _deal(tools: Tools, event: Kept) -> None:
    kind, _, name = event.subject.partition("/")
    inbound = Inbound(
        event.source,
        event.event_id,
        event.type,
        event.happened_at,
        name if kind == "office" else None,
        name if kind == "authority" else None,
        event.data,
        sender=event.sender,
        key=event.key_prefix,
    )
    problem = ""
    try:
        await deal(tools, inbound)
    except Exception as fault:
        if isinstance(fault, StoreError) and type(fault) is not StoreError:
            raise
        problem = f"{type(fault).__name__}: {fault}"
        log = structlog.get_logger("arrears")
        log.warning("an event was set aside", type=event.type, problem=type(fault).__name__)
    await _end(tools, event, problem)


async def _end(tools: Tools, event: Kept, problem: str) -> None:
    who = Actor(
        f"key/{event.key_prefix}" if event.key_prefix else name_of(event.source), "events", event.sender
    )
    async with tools.database.transaction() as conn:
        await arrears.end(conn, event.id, problem)
        action = "event.set-aside" if problem else "event.applied"
        await audit.append(conn, tools.now(), who, action, "events", {event.type: event.event_id})


async def try_again(tools: Tools, number: int, who: Who) -> Kept:
    """Have an event that was set aside tried again. Raises UnknownError if there is none of that number set aside."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        found = await arrears.find(conn, number)
        if found is None or not await arrears.try_again(conn, number):
            raise UnknownError(
                f"event {number}: nothing of that number is set aside; see `notifier event list`"
            )
        detail = {found.type: found.event_id}
        await audit.append(conn, now, who, "event.tried-again", "events", detail)
        await outbox.enqueue(conn, "ripen", now)
        await outbox.enqueue(conn, "arrears", now)
    return found
