"""Editorial: what other systems tell the rule editor waits at the desk, like what people hand in; nothing speaks at once.

A notice becomes a paper of the inbox, with its hash and a task. A decision becomes a ruling, which is reviewed and
approved like a notice. What the catalogue ships was reviewed before, and only begins to speak.
"""

import re
from datetime import date
from typing import Any, Final

from notifier.catalogue.loader import Catalogue
from notifier.desk import Desk
from notifier.domain import dates
from notifier.errors import UnknownError
from notifier.intake import Inbound, receive
from notifier.steps.take_in import Handed, take_in
from notifier.store.facts import Intake
from notifier.tools import Tools, law_on

RECEIVED: Final = "notice.received"
DECIDED: Final = "deadline.decided"
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""What an id may look like to stand in the address of a page."""
_LONGEST: Final = 200


async def deal(tools: Tools, event: Inbound) -> Intake:
    """Deal with an event that came through a door; its data fit the vocabulary. Raises as `receive` does."""
    if event.type == DECIDED:
        await _rule(tools, event)
    elif event.type == RECEIVED and not _is_shipped(tools.catalogue, str(event.data["notice"])):
        await _take_in(tools, event)
    else:
        return await receive(tools, event)
    return Intake.RECORDED


def _is_shipped(catalogue: Catalogue, name: str) -> bool:
    return any(name in {each.id, each.paper} for each in catalogue.notices.values())


async def _take_in(tools: Tools, event: Inbound) -> None:
    data = event.data
    name, text = str(data["notice"]), str(data.get("text", ""))
    fits = _ID.fullmatch(name) is not None
    handed = Handed(
        f"{name if fits else 'notice'}.txt" if text else "",
        text.encode(),
        str(data.get("title", name))[:_LONGEST],
        str(data.get("issuer", "")),
        str(data.get("number", "")),
        _day(data.get("issued")),
        url=str(data.get("url", "")),
        notice=name if fits else "",
    )
    await take_in(tools, handed, event.sent_by)


async def _rule(tools: Tools, event: Inbound) -> None:
    data = event.data
    async with tools.database.reading() as conn:
        law = await law_on(conn, tools, tools.today())
    deadline = law.deadlines.get(str(data["deadline"]))
    if deadline is None:
        raise UnknownError(
            f"{data['deadline']}: no such deadline; `notifier catalogue list --database` names them"
        )
    due, target = _day(data.get("due")), _day(data.get("target"))
    said: dict[str, Any] = {"remark": str(data["reason"])}
    said |= {"due": {"by": due.isoformat()}} if due else {}
    said |= {"target": target.isoformat()} if target else {}
    lines = [
        "運用担当者の判断（ほかのシステムから届いたもの）",
        f"期限: {deadline.title}（{deadline.id}）",
        *([f"期日: {dates.wareki(due)}"] if due else []),
        *([f"余裕をみた日: {dates.wareki(target)}"] if target else []),
        f"理由: {data['reason']}",
        f"送ったもの: {event.source} {event.id}",
    ]
    await Desk(tools, event.sent_by).rule(deadline, said, "\n".join(lines) + "\n")


def _day(written: object) -> date | None:
    return written if isinstance(written, date) or written is None else date.fromisoformat(str(written))
