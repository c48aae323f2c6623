"""file: what offices declared done becomes facts, once it can no longer be undone; what follows is worked out next."""

import json
from collections.abc import Sequence
from datetime import date
from hashlib import blake2b

from notifier.domain.origins import OFFICE_MAIL, OFFICE_PAGE
from notifier.heralding import Acknowledged, herald_acknowledged
from notifier.store import audit, declarations, facts, outbox
from notifier.store.declarations import APPLIED, Declaration
from notifier.store.facts import Event
from notifier.store.values import from_kept
from notifier.tools import Tools

AT_ONCE = 200
SOURCES = {"page": OFFICE_PAGE, "mail": OFFICE_MAIL}
"""Where such facts come from: the office has said so on its own page, or in an answer by mail."""


async def file(tools: Tools) -> None:
    """Record what is ready, tell those who listen, and ask to come back for the rest."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        ready = await declarations.ready(conn, now, AT_ONCE)
        events = [event for each in ready for event in _events(each)]
        await facts.record_all(conn, events, now)
        for each in ready:
            said: Sequence[dict[str, str]] = each.detail["facts"]
            known = Acknowledged(
                each.deadline,
                each.occurrence,
                str(each.detail["title"]),
                "done",
                _way(each),
                tuple(fact["type"] for fact in said),
                min((date.fromisoformat(fact["on"]) for fact in said), default=None),
            )
            await herald_acknowledged(conn, each.office_id, known, now)
        if ready:
            await declarations.move(conn, [each.id for each in ready], APPLIED)
            await audit.append(conn, now, "file", "declarations.filed", "events", {"count": len(ready)})
            await outbox.enqueue(conn, "derive", now)
        following = await declarations.next_ready(conn)
        if following is not None:
            await outbox.enqueue(conn, "file", max(following, now))


def _way(declared: Declaration) -> str:
    return str(declared.detail.get("by", "page"))


def _events(declared: Declaration) -> list[Event]:
    found = []
    for place, said in enumerate(declared.detail["facts"]):
        written = json.dumps(said, ensure_ascii=False, sort_keys=True)
        found.append(
            Event(
                SOURCES[_way(declared)],
                f"{declared.nonce}-{place}",
                said["type"],
                date.fromisoformat(said["on"]),
                declared.at,
                from_kept(said["values"]),
                blake2b(written.encode(), digest_size=16).hexdigest(),
                declared.number,
                sender=declared.municipality,
                traceparent=declared.detail.get("traceparent", ""),
            )
        )
    return found
