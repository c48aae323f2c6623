"""What approving a notice would do is told before, and is what happens afterwards."""

from datetime import date

import pytest

from notifier.domain.callers import Tenant
from notifier.domain.changes import ChangeKind
from notifier.domain.impacts import Bill
from notifier.domain.ladders import Occasion
from notifier.domain.law import Party
from notifier.domain.notices import Rank
from notifier.domain.statements import Statement
from notifier.errors import UnknownError
from notifier.rehearsal import rehearse, what_if
from notifier.steps.subscribe import Subscription, subscribe
from notifier.store.subscriptions import Selection
from notifier.store.tables import CohortRow, DeadlineRow, DeliveryRow, NoticeRow, SayingRow
from tests.builders import CITY, REPORT, by, deadline, notice, said
from tests.steps.workshop import OTHER_CITY, Workshop, enrolled

FIRST = said(by(date(2026, 6, 30)), remark="")
PAPER = notice(date(2026, 4, 2), Rank.NOTICE, id="later", title="延長の通知（例）")
LATER = said(by(date(2026, 8, 31)), notice=PAPER, known_from=date(2026, 4, 2))
NEW = "example/new-plan"


def tried(*statements: Statement) -> Bill:
    return Bill(statements[0].notice, (), statements)


async def settled_in(shop: Workshop) -> None:
    """Three offices, one without an address, one of another city; all of them know the first day."""
    await shop.enrol(
        enrolled("9970000001", "a@example.jp"),
        enrolled("9970000002"),
        enrolled("9970000003", "c@example.jp", municipality=OTHER_CITY),
    )
    await shop.publish(FIRST)
    await shop.run()
    shop.turn_to(date(2026, 4, 2), 10)


async def test_an_extension_is_foretold_by_offices_letters_and_days(shop: Workshop) -> None:
    await settled_in(shop)
    impact = await rehearse(shop.tools, tried(LATER), months=6)
    (effect,) = impact.effects
    assert (effect.kind, effect.label, effect.offices, effect.open) == (
        ChangeKind.EXTENDED,
        "期限の延長",
        3,
        3,
    )
    assert (effect.told, effect.no_address, effect.not_subscribed) == (2, 1, 0)
    assert ("6月30日" in effect.old, "8月31日" in effect.new) == (True, True)
    assert (impact.offices, impact.letters, impact.no_address, impact.left) == (2, 2, 1, 0)
    assert [(each.number, each.why) for each in impact.unreached] == [("9970000002", "no-address")]
    news, *rungs = impact.days
    assert (news.occasion, news.on, news.letters, news.party) == (
        Occasion.CHANGE,
        date(2026, 4, 2),
        2,
        Party.OFFICE,
    )
    assert [each.rung for each in rungs if each.occasion is Occasion.REMINDER][:2] == ["T-60", "T-30"]
    assert [each.on for each in rungs if each.rung == "T-7"] == [date(2026, 8, 24)]
    assert "延長" in impact.samples[0].text


async def test_nothing_of_a_rehearsal_is_left_behind(shop: Workshop) -> None:
    await settled_in(shop)
    tables = (CohortRow, DeadlineRow, DeliveryRow, NoticeRow, SayingRow)
    kept = [await shop.all(each) for each in tables]
    await rehearse(shop.tools, tried(LATER))
    assert [await shop.all(each) for each in tables] == kept
    assert "derive" not in {step for step, _ in await shop.waiting()}


async def test_what_is_foretold_is_what_happens(shop: Workshop) -> None:
    await settled_in(shop)
    await shop.enrol(  # alike, sharing a mailbox, with two addresses, told of nothing
        *(enrolled(f"997000001{each}", f"alike{each}@example.jp") for each in range(3)),
        *(enrolled(f"997000002{each}", "shared@example.jp") for each in range(2)),
        enrolled("9970000031", "one@example.jp", "two@example.jp"),
        enrolled("9970000041", "deaf@example.jp"),
    )
    await shop.run()
    deaf = Subscription(told=False, reason="例")
    await subscribe(shop.tools, Selection(CITY, ("9970000041",)), deaf, "a clerk")
    impact = await rehearse(shop.tools, tried(LATER), months=6)
    await shop.publish(LATER)
    await shop.live_until(date(2026, 9, 30))
    happened: dict[tuple[date, str, str | None], int] = {}
    for each in await shop.said():
        if each.on > date(2026, 4, 1) and each.party != "editor" and each.occasion != "announcement":
            key = (each.on, each.occasion, each.rung)
            happened[key] = happened.get(key, 0) + 1
    foretold = {
        (each.on, each.occasion.value, each.rung): each.letters
        for each in impact.days
        if each.party is not Party.EDITOR and each.letters
    }
    assert foretold == happened
    assert set(foretold.values()) == {9}
    assert set(impact.by_day.values()) == {8}


async def test_what_was_played_a_moment_ago_is_not_played_again_until_somebody_does_something(
    shop: Workshop,
) -> None:
    await settled_in(shop)
    first = await rehearse(shop.tools, tried(LATER))
    assert await rehearse(shop.tools, tried(LATER)) is first
    assert await rehearse(shop.tools, tried(LATER), months=0, samples=0) is first
    assert await rehearse(shop.tools, tried(LATER), months=0, samples=0, anew=True) is not first
    await shop.enrol(enrolled("9970000004", "d@example.jp"))
    assert (await rehearse(shop.tools, tried(LATER))).offices == first.offices + 1


async def test_a_new_duty_is_foretold_to_everybody_it_concerns(shop: Workshop) -> None:
    await settled_in(shop)
    words = said(by(date(2026, 7, 31)), notice=PAPER, deadline=NEW)
    impact = await rehearse(shop.tools, Bill(PAPER, (deadline(NEW),), (words,)))
    (effect,) = impact.effects
    assert (effect.kind, effect.offices, effect.told, effect.old) == (ChangeKind.ANNOUNCED, 3, 2, "")
    assert impact.days[0].occasion is Occasion.ANNOUNCEMENT


async def test_an_authority_sees_its_own_offices_only(shop: Workshop) -> None:
    await settled_in(shop)
    impact = await rehearse(shop.tools, tried(LATER), tenant=Tenant(OTHER_CITY))
    assert [each.offices for each in impact.effects] == [1]
    assert [each.address for each in impact.samples] == ["c@example.jp"]


async def test_the_audience_is_the_same_while_nobody_comes_or_goes(shop: Workshop) -> None:
    await settled_in(shop)
    one, two = [await rehearse(shop.tools, tried(LATER), months=months) for months in (0, 3)]
    assert (one.audience, one.stamp) == (two.audience, two.stamp)
    await shop.enrol(enrolled("9970000004", "d@example.jp"))
    await shop.run()
    other = await rehearse(shop.tools, tried(LATER), months=0)
    assert other.audience != one.audience
    assert other.stamp != one.stamp


async def test_what_says_the_same_again_changes_nothing(shop: Workshop) -> None:
    await settled_in(shop)
    again = said(by(date(2026, 6, 30)), notice=PAPER)
    impact = await rehearse(shop.tools, tried(again))
    assert [(each.kind, each.label, each.offices) for each in impact.effects] == [(None, "変更なし", 3)]
    assert (impact.offices, impact.samples, REPORT) == (0, (), impact.effects[0].deadline)


async def test_a_day_is_moved_to_try_out_what_would_follow(shop: Workshop) -> None:
    await settled_in(shop)
    impact = await what_if(shop.tools, REPORT, {"by": "2026-05-29", "tentative": True}, samples=0)
    assert [(each.kind, each.offices) for each in impact.effects] == [(ChangeKind.ADVANCED, 3)]
    assert "予定" in impact.effects[0].new
    with pytest.raises(UnknownError, match="catalogue list"):
        await what_if(shop.tools, "example/nothing", {"by": "2026-05-29"})
    with pytest.raises(ValueError, match="2026-03-13"):
        await what_if(shop.tools, REPORT, {"by": "2026-02-30"})


async def test_what_is_still_to_be_worked_out_is_no_effect_of_what_is_tried(shop: Workshop) -> None:
    await settled_in(shop)
    await shop.publish(LATER)
    again = said(
        by(date(2026, 9, 30)), notice=notice(date(2026, 4, 3), id="again"), known_from=date(2026, 4, 2)
    )
    impact = await rehearse(shop.tools, tried(again), months=0)
    (effect,) = impact.effects
    assert ("8月31日" in effect.old, "9月30日" in effect.new, effect.told) == (True, True, 2)
    assert impact.letters == 2
