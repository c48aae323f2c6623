"""Invented notices, as text, and a desk to lay them on."""

from datetime import date

from notifier.desk import Desk
from notifier.domain.actors import Actor
from notifier.domain.callers import NATION, Tenant
from notifier.domain.reviews import Verdict
from notifier.steps.take_in import Handed
from tests.builders import by, said
from tests.steps.workshop import Said, Workshop, enrolled

FIRST = said(by(date(2026, 6, 30)), remark="")
"""What holds before: the annual report (REPORT) is due on 30 June 2026."""

EXTENSION = """例発第20号
令和8年4月2日

都道府県介護保険主管課　御中

例の省介護局例課

年次報告書の提出（例）の期限の延長について（通知）

1　延長後の期限
年次報告書の提出（例）は、年次報告の期限を令和8年8月31日まで延長する。
なお、令和8年4月20日から相談を受け付ける。
"""
"""Candidate 1 moves the annual report, candidate 2 is a duty that nobody wants to keep."""


def paper(text: str = EXTENSION, name: str = "通知.txt") -> Handed:
    """The file of a notice of which nothing is known yet."""
    return Handed(name, text.encode(), "")


def desk(shop: Workshop, who: str, tenant: Tenant = NATION) -> Desk:
    """The desk at which `who` sits."""
    return Desk(shop.tools, Actor(who, "test", tenant.code), tenant)


async def settled_in(shop: Workshop) -> None:
    """Two offices, one without an address, know the first day; it is ten in the morning of 2 April 2026."""
    await shop.enrol(enrolled("9970000001", "a@example.jp"), enrolled("9970000002"))
    await shop.publish(FIRST)
    await shop.live_until(date(2026, 4, 1))
    shop.turn_to(date(2026, 4, 2), 10)


async def news(shop: Workshop) -> list[Said]:
    """What was said since then."""
    return [each for each in await shop.said() if each.on > date(2026, 4, 1)]


async def handed_in(shop: Workshop, text: str = EXTENSION) -> str:
    """A notice that was read, its first candidate kept and the others dropped; returns its id."""
    await settled_in(shop)
    name, _ = await desk(shop, "clerk").add(paper(text))
    await desk(shop, "reviewer").judge(name, [1], Verdict.KEPT)
    await desk(shop, "reviewer").drop_rest(name)
    return name


async def reviewed(shop: Workshop) -> str:
    """A notice that was reviewed and waits for a second person; returns its id."""
    name = await handed_in(shop)
    await desk(shop, "reviewer").sign_off(name)
    return name
