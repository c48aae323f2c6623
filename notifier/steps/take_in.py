"""take_in: a notice that somebody hands in is kept with its file, and waits for the rule editor; it is silent.

A program may tell of a notice before its text is at hand; the file is then fetched from the address it told, or added
when somebody has it.
"""

from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from notifier.domain.actors import Who
from notifier.domain.callers import Tenant
from notifier.domain.notices import Notice, Rank
from notifier.domain.stages import Stage
from notifier.domain.watching import notice_id
from notifier.errors import NoticeRefusedError
from notifier.store import audit, inbox, law, papers, pickups, tasks
from notifier.store.database import Connection
from notifier.store.papers import Paper
from notifier.tools import Tools

SOURCE = "upload"
NO_FILE = "本文のファイルがまだありません。入手して加えてください。"
FETCHING = "本文のファイルを、このアドレスから自動で取得します。"


@dataclass(frozen=True, slots=True)
class Handed:
    """A file that was handed in, and what is known of the notice in it; the file is empty if only the notice is known.

    `notice` is its id, "" for a new one. `url` is where it was published, "" if nobody said.
    """

    name: str
    content: bytes
    title: str
    issuer: str = ""
    number: str = ""
    issued: date | None = None
    url: str = ""
    notice: str = ""


async def take_in(tools: Tools, handed: Handed, who: Who, authority: str = "") -> tuple[str, bool]:
    """Keep a notice with its file, as received; returns its id, and False if nothing was new.

    `authority` (団体コード) is whose notice it is, "" for the nation's: the file of another is another one. A file for a
    notice that waits without one is added to it. Raises NoticeRefusedError if that has a file, or is not in the inbox.
    """
    now, today = tools.now(), tools.today()
    digest = sha256(authority.encode() + handed.content).hexdigest() if handed.content else ""
    async with tools.database.transaction() as conn:
        known = await papers.notice_of(conn, digest) if digest else None
        if known is not None:
            return known, False
        name = handed.notice or notice_id(SOURCE, today, digest or _name_digest(handed))
        detail = {"title": handed.title, "file": handed.name, "digest": digest, "link": handed.url}
        if name in await law.known_notices(conn):
            if not digest:
                return name, False
            await _refuse_another(conn, name, authority)
        else:
            paper = Notice(
                name, handed.title, handed.issuer, handed.number, handed.issued, today, Rank.NOTICE
            )
            await law.accept_notice(conn, paper, str(who), now)
            await inbox.put(conn, name, str(who), now, authority)
            is_at_address = not digest and handed.url.startswith(("http://", "https://"))
            missing = FETCHING if is_at_address else NO_FILE
            said = [each for each in (handed.url, handed.name or missing) if each]
            about = f"notice/{name}"
            await tasks.open_task(conn, "notice.received", about, handed.title, "\n".join(said), now)
            if is_at_address:
                await pickups.want(conn, name, handed.url, handed.title, now)
        if digest:
            kept = Paper(digest, handed.url, handed.name, "", handed.content, "", name)
            await papers.keep(conn, kept, now)
            await pickups.forget(conn, name)
        told = {key: value for key, value in detail.items() if value or key != "link"}
        await audit.append(conn, now, who, "notice.received", f"notice/{name}", told)
    return name, True


def _name_digest(handed: Handed) -> str:
    said = (handed.title, handed.issuer, handed.number, str(handed.issued), handed.url)
    return sha256("\n".join(said).encode()).hexdigest()


async def _refuse_another(conn: Connection, name: str, authority: str) -> None:
    """Refuse a file for a notice that has one, or that does not wait in the inbox of `authority`."""
    found = await inbox.find(conn, name, Tenant(authority))
    if found is None or found.stage is not Stage.RECEIVED:
        raise NoticeRefusedError(f"{name}: 受付箱で待っている文書ではないため、ファイルを加えられません。")
    if await papers.document_of(conn, name) is not None:
        raise NoticeRefusedError(f"{name}: すでにファイルがあります。別の文書として受け付けてください。")
