"""Proposing: what a notice that was read would change in the law as known the day before it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from notifier.catalogue import Catalogue, FactType, dump_due
from notifier.catalogue.drafts import NewDuty, as_toml, draft_of, notice_entry, notice_id, statement_of
from notifier.catalogue.names import Naming, load_names
from notifier.domain.applicability import EVERYBODY, AllOf, AnyOf, Condition, Services
from notifier.domain.calendar import Calendar
from notifier.domain.changes import Situation, change
from notifier.domain.deadlines import Known, due_of
from notifier.domain.expressions import Expression, SetByAuthority, Unknown
from notifier.domain.law import Deadline, Law
from notifier.domain.notices import Notice
from notifier.domain.obligations import CohortKey, Decision, decide
from notifier.domain.statements import Statement, resolve
from notifier.reading.candidates import Candidate, candidates_of, meaning_for
from notifier.reading.candidates_identity import Identity, identity_of
from notifier.reading.candidates_known import Knowledge, KnownDuty, KnownEvent
from notifier.reading.candidates_matching import Match
from notifier.reading.candidates_proposals import Amendment, Proposal, Proposals, anomalies_of
from notifier.reading.expressions import Reading

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PARTIES = {"事業所": "office", "市町村": "municipality", "都道府県": "prefecture"}


@dataclass(frozen=True)
class LawAtHand:
    """The law and what belongs to it: how things are called, what may be asserted, the services by code."""

    law: Law
    names: Mapping[str, Naming]
    facts: Mapping[str, FactType]
    services: Mapping[str, str]
    notices: Mapping[str, Notice]


def law_at_hand(catalogue: Catalogue, calendar: Calendar) -> LawAtHand:
    """Return the law of a catalogue; the names are the shipped ones."""
    services = {each.code: each.name for each in catalogue.services.values()}
    return LawAtHand(catalogue.law(calendar), load_names(), catalogue.facts, services, catalogue.notices)


def knowledge_of(at_hand: LawAtHand, law: Law) -> Knowledge:
    """Return what reading must know of `law`, which is the one at hand as known on some day."""
    duties = tuple(
        _duty(at_hand, law, each)
        for each in law.deadlines.values()
        if law.said(each.id) and not _is_once(each)
    )
    events = tuple(KnownEvent(each.type, each.label, each.subject) for each in at_hand.facts.values())
    programmes: dict[str, tuple[str, ...]] = {}
    for of, each in at_hand.names.items():
        family = of.partition("/")[0]
        programmes[family] = (*programmes.get(family, ()), *each.names)
    return Knowledge(duties, events, at_hand.services, programmes)


def _is_once(deadline: Deadline) -> bool:
    """Tell whether it is a request of one notice, named by its day: publicity/2026-01-13; others ask anew."""
    return _DAY.fullmatch(deadline.id.partition("/")[2]) is not None


def _duty(at_hand: LawAtHand, law: Law, deadline: Deadline) -> KnownDuty:
    said = law.said(deadline.id)
    resolution = resolve(said)
    family, own = at_hand.names.get(deadline.family), at_hand.names.get(deadline.id)
    named = [each for each in (family, own) if each is not None]
    return KnownDuty(
        id=deadline.id,
        title=deadline.title,
        parties=tuple(deadline.parties),
        names=tuple(name for each in named for name in each.names) or (deadline.title,),
        words=tuple(word for each in named for word in each.words) or (deadline.short,),
        texts=tuple(each.remark for each in said),
        services=_services(deadline.concerns),
        due=resolution.prevailing.due if resolution is not None else None,
        tentative=resolution is not None and resolution.tentative,
        said=tuple(dict.fromkeys(each.due for each in said if each.due is not None)),
    )


def _services(condition: Condition) -> frozenset[str]:
    if condition == EVERYBODY:
        return frozenset()
    match condition:
        case Services(codes):
            return codes
        case AllOf(parts) | AnyOf(parts):
            return frozenset().union(*map(_services, parts))
        case _:
            return frozenset()


def propose(
    reading: Reading, at_hand: LawAtHand, given: date | None = None, file_title: str = ""
) -> Proposals:
    """Return what the notice proposes against the law as known the day before it.

    `given` is the issue date a person named; without any date, the whole law is taken as known.
    """
    day = given or reading.issued
    before = day - timedelta(days=1) if day is not None else date.max
    law = _without(at_hand.law.as_known(before), _paper(identity_of(reading, given, file_title), day).id)
    knowledge = knowledge_of(at_hand, law)
    found = candidates_of(reading, knowledge, given, file_title)
    paper = _paper(found.identity, day)
    rows = tuple(
        Proposal(
            number,
            each,
            tuple(_amendment(law, paper, each, match, knowledge) for match in each.matches),
        )
        for number, each in enumerate(found.candidates, 1)
    )
    anomalies = anomalies_of(rows, at_hand.law.calendar, day)
    return Proposals(found.identity, paper.id, day, tuple(anomalies), rows)


def _without(law: Law, paper: str) -> Law:
    """Return the law without what a paper that is read again has said itself."""
    said = {
        name: tuple(each for each in row if each.notice.paper != paper)
        for name, row in law.statements.items()
    }
    return replace(law, statements=said)


def _paper(identity: Identity, day: date | None) -> Notice:
    known = day or date.max
    return Notice(
        id=notice_id(identity.number.value, identity.volume.value, day),
        title=identity.title.value or identity.title.hint or "（件名を確かめてください）",
        issuer=identity.issuer.value or identity.issuer.hint or "（発出者を確かめてください）",
        number=identity.number.value or "",
        issued=day,
        known_from=known,
        rank=identity.rank,
    )


def _amendment(
    law: Law, paper: Notice, candidate: Candidate, match: Match, knowledge: Knowledge
) -> Amendment:
    """Hold one candidate against one known deadline, by the engine's own rules."""
    deadline, day = match.duty.id, paper.known_from
    meaning = meaning_for(
        candidate.passage, candidate.found, match.duty, knowledge, match.duty.family, paper.issued
    )
    statement = _statement(candidate, deadline, paper, meaning.due)
    said = law.said(deadline)
    after = replace(law, statements={**law.statements, deadline: (*said, statement)})
    key = CohortKey(deadline, 0, "", "", taken_up=True, anchor=None)
    old, new = decide(law, key, day), decide(after, key, day)
    if new is None:
        raise RuntimeError(f"{deadline}: a statement was added and nothing is said")
    situation = Situation.of(old) if old is not None else None
    kind = change(situation, new)
    contradicted = tuple(
        each.notice.title or each.id
        for each in _prevailing(old)
        if statement.speaks_of_date and not candidate.move and _stands_against(each, statement)
    )
    return Amendment(
        match,
        statement.due,
        statement.tentative,
        old.due.wording if old is not None else "",
        "取下げ" if statement.withdraws else _wording(statement),
        kind,
        old.due.latest if old is not None else None,
        _last_day(statement),
        contradicted,
        _outranking(old, statement),
    )


def _statement(candidate: Candidate, deadline: str, paper: Notice, due: Expression | None) -> Statement:
    withdraws = candidate.move == "withdrawn"
    return Statement(
        id=f"{deadline}#{paper.id}-{candidate.line}",
        deadline=deadline,
        notice=paper,
        place=place_of(candidate),
        due=None if withdraws else due,
        remark="",
        tentative=candidate.tentative,
        confirms=candidate.move == "confirmed",
        withdraws=withdraws,
        known_from=paper.known_from,
    )


def _outranking(old: Decision | None, new: Statement) -> str:
    """Return the paper that outranks `new` and says otherwise, "" if there is none."""
    said = old.resolution.prevailing if old is not None else None
    if said is None or not new.speaks_of_date or said.agrees_with(new) or isinstance(said.due, Unknown):
        return ""
    return said.notice.title if said.notice.rank > new.notice.rank else ""


def _prevailing(old: Decision | None) -> Iterator[Statement]:
    if old is not None:
        yield old.resolution.prevailing
        yield from old.resolution.against


def _stands_against(said: Statement, new: Statement) -> bool:
    """Tell whether both name days, of the same rank, and not the same ones."""
    same_rank = said.notice.rank == new.notice.rank
    days = _last_day(said), _last_day(new)
    return same_rank and None not in days and days[0] != days[1] and said.notice.paper != new.notice.paper


def _last_day(said: Statement) -> date | None:
    if said.due is None:
        return None
    due = due_of(said.due, Known())
    return due.latest if due.is_dated or due.latest == due.earliest else None


def _wording(said: Statement) -> str:
    if said.due is None:
        return ""
    return due_of(said.due, Known(), tentative=said.tentative).wording


def place_of(candidate: Candidate) -> str:
    """Return the place for the citation: the nearest heading, and the line."""
    heading = candidate.passage.headings[-1].strip(" #*｜|") if candidate.passage.headings else "本文"
    return f"{heading[:24] or '本文'}（{candidate.line}行）"


def new_duty(proposals: Proposals, proposal: Proposal) -> NewDuty:
    """Return what a draft of a new duty is made from."""
    candidate = proposal.candidate
    # 知事が別に定める日: whoever sets the day is named for that, and owes nothing.
    setter = candidate.due.by if isinstance(candidate.due, SetByAuthority) else ""
    named = (_PARTIES[each] for each in candidate.subject.addressees if each in _PARTIES)
    addressed = tuple(each for each in named if each != setter)
    asked_of = (
        tuple(each for each in addressed if each != "office")
        if "周知" in candidate.passage.text
        else addressed
    )
    return NewDuty(
        family=candidate.family,
        verb=candidate.verb,
        object=candidate.object,
        parties=("office",) if not asked_of or "office" in asked_of else asked_of,
        due=candidate.due,
        tentative=candidate.tentative,
        amounts=candidate.subject.amounts,
        place=place_of(candidate),
        line=candidate.line,
        notice=proposals.notice,
        unknown=candidate.open,
    )


def written(proposals: Proposals, at_hand: LawAtHand) -> Iterator[tuple[str, str]]:
    """Yield file and text of everything proposed, in the catalogue's own form, for a person to finish.

    A new duty is a whole entry of its family's file; a statement about a known one belongs under that deadline.
    """
    if proposals.notice not in at_hand.notices:
        yield "notices.toml", as_toml("notice", notice_entry(_paper(proposals.identity, proposals.day)))
    taken = set(at_hand.law.deadlines)
    for proposal in proposals.proposals:
        candidate = proposal.candidate
        for each in proposal.amendments:
            entry = statement_of(
                f"{proposals.notice}-{candidate.line}",
                proposals.notice,
                place_of(candidate),
                each.due,
                candidate.open,
                tentative=each.tentative,
                withdraws=candidate.move == "withdrawn",
                confirms=candidate.move == "confirmed",
            )
            place = f"{each.match.duty.family}.toml: {each.match.duty.id}"
            yield place, as_toml("deadline.statement", entry)
        if proposal.is_new:
            draft = draft_of(new_duty(proposals, proposal), taken)
            taken.add(draft["id"])
            yield f"{draft['id'].partition('/')[0]}.toml", as_toml("deadline", draft)


def as_json(proposals: Proposals, page_of: Any = None) -> Iterator[dict[str, Any]]:
    """Yield the lines of `notifier read --candidates --format jsonl`: the notice, anomalies, candidates."""
    yield {"type": "notice", "id": proposals.notice, **proposals.identity.as_json()}
    for each in proposals.anomalies:
        yield {
            "type": "anomaly",
            "kind": each.kind,
            "line": each.line,
            "candidates": list(each.proposals),
            "message": each.message,
        }
    for proposal in proposals.proposals:
        yield _as_json(proposal, page_of(proposal.candidate.line) if page_of is not None else None)


def _as_json(proposal: Proposal, page: int | None) -> dict[str, Any]:
    candidate = proposal.candidate
    best = proposal.amendments[0] if proposal.amendments else None
    due = best.due if best is not None else candidate.due
    return {
        "type": "candidate",
        "number": proposal.number,
        "line": candidate.line,
        "column": candidate.column,
        "page": page,
        "text": candidate.surface,
        "sentence": candidate.passage.text,
        "headings": list(candidate.passage.headings),
        "verb": candidate.verb,
        "object": candidate.object,
        "services": list(candidate.subject.services),
        "addressees": list(candidate.subject.addressees),
        "amounts": list(candidate.subject.amounts),
        "due": dump_due(due, tentative=candidate.tentative) if due is not None else None,
        "tentative": candidate.tentative,
        "certainty": candidate.certainty,
        "says": candidate.move,
        "unknown": list(candidate.open),
        "flags": list(candidate.flags),
        "family": candidate.family,
        "is_new": proposal.is_new,
        "amends": [
            {
                **each.match.as_json(),
                "change": each.change.value if each.change is not None else None,
                "old": each.old,
                "new": each.new,
            }
            for each in proposal.amendments
        ],
    }
