"""lay_aside: somebody has dealt with a mail that was not understood; it leaves the list, with a word on what was done."""

from notifier.domain.actors import Who, actor_of
from notifier.domain.callers import Tenant
from notifier.errors import UnknownError
from notifier.store import audit, incoming
from notifier.store.incoming import CLOSED, UNCLEAR
from notifier.tools import Tools


async def lay_aside(tools: Tools, tenant: Tenant, mail_id: int, who: Who, words: str = "") -> None:
    """Take a mail off the tenant's list. Raises UnknownError if no such mail waits there."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        found = await incoming.find(conn, tenant, mail_id, to_change=True)
        if found is None or found.state != UNCLEAR:
            raise UnknownError(f"no mail {mail_id} waits on the caller's list")
        ended = {"state": CLOSED, "closed_at": now, "closed_by": str(actor_of(who)), "words": words.strip()}
        await incoming.note(conn, mail_id, ended)
        subject = f"office/{found.office}" if found.office else f"mail/{mail_id}"
        await audit.append(conn, now, who, "mail.laid-aside", subject, {"mail": mail_id})
