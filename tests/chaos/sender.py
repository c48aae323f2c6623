"""The process that is killed: real steps, a real database, a real relay, at an instant that it is told."""

import asyncio
from datetime import date, datetime

from notifier.channels.email import EmailChannel
from notifier.channels.mime import Sender
from notifier.channels.relay import Relay
from notifier.running import run_due
from notifier.steps.settle import settle
from tests.builders import by, deadline, said
from tests.steps.workshop import AUTHORITIES, composer, enrolled, workshop

STATEMENT = said(by(date(2026, 6, 30)))
composer()  # read once, before the process is copied


def number_of(place: int) -> str:
    """The number of the office at a place, from 0."""
    return f"99800{place:05}"


async def prepare(url: str, now: datetime, offices: int) -> None:
    """Approve a notice and enrol offices; everything else is left to the process that is killed."""
    async with workshop(url, now) as shop:
        await shop.keep(*AUTHORITIES)
        await shop.publish(STATEMENT, deadlines=[deadline()])
        listed = [enrolled(number_of(place), f"{number_of(place)}@example.jp") for place in range(offices)]
        await shop.enrol(*listed)


async def work(url: str, port: int, now: datetime) -> None:
    """Bring to an end what a dead predecessor left, then do what is due at `now`."""
    relay = Relay("127.0.0.1", port, "none")
    async with (
        EmailChannel(relay, Sender("例の市 介護保険課", "kaigo@city.example.jp"), connections=2) as channel,
        workshop(url, now, channel=channel, worker=f"worker at {now.isoformat()}") as shop,
    ):
        await settle(shop.tools)
        await run_due(shop.tools)


def main(url: str, port: int, now: datetime) -> None:
    """Work until nothing is due or somebody kills this process."""
    asyncio.run(work(url, port, now))
