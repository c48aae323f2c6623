"""What an office's page is drawn from is read alike on both databases, and counts what the office has declared."""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any, cast

from notifier.counter import Counter, Visit, doorway
from notifier.domain.callers import NATION
from notifier.passes import Passes
from notifier.steps.answer import Answer, answer
from notifier.store import enquiries
from notifier.web.office.door import Caller
from notifier.web.office.seeing import Seen, see
from tests.builders import REPORT
from tests.steps.pages import declared, done, say
from tests.steps.test_declare import TODAY, owing
from tests.steps.workshop import A, Workshop

PASSES = Passes("the secret")


async def seen_by(shop: Workshop) -> Seen:
    """What the office sees now."""
    tools = replace(shop.tools, page=partial(doorway, PASSES, "https://n.example"))
    counter = Counter(tools, PASSES, bytes)
    way = doorway(PASSES, "", A, tools.now())
    visit = await counter.visit(way.url.rpartition("/")[2])
    assert isinstance(visit, Visit)
    return await see(Caller(cast("Any", None), counter, visit))


async def test_a_duty_is_shown_with_its_day_its_next_mail_and_what_can_be_done(shop: Workshop) -> None:
    await owing(shop)
    await say(shop, declared("reminder", on=date(2026, 4, 9)))
    seen = await seen_by(shop)
    (card,) = seen.view.cards()
    assert (card.path, card.group, card.left) == (f"{REPORT}/0", "todo", "あと90日")
    assert (card.next_on, card.wish) == (date(2026, 4, 9), date(2026, 4, 9))
    assert card.can == {"not-ours", "seen", "remind"}  # the invented vocabulary lets offices assert nothing
    assert [(each.occasion, each.recipient) for each in seen.letters] == [("announcement", "a@example.jp")]
    assert [each.address for each in seen.contacts] == ["a@example.jp"]
    assert seen.calendars == []


async def test_what_was_declared_done_is_shown_as_held_until_it_is_filed(shop: Workshop) -> None:
    await owing(shop)
    await say(shop, done(TODAY))
    (card,) = (await seen_by(shop)).view.cards()
    assert card.pending is not None
    await shop.live_until(TODAY + timedelta(days=1))
    (card,) = (await seen_by(shop)).view.cards()
    assert (card.group, card.settled_on, card.pending, card.next_on) == ("done", TODAY, None, None)


async def test_what_the_municipality_agrees_does_not_apply_stands_apart(shop: Workshop) -> None:
    await owing(shop)
    await say(shop, declared("not-applicable", reason="提供していない"))
    async with shop.database.reading() as conn:
        (asked,) = await enquiries.open_for(conn, NATION)
    await answer(shop.tools, NATION, asked.id, Answer(upheld=True, words="確認しました。"), "a clerk")
    seen = await seen_by(shop)
    (card,) = seen.view.cards()
    assert (card.group, card.is_untold, card.next_on) == ("excused", True, None)
    assert [each.answer for each in seen.enquiries] == ["確認しました。"]
