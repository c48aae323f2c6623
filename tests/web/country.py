"""A small country behind the API: two prefectures, offices of three municipalities, a key for each role."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, DummyCookieJar
from pydantic import SecretStr

from notifier.channels.recorder import RecorderChannel
from notifier.clock import TurnedClock, japan_time
from notifier.domain.callers import Caller
from notifier.domain.law import Authority, AuthorityKind
from notifier.intake import Inbound
from notifier.keyring import SCOPES, WantedKey
from notifier.publishing import publish
from notifier.reception import Reception
from notifier.running import run_due
from notifier.service import Service
from notifier.settings import Settings
from notifier.steps.enrol import enrol
from notifier.store import authorities
from notifier.store.enrolment import Enrolled
from notifier.tools import Tools
from tests.settled import Settled, keep, lay_down

CHIBA, CHIBA_CITY, ICHIKAWA = "120006", "121002", "122033"
OSAKA, OSAKA_CITY = "270008", "271004"
PLANS, SILENT, NEIGHBOUR, STRANGER = "1270000001", "1270000002", "1270000003", "2770000001"
DAY = date(2026, 1, 21)
MARK = "よその印"
"""Stands in everything that belongs to Osaka and to nobody else."""

AUTHORITIES = [
    (Authority(CHIBA, "千葉県", AuthorityKind.PREFECTURE), "pref@chiba.example"),
    (Authority(CHIBA_CITY, "千葉市", AuthorityKind.MUNICIPALITY, CHIBA), "city@chiba.example"),
    (Authority(ICHIKAWA, "市川市", AuthorityKind.MUNICIPALITY, CHIBA), ""),
    (Authority(OSAKA, "大阪府", AuthorityKind.PREFECTURE), ""),
    (Authority(OSAKA_CITY, "大阪市", AuthorityKind.MUNICIPALITY, OSAKA), ""),
]
OFFICES = [
    Enrolled(
        PLANS,
        "ケアプラン さくら台",
        ("43",),
        CHIBA_CITY,
        CHIBA,
        ("city@one.example",),
        4,
        corporation="ひだまり",
    ),
    Enrolled(SILENT, "訪問介護 なのはな", ("11",), CHIBA_CITY, CHIBA, ()),
    Enrolled(NEIGHBOUR, "通所介護 となり町", ("15",), ICHIKAWA, CHIBA, ("c@ichikawa.example",)),
    Enrolled(
        STRANGER,
        f"訪問介護 {MARK}",
        ("11",),
        OSAKA_CITY,
        OSAKA,
        ("osaka@elsewhere.example",),
        corporation=MARK,
    ),
    Enrolled(
        PLANS,
        "ケアプラン さくら台",
        ("43",),
        CHIBA_CITY,
        CHIBA,
        ("pref@one.example",),
        4,
        corporation="ひだまり",
        authority=CHIBA,
    ),
]
ROLES = {
    "editor": ("", "editor"),
    "ministry": ("", "ministry"),
    "operator": ("", "operator"),
    "prefecture": (CHIBA, "prefecture"),
    "municipality": (CHIBA_CITY, "municipality"),
    "office": (CHIBA_CITY, "office"),
    "local operator": (CHIBA_CITY, "operator"),
    "local editor": (CHIBA_CITY, "editor"),
    "ichikawa": (ICHIKAWA, "municipality"),
    "osaka": (OSAKA_CITY, "municipality"),
}


@dataclass(frozen=True)
class Said:
    """What was answered."""

    status: int
    body: Any
    headers: Mapping[str, str]
    text: str

    @property
    def items(self) -> list[Any]:
        found: list[Any] = self.body["items"]
        return found


@dataclass(frozen=True)
class Country:
    """A country whose door is open."""

    service: Service
    clock: TurnedClock
    address: str
    visitor: ClientSession
    keys: Mapping[str, str]

    @property
    def tools(self) -> Tools:
        return self.service.tools

    async def call(
        self, method: str, path: str, body: Any = None, who: str = "municipality", **headers: str
    ) -> Said:
        """Call an address below /v1."""
        sent = {"Authorization": f"Bearer {self.keys[who]}"}
        sent |= {"Content-Type": "application/json"} if body is not None else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = None if body is None else json.dumps(body).encode()
        async with self.visitor.request(
            method, f"{self.address}/v1{path}", data=data, headers=sent
        ) as answer:
            text = await answer.text()
            is_json = answer.content_type.endswith("json") and text
            return Said(answer.status, json.loads(text) if is_json else None, answer.headers, text)

    async def get(self, path: str, who: str = "municipality") -> Said:
        """Ask for an address below /v1."""
        return await self.call("GET", path, who=who)

    async def pages(self, path: str, who: str = "municipality", limit: int = 2) -> list[Any]:
        """Ask for every page of a list, and return all items."""
        found: list[Any] = []
        cursor = ""
        while True:
            joined = "&" if "?" in path else "?"
            said = await self.get(f"{path}{joined}limit={limit}{cursor}", who)
            assert said.status == 200, said.text
            found += said.items
            if said.body["next"] is None:
                return found
            cursor = f"&cursor={said.body['next']}"


async def _fill(tools: Tools) -> None:
    async with tools.database.transaction() as conn:
        await authorities.keep_authorities(conn, AUTHORITIES)
    await publish(tools, DAY)
    for each in OFFICES:
        await enrol(tools, [each], "test")
    window = {"opens": "2026-01-19", "closes": "2026-03-31"}
    told: list[tuple[str, str, str | None, str | None, dict[str, Any]]] = [
        (CHIBA_CITY, "cpdl.applied", PLANS, None, {"paid": False, "licence_until": "2027-01-12"}),
        (OSAKA_CITY, "wage-support.applied", STRANGER, None, {"supplement": False}),
        (CHIBA, "wage-support.application-window.set", None, CHIBA, window),
    ]
    reception = Reception(tools)
    for number, (sender, kind, office, authority, data) in enumerate(told):
        source = f"urn:example:{MARK if sender == OSAKA_CITY else 'test'}"
        event = Inbound(source, str(number), kind, japan_time(DAY, 9), office, authority, data)
        role = "prefecture" if authority else "office"
        assert [each.code for each in await reception.take(Caller("seed", role, sender), [event])] == [""]
    await run_due(tools)


@asynccontextmanager
async def country(url: str) -> AsyncIterator[Country]:
    """Open a country at 10:00 on 2026-01-21, with letters sent; its database is migrated already.

    It is settled once in each process and on each kind of database; what stood there then is laid down.
    """
    settings = Settings(
        database_url=SecretStr(url),
        secret_key=SecretStr("k" * 32),
        http_port=0,
        webhook_networks="127.0.0.0/8",
        webhook_plain_http=True,
    )
    clock = TurnedClock(japan_time(DAY, 10))
    kind = url.partition(":")[0]
    if kind in _SETTLED:
        keys, content = _SETTLED[kind]
        if isinstance(content, bytes):
            _file(url).write_bytes(content)
        else:
            await lay_down(content, url)
    else:
        async with Service.open(settings, clock=clock, channel=RecorderChannel()) as service:
            await _fill(service.tools)
            keys = await _keys(service)
        _SETTLED[kind] = keys, _file(url).read_bytes() if kind.startswith("sqlite") else await keep(url)
    async with (
        Service.open(settings, clock=clock, channel=RecorderChannel()) as service,
        ClientSession(cookie_jar=DummyCookieJar()) as visitor,
        service.door() as address,
    ):
        yield Country(service, clock, address, visitor, keys)


_SETTLED: dict[str, tuple[Mapping[str, str], bytes | Settled]] = {}
"""The keys, and the file or the rows, of the country that was settled first on a kind of database."""


def _file(url: str) -> Path:
    file = Path(url.removeprefix("sqlite+aiosqlite:///"))
    journal = file.with_name(f"{file.name}-wal")
    assert not journal.exists() or not journal.stat().st_size
    return file


async def _keys(service: Service) -> Mapping[str, str]:
    keys = {
        name: await service.create_key(WantedKey(authority, role, SCOPES, name))
        for name, (authority, role) in ROLES.items()
    }
    keys["narrow"] = await service.create_key(WantedKey(CHIBA_CITY, "municipality", ("events:write",), "n"))
    return keys
