"""References: everything that an entry of the law names, and which of it does not exist."""

from collections.abc import Iterable, Iterator

from notifier.catalogue.loader import Catalogue
from notifier.domain.applicability import AllOf, AnyOf, Authorities, Condition, NotThat, Recorded, Services
from notifier.domain.expressions import anchor_of, events_of
from notifier.domain.facts import FactPattern
from notifier.domain.law import Deadline
from notifier.domain.statements import Statement

Reference = tuple[str, str, str]
"""Kind of what is named, its name, and the entry that names it."""


def unknown_references(catalogue: Catalogue) -> list[Reference]:
    """Return, in order and once each, what is named and does not exist in `catalogue`."""
    found = set(_references(catalogue))
    return sorted(each for each in found if not _exists(catalogue, *each[:2]))


def _exists(catalogue: Catalogue, kind: str, name: str) -> bool:  # noqa: PLR0911 -- one line a kind
    match kind:
        case "fact":
            return name in catalogue.facts and catalogue.facts[name].subject == "office"
        case "event":
            return name in catalogue.facts and catalogue.facts[name].subject != "office"
        case "value":
            fact, _, value = name.partition(" ")
            return fact not in catalogue.facts or value in catalogue.facts[fact].value_names
        case "ladder":
            return name in catalogue.ladders
        case "service":
            return name in catalogue.services
        case "authority":
            return name in catalogue.authorities
        case "deadline":
            return name in catalogue.deadlines
        case _:
            return name in catalogue.notices


def _references(catalogue: Catalogue) -> Iterator[Reference]:
    for deadline in catalogue.deadlines.values():
        yield from _of_deadline(deadline)
    for statement in catalogue.statements:
        yield from _of_statement(statement)
    for authority in catalogue.authorities.values():
        named = [("authority", authority.prefecture)] if authority.prefecture else []
        named += [("ladder", name) for name in authority.ladders.values()]
        named += [("deadline", name) for name in (*authority.ladders, *authority.rolls)]
        yield from ((kind, name, authority.code) for kind, name in named)


def _of_deadline(deadline: Deadline) -> Iterator[Reference]:
    yield "ladder", deadline.ladder, deadline.id
    for name in deadline.related:
        yield "deadline", name, deadline.id
    for condition in (deadline.concerns, deadline.taken_up, deadline.excluded):
        if condition is not None:
            yield from _of_condition(condition, deadline.id)
    for settlement in deadline.settled_by:
        named = [settlement.distinct] if settlement.distinct else []
        yield from _of_pattern(settlement.pattern, deadline.id, named)


def _of_condition(condition: Condition, where: str) -> Iterator[Reference]:
    match condition:
        case Services(codes):
            yield from (("service", code, where) for code in codes)
        case Authorities(codes):
            yield from (("authority", code, where) for code in codes)
        case Recorded(pattern):
            yield from _of_pattern(pattern, where, ())
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _of_condition(part, where)
        case NotThat(part):
            yield from _of_condition(part, where)


def _of_pattern(pattern: FactPattern, where: str, values: Iterable[str]) -> Iterator[Reference]:
    named = [*values, *(name for name, _ in pattern.where)]
    for fact in pattern.types:
        yield "fact", fact, where
        yield from (("value", f"{fact} {name}", where) for name in named)


def _of_statement(said: Statement) -> Iterator[Reference]:
    yield "notice", said.notice.id, said.id
    yield "deadline", said.deadline, said.id
    if said.authority:
        yield "authority", said.authority, said.id
    if said.due is None:
        return
    yield from (("event", event, said.id) for event in events_of(said.due))
    anchor = anchor_of(said.due)
    if anchor is not None:
        yield from _of_pattern(anchor.pattern, said.id, [anchor.value] if anchor.value else [])
