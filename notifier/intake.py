"""Intake: an event is checked against the vocabulary and handed to the step that deals with its type."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from hashlib import blake2b
from typing import Any

from notifier.catalogue.sources import read_decision
from notifier.clock import civil_date
from notifier.domain.notices import Notice, Rank
from notifier.errors import UnknownError
from notifier.publishing import OPERATOR, SHIPPED, notices_of, publish_notices
from notifier.steps.accept import accept
from notifier.steps.approve import approve
from notifier.steps.enrol import close, enrol
from notifier.steps.record import record
from notifier.store.enrolment import Enrolled, enrolled
from notifier.store.facts import Event, Intake
from notifier.tools import Tools


@dataclass(frozen=True)
class Inbound:
    """An event from outside. `at` is the aware instant at which it happened; `data` is JSON, dates as ISO text."""

    source: str
    id: str
    type: str
    at: datetime
    office: str | None = None
    authority: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def on(self) -> date:
        """Return the civil date in Japan from which the event holds."""
        return civil_date(self.at)

    @property
    def body_hash(self) -> str:
        """Return what tells a repeat from another event under the same name."""
        parts = [self.type, self.at.isoformat(), self.office, self.authority, self.data]
        written = json.dumps(parts, ensure_ascii=False, sort_keys=True, default=str)
        return blake2b(written.encode(), digest_size=16).hexdigest()


async def receive(tools: Tools, event: Inbound) -> Intake:
    """Check `event` and deal with it. Raises UnknownError for an unknown type, ValueError for data that do not fit."""
    kind = tools.catalogue.facts.get(event.type)
    if kind is None:
        raise UnknownError(f"{event.type}: no such type of event; the catalogue's vocabulary lists them")
    values = kind.check(event.data, event.on)
    match event.type:
        case "notice.received":
            await _notice(tools, event)
        case "deadline.decided":
            await _decision(tools, event)
        case "office.registered" | "office.changed":
            await _office(tools, event)
        case "office.closed":
            await close(tools, event.office or "", event.on, event.source)
        case _:
            authority = None if kind.subject == "office" else event.authority or ""
            office = event.office if kind.subject == "office" else None
            kept = Event(
                event.source,
                event.id,
                event.type,
                event.on,
                event.at,
                values,
                event.body_hash,
                office,
                authority,
            )
            return (await record(tools, [kept]))[0]
    return Intake.RECORDED


async def receive_facts(tools: Tools, events: Sequence[Inbound]) -> list[Intake]:
    """Check events that are plain facts and keep them in one transaction."""
    kept = []
    for event in events:
        kind = tools.catalogue.facts[event.type]
        values = kind.check(event.data, event.on)
        authority = None if kind.subject == "office" else event.authority or ""
        office = event.office if kind.subject == "office" else None
        kept.append(
            Event(
                event.source,
                event.id,
                event.type,
                event.on,
                event.at,
                values,
                event.body_hash,
                office,
                authority,
            )
        )
    return await record(tools, kept)


async def _notice(tools: Tools, event: Inbound) -> None:
    """Let a shipped notice speak from today on, or keep a new one, which says nothing until it is read and reviewed."""
    name = str(event.data["notice"])
    shipped = [each for each in notices_of(tools.catalogue) if name in {each.id, each.paper}]
    if name in tools.catalogue.notices:
        shipped = [each for each in shipped if each.id == name or "/" not in name]
    if not shipped:
        await _new_notice(tools, event, name)
        return
    said = [
        each for each in tools.catalogue.statements if each.notice.id in {notice.id for notice in shipped}
    ]
    known = [
        replace(each, known_from=event.on, notice=replace(each.notice, known_from=event.on)) for each in said
    ]
    await publish_notices(tools, [replace(each, known_from=event.on) for each in shipped], known)


async def _new_notice(tools: Tools, event: Inbound, name: str) -> None:
    issued = event.data.get("issued")
    notice = Notice(
        name,
        str(event.data.get("title", name)),
        str(event.data.get("issuer", "")),
        str(event.data.get("number", "")),
        date.fromisoformat(issued) if isinstance(issued, str) else issued,
        event.on,
        Rank.NOTICE,
    )
    await accept(tools, [notice], [], [], event.source)


async def _decision(tools: Tools, event: Inbound) -> None:
    data = dict(event.data)
    due = data.get("due")
    written: dict[str, Any] = {"deadline": data["deadline"], "id": f"decision-{event.id}", "on": event.on}
    written["reason"] = data.get("reason", "")
    if due is not None:
        written["due"] = {"by": _date(due), **({"tentative": True} if data.get("tentative") else {})}
    if data.get("target") is not None:
        written["target"] = _date(data["target"])
    decided = read_decision(written)
    if decided.deadline not in tools.catalogue.deadlines:
        raise UnknownError(f"{decided.deadline}: no such deadline; `notifier catalogue list` names them")
    notice = replace(decided.notice, id=f"decision-{event.on.isoformat()}-{event.id}")
    await accept(tools, [notice], [replace(decided, notice=notice)], [], SHIPPED)
    await approve(tools, [notice.id], OPERATOR)


def _date(written: object) -> date:
    return written if isinstance(written, date) else date.fromisoformat(str(written))


async def _office(tools: Tools, event: Inbound) -> None:
    number = event.office or ""
    async with tools.database.reading() as conn:
        known = await enrolled(conn, number)
    data = event.data
    municipality = str(data.get("municipality", known.municipality if known else ""))
    authority = tools.catalogue.authorities.get(municipality)
    prefecture = (
        data.get("prefecture")
        or (known.prefecture if known else None)
        or (authority and authority.prefecture)
    )
    addresses = [
        each["address"] for each in data.get("contacts", []) if each.get("channel", "email") == "email"
    ]
    await enrol(
        tools,
        [
            Enrolled(
                number,
                str(data.get("name", known.name if known else number)),
                tuple(data.get("services", known.services if known else ())),
                municipality,
                str(prefecture or ""),
                tuple(addresses) if "contacts" in data else (known.addresses if known else ()),
                data.get("staff", known.staff if known else None),
            )
        ],
        event.source,
    )
