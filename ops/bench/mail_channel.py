"""Letters per second through the real e-mail channel, beside the limit: Postfix's smtp-source, same sink.

`python -m ops.bench.mail_channel [LETTERS] [CONNECTIONS]`. Loopback only. The mailbox of the demonstration
is always a sink; `smtp-sink` too, where it is on PATH or `SMTP_SINK` names it (`smtp-source` then lies beside
it, or `SMTP_SOURCE` names it). Both come with Debian's postfix package and need no installation: unpack it
and point `LD_LIBRARY_PATH` at its `usr/lib/postfix`. One line per figure; compare ratios of one run only.
"""

import asyncio
import os
import pwd
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from notifier.channels.email import EmailChannel
from notifier.channels.mailbox import Mailbox, Received
from notifier.channels.mime import Frames, Sender
from notifier.channels.parcel import Parcel
from notifier.channels.relay import Relay
from notifier.clock import SystemClock

TEXT = "【期限】令和8年3月13日（金）までに、都道府県の窓口へ申請してください。\n" * 28
HTML = "<p>令和8年3月13日（金）までに、窓口へ申請</p>\n" * 48
SENDER = Sender("千葉市 介護保険事業課", "kaigo@city.example.jp")
DATE = datetime(2026, 3, 6, tzinfo=UTC)
TICKS = os.sysconf("SC_CLK_TCK")
ROUNDS = 3


@dataclass(frozen=True)
class Sink:
    """A process that takes mail on a port of loopback."""

    port: int
    pid: int

    def cpu(self) -> float:
        """Return the seconds of processor time that the sink has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


@dataclass(frozen=True)
class Figure:
    """What one round took, in seconds; processor time of the sender and of the sink."""

    letters: int
    elapsed: float
    sender: float
    sink: float

    def __str__(self) -> str:
        """One line of the report."""
        sender, sink = (1e6 * seconds / self.letters for seconds in (self.sender, self.sink))
        return f"{self.rate:8,.0f} letters/s, CPU per letter {sender:4.0f} µs sender + {sink:4.0f} µs sink"

    @property
    def rate(self) -> float:
        """Letters per second."""
        return self.letters / self.elapsed


def parcels(number: int) -> list[Parcel]:
    """Return that many letters of about 5.7 KB of Japanese each."""
    return [
        Parcel(
            f"01j{place:08d}",
            f"office{place}@example.jp",
            "【期限3/13(金)・予定】助成金申請｜訪問介護B",
            f"{place}番の事業所の皆様\n{TEXT}",
            f"<p>{place}番の事業所の皆様</p>\n{HTML}",
            DATE,
            f"https://notifier.example.jp/u/{place:032x}",
        )
        for place in range(number)
    ]


async def through_channel(letters: Sequence[Parcel], sink: Sink, connections: int) -> Figure:
    """Send the letters through the product's channel; every one must be accepted."""

    async def before_dot(keys: Sequence[str]) -> set[str]:
        return set(keys)

    async with EmailChannel(Relay("127.0.0.1", sink.port, "none"), SENDER, connections=connections) as way:
        began, sender, taken = time.perf_counter(), time.process_time(), sink.cpu()
        accepted = 0
        async for _, receipt in way.send(letters, before_dot):
            accepted += receipt.code == 250
        figure = Figure(
            len(letters),
            time.perf_counter() - began,
            time.process_time() - sender,
            sink.cpu() - taken,
        )
    if accepted != len(letters):
        message = f"only {accepted} of {len(letters)} letters were accepted"
        raise SystemExit(message)
    return figure


def through_smtp_source(program: str, letters: int, size: int, sink: Sink, connections: int) -> Figure:
    """Send as many letters of the same size with Postfix's load generator."""
    command = [program, "-s", str(connections), "-m", str(letters), "-l", str(size)]
    command += ["-f", "kaigo@city.example.jp", "-t", "office@example.jp", f"127.0.0.1:{sink.port}"]
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    used, taken, began = children.ru_utime + children.ru_stime, sink.cpu(), time.perf_counter()
    subprocess.run(command, check=True)
    elapsed = time.perf_counter() - began
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Figure(letters, elapsed, children.ru_utime + children.ru_stime - used, sink.cpu() - taken)


@contextmanager
def mailbox_sink() -> Iterator[Sink]:
    """The demonstration's mailbox in a process of its own; it throws away what it gets."""
    command = [sys.executable, "-m", "ops.bench.mail_channel", "--mailbox"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = process.stdout.readline() if process.stdout else ""
            yield Sink(int(port), process.pid)
        finally:
            process.terminate()


@contextmanager
def smtp_sink(program: str) -> Iterator[Sink]:
    """Postfix's sink; as root it insists on another user."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    user = ["-u", pwd.getpwnam("nobody").pw_name] if os.geteuid() == 0 else []
    command = [program, *user, f"127.0.0.1:{port}", "1000"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            _wait_for(port)
            yield Sink(port, process.pid)
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    message = f"nothing listens on port {port}"
    raise SystemExit(message)


async def keep_mailbox() -> None:
    """Run the mailbox until terminated; print its port."""

    async def drop(messages: Sequence[Received]) -> None:
        """Forget the messages."""

    print(await Mailbox(drop, SystemClock().now).start(), flush=True)
    await asyncio.Event().wait()


def measure(letters: int, connections: int) -> None:
    """Print the figures, the median of some rounds each."""
    batch = parcels(letters)
    frames = Frames(SENDER)
    began = time.process_time()
    size = max(len(frames.assemble(parcel)) for parcel in batch)
    assembly = (time.process_time() - began) / letters * 1e6
    print(
        f"assembly: {assembly:.1f} µs a letter of {len(batch[0].text.encode()) + len(HTML.encode())} bytes, ",
        end="",
    )
    print(f"{size} on the wire")
    with mailbox_sink() as sink:
        ours = [uvloop.run(through_channel(batch, sink, connections)) for _ in range(ROUNDS)]
    print(f"channel → mailbox,     {connections} connections: {_median(ours)}")
    program = os.environ.get("SMTP_SINK") or shutil.which("smtp-sink")
    if not program:
        print("smtp-sink is not at hand; set SMTP_SINK to measure against Postfix")
        return
    source = os.environ.get("SMTP_SOURCE") or str(Path(program).with_name("smtp-source"))
    with smtp_sink(program) as sink:
        limits, ours = [], []
        for _ in range(ROUNDS):
            limits.append(through_smtp_source(source, letters, size, sink, connections))
            ours.append(uvloop.run(through_channel(batch, sink, connections)))
    limit, product = _median(limits), _median(ours)
    print(f"smtp-source → smtp-sink, {connections} connections: {limit}")
    print(f"channel → smtp-sink,     {connections} connections: {product}")
    cost = (product.sender + product.sink) / (limit.sender + limit.sink)
    print(
        f"ratio to smtp-source: {product.rate / limit.rate:.2f} × the rate, {cost:.2f} × the CPU per letter"
    )
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def _median(figures: list[Figure]) -> Figure:
    return sorted(figures, key=lambda figure: figure.rate)[len(figures) // 2]


if __name__ == "__main__":
    if sys.argv[1:] == ["--mailbox"]:
        uvloop.run(keep_mailbox())
    else:
        numbers = [int(argument) for argument in sys.argv[1:]]
        measure(*(numbers + [20_000, 8][len(numbers) :]))
