"""Rehearsal: what a change of the law would do, played through by the real steps on a copy in memory; nothing is saved.

The live database is only read, in one state of it. On the copy the change is approved, worked out and told as it would
be at this moment; then the clock is turned to see which reminders follow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from notifier.catalogue.duties import deadline_as_data
from notifier.catalogue.forms import parse_due
from notifier.catalogue.sources import statement_as_data
from notifier.channels.recorder import RecorderChannel
from notifier.clock import TurnedClock, civil_date, japan_time
from notifier.domain.callers import NATION, Tenant
from notifier.domain.changes import ChangeKind, Situation, change
from notifier.domain.codes import NAMELESS
from notifier.domain.dates import add_months
from notifier.domain.impacts import UNCHANGED, Bill, Effect, Impact, Leaving, Sample, audience_of
from notifier.domain.ladders import Occasion
from notifier.domain.law import Law, Party
from notifier.domain.notices import Notice, Rank
from notifier.domain.obligations import decide
from notifier.domain.statements import Statement
from notifier.errors import UnknownError
from notifier.passes import Doorway
from notifier.reviewing import content_digest
from notifier.steps.deliver import deliver
from notifier.steps.derive import derive
from notifier.steps.dispatch import dispatch
from notifier.steps.sweep import sweep
from notifier.store import cohorts, copies, law, tallies
from notifier.store.cohorts import Cohort
from notifier.store.copies import Wanted
from notifier.store.database import Database
from notifier.store.law import DeadlineEntry, StatementEntry
from notifier.store.migration import create_all
from notifier.store.tallies import Share
from notifier.tools import LawBook, Tools, law_on

MOST_NAMED: Final = 50
"""Offices that are not reached are named up to here; of the rest the number is given."""
INVENTED_NAME: Final = "見本の事業所"
INVENTED_ADDRESS: Final = "mihon-{}@example.jp"
MOST_KEPT: Final = 8
"""Rehearsals that a process keeps: of the notices somebody is looking at."""
KEPT_FOR: Final = 600
"""Seconds for which they are kept."""
SWEEP_HOUR: Final = 8
"""Rungs are climbed at 08:00 in Japan."""


async def rehearse(  # noqa: PLR0913 -- each is named where it is handed in
    tools: Tools,
    tried: Bill,
    *,
    tenant: Tenant = NATION,
    eyes: Tenant | None = None,
    months: int = 3,
    samples: int = 3,
    anew: bool = False,
) -> Impact:
    """Return what `tried` would do where the word of `tenant` counts, with the reminders of so many months from today.

    A prefecture's word counts for every office in it, whichever municipality keeps that. Who looks (`eyes`, else
    `tenant`) reads the names and addresses that are its own; where it has none, samples go to an invented office.
    While nobody has done anything since, what was played through a moment ago is not played again, unless `anew`.
    """
    eyes = tenant if eyes is None else eyes
    key = await _key(tools, tried, tenant, eyes)
    known = tools.foretold.setdefault(key, {})
    for played in known if not anew else ():
        if played == (months, samples) or (months, samples) == (0, 0):
            return known[played]  # type: ignore[no-any-return]  # a process keeps what it has played
    async with await Database.open("sqlite+aiosqlite://") as copy:
        await create_all(copy)
        await copies.lighten(copy)
        stage, mark = await _set_stage(tools, copy, tried, tenant)
        impact = await replace(stage, eyes=eyes).play(months, samples, mark)
    known[months, samples] = impact
    while len(tools.foretold) > MOST_KEPT:
        del tools.foretold[next(iter(tools.foretold))]
    return impact


async def _key(tools: Tools, tried: Bill, tenant: Tenant, eyes: Tenant) -> tuple[object, ...]:
    """Return what an impact depends on; letters are sent on without a deed, so what was told is not kept long."""
    async with tools.database.reading() as conn:
        state = await copies.stamp(conn), await copies.last_deed(conn)
    return (content_digest(tried), tenant.code, eyes.code, *state, int(tools.now().timestamp()) // KEPT_FOR)


async def what_if(  # noqa: PLR0913 -- each is named where it is handed in
    tools: Tools,
    deadline: str,
    due: Mapping[str, Any],
    *,
    tenant: Tenant = NATION,
    authority: str = "",
    months: int = 3,
    samples: int = 3,
) -> Impact:
    """Return what would happen if `deadline` were due as `due` says (the catalogue's own form), by word from the top.

    `authority` names the layer that says so, "" for the nation. Raises UnknownError if there is no such deadline,
    ValueError if `due` makes no sense.
    """
    expression, tentative = parse_due(due)
    today = tools.today()
    async with tools.database.reading() as conn:
        known = await law_on(conn, tools, today)
    if deadline not in known.deadlines:
        raise UnknownError(
            f"{deadline}: そのような期限はありません。`notifier catalogue list --database` で確かめてください。"
        )
    notice = Notice("what-if", "試算", "", "", today, today, Rank.DECISION)
    said = Statement(
        id=f"{deadline}#what-if",
        deadline=deadline,
        notice=notice,
        place="試算",
        due=expression,
        remark="",
        tentative=tentative,
        confirms=not tentative,
        authority=authority,
        known_from=today,
    )
    return await rehearse(tools, Bill(notice, (), (said,)), tenant=tenant, months=months, samples=samples)


async def _set_stage(tools: Tools, copy: Database, tried: Bill, tenant: Tenant) -> tuple["_Stage", str]:
    now = tools.now()
    async with tools.database.reading() as conn, copy.transaction() as target:
        known = await law_on(conn, tools, civil_date(now))
        news = any(each.retracts for each in tried.statements)
        facts = frozenset[str]().union(*(_fact_types(known, each, tried) for each in tried.touched))
        await copies.carry(conn, target, Wanted(tried.touched, facts, tenant, news=news))
        mark = await copies.stamp(conn)
    book = LawBook(tools.book.groups, dict(tools.book.deadlines), dict(tools.book.statements))
    clock = TurnedClock(now)
    recorder = RecorderChannel()
    base, has_pages = tools.correspondent.base_url, tools.page("", now, None) is not None
    on_stage = replace(
        tools,
        database=copy,
        clock=clock,
        channel=recorder,
        book=book,
        # A sample is looked at by people who are not its reader: its links and codes open nothing.
        unsubscribe=lambda _: f"{base}/unsubscribe/",
        page=lambda *_: Doorway(f"{base}/o/", "見本") if has_pages else None,
        codes=NAMELESS,
        spread=lambda: 0.5,
    )
    return _Stage(on_stage, clock, recorder, tried), mark


def _fact_types(known: Law, deadline: str, tried: Bill) -> frozenset[str]:
    """Return the types of fact on which a deadline depends once the change is in force."""
    said = {deadline: tuple(each for each in tried.statements if each.deadline == deadline)}
    entries = {each.id: each for each in tried.deadlines}
    after = replace(
        known,
        deadlines={**known.deadlines, **entries},
        statements={**known.statements, deadline: (*known.said(deadline), *said[deadline])},
    )
    return after.fact_types_of(deadline)


@dataclass
class _Stage:
    """The copy, with tools that work on it and a clock of its own."""

    tools: Tools
    clock: TurnedClock
    recorder: RecorderChannel
    tried: Bill
    eyes: Tenant = NATION

    async def play(self, months: int, samples: int, mark: str) -> Impact:
        """Approve, work out and tell; then turn the clock through the months and see what follows."""
        today = self.tools.today()
        until = add_months(today, months) if months else today
        await self._catch_up()
        before, owed = await self._cohorts(), await self._owed()
        await self._approve()
        await derive(self.tools)
        effects, groups = await self._effects(before)
        async with self.tools.database.reading() as conn:
            digest, offices, letters = await tallies.audience(conn)
            missed, without, deaf = await tallies.missed(conn, MOST_NAMED, self.eyes)
            left = len(owed - await tallies.owed(conn, self.tried.touched))
            leaving = await tallies.leaving(conn)
            counts = dict(await tallies.letters_by_instant(conn))
        shown = await self._samples(groups, samples) if samples else ()
        await self._forget_letters()
        if months:
            async with self.tools.database.transaction() as conn:
                await copies.keep_one_of_alike(conn)
            await self._turn_through(until)
        async with self.tools.database.reading() as conn:
            leaving += await tallies.leaving(conn)
            counts |= {
                at: count + counts.get(at, 0)
                for at, count in (await tallies.letters_by_instant(conn)).items()
            }
        return Impact(
            today,
            until,
            effects,
            await self._days(leaving),
            _by_day(counts),
            shown,
            tuple(missed),
            offices,
            letters,
            without,
            deaf,
            left,
            audience_of(digest, effects),
            mark,
        )

    async def _catch_up(self) -> None:
        """Work out what is still to be worked out anyway; it is no effect of what is tried."""
        await derive(self.tools)
        async with self.tools.database.transaction() as conn:
            await tallies.set_aside(conn)

    async def _cohorts(self) -> dict[int, Cohort]:
        async with self.tools.database.reading() as conn:
            return {
                each.id: each
                for name in sorted(self.tried.touched)
                for each in await cohorts.cohorts_of(conn, name)
            }

    async def _owed(self) -> set[tuple[int, str]]:
        async with self.tools.database.reading() as conn:
            return await tallies.owed(conn, self.tried.touched)

    async def _approve(self) -> None:
        """Let the notice speak on the copy, as the approval does."""
        now, tried = self.tools.now(), self.tried
        async with self.tools.database.transaction() as conn:
            await law.accept_notice(conn, tried.notice, "rehearsal", now)
            await law.keep_deadlines(
                conn, [DeadlineEntry(each.id, deadline_as_data(each)) for each in tried.deadlines]
            )
            entries = [
                StatementEntry(
                    each.id, each.deadline, each.notice.id, each.known_from, statement_as_data(each)
                )
                for each in tried.statements
            ]
            await law.keep_statements(conn, entries)
            await law.approve_notices(conn, [tried.notice.id], "rehearsal, second person", now)

    async def _effects(self, before: Mapping[int, Cohort]) -> tuple[tuple[Effect, ...], list[list[int]]]:
        """Return the effects, the widest first, and with each the cohorts it is about."""
        async with self.tools.database.reading() as conn:
            known = await law_on(conn, self.tools, self.tools.today())
            counts = await tallies.members_of(conn, self.tried.touched)
        after = await self._cohorts()
        async with self.tools.database.reading() as conn:
            shares = await tallies.shares(conn, list(after))
        found: dict[tuple[str, ChangeKind | None, str, str], list[int]] = {}
        for each in after.values():
            old = before[each.id].situation if each.id in before else None
            kind = _kind(known, old, each, self.tools.today())
            key = (each.key.deadline, kind, old.wording if old else "", each.situation.wording)
            if counts.get(each.id, (0, 0))[0] or shares.get(each.id, Share()).authorities:
                found.setdefault(key, []).append(each.id)
        rows = [(self._effect(known, key, ids, counts, shares), ids) for key, ids in found.items()]
        rows.sort(key=lambda row: (row[0].kind is None, -row[0].offices, row[0].deadline, row[0].new))
        return tuple(effect for effect, _ in rows), [ids for effect, ids in rows if effect.kind is not None]

    def _effect(
        self,
        known: Law,
        key: tuple[str, ChangeKind | None, str, str],
        ids: Sequence[int],
        counts: Mapping[int, tuple[int, int]],
        shares: Mapping[int, Share],
    ) -> Effect:
        deadline, kind, old, new = key
        parts = [shares.get(each, Share()) for each in ids]
        members = [counts.get(each, (0, 0)) for each in ids]
        return Effect(
            deadline,
            known.deadlines[deadline].title,
            kind,
            kind.label if kind is not None else UNCHANGED,
            old,
            new,
            offices=sum(each[0] for each in members),
            open=sum(each[1] for each in members),
            told=sum(each.told for each in parts),
            no_address=sum(each.no_address for each in parts),
            not_subscribed=sum(each.silent for each in parts),
            authorities=sum(each.authorities for each in parts),
        )

    async def _samples(self, groups: Sequence[Sequence[int]], wanted: int) -> tuple[Sample, ...]:
        """Write the letters to some addresses, one for each of the widest effects, as they would leave."""
        async with self.tools.database.transaction() as conn:
            chosen: dict[str, None] = {}
            for ids in groups:
                if len(chosen) == wanted:
                    break
                address = await tallies.example(conn, ids, self.eyes)
                invented = INVENTED_ADDRESS.format(len(chosen) + 1)
                if address is None and await tallies.stand_in(conn, ids, INVENTED_NAME, invented, chosen):
                    address = invented
                if address is not None:
                    chosen[address] = None
            last = await tallies.keep_only(conn, chosen)
        if last is None:
            return ()
        at_desk = replace(self.tools, clock=TurnedClock(max(last, self.tools.now())))
        await dispatch(at_desk)
        await deliver(at_desk)
        written = {each.recipient: each for each in self.recorder.parcels}
        return tuple(
            Sample(civil_date(each.date), each.recipient, each.subject, each.text, each.html or "")
            for each in (written[address] for address in chosen if address in written)
        )

    async def _forget_letters(self) -> None:
        async with self.tools.database.transaction() as conn:
            await tallies.keep_only(conn, [])

    async def _turn_through(self, until: date) -> None:
        """Climb the ladders: turn the clock from day to day on which something is to be said."""
        following: date | None = self.tools.today()
        while following is not None and following <= until:
            self.clock.turn_to(max(japan_time(following, SWEEP_HOUR), self.clock.now()))
            await sweep(self.tools)
            async with self.tools.database.reading() as conn:
                following = await cohorts.next_day(conn, following)

    async def _days(self, leaving: Sequence[tallies.Left]) -> tuple[Leaving, ...]:
        async with self.tools.database.reading() as conn:
            known = await law_on(conn, self.tools, self.tools.today())
        summed: dict[tuple[date, str, str, str | None, str], tuple[int, int]] = {}
        for each in leaving:
            key = (civil_date(each.at), each.deadline, each.occasion, each.rung, each.party)
            letters, without = summed.get(key, (0, 0))
            summed[key] = letters + each.letters, without + each.no_address
        return tuple(
            Leaving(
                on,
                name,
                known.deadlines[name].title,
                Occasion(occasion),
                rung,
                Party(party),
                letters,
                without,
            )
            for (on, name, occasion, rung, party), (letters, without) in sorted(
                summed.items(), key=lambda item: tuple(map(str, item[0]))
            )
        )


def _kind(known: Law, old: Situation | None, cohort: Cohort, today: date) -> ChangeKind | None:
    decision = decide(known, cohort.key, today)
    return None if decision is None else change(old, decision)


def _by_day(counts: Mapping[datetime, int]) -> dict[date, int]:
    found: dict[date, int] = {}
    for at, count in sorted(counts.items()):
        found[civil_date(at)] = found.get(civil_date(at), 0) + count
    return found
