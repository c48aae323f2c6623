"""`source` and `id` name one event for ever: a source belongs to whoever bore it first."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select

from notifier.domain.callers import Caller
from notifier.domain.origins import OFFICE_PAGE, source_of_command, source_of_user
from notifier.ownership import Ownership
from notifier.store import provenance
from notifier.store.database import table
from notifier.store.tables import AuditRow, EventRow
from tests.web.test_api import BATCH, CHIBA_CITY, STRANGER, Door, event, opened

THERE = f"office/{STRANGER}"


@pytest.fixture
async def door(migrated_url: str) -> AsyncIterator[Door]:
    """A door to events of one city, of another prefecture and of the nation, on both databases."""
    async with opened(migrated_url) as found:
        yield found


def owned(name: str, kind: str = "cpdl.applied", **more: Any) -> dict[str, Any]:
    return event(kind, source=name, **more)


async def test_source_and_id_name_one_event_for_ever_and_nobody_uses_up_anothers(door: Door) -> None:
    first = owned("urn:example:city")
    assert [(await door.send(first, who="office")).status for _ in range(2)] == [202, 202]
    assert (await door.send(first | {"data": {"paid": False}}, who="office")).code == "conflicting"
    # Sent by others it is the same event still: a repeat if they say the same, else at odds with it.
    assert (await door.send(first, who="operator")).status == 202
    for other in (first | {"data": {"paid": False}}, first | {"subject": THERE}):
        assert (await door.send(other, who="operator")).code == "conflicting"
    assert await door.count(EventRow) == 1
    # Whoever may not speak about the office is told that, whether they guessed the rest or not.
    mine = owned("urn:example:city", "wage-support.applied", id="2", data={"supplement": True})
    assert (await door.send(mine, who="office")).status == 202
    assert {
        (await door.send(mine | {"data": {"supplement": each}}, who="osaka")).code for each in (True, False)
    } == {"another-authority"}
    # A name that others have used under a source that is not theirs is still its owner's to use.
    assert [(await door.send(first | {"id": "3"}, who="operator")).status for _ in range(2)] == [202, 202]
    assert (await door.send(first | {"id": "3", "data": {"paid": False}}, who="operator")).status == 409
    sent = [first | {"id": "3", "data": {"paid": False}}, first | {"id": "4"}]
    assert [each["status"] for each in (await door.send(sent, BATCH, "office")).body["results"]] == [202, 202]
    assert (await door.send(first | {"id": "3"}, who="operator")).status == 202
    kept = [(each.source, each.event_id) for each in await door.events()]
    assert len(kept) == len(set(kept)) == 5
    assert ("urn:example:city (nation)", "3") in kept
    assert (await door.send(owned("urn:example:city (nation)"), who="office")).code == "no-event"


async def test_of_two_who_bear_a_source_for_the_first_time_at_once_one_has_it(door: Door) -> None:
    here, there = owned("urn:example:both"), owned("urn:example:both", data={"paid": False})
    both = await asyncio.gather(door.send(here, who="office"), door.send(there, who="operator"))
    assert {each.status for each in both} <= {202, 409}
    kept = {(each.source, each.event_id) for each in await door.events()}
    assert ("urn:example:both", "1") in kept
    assert await door.count(provenance.EventSourceRow) == 1


async def test_a_refused_event_gives_its_sender_nothing_and_the_names_of_the_house_are_kept_back(
    door: Door,
) -> None:
    assert (await door.send(owned("urn:example:a", data={"paid": 1}), who="office")).status == 422
    assert (await door.send(owned("urn:example:a", "notice.received"), who="office")).status in {403, 422}
    assert await door.count(provenance.EventSourceRow) == 0
    assert (await door.send(owned("urn:example:a"), who="operator")).status == 202
    # Nobody speaks as the pages do, or as another key.
    key = door.tokens["office"].partition(".")[0]
    other = door.tokens["operator"].partition(".")[0]
    for name in (source_of_user("hanako"), OFFICE_PAGE, source_of_command(other), "urn:notifier:"):
        assert (await door.send(owned(name), who="office")).code == "source-taken"
    assert (await door.send(owned(source_of_command(key)), who="office")).status == 202
    # Whose a source is, is kept and told in the audit.
    async with door.service.database.reading() as conn:
        kept = await provenance.every(conn, 10)
        rows = (await conn.execute(select(table(AuditRow)).order_by(table(AuditRow).c.id))).all()
    assert {each.source: each.sender for each in kept} == {
        "urn:example:a": "",
        source_of_command(key): CHIBA_CITY,
    }
    audited = [(each.authority, each.detail) for each in rows if each.action == "event.source-given"]
    assert audited == [
        ("", {"sources": ["urn:example:a"]}),
        (CHIBA_CITY, {"sources": [source_of_command(key)]}),
    ]
    # A program that has just started, and one that remembers too many, ask again.
    caller = Caller("ntf_other", "municipality", "271004")
    asked = Ownership(door.service.tools, most=1)
    asked_for = ("urn:example:a", "urn:example:new", "urn:example:a")
    for name in asked_for:
        assert asked.is_unknown(caller, name)
        await asked.claim(caller, {name})
        assert asked.is_borrowed(caller, name) == (name == "urn:example:a")
