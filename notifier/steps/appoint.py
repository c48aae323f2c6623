"""appoint: accounts of users are made, changed and disabled; each deed and its audit row in one transaction."""

from collections.abc import Mapping
from typing import Any

from notifier.domain.actors import Who, actor_of
from notifier.errors import AccountRefusedError
from notifier.store import audit, users
from notifier.store.users import Account
from notifier.tools import Tools


async def appoint(tools: Tools, account: Account, who: Who) -> None:
    """Keep a new account. Raises AccountRefusedError if its name is taken."""
    user = account.user
    detail = {"role": user.role.value, "authority": user.authority, "label": user.label}
    async with tools.database.transaction() as conn:
        if not await users.add(conn, account):
            raise AccountRefusedError(f"{user.name}: this name is taken; choose another one", "taken")
        actor = actor_of(who).about(user.authority)
        await audit.append(conn, tools.now(), actor, "user.created", f"user/{user.name}", detail)


async def change(  # noqa: PLR0913 -- each is named where it is handed in
    tools: Tools,
    account: Account,
    values: Mapping[str, Any],
    who: Who,
    action: str,
    told: Mapping[str, Any] | None = None,
    *,
    but: str = "",
) -> None:
    """Change columns of an account and end its sessions; `action` names the deed in the audit, which keeps no secret.

    `told` stands there too: what was before and after, where that is no secret. `but` is the digest of the session that
    goes on, "" for none.
    """
    user = account.user
    async with tools.database.transaction() as conn:
        await users.change(conn, user.name, values)
        ended = await users.end(conn, name=user.name, but=but)
        actor = actor_of(who).about(user.authority)
        detail = {**(told or {}), "sessions_ended": ended}
        await audit.append(conn, tools.now(), actor, action, f"user/{user.name}", detail)
