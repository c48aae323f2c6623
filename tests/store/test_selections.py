"""Offices as staff select them, and what their day begins with: the same on both databases."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert

from notifier.domain.callers import NATION, Tenant
from notifier.store import outlook, outreach, selections, walls
from notifier.store.database import Connection, Database, table
from notifier.store.enrolment import Enrolled, enrol
from notifier.store.outreach import Tried
from notifier.store.selections import Order, Selected
from notifier.store.tables import NO_ANCHOR, CohortRow, DeliveryRow, LetterRow, ObligationRow, SayingRow

CITY, OTHER, PREFECTURE = "121002", "122033", "120006"
A, B, C, ELSEWHERE = "1270000013", "1270000021", "1270000039", "1270000047"
TODAY = date(2026, 4, 1)
NOW = datetime(2026, 4, 1, 3, tzinfo=UTC)
HERE = Tenant(CITY)


def office(
    number: str, name: str, services: tuple[str, ...], city: str, *addresses: str, **more: str
) -> Enrolled:
    return Enrolled(number, name, services, city, PREFECTURE, addresses, **more)  # type: ignore[arg-type]  # texts only


async def cohort(
    conn: Connection, deadline: str, state: str, latest: date | None, settled: dict[int, date | None]
) -> int:
    row = {
        "deadline": deadline,
        "occurrence": 0,
        "municipality": CITY,
        "prefecture": PREFECTURE,
        "taken_up": True,
        "anchor": NO_ANCHOR,
        "generation": 1,
        "state": state,
        "shape": "day",
        "latest": latest,
        "tentative": False,
        "decision": {},
    }
    made = insert(table(CohortRow)).values(**row).returning(table(CohortRow).c.id)
    number = int((await conn.execute(made)).scalar_one())
    for member, on in settled.items():
        values = {"office_id": member, "deadline": deadline, "occurrence": 0, "cohort_id": number}
        rest = {"settled_on": on, "progress": 0, "moved_run": 0, "settled_run": 0}
        await conn.execute(insert(table(ObligationRow)).values(**values, **rest))
    return number


@pytest.fixture
async def town(database: Database) -> Database:
    """Four offices, two deadlines; one office has no address, one lies in another city."""
    async with database.transaction() as conn:
        await walls.build(conn)
        await enrol(
            conn,
            [
                office(
                    A,
                    "ケアプラン あさひ",
                    ("43",),
                    CITY,
                    "a@x.example",
                    kana="ケアプランアサヒ",
                    corporation="甲法人",
                ),
                office(B, "デイサービス ひばり", ("15",), CITY, corporation="乙法人", telephone="043"),
                office(C, "訪問介護 ふじ", ("11", "15"), CITY, "c@x.example", kana="ホウモンカイゴフジ"),
                office(ELSEWHERE, "ケアプラン となり", ("43",), OTHER, "e@x.example"),
            ],
            NOW,
        )
        await cohort(conn, "a/b", "open", TODAY + timedelta(days=20), {1: TODAY, 2: None, 3: None})
        await cohort(conn, "a/c", "open", TODAY - timedelta(days=1), {1: None, 2: None})
        await cohort(conn, "a/d", "needs-clarification", None, {3: None})
    return database


@pytest.mark.parametrize(
    "selected,found",
    [
        (Selected(), [A, B, C]),
        (Selected(words="ひばり"), [B]),
        (Selected(words="アサヒ 甲"), [A]),
        (Selected(words="100%"), []),
        (Selected(service="15"), [B, C]),
        (Selected(deadline="a/c"), [A, B]),
        (Selected(deadline="a/b", state="settled"), [A]),
        (Selected(state="lapsed"), [A, B]),
        (Selected(state="needs-clarification"), [C]),
        (Selected(reach="unreached"), [B]),
        (Selected(reach="reached", order=Order.NAME), [A, C]),
        (Selected(order=Order.DUE), [B, C, A]),
        (Selected(order=Order.CORPORATION), [B, A, C]),
        (Selected(order=Order.NEWEST), [A, B, C]),
        (Selected(among=(B, ELSEWHERE)), [B]),
        (Selected(closed=True), []),
    ],
)
async def test_offices_are_selected_and_put_into_order(
    town: Database, selected: Selected, found: list[str]
) -> None:
    async with town.reading(tenant=HERE) as conn:
        lines = await selections.offices(conn, HERE, selected, TODAY, limit=10)
        assert [each.number for each in lines] == found
        assert await selections.count(conn, HERE, selected, TODAY) == len(found)
        assert await selections.numbers(conn, HERE, selected, TODAY) == sorted(found)


async def test_a_line_counts_what_is_open_and_what_has_lapsed(town: Database) -> None:
    async with town.reading(tenant=HERE) as conn:
        lines = {
            each.number: each for each in await selections.offices(conn, HERE, Selected(), TODAY, limit=10)
        }
    due = TODAY + timedelta(days=20)
    assert {number: (each.open, each.lapsed, each.next_due) for number, each in lines.items()} == {
        A: (0, 1, None),
        B: (1, 1, due),
        C: (1, 0, due),
    }
    assert lines[B].reachable is False
    assert lines[C].services == ("11", "15")


async def test_whose_duties_end_first_stand_first_on_each_page(town: Database) -> None:
    by_due = Selected(order=Order.DUE)
    async with town.reading() as conn:
        for tenant in (HERE, NATION):
            together = await selections.offices(conn, tenant, by_due, TODAY, limit=9)
            pages = [
                line
                for skip in range(len(together) + 1)
                for line in await selections.offices(conn, tenant, by_due, TODAY, limit=1, skip=skip)
            ]
            assert pages == together


async def test_the_nation_selects_among_all(town: Database) -> None:
    async with town.reading() as conn:
        assert await selections.count(conn, NATION, Selected(service="43"), TODAY) == 2


async def test_the_day_begins_with_sums_of_ones_own_offices(town: Database) -> None:
    span = (TODAY, TODAY + timedelta(days=30))
    async with town.reading() as conn:
        (coming,) = await outlook.coming(conn, HERE, span, TODAY)
        assert (coming.deadline, coming.settled, coming.open, coming.lapsed, coming.unreachable) == (
            "a/b",
            1,
            2,
            0,
            1,
        )
        (lapsed,) = await outlook.coming(conn, Tenant(PREFECTURE), (date(2026, 3, 1), TODAY), TODAY)
        assert (lapsed.open, lapsed.lapsed) == (0, 2)
        assert await outlook.coming(conn, Tenant(OTHER), span, TODAY) == []
        assert await outlook.unclear(conn, HERE) == {"a/d": 1}
        assert await outlook.unclear(conn, Tenant(OTHER)) == {}
        lost = await outlook.silent(conn, HERE, TODAY, 5)
        assert (lost.count, lost.first) == (1, (B,))
        assert await outlook.coming(conn, HERE, span, TODAY, lost) == [coming]
        assert (await outlook.silent(conn, Tenant(OTHER), TODAY, 5)).count == 0
        above = Tenant(PREFECTURE)
        for tenant in (NATION, above):
            known = await outlook.silent(conn, tenant, TODAY, 0)
            counted = await outlook.coming(conn, tenant, span, TODAY)
            assert await outlook.coming(conn, tenant, span, TODAY, known) == counted != []


async def test_what_waits_too_long_and_what_arrived_last_is_known(town: Database) -> None:
    async with town.transaction() as conn:
        saying = await _say(conn)
        first = await _letter(conn, "accepted", NOW - timedelta(hours=3), finished=NOW - timedelta(hours=2))
        second = await _letter(conn, "planned", NOW - timedelta(hours=1))
        for number, (letter, to, state) in enumerate(
            [(first, "a@x.example", "accepted"), (second, "c@x.example", "planned")]
        ):
            await _deliver(conn, saying, (1, 3)[number], to, state, letter)
    async with town.reading() as conn:
        mine = await outlook.sending(conn, HERE, NOW)
        assert mine.waits_since == NOW - timedelta(hours=1)
        assert mine.last_accepted == NOW - timedelta(hours=2)
        others = await outlook.sending(conn, Tenant(OTHER), NOW)
        assert (others.waits_since, others.last_accepted) == (None, None)
        (said,) = await outlook.said_since(conn, HERE, TODAY - timedelta(days=7))
        assert (said.occasion, said.deadline, said.count) == ("reminder", "a/b", 2)
        assert not await outlook.said_since(conn, Tenant(OTHER), TODAY - timedelta(days=7))
        assert await outlook.said_since(conn, NATION, TODAY - timedelta(days=7))


async def test_the_last_try_for_each_office_is_ones_own(town: Database) -> None:
    async with town.transaction(tenant=HERE) as conn:
        for outcome in ("absent", "told"):
            await outreach.add(conn, HERE, 2, Tried("telephone", outcome, "", "", NOW, "hanako"))
    async with town.reading(tenant=HERE) as conn:
        assert {
            key: each.outcome for key, each in (await outreach.last_tries(conn, HERE, [1, 2])).items()
        } == {2: "told"}
    async with town.reading(tenant=Tenant(OTHER)) as conn:
        assert await outreach.last_tries(conn, Tenant(OTHER), [2]) == {}


async def _say(conn: Connection) -> int:
    values = {
        "cohort_id": 1,
        "generation": 1,
        "party": "office",
        "rung": "r",
        "occasion": "reminder",
        "deadline": "a/b",
        "occurrence": 0,
        "on": TODAY,
        "content": {},
        "run": 1,
    }
    known = {name: each for name, each in values.items() if name in table(SayingRow).c}
    made = insert(table(SayingRow)).values(**known).returning(table(SayingRow).c.id)
    return int((await conn.execute(made)).scalar_one())


async def _letter(conn: Connection, state: str, due: datetime, finished: datetime | None = None) -> int:
    values = {
        "channel": "email",
        "recipient": "x",
        "gathered": f"g{due}",
        "run": 1,
        "state": state,
        "phase": "",
        "token": "",
        "attempts": 0,
        "created_at": due,
        "next_try_at": due,
        "subject": "",
        "body_hash": "",
        "answer": "",
        "finished_at": finished,
    }
    made = insert(table(LetterRow)).values(**values).returning(table(LetterRow).c.id)
    return int((await conn.execute(made)).scalar_one())


async def _deliver(conn: Connection, saying: int, office_id: int, to: str, state: str, letter: int) -> None:
    values = {
        "saying_id": saying,
        "office_id": office_id,
        "authority": CITY,
        "party": f"office/{office_id}",
        "channel": "email",
        "recipient": to,
        "state": state,
        "due_at": NOW - timedelta(hours=1),
        "letter_id": letter,
        "repeat": 0,
    }
    await conn.execute(insert(table(DeliveryRow)).values(**values))
