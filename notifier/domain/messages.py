"""Messages: what other systems are told, as the data of CloudEvents 1.0.

The same for all whom it happened to; whom it is about stands in the subject. Source: the project's contract on
events, outbound.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from notifier.domain.changes import ChangeKind, Situation
from notifier.domain.law import Deadline, Modality
from notifier.domain.obligations import Decision


class MessageType(StrEnum):
    """What may be told. Of these an endpoint chooses; a feed holds all of them.

    `obligation.created` comes again, with a higher sequence, if the office's own day moves: read it as how things
    stand now. What moves for all alike is told as `deadline.changed`.
    """

    DEADLINE_ANNOUNCED = "deadline.announced"
    DEADLINE_CHANGED = "deadline.changed"
    DEADLINE_WITHDRAWN = "deadline.withdrawn"
    OBLIGATION_CREATED = "obligation.created"
    OBLIGATION_SETTLED = "obligation.settled"
    OBLIGATION_OVERDUE = "obligation.overdue"
    REMINDER_SENT = "reminder.sent"
    DELIVERY_FAILED = "delivery.failed"
    DELIVERY_BOUNCED = "delivery.bounced"
    OFFICE_ACKNOWLEDGED = "office.acknowledged"
    ENDPOINT_FAILING = "endpoint.failing"
    ENDPOINT_RECOVERED = "endpoint.recovered"
    ENDPOINT_EXHAUSTED = "endpoint.exhausted"
    ENDPOINT_DISABLED = "endpoint.disabled"
    ENDPOINT_CHALLENGE = "endpoint.challenge"
    ENDPOINT_PING = "endpoint.ping"


ASKED_FOR = (MessageType.ENDPOINT_CHALLENGE, MessageType.ENDPOINT_PING)
"""These go to one endpoint on its owner's request and stand in no feed."""


def type_of_change(kind: ChangeKind) -> MessageType:
    """Return as which message a change of a deadline is told."""
    if kind is ChangeKind.ANNOUNCED:
        return MessageType.DEADLINE_ANNOUNCED
    return MessageType.DEADLINE_WITHDRAWN if kind is ChangeKind.WITHDRAWN else MessageType.DEADLINE_CHANGED


def may_be_overdue(deadline: Deadline) -> bool:
    """Tell whether it is overdue once its end has passed: a chance that was not taken is not."""
    return deadline.modality is Modality.REQUIRED


def deadline_data(
    deadline: Deadline, occurrence: int, decision: Decision, kind: ChangeKind, old: Situation | None
) -> dict[str, Any]:
    """Return what is told of a deadline that was announced, changed or withdrawn."""
    before = None if old is None or kind is ChangeKind.ANNOUNCED else _situation(old)
    return obligation_data(deadline, occurrence, decision) | {"change": {"kind": kind.value, "old": before}}


def obligation_data(deadline: Deadline, occurrence: int, decision: Decision) -> dict[str, Any]:
    """Return what is told of a duty that an office has now, has done, or has missed."""
    due, found = decision.due, decision.resolution
    said = {each.id: each for each in (found.prevailing, *found.remarks)}.values()
    return {
        "deadline": deadline.id,
        "occurrence": occurrence,
        "title": deadline.title,
        "modality": deadline.modality.value,
        "state": decision.state.value,
        "due": {
            "opens": _written(due.opens),
            "earliest": _written(due.earliest),
            "latest": _written(due.latest),
            "target": _written(due.target),
            "tentative": due.tentative,
            "wording": due.wording,
        },
        "set_by": decision.set_by,
        "sources": [{"notice": each.notice.id, "place": each.place} for each in said],
    }


def delivery_data(said: Mapping[str, Any], letter: str, code: int | None, state: str) -> dict[str, Any]:
    """Return what is told of a letter's item: `said` is the content that was kept, `letter` the permanent id.

    Addresses are not told: they are the office's, and whoever needs them has them.
    """
    due = said["due"]
    return {
        "deadline": said["deadline"],
        "occurrence": said["occurrence"],
        "title": said["title"],
        "occasion": said["occasion"],
        "rung": said["rung"],
        "due": {
            name: due.get(name) for name in ("opens", "earliest", "latest", "target", "tentative", "wording")
        },
        "channel": "email",
        "message": letter,
        "state": state,
        "code": code,
    }


def message_id(number: int, happened: str) -> str:
    """Return the permanent public id of a message, the same on every try: `evt_` and 32 hexadecimal digits."""
    return "evt_" + blake2b(f"{number}/{happened}".encode(), digest_size=16).hexdigest()


def _situation(old: Situation) -> dict[str, Any]:
    return {
        "opens": _written(old.opens),
        "earliest": _written(old.earliest),
        "latest": _written(old.latest),
        "tentative": old.tentative,
        "wording": old.wording,
    }


def _written(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
