"""lend: give out the secret address of a calendar, change its secret, take it back; each is written into the audit."""

from notifier.domain.actors import Who, actor_of
from notifier.domain.callers import Tenant
from notifier.store import agendas, audit
from notifier.store.agendas import CalendarAddress
from notifier.tools import Tools


async def lend(tools: Tools, address: CalendarAddress, who: Who) -> None:
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
        actor = actor_of(who).about(address.authority)
        await audit.append(conn, tools.now(), actor, "calendar.created", about, detail)


async def renew(tools: Tools, tenant: Tenant, name: str, digest: str, who: Who) -> bool:
    """Let the calendar `name` be read under the secret of `digest` only, from now on.

    False if `tenant` gave out none of that name, or has revoked it.
    """
    async with tools.database.transaction() as conn:
        address = await agendas.find(conn, name, tenant)
        renewed = address is not None and await agendas.renew(conn, name, digest)
        if address is not None and renewed:
            actor = actor_of(who).about(address.authority)
            await audit.append(conn, tools.now(), actor, "calendar.renewed", f"calendar/{name}", {})
    return renewed


async def recall(tools: Tools, tenant: Tenant, name: str, who: Who) -> bool:
    """Revoke the address `name` from now on; False if `tenant` gave out none of that name or revoked it before."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        address = await agendas.find(conn, name, tenant)
        revoked = address is not None and await agendas.revoke(conn, name, now)
        if address is not None and revoked:
            actor = actor_of(who).about(address.authority)
            await audit.append(conn, now, actor, "calendar.revoked", f"calendar/{name}", {})
    return revoked
