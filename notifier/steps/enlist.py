"""enlist: take over a list of offices whole, or show what that would change; nothing is ever half done."""

from functools import partial

from notifier.domain.actors import Who
from notifier.enlisting import Enlisted, Progress, Stage, Wanted, check_closing, read, silently
from notifier.reading.office_columns import Layout
from notifier.reading.office_list import OfficeList
from notifier.store import audit, differences, enrolment, facts, outbox
from notifier.store.database import Connection
from notifier.store.differences import Difference, Enrolled
from notifier.tools import Tools

NOTHING = Difference((), {}, 0)


async def enlist(
    tools: Tools, content: bytes, wanted: Wanted, who: Who, progress: Progress = silently
) -> Enlisted:
    """Do with the list in `content` what is `wanted`, in one transaction; `progress` is told how far that has come.

    Raises ImportRefusedError if `wanted.municipality` is none, or if what the list does not name may not be closed.
    """
    listed, offices = await read(tools, content, wanted, progress)
    if not offices:
        return Enlisted(listed, NOTHING, taken_over=False)
    if wanted.dry_run:
        return await _compare(tools, listed, offices, wanted, progress)
    if listed.faults and not wanted.without_refused:
        return Enlisted(listed, NOTHING, taken_over=False)
    return await _take_over(tools, listed, offices, wanted, who, progress)


async def _compare(
    tools: Tools, listed: OfficeList, offices: list[Enrolled], wanted: Wanted, progress: Progress
) -> Enlisted:
    async with tools.database.reading() as conn:
        found = await differences.difference(conn, offices, advance=partial(progress, Stage.COMPARING))
        gone = await _gone(conn, listed, offices, wanted)
    return Enlisted(listed, _with_gone(found, gone), taken_over=False)


async def _take_over(
    tools: Tools,
    listed: OfficeList,
    offices: list[Enrolled],
    wanted: Wanted,
    who: Who,
    progress: Progress,
) -> Enlisted:
    now = tools.now()
    closed: tuple[str, ...] = ()
    async with tools.database.transaction() as conn:
        done = await enrolment.enrol(conn, offices, now, partial(progress, Stage.TAKING_OVER))
        gone = await _gone(conn, listed, offices, wanted)
        if wanted.close_gone and gone:
            check_closing(gone, listed, wanted)
            await enrolment.close_all(conn, gone, wanted.closed_on or tools.today())
            closed = gone
        if done.added or done.changed or closed:
            await facts.apply_waiting(conn, now)
            detail = {
                "municipality": wanted.municipality or "",
                "added": len(done.added),
                "changed": len(done.changed),
                "closed": list(closed),
            }
            await audit.append(conn, now, who, "offices.enlisted", "offices", detail)
            await outbox.enqueue(conn, "derive", now)
    return Enlisted(listed, _with_gone(done, gone), taken_over=True, closed=closed)


async def _gone(
    conn: Connection, listed: OfficeList, offices: list[Enrolled], wanted: Wanted
) -> tuple[str, ...]:
    """Return the open offices of the municipalities of a list that it does not name, by number.

    The national register comes in files by service: an office is missing only from those of all its services.
    """
    places = [wanted.municipality] if wanted.municipality else sorted({each.municipality for each in offices})
    named = {each.number for each in offices} | listed.withheld
    types = listed.types if listed.layout is Layout.NATIONAL else None
    return await differences.missing(conn, named, places, types)


def _with_gone(found: Difference, gone: tuple[str, ...]) -> Difference:
    return Difference(found.added, found.changed, found.unchanged, gone)
