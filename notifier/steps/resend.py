"""resend: say once more to one address what was said to it, because somebody asked for it."""

from collections.abc import Callable

from notifier.domain.actors import Who, actor_of
from notifier.domain.callers import Tenant
from notifier.errors import UnknownError
from notifier.store import audit, delivery_records, outbox
from notifier.store.delivery_records import DeliveryRecord
from notifier.tools import Tools


async def resend(
    tools: Tools, tenant: Tenant, number: int, who: Who, check: Callable[[DeliveryRecord], None]
) -> int:
    """Plan the delivery `number` anew with the same content and return the id of the new one; `check` may refuse.

    It is a delivery of its own with a letter of its own; what the first one came to stays as it is. Raises
    UnknownError if `tenant` sees no such delivery.
    """
    now = tools.now()
    async with tools.database.transaction() as conn:
        known = await delivery_records.delivery(conn, tenant, number)
        if known is None:
            raise UnknownError(f"no delivery {number} that {tenant.code or 'the nation'} sees")
        check(known)
        anew = await delivery_records.repeat(conn, number, now, actor_of(who).trace)
        subject = f"office/{known.office}" if known.office else known.party
        detail = {"delivery": number, "anew": anew, "deadline": known.deadline}
        await audit.append(conn, now, who, "delivery.resent", subject, detail)
        await outbox.enqueue(conn, "dispatch", now)
    return anew
