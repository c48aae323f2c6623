"""collect: a mail that came in is kept as it is, before it is answered; what it means is found out next."""

from hashlib import sha256

from notifier.domain.mails import identity
from notifier.reading.mails import read_head
from notifier.store import incoming, outbox
from notifier.store.incoming import Arrived
from notifier.tools import Tools


async def collect(tools: Tools, content: bytes, envelope_sender: str, recipient: str, way: str) -> bool:
    """Keep a mail; False if it was kept before. `envelope_sender` is "" for the null sender; `way` is how it came."""
    head = read_head(content)
    digest = sha256(content).hexdigest()
    now = tools.now()
    arrived = Arrived(
        sha256(f"{identity(head, digest)}".encode("utf-8", "replace")).hexdigest(),
        way,
        envelope_sender[:320],
        recipient[:320].lower(),
        head.author,
        head.subject[:500],
        content,
    )
    async with tools.database.transaction() as conn:
        kept = await incoming.keep(conn, arrived, now)
        if kept:
            await outbox.enqueue(conn, "hear", now)
    return kept
