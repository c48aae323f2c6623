"""A vendor that serves several offices pulls what happens to these, and sees nothing else."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from notifier.errors import KeyRefusedError
from notifier.keyring import WantedKey
from notifier.running import run_due
from notifier.steps.enrol import enrol
from notifier.store import keys
from notifier.store.enrolment import Enrolled
from notifier.web.api.application import ROUTES
from tests.web.country import CHIBA, CHIBA_CITY, Country, country

SERVED, OTHER = ("1270000091", "1270000092"), "1270000093"


@pytest.fixture
async def land(migrated_url: str) -> AsyncIterator[Country]:
    """A country to change, on both databases; a vendor serves two offices that are not there yet."""
    async with country(migrated_url) as found:
        wanted = WantedKey(
            CHIBA_CITY, "municipality", ("feed:read",), "業者", vendor="例示ソフト", offices=SERVED
        )
        yield with_key(found, "vendor", await found.service.create_key(wanted))


def with_key(land: Country, who: str, token: str) -> Country:
    return replace(land, keys={**land.keys, who: token})


async def appear(land: Country) -> None:
    offices = [
        Enrolled(number, "訪問介護 あたらしい", ("11",), CHIBA_CITY, CHIBA, ()) for number in (*SERVED, OTHER)
    ]
    await enrol(land.tools, offices, "test")
    await run_due(land.tools)


async def subjects(land: Country, who: str) -> set[str]:
    return {each.get("subject", "") for each in (await land.get("/feed?limit=500", who)).body["items"]}


async def test_a_vendor_reads_of_the_offices_it_serves_and_of_no_others(land: Country) -> None:
    await appear(land)
    # Deadlines as such are the vendor's business, too: what it serves depends on them.
    told = await subjects(land, "vendor")
    assert told - {""} == {f"office/{each}" for each in SERVED}
    assert f"office/{OTHER}" in await subjects(land, "municipality")


async def test_what_happens_after_a_vendor_lost_its_key_is_not_kept_for_it(land: Country) -> None:
    prefix = land.keys["vendor"].partition(".")[0]
    wanted = WantedKey(
        CHIBA_CITY, "municipality", ("feed:read",), "業者", vendor="例示ソフト", offices=SERVED[:1]
    )
    land = with_key(land, "second", await land.service.create_key(wanted))
    assert await land.service.revoke_key(prefix)
    await appear(land)
    assert await subjects(land, "second") == {f"office/{SERVED[0]}"}


async def test_a_vendors_key_opens_nothing_but_the_feed(land: Country) -> None:
    for route in ROUTES:
        if route.method == "GET" and "{" not in route.path and route.scope and route.path != "/feed":
            assert (await land.get(route.path, "vendor")).status == 403, route.path


@pytest.mark.parametrize(
    "more, told",
    [
        ({"vendor": "例示ソフト"}, "needs the offices"),
        ({"offices": SERVED}, "needs the offices"),
        ({"vendor": "例示ソフト", "offices": ("12",)}, "no 事業所番号"),
        (
            {"vendor": "例示ソフト", "offices": SERVED, "scopes": ("feed:read", "offices:read")},
            "does nothing else",
        ),
    ],
)
async def test_a_vendors_key_that_makes_no_sense_is_refused(
    land: Country, more: dict[str, Any], told: str
) -> None:
    given: dict[str, Any] = {"scopes": ("feed:read",)} | more
    with pytest.raises(KeyRefusedError, match=told):
        await land.service.create_key(WantedKey(CHIBA_CITY, "municipality", label="業者", **given))
    async with land.tools.database.reading() as conn:
        assert len([each for each in await keys.every(conn) if each.vendor]) == 1
