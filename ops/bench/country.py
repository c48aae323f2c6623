"""An invented country to measure with: municipalities, offices, and one national deadline whose date moves."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from sqlalchemy import text

from notifier.catalogue.holidays import national_calendar
from notifier.catalogue.loader import Catalogue, load
from notifier.channels.parcel import MailChannel
from notifier.channels.recorder import RecorderChannel
from notifier.clock import TurnedClock, japan_time
from notifier.domain.expressions import Fixed
from notifier.domain.law import Authority, AuthorityKind, Deadline
from notifier.domain.notices import Notice, Rank
from notifier.domain.statements import Statement
from notifier.rendering import Composer
from notifier.steps.accept import accept
from notifier.steps.approve import approve
from notifier.steps.enrol import enrol
from notifier.store import authorities
from notifier.store.database import Database
from notifier.store.enrolment import Enrolled
from notifier.tools import Correspondent, LawBook, Tools

BEGIN = date(2026, 11, 2)
PREFECTURES, MUNICIPALITIES = 47, 1741
MIX = (
    ("11",),
    ("13",),
    ("15",),
    ("43",),
    ("13", "14"),
    ("43", "11"),
    ("15", "21"),
    ("78",),
    ("17",),
    ("22", "16"),
)
LOT = 30_000
"""Offices enrolled in one transaction."""


def places() -> list[Authority]:
    """Return the prefectures and municipalities; codes from 48 on are no real ones."""
    found = [_prefecture(number) for number in range(PREFECTURES)]
    for number in range(MUNICIPALITIES):
        above = _prefecture(number % PREFECTURES)
        code = f"{above.code[:2]}{100 + number // PREFECTURES:03d}9"
        found.append(Authority(code, f"第{number}市", AuthorityKind.MUNICIPALITY, above.code))
    return found


def _prefecture(number: int) -> Authority:
    return Authority(f"{48 + number:02d}0009", f"第{number}県", AuthorityKind.PREFECTURE)


def offices(count: int) -> Iterator[Enrolled]:
    """Yield invented offices, spread over the municipalities; each has an address of its own."""
    cities = [each for each in places() if each.kind is AuthorityKind.MUNICIPALITY]
    for number in range(count):
        city = cities[number * 7919 % len(cities)]
        yield Enrolled(
            f"99{number:08d}",
            f"例示介護事業所{number}",
            MIX[number % len(MIX)],
            city.code,
            city.prefecture or "",
            (f"office{number}@care.example",),
        )


def tools(database: Database, clock: TurnedClock, channel: MailChannel | None = None) -> Tools:
    """Return what the steps need; without `channel` letters are only recorded."""
    catalogue = load()
    return Tools(
        database,
        clock,
        catalogue,
        national_calendar(2023, 2034),
        Composer(),
        channel or RecorderChannel(),
        Correspondent("介護保険担当課", "介護保険担当課 電話00-0000-0000", "https://notifier.example.jp"),
        "bench",
        lambda: 0.5,
        lambda recipient: f"https://notifier.example.jp/unsubscribe/{recipient}",
        LawBook(catalogue.groups),
    )


def clock(day: date = BEGIN) -> TurnedClock:
    """Return a clock at 08:00 on `day`."""
    return TurnedClock(japan_time(day, 8))


async def settle_in(bench: Tools, count: int) -> None:
    """Keep the authorities and enrol `count` offices."""
    async with bench.database.transaction() as conn:
        await authorities.keep_authorities(conn, [(each, "") for each in places()])
    lot: list[Enrolled] = []
    for office in offices(count):
        lot.append(office)
        if len(lot) == LOT:
            await enrol(bench, lot, "bench")
            lot = []
    await enrol(bench, lot, "bench")
    await gather_statistics(bench.database)


async def gather_statistics(database: Database) -> None:
    """Do what the databases do by themselves after a while: look at the tables for their planner."""
    async with database.transaction() as conn:
        await conn.execute(text("ANALYZE"))


def national(catalogue: Catalogue, name: str, *, announce: bool) -> Deadline:
    """Return a duty of every office in the country, reminded of on six days."""
    return replace(catalogue.deadlines["platform-subsidy/apply"], id=f"bench/{name}", announce=announce)


async def say(bench: Tools, deadline: Deadline, paper: str, by: date) -> None:
    """Let a new notice say that `deadline` ends on `by`, approved by a second person.

    It gives way to a notice about a later end, which is the newer paper.
    """
    today = bench.today()
    issued = today - (date(2027, 12, 31) - by)
    notice = Notice(paper, f"通知 {paper}", "厚生労働省", paper, issued, today, Rank.NOTICE)
    said = Statement(f"{paper}/1", deadline.id, notice, "別紙", Fixed(by), "", known_from=today)
    await accept(bench, [notice], [said], [deadline], "one person")
    await approve(bench, [notice.id], "another person")
