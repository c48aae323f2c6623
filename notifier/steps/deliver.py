"""deliver: claim letters, send them, record what became of them.

The phase is committed before the final dot, so that an unknown outcome is known to be unknown and a repeat carries the
same Message-ID and bytes. What the law no longer supports is taken out at the claim and stopped at the gate.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import perf_counter

from notifier.channels.parcel import Parcel
from notifier.composing import Written, body_hash, composed, write
from notifier.domain.actors import Actor
from notifier.domain.backoff import mail_retry
from notifier.domain.receipts import Receipt, Verdict
from notifier.errors import RenderingError
from notifier.halting import watch
from notifier.heralding import herald_letters
from notifier.store import audit, claims, contacts, halts, letters, outbox, wordings
from notifier.store.claims import ClaimedLetter
from notifier.store.database import Connection
from notifier.store.letters import Outcome, key_of
from notifier.tools import Tools

BATCH = 500
AT_ONCE = 3
"""Batches under way at a time: one is being taken, one is on the wire, one is being recorded."""
GROUP = 500
OFTEN = 0.25
"""Seconds after which outcomes are recorded even if they are few: what is not recorded is sent again after a crash."""
LEASE = timedelta(minutes=5)
PAUSE = timedelta(minutes=5)
"""How long the queue rests after the relay refused us, not a recipient."""
SHORTLY = timedelta(seconds=2)
HALTED = timedelta(minutes=5)
"""After which the letters of an authority whose sending is halted are looked at again."""


async def deliver(tools: Tools) -> None:
    """Send every letter that is due, batch by batch, and ask to come back for those that must wait."""
    queue = _Queue(tools)
    # While one batch is on the wire, the next one is claimed and composed and the last one recorded.
    ends = await asyncio.gather(*(queue.work() for _ in range(AT_ONCE)), return_exceptions=True)
    for fault in ends:
        if fault is not None:
            raise fault
    async with tools.database.transaction() as conn:
        following = await letters.next_try(conn)
        if following is not None:
            await outbox.enqueue(conn, "deliver", following)


@dataclass
class _Queue:
    """The letters that are due, taken batch by batch, until none is left or the relay refuses us."""

    tools: Tools
    taken: int = 0
    is_over: bool = False

    async def work(self) -> None:
        """Send one batch after the other. What is on the wire elsewhere comes to its end, whatever fails here."""
        try:
            while not self.is_over:
                token = f"{self.tools.worker}:{self.taken}"
                self.taken += 1
                self.is_over = not await _batch(self.tools, token) or self.is_over
        finally:
            self.is_over = True


async def _batch(tools: Tools, token: str) -> bool:
    """Send one batch; False if nothing is left to do now."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        stopped = [each.authority for each in await halts.in_force(conn)]
        if stopped:
            await halts.put_off(conn, stopped, now, now + HALTED)
        claimed, nobody = await claims.claim(conn, now, token, LEASE, BATCH)
        claimed = await _pinned(conn, claimed)
        await letters.mark_unreachable(conn, {each.id: _subject(tools, each) for each in nobody}, now)
        if nobody:
            detail = {"unreachable": len(nobody)}
            await audit.append(conn, now, "deliver", "letters.recorded", "letters", detail)
        await herald_letters(conn, [each.id for each in nobody], "", now)
    if not claimed:
        return bool(nobody)
    sending = Sending(tools, token, {key_of(letter.id, letter.gathered): letter for letter in claimed})
    await sending.run()
    return not sending.paused


@dataclass
class Sending:
    """One batch on its way: what is held, and what has come of it so far."""

    tools: Tools
    token: str
    held: dict[str, ClaimedLetter]
    paused: bool = False

    async def run(self) -> None:
        """Compose and send the batch; record outcomes in groups as they come."""
        outcomes: list[Outcome] = []
        parcels: dict[str, Parcel] = {}
        async with self.tools.database.reading() as conn:
            text_only = await contacts.text_only_among(conn, {each.recipient for each in self.held.values()})
        written = await self._written()
        for key, letter in self.held.items():
            parcel = written.parcels.get(letter.id)
            if parcel is None:
                problem = written.problems[letter.id]
                outcomes.append(Outcome(letter.id, "failed", None, problem, letter.dated))
            else:
                parcels[key] = replace(parcel, html=None) if letter.recipient in text_only else parcel
        withheld = set(parcels)
        recorded = perf_counter()
        try:
            async for key, receipt in self.tools.channel.send(list(parcels.values()), self.gate):
                withheld.discard(key)
                outcomes.append(self._outcome(self.held[key], receipt, parcels[key]))
                if len(outcomes) >= GROUP or perf_counter() - recorded > OFTEN:
                    await self._record(outcomes)
                    outcomes, recorded = [], perf_counter()
        finally:  # what the relay has answered is not forgotten because the database would not open the gate
            await self._record(outcomes)
        later = self.tools.now() + SHORTLY
        kept = [letter for key, letter in self.held.items() if key in withheld]
        await self._record(
            [Outcome(each.id, _waiting(each), None, "", later, counted=False) for each in kept]
        )

    async def _written(self) -> Written:
        """Write the batch. A version of an authority's templates that fails is used no more, and its staff see why."""
        async with self.tools.database.reading() as conn:
            wanted = {each.wording for each in self.held.values() if each.wording is not None}
            versions = await wordings.by_ids(conn, sorted(wanted)) if wanted else {}
        written = await write(self.tools, list(self.held.values()), versions)
        if written.fallen or written.failed:
            now = self.tools.now()
            async with self.tools.database.transaction() as conn:
                await wordings.unpin(conn, written.fallen)
                for number, problem in written.failed.items():
                    if await wordings.retire(conn, number, now, problem):
                        version = versions[number]
                        actor = Actor("deliver", "", version.authority)
                        detail = {
                            "version": version.number,
                            "problem": problem,
                            "letters": len(written.fallen),
                        }
                        subject = f"template/{version.number}"
                        await audit.append(conn, now, actor, "template.failed", subject, detail)
        return written

    async def gate(self, keys: Sequence[str]) -> set[str]:
        """Commit that these letters are about to be finished on the wire; answer which of them may be."""
        ids = {self.held[key].id: key for key in keys}
        async with self.tools.database.transaction() as conn:
            stopped = [each.authority for each in await halts.in_force(conn)]
            kept_back = await halts.held(conn, ids, stopped) if stopped else set()
            allowed = await claims.pass_gate(
                conn, [each for each in ids if each not in kept_back], self.token
            )
        return {ids[each] for each in allowed}

    async def _record(self, outcomes: Collection[Outcome]) -> None:
        async with self.tools.database.transaction() as conn:
            now = self.tools.now()
            await letters.record(conn, list(outcomes), self.token, now)
            if outcomes:
                states = dict(sorted(Counter(each.state for each in outcomes).items()))
                await audit.append(conn, now, "deliver", "letters.recorded", "letters", states)
            ids = [each.letter_id for each in outcomes]
            await herald_letters(conn, ids, self.token, self.tools.now())
            refused = [each.letter_id for each in outcomes if each.state == "refused"]
            if refused:
                await watch(conn, refused, now)

    def _outcome(self, letter: ClaimedLetter, receipt: Receipt, parcel: Parcel) -> Outcome:
        now = self.tools.now()
        state, at = self._verdict(letter, receipt, now)
        ours = receipt.verdict is Verdict.SENDER_FAULT
        return Outcome(
            letter.id,
            state,
            receipt.code,
            receipt.text,
            at,
            parcel.subject,
            body_hash(parcel),
            counted=not ours,
        )

    def _verdict(self, letter: ClaimedLetter, receipt: Receipt, now: datetime) -> tuple[str, datetime]:
        match receipt.verdict:
            case Verdict.ACCEPTED:
                return "accepted", now
            case Verdict.REFUSED:
                return "refused", now
            case Verdict.UNKNOWN:
                # It is sent once more, with the same Message-ID and bytes; what stays unknown is for people.
                return ("failed", now) if letter.is_repeat else ("unknown", now + LEASE)
            case Verdict.SENDER_FAULT:
                self.paused = True
                return _waiting(letter), now + PAUSE
        # What is left was deferred by the relay.
        wait = mail_retry(letter.attempts, self.tools.spread())
        return (_waiting(letter), now + wait) if wait is not None else ("failed", now)


async def _pinned(conn: Connection, claimed: Sequence[ClaimedLetter]) -> list[ClaimedLetter]:
    """Fix by which version of which authority's templates each letter is written, the same on every try."""
    pinned = await wordings.pin(conn, [each.id for each in claimed if not each.is_repeat])
    return [replace(each, wording=pinned.get(each.id, each.wording)) for each in claimed]


def _waiting(letter: ClaimedLetter) -> str:
    """Return the state of a letter that is to be tried again: what may have been sent once stays in doubt."""
    return "unknown" if letter.is_repeat else "planned"


def _subject(tools: Tools, letter: ClaimedLetter) -> str:
    """Return what a letter would have been about that nobody can receive; "" if it cannot be written either."""
    try:
        return composed(tools, letter).subject
    except RenderingError:
        return ""
