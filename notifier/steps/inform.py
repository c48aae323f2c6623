"""inform: send plain mails about the service itself, to whoever runs a part of it; as carefully as letters."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from notifier.channels.parcel import Parcel
from notifier.domain.backoff import mail_retry
from notifier.domain.receipts import Receipt, Verdict
from notifier.domain.returns import Sent
from notifier.store import memos, outbox
from notifier.store.letters import key_of
from notifier.store.memos import Memo
from notifier.tools import Tools

BATCH = 100
LEASE = timedelta(minutes=5)
PAUSE = timedelta(minutes=5)


async def inform(tools: Tools) -> None:
    """Send every memo that is due, and ask to come back for those that must wait."""
    now = tools.now()
    token = f"{tools.worker}:{now.isoformat()}"
    async with tools.database.transaction() as conn:
        claimed = await memos.claim(conn, now, token, LEASE, BATCH)
    if claimed:
        await _send(
            tools, {key_of(each.id, f"memo/{each.written.isoformat()}"): each for each in claimed}, token
        )
    async with tools.database.transaction() as conn:
        following = await memos.next_try(conn)
        if following is not None:
            await outbox.enqueue(conn, "inform", following)


async def _send(tools: Tools, held: dict[str, Memo], token: str) -> None:
    parcels = [
        Parcel(
            key,
            each.recipient,
            each.subject,
            each.text,
            None,
            each.written,
            None,
            tools.returns.path(Sent.MEMO, each.id) if tools.returns else None,
        )
        for key, each in held.items()
    ]

    async def gate(keys: Sequence[str]) -> set[str]:
        async with tools.database.transaction() as conn:
            passed = await memos.pass_gate(conn, [held[key].id for key in keys], token)
        return {key for key in keys if held[key].id in passed}

    async for key, receipt in tools.channel.send(parcels, gate):
        state, again = _verdict(held[key], receipt, tools.now(), tools.spread())
        async with tools.database.transaction() as conn:
            await memos.record(conn, held[key].id, token, state, again, (receipt.code, receipt.text))


def _verdict(memo: Memo, receipt: Receipt, now: datetime, spread: float) -> tuple[str, datetime]:
    waiting = "unknown" if memo.is_repeat else "planned"
    match receipt.verdict:
        case Verdict.ACCEPTED | Verdict.REFUSED:
            return receipt.verdict.value, now
        case Verdict.UNKNOWN:
            return ("failed", now) if memo.is_repeat else ("unknown", now + LEASE)
        case Verdict.SENDER_FAULT:
            return waiting, now + PAUSE
    wait = mail_retry(memo.attempts, spread)
    return ("failed", now) if wait is None else (waiting, now + wait)
