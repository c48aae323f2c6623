"""answer: a municipality answers what an office has told or asked it; the office is told by mail and on its page."""

from dataclasses import dataclass
from datetime import datetime

from notifier.domain.actors import Who, actor_of
from notifier.domain.callers import Tenant
from notifier.domain.exemptions import EXEMPTED
from notifier.domain.wrapping import wrap
from notifier.errors import SubscriptionRefusedError, UnknownError
from notifier.store import audit, enquiries, entrances, exemptions, memos, outbox
from notifier.store.database import Connection
from notifier.store.enquiries import DECLINED, NOT_APPLICABLE, OPEN, UPHELD, Enquiry
from notifier.store.exemptions import Wanted
from notifier.tools import Tools, law_on


@dataclass(frozen=True, slots=True)
class Answer:
    """What the municipality answers: whether it is as the office says, and in which words."""

    upheld: bool
    words: str


async def answer(tools: Tools, tenant: Tenant, enquiry_id: int, given: Answer, who: Who) -> None:
    """Answer an enquiry. Where a duty does not apply to an office, that becomes a fact, from which all else follows.

    Raises UnknownError if the tenant has no such enquiry or it was answered before, SubscriptionRefusedError for an answer
    without words.
    """
    words = given.words.strip()
    if not words:
        raise SubscriptionRefusedError("回答を入力してください。事業所のページとメールで伝えます。")
    now = tools.now()
    async with tools.database.transaction() as conn:
        found = await enquiries.find(conn, tenant, enquiry_id, to_change=True)
        guest = await entrances.guest(conn, found.office) if found is not None else None
        if found is None or guest is None or found.state != OPEN:
            raise UnknownError(f"no enquiry {enquiry_id} that waits for the caller's answer")
        state = UPHELD if given.upheld else DECLINED
        await enquiries.close(conn, found.id, state, str(actor_of(who)), words, now)
        if given.upheld and found.kind == NOT_APPLICABLE:
            await _exempt(conn, found, words, who, now)
        deadline = (await law_on(conn, tools, tools.today())).deadlines.get(found.deadline)
        mail = _mail(tools, found, guest, deadline.title if deadline else "", _decided(found, state, words))
        for address in await entrances.addresses(conn, guest.id):
            await memos.write(conn, address, *mail, now)
        await outbox.enqueue(conn, "inform", now)
        detail = {"enquiry": found.id, "kind": found.kind, "state": state, "deadline": found.deadline}
        await audit.append(conn, now, who, "enquiry.answered", f"office/{found.office}", detail)


async def _exempt(conn: Connection, found: Enquiry, words: str, who: Who, now: datetime) -> None:
    """Keep as a fact that the duty does not apply to the office; an approver can take that back."""
    reason = f"事業所の申出を認めた：{words}"
    wanted = Wanted(EXEMPTED, found.office, found.deadline, reason, f"enquiry/{found.id}")
    await exemptions.note(conn, wanted, actor_of(who), now)
    detail = {"deadline": found.deadline, "reason": reason}
    await audit.append(conn, now, who, "office.exempted", f"office/{found.office}", detail)
    await outbox.enqueue(conn, "derive", now)


def _decided(found: Enquiry, state: str, words: str) -> str:
    if found.kind != NOT_APPLICABLE:
        return words
    said = (
        "対象外と認めます。この件のお知らせは止まります。"
        if state == UPHELD
        else "対象です。お知らせは続きます。"
    )
    return f"{said}\n{words}"


def _mail(tools: Tools, found: Enquiry, guest: entrances.Guest, title: str, said: str) -> tuple[str, str]:
    """Return subject and text; `title` is that of the duty in question, "" if it was about none."""
    way = tools.page(guest.number, tools.now(), guest.revoked_at)
    asked = "\n".join(each for each in (found.reason, found.words) if each)
    lines = [
        f"{guest.name}（事業所番号 {guest.number}）　御中",
        "",
        "いただいた申出・質問に、担当者から回答がありました。",
        "",
        "【回答】",
        wrap(said, "　"),
        *(["【期限】", wrap(title, "　")] if title else []),
        "【いただいた申出・質問】",
        wrap(asked, "　"),
    ]
    if way is not None:
        lines += ["【事業所のページ】", f"　{way.url}", f"　確認番号：{way.code}"]
    lines += ["【問い合わせ先】", f"　{tools.correspondent.name}", wrap(tools.correspondent.contact, "　")]
    return f"【回答】{guest.name}からの申出・質問", "\n".join(lines).rstrip() + "\n"
