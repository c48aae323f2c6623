"""Exemptions in the tables: the facts by which a duty does not apply to an office, and those that take that back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.clock import civil_date
from notifier.domain.actors import Actor
from notifier.domain.exemptions import EXEMPTED, TYPES
from notifier.domain.origins import source_of_user
from notifier.store import facts, values
from notifier.store.chosen import among
from notifier.store.database import table
from notifier.store.facts import Event
from notifier.store.tables import FactRow


@dataclass(frozen=True, slots=True)
class Exemption:
    """By which a duty does not apply: since the civil date `on`, recorded at an aware instant; `source` tells by whom."""

    deadline: str
    on: date
    reason: str
    recorded_at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be noted about an office: `kind` is one of `domain.exemptions.TYPES`, `name` makes it unique."""

    kind: str
    number: str
    deadline: str
    reason: str
    name: str


async def note(conn: AsyncConnection, wanted: Wanted, who: Actor, now: datetime) -> None:
    """Keep an exemption or its end as a fact from today on; whether somebody may say so is seen to before."""
    said = {"deadline": wanted.deadline, "reason": wanted.reason}
    body = blake2b(repr((wanted, sorted(said.items()))).encode(), digest_size=16).hexdigest()
    today = civil_date(now)
    source = source_of_user(who.name)
    event = Event(
        source, wanted.name, wanted.kind, today, now, said, body, wanted.number, traceparent=who.trace
    )
    await facts.record(conn, event, now)


async def of_office(conn: AsyncConnection, office_id: int) -> list[Exemption]:
    """Return what does not apply to an office now, by deadline."""
    found: dict[str, Exemption | None] = {}
    for row in await conn.execute(_said().where(table(FactRow).c.office_id == office_id)):
        found[row.deadline] = _exemption(row) if row.type == EXEMPTED else None
    return [each for _, each in sorted(found.items()) if each is not None]


async def among_offices(
    conn: AsyncConnection, deadline: str, ids: Collection[int]
) -> Mapping[int, Exemption]:
    """Return by which exemptions a duty does not apply to those of the offices that have one."""
    fact = table(FactRow).c
    about = _said().where(among(fact.office_id), values.equals(fact["values"], "deadline", deadline))
    found: dict[int, Exemption] = {}
    for row in await conn.execute(about, {"ids": list(ids)}):
        found.pop(row.office_id, None)
        if row.type == EXEMPTED:
            found[row.office_id] = _exemption(row)
    return found


def _said() -> Any:
    fact = table(FactRow).c
    named = (values.kept_value(fact["values"], name).label(name) for name in ("deadline", "reason"))
    columns = (fact.office_id, fact.type, fact.on, fact.recorded_at, fact.source, *named)
    return select(*columns).where(fact.type.in_(sorted(TYPES))).order_by(fact.on, fact.id)


def _exemption(row: Any) -> Exemption:
    return Exemption(row.deadline, row.on, row.reason or "", row.recorded_at, row.source)
