"""Bringing the tables up to date: Alembic's revisions, applied in one transaction on a connection of ours.

A revision that fails half-way leaves nothing behind, on SQLite as on PostgreSQL.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier import assets
from notifier.errors import StoreError
from notifier.store import walls
from notifier.store.database import Database
from notifier.store.faults import named_faults
from notifier.store.tables import Table

if TYPE_CHECKING:
    from alembic.config import Config

ROOMS: Final = (
    "agendas",
    "authorities",
    "declarations",
    "enquiries",
    "entrances",
    "halts",
    "inbox",
    "incoming",
    "keys",
    "memos",
    "notes",
    "outreach",
    "papers",
    "pickups",
    "postings",
    "provenance",
    "replies",
    "reviews",
    "sources",
    "tasks",
    "users",
    "wishes",
    "wordings",
)
"""Modules that keep their tables beside their queries; they are loaded so that no table is missing here."""
for _room in ROOMS:
    import_module(f"notifier.store.{_room}")

_LOCK = 4_202_600_206
"""The advisory lock on PostgreSQL under which one program at a time migrates."""


async def migrate(database: Database) -> list[str]:
    """Apply every revision that is missing, in order, all or none; return their ids. Two may run at once.

    The walls between tenants are built anew if need be; `walls` stands for them among the ids.
    """
    async with _without_foreign_keys(database) as conn, conn.begin():
        if database.dialect == "postgresql":
            await conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        missing = await conn.run_sync(_missing)
        torn = bool(missing or await walls.missing(conn))
        if missing:
            await walls.tear_down_sums(conn)
        await conn.run_sync(_upgrade)
        await walls.build(conn)
        if database.dialect == "sqlite":
            await _check_references(conn, database.place)
    return [*missing, *(["walls"] if torn and database.dialect == "postgresql" else [])]


async def pending(database: Database) -> list[str]:
    """Return the ids of the revisions that `migrate` would apply, in order; "walls" if it would mend those.

    Raises StoreError if the database was migrated by a newer program.
    """
    async with database.reading() as conn:
        return [*await conn.run_sync(_missing), *(["walls"] if await walls.missing(conn) else [])]


async def differences(database: Database) -> list[str]:
    """Return how the tables differ from what the program expects, as Alembic sees it; empty if they agree."""
    async with database.reading() as conn:
        return await conn.run_sync(_compare)


async def create_all(database: Database) -> None:
    """Create every table at once, without revisions: for a database that will not outlive the program."""
    async with database.transaction() as conn:
        await conn.run_sync(Table.metadata.create_all)


async def draft(database: Database, sentence: str) -> Path:
    """Write a new revision from the difference between `database` (migrated) and the tables; return its file.

    `sentence` names it, verb first (`add_kana_to_offices`); read and correct the file before it is committed.
    """
    from alembic import command  # noqa: PLC0415 -- loading Alembic takes a second; most programs never migrate

    async with database.transaction() as conn:

        def write(connection: Connection) -> Path:
            number = len(_missing(connection, everything=True)) + 1
            config = _config(connection)
            script = command.revision(config, sentence, autogenerate=True, rev_id=f"{number:04}")
            if script is None or isinstance(script, list):
                raise StoreError("Alembic wrote no revision; is the database migrated?")
            return Path(script.path)

        return await conn.run_sync(write)


@asynccontextmanager
async def _without_foreign_keys(database: Database) -> AsyncIterator[AsyncConnection]:
    """Yield a connection on which SQLite does not enforce references.

    SQLite changes a table by building another and dropping it, which would delete the rows that refer to it.
    The switch has no effect inside a transaction, so it is thrown before one begins.
    """
    async with AsyncExitStack() as stack:
        with named_faults(database.place, connecting=True):
            conn = await stack.enter_async_context(database.engine.connect())
        with named_faults(database.place):
            if database.dialect != "sqlite":
                yield conn
                return
            driver = (await conn.get_raw_connection()).driver_connection
            if driver is None:
                raise StoreError(f"the connection to {database.place} is gone; try again")
            await driver.execute("PRAGMA foreign_keys=OFF")
            try:
                yield conn
            finally:
                await driver.execute("PRAGMA foreign_keys=ON")


async def _check_references(conn: AsyncConnection, place: str) -> None:
    broken = (await conn.execute(text("PRAGMA foreign_key_check"))).first()
    if broken is not None:
        message = (
            f"a row of table {broken[0]} in {place} points nowhere; nothing was migrated: restore a backup"
        )
        raise StoreError(message)


def _missing(connection: Connection, *, everything: bool = False) -> list[str]:
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 -- see draft
    from alembic.script import ScriptDirectory  # noqa: PLC0415 -- see draft

    known = [each.revision for each in ScriptDirectory.from_config(_config(connection)).walk_revisions()][
        ::-1
    ]
    applied = MigrationContext.configure(connection).get_current_revision()
    if applied is None or everything:
        return known
    if applied not in known:
        message = (
            f"the database was migrated to {applied} by a newer version of this program: install that version"
        )
        raise StoreError(message)
    return known[known.index(applied) + 1 :]


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 -- see draft

    command.upgrade(_config(connection), "head")


def _compare(connection: Connection) -> list[str]:
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415 -- see draft
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 -- see draft

    options = {"compare_type": True, "compare_server_default": True}
    context = MigrationContext.configure(connection, opts=options)
    return [str(each) for each in compare_metadata(context, Table.metadata)]


def _config(connection: Connection) -> "Config":
    from alembic.config import Config  # noqa: PLC0415 -- see draft

    config = Config()
    config.set_main_option("script_location", str(assets.folder("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config
