"""Evidence: everything kept about one office, put together so that others can read and check it without us."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, TypeAlias

from notifier.catalogue.forms import dump_due
from notifier.channels.parcel import Parcel, UnsendableError
from notifier.composing import body_hash, written_by
from notifier.domain.actors import Actor, Who, actor_of
from notifier.domain.callers import NATION, Tenant
from notifier.domain.statements import Statement
from notifier.errors import RenderingError, UnknownError, VerificationError
from notifier.evidence_page import page_of
from notifier.explaining import Explanation, explain
from notifier.sealing import Pack, Seal
from notifier.store import audit, dossiers, letter_copies, proofs, wordings
from notifier.store.audit import Entry
from notifier.store.letter_copies import LetterCopy
from notifier.store.letters import key_of
from notifier.tools import Tools

Assemble: TypeAlias = Callable[[Parcel], bytes]
"""Makes of a letter the bytes that go on the wire."""
Row: TypeAlias = dict[str, Any]

OFFICE, FACTS, OBLIGATIONS, EVENTS = "office.json", "facts.jsonl", "obligations.jsonl", "events.jsonl"
SENT, AUDIT, PAGE = "sent.jsonl", "audit.jsonl", "index.html"


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose evidence is asked for, through whose eyes, and by whom."""

    office: str
    tenant: Tenant = NATION
    who: Who = "notifier"


async def evidence(tools: Tools, asked: Asked, assemble: Assemble, seal: Seal) -> bytes:
    """Return the sealed pack of an office as it stands now; that it was made is written into the audit.

    Raises UnknownError if there is no such office, or the tenant sees none.
    """
    now = tools.now()
    async with tools.database.transaction() as conn:
        page = await dossiers.office_page(conn, asked.office)
        if page is None or not await proofs.is_seen(conn, asked.tenant, asked.office):
            raise UnknownError(f"{asked.office}: no such office; `notifier offices import` enlists them")
        actor = actor_of(asked.who).about(asked.tenant.code)
        await audit.append(conn, now, actor, "evidence.made", f"office/{asked.office}", {})
    explained = await explain(tools, asked.office)
    async with tools.database.reading() as conn:
        events = [_event(each) for each in await proofs.told_by(conn, asked.tenant, asked.office)]
        done = [_deed(each) for each in await proofs.done_to(conn, asked.tenant, asked.office)]
        heads = await proofs.heads(conn)
        said = await proofs.said_to(conn, asked.tenant, page.id)
    letters, mails = await _mails(tools, asked.tenant, said, assemble)
    office = _office(page, asked.tenant)
    facts = [_fact(tools, each) for each in page.facts]
    duties = [_duty(each) for each in explained.explanations]
    sent = [_sent(each, letters.get(each.letter_id or 0, {})) for each in said]
    about = {
        "office": asked.office,
        "made_at": now.isoformat(),
        "made_by": actor.name,
        "seen_by": asked.tenant.code,
        "heads": heads,
    }
    files = {
        PAGE: page_of(about, office, facts, duties, sent, done),
        OFFICE: _json(office),
        FACTS: _lines(facts),
        OBLIGATIONS: _lines(duties),
        EVENTS: _lines(events),
        SENT: _lines(sent),
        AUDIT: _lines(done),
    }
    return seal.pack(about, files | mails)


async def _mails(
    tools: Tools, tenant: Tenant, said: Sequence[Any], assemble: Assemble
) -> tuple[dict[int, Row], dict[str, bytes]]:
    """Return what became of each letter, by its number, and by the names of files the bytes of those that are exact."""
    first = {each.letter_id: each.id for each in reversed(said) if each.letter_id is not None}
    async with tools.database.reading() as conn:
        copies = [
            await letter_copies.copy_of(conn, tenant, delivery, tools.now())
            for _, delivery in sorted(first.items())
        ]
        used = {each.letter.wording for each in copies if each is not None}
        versions = await wordings.by_ids(conn, sorted(each for each in used if each is not None))
    letters: dict[int, Row] = {}
    mails: dict[str, bytes] = {}
    for copy in copies:
        if copy is not None and copy.id is not None:
            version = versions.get(copy.letter.wording or 0)
            letters[copy.id], mail = await _mail(tools, copy, version, assemble)
            mails |= {letters[copy.id]["file"]: mail} if mail is not None else {}
    return letters, mails


def check(pack: Pack) -> int:
    """Check what the rows of the audit say of themselves, and letters against the digests of when they were sent.

    Returns how many rows were checked. The seal was checked before. Raises VerificationError.
    """
    rows = [json.loads(line) for line in pack.files.get(AUDIT, b"").splitlines()]
    for row in rows:
        actor = Actor(row["who"], row["origin"], row["authority"])
        at = datetime.fromisoformat(row["at"])
        entry = Entry(at, actor, row["action"], row["subject"], row["detail"])
        if audit.digest_of(row["previous"], entry) != row["digest"]:
            raise VerificationError(f"row {row['id']} of the audit does not bear its own digest")
    return len(rows)


# ---- what each file says ----


def _office(page: dossiers.OfficePage, tenant: Tenant) -> Row:
    """Return the record of an office; whose contacts are whose only the nation may see side by side."""
    office = page.office
    contacts = [
        {"channel": channel, "address": address, "active": active}
        for channel, address, active in page.contacts
    ]
    return {
        "number": office.number,
        "name": office.name,
        "services": sorted(office.services),
        "municipality": office.municipality,
        "prefecture": office.prefecture,
        "staff": office.staff,
        "corporation": page.corporation,
        "registered_at": page.registered_at,
        "closed_on": page.closed_on,
    } | ({"contacts": contacts} if tenant.is_nation else {})


def _fact(tools: Tools, line: dossiers.FactLine) -> Row:
    kind = tools.catalogue.facts.get(line.fact.type)
    return {
        "type": line.fact.type,
        "label": kind.label if kind else line.fact.type,
        "on": line.fact.on,
        "values": dict(line.fact.values),
        "source": line.source,
        "recorded_at": line.recorded_at,
    }


def _duty(each: Explanation) -> Row:
    obligation, decision = each.obligation, each.obligation.decision
    found: Row = {
        "deadline": obligation.deadline,
        "title": each.deadline.title,
        "occurrence": obligation.occurrence,
        "state": obligation.state.value,
        "settled_on": obligation.settled_on,
        "progress": obligation.progress,
        "needed": obligation.needed,
        "reason": obligation.reason,
    }
    if decision is None:
        return found
    due, resolution = decision.due, decision.resolution
    found["due"] = {
        "wording": due.wording,
        "opens": due.opens,
        "earliest": due.earliest,
        "latest": due.latest,
        "target": due.target,
        "tentative": due.tentative,
    }
    found["set_by"] = decision.set_by
    found["rungs"] = [
        {"on": rung.on, "occasion": rung.occasion, "rung": rung.name} for rung in decision.rungs
    ]
    sources: list[tuple[str, Sequence[Statement]]] = [
        ("prevailing", [resolution.prevailing]),
        ("against", resolution.against),
        ("superseded", resolution.superseded),
        ("remark", resolution.remarks),
    ]
    found["sources"] = [_cited(role, each) for role, statements in sources for each in statements]
    return found


def _cited(role: str, statement: Statement) -> Row:
    notice = statement.notice
    return {
        "role": role,
        "notice": notice.id,
        "title": notice.title,
        "issuer": notice.issuer,
        "number": notice.number,
        "issued": notice.issued,
        "known_from": notice.known_from,
        "place": statement.place,
        "due": None if statement.due is None else dump_due(statement.due),
        "remark": statement.remark,
    }


def _event(row: Any) -> Row:
    return {
        "sender": row.sender,
        "key": row.key_prefix,
        "source": row.source,
        "id": row.event_id,
        "type": row.type,
        "data": row.data,
        "happened_at": row.happened_at,
        "received_at": row.received_at,
        "body_hash": row.body_hash,
        "state": row.state,
    }


def _deed(row: Any) -> Row:
    names = ("id", "chain", "at", "who", "origin", "authority", "action", "subject", "detail", "previous")
    return {name: getattr(row, name) for name in (*names, "digest")}


async def _mail(
    tools: Tools, copy: LetterCopy, version: wordings.Wording | None, assemble: Assemble
) -> tuple[Row, bytes | None]:
    """Return what became of a letter, and its bytes where they are those that were sent, by the digest kept then."""
    number = copy.id or 0
    found: Row = {
        "letter": number,
        "message_id": key_of(number, copy.letter.gathered),
        "subject": copy.subject,
        "first_tried_at": copy.first_tried_at,
        "finished_at": copy.finished_at,
        "attempts": copy.attempts,
        "code": copy.code,
        "answer": copy.answer,
        "body_hash": copy.body_hash,
        "file": "",
    }
    if copy.hidden or not copy.body_hash or not copy.letter.recipient:
        return found, None
    try:
        parcel = await written_by(tools, copy.letter, version)
        plain = replace(parcel, html=None)
        exact = [each for each in (parcel, plain) if body_hash(each) == copy.body_hash]
        if not exact:
            return found, None
        mail = assemble(exact[0])
    except (RenderingError, UnsendableError, OSError):
        return found, None
    return {**found, "file": f"letters/{number:09d}.eml"}, mail


def _sent(row: Any, letter: Row) -> Row:
    said = {name: getattr(row, name) for name in ("on", "occasion", "rung", "deadline", "occurrence")}
    told = {"channel": row.channel, "recipient": row.recipient, "state": row.state}
    return {**said, **told, "delivery": row.id, "content": row.content, **letter}


def _json(value: object) -> bytes:
    written = json.dumps(value, ensure_ascii=False, indent=1, default=_plain)
    return (written + "\n").encode()


def _lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False, default=_plain) + "\n" for row in rows).encode()


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
