"""Publishing: the shipped catalogue goes in through the same doors as any notice, on the day each becomes known."""

from datetime import date

from notifier.catalogue.loader import Catalogue
from notifier.domain.notices import Notice
from notifier.domain.statements import Statement
from notifier.steps.accept import accept
from notifier.steps.approve import approve
from notifier.tools import Tools

SHIPPED, OPERATOR = "shipped catalogue", "operator"
"""Who accepts and who approves: two, as for every notice."""


async def publish(tools: Tools, day: date, *, without: frozenset[str] = frozenset()) -> list[Notice]:
    """Accept and approve every shipped notice known by the civil date `day`, except papers named in `without`.

    Returns the notices in question; doing it again changes nothing.
    """
    known = [each for each in notices_of(tools.catalogue, without) if each.known_from <= day]
    await publish_notices(tools, known)
    return known


def notices_of(catalogue: Catalogue, without: frozenset[str] = frozenset()) -> list[Notice]:
    """Return the shipped notices in the order in which they become known."""
    wanted = [
        each for each in catalogue.notices.values() if each.paper not in without and each.id not in without
    ]
    return sorted(wanted, key=lambda each: (each.known_from, each.id))


async def publish_notices(
    tools: Tools, notices: list[Notice], statements: list[Statement] | None = None
) -> None:
    """Accept and approve `notices` with what the catalogue, or `statements`, says they say."""
    ids = {each.id for each in notices}
    said = (
        statements
        if statements is not None
        else [each for each in tools.catalogue.statements if each.notice.id in ids]
    )
    deadlines = [tools.catalogue.deadlines[name] for name in sorted({each.deadline for each in said})]
    await accept(tools, notices, said, deadlines, SHIPPED)
    await approve(tools, sorted(ids), OPERATOR)
