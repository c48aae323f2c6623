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


@asynccontextmanager
async def behind(conn: AsyncConnection, tenant: Tenant | None) -> AsyncIterator[None]:
    """Let what runs inside see and write the rows of `tenant` only; all rows for the nation, for None, on SQLite."""
    if tenant is None or tenant.is_nation or conn.dialect.name != "postgresql":
        yield
        return
    await _become(conn, ROLE, tenant.code)
    yield
    await _become(conn, "none", "")


@asynccontextmanager
async def stepping_out(conn: AsyncConnection) -> AsyncIterator[None]:
    """Step out from behind the walls for what the program itself writes, such as the audit, and back in."""
    if conn.dialect.name != "postgresql":
        yield
        return
    found = await conn.execute(text(f"SELECT current_setting('role'), current_setting('{SETTING}', true)"))
    role, code = found.one()
    if role != ROLE:
        yield
        return
    await _become(conn, "none", "")
    yield
    await _become(conn, ROLE, code)


async def _become(conn: AsyncConnection, role: str, code: str) -> None:
    chosen = text(f"SELECT set_config('role', :role, true), set_config('{SETTING}', :code, true)")
    await conn.execute(chosen, {"role": role, "code": code})
