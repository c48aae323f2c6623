"""Alerting: how an endpoint stands is told to its tenant as a message, and to its owner by mail."""

from datetime import datetime
from typing import Any, Final

from notifier.domain.messages import MessageType
from notifier.domain.remedies import remedy_of
from notifier.store import happenings, memos, outbox
from notifier.store.database import Connection
from notifier.store.endpoints import Endpoint
from notifier.store.happenings import Notice

_SUBJECTS: Final = {
    MessageType.ENDPOINT_FAILING: "送信先に届きません",
    MessageType.ENDPOINT_RECOVERED: "送信先に再び届くようになりました",
    MessageType.ENDPOINT_EXHAUSTED: "送信を断念した通知があります",
    MessageType.ENDPOINT_DISABLED: "送信先を停止しました",
}
_WHAT_NOW: Final = {
    MessageType.ENDPOINT_FAILING: "間隔を空けて送り続けています。受信側の状態を確かめてください。",
    MessageType.ENDPOINT_RECOVERED: "たまっていた通知を順に送っています。対応は要りません。",
    MessageType.ENDPOINT_EXHAUSTED: "断念した通知は「設定」の「Webhook」で確かめられ、再送できます"
    "（コマンドでは notifier endpoint show、notifier endpoint replay）。",
    MessageType.ENDPOINT_DISABLED: "止まっている間の通知は保管しています。直した後に「設定」の「Webhook」で再開してください"
    "（コマンドでは notifier endpoint enable）。",
}


async def alert(
    conn: Connection,
    endpoint: Endpoint,
    kind: MessageType,
    now: datetime,
    reason: str = "",
    *,
    by_mail: bool = True,
    **more: Any,
) -> None:
    """Write down that an endpoint fails, has recovered, has lost messages or was disabled, and mail its owner."""
    data = {"endpoint": endpoint.id, "url": endpoint.url, "description": endpoint.description}
    happening = await happenings.note(conn, now, data | {"reason": reason} | more)
    notice = Notice(kind, endpoint.listener_id, f"endpoint/{endpoint.id}", happening)
    await happenings.tell_listeners(conn, [notice], now)
    await outbox.enqueue(conn, "herald", now)
    if by_mail and endpoint.owner:
        await memos.write(conn, endpoint.owner, *_mail(endpoint, kind, reason), now)
        await outbox.enqueue(conn, "inform", now)


def _mail(endpoint: Endpoint, kind: MessageType, reason: str) -> tuple[str, str]:
    subject = f"【送信先{endpoint.id}】{_SUBJECTS[kind]}"
    lines = [
        f"{_SUBJECTS[kind]}。",
        "",
        f"送信先: {endpoint.url}",
        *([f"説明: {endpoint.description}"] if endpoint.description else []),
        *([f"理由: {reason}"] if reason else []),
        *([f"　　　{meant}"] if (meant := remedy_of(reason)) else []),
        "",
        _WHAT_NOW[kind],
    ]
    return subject, "\n".join(lines) + "\n"
