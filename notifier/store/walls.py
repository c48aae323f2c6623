"""Walls: on PostgreSQL the database itself shows a tenant its own rows only, whatever a query forgets to ask for.

A transaction for a tenant (`notifier.store.eyes`) runs as a role that row-level security holds for; steps and workers
run as the user who logged in, for whom there are no walls. They stand against a forgotten condition, not against
foreign SQL: whoever may write any statement may leave the role. SQLite has no walls.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final

from sqlalchemy import func, or_, select, text, true
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.errors import StoreError
from notifier.store.eyes import ROLE, SETTING
from notifier.store.tenants import SUMS, summing

_TENANT: Final = f"(SELECT current_setting('{SETTING}', true))"  # asked once for a statement, not row by row
_MEMBERS: Final = "municipality IN (SELECT member FROM authority_member WHERE authority = $tenant)"
_DESIGNATED: Final = "EXISTS (SELECT 1 FROM designation WHERE office_id = office.id AND authority = $tenant)"
_LOCAL: Final = f"municipality = $tenant OR {_MEMBERS}"
_OF_OFFICE: Final = "EXISTS (SELECT 1 FROM office WHERE office.id = $table.office_id)"
"""The wall of that table holds inside walls, too. Few rows look their office up; for many all offices are read once."""
_OWN: Final = "authority = $tenant"
_OWED: Final = "EXISTS (SELECT 1 FROM obligation WHERE obligation.cohort_id = cohort.id)"
# In that order it is looked up along an index; for `EXISTS` PostgreSQL would read what was sent until one comes by.
_SAID: Final = (
    "(SELECT true FROM delivery WHERE delivery.saying_id = saying.id ORDER BY delivery.party LIMIT 1)"
)
_ENCLOSED: Final = "EXISTS (SELECT 1 FROM delivery WHERE delivery.letter_id = letter.id)"
_LISTENS: Final = "listener_id IN (SELECT id FROM listener)"
_POSTED: Final = "endpoint_id IN (SELECT id FROM endpoint)"
_HEARD: Final = "EXISTS (SELECT 1 FROM heard WHERE heard.message_id = message.id)"
_HAPPENED: Final = "EXISTS (SELECT 1 FROM message WHERE message.happening_id = happening.id)"
_NOTHING: Final = "false"

WALLS: Final[Mapping[str, tuple[str, str]]] = {
    "office": (f"{_LOCAL} OR {_DESIGNATED}", _LOCAL),
    "office_service": (_OF_OFFICE, _OF_OFFICE),
    "designation": (_OWN, _NOTHING),  # it decides to whom an office answers
    "contact": (_OWN, f"{_OWN} AND {_OF_OFFICE}"),
    "note": (_OWN, f"{_OWN} AND {_OF_OFFICE}"),
    "outreach": (_OWN, f"{_OWN} AND {_OF_OFFICE}"),
    "subscription": (_OWN, f"{_OWN} AND {_OF_OFFICE}"),
    "declaration": (_OF_OFFICE, _NOTHING),
    "enquiry": (_OF_OFFICE, _NOTHING),
    "entrance": (_OF_OFFICE, _NOTHING),
    "wish": (_OF_OFFICE, _NOTHING),
    "office_import": (_OWN, _OWN),
    "incoming": (f"{_OWN} OR {_OF_OFFICE}", _NOTHING),
    "event": ("sender = $tenant", "sender = $tenant"),
    "fact": (f"office_id IS NULL OR {_OF_OFFICE}", _OF_OFFICE),
    "obligation": (_OF_OFFICE, _NOTHING),
    "cohort": (
        f"municipality = $tenant OR (municipality = '' AND prefecture = $tenant) OR {_OWED}",
        _NOTHING,
    ),
    "delivery": (f"{_OWN} OR (authority = '' AND {_OF_OFFICE})", _NOTHING),
    "saying": (_SAID, _NOTHING),
    "letter": (_ENCLOSED, _NOTHING),
    "calendar_address": (_OWN, _OWN),
    "listener": (_OWN, _OWN),
    "listener_office": (_LISTENS, _LISTENS),
    "endpoint": (_LISTENS, _LISTENS),
    "heard": (_LISTENS, _NOTHING),
    "posting": (_POSTED, _NOTHING),
    "attempt": (_POSTED, _NOTHING),
    "message": (f"{_OWN} OR {_HEARD}", _NOTHING),
    "happening": (_HAPPENED, _NOTHING),
    "wording": (_OWN, _NOTHING),
    "api_key": (_OWN, _OWN),
    "user_account": (_OWN, _NOTHING),
    "audit": (_OWN, _NOTHING),
}
"""By table: which rows a tenant sees, and which it may leave behind when it writes."""

OPEN: Final = ("authority", "authority_member", "notice", "deadline", "statement")
"""Tables that every tenant may read and none may write: the law, and who is who."""

CLOSED: Final = (
    "calendar_version",
    "candidate",
    "document",
    "event_source",
    "fetch",
    "halt",
    "inbox",
    "item",
    "memo",
    "outbox",
    "pickup",
    "reply",
    "review",
    "sequence",
    "session",
    "sign_in_miss",
    "source",
    "task",
)
"""Tables that no tenant has a right to; they are for the program itself."""

_BUILT = text(
    "SELECT relname, description FROM pg_class"
    " LEFT JOIN pg_policy ON polrelid = pg_class.oid AND polname = 'tenant'"
    " LEFT JOIN pg_description ON objoid = pg_policy.oid AND classoid = 'pg_policy'::regclass"
    " WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'v')"
    " AND has_table_privilege(:role, pg_class.oid, 'SELECT')"
)
_MAY_BECOME = text(
    "SELECT pg_has_role(current_user, :role, CASE WHEN current_setting('server_version_num')::int >= 160000"
    " THEN 'SET' ELSE 'MEMBER' END)"
)


async def missing(conn: AsyncConnection) -> list[str]:
    """Return the tables whose wall is not there or is not the one described here; none on SQLite."""
    if conn.dialect.name != "postgresql":
        return []
    if not (await conn.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": ROLE})).first():
        return [*WALLS, *OPEN, SUMS]
    built = {row.relname: row.description for row in await conn.execute(_BUILT, {"role": ROLE})}
    torn = [name for name in WALLS if built.get(name) != _mark(name)]
    return [*torn, *(name for name in (*OPEN, SUMS) if name not in built)]


async def build(conn: AsyncConnection) -> None:
    """Build the walls that are missing. Raises StoreError with what an administrator has to do if the role is."""
    torn = await missing(conn)
    if not torn:
        return
    await _found_role(conn)
    for name in torn:
        for statement in _statements(name):
            await conn.exec_driver_sql(statement)
    schema = (await conn.execute(text("SELECT quote_ident(current_schema())"))).scalar_one()
    await conn.exec_driver_sql(f"GRANT USAGE ON SCHEMA {schema} TO {ROLE}")
    await conn.exec_driver_sql(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {ROLE}")


async def tear_down_sums(conn: AsyncConnection) -> None:
    """Drop the view, so that revisions may change the columns it shows; `build` makes it again."""
    if conn.dialect.name == "postgresql":
        await conn.exec_driver_sql(f"DROP VIEW IF EXISTS {SUMS}")


async def _found_role(conn: AsyncConnection) -> None:
    """Make the role and be allowed to take it on. Another database on the same server may do so at this moment."""
    created = (
        f"DO $$ BEGIN CREATE ROLE {ROLE} NOLOGIN;"
        " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )
    known = "SELECT 1 FROM pg_roles WHERE rolname = :role"
    try:
        async with conn.begin_nested():
            if not (await conn.execute(text(known), {"role": ROLE})).first():
                await conn.exec_driver_sql(created)
            if not (await conn.execute(_MAY_BECOME, {"role": ROLE})).scalar_one():
                await conn.exec_driver_sql(f"GRANT {ROLE} TO CURRENT_USER")
    except DBAPIError as fault:
        if getattr(fault.orig, "sqlstate", None) != "42501":
            raise
        user = (await conn.execute(text("SELECT quote_ident(current_user)"))).scalar_one()
        message = (
            f"the database user {user} may not make the role {ROLE}, behind which tenants are kept apart; nothing was"
            f" migrated. Let an administrator run this once, then migrate again:"
            f" CREATE ROLE {ROLE} NOLOGIN; GRANT {ROLE} TO {user};"
        )
        raise StoreError(message) from fault


def _statements(name: str) -> Sequence[str]:
    if name == SUMS:
        return _view()
    if name in OPEN:
        return (f"GRANT SELECT ON {name} TO {ROLE}",)
    return (*_wall(name), f"COMMENT ON POLICY tenant ON {name} IS '{_mark(name)}'")


def _wall(name: str) -> Sequence[str]:
    shown, left = (condition.replace("$tenant", _TENANT).replace("$table", name) for condition in WALLS[name])
    return (
        f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
        f"DROP POLICY IF EXISTS tenant ON {name}",
        f"DROP POLICY IF EXISTS program ON {name}",
        # The program may log in as another user than the one who owns the tables and migrates them.
        f"CREATE POLICY program ON {name} USING ((SELECT current_user <> '{ROLE}'))",
        f"CREATE POLICY tenant ON {name} TO {ROLE} USING ({shown}) WITH CHECK ({left})",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {ROLE}",
    )


def _view() -> Sequence[str]:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy gives its class no types
    summed = summing().subquery("summed")
    mine = or_(func.current_user() != ROLE, summed.c.prefecture == func.current_setting(SETTING, true()))
    selected = select(summed).where(mine).compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    return (
        f"DROP VIEW IF EXISTS {SUMS}",
        f"CREATE VIEW {SUMS} WITH (security_barrier) AS {selected}",
        f"GRANT SELECT ON {SUMS} TO {ROLE}",
    )


def _mark(name: str) -> str:
    return sha256("\n".join(_wall(name)).encode()).hexdigest()
