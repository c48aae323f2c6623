"""A duty nobody had heard of: a notice defines it, an authority chooses how it is reminded of, everything knows it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from notifier.almanac import Almanac, Served, WantedCalendar, Whose, open_calendar
from notifier.domain.assertions import DONE
from notifier.domain.calendar import Roll
from notifier.domain.callers import Tenant
from notifier.domain.expressions import DUE_SET
from notifier.domain.law import Authority, AuthorityKind
from notifier.domain.reviews import Verdict
from notifier.errors import AuthorityRefusedError, EndpointRefusedError
from notifier.steps.establish import establish
from notifier.steps.post import post
from notifier.steps.subscribe import Subscription, subscribe
from notifier.store import coverage, feed, listeners
from notifier.store.coverage import Asked
from notifier.store.feed import Place, Told
from notifier.store.subscriptions import Selection
from notifier.tools import law_on
from tests.calendars import by_ical
from tests.notices import desk, paper
from tests.receivers import Receiver, attached, exchange, receiving, switchboard, wanted
from tests.steps.workshop import A, B, Workshop, enrolled

CITY, PREFECTURE = "121002", "120006"
HERE = {"municipality": CITY, "prefecture": PREFECTURE}
DAY = date(2026, 4, 2)
DUTY = "survey/submit"
TEXT = """例発第30号
令和8年4月2日

例の省介護局例課

受入体制に関する調査について（通知）

事業者は、災害時の受入体制に関する調査票を令和8年6月30日（火）までに市町村に提出すること。
"""


async def known_since_today(shop: Workshop, **due: str) -> str:
    """Two persons let the notice speak, with another due than it reads if one is given; returns its id."""
    at = desk(shop, "reviewer")
    name, _ = await at.add(paper(TEXT))
    (read,) = [each for each in (await at.review(name)).candidates if "definition" in each.said]
    words = {"where": "市の様式で出します。", "silence": "何も起きません。", "concerns_wording": "すべて"}
    written = json.loads(json.dumps(read.said).replace(str(read.said["deadline"]), DUTY))
    written["definition"] |= words
    written["statement"] |= {"due": due} if due else {}
    await at.change(name, read.number, written)
    await at.drop_rest(name)
    assert (await at.review(name)).candidate(read.number).verdict is Verdict.CHANGED  # type: ignore[union-attr]  # there
    assert [each for each in await at.objections(name) if each.is_error] == []
    await at.sign_off(name)
    await desk(shop, "chief").approve(name)
    await shop.run()
    return name


async def covered(shop: Workshop) -> Sequence[tuple[str, str]]:
    async with shop.database.reading() as conn:
        law = await law_on(conn, shop.tools, shop.tools.today())
        asked = Asked(law.deadlines[DUTY], 0, shop.tools.today())
        found = await coverage.offices(conn, Tenant(CITY), asked)
    return [(each.number, each.why.place.value) for each in found]


async def fed(shop: Workshop) -> Sequence[Told]:
    async with shop.database.reading() as conn:
        listener = await listeners.find(conn, CITY)
        return [] if listener is None else await feed.read(conn, listener.id, Place(), 1000)


async def test_a_duty_from_a_notice_is_known_wherever_deadlines_are_named(shop: Workshop) -> None:
    shop.turn_to(DAY, 10)
    town = Authority(CITY, "例の市", AuthorityKind.MUNICIPALITY, PREFECTURE)
    await shop.keep(Authority(PREFECTURE, "例の県", AuthorityKind.PREFECTURE), town)
    await shop.enrol(enrolled(A, "a@example.jp", **HERE))
    await shop.run()
    chosen = replace(town, ladders={DUTY: "short"}, rolls={f"{DUTY}@2026": Roll.PREVIOUS})
    receiver = Receiver()
    async with receiving(receiver), exchange() as way:
        with pytest.raises(EndpointRefusedError, match="no such deadlines"):
            await switchboard(shop.tools, way, CITY).add(wanted(receiver, CITY, deadlines=(DUTY,)))
        with pytest.raises(AuthorityRefusedError, match="no such deadline"):
            await establish(shop.tools, chosen, "", (), "a clerk")
        await known_since_today(shop)
        await establish(shop.tools, chosen, "", (), "a clerk")
        await attached(shop.tools, way, receiver, CITY, deadlines=("survey",))
        await shop.enrol(enrolled(B, **HERE))
        await subscribe(shop.tools, Selection(CITY), Subscription(told=True, topics=(DUTY,)), "a clerk")
        await shop.live_until(date(2026, 6, 30))
        await post(shop.tools, way)
    assert {each["type"] for each in receiver.events} >= {"obligation.created", "reminder.sent"}
    assert {each.type for each in await fed(shop)} == set(receiver.types)
    said = [each.brief for each in await shop.said() if each.party == f"office/{A}"]
    assert next(occasion for _, occasion, _ in said) == "announcement"
    assert [rung for _, _, rung in said if rung] == ["T-7", "T-0"]
    made = iter((b"name12", b"x" * 32))
    token = await open_calendar(shop.tools, WantedCalendar(Whose.OFFICE, A), lambda _: next(made), "a clerk")
    served = await Almanac(shop.tools).read(token)
    assert isinstance(served, Served)
    assert [each.start for each in by_ical(served.text)] == [date(2026, 6, 30)]
    assert await covered(shop) == [(A, "told"), (B, "unreachable")]
    await shop.note(DONE, A, deadline=DUTY)
    await shop.run()
    assert await covered(shop) == [(A, "settled"), (B, "unreachable")]


async def test_the_day_of_a_duty_from_a_notice_is_set_by_the_authority_to_which_it_is_left(
    shop: Workshop,
) -> None:
    shop.turn_to(DAY, 10)
    town = Authority(CITY, "例の市", AuthorityKind.MUNICIPALITY, PREFECTURE)
    await shop.keep(Authority(PREFECTURE, "例の県", AuthorityKind.PREFECTURE), town)
    await shop.enrol(enrolled(A, "a@example.jp", **HERE), enrolled(B, "b@example.jp"))
    await known_since_today(shop, set_by="municipality")
    june = date(2026, 6, 30)
    await shop.set(DUE_SET, PREFECTURE, deadline=DUTY, due=date(2026, 5, 29))
    await shop.set(DUE_SET, CITY, deadline="survey/another", due=date(2026, 5, 29))
    await shop.live_until(DAY)
    assert {each.latest for each in await shop.said()} == {None}
    shop.turn_to(date(2026, 4, 3), 10)
    await shop.set(DUE_SET, CITY, deadline=DUTY, due=june)
    await shop.live_until(june)
    told = [each for each in await shop.said() if each.on > DAY]
    assert {each.party for each in told} == {f"office/{A}"}
    assert [each.rung for each in told] == [None, "T-60", "T-30", "T-14", "T-7", "T-3", "T-1", "T-0"]
    assert {each.latest for each in told} == {june.isoformat()}
