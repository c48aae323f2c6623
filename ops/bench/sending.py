"""H3: letters through the real deliver step, claimed, composed, sent and recorded, beside smtp-source on the same sink."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

from sqlalchemy import text

from notifier.channels.email import EmailChannel
from notifier.channels.mime import Frames, Sender
from notifier.channels.relay import Relay
from notifier.clock import TurnedClock, japan_time
from notifier.steps.deliver import deliver
from notifier.steps.derive import derive
from notifier.steps.dispatch import dispatch
from notifier.tools import Tools
from ops.bench.country import gather_statistics, national, say
from ops.bench.figures import line, measured, megabytes, peak_megabytes
from ops.bench.mail_channel import (
    Sink,
    mailbox_sink,
    parcels,
    smtp_sink,
    through_channel,
    through_smtp_source,
)

SENDER = Sender("介護保険担当課", "kaigo@city.example.jp")
CONNECTIONS = 8


async def measure(bench: Tools, clock: TurnedClock, count: int, *watched: int) -> None:
    """Announce a duty to every office and send the letters."""
    await say(bench, national(bench.catalogue, "told", announce=True), "told-1", date(2026, 12, 25))
    await derive(bench)
    clock.turn_to(japan_time(bench.today(), 9))
    with measured(*watched) as gathered:
        await dispatch(bench)
    line(
        f"   dispatch, {bench.database.dialect}",
        f"{count / gathered.elapsed:,.0f}/s",
        f"{count:,} letters gathered",
        "",
        f"CPU {1e6 * gathered.cost / count:.0f} µs each",
    )
    await gather_statistics(bench.database)
    with _sink() as (sink, source):
        relay = Relay("127.0.0.1", sink.port, "none")
        before = megabytes()
        async with EmailChannel(relay, SENDER, connections=CONNECTIONS) as channel:
            with measured(*watched, sink.pid) as sent:
                await deliver(replace(bench, channel=channel))
        after, peak = megabytes(), peak_megabytes()
        limit, cost = await _limit(sink, source, count)
    await _all_accepted(bench, count)
    rate = count / sent.elapsed
    line(
        f"H3 letters, {bench.database.dialect}",
        f"{rate:,.0f} letters/s",
        f"{limit:,.0f}/s {'smtp-source' if source else 'our channel alone'}",
        f"{rate / limit:.2f} ×",
        f"CPU {1e6 * sent.cost / count:.0f} µs each (limit {cost:.0f}), of it the worker"
        f" {1e6 * sent.own / count:.0f}; peak {peak:.0f} MB, held {before:.0f} → {after:.0f} MB",
    )


@contextmanager
def _sink() -> Iterator[tuple[Sink, str | None]]:
    """Postfix's sink and the path of its source where they are at hand, else the demonstration's mailbox."""
    program = os.environ.get("SMTP_SINK") or shutil.which("smtp-sink", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        with mailbox_sink() as sink:
            yield sink, None
        return
    with smtp_sink(program) as sink:
        yield sink, os.environ.get("SMTP_SOURCE") or str(Path(program).with_name("smtp-source"))


async def _limit(sink: Sink, source: str | None, count: int) -> tuple[float, float]:
    """Return letters per second, and processor microseconds a letter, without a database."""
    letters = min(count, 20_000)
    batch = parcels(letters if source is None else 1)
    if source is None:
        figure = await through_channel(batch, sink, CONNECTIONS)
    else:
        size = len(Frames(SENDER).assemble(batch[0]))
        figure = through_smtp_source(source, letters, size, sink, CONNECTIONS)
    return figure.rate, 1e6 * (figure.sender + figure.sink) / letters


async def _all_accepted(bench: Tools, count: int) -> None:
    async with bench.database.reading() as conn:
        found = await conn.execute(
            text("SELECT count(*) FROM letter WHERE state = 'accepted' AND finished_at IS NOT NULL")
        )
        accepted = found.scalar_one()
    if accepted != count:
        raise SystemExit(f"{accepted} letters were accepted instead of {count}")
