"""release: letters of an authority that were held back because too many had come back leave again."""

from notifier.domain.actors import Who, actor_of
from notifier.domain.callers import Tenant
from notifier.domain.halts import SPAN
from notifier.errors import UnknownError
from notifier.store import audit, halts, outbox
from notifier.tools import Tools


async def release(
    tools: Tools, tenant: Tenant, halt_id: int, words: str, who: Who, *, restoring: bool = False
) -> int:
    """Let the letters leave; with `restoring` addresses given up in the storm are used again. Returns how many those are.

    Raises UnknownError if the tenant has no such halt in force.
    """
    now = tools.now()
    async with tools.database.transaction() as conn:
        found = next((each for each in await halts.in_force(conn, tenant) if each.id == halt_id), None)
        if found is None:
            raise UnknownError(f"no halt {halt_id} of {tenant.code or 'the nation'} is in force")
        contacts = await halts.given_up(conn, found.authority, found.since - SPAN) if restoring else []
        if contacts:
            await halts.restore(conn, contacts)
        await halts.end(conn, found, str(actor_of(who)), words.strip(), now)
        await halts.hasten(conn, found.authority, now)
        detail = {"words": words.strip(), "restored": len(contacts)}
        actor = actor_of(who).about(found.authority)
        await audit.append(conn, now, actor, "letters.released", f"authority/{found.authority}", detail)
        await outbox.enqueue(conn, "deliver", now)
    return len(contacts)
