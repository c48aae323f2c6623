"""entrust: give a key to a program, or take it back; both are written into the audit."""

from notifier.store import audit, keys, listeners
from notifier.store.keys import ApiKey
from notifier.tools import Tools


async def entrust(tools: Tools, key: ApiKey) -> None:
    """Keep a new key; one that reads the feed lets it begin. Raises StoreError if its prefix is taken."""
    detail = {
        "authority": key.authority,
        "role": key.role,
        "scopes": list(key.scopes),
        "label": key.label,
        "expires_on": key.expires_on.isoformat() if key.expires_on else None,
    }
    async with tools.database.transaction() as conn:
        await keys.add(conn, key)
        if "feed:read" in key.scopes:
            await listeners.listen(conn, key.authority, "", tools.now())
        await audit.append(conn, tools.now(), key.created_by, "key.created", f"key/{key.prefix}", detail)


async def take_back(tools: Tools, prefix: str, who: str) -> bool:
    """Revoke the key `prefix` from now on; False if there is none or it was revoked before."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        revoked = await keys.revoke(conn, prefix, now)
        if revoked:
            await audit.append(conn, now, who, "key.revoked", f"key/{prefix}", {})
    return revoked
