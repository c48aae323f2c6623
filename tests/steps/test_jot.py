"""What staff write down about an office: notes, calls, and the way to its page that was told; for their eyes only."""

import pytest

from notifier.domain.actors import Actor
from notifier.domain.callers import Tenant
from notifier.errors import UnknownError
from notifier.steps import jot
from notifier.steps.invite import read_out
from notifier.steps.jot import Outcome, Way
from notifier.store import notes, outreach
from notifier.store.tables import AuditRow
from tests.builders import CITY
from tests.steps.test_invite import with_pages
from tests.steps.workshop import OTHER_CITY, A, Workshop, enrolled

HERE, THERE = Tenant(CITY), Tenant(OTHER_CITY)
CLERK = Actor("hanako", "198.51.100.7", CITY)


async def deeds(shop: Workshop) -> list[tuple[str, str, str]]:
    rows = [row for row in await shop.all(AuditRow) if row.who == CLERK.name]
    return [(row.action, row.subject, row.origin) for row in rows]


async def test_a_note_is_kept_for_its_authority_alone_and_withdrawn_once(shop: Workshop) -> None:
    await shop.enrol(enrolled(A))
    note = await jot.write(shop.tools, HERE, A, "午後に電話", CLERK)
    async with shop.database.reading() as conn:
        assert [each.text for each in await notes.notes_of(conn, HERE, A)] == ["午後に電話"]
        assert not await notes.notes_of(conn, THERE, A)
    assert await jot.withdraw(shop.tools, THERE, A, note, CLERK) is False
    assert await jot.withdraw(shop.tools, HERE, A, note, CLERK) is True
    assert await jot.withdraw(shop.tools, HERE, A, note, CLERK) is False
    about = f"office/{A}", CLERK.origin
    assert await deeds(shop) == [("note.written", *about), ("note.withdrawn", *about)]


async def test_how_an_office_was_reached_is_kept_with_who_tried(shop: Workshop) -> None:
    await shop.enrol(enrolled(A))
    first, second = (Way.TELEPHONE, Outcome.ABSENT), (Way.FAX, Outcome.TOLD)
    await jot.tried(shop.tools, HERE, A, first, ("", "留守"), CLERK)
    await jot.tried(shop.tools, HERE, A, second, ("a/b", ""), CLERK)
    async with shop.database.reading() as conn:
        tries = await outreach.tries_of(conn, HERE, A)
        assert not await outreach.tries_of(conn, THERE, A)
    assert [(each.way, each.outcome, each.deadline, each.words, each.who) for each in tries] == [
        ("fax", "told", "a/b", "", "hanako"),
        ("telephone", "absent", "", "留守", "hanako"),
    ]
    assert [each for each, _, _ in await deeds(shop)] == ["office.contacted"] * 2


async def test_nothing_is_written_about_the_offices_of_others(shop: Workshop) -> None:
    await shop.enrol(enrolled(A))
    with pytest.raises(UnknownError):
        await jot.write(shop.tools, THERE, A, "x", CLERK)
    with pytest.raises(UnknownError):
        await jot.tried(shop.tools, THERE, A, (Way.VISIT, Outcome.DONE), ("", ""), CLERK)
    with pytest.raises(UnknownError):
        await read_out(shop.tools, THERE, A, CLERK)
    assert await deeds(shop) == []


async def test_who_has_told_the_code_of_a_page_stands_in_the_audit(shop: Workshop) -> None:
    await shop.enrol(enrolled(A))
    assert await read_out(shop.tools, HERE, A, CLERK) is None
    way = await read_out(with_pages(shop).tools, HERE, A, CLERK)
    assert way is not None
    assert way.url.startswith("https://n.example/o/")
    assert [each for each, _, _ in await deeds(shop)] == ["office-page.read-out"] * 2
