"""A change that was approved at the desk and one that is shipped as a file of the catalogue make the same database."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from shutil import copyfile, copytree
from typing import Any

import pytest
from sqlmodel import SQLModel

from notifier.catalogue.holidays import national_calendar
from notifier.catalogue.loader import SHIPPED, Catalogue, load
from notifier.clock import japan_time
from notifier.desk import Desk
from notifier.domain.impacts import Bill
from notifier.domain.reviews import Verdict
from notifier.drafting import as_catalogue
from notifier.publishing import publish, publish_notices
from notifier.reviewing import AtHand, bill_of
from notifier.store.tables import (
    CohortRow,
    DeadlineRow,
    DeliveryRow,
    NoticeRow,
    ObligationRow,
    SayingRow,
    StatementRow,
)
from notifier.tools import law_on
from tests.catalogue.offices import shipped
from tests.notices import desk, paper
from tests.steps.workshop import Workshop, enrolled, workshop

DAY = date(2026, 5, 20)
PAPER = """老例発第20号
令和8年5月20日

都道府県介護保険主管課　御中

厚生労働省老健局例課

介護情報基盤の活用の助成金の申請期限の延長について（通知）

1　延長後の期限
介護情報基盤の助成金の申請の受付は、令和9年2月26日まで延長する。
"""
NEW = {
    "deadline": "platform-subsidy/example-survey",
    "definition": {
        "title": "助成金の利用調査への回答（例）",
        "short": "利用調査",
        "modality": "recommended",
        "action": "調査票に答えてください。",
        "where": "都道府県に返します。",
        "silence": "何も起きません。",
        "ladder": "fixed",
        "concerns": {"services": ["11", "43"]},
        "concerns_wording": "訪問介護と居宅介護支援の事業所",
    },
    "statement": {
        "place": "別紙",
        "due": {"by": "2026-07-31", "tentative": True},
        "remark": "調査票は別紙です。",
    },
}
WHO_AND_WHEN = frozenset({"accepted_at", "accepted_by", "approved_at", "approved_by"})
TABLES = (NoticeRow, DeadlineRow, StatementRow, CohortRow, ObligationRow, SayingRow, DeliveryRow)


@asynccontextmanager
async def opened(url: str, catalogue: Catalogue) -> AsyncIterator[Workshop]:
    """A workshop under the shipped law, with two offices that know it."""
    async with workshop(url, japan_time(DAY, 8), catalogue) as shop:
        own = replace(shop, tools=replace(shop.tools, calendar=national_calendar(2023, 2034)))
        own.tools.book.groups = catalogue.groups
        await publish(own.tools, date(2026, 5, 19))
        await own.enrol(enrolled("9970000001", "a@example.jp"), enrolled("9970000002", services=("43",)))
        await own.run()
        own.turn_to(DAY, 12)
        yield own


async def at_the_desk(shop: Workshop) -> Bill:
    """Review and approve the notice; return what became law."""
    reviewer: Desk = desk(shop, "reviewer")
    name, _ = await reviewer.add(paper(PAPER))
    review = await reviewer.review(name)
    amending = [
        each.number for each in review.candidates if each.said["deadline"] == "platform-subsidy/apply"
    ]
    await reviewer.judge(name, amending, Verdict.KEPT)
    await reviewer.drop_rest(name)
    await reviewer.supply(name, NEW)
    await reviewer.sign_off(name)
    await desk(shop, "chief").approve(name)
    async with shop.database.reading() as conn:
        law = await law_on(conn, shop.tools, DAY)
    return bill_of(await reviewer.review(name), AtHand(law, shop.tools.catalogue))


def shipped_with(bill: Bill, folder: Path) -> Catalogue:
    """The shipped catalogue with the bill written into its files."""
    place = copytree(SHIPPED, folder / "catalogue")
    for file, under, text in as_catalogue(bill):
        path = place / file
        written = path.read_text("utf-8")
        if under:
            before, found, after = written.partition(f'id = "{under}"')
            entry, following, rest = after.partition("\n[[deadline]]")
            written = f"{before}{found}{entry}\n\n{text}\n{following}{rest}"
        else:
            written = f"{written}\n\n{text}\n"
        path.write_text(written, "utf-8")
    return load(place)


def dumped(rows: Sequence[Any], without: frozenset[str]) -> list[str]:
    """Rows as text, without who and when."""
    found: list[Mapping[str, Any]] = [row._mapping for row in rows]  # noqa: SLF001 -- SQLAlchemy's public name
    return [
        json.dumps(
            {key: value for key, value in each.items() if key not in without}, default=str, ensure_ascii=False
        )
        for each in found
    ]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.pg)])
def two_urls(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Two databases of a kind, both copies of one template."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        one, other = (copyfile(template, tmp_path / f"{name}.sqlite3") for name in ("desk", "shipped"))
        yield f"sqlite+aiosqlite:///{one}", f"sqlite+aiosqlite:///{other}"
        return
    server = request.getfixturevalue("postgres_server")
    template_name = request.getfixturevalue("postgres_template")
    made = [server.create_database(template_name) for _ in range(2)]
    yield server.url(made[0]), server.url(made[1])
    for each in made:
        server.drop_database(each)


async def test_both_doors_make_the_same_database(two_urls: tuple[str, str], tmp_path: Path) -> None:
    kept: dict[type[SQLModel], list[list[str]]] = {each: [] for each in TABLES}
    async with opened(two_urls[0], shipped()) as shop:
        bill = await at_the_desk(shop)
        await shop.run()
        for each in TABLES:
            kept[each].append(dumped(await shop.all(each), WHO_AND_WHEN))
    catalogue = shipped_with(bill, tmp_path)
    async with opened(two_urls[1], catalogue) as shop:
        await publish_notices(shop.tools, [catalogue.notices[bill.notice.id]])
        await shop.run()
        for each in TABLES:
            kept[each].append(dumped(await shop.all(each), WHO_AND_WHEN))
    assert bill.statements
    assert len(bill.statements) > 1
    for model, (one, other) in kept.items():
        assert one == other, model.__name__
        assert one, model.__name__
