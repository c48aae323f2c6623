"""lend: give out the secret address of a calendar, or take it back; both are written into the audit."""

from notifier.domain.actors import Actor, Who
from notifier.store import agendas, audit
from notifier.store.agendas import CalendarAddress
from notifier.tools import Tools


async def lend(tools: Tools, address: CalendarAddress) -> None:
    """Keep a new address. Raises StoreError if its name is taken."""
    detail = {
        "kind": address.kind,
        "subject": address.subject,
        "authority": address.authority,
        "label": address.label,
    }
    about = f"calendar/{address.name}"
    async with tools.database.transaction() as conn:
        await agendas.add(conn, address)
        who = Actor(address.created_by, authority=address.authority)
        await audit.append(conn, tools.now(), who, "calendar.created", about, detail)


async def recall(tools: Tools, name: str, who: Who) -> bool:
    """Revoke the address `name` from now on; False if there is none or it was revoked before."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        revoked = await agendas.revoke(conn, name, now)
        if revoked:
            await audit.append(conn, now, who, "calendar.revoked", f"calendar/{name}", {})
    return revoked
