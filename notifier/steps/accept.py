"""accept: take a notice and what it says into the books; until a second person approves it, it is silent."""

from collections.abc import Sequence

from notifier.catalogue.duties import deadline_as_data
from notifier.catalogue.sources import statement_as_data
from notifier.domain.actors import Who
from notifier.domain.law import Deadline
from notifier.domain.notices import Notice
from notifier.domain.statements import Statement
from notifier.store import audit, law
from notifier.store.law import DeadlineEntry, StatementEntry
from notifier.tools import Tools


async def accept(
    tools: Tools,
    notices: Sequence[Notice],
    statements: Sequence[Statement],
    deadlines: Sequence[Deadline],
    who: Who,
) -> None:
    """Accept `notices` with their `statements`, and the definitions of the `deadlines` they speak of.

    Accepting the same again changes nothing. Raises StoreError if a statement's id is taken by another text.
    """
    now = tools.now()
    async with tools.database.transaction() as conn:
        known = await law.known_notices(conn)
        for notice in notices:
            await law.accept_notice(conn, notice, str(who), now)
            if notice.id not in known:
                await audit.append(
                    conn, now, who, "notice.accepted", f"notice/{notice.id}", {"title": notice.title}
                )
        await law.keep_deadlines(conn, [DeadlineEntry(each.id, deadline_as_data(each)) for each in deadlines])
        entries = [
            StatementEntry(each.id, each.deadline, each.notice.id, each.known_from, statement_as_data(each))
            for each in statements
        ]
        await law.keep_statements(conn, entries)
