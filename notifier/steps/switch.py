"""switch: add sources to those that are watched, and switch them on and off; each is written down with who did it."""

from collections.abc import Sequence

from notifier.domain.actors import Who
from notifier.errors import UnknownError
from notifier.store import audit, sources
from notifier.store.sources import Source
from notifier.tools import Tools


async def add_sources(tools: Tools, wanted: Sequence[Source], who: Who) -> list[str]:
    """Keep sources that are not known yet, switched off; returns the ids of those that were added."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        added = await sources.add(conn, wanted, str(who), now)
        urls = {each.id: each.url for each in wanted}
        for each in added:
            await audit.append(conn, now, who, "source.added", f"source/{each}", {"url": urls[each]})
    return added


async def switch(tools: Tools, name: str, *, enabled: bool, who: Who) -> bool:
    """Switch a source on or off; False if it stood so before. Raises UnknownError if there is none of that id."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        if await sources.find(conn, name) is None:
            raise UnknownError(f"{name}: no such source; `notifier source list` names them")
        switched = await sources.switch(conn, name, enabled=enabled, now=now)
        if switched:
            deed = "source.enabled" if enabled else "source.disabled"
            await audit.append(conn, now, who, deed, f"source/{name}", {})
    return switched
