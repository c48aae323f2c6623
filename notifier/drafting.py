"""Drafting: from what was read in a notice to numbered candidates for its review, in the catalogue's own form."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from notifier.catalogue import Catalogue
from notifier.catalogue.drafts import as_toml, draft_of, notice_entry, statement_of
from notifier.catalogue.duties import deadline_as_data
from notifier.catalogue.names import load_names
from notifier.catalogue.sources import statement_as_data
from notifier.domain.impacts import Bill
from notifier.domain.law import Law
from notifier.proposing import LawAtHand, as_json, new_duty, place_of, propose
from notifier.reading.candidates_identity import Identity, Named
from notifier.reading.candidates_proposals import Amendment, Proposal, Proposals
from notifier.reading.expressions import Reading
from notifier.reading.normalising import normalised
from notifier.reviewing import LOCAL

Page = Callable[[int], int | None]
"""Tells on which page a line stands."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a notice before its text is read: its id, the day it came, whose it is, what somebody said of it."""

    notice: str
    came_on: date
    authority: str = ""
    title: str = ""
    issuer: str = ""
    number: str = ""
    issued: date | None = None
    guess: str = ""
    """A title for want of a better one: the first line."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What reading makes of a notice: its identity, what the machine read of that, anomalies, candidates (found, said)."""

    identity: Mapping[str, Any]
    suggested: Mapping[str, Any]
    anomalies: Sequence[Mapping[str, Any]]
    candidates: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]


def draft(
    reading: Reading, known: Known, law: Law, catalogue: Catalogue, page_of: Page, file_title: str = ""
) -> Draft:
    """Hold a notice that was read against the law in force and write down what it would say."""
    services = {each.code: each.name for each in catalogue.services.values()}
    at_hand = LawAtHand(law, load_names(), catalogue.facts, services, catalogue.notices)
    proposals = propose(reading, at_hand, known.issued, file_title)
    rows = list(_rows(proposals, known, law, page_of))
    numbers: dict[int, list[int]] = {}
    for number, (found, _) in enumerate(rows, 1):
        numbers.setdefault(found["number"], []).append(number)
    anomalies = [
        {
            "kind": each.kind,
            "line": each.line,
            "candidates": [number for proposal in each.proposals for number in numbers.get(proposal, ())],
            "message": each.message,
        }
        for each in proposals.anomalies
    ]
    identity = _identity(proposals, known, reading.text.split("\n"))
    return Draft(identity, proposals.identity.as_json(), anomalies, rows)


def _rows(
    proposals: Proposals, known: Known, law: Law, page_of: Page
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield a candidate for each deadline that a passage seems to amend, or one for a new duty."""
    read = [each for each in as_json(proposals, page_of) if each["type"] == "candidate"]
    taken, number = set(law.deadlines), 0
    for proposal, found in zip(proposals.proposals, read, strict=True):
        place = _place(proposal, page_of)
        for amendment, amends in zip(proposal.amendments, found["amends"], strict=True):
            number += 1
            said = _amending(f"{known.notice}-{number}", proposal, amendment, place, known)
            yield {**found, "amends": [amends], "said": said}, said
        if proposal.is_new:
            number += 1
            said = _defining(proposals, proposal, taken, known, f"{known.notice}-{number}", place)
            taken.add(said["deadline"])
            yield {**found, "said": said}, said


def _place(proposal: Proposal, page_of: Page) -> str:
    page, place = page_of(proposal.candidate.line), place_of(proposal.candidate)
    return place if page is None else place.replace("（", f"（{page}ページ ", 1)


def _amending(
    name: str, proposal: Proposal, amendment: Amendment, place: str, known: Known
) -> dict[str, Any]:
    candidate = proposal.candidate
    statement = statement_of(
        name,
        known.notice,
        place,
        amendment.due,
        candidate.open,
        tentative=amendment.tentative,
        withdraws=candidate.move == "withdrawn",
        confirms=candidate.move == "confirmed",
    )
    del statement["notice"]
    return {"deadline": amendment.match.duty.id, "statement": statement}


def _defining(
    proposals: Proposals, proposal: Proposal, taken: set[str], known: Known, name: str, place: str
) -> dict[str, Any]:
    family = f"{LOCAL}{known.authority}" if known.authority else proposal.candidate.family or known.notice
    wanted = replace(new_duty(proposals, proposal), family=family, place=place, notice=known.notice)
    definition = draft_of(wanted, taken)
    (statement,) = definition.pop("statement")
    del statement["notice"]
    return {
        "deadline": definition.pop("id"),
        "definition": definition,
        "statement": {**statement, "id": name},
    }


def _identity(proposals: Proposals, known: Known, lines: Sequence[str]) -> dict[str, Any]:
    read: Identity = proposals.identity
    issued = known.issued or proposals.day
    return {
        "title": known.title or _as_it_stands(read.title, lines) or known.guess,
        "issuer": known.issuer or _value(read.issuer),
        "number": known.number or _value(read.number),
        "issued": issued.isoformat() if issued else None,
        "known_from": max(known.came_on, issued or known.came_on).isoformat(),
        "rank": read.rank.name.lower().replace("_", "-"),
    }


def _as_it_stands(named: Named, lines: Sequence[str]) -> str:
    """Return the title with the signs of the paper, where it stands there in one line."""
    value = _value(named)
    line = lines[named.line - 1].strip() if named.line is not None and named.line <= len(lines) else ""
    return line if normalised(line).text == value else value


def _value(named: Named) -> str:
    return named.value or named.hint


def as_catalogue(bill: Bill) -> Iterator[tuple[str, str, str]]:
    """Yield what a bill says in the catalogue's own form: the file, the deadline it stands under ("": a new entry), TOML.

    Shipped so, it makes the same law as approving the bill does.
    """
    notice = {**notice_entry(bill.notice), "known_from": bill.notice.known_from}
    yield "notices.toml", "", as_toml("notice", notice)
    new = {each.id: deadline_as_data(each) for each in bill.deadlines}
    said: dict[str, list[dict[str, Any]]] = {}
    for each in bill.statements:
        entry = {key: value for key, value in statement_as_data(each).items() if key != "deadline"}
        said.setdefault(each.deadline, []).append({**entry, "id": each.id.partition("#")[2]})
    for deadline, entries in said.items():
        file = f"{deadline.partition('/')[0]}.toml"
        if deadline in new:
            yield file, "", as_toml("deadline", {**new[deadline], "statement": entries})
        else:
            for entry in entries:
                yield file, deadline, as_toml("deadline.statement", entry)
