"""enlist: take over a list of offices whole, or show what that would change; nothing is ever half done."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, replace
from datetime import date, timedelta
from functools import partial
from typing import Any, Final, TypeAlias

from notifier.domain.actors import Actor, Who, actor_of
from notifier.domain.callers import Tenant
from notifier.enlisting import (
    Enlisted,
    Progress,
    Read,
    Stage,
    Wanted,
    check_closing,
    read,
    report_of,
    silently,
    without_foreign,
)
from notifier.errors import ImportRefusedError, UnknownError
from notifier.reading.office_columns import Layout
from notifier.reading.office_table import refused_file
from notifier.store import audit, differences, enrolment, facts, imports, outbox
from notifier.store.database import Connection
from notifier.store.differences import Difference
from notifier.store.imports import Arrived, KeptImport
from notifier.tools import Tools

KEPT: Final = timedelta(days=7)
"""For so long the content of a list that was only compared is kept, so that it can be taken over as it was."""
TRACE: Final = "traceparent"
"""Under this name a list that came in carries the trace of the call by which it did, beside what is wanted."""
NOTHING = Difference((), {}, 0)


Keep: TypeAlias = Callable[[Connection, Enlisted], Awaitable[None]]
"""Is called in the transaction that took a list over."""


async def _keep_nothing(_: Connection, __: Enlisted) -> None:
    pass


async def enlist(
    tools: Tools,
    content: bytes,
    wanted: Wanted,
    who: Who,
    progress: Progress = silently,
    keep: Keep = _keep_nothing,
) -> Enlisted:
    """Do with the list in `content` what is `wanted`, in one transaction; `progress` is told how far that has come.

    Raises ImportRefusedError if `wanted.municipality` is none, or if what the list does not name may not be closed.
    """
    found = await read(tools, content, wanted, progress)
    if not found.offices:
        return Enlisted(found.listed, NOTHING, taken_over=False)
    if wanted.dry_run:
        return await _compare(tools, found, wanted, progress)
    return await _take_over(tools, found, wanted, who, progress, keep)


async def _compare(tools: Tools, found: Read, wanted: Wanted, progress: Progress) -> Enlisted:
    comparing = partial(progress, Stage.COMPARING)
    async with tools.database.reading() as conn:
        found = await without_foreign(conn, found, wanted)
        changes = await differences.difference(conn, found.offices, advance=comparing)
        gone = await _gone(conn, found, wanted)
    return Enlisted(found.listed, _with_gone(changes, gone), taken_over=False)


async def _take_over(
    tools: Tools, found: Read, wanted: Wanted, who: Who, progress: Progress, keep: Keep
) -> Enlisted:
    now = tools.now()
    closed: tuple[str, ...] = ()
    async with tools.database.transaction() as conn:
        await enrolment.take_turns(conn)
        found = await without_foreign(conn, found, wanted)
        if found.listed.faults and not wanted.without_refused:
            return Enlisted(found.listed, NOTHING, taken_over=False)
        advance, trace = partial(progress, Stage.TAKING_OVER), actor_of(who).trace
        done = await enrolment.enrol(conn, found.offices, now, advance, trace)
        gone = await _gone(conn, found, wanted)
        if wanted.close_gone and gone:
            check_closing(gone, found.listed, wanted)
            await enrolment.close_all(conn, gone, wanted.closed_on or tools.today())
            closed = gone
        if done.added or done.changed or closed:
            await facts.apply_waiting(conn, now)
            await outbox.enqueue(conn, "arrears", now)
            detail = {
                "municipality": wanted.municipality or "",
                "added": len(done.added),
                "changed": len(done.changed),
                "closed": list(closed),
            }
            await audit.append(conn, now, who, "offices.enlisted", "offices", detail)
            await outbox.enqueue(conn, "derive", now)
        enlisted = Enlisted(found.listed, _with_gone(done, gone), taken_over=True, closed=closed)
        await keep(conn, enlisted)
    return enlisted


async def _gone(conn: Connection, found: Read, wanted: Wanted) -> tuple[str, ...]:
    """Return the open offices of the municipalities of a list that it does not name, by number.

    The national register comes in files by service: an office is missing only from those of all its services.
    """
    listed, offices = found.listed, found.offices
    places = [wanted.municipality] if wanted.municipality else sorted({each.municipality for each in offices})
    named = {each.number for each in offices} | listed.withheld
    types = listed.types if listed.layout is Layout.NATIONAL else None
    return await differences.missing(conn, named, places, types, wanted.authority)


def _with_gone(found: Difference, gone: tuple[str, ...]) -> Difference:
    return Difference(found.added, found.changed, found.unchanged, gone)


# ---- lists that came in over the network ----


async def receive(tools: Tools, arrived: Arrived, who: Who) -> None:
    """Keep a list that came in; it is looked at as soon as somebody works."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        traced = replace(arrived, wanted={**arrived.wanted, TRACE: actor_of(who).trace})
        await imports.receive(conn, traced, now)
        detail = {"bytes": len(arrived.content), "wanted": dict(arrived.wanted)}
        await audit.append(conn, now, who, "offices.import.received", f"import/{arrived.key}", detail)
        await outbox.enqueue(conn, "enlist", now)


async def take_over_compared(
    tools: Tools, tenant: Tenant, key: str, wishes: Mapping[str, Any], who: Who
) -> KeptImport:
    """Let a list that was compared be taken over, with `wishes` beside what was wanted before.

    Raises UnknownError if the tenant sees no such list, and ImportRefusedError if nothing can be done with it any more.
    """
    now = tools.now()
    async with tools.database.transaction() as conn:
        kept = await imports.find(conn, tenant, key)
        if kept is None:
            raise UnknownError(f"no import {key} that the caller sees")
        wanted = {**_without_trace(kept.wanted), **wishes, "dry_run": False}
        if not await imports.want(conn, kept.id, {**wanted, TRACE: actor_of(who).trace}):
            message = "この一覧は比較を終えた状態ではないか、保管の期間を過ぎました。送り直してください。"
            raise ImportRefusedError(message)
        await audit.append(conn, now, who, "offices.import.confirmed", f"import/{key}", {"wanted": wanted})
        await outbox.enqueue(conn, "enlist", now)
        return replace(kept, wanted=wanted, state=imports.WAITING, finished_at=None)


async def enlist_waiting(tools: Tools) -> None:
    """Look at every list that waits: compare it, or take it over; forget those that nobody came back to."""
    async with tools.database.transaction() as conn:
        await imports.forget(conn, tools.now() - KEPT)
        waiting = await imports.waiting(conn)
    for each in waiting:
        await _look_at(tools, each)


async def _look_at(tools: Tools, kept: KeptImport) -> None:
    async with tools.database.reading() as conn:
        content = await imports.content_of(conn, kept.id)

    async def note(conn: Connection, done: Enlisted) -> None:
        refused = refused_file(content, done.listed).decode() if done.listed.refused else ""
        state = imports.TAKEN_OVER if done.taken_over else imports.COMPARED
        if not done.taken_over and (done.faults and not kept.wanted["dry_run"]):
            state = imports.REFUSED
        report = report_of(done)
        if not await imports.finish(conn, kept.id, state, report, refused, tools.now()):
            raise ImportRefusedError("another worker has dealt with this list meanwhile")

    who = Actor(kept.who, "", kept.authority, kept.wanted.get(TRACE, ""))
    try:
        done = await enlist(tools, content, wanted_from(kept.wanted), who, keep=note)
        if not done.taken_over:
            async with tools.database.transaction() as conn:
                await note(conn, done)
    except ImportRefusedError as refusal:
        async with tools.database.transaction() as conn:
            report = {"reason": str(refusal)}
            await imports.finish(conn, kept.id, imports.REFUSED, report, "", tools.now())


def wanted_from(written: Mapping[str, Any]) -> Wanted:
    """Return what is wanted as it was kept."""
    closed_on = written.get("closed_on")
    return Wanted(
        **{**_without_trace(written), "closed_on": date.fromisoformat(closed_on) if closed_on else None}
    )


def _without_trace(written: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in written.items() if name != TRACE}


def wanted_as_kept(wanted: Wanted) -> dict[str, Any]:
    """Return what is wanted as JSON has it."""
    kept = asdict(wanted)
    return kept | {"closed_on": wanted.closed_on.isoformat() if wanted.closed_on else None}
