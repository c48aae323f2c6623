"""From where a request came: what anybody may write in a header counts only if a proxy of ours has added it."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from shutil import copyfile

import pytest

from notifier.channels.recorder import RecorderChannel
from notifier.clock import TurnedClock, japan_time
from notifier.service import Service
from notifier.web.origins import origin
from tests.web.country import CHIBA_CITY, DAY, country

OURS = (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    "peer, forwarded, found",
    [
        ("192.0.2.7", [], "192.0.2.7"),
        ("192.0.2.7", ["198.51.100.9"], "192.0.2.7"),
        ("10.1.0.5", [], "10.1.0.5"),
        ("10.1.0.5", [""], "10.1.0.5"),
        ("10.1.0.5", ["198.51.100.9"], "198.51.100.9"),
        ("10.1.0.5", ["203.0.113.1, 198.51.100.9"], "198.51.100.9"),
        ("10.1.0.5", ["203.0.113.1", "198.51.100.9, 10.1.0.6"], "198.51.100.9"),
        ("10.1.0.5", ["10.1.0.7, 10.1.0.6"], "10.1.0.7"),
        ("10.1.0.5", ["198.51.100.9, somewhere, 10.1.0.6"], "10.1.0.6"),
        ("::ffff:10.1.0.5", ["198.51.100.9:4711"], "198.51.100.9"),
        ("fd00::5", ["[2001:db8::9]:443"], "2001:db8::9"),
        ("fd00::5", ['"2001:db8::9"'], "2001:db8::9"),
        ("", ["198.51.100.9"], ""),
    ],
)
def test_the_last_address_that_no_proxy_of_ours_has_is_where_it_came_from(
    peer: str, forwarded: Sequence[str], found: str
) -> None:
    assert origin(peer, forwarded, OURS) == found


def test_without_proxies_of_ours_no_header_counts() -> None:
    assert origin("10.1.0.5", ["198.51.100.9"], ()) == "10.1.0.5"


async def audited(url: str, proxies: str) -> list[str]:
    """Make an endpoint and a calendar with a claim of another origin; returns the origins that the audit has."""
    async with country(url) as land:
        settings = land.service.settings.model_copy(update={"trusted_proxies": proxies})
        async with (
            Service.open(
                settings, clock=TurnedClock(japan_time(DAY, 10)), channel=RecorderChannel()
            ) as service,
            service.door() as address,
        ):
            there = replace(land, address=address)
            claim = {"X_Forwarded_For": "203.0.113.1, 198.51.100.9"}
            body = {"url": "https://example.jp/hook"}
            assert (await there.call("POST", "/endpoints", body, **claim)).status == 201
            calendar = {"whose": "authority", "subject": CHIBA_CITY}
            assert (await there.call("POST", "/calendars", calendar, **claim)).status == 201
            rows = (await there.get("/audit?limit=2")).items
    return [each["origin"] for each in rows]


async def test_the_audit_believes_a_proxy_of_ours_and_nobody_else(
    sqlite_template: Path, tmp_path: Path
) -> None:
    for name, proxies, found in (("one", "", "127.0.0.1"), ("two", "127.0.0.0/8", "198.51.100.9")):
        file = copyfile(sqlite_template, tmp_path / f"{name}.sqlite3")
        assert await audited(f"sqlite+aiosqlite:///{file}", proxies) == [found] * 2
