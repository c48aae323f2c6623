"""Fixtures every test may ask for, and the rule that a skip in CI is a failure."""

import gc
import os
import shutil
import sys
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings

from tests.compiled import share_compiled_statements
from tests.plain_log import log_plainly
from tests.postgres import (
    KeptDatabases,
    PostgresServer,
    chosen_version,
    folders_of_binaries,
    in_own_loop,
    running_server,
)
from tests.quick_places import quick_place
from tests.tracer import trace_quickly
from tests.tracing import is_twin, untraced

if TYPE_CHECKING:
    from tests.steps.workshop import Workshop

TOP = Path(__file__).resolve().parents[1]

# Without compiled modules each of the programs that tests start would compile everything anew, for two seconds.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Half of the time of a test went into looking for garbage among what all modules of the program had brought along.
gc.disable()

log_plainly()
share_compiled_statements()

# --- a skip cannot hide ------------------------------------------------------------------------------------

REQUIRED = ("pg", "browser")
STRICT = os.environ.get("CI") == "true" or os.environ.get("NOTIFIER_TEST_STRICT") == "1"
# How long an example takes depends on who else uses the machine; pytest's own limit catches what hangs. In CI the
# same examples are tried each time: new ones are found at the desk, where somebody can look into them.
settings.register_profile(
    "notifier", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=STRICT
)
settings.load_profile("notifier")
passed_with: dict[str, int] = {}
skipped: list[str] = []
FINDINGS = pytest.StashKey[tuple[list[str], list[str]]]()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count what ran for real; called on the controller, too, when tests run in several processes."""
    if report.when == "call" and report.passed:
        for marker in REQUIRED:
            passed_with[marker] = passed_with.get(marker, 0) + int(marker in report.keywords)
    if report.skipped and not hasattr(report, "wasxfail"):
        skipped.append(report.nodeid)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """A module that skips itself while it is imported counts as a skip, too."""
    if report.skipped:
        skipped.append(report.nodeid)


def pytest_configure(config: pytest.Config) -> None:
    """Let coverage cost less; see tests/tracer.py."""
    trace_quickly(config)


# What a test counts for when files are handed out to processes; a plain one counts for 1.
WEIGHTS = {"slow": 150, "browser": 5, "pg": 2}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the work, begin with the files that take long: none is left alone at the end.

    Files are handed out in this order with --no-loadscope-reorder, as the Makefile says.
    """
    if not hasattr(config, "workerinput"):
        return
    weights: dict[Path, int] = {}
    for item in items:
        weight = sum(worth for marker, worth in WEIGHTS.items() if item.get_closest_marker(marker))
        weights[item.path] = weights.get(item.path, 0) + (weight or 1)
    items.sort(key=lambda item: -weights[item.path])


def pytest_collection_finish() -> None:
    """From here on garbage is looked for among what tests leave, and less often than Python would."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 10)
    gc.enable()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Trace a test only if its twin is not traced; see tests/tracing.py."""
    if not is_twin(item):
        return (yield)
    with untraced(item.config):
        return (yield)


def everything_was_asked_for(config: pytest.Config) -> bool:
    """Whether the whole tests folder runs: only then must each required kind of test have run."""
    chosen = {(config.invocation_params.dir / argument.split("::")[0]).resolve() for argument in config.args}
    whole = bool(chosen & {config.rootpath, config.rootpath / "tests"}) and not any(
        "::" in argument for argument in config.args
    )
    return whole and not (config.option.keyword or config.option.markexpr or config.option.deselect)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a strict run that skipped a test or never ran a required kind of test."""
    config = session.config
    if not STRICT or hasattr(config, "workerinput") or config.option.collectonly:
        return
    whole = everything_was_asked_for(config)
    missing = [marker for marker in REQUIRED if whole and not passed_with.get(marker)]
    if (skipped or missing) and exitstatus == 0:
        session.exitstatus = 1
    config.stash[FINDINGS] = (skipped, missing)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say why a strict run failed."""
    skips, missing = config.stash.get(FINDINGS, ([], []))
    for nodeid in skips:
        terminalreporter.write_line(f"A skip is a failure here: {nodeid}", red=True)
    for marker in missing:
        terminalreporter.write_line(f"No test marked '{marker}' has run and passed", red=True)


# --- real databases ----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A real server for the whole run, of the newest version at hand; see tests/postgres.py."""
    found = folders_of_binaries()
    with running_server(found[chosen_version(found)]) as server:
        yield server


@pytest.fixture(scope="session")
def oldest_postgres_server() -> Iterator[PostgresServer]:
    """A real server of the oldest version at hand (16), for the tests of the migrations."""
    found = folders_of_binaries()
    with running_server(found[min(found)]) as server:
        yield server


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The address of a new, empty database."""
    name = postgres_server.create_database()
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture
def oldest_postgres_url(oldest_postgres_server: PostgresServer) -> Iterator[str]:
    """The address of a new, empty database on the oldest version at hand."""
    name = oldest_postgres_server.create_database()
    yield oldest_postgres_server.url(name)
    oldest_postgres_server.drop_database(name)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of a SQLite file that does not exist yet."""
    return f"sqlite+aiosqlite:///{tmp_path / 'notifier.sqlite3'}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.pg)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a new, empty database: the test runs once on SQLite and once on PostgreSQL."""
    name = {"sqlite": "sqlite_url", "postgres": "empty_postgres_url"}[request.param]
    url: str = request.getfixturevalue(name)
    return url


# --- databases with tables: migrated once, then copied ----------------------------------------------------


async def migrated(url: str) -> None:
    """Bring the database at `url` up to date and leave it."""
    from notifier.store.database import Database  # noqa: PLC0415 - it takes a second, only where it is needed
    from notifier.store.migration import migrate  # noqa: PLC0415 - the same

    database = await Database.open(url)
    await migrate(database)
    await database.close()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> str:
    """The name of a migrated database without rows, to be copied."""
    name = postgres_server.create_database()
    in_own_loop(migrated(postgres_server.url(name)))
    return name


@pytest.fixture(scope="session")
def kept_databases(postgres_server: PostgresServer, postgres_template: str) -> KeptDatabases:
    """Migrated databases without rows, to be used again and again."""
    return KeptDatabases(postgres_server, postgres_template)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, kept_databases: KeptDatabases) -> Iterator[str]:
    """The address of a migrated database on PostgreSQL without rows."""
    name = kept_databases.take()
    yield postgres_server.url(name)
    kept_databases.give_back(name)


@pytest.fixture(scope="session")
def sqlite_template() -> Iterator[Path]:
    """A migrated SQLite file without rows, to be copied."""
    with quick_place() as folder:
        file = folder / "notifier.sqlite3"
        in_own_loop(migrated(f"sqlite+aiosqlite:///{file}"))
        yield file


@pytest.fixture
def sqlite_file_url(sqlite_template: Path) -> Iterator[str]:
    """The address of a new, migrated SQLite file."""
    with TemporaryDirectory(dir=sqlite_template.parent, ignore_cleanup_errors=True) as folder:
        file = shutil.copyfile(sqlite_template, Path(folder, "notifier.sqlite3"))
        yield f"sqlite+aiosqlite:///{file}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.pg)])
def migrated_url(request: pytest.FixtureRequest) -> str:
    """The address of a new, migrated database: the test runs once on SQLite and once on PostgreSQL."""
    url: str = request.getfixturevalue(
        {"sqlite": "sqlite_file_url", "postgres": "postgres_url"}[request.param]
    )
    return url


# --- a workshop for the steps --------------------------------------------------------------------------------


@pytest_asyncio.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.pg)])
async def shop(request: pytest.FixtureRequest) -> AsyncIterator["Workshop"]:
    """A workshop that nothing has happened in yet, at eight on the morning of Wednesday, 1 April 2026.

    The test runs once on SQLite and once on PostgreSQL.
    """
    from notifier.clock import japan_time  # noqa: PLC0415 - the steps take a second, only where they are needed
    from tests.builders import ISSUED  # noqa: PLC0415 - the same
    from tests.steps.workshop import workshop  # noqa: PLC0415 - the same

    fixture = {"sqlite": "sqlite_file_url", "postgres": "postgres_url"}[request.param]
    async with workshop(request.getfixturevalue(fixture), japan_time(ISSUED, 8)) as opened:
        yield opened


# --- real notices ------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def notices_folder() -> Path:
    """The folder of the founding notices; they are not part of the repository.

    NOTIFIER_NOTICES names it; otherwise it is expected at ../shared/notices beside the checkout.
    """
    named = os.environ.get("NOTIFIER_NOTICES")
    return Path(named) if named else TOP.parent / "shared" / "notices"
