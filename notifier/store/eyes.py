"""Eyes: a transaction that looks through the eyes of one tenant, and steps out from behind them for the program itself.

Both settings are local to the transaction, so that a pooled connection carries nothing on to the next one.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.callers import Tenant

ROLE: Final = "notifier_tenant"
"""Who reads and writes for a tenant. It cannot log in, owns nothing and has no right to look past the walls."""
SETTING: Final = "notifier.tenant"
_SEEN_BY: Final = "seen by"
"""Where a connection notes whose eyes it looks through, so that nobody has to ask the database."""


@asynccontextmanager
async def behind(conn: AsyncConnection, tenant: Tenant | None) -> AsyncIterator[None]:
    """Let what runs inside see and write the rows of `tenant` only; all rows for the nation, for None, on SQLite."""
    if tenant is None or tenant.is_nation or conn.dialect.name != "postgresql":
        yield
        return
    await _become(conn, ROLE, tenant.code)
    conn.info[_SEEN_BY] = tenant.code
    try:
        yield
    finally:
        conn.info.pop(_SEEN_BY, None)  # what failed ends with its transaction, and the settings with that
    await _become(conn, "none", "")


@asynccontextmanager
async def stepping_out(conn: AsyncConnection) -> AsyncIterator[None]:
    """Step out from behind the walls for what the program itself writes, such as the audit, and back in."""
    code = conn.info.get(_SEEN_BY)
    if code is None:
        yield
        return
    await _become(conn, "none", "")
    yield
    await _become(conn, ROLE, code)


async def _become(conn: AsyncConnection, role: str, code: str) -> None:
    chosen = text(f"SELECT set_config('role', :role, true), set_config('{SETTING}', :code, true)")
    await conn.execute(chosen, {"role": role, "code": code})
