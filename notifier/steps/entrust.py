"""entrust: give a key to a program, or take it back; both are written into the audit."""

from datetime import timedelta

from notifier.domain.actors import Who, actor_of
from notifier.store import audit, keys, listeners, vendors
from notifier.store.keys import ApiKey
from notifier.tools import Tools


async def entrust(tools: Tools, key: ApiKey, who: Who) -> None:
    """Keep a new key; one that reads the feed lets it begin. Raises StoreError if its prefix is taken."""
    detail = {
        "authority": key.authority,
        "role": key.role,
        "user_role": key.user_role,
        "scopes": list(key.scopes),
        "label": key.label,
        "vendor": key.vendor,
        "offices": list(key.offices),
        "expires_on": key.expires_on.isoformat() if key.expires_on else None,
    }
    async with tools.database.transaction() as conn:
        await keys.add(conn, key)
        if key.vendor:
            await vendors.serve(conn, key.authority, key.vendor, tools.now())
        elif "feed:read" in key.scopes:
            await listeners.listen(conn, key.authority, "", tools.now())
        actor = actor_of(who).about(key.authority)
        await audit.append(conn, tools.now(), actor, "key.created", f"key/{key.prefix}", detail)


async def trust(tools: Tools, prefix: str, public_key: str, overlap: timedelta, who: Who) -> bool:
    """Let the holder of the key `prefix` sign events with a private key of its own, known here by `public_key`.

    The public key before it holds for `overlap` longer; "" stands for none. False if there is no such key, or it was
    revoked.
    """
    now = tools.now()
    async with tools.database.transaction() as conn:
        key = await keys.find(conn, prefix)
        if key is None or key.revoked_at is not None:
            return False
        await keys.trust(conn, key, public_key, now + overlap)
        actor = actor_of(who).about(key.authority)
        detail = {"before": key.public_key, "after": public_key, "until": (now + overlap).isoformat()}
        await audit.append(conn, now, actor, "key.trusted", f"key/{prefix}", detail)
    return True


async def take_back(tools: Tools, prefix: str, who: Who) -> bool:
    """Revoke the key `prefix` from now on; False if there is none or it was revoked before."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        key = await keys.find(conn, prefix)
        revoked = key is not None and await keys.revoke(conn, prefix, now)
        if key is not None and revoked:
            actor = actor_of(who).about(key.authority)
            if key.vendor:
                await vendors.serve(conn, key.authority, key.vendor, now)
            await audit.append(conn, now, actor, "key.revoked", f"key/{prefix}", {})
    return revoked
