"""Intake: an event is checked against the vocabulary and handed to the step that deals with its type."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from hashlib import blake2b
from typing import Any, Final

from notifier.catalogue.sources import read_decision
from notifier.catalogue.vocabulary import FactType
from notifier.clock import civil_date
from notifier.domain.actors import Actor, sender_of
from notifier.domain.facts import Value
from notifier.domain.notices import Notice, Rank
from notifier.errors import UnknownError
from notifier.publishing import OPERATOR, notices_of, publish_notices
from notifier.steps.accept import accept
from notifier.steps.approve import approve
from notifier.steps.enrol import close, enrol
from notifier.steps.record import record
from notifier.store.enrolment import Enrolled, enrolled
from notifier.store.facts import Event, Intake
from notifier.tools import Tools, known_deadlines

DEALT_WITH: Final = (
    "office.registered",
    "office.changed",
    "office.closed",
    "notice.received",
    "deadline.decided",
    "connection.tested",
)
"""Types of which no fact follows: they are dealt with one after another, each at once."""


_IN_ORDER: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, default=str)


@dataclass  # not frozen: those are made at a quarter of the speed, and of these very many are
class Inbound:
    """An event from outside. `at` is the aware instant at which it happened; `data` is JSON, dates as ISO text.

    `is_timed` is False if the sender named no time: then `at` is that of arrival and no part of the body. `sender` is
    the authority (団体コード) on whose behalf it was sent, "" for the nation; `key` names the key that was shown.
    """

    source: str
    id: str
    type: str
    at: datetime
    office: str | None = None
    authority: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    is_timed: bool = True
    sender: str = ""
    request: str = ""
    traceparent: str = ""
    key: str = ""

    @property
    def sent_by(self) -> Actor:
        """Return who sent it, as the audit knows them: a key, else who bears the source."""
        return sender_of(self.key, self.source, self.sender)

    @cached_property
    def on(self) -> date:
        """Return the civil date in Japan from which the event holds."""
        return civil_date(self.at)

    @property
    def body_hash(self) -> str:
        """Return what tells a repeat from another event under the same name."""
        at = self.at.isoformat() if self.is_timed else None
        parts = [self.type, at, self.office, self.authority, self.data]
        written = _IN_ORDER.encode(parts)
        return blake2b(written.encode(), digest_size=16).hexdigest()


async def receive(tools: Tools, event: Inbound) -> Intake:
    """Check `event` and deal with it. Raises UnknownError for an unknown type, ValueError for data that do not fit."""
    kind = tools.catalogue.facts.get(event.type)
    if kind is None:
        raise UnknownError(f"{event.type}: no such type of event; the catalogue's vocabulary lists them")
    _refuse_wrong_subject(event, kind)
    values = kind.check(event.data, event.on)
    match event.type:
        case "notice.received":
            await _notice(tools, event)
        case "deadline.decided":
            await _decision(tools, event)
        case "office.registered" | "office.changed":
            await _office(tools, event)
        case "office.closed":
            await close(tools, event.office or "", event.on, event.sent_by)
        case "connection.tested":
            pass  # that it is kept is all there is to it
        case _:
            return (await record(tools, [event_to_keep(event, kind, values)]))[0]
    return Intake.RECORDED


async def receive_facts(tools: Tools, events: Sequence[Inbound]) -> list[Intake]:
    """Check events that are plain facts and keep them in one transaction."""
    kept = []
    for event in events:
        kind = tools.catalogue.facts[event.type]
        _refuse_wrong_subject(event, kind)
        kept.append(event_to_keep(event, kind, kind.check(event.data, event.on)))
    return await record(tools, kept)


def _refuse_wrong_subject(event: Inbound, kind: FactType) -> None:
    """Raise ValueError for an event that does not say whom it is about: it would count for everybody."""
    if kind.subject == "office" and not event.office:
        raise ValueError(f"{kind.label}（{kind.type}）: どの事業所のことか（事業所番号）がありません")
    if kind.subject == "authority" and not event.authority:
        raise ValueError(f"{kind.label}（{kind.type}）: どの自治体のことか（団体コード）がありません")


def event_to_keep(
    event: Inbound, kind: FactType, values: Mapping[str, Value], sender: str = "", key: str = ""
) -> Event:
    """Return `event` as it is kept, with its checked `values`; `sender` and `key` as in Event."""
    of_office = kind.subject == "office"
    return Event(
        event.source,
        event.id,
        event.type,
        event.on,
        event.at,
        values,
        event.body_hash,
        event.office if of_office else None,
        None if of_office else event.authority or "",
        sender,
        key,
        request=event.request,
        traceparent=event.traceparent,
    )


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
    await accept(tools, [notice], [], [], event.sent_by)


async def _decision(tools: Tools, event: Inbound) -> None:
    data = dict(event.data)
    due = data.get("due")
    written: dict[str, Any] = {"deadline": data["deadline"], "id": f"decision-{event.id}", "on": event.on}
    written["reason"] = data.get("reason", "")
    if due is not None:
        written["due"] = {"by": _date(due)}
    if data.get("target") is not None:
        written["target"] = _date(data["target"])
    decided = read_decision(written)
    async with tools.database.reading() as conn:
        known = await known_deadlines(conn, tools)
    if decided.deadline not in known:
        raise UnknownError(f"{decided.deadline}: no such deadline; `notifier catalogue list` names them")
    notice = replace(decided.notice, id=f"decision-{event.on.isoformat()}-{event.id}")
    await accept(tools, [notice], [replace(decided, notice=notice)], [], event.sent_by)
    await approve(tools, [notice.id], OPERATOR)


def _date(written: object) -> date:
    return written if isinstance(written, date) else date.fromisoformat(str(written))


async def _office(tools: Tools, event: Inbound) -> None:
    number = event.office or ""
    async with tools.database.reading() as conn:
        known = await enrolled(conn, number, event.sender)
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
                tuple(addresses) if "contacts" in data else None,
                data.get("staff", known.staff if known else None),
                authority=event.sender,
            )
        ],
        replace(event.sent_by, trace=event.traceparent),
    )
