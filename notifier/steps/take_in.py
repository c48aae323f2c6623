"""take_in: a notice that somebody hands in is kept with its file, and waits for the rule editor; it is silent."""

from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from notifier.domain.actors import Who
from notifier.domain.notices import Notice, Rank
from notifier.domain.watching import notice_id
from notifier.store import audit, inbox, law, papers, tasks
from notifier.store.papers import Paper
from notifier.tools import Tools

SOURCE = "upload"


@dataclass(frozen=True, slots=True)
class Handed:
    """A file that was handed in, and what is known of the notice in it."""

    name: str
    content: bytes
    title: str
    issuer: str = ""
    number: str = ""
    issued: date | None = None


async def take_in(tools: Tools, handed: Handed, who: Who, authority: str = "") -> tuple[str, bool]:
    """Keep a notice with its file, as received; returns its id, and False if the very file was there before.

    `authority` (団体コード) is whose notice it is, "" for the nation's: the file of another is another one.
    """
    now, today = tools.now(), tools.today()
    digest = sha256(authority.encode() + handed.content).hexdigest()
    async with tools.database.transaction() as conn:
        known = await papers.notice_of(conn, digest)
        if known is not None:
            return known, False
        name = notice_id(SOURCE, today, digest)
        notice = Notice(name, handed.title, handed.issuer, handed.number, handed.issued, today, Rank.NOTICE)
        await law.accept_notice(conn, notice, str(who), now)
        await inbox.put(conn, name, str(who), now, authority)
        await papers.keep(conn, Paper(digest, "", handed.name, "", handed.content, "", name), now)
        detail = {"title": handed.title, "file": handed.name, "digest": digest}
        await audit.append(conn, now, who, "notice.received", f"notice/{name}", detail)
        await tasks.open_task(conn, "notice.received", f"notice/{name}", handed.title, handed.name, now)
    return name, True
