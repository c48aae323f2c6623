from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import insert
from sqlmodel import SQLModel

from notifier.store.board import board, said_about, said_between, totals
from notifier.store.database import Database, table
from notifier.store.dossiers import letters_of, office_page, offices
from notifier.store.letters import key_of
from notifier.store.migration import create_all
from notifier.store.tables import (
    NO_ANCHOR,
    CohortRow,
    ContactRow,
    DeliveryRow,
    FactRow,
    LetterRow,
    ObligationRow,
    OfficeRow,
    OfficeServiceRow,
    SayingRow,
)

NOW = datetime(2026, 3, 6, tzinfo=UTC)
TODAY = date(2026, 3, 6)
DUE = date(2026, 3, 13)


def office(number: int, name: str, **values: Any) -> dict[str, Any]:
    kept = {"kana": "", "corporation": "", "telephone": "", "fax": "", "staff": None, "closed_on": None}
    place = {"municipality": "121002", "prefecture": "120006", "registered_at": NOW, "derived": True}
    written = {"id": number, "number": f"127000000{number}", "name": name, "folded": name.replace(" ", "")}
    return kept | place | written | values


def cohort(number: int, deadline: str, state: str, latest: date | None, **values: Any) -> dict[str, Any]:
    kept = {"occurrence": 0, "municipality": "121002", "prefecture": "120006", "taken_up": True}
    kept |= {"anchor": NO_ANCHOR, "generation": 1, "shape": "day", "tentative": False, "decision": {}}
    return kept | {"id": number, "deadline": deadline, "state": state, "latest": latest} | values


@pytest.fixture
async def filled(database_url: str) -> AsyncIterator[Database]:
    """Three offices: one with an address, one without, one closed."""
    rows: list[tuple[type[SQLModel], list[dict[str, Any]]]] = [
        (
            OfficeRow,
            [
                office(1, "ケアプラン さくら台", corporation="株式会社ひだまり", staff=4),
                office(2, "デイ 100%なのはな"),
                office(3, "閉じた事業所", closed_on=date(2026, 1, 1)),
            ],
        ),
        (
            OfficeServiceRow,
            [{"office_id": 1, "service": "43", "name": ""}, {"office_id": 1, "service": "11", "name": ""}],
        ),
        (
            ContactRow,
            [
                {"office_id": 1, "channel": "email", "address": "a@one.example", "active": True},
                {"office_id": 2, "channel": "email", "address": "b@two.example", "active": False},
            ],
        ),
        (
            CohortRow,
            [
                cohort(1, "platform-subsidy/apply", "open", DUE),
                cohort(2, "wage-support/report", "open", date(2026, 3, 5)),
                cohort(3, "free-pass/renewal", "open", date(2026, 4, 20), anchor=date(2025, 4, 21)),
                cohort(4, "free-pass/renewal", "open", date(2026, 5, 1), anchor=date(2025, 5, 2)),
            ],
        ),
        (
            ObligationRow,
            [
                {"office_id": 1, "deadline": "platform-subsidy/apply", "cohort_id": 1, "settled_on": TODAY},
                {"office_id": 2, "deadline": "platform-subsidy/apply", "cohort_id": 1, "settled_on": None},
                {"office_id": 1, "deadline": "wage-support/report", "cohort_id": 2, "settled_on": None},
                {"office_id": 1, "deadline": "free-pass/renewal", "cohort_id": 3, "settled_on": None},
                {"office_id": 2, "deadline": "free-pass/renewal", "cohort_id": 4, "settled_on": None},
            ],
        ),
        (
            FactRow,
            [
                {
                    "office_id": 1,
                    "type": "cpdl.applied",
                    "on": date(2025, 4, 21),
                    "values": {"paid": True, "licence_until": "2026-04-20"},
                    "recorded_at": NOW,
                    "source": "helpdesk",
                    "derived": True,
                }
            ],
        ),
        (
            SayingRow,
            [
                {
                    "id": number,
                    "cohort_id": 1,
                    "generation": 1,
                    "party": "office",
                    "rung": rung,
                    "occasion": "reminder",
                    "deadline": "platform-subsidy/apply",
                    "occurrence": 0,
                    "on": on,
                    "run": 1,
                    "content": {"title": "助成金の申請"},
                }
                for number, rung, on in ((1, "T-14", date(2026, 2, 27)), (2, "T-7", TODAY))
            ],
        ),
        (
            LetterRow,
            [
                {
                    "id": 7,
                    "channel": "email",
                    "recipient": "a@one.example",
                    "gathered": "a@one.example",
                    "run": 1,
                    "state": "accepted",
                    "phase": "done",
                    "token": "",
                    "attempts": 1,
                    "created_at": NOW,
                    "next_try_at": NOW,
                    "subject": "",
                    "body_hash": "",
                    "code": 250,
                    "answer": "kept",
                }
            ],
        ),
        (
            DeliveryRow,
            [
                {
                    "saying_id": saying,
                    "office_id": of,
                    "party": f"office/{of}",
                    "channel": "email",
                    "recipient": to,
                    "state": state,
                    "due_at": NOW,
                    "letter_id": letter,
                }
                for saying, of, to, state, letter in (
                    (1, 1, "a@one.example", "accepted", 7),
                    (2, 1, "a@one.example", "planned", None),
                    (2, 2, "", "unreachable", None),
                )
            ],
        ),
    ]
    async with await Database.open(database_url) as database:
        await create_all(database)
        async with database.transaction() as conn:
            for model, values in rows:
                defaults = {"occurrence": 0, "progress": 0, "moved_run": 0, "settled_run": 0}
                given = [defaults | each for each in values] if model is ObligationRow else values
                await conn.execute(insert(table(model)), given)
        yield database


async def test_members_settled_and_unreachable_are_counted_by_deadline(filled: Database) -> None:
    async with filled.reading() as conn:
        [subsidy] = await board(conn, TODAY, deadline="platform-subsidy/apply")
    assert (subsidy.members, subsidy.settled, subsidy.unreachable, subsidy.state) == (2, 1, 1, "open")


async def test_what_is_past_its_last_day_counts_as_lapsed_at_once(filled: Database) -> None:
    async with filled.reading() as conn:
        then = {each.key.deadline: each.state for each in await board(conn, date(2026, 3, 5))}
        now = {each.key.deadline: each.state for each in await board(conn, TODAY)}
        [line, _] = (await offices(conn, TODAY))[1]
    assert (then["wage-support/report"], now["wage-support/report"]) == ("open", "lapsed")
    assert (line.open, line.lapsed) == (1, 1)


async def test_offices_with_days_of_their_own_are_kept_apart_by_day(filled: Database) -> None:
    async with filled.reading() as conn:
        found = [each for each in await board(conn, TODAY) if each.anchored]
    assert [(each.latest, each.members, each.key.anchor) for each in found] == [
        (date(2026, 4, 20), 1, date(2025, 4, 21)),
        (date(2026, 5, 1), 1, date(2025, 5, 2)),
    ]


async def test_totals_leave_out_what_is_closed(filled: Database) -> None:
    async with filled.reading() as conn:
        found = await totals(conn)
    assert (found.offices, found.unreachable, dict(found.letters)) == (2, 1, {"accepted": 1})


@pytest.mark.parametrize(
    "words,names",
    [
        ("", ["ケアプラン さくら台", "デイ 100%なのはな"]),
        ("さくら", ["ケアプラン さくら台"]),
        ("ケアプランさくら", ["ケアプラン さくら台"]),
        ("1270000002", ["デイ 100%なのはな"]),
        ("ひだまり 43", []),
        ("0%", ["デイ 100%なのはな"]),
        ("_", []),
        ("閉じた", []),
    ],
)
async def test_offices_are_found_by_all_words(filled: Database, words: str, names: list[str]) -> None:
    async with filled.reading() as conn:
        count, found = await offices(conn, TODAY, words)
    assert (count, [each.name for each in found]) == (len(names), names)


async def test_an_office_comes_with_its_facts_as_the_domain_knows_them(filled: Database) -> None:
    async with filled.reading() as conn:
        found = await office_page(conn, "1270000001")
        nobody = await office_page(conn, "1270000009")
    assert nobody is None
    assert found is not None
    assert found.office.services == {"11", "43"}
    assert found.office.facts[0].day("licence_until") == date(2026, 4, 20)
    assert (found.facts[0].source, found.facts[0].recorded_at) == ("helpdesk", NOW)
    assert found.contacts == (("email", "a@one.example", True),)


async def test_letters_of_an_office_carry_the_key_of_their_mail(filled: Database) -> None:
    async with filled.reading() as conn:
        found = await letters_of(conn, 1)
    assert [(each.on, each.rung, each.state, each.key) for each in found] == [
        (TODAY, "T-7", "planned", ""),
        (date(2026, 2, 27), "T-14", "accepted", key_of(7, "a@one.example")),
    ]
    assert (found[1].content["title"], found[1].code, found[1].answer) == ("助成金の申請", 250, "kept")


async def test_what_was_said_is_counted_by_day_and_state(filled: Database) -> None:
    async with filled.reading() as conn:
        about = await said_about(conn, "platform-subsidy/apply")
        between = await said_between(conn, date(2026, 2, 27), TODAY)
    assert [(each.on, dict(each.states)) for each in about] == [
        (TODAY, {"planned": 1, "unreachable": 1}),
        (date(2026, 2, 27), {"accepted": 1}),
    ]
    assert between == about[:1]
