"""The database: opened once, handed to the steps, closed at the end.

SQLite for one machine, PostgreSQL for many; the same code on both. A step works in one transaction, on the
connection that `transaction` yields. SQLite writers take turns from the first statement on (BEGIN IMMEDIATE),
because its driver would otherwise let two of them read the same row and lose an update without an error.
"""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any, Final, Literal, Self, TypeAlias, TypeVar, cast

from sqlalchemy import URL, ColumnElement, StaticPool, Table, event, exc, inspect, make_url, text
from sqlalchemy.engine import Connection as PlainConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlmodel import SQLModel

from notifier.domain.callers import Tenant
from notifier.errors import StoreError
from notifier.store.driver import BriefConnection, beneath, connecting, transacted
from notifier.store.eyes import behind
from notifier.store.faults import StoreBusyError, named_faults
from notifier.store.straight import IDLE_SECONDS, Straight, rows_of

T = TypeVar("T")
Dialect = Literal["sqlite", "postgresql"]
Connection: TypeAlias = AsyncConnection
"""A connection in a transaction, as the steps hand it on."""
Condition: TypeAlias = ColumnElement[bool]
"""A condition on rows, as one part of the store makes it and a step hands it to another."""

OLDEST_SQLITE = (3, 38, 0)
"""The first with the operator `->`, which conditions on facts use."""
CONNECT_SECONDS = 10
_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
_FILE_PRAGMAS = (
    "busy_timeout=10000",
    "journal_mode=WAL",
    "synchronous=FULL",  # what was acknowledged survives a power cut
    "foreign_keys=ON",
    "cache_size=-32000",
    "temp_store=MEMORY",
)
_MEMORY_PRAGMAS = ("synchronous=OFF", "journal_mode=MEMORY", "foreign_keys=ON", "temp_store=MEMORY")


class Database:
    """An open database. Hand it on; open another one only for another address."""

    def __init__(self, engine: AsyncEngine, *, in_memory: bool) -> None:
        """Wrap `engine`; use `Database.open`."""
        self.engine = engine
        self.place = masked(engine.url)
        self.in_memory = in_memory
        self.dialect: Dialect = "sqlite" if engine.dialect.name == "sqlite" else "postgresql"
        only_reading = (
            {"only_reading": True}
            if self.dialect == "sqlite"
            else {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
        )
        self._reader = engine.execution_options(**only_reading)
        one_state = {} if self.dialect == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        self._snapshot = engine.execution_options(**one_state)
        self._turn = asyncio.Lock()
        self._writer: asyncio.Task[Any] | None = None
        self._shared: dict[asyncio.Task[Any], AsyncConnection] = {}
        self._own: BriefConnection | None = None
        self._straight = Straight(engine)

    @classmethod
    async def open(cls, url: str) -> Self:
        """Open the database at `url` (sqlite+aiosqlite or postgresql+asyncpg) and see that it answers.

        A SQLite file and its folder are created if they are missing; `sqlite+aiosqlite://` is a database in
        memory that ends with this object. Raises StoreError with the address, its password masked.
        """
        address = _address(url)
        place = masked(address)
        in_memory = _is_in_memory(address)
        with named_faults(place, connecting=True):
            if address.get_backend_name() == "sqlite" and not in_memory:
                Path(address.database or "").parent.mkdir(parents=True, exist_ok=True)
            database = cls(_engine(address, in_memory=in_memory), in_memory=in_memory)
        try:
            await _to_its_end(database._answers())
        except BaseException:
            await database.close()
            raise
        return database

    async def _answers(self) -> None:
        async with self.reading() as conn:
            await conn.execute(text("SELECT 1"))

    @asynccontextmanager
    async def transaction(
        self, *, snapshot: bool = False, tenant: Tenant | None = None
    ) -> AsyncIterator[AsyncConnection]:
        """Yield a connection in a transaction that is kept at the end, or undone if anything is raised.

        With `snapshot` it sees one state of the database throughout, and is busy if another has meanwhile
        changed a row that it changes: for work that reads what is new and marks it done. On SQLite all do.
        On SQLite one transaction runs at a time; a second one inside it, in the same task, is refused.
        Raises StoreBusyError where trying again may help (see `retrying`), else another StoreError.
        Inside `together`, in the same task, it is a part of that transaction.
        With a `tenant` it sees and writes the rows of that tenant only (PostgreSQL; see `notifier.store.walls`).
        """
        shared = self._shared.get(_task())
        if shared is not None:
            with named_faults(self.place):
                async with shared.begin_nested(), behind(shared, tenant):
                    yield shared
            return
        engine = self._snapshot if snapshot else self.engine
        async with AsyncExitStack() as stack:
            if self.dialect == "sqlite":
                await stack.enter_async_context(self._taking_turns())
            with named_faults(self.place, connecting=True):
                conn = await stack.enter_async_context(engine.connect())
            with named_faults(self.place):
                async with conn.begin(), behind(conn, tenant):
                    yield conn

    @asynccontextmanager
    async def together(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection in a transaction that whatever the same task opens inside it becomes a part of.

        So what a step does is kept in one with what is said about it, or not at all.
        """
        task = _task()
        is_outermost = task not in self._shared
        async with self.transaction() as conn:
            self._shared[task] = conn
            try:
                yield conn
            finally:
                if is_outermost:
                    del self._shared[task]

    async def at_one_go(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `work` returns in a transaction on SQLite, for which threads are changed but once.

        It gets the driver's own connection, and must not keep it. Otherwise as `transaction`.
        """
        if self.in_memory or _task() in self._shared:
            async with self.transaction() as conn:
                return await beneath(conn, work)
        async with self._taking_turns():
            with named_faults(self.place, connecting=True):
                own = self._own
                if own is None:
                    own = await _to_its_end(self._open_own())
            with named_faults(self.place):
                return await transacted(own, work)

    async def at_one_statement(self, statement: str, values: Sequence[Any]) -> Sequence[Any]:
        """Return the rows of one statement that is a transaction of its own on PostgreSQL, `values` for $1, $2 and so on.

        Raises ClashError where a unique key stands against it; otherwise as `transaction`.
        """
        if _task() in self._shared:
            async with self.transaction() as conn:
                return await rows_of(conn, statement, values)
        with named_faults(self.place, connecting=True):
            return await self._straight.rows(statement, values)

    async def _open_own(self) -> BriefConnection:
        self._own = await connecting(self.engine.url, _FILE_PRAGMAS, in_memory=False)()
        return self._own

    @asynccontextmanager
    async def reading(self, *, tenant: Tenant | None = None) -> AsyncIterator[AsyncConnection]:
        """Yield a connection that sees one state of the database throughout and may not write.

        Inside `together`, in the same task, it is that connection, which sees what was written.
        With a `tenant` it sees the rows of that tenant only (PostgreSQL; see `notifier.store.walls`).
        """
        shared = self._shared.get(_task())
        if shared is not None:
            with named_faults(self.place):
                async with behind(shared, tenant):
                    yield shared
            return
        async with AsyncExitStack() as stack:
            if self.in_memory:
                await stack.enter_async_context(self._taking_turns())
            with named_faults(self.place, connecting=True):
                conn = await stack.enter_async_context(self._reader.connect())
            with named_faults(self.place):
                async with conn.begin(), behind(conn, tenant):
                    yield conn

    async def save_to(self, path: Path) -> None:
        """Write a SQLite database, as it is now, into the new file `path`. Raises StoreError if that exists."""
        with named_faults(self.place):
            async with self.engine.connect() as conn:
                driver = await conn.get_raw_connection()
                plain = driver.driver_connection
                if plain is None or self.dialect != "sqlite":
                    raise StoreError(f"{self.place}: only a SQLite database can be saved into a file")
                await plain.execute("PRAGMA query_only=OFF")  # left on by whoever only read
                await plain.execute("VACUUM INTO ?", (str(path),))

    async def close(self) -> None:
        """Close all connections; a database in memory is gone with them."""
        if self._own is not None:
            await self._own.close()
            self._own = None
        await self._straight.close()
        await self.engine.dispose()

    async def __aenter__(self) -> Self:
        """Return itself, to be closed at the end of the block."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all connections."""
        await self.close()

    @asynccontextmanager
    async def _taking_turns(self) -> AsyncIterator[None]:
        """Let the tasks of this process wait for each other in order, instead of polling the file's lock."""
        task = _task()
        if self._writer is task:
            message = f"a transaction on {self.place} is already open in this task; hand its connection on"
            raise StoreError(message)
        async with self._turn:
            self._writer = task
            try:
                yield
            finally:
                self._writer = None


def _task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("the database is used from a task of the event loop")
    return task


async def _to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Let `work` come to its end even if whoever waits is cancelled: a first connection is never left half made."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


async def retrying(work: Callable[[], Awaitable[T]], attempts: int = 4) -> T:
    """Return what `work` returns; repeat it, `attempts` times in all, while the database is busy.

    `work` must open its own transaction, so that each attempt starts from what is kept by then.
    """
    for _ in range(attempts - 1):
        try:
            return await work()
        except StoreBusyError:
            continue
    return await work()


def table(model: type[SQLModel]) -> Table:
    """Return the table behind `model`, for statements about sets of rows."""
    return cast("Table", inspect(model).local_table)


def masked(url: URL | str) -> str:
    """Return `url` as it may be printed: without its password."""
    address = make_url(url) if isinstance(url, str) else url
    return address.set(query={}).render_as_string(hide_password=True)


def _address(url: str) -> URL:
    try:
        address = make_url(url)
        driver = _DRIVERS[address.drivername]
    except (ArgumentError, KeyError) as error:
        message = (
            "NOTIFIER_DATABASE_URL is no address of a database this program knows: write"
            " sqlite+aiosqlite:///path/to/file or postgresql+asyncpg://user:password@host/name"
        )
        raise StoreError(message) from error
    return address.set(drivername=driver)


def _is_in_memory(address: URL) -> bool:
    if address.get_backend_name() != "sqlite":
        return False
    return address.database in {None, "", ":memory:"} or address.query.get("mode") == "memory"


def _engine(address: URL, *, in_memory: bool) -> AsyncEngine:
    # A fault's message goes to the log; names and addresses of the statement it is about do not.
    options: dict[str, Any] = {"json_serializer": as_json, "hide_parameters": True}
    if address.get_backend_name() == "sqlite":
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            wanted = ".".join(map(str, OLDEST_SQLITE))
            message = (
                f"SQLite {sqlite3.sqlite_version} is too old: use a Python with SQLite {wanted} or later"
            )
            raise StoreError(message)
        if in_memory:
            options["poolclass"] = StaticPool
        pragmas = _MEMORY_PRAGMAS if in_memory else _FILE_PRAGMAS
        options["async_creator"] = connecting(address, pragmas, in_memory=in_memory)
        engine = create_async_engine(address, **options)
        _steer_sqlite(engine)
        return engine
    options["pool_size"] = 10
    options["max_overflow"] = 10
    server = {"application_name": "notifier", "timezone": "UTC"}
    options["connect_args"] = {"timeout": CONNECT_SECONDS, "server_settings": server}
    engine = create_async_engine(address, **options)
    _look_after_idle(engine)
    _compile_nothing(engine)
    return engine


def _look_after_idle(engine: AsyncEngine) -> None:
    """See that a connection from the pool still lives: those that lay idle are asked, the others were used just now.

    The library's own look is three round trips each time a connection is taken.
    """

    @event.listens_for(engine.sync_engine, "checkin")
    def checkin(_: object, record: Any) -> None:
        record.info["idle since"] = monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def checkout(connection: Any, record: Any, _: object) -> None:
        since = record.info.get("idle since")
        if since is None:
            return
        try:
            lives = not connection.driver_connection.is_closed()
            if lives and monotonic() - since > IDLE_SECONDS:
                engine.sync_engine.dialect.do_ping(connection)
        except engine.sync_engine.dialect.loaded_dbapi.Error:
            lives = False
        if not lives:
            raise exc.InvalidatePoolError


def _compile_nothing(engine: AsyncEngine) -> None:
    """Let PostgreSQL run statements as planned: behind the walls it takes them for dear, and compiles some for seconds.

    Said once a connection has been made and not while it is, because a pool between refuses what it does not know.
    """

    @event.listens_for(engine.sync_engine, "connect")
    def connect(connection: Any, _: object) -> None:
        connection.run_async(lambda driver: driver.execute("SET jit = off"))


def _steer_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "begin")
    def begin(conn: PlainConnection) -> None:
        only_reading = bool(conn.get_execution_options().get("only_reading"))
        if conn.info.get("only_reading", False) != only_reading:
            conn.exec_driver_sql(f"PRAGMA query_only={'ON' if only_reading else 'OFF'}")
            conn.info["only_reading"] = only_reading
        conn.exec_driver_sql("BEGIN" if only_reading else "BEGIN IMMEDIATE")


def as_json(value: Any) -> str:
    """Return `value` as the text in which JSON is kept."""
    # Escaped letters would keep SQLite from finding a Japanese name inside what is kept.
    return _JSON.encode(value)


_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
