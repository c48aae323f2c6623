"""Parcels, and how the tests send them."""

import ssl
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

from notifier.channels.email import EmailChannel
from notifier.channels.mime import Sender
from notifier.channels.parcel import Parcel
from notifier.channels.relay import Relay, Security, Timeouts
from notifier.domain.receipts import Receipt
from tests.channels.relays import FakeRelay

CERTIFICATES = Path(__file__).with_name("certificates")
DATE = datetime(2026, 3, 6, 9, 0, tzinfo=timezone(timedelta(hours=9)))
SENDER = Sender("千葉市 介護保険事業課", "kaigo@city.example.jp")
QUICK = Timeouts(connect=2, command=2, attempt=4)


def parcel(key: str = "k1", **changes: object) -> Parcel:
    """One letter to `<key>@office.example.jp`."""
    values: dict[str, object] = {
        "key": key,
        "recipient": f"{key}@office.example.jp",
        "subject": "【期限3/13(金)・予定】助成金申請｜訪問介護B",
        "text": f"{key} の皆様\n期限は令和8年3月13日（金）です。\n",
        "html": f"<p>{key} の皆様</p>\n",
        "date": DATE,
        "unsubscribe": "https://notifier.example.jp/u/abc",
    }
    return Parcel(**{**values, **changes})  # type: ignore[arg-type]  # the tests choose the fields


def parcels(number: int) -> list[Parcel]:
    return [parcel(f"k{place}") for place in range(1, number + 1)]


class Gate:
    """Records who asked to leave; `withhold` says who must stay."""

    def __init__(self, withhold: Callable[[str, int], bool] = lambda _key, _asking: False) -> None:
        self.asked: list[list[str]] = []
        self._withhold = withhold

    async def __call__(self, keys: Sequence[str]) -> set[str]:
        self.asked.append(list(keys))
        return {key for key in keys if not self._withhold(key, len(self.asked))}


def trusting(name: str = "authority.pem") -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(CERTIFICATES / name))


def showing(name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / name)
    return context


def channel(
    relay: FakeRelay,
    *,
    connections: int = 1,
    security: Security = "none",
    timeouts: Timeouts = QUICK,
    login: tuple[str, str] | None = None,
    context: ssl.SSLContext | None = None,
) -> EmailChannel:
    username, password = login or (None, None)
    target = Relay("127.0.0.1", relay.port, security, username, password, timeouts=timeouts, context=context)
    return EmailChannel(target, SENDER, connections=connections)


async def send(way: EmailChannel, letters: Sequence[Parcel], gate: Gate | None = None) -> dict[str, Receipt]:
    """Send and return the receipts by key, each key once."""
    receipts: dict[str, Receipt] = {}
    async with way:
        async for key, receipt in way.send(letters, gate or Gate()):
            assert key not in receipts
            receipts[key] = receipt
    return receipts
