"""exempt: an authority agrees that a duty does not apply to an office, or takes that back; what follows is derived.

It is a fact like any other: dated, kept for ever, and seen by all to which the office answers.
"""

from typing import Final

from notifier.domain.actors import Who, actor_of
from notifier.domain.callers import Tenant
from notifier.domain.exemptions import ENDED, EXEMPTED
from notifier.errors import UnknownError
from notifier.store import audit, exemptions, office_records, outbox, subscriptions
from notifier.store.database import Connection
from notifier.store.exemptions import Wanted
from notifier.store.office_records import OfficeRecord
from notifier.tools import Tools

DEEDS: Final = {EXEMPTED: "office.exempted", ENDED: "office.exemption-ended"}


async def exempt(tools: Tools, tenant: Tenant, number: str, deadline: str, reason: str, who: Who) -> bool:
    """Let `deadline` not apply to the office any more, from today on; False if it does not already.

    Raises UnknownError if the tenant sees no such office or there is no such deadline.
    """
    return await _note(tools, tenant, (EXEMPTED, number, deadline, reason), who)


async def restore(tools: Tools, tenant: Tenant, number: str, deadline: str, reason: str, who: Who) -> bool:
    """Let `deadline` apply to the office again, from today on; False if it does. Raises like `exempt`."""
    return await _note(tools, tenant, (ENDED, number, deadline, reason), who)


async def _note(tools: Tools, tenant: Tenant, said: tuple[str, str, str, str], who: Who) -> bool:
    kind, number, deadline, reason = said
    now, actor = tools.now(), actor_of(who)
    async with tools.database.transaction() as conn:
        record = await _found(conn, tenant, number, deadline)
        agreed = {each.deadline for each in await exemptions.of_office(conn, record.id)}
        if (deadline in agreed) is (kind == EXEMPTED):
            return False
        wanted = Wanted(
            kind, number, deadline, reason.strip(), f"{kind}/{number}/{deadline}/{now.isoformat()}"
        )
        await exemptions.note(conn, wanted, actor, now)
        detail = {"deadline": deadline, "reason": reason.strip()}
        await audit.append(conn, now, who, DEEDS[kind], f"office/{number}", detail)
        await outbox.enqueue(conn, "derive", now)
    return True


async def _found(conn: Connection, tenant: Tenant, number: str, deadline: str) -> OfficeRecord:
    record = await office_records.office(conn, tenant, number, to_change=True)
    if record is None:
        raise UnknownError(f"no office {number} answers to {tenant.code or 'the nation'}")
    if "/" not in deadline or deadline not in await subscriptions.topics(conn):
        raise UnknownError(f"{deadline}: no such deadline; `notifier catalogue list` names them")
    return record
