"""jot: what an authority's staff write down about an office: notes, and how trying to reach it went."""

from enum import StrEnum

from notifier.domain.actors import Who, actor_of
from notifier.domain.callers import Tenant
from notifier.errors import UnknownError
from notifier.store import audit, notes, office_records, outreach
from notifier.store.database import Connection
from notifier.store.office_records import OfficeRecord
from notifier.store.outreach import Tried
from notifier.tools import Tools


class Way(StrEnum):
    """How an office was spoken to."""

    TELEPHONE = "telephone"
    FAX = "fax"
    LETTER = "letter"
    VISIT = "visit"


class Outcome(StrEnum):
    """What came of it: it knows now, has done it already, will give an address; or nobody was there, or it went wrong."""

    TOLD = "told"
    DONE = "done"
    ADDRESS = "address"
    ABSENT = "absent"
    WRONG = "wrong"


async def write(tools: Tools, tenant: Tenant, number: str, text: str, who: Who) -> int:
    """Keep a note of `tenant` about an office and return its id. Raises UnknownError if it sees no office `number`."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        await _seen(conn, tenant, number)
        added = await notes.add(conn, tenant, number, text, now, actor_of(who).name)
        await audit.append(conn, now, who, "note.written", f"office/{number}", {"note": added})
    return added or 0


async def withdraw(tools: Tools, tenant: Tenant, number: str, note: int, who: Who) -> bool:
    """Withdraw a note of `tenant`, which is kept and no longer shown; False if there is none that still counts."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        if await notes.withdraw(conn, tenant, note, now) is None:
            return False
        await audit.append(conn, now, who, "note.withdrawn", f"office/{number}", {"note": note})
    return True


async def tried(
    tools: Tools, tenant: Tenant, number: str, how: tuple[Way, Outcome], about: tuple[str, str], who: Who
) -> None:
    """Keep how `tenant` tried to reach the office `number`; `about` is the deadline ("" for none) and words of its own.

    Raises UnknownError if it sees no such office.
    """
    now = tools.now()
    (way, outcome), (deadline, words) = how, about
    async with tools.database.transaction() as conn:
        office = await _seen(conn, tenant, number)
        kept = Tried(way.value, outcome.value, deadline, words, now, actor_of(who).name)
        await outreach.add(conn, tenant, office.id, kept)
        detail = {"way": way.value, "outcome": outcome.value, "deadline": deadline}
        await audit.append(conn, now, who, "office.contacted", f"office/{number}", detail)


async def _seen(conn: Connection, tenant: Tenant, number: str) -> OfficeRecord:
    office = await office_records.office(conn, tenant, number)
    if office is None:
        raise UnknownError(f"no office {number} answers to {tenant.code or 'the nation'}")
    return office
