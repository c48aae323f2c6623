"""invite: send an office the address of its own page, or let the addresses given out before open nothing any more."""

from datetime import datetime, timedelta
from typing import Final

from notifier.domain.actors import Who
from notifier.domain.callers import Tenant
from notifier.domain.wrapping import wrap
from notifier.errors import UnknownError
from notifier.passes import Doorway
from notifier.store import audit, entrances, memos, office_records, outbox
from notifier.store.database import Connection
from notifier.store.entrances import Guest
from notifier.tools import Tools

LATER: Final = timedelta(seconds=1)
"""Addresses are good from the second after the one in which the others were revoked."""


async def revoke(tools: Tools, tenant: Tenant, number: str, who: Who) -> None:
    """Let every address and code of the office's page that was given out until now open nothing any more.

    Raises UnknownError if `tenant` sees no office `number`.
    """
    now = tools.now()
    async with tools.database.transaction() as conn:
        guest = await _guest(conn, tenant, number)
        await entrances.revoke(conn, guest.id, now, str(who))
        await audit.append(conn, now, who, "office-page.revoked", f"office/{number}", {})


async def invite(tools: Tools, tenant: Tenant, number: str, who: Who) -> int:
    """Send the address of its page to all contacts of the office that are in use; returns to how many.

    Raises UnknownError if `tenant` sees no office `number`.
    """
    now = tools.now()
    async with tools.database.transaction() as conn:
        guest = await _guest(conn, tenant, number)
        mail = _mail(tools, guest)
        found = await entrances.addresses(conn, guest.id) if mail is not None else []
        if mail is not None and found:
            for address in found:
                await memos.write(conn, address, *mail, now)
            await outbox.enqueue(conn, "inform", now)
        detail = {"addresses": len(found)}
        await audit.append(conn, now, who, "office-page.sent", f"office/{number}", detail)
    return len(found)


async def read_out(tools: Tools, tenant: Tenant, number: str, who: Who) -> Doorway | None:
    """Return the way to the office's page, to be told on the telephone; None where there are no pages.

    The audit keeps who has seen it. Raises UnknownError if `tenant` sees no office `number`.
    """
    async with tools.database.transaction() as conn:
        guest = await _guest(conn, tenant, number)
        await audit.append(conn, tools.now(), who, "office-page.read-out", f"office/{number}", {})
    return tools.page(guest.number, _issued(tools, guest), guest.revoked_at)


async def _guest(conn: Connection, tenant: Tenant, number: str) -> Guest:
    seen = await office_records.office(conn, tenant, number)
    guest = await entrances.guest(conn, number) if seen is not None else None
    if guest is None:
        raise UnknownError(f"no office {number} that the caller sees")
    return guest


def _issued(tools: Tools, guest: Guest) -> datetime:
    """Return since when an address that is given out now is good: never from before the others were revoked."""
    now = tools.now()
    return now if guest.revoked_at is None else max(now, guest.revoked_at + LATER)


def _mail(tools: Tools, guest: Guest) -> tuple[str, str] | None:
    """Return subject and text, or None where there are no pages."""
    way = tools.page(guest.number, _issued(tools, guest), guest.revoked_at)
    if way is None:
        return None
    lines = [
        f"{guest.name}（事業所番号 {guest.number}）　御中",
        "",
        wrap("事業所のページのアドレスをお送りします。期限の確認、済んだことの登録、宛先の変更ができます。"),
        "",
        "【事業所のページ】",
        f"　{way.url}",
        f"　確認番号：{way.code}",
        wrap(
            "リンクが開けないときは、次のアドレスを開いて、事業所番号と確認番号を入力してください。",
            "　",
        ),
        f"　{tools.correspondent.base_url}/code",
        "【ご注意】",
        wrap(
            "このアドレスと確認番号は、この事業所のページを開く鍵です。事業所の外へは転送しないでください。"
            "お心当たりがなくても、開くだけでは何も変わりません。",
            "　",
        ),
        "【問い合わせ先】",
        f"　{tools.correspondent.name}",
        wrap(tools.correspondent.contact, "　"),
    ]
    return f"【ご案内】{guest.name}のページ", "\n".join(lines).rstrip() + "\n"
