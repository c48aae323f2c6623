"""mute: stop mail to an address because its owner asked for it; the duties stay, and the staff see who is not reached."""

from notifier.domain.actors import Actor
from notifier.store import audit, contacts
from notifier.tools import Tools


async def mute(tools: Tools, address: str) -> int:
    """Deactivate `address` wherever it is registered; returns for how many offices it was active.

    Doing it again changes nothing. What is planned for the address already becomes visible as unreachable.
    """
    now = tools.now()
    async with tools.database.transaction() as conn:
        found = await contacts.deactivate(conn, address)
        for number, authority in found:
            who = Actor("recipient", authority=authority)
            await audit.append(conn, now, who, "contact.muted", f"office/{number}", {"channel": "email"})
    return len({number for number, _ in found})
