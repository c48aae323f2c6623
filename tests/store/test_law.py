"""The law as rows: accepted, approved by a second person, append-only."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select
from sqlmodel import col

from notifier.domain.calendar import Roll
from notifier.domain.law import Authority, AuthorityKind
from notifier.domain.notices import Notice, Rank
from notifier.errors import StoreError
from notifier.store.authorities import address_of, keep_authorities, load_authorities
from notifier.store.database import Database
from notifier.store.law import (
    DeadlineEntry,
    StatementEntry,
    accept_notice,
    approve_notices,
    keep_deadlines,
    keep_statements,
    known_notices,
    load_law_rows,
)
from notifier.store.tables import DeadlineRow

NOON = datetime(2026, 3, 13, 3, tzinfo=UTC)
DAY = date(2026, 3, 13)
NOTICE = Notice("n-1", "通知", "厚生労働省", "老発1号", None, DAY, Rank.NOTICE, in_hand=False)
OTHER = replace(NOTICE, id="n-2", issued=DAY, rank=Rank.LAW, in_hand=True)
REPORT = DeadlineEntry("example/report", {"title": "報告", "parties": ["office"]})
PLAN = DeadlineEntry("example/plan", {"title": "計画"})
SAID = StatementEntry(
    "example/report#1", "example/report", "n-1", DAY, {"due": {"by": "2026-07-31"}, "remark": "まで"}
)


async def accept(database: Database) -> None:
    async with database.transaction() as conn:
        await keep_deadlines(conn, [REPORT, PLAN])
        await accept_notice(conn, NOTICE, "clerk", NOON)
        await accept_notice(conn, OTHER, "clerk", NOON)
        await keep_statements(
            conn, [SAID, replace(SAID, id="example/plan#1", deadline="example/plan", notice="n-2")]
        )


async def generations(database: Database) -> dict[str, int]:
    async with database.reading() as conn:
        rows = await conn.execute(select(col(DeadlineRow.id), col(DeadlineRow.generation)))
        return {row.id: row.generation for row in rows}


async def test_what_was_only_accepted_is_silent(database: Database) -> None:
    await accept(database)
    async with database.reading() as conn:
        rows = await load_law_rows(conn)
        known = await known_notices(conn)
    assert (dict(rows.notices), list(rows.statements)) == ({}, [])
    assert known == {"n-1": False, "n-2": False}


async def test_an_approved_notice_speaks_and_moves_only_its_own_deadlines(database: Database) -> None:
    await accept(database)
    async with database.transaction() as conn:
        assert await approve_notices(conn, ["n-1"], "head", NOON) == ["example/report"]
        rows = await load_law_rows(conn)
        again = await load_law_rows(conn, read={SAID.id})
    assert (dict(rows.notices), list(rows.statements)) == ({"n-1": NOTICE}, [SAID])
    assert list(again.statements) == [replace(SAID, content={})]
    kept = [DeadlineEntry(each.id, json.loads(each.written)) for each in rows.deadlines]
    assert kept == [PLAN, REPORT]
    assert await generations(database) == {"example/report": 1, "example/plan": 0}


async def test_accepting_the_same_again_changes_nothing(database: Database) -> None:
    await accept(database)
    async with database.transaction() as conn:
        await approve_notices(conn, ["n-1", "n-2"], "head", NOON)
    await accept(database)
    async with database.reading() as conn:
        assert set((await load_law_rows(conn)).notices) == {"n-1", "n-2"}
    assert await generations(database) == {"example/report": 1, "example/plan": 1}


async def test_a_statement_is_never_changed(database: Database) -> None:
    await accept(database)
    with pytest.raises(StoreError, match="example/report#1 is kept already"):
        async with database.transaction() as conn:
            await keep_statements(conn, [replace(SAID, content={"due": {"by": "2026-08-31"}})])


async def test_nobody_approves_alone(database: Database) -> None:
    await accept(database)
    with pytest.raises(StoreError, match="a second person"):
        async with database.transaction() as conn:
            await approve_notices(conn, ["n-1"], "clerk", NOON)


async def test_only_an_accepted_notice_can_be_approved(database: Database) -> None:
    with pytest.raises(StoreError, match="n-7 was never accepted"):
        async with database.transaction() as conn:
            await approve_notices(conn, ["n-7"], "head", NOON)


async def test_an_authority_comes_back_with_its_calendar_ladders_and_rolls(database: Database) -> None:
    city = Authority(
        "121002",
        "千葉市",
        AuthorityKind.MUNICIPALITY,
        "120006",
        frozenset({DAY}),
        {"a/b": "fixed"},
        {"a/b": Roll.NEXT},
    )
    region = Authority("120006", "千葉県", AuthorityKind.PREFECTURE)
    async with database.transaction() as conn:
        await keep_authorities(conn, [(replace(city, name="旧"), ""), (region, "")])
        await keep_authorities(conn, [(city, "kaigo@city.example.jp")])
        assert await load_authorities(conn) == {"121002": city, "120006": region}
        found = [await address_of(conn, code) for code in ("121002", "120006", "999999")]
    assert found == ["kaigo@city.example.jp", "", ""]
