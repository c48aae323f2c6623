"""The desk: notices that people hand in, from their file to an approved change of the law."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any, Final

from notifier.domain.actors import Who
from notifier.domain.callers import NATION, Tenant
from notifier.domain.impacts import Bill, Impact
from notifier.domain.law import Deadline
from notifier.domain.reviews import Objection, Verdict, as_kept
from notifier.domain.stages import Stage, why_not
from notifier.drafting import Draft, Known, as_catalogue, draft
from notifier.errors import NoticeRefusedError, SecondPersonError, UnknownError
from notifier.reading.candidates_identity import identity_of
from notifier.reading.expressions import Reading, read
from notifier.reading.extraction import Document, Kind, extract
from notifier.rehearsal import rehearse
from notifier.reviewing import (
    AtHand,
    ReviewRefusedError,
    bill_of,
    content_digest,
    objections,
    read_identity,
    read_said,
)
from notifier.steps.advance import advance
from notifier.steps.draw_up import draw_up
from notifier.steps.enact import Bound, MovedError, enact
from notifier.steps.revise import Check, Revising, Revision, revise
from notifier.steps.sign import sign
from notifier.steps.take_in import Handed, take_in
from notifier.steps.withdraw import withdraw
from notifier.store import inbox, papers, reviews
from notifier.store.database import retrying
from notifier.store.inbox import Arrived
from notifier.store.reviews import Candidate, Review, Signed
from notifier.tools import Tools, law_on

LONGEST_TITLE: Final = 200
RULING, RULER = "運用担当者の判断", "運用担当者"
ATTEMPTS: Final = 4
"""How often an approval is tried while offices, facts or addresses move under it."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A notice of the inbox with its text and what that says about time; both empty for a retraction, which has no file."""

    arrived: Arrived
    document: Document
    reading: Reading
    review: Review | None


class Desk:
    """Where notices are taken in, reviewed, approved and turned away, by `who`, on behalf of `tenant`."""

    def __init__(self, tools: Tools, who: Who, tenant: Tenant = NATION) -> None:
        """Work on the database of `tools`."""
        self._tools = tools
        self._who = who
        self._tenant = tenant

    # ---- taking in and looking ----

    async def add(self, handed: Handed) -> tuple[str, bool]:
        """Take a file in and read it; what is not told of the notice is read from it.

        Returns its id, and False if it was known. Raises ExtractionError if it holds no text, NoticeRefusedError if it
        is a file for a notice that takes none.
        """
        document = await extract(handed.content, handed.name)
        waiting = await self.find(handed.notice) if handed.notice else None
        if waiting is not None:
            handed = replace(
                handed, title=handed.title or waiting.title, issued=handed.issued or waiting.issued
            )
        reading = read(document.text, handed.issued)
        called = identity_of(reading, handed.issued, document.title).title
        title = handed.title or called.value or called.hint or _first_line(document.text) or handed.name
        issued = handed.issued or reading.issued
        known = replace(handed, title=title[:LONGEST_TITLE], issued=issued)
        name, is_new = await take_in(self._tools, known, self._who, self._tenant.code)
        if is_new:
            about = Known(
                name,
                self._tools.today(),
                self._tenant.code,
                handed.title,
                handed.issuer,
                handed.number,
                handed.issued,
                known.title,
            )
            await self._draw_up(about, document, reading)
        return name, is_new

    async def read(self, notice: str) -> Review:
        """Read a notice that came in and was not read yet, and return its review. Raises as `open` does."""
        found = await self.find(notice)
        known = await self._review(notice)
        if known is not None:
            return known
        document = await self._document(notice)
        about = Known(notice, self._tools.today(), found.authority, issued=found.issued, guess=found.title)
        await self._draw_up(about, document, read(document.text, found.issued))
        return await self.review(notice)

    async def _draw_up(self, known: Known, document: Document, reading: Reading) -> None:
        at_hand = await self._at_hand(known.authority)
        drawn = draft(reading, known, at_hand.law, at_hand.catalogue, document.page_of, document.title)
        await draw_up(self._tools, known.notice, drawn, self._who)

    async def arrived(self, stages: Sequence[Stage] = ()) -> Sequence[Arrived]:
        """Return what came in, the latest first."""
        async with self._tools.database.reading() as conn:
            return await inbox.arrived(conn, stages, tenant=self._tenant)

    async def open(self, notice: str, issued: date | None = None) -> Opened:
        """Return a notice of the inbox with its text. Raises UnknownError, ExtractionError if its file holds none."""
        found = await self.find(notice)
        review = await self._review(notice)
        if review is not None and review.takes_back:
            return Opened(found, Document("", Kind.TEXT), read(""), review)
        document = await self._document(notice)
        return Opened(found, document, read(document.text, issued or found.issued), review)

    async def review(self, notice: str) -> Review:
        """Return the review of a notice that was read. Raises UnknownError if there is none."""
        await self.find(notice)
        found = await self._review(notice)
        if found is None:
            raise UnknownError(
                f"{notice}: まだ読み取られていません。`notifier notice show {notice}` で読み取れます。"
            )
        return found

    async def find(self, notice: str) -> Arrived:
        """Return where a notice of the inbox stands. Raises UnknownError if it is not there."""
        async with self._tools.database.reading() as conn:
            found = await inbox.find(conn, notice, self._tenant, lock=False)
        if found is None:
            raise UnknownError(
                f"{notice}: そのような文書はありません。`notifier notice list` で確かめてください。"
            )
        return found

    async def review_or_none(self, notice: str) -> Review | None:
        """Return the review of a notice, None if it was not read yet. Raises UnknownError if it is not there."""
        await self.find(notice)
        return await self._review(notice)

    async def _review(self, notice: str) -> Review | None:
        async with self._tools.database.reading() as conn:
            return await reviews.find(conn, notice)

    async def _document(self, notice: str) -> Document:
        async with self._tools.database.reading() as conn:
            kept = await papers.document_of(conn, notice)
        if kept is None:
            raise UnknownError(
                f"{notice}: この文書にはまだファイルがありません。入手したファイルを加えてください"
                f"（この文書の画面か `notifier notice add ファイル --to {notice}`）。"
            )
        return await extract(kept[1], kept[0])

    async def _at_hand(self, authority: str) -> AtHand:
        today = self._tools.today()
        async with self._tools.database.reading() as conn:
            law = await law_on(conn, self._tools, today)
        return AtHand(law, self._tools.catalogue, authority, today)

    # ---- reviewing ----

    async def correct(self, notice: str, said: Mapping[str, Any], check: Check | None = None) -> Review:
        """Say what a notice is: title, issuer, number, issued, known_from, rank. Raises ReviewRefusedError."""

        def revising(review: Review) -> Revision:
            identity = {**review.identity, **said}
            read_identity(notice, identity)
            before = {key: review.identity.get(key) for key in said}
            return Revision(identity, detail={"identity": {"before": before, "after": dict(said)}})

        return await self._revise(notice, revising, check)

    async def judge(
        self, notice: str, numbers: Sequence[int], verdict: Verdict, check: Check | None = None
    ) -> Review:
        """Keep, drop or leave open some candidates. Raises ReviewRefusedError, UnknownError."""
        found = await self.find(notice)
        at_hand = await self._at_hand(found.authority)

        def revising(review: Review) -> Revision:
            chosen = [_candidate(review, number) for number in numbers]
            if verdict is Verdict.KEPT:
                paper = read_identity(notice, review.identity)
                for each in chosen:
                    read_said(each.said, each.number, paper, at_hand)
            changed = [
                replace(
                    each,
                    verdict=as_kept(each.said, each.proposed) if verdict is Verdict.KEPT else verdict,
                )
                for each in chosen
            ]
            detail = {"candidates": list(numbers), "verdict": verdict.value}
            return Revision(changed=tuple(changed), detail=detail)

        return await self._revise(notice, revising, check)

    async def drop_rest(self, notice: str, check: Check | None = None) -> Review:
        """Drop every candidate that nobody has decided on."""

        def revising(review: Review) -> Revision:
            rest = [each for each in review.candidates if each.verdict is Verdict.OPEN]
            changed = tuple(replace(each, verdict=Verdict.DROPPED) for each in rest)
            return Revision(
                changed=changed, detail={"candidates": [each.number for each in rest], "verdict": "dropped"}
            )

        return await self._revise(notice, revising, check)

    async def change(
        self, notice: str, number: int, said: Mapping[str, Any], check: Check | None = None
    ) -> Review:
        """Write what a candidate says in the catalogue's own form; it is kept so. Raises as `judge` does."""
        found = await self.find(notice)
        at_hand = await self._at_hand(found.authority)

        def revising(review: Review) -> Revision:
            candidate = _candidate(review, number)
            read_said(said, number, read_identity(notice, review.identity), at_hand)
            kept = replace(candidate, said=said, verdict=as_kept(said, candidate.proposed))
            detail = {"candidate": number, "before": dict(candidate.said), "after": dict(said)}
            return Revision(changed=(kept,), detail=detail)

        return await self._revise(notice, revising, check)

    async def supply(self, notice: str, said: Mapping[str, Any], check: Check | None = None) -> Review:
        """Add what the machine has missed, under the next number. Raises ReviewRefusedError."""
        found = await self.find(notice)
        at_hand = await self._at_hand(found.authority)

        def revising(review: Review) -> Revision:
            number = max((each.number for each in review.candidates), default=0) + 1
            read_said(said, number, read_identity(notice, review.identity), at_hand)
            return Revision(added=(said,), detail={"candidate": number, "after": dict(said)})

        return await self._revise(notice, revising, check)

    async def _revise(self, notice: str, revising: Revising, check: Check | None) -> Review:
        return await revise(self._tools, notice, revising, self._who, tenant=self._tenant, check=check)

    async def objections(self, notice: str) -> list[Objection]:
        """Return what stands in the way of approval, and what is doubtful; nothing once it is decided."""
        found = await self.find(notice)
        if found.stage not in {Stage.RECEIVED, Stage.READ, Stage.REVIEWED}:
            return []
        return objections(await self.review(notice), await self._at_hand(found.authority))

    async def rule(self, deadline: Deadline, said: Mapping[str, Any], minute: str) -> str:
        """Take in what the nation's rule editor decides where sources leave a deadline open; it waits as a notice does.

        `said` is the due, target and remark of the statement, `minute` the paper that is kept of it. Returns the
        notice's id. Raises ReviewRefusedError for what cannot be read.
        """
        today = self._tools.today()
        identity = {
            "title": f"{RULING}（{deadline.title}）",
            "issuer": RULER,
            "number": "",
            "issued": today.isoformat(),
            "known_from": today.isoformat(),
            "rank": "decision",
        }
        candidate = {"deadline": deadline.id, "statement": {"place": "判断の記録", **said}}
        read_said(candidate, 1, read_identity(RULING, identity), await self._at_hand(""))
        handed = Handed("判断の記録.txt", minute.encode(), identity["title"], RULER, "", today)
        name, is_new = await take_in(self._tools, handed, self._who)
        if is_new:
            await draw_up(self._tools, name, Draft(identity, {}, [], []), self._who)
            await self.supply(name, candidate)
        return name

    # ---- deciding ----

    async def as_catalogue(self, notice: str) -> str:
        """Return what was kept of a notice as it would stand in the files of the catalogue, each part under its file."""
        bill = await self._bill(notice)
        parts = [
            f"# ---- {file}{f': {under}' if under else ''} ----\n\n{text}\n"
            for file, under, text in as_catalogue(bill)
        ]
        return "\n".join(parts)

    async def preview(self, notice: str, months: int = 3, samples: int = 3) -> Impact:
        """Return what approving the notice would do now. Raises ReviewRefusedError if it says nothing that can be read."""
        return await self._foretell(notice, await self._bill(notice), months, samples)

    async def _bill(self, notice: str, review: Review | None = None) -> Bill:
        found = await self.find(notice)
        at_hand = await self._at_hand(found.authority)
        bill = bill_of(review or await self.review(notice), at_hand)
        known = {*at_hand.law.deadlines, *(each.id for each in bill.deadlines)}
        wrong = [each for each in bill.statements if each.deadline not in known]
        if wrong or not bill.statements:
            what = f"{wrong[0].deadline} という期限はありません。" if wrong else "採用した候補がありません。"
            raise ReviewRefusedError(f"{notice}: 影響を確かめられません。{what}")
        return bill

    async def _foretell(
        self, notice: str, bill: Bill, months: int, samples: int, *, anew: bool = False
    ) -> Impact:
        found = await self.find(notice)
        whose = Tenant(found.authority) if found.authority else NATION
        return await rehearse(
            self._tools, bill, tenant=whose, eyes=self._tenant, months=months, samples=samples, anew=anew
        )

    async def sign_off(self, notice: str) -> Impact:
        """Vouch for what the notice is to say and for whom: it counts as reviewed, and waits for a second person.

        Raises ReviewRefusedError with what stands in the way, NoticeRefusedError from another stage.
        """
        found = await self.find(notice)
        refused = why_not(found.stage, Stage.REVIEWED, found.moved_by, str(self._who), "")
        if refused:
            raise NoticeRefusedError(f"{notice}: {refused}。")
        seen = await self.review(notice)
        wrong = [each for each in objections(seen, await self._at_hand(found.authority)) if each.is_error]
        if wrong:
            raise ReviewRefusedError(f"{notice}: 確認を終えられません。次の点を直してください。", wrong)
        bill = await self._bill(notice, seen)
        impact = await self._foretell(notice, bill, 0, 0)
        signed = Signed(content_digest(bill), impact.audience, impact.offices)
        await sign(self._tools, notice, seen, signed, self._who, tenant=self._tenant)
        return impact

    async def may_approve(self, notice: str) -> None:
        """Refuse as `approve` would, before anything is worked out: raises NoticeRefusedError, SecondPersonError."""
        found = await self.find(notice)
        review = await self.review(notice)
        last = review.reviewed_by or found.moved_by
        refused = why_not(found.stage, Stage.APPROVED, last, str(self._who), "")
        if refused:
            fault = SecondPersonError if found.stage is Stage.REVIEWED else NoticeRefusedError
            raise fault(f"{notice}: {refused}。")

    async def approve(self, notice: str) -> Impact:
        """Let a reviewed notice speak, as a second person.

        Raises NoticeRefusedError where that may not be, DriftError if it is not what was reviewed: then it is open again.
        """
        await self.may_approve(notice)
        attempts = ATTEMPTS
        while True:
            attempts -= 1
            impact = await self._foretell(notice, await self._bill(notice), 0, 0, anew=True)
            bound = Bound(impact.audience, impact.offices, impact.stamp)
            try:
                await retrying(partial(enact, self._tools, notice, bound, self._who, tenant=self._tenant))
            except MovedError:
                if not attempts:
                    raise
            else:
                return impact

    async def turn_away(self, notice: str, reason: str, *, relevant: bool) -> None:
        """Reject a notice, or say that it concerns no duty of ours."""
        await self.find(notice)
        to = Stage.REJECTED if relevant else Stage.NOT_RELEVANT
        await advance(self._tools, notice, to, self._who, reason)

    async def take_up(self, notice: str) -> None:
        """Take a notice up again that was turned away."""
        await self.find(notice)
        await advance(self._tools, notice, Stage.READ, self._who)

    async def withdraw(self, notice: str, reason: str) -> str:
        """Begin to take an approved notice back; returns the id of the retraction, which a second person approves."""
        name = await withdraw(self._tools, notice, reason, self._who, tenant=self._tenant)
        await self.sign_off(name)
        return name


def _candidate(review: Review, number: int) -> Candidate:
    found = review.candidate(number)
    if found is None:
        raise UnknownError(f"{review.notice}: 候補{number}はありません。")
    return found


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
