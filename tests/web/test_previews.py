"""What would happen if a deadline were due on another day: asked over the API, and nothing happens."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import func, select

from notifier.store.database import table
from notifier.store.tables import AuditRow, DeliveryRow, NoticeRow, OutboxRow, SayingRow
from tests.web.country import CHIBA_CITY, MARK, OSAKA_CITY, Country, country

APPLY = "/deadlines/platform-subsidy/apply/preview"
LATER = {"due": {"by": "2026-08-31"}}


@pytest.fixture(scope="module")
async def land(sqlite_template: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Country]:
    """A country in which offices have been told of their deadlines."""
    from shutil import copyfile  # noqa: PLC0415 - as in the matrix of tenants

    file = copyfile(sqlite_template, tmp_path_factory.mktemp("previews") / "notifier.sqlite3")
    async with country(f"sqlite+aiosqlite:///{file}") as found:
        yield found


async def counts(land: Country) -> list[int]:
    async with land.tools.database.reading() as conn:
        return [
            int((await conn.execute(select(func.count()).select_from(table(each)))).scalar_one())
            for each in (AuditRow, DeliveryRow, NoticeRow, OutboxRow, SayingRow)
        ]


async def test_a_move_is_foretold_with_its_letters_and_nothing_is_kept(land: Country) -> None:
    before = await counts(land)
    said = await land.call("POST", APPLY, LATER | {"months": 1}, "municipality")
    assert said.status == 200, said.text
    (effect,) = [each for each in said.body["effects"] if each["deadline"] == "platform-subsidy/apply"]
    assert "令和8年8月31日" in effect["new"]
    assert effect["old"] != effect["new"]
    assert effect["offices"] >= 1
    assert said.body["letters"] >= 1
    assert said.body["samples"] == []
    assert await counts(land) == before


async def test_a_tenant_is_foretold_what_becomes_of_its_own_offices_alone(land: Country) -> None:
    own = await land.call("POST", APPLY, LATER | {"samples": 3}, "municipality")
    everybody = await land.call("POST", APPLY, LATER, "editor")
    assert own.status == everybody.status == 200
    assert MARK not in own.text
    assert sum(each["offices"] for each in everybody.body["effects"]) > sum(
        each["offices"] for each in own.body["effects"]
    )
    mine = await land.call("POST", APPLY, LATER | {"authority": CHIBA_CITY}, "municipality")
    assert mine.status == 200
    foreign = await land.call("POST", APPLY, LATER | {"authority": OSAKA_CITY}, "municipality")
    assert (foreign.status, foreign.body["code"]) == (403, "another-authority")


@pytest.mark.parametrize(
    "body, status, code",
    [
        ({}, 422, "body-does-not-fit"),
        ({"due": {}}, 422, "body-does-not-fit"),
        ({"due": {"by": "soon"}}, 422, "body-does-not-fit"),
        ({"due": {"by": 5}}, 422, "body-does-not-fit"),
        ({"due": {"whenever": "2026-08-31"}}, 422, "body-does-not-fit"),
        ({"due": {"by": "2026-08-31"}, "months": 13}, 422, "body-does-not-fit"),
        ({"due": {"by": "2026-08-31"}, "extra": 1}, 422, "body-does-not-fit"),
    ],
)
async def test_what_makes_no_sense_is_refused(land: Country, body: object, status: int, code: str) -> None:
    said = await land.call("POST", APPLY, body, "municipality")
    assert (said.status, said.body["code"]) == (status, code), said.text


async def test_an_unknown_deadline_is_not_found(land: Country) -> None:
    assert (await land.call("POST", "/deadlines/no/such/preview", LATER, "municipality")).status == 404
