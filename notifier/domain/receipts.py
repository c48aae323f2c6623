"""What became of one attempt to deliver: a verdict drawn from the answer and from how far it came.

Outcomes are values. A verdict never guesses in favour of quiet: only a clear yes is ACCEPTED, only a
clear no about this recipient is REFUSED, and a silence after the final dot is UNKNOWN, because SMTP
itself cannot tell whether the message was taken (RFC 1047).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final

SHORTEST_WAIT: Final = timedelta(seconds=1)
LONGEST_WAIT: Final = timedelta(hours=24)
LONGEST_TEXT: Final = 500
"""So many characters of an answer are kept; a server may talk without end."""

_AUTHENTICATION_WANTED = frozenset({530, 534, 535, 538})  # RFC 4954 section 6, in answer to any command
_SECONDS = re.compile(r"[+-]?[0-9]+")
_LONGEST_HEADER = 64


class Verdict(StrEnum):
    """What follows from an attempt.

    ACCEPTED: the next station took the message. DEFERRED: nobody took it; trying again is safe.
    REFUSED: it will never be taken for this recipient; say so to people. UNKNOWN: it may have been
    taken; send it once more with the same Message-ID and the same bytes. SENDER_FAULT: our relay
    refuses us, not the recipient; pause the sender, raise the alarm and keep the queue.
    """

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    SENDER_FAULT = "sender_fault"


class Phase(StrEnum):
    """How far an attempt came: the step whose answer, or missing answer, ended it.

    CONNECT covers everything up to MAIL (banner, EHLO, STARTTLS, AUTH). DOT begins before the final
    dot is written, so that a crash while writing it counts as one after it. DONE is a finished exchange.
    """

    CONNECT = "connect"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The outcome of one attempt to deliver one message to one recipient.

    `code` is the answer's code, None if no whole answer came; `text` its words in one printable line of
    at most LONGEST_TEXT characters. `retry_after` is the wait the receiver asked for, at least
    SHORTEST_WAIT and at most LONGEST_WAIT; the next attempt comes after it and after our own backoff,
    whichever is later. `disable` means that the endpoint wants no more messages at all.
    """

    verdict: Verdict
    code: int | None
    text: str
    phase: Phase
    retry_after: timedelta | None = None
    disable: bool = False


def judge_smtp(phase: Phase, code: int | None, text: str) -> Receipt:
    """Judge the last answer of an SMTP dialogue with one recipient.

    `phase` is the step that was answered, or that was waited for when the connection was lost or an
    answer stayed incomplete (`code` None). The receipt of an accepted message is in phase DONE.
    Codes after RFC 5321 section 4.2.1.
    """
    verdict = _smtp_verdict(phase, code)
    return Receipt(verdict, code, _one_line(text), Phase.DONE if verdict is Verdict.ACCEPTED else phase)


def _smtp_verdict(phase: Phase, code: int | None) -> Verdict:
    dot_was_sent = phase in {Phase.DOT, Phase.DONE}
    kind = 0 if code is None else code // 100
    if kind == 5:
        is_ours = phase in {Phase.CONNECT, Phase.MAIL} or code in _AUTHENTICATION_WANTED
        return Verdict.SENDER_FAULT if is_ours else Verdict.REFUSED
    if kind == 4 or not dot_was_sent:
        return Verdict.DEFERRED
    return Verdict.ACCEPTED if kind == 2 else Verdict.UNKNOWN


def judge_webhook(
    status: int | None, text: str = "", *, now: datetime, retry_after: str | None = None
) -> Receipt:
    """Judge the answer of an endpoint, by the Standard Webhooks specification.

    `status` is None if no whole answer came (`text` then says why); trying again is safe even if the
    request arrived, for the webhook-id stays the same. 2xx is accepted; 410 is refused and disables the
    endpoint; everything else, redirects included, failed and is deferred. `retry_after` is the header of
    that name; it counts for 429 and 5xx, and `now` (aware) is what a date in it is measured from.
    """
    phase = Phase.CONNECT if status is None else Phase.DONE
    kind = 0 if status is None else status // 100
    line = _one_line(text)
    if kind == 2:
        return Receipt(Verdict.ACCEPTED, status, line, phase)
    if status == 410:
        return Receipt(Verdict.REFUSED, status, line, phase, disable=True)
    wait = _wait_asked_for(retry_after, now) if retry_after and (status == 429 or kind == 5) else None
    return Receipt(Verdict.DEFERRED, status, line, phase, retry_after=wait)


def _wait_asked_for(header: str, now: datetime) -> timedelta | None:
    """Read a Retry-After header (RFC 9110 section 10.2.3), clamped; None if it cannot be understood."""
    header = header.strip()
    if len(header) > _LONGEST_HEADER:
        return None
    if _SECONDS.fullmatch(header):
        return timedelta(seconds=_clamped(int(header)))
    try:
        instant = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return timedelta(seconds=_clamped((instant - now).total_seconds()))


def _clamped(seconds: float) -> float:
    return max(SHORTEST_WAIT.total_seconds(), min(seconds, LONGEST_WAIT.total_seconds()))


def _one_line(text: str) -> str:
    """Keep the printable characters of an answer: it goes into the database, a log and a page."""
    printable = text[: 2 * LONGEST_TEXT]
    if not printable.isprintable():
        printable = "".join(character if character.isprintable() else " " for character in printable)
    return " ".join(printable.split())[:LONGEST_TEXT]
