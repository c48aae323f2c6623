"""Answering: what follows from an answer by mail, in the transaction in which it is understood.

What is done is declared, as it would be on the office's own page, and becomes a fact once it can no longer be undone.
Whatever is not sure waits for the municipality. Who wrote counts: an address among the contacts of the office that
the code names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from notifier.clock import civil_date, japan_time
from notifier.domain.actors import Actor
from notifier.domain.answers import Understanding, understand
from notifier.domain.assertions import Sayable, fact_of_done
from notifier.domain.confirmations import Item, Outcome, confirmation, left_to_people
from notifier.domain.facts import Fact
from notifier.domain.law import Law
from notifier.domain.mails import Mail
from notifier.domain.obligations import Obligation, State, obligations_of
from notifier.domain.offices import Office
from notifier.domain.phrases import Intent
from notifier.heralding import Acknowledged, herald_acknowledged
from notifier.store import audit, codes, declarations, dossiers, enquiries, incoming, memos, outbox
from notifier.store.codes import Named
from notifier.store.database import Connection
from notifier.store.declarations import PENDING, UNDONE
from notifier.store.enquiries import MESSAGE, NOT_APPLICABLE, OPEN, WITHDRAWN, Asked
from notifier.store.incoming import HEARD, IGNORED, UNCLEAR, Owner, Waiting
from notifier.store.values import as_kept
from notifier.tools import Tools, law_on

GRACE: Final = timedelta(minutes=60)
"""How long what was answered can be undone: longer than on the page, as the confirmation has to be read first."""
MOST_CODES: Final = 20
MOST_A_DAY: Final = 30
"""Mails of one author on one day; more is no work of people."""
MOST_CONFIRMED: Final = 5
"""Confirmations to one author on one day, so that two machines cannot keep each other busy."""
WHO: Final = "reply-by-mail"
REASONS: Final = {
    "nothing-written": "返信に本文がありません",
    "no-answer": "返信に「済」などの返事がありません",
    "no-code": "返信に整理番号がありません",
    "several-codes": "どの件への返信か分かりません",
    "different-answers": "件ごとの返事を読み分けられません",
    "other-words": "「済」などのほかに文があります",
    "too-long": "返信が長すぎます",
    "unknown-code": "整理番号が正しくありません",
    "unknown-sender": "この事業所の宛先ではない差出人からの返信です",
    "unreadable": "読み取れない部分があります",
    Outcome.MORE_NEEDED.value: "「済」の返信を受けましたが、登録に必要な事項が足りません",
    Outcome.NOT_OWED.value: "「済」の返信を受けましたが、現在この期限の対象ではありません",
    Outcome.TOO_LATE.value: "登録したあとに、取消しの返信を受けました",
    "complaint": "迷惑メールとして申告されました",
    "too-many": "同じ差出人からの返信が多すぎます",
}
"""Why something waits for people, in words for staff; `notifier.store.incoming` keeps the keys."""


@dataclass
class Hearing:
    """One answer being heard: what it says, who wrote it, and what came of it so far."""

    conn: Connection
    tools: Tools
    waiting: Waiting
    mail: Mail
    now: datetime
    said: Understanding
    named: Mapping[str, Named]
    owners: Sequence[Owner]
    items: list[Item] = field(default_factory=list)
    _law: Law | None = None

    async def law(self) -> Law:
        """Return the law as known today."""
        if self._law is None:
            self._law = await law_on(self.conn, self.tools, civil_date(self.now))
        return self._law

    def knows(self, named: Named) -> bool:
        """Tell whether whoever wrote is a contact of the office that a code names."""
        return any(owner.office_id == named.office_id for owner in self.owners) and not _is_disowned(
            self.mail
        )

    @property
    def words(self) -> str:
        """Return what was written, for whoever reads it."""
        return f"（メールの返信　差出人：{self.mail.author or '不明'}）\n{self.said.written}"

    def actor(self, municipality: str) -> Actor:
        """Return who did it, as the audit knows them."""
        return Actor(WHO, self.mail.author, municipality)


async def hear_answer(
    conn: Connection, tools: Tools, waiting: Waiting, mail: Mail, now: datetime
) -> dict[str, Any]:
    """Let follow from an answer what does, and confirm it; returns what to note of the mail."""
    today = japan_time(civil_date(now), 0)
    if mail.author and await incoming.count_since(conn, mail.author, today) > MOST_A_DAY:
        return {"state": IGNORED, "reason": "too-many"}
    said = understand(mail.text, mail.subject)
    found = {code: await codes.find(conn, tools.codes, code) for code in said.codes[:MOST_CODES]}
    named = {code: each for code, each in found.items() if each is not None}
    owners = await incoming.owners_of(conn, mail.author) if mail.author else []
    hearing = Hearing(conn, tools, waiting, mail, now, said, named, owners)
    doubt = _doubt(hearing)
    noted = await (_leave(hearing, doubt) if doubt else _follow(hearing))
    confirmed = await incoming.answered_since(conn, mail.author, today)
    if owners and not _is_disowned(mail) and confirmed < MOST_CONFIRMED:
        contact = (tools.correspondent.name, tools.correspondent.contact)
        minutes = int(GRACE.total_seconds() // 60)
        subject, text = (
            confirmation(hearing.items, minutes, contact) if hearing.items else left_to_people(contact)
        )
        await memos.write(conn, mail.author, subject, text, now)
        await outbox.enqueue(conn, "inform", now)
        noted["was_answered"] = True
    return {"written": said.written} | noted


def _is_disowned(mail: Mail) -> bool:
    """Tell whether the mail server in front of us found that the author did not write this."""
    return "dmarc=fail" in mail.headers.get("authentication-results", "").replace(" ", "").lower()


def _doubt(hearing: Hearing) -> str:
    """Return why an answer is left to people; "" if nothing speaks against following it."""
    said = hearing.said
    if said.doubt is not None:
        return said.doubt.value
    if any(code not in hearing.named for code, _ in said.intents):
        return "unknown-code"
    if not all(hearing.knows(hearing.named[code]) for code, _ in said.intents):
        return "unknown-sender"
    return "unreadable" if hearing.mail.faults else ""


# ---- left to people ----


async def _leave(hearing: Hearing, reason: str) -> dict[str, Any]:
    """Put an answer on the list of the office's municipality, or, where no office is known, on a list of its own."""
    conn, now = hearing.conn, hearing.now
    offices = {each.office_id: each for each in hearing.named.values()}
    owned = {each.office_id: each for each in hearing.owners}
    about = next(iter(offices.values())) if len(offices) == 1 else None
    whose = about or (next(iter(owned.values())) if len(owned) == 1 and not offices else None)
    if whose is None:
        owners = {each.authority or each.municipality for each in hearing.owners}
        owners |= {each.municipality for each in offices.values()}
        return {"state": UNCLEAR, "reason": reason, "authority": owners.pop() if len(owners) == 1 else ""}
    duty = (about.deadline, about.occurrence) if about and len(hearing.named) == 1 else ("", 0)
    await enquiries.open_enquiry(
        conn, whose.office_id, Asked(MESSAGE, hearing.words, WHO, *duty, reason=REASONS[reason]), now
    )
    detail = {"mail": hearing.waiting.id, "reason": reason}
    who = hearing.actor(whose.municipality)
    await audit.append(conn, now, who, "reply.left-to-people", f"office/{whose.number}", detail)
    return {"state": HEARD, "reason": reason, "office_id": whose.office_id, "authority": whose.municipality}


# ---- followed ----


async def _follow(hearing: Hearing) -> dict[str, Any]:
    for code, intent in hearing.said.intents:
        named = hearing.named[code]
        law = await hearing.law()
        outcome = await _FOLLOWING[intent](hearing, named)
        deadline = law.deadlines.get(named.deadline)
        hearing.items.append(
            Item(code, named.office_name, deadline.title if deadline else named.deadline, outcome)
        )
        detail = {"mail": hearing.waiting.id, "intent": intent.value, "outcome": outcome.value}
        detail |= {"deadline": named.deadline, "occurrence": named.occurrence}
        who = hearing.actor(named.municipality)
        await audit.append(
            hearing.conn, hearing.now, who, "reply.understood", f"office/{named.number}", detail
        )
    offices = {hearing.named[code].office_id: hearing.named[code] for code, _ in hearing.said.intents}
    first = next(iter(offices.values()))
    reason = " ".join(dict.fromkeys(each.outcome.value for each in hearing.items))
    about = first.office_id if len(offices) == 1 else None
    return {"state": HEARD, "reason": reason, "office_id": about, "authority": first.municipality}


async def _done(hearing: Hearing, named: Named) -> Outcome:
    conn, now = hearing.conn, hearing.now
    if named.settled or await _pending(conn, named) is not None:
        return Outcome.ALREADY
    law, page = await hearing.law(), await dossiers.office_page(conn, named.number)
    owed = _owed(law, page.office, named, hearing) if page else None
    if page is None or owed is None or owed.state in {State.WITHDRAWN, State.NOT_APPLICABLE}:
        return await _ask(hearing, named, Outcome.NOT_OWED)
    if owed.state is State.SETTLED:
        return Outcome.ALREADY
    fact = fact_of_done(law, page.office, owed, _sayable(hearing.tools), civil_date(now))
    if fact is None:
        return await _ask(hearing, named, Outcome.MORE_NEEDED)
    await declarations.add(conn, _declaration(hearing, named, law.deadlines[named.deadline].title, fact))
    await outbox.enqueue(conn, "file", now + GRACE)
    return Outcome.RECORDED


async def _not_ours(hearing: Hearing, named: Named) -> Outcome:
    if await _open_enquiry(hearing.conn, named, NOT_APPLICABLE) is not None:
        return Outcome.ALREADY
    asked = Asked(NOT_APPLICABLE, hearing.words, WHO, named.deadline, named.occurrence)
    await enquiries.open_enquiry(hearing.conn, named.office_id, asked, hearing.now)
    law = await hearing.law()
    title = law.deadlines[named.deadline].title if named.deadline in law.deadlines else ""
    known = Acknowledged(named.deadline, named.occurrence, title, NOT_APPLICABLE, "mail")
    await herald_acknowledged(hearing.conn, named.office_id, known, hearing.now)
    return Outcome.ASKED


async def _undo(hearing: Hearing, named: Named) -> Outcome:
    pending = await _pending(hearing.conn, named)
    if pending is not None:
        await declarations.move(hearing.conn, [pending], UNDONE)
        return Outcome.UNDONE
    open_one = await _open_enquiry(hearing.conn, named, NOT_APPLICABLE)
    if open_one is not None:
        await enquiries.close(hearing.conn, open_one, WITHDRAWN, WHO, "", hearing.now)
        return Outcome.UNDONE
    return await _ask(hearing, named, Outcome.TOO_LATE)


_FOLLOWING: Final = {Intent.DONE: _done, Intent.NOT_APPLICABLE: _not_ours, Intent.UNDO: _undo}


async def _ask(hearing: Hearing, named: Named, outcome: Outcome) -> Outcome:
    asked = Asked(MESSAGE, hearing.words, WHO, named.deadline, named.occurrence, REASONS[outcome.value])
    await enquiries.open_enquiry(hearing.conn, named.office_id, asked, hearing.now)
    return outcome


async def _pending(conn: Connection, named: Named) -> int | None:
    """Return the id of what the office has declared done about the duty and can still be undone."""
    found = await declarations.of_office(conn, named.office_id, limit=200)
    duty = (named.deadline, named.occurrence)
    mine = [each.id for each in found if each.state == PENDING and (each.deadline, each.occurrence) == duty]
    return mine[0] if mine else None


async def _open_enquiry(conn: Connection, named: Named, kind: str) -> int | None:
    found = await enquiries.of_office(conn, named.office_id, limit=200)
    duty = (kind, named.deadline, named.occurrence)
    mine = [
        each.id
        for each in found
        if each.state == OPEN and (each.kind, each.deadline, each.occurrence) == duty
    ]
    return mine[0] if mine else None


def _owed(law: Law, office: Office, named: Named, hearing: Hearing) -> Obligation | None:
    duty = (named.deadline, named.occurrence)
    found = obligations_of(law, office, civil_date(hearing.now))
    return next((each for each in found if (each.deadline, each.occurrence) == duty), None)


def _sayable(tools: Tools) -> dict[str, Sayable]:
    return {
        name: Sayable(kind.value_names, frozenset(kind.schema.get("required", ())))
        for name, kind in tools.catalogue.facts.items()
        if "office" in kind.asserted_by and kind.subject == "office"
    }


def _declaration(hearing: Hearing, named: Named, title: str, fact: Fact) -> dict[str, Any]:
    values = hearing.tools.catalogue.facts[fact.type].check(fact.values, fact.on)
    said = {"type": fact.type, "on": fact.on.isoformat(), "values": as_kept(values)}
    return {
        "office_id": named.office_id,
        "nonce": f"mail-{hearing.waiting.id}-{named.office_id}-{named.deadline}-{named.occurrence}",
        "kind": "done",
        "deadline": named.deadline,
        "occurrence": named.occurrence,
        "at": hearing.now,
        "ready_at": hearing.now + GRACE,
        "state": PENDING,
        "who": WHO,
        "detail": {"title": title, "facts": [said], "by": "mail"},
    }
