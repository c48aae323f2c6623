"""Pages ask the database as often for a city of many offices as for one of three: no stopwatch, but statements counted."""

from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from sqlalchemy import event

from notifier.domain.accounts import User
from notifier.domain.roles import Role
from notifier.steps.derive import derive
from notifier.steps.enrol import enrol
from notifier.store.enrolment import Enrolled
from tests.web.town import CARE_PLANS, CITY, PREFECTURE, Town, town

CLERK = User("sato", Role.ADMINISTRATOR, CITY, "佐藤 花子（介護保険課）")
ABOVE = User("kimura", Role.ADMINISTRATOR, PREFECTURE, "木村 春（県庁）")
DUTY = "platform-subsidy/apply"
PATHS = (
    "/",
    "/offices",
    "/offices?order=due",
    "/offices?reach=unreached&state=open&order=due",
    f"/offices/{CARE_PLANS}",
    "/deadlines",
    "/deadlines/month",
    f"/deadlines/{DUTY}",
    f"/deadlines/{DUTY}/offices",
    f"/deadlines/{DUTY}/progress",
    "/coverage",
    f"/coverage/{DUTY}",
    f"/coverage/{DUTY}?place=unreachable",
    "/letters",
    "/settings/audit",
)
MANY = 60


async def statements(place: Town, visitor: ClientSession) -> dict[tuple[str, str], int]:
    """Return how many statements each page takes for whoever looks."""
    asked: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("PRAGMA"):  # which connection of the pool is at hand is chance
            asked.append(statement)

    found = {}
    engine = place.tools.database.engine.sync_engine
    event.listen(engine, "after_cursor_execute", note)
    for who in (CLERK, ABOVE):
        for path in PATHS:
            asked.clear()
            async with visitor.get(place.address + path, cookies={"stand-in": who.name}) as answer:
                assert answer.status in {200, 404}  # the prefecture sees offices of its cities in sum only
            found[who.name, path] = len(asked)
    event.remove(engine, "after_cursor_execute", note)
    return found


async def test_pages_take_no_more_statements_for_more_offices(tmp_path: Path, visitor: ClientSession) -> None:
    async with town(tmp_path, stand_ins=(CLERK, ABOVE)) as place:
        await enrol(place.tools, offices(2), "a clerk")
        await derive(place.tools)
        await statements(place, visitor)  # what is kept from the first look on
        few = await statements(place, visitor)
        await enrol(place.tools, offices(MANY), "a clerk")
        await derive(place.tools)
        assert await statements(place, visitor) == few


def offices(count: int) -> list[Enrolled]:
    """Return offices of the city, every other one without an address."""
    return [
        Enrolled(
            f"12800{number:05d}",
            f"事業所{number}",
            ("43",),
            CITY,
            PREFECTURE,
            (f"{number}@x.example",) if number % 2 else (),
        )
        for number in range(count)
    ]
