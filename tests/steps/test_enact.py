from datetime import date

import pytest

from notifier.domain.callers import Tenant
from notifier.domain.stages import Stage
from notifier.drafting import Draft
from notifier.errors import NoticeRefusedError, SecondPersonError, UnknownError
from notifier.rehearsal import rehearse
from notifier.reviewing import AtHand, bill_of
from notifier.steps.advance import advance
from notifier.steps.draw_up import draw_up
from notifier.steps.enact import CONTENT_DRIFTED, Bound, DriftError, MovedError, enact
from notifier.steps.sign import sign
from notifier.steps.take_in import take_in
from notifier.store import inbox, reviews
from notifier.store.reviews import Signed
from notifier.tools import law_on
from tests.notices import desk, handed_in, paper, reviewed
from tests.steps.workshop import OTHER_CITY, Workshop, enrolled

NOTHING = Draft({"title": "例"}, {}, [], [])


async def bound(shop: Workshop, name: str) -> Bound:
    """Who would be told what, now."""
    async with shop.database.reading() as conn:
        review = await reviews.find(conn, name)
        law = await law_on(conn, shop.tools, shop.tools.today())
    assert review is not None
    impact = await rehearse(
        shop.tools, bill_of(review, AtHand(law, shop.tools.catalogue)), months=0, samples=0
    )
    return Bound(impact.audience, impact.offices, impact.stamp)


async def stage_of(shop: Workshop, name: str) -> Stage:
    async with shop.database.reading() as conn:
        found = await inbox.find(conn, name, lock=False)
    assert found is not None
    return found.stage


async def test_a_second_person_approves_what_was_reviewed_and_for_whom(shop: Workshop) -> None:
    name = await reviewed(shop)
    seen = await bound(shop, name)
    with pytest.raises(SecondPersonError):
        await enact(shop.tools, name, seen, "reviewer")
    with pytest.raises(UnknownError):
        await enact(shop.tools, name, seen, "chief", tenant=Tenant(OTHER_CITY))
    await enact(shop.tools, name, seen, "chief")
    assert await stage_of(shop, name) is Stage.APPROVED
    with pytest.raises(NoticeRefusedError, match="承認済み"):
        await enact(shop.tools, name, seen, "chief")


async def test_what_has_moved_since_the_audience_was_worked_out_is_worked_out_anew(shop: Workshop) -> None:
    name = await reviewed(shop)
    seen = await bound(shop, name)
    await shop.enrol(enrolled("9970000003", "c@example.jp"))
    with pytest.raises(MovedError):
        await enact(shop.tools, name, seen, "chief")
    assert await stage_of(shop, name) is Stage.REVIEWED


async def test_another_content_than_was_reviewed_is_never_approved(shop: Workshop) -> None:
    name = await handed_in(shop)
    seen = await bound(shop, name)
    review = await desk(shop, "reviewer").review(name)
    await sign(shop.tools, name, review, Signed("another content", seen.audience, seen.offices), "reviewer")
    with pytest.raises(DriftError, match=CONTENT_DRIFTED):
        await enact(shop.tools, name, seen, "chief")
    assert await stage_of(shop, name) is Stage.READ


async def test_only_what_was_seen_is_signed(shop: Workshop) -> None:
    name = await handed_in(shop)
    signed = Signed("content", "audience", 1)
    seen = await desk(shop, "reviewer").review(name)
    await desk(shop, "another").correct(name, {"number": "例発第21号"})
    with pytest.raises(NoticeRefusedError, match="もう一度確かめてください"):
        await sign(shop.tools, name, seen, signed, "reviewer")
    with pytest.raises(UnknownError):
        await sign(shop.tools, name, seen, signed, "reviewer", tenant=Tenant(OTHER_CITY))
    await desk(shop, "reviewer").turn_away(name, "別の県", relevant=False)
    with pytest.raises(NoticeRefusedError, match="対象外"):
        await sign(shop.tools, name, seen, signed, "reviewer")


async def test_what_was_read_is_kept_once_and_only_of_what_came_in(shop: Workshop) -> None:
    name, _ = await take_in(shop.tools, paper(), "clerk")
    with pytest.raises(UnknownError):
        await draw_up(shop.tools, "nothing", NOTHING, "clerk")
    await advance(shop.tools, name, Stage.READ, "clerk")
    assert await draw_up(shop.tools, name, NOTHING, "clerk")
    assert not await draw_up(shop.tools, name, NOTHING, "clerk")
    assert await stage_of(shop, name) is Stage.READ


async def test_what_a_source_brought_is_read_once_somebody_opens_it(shop: Workshop) -> None:
    shop.turn_to(date(2026, 4, 2))
    name, _ = await take_in(shop.tools, paper(), "watch")
    with pytest.raises(UnknownError, match="読み取られていません"):
        await desk(shop, "reviewer").review(name)
    first = await desk(shop, "reviewer").read(name)
    assert await desk(shop, "another").read(name) == first
    assert first.identity["issued"] == "2026-04-02"
    assert await stage_of(shop, name) is Stage.READ
