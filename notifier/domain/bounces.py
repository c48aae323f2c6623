"""Bounces: what a report of delivery means for an address, and when an address is given up.

A carrier's refusal is no proof: an allow-list of domains, or a filter on links, answers "user unknown", too. Source: RFC
3463 (codes), and the carriers' own pages.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from notifier.domain.mails import Mail, Report

CARRIERS: Final = (
    "docomo.ne.jp",
    "ezweb.ne.jp",
    "au.com",
    "softbank.ne.jp",
    "i.softbank.jp",
    "vodafone.ne.jp",
    "ymobile.ne.jp",
    "ymobile1.ne.jp",
    "yahoo.ne.jp",
    "pdx.ne.jp",
    "willcom.com",
    "rakumail.jp",
    "uqmobile.jp",
)
APART: Final = timedelta(hours=24)
"""How far apart two refusals of a carrier must lie before they are believed."""


class Failure(StrEnum):
    """How final it is: HARD for an address that is not there, SOFT for one that may take mail later, NONE for a delay."""

    HARD = "hard"
    SOFT = "soft"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Bounce:
    """What came of a letter after the relay had taken it. `code` is an enhanced status or "", `words` the server's."""

    failure: Failure
    code: str
    words: str


def bounce_of(mail: Mail) -> Bounce:
    """Return what a bounce says. Where it is no report (RFC 3464), its text is searched for a code."""
    found = [
        _of_report(each) for each in mail.reports if each.action not in {"delivered", "relayed", "expanded"}
    ]
    if found:
        order = (Failure.HARD, Failure.SOFT, Failure.NONE)
        return min(found, key=lambda each: order.index(each.failure))
    if mail.reports:
        return Bounce(Failure.NONE, mail.reports[0].status, "")
    searched = mail.text[:_SEARCHED]
    code = _ENHANCED.search(searched) or _BASIC.search(searched)
    words = _around(mail.text, code) if code else mail.subject
    if code is None:
        return Bounce(Failure.SOFT, "", words)
    status = code[0] if "." in code[0] else f"{code[0][0]}.0.0"
    return Bounce(_failure("failed", status), status, words)


def is_given_up(address: str, hard: Sequence[datetime]) -> bool:
    """Tell whether an address is given up after hard bounces at these aware instants, in order."""
    if not hard:
        return False
    domain = address.rpartition("@")[2].lower()
    if domain not in CARRIERS and not domain.endswith(tuple(f".{each}" for each in CARRIERS)):
        return True
    return hard[-1] - hard[0] >= APART


_SEARCHED: Final = 20_000
_WORDS: Final = 300
_ENHANCED: Final = re.compile(r"\b[45]\.\d{1,3}\.\d{1,3}\b")
_BASIC: Final = re.compile(r"\b[45][0-5]\d(?=[ -])")
_NOT_THE_ADDRESS: Final = ("5.2.2", "5.2.3", "5.3.", "5.4.5", "5.5.", "5.6.", "5.7.")
"""Full, too large, their system, our dialogue, our form, their policy: nothing that is wrong with the address."""


def _of_report(report: Report) -> Bounce:
    return Bounce(_failure(report.action, report.status), report.status, report.diagnostic[:_WORDS])


def _failure(action: str, status: str) -> Failure:
    if action != "failed":
        return Failure.NONE
    if not status.startswith("5") or status.startswith(_NOT_THE_ADDRESS):
        return Failure.SOFT
    return Failure.HARD


def _around(text: str, found: re.Match[str]) -> str:
    start = text.rfind("\n", 0, found.start()) + 1
    end = text.find("\n", found.end())
    return text[start : end if end >= 0 else None].strip()[:_WORDS]
