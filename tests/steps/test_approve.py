from datetime import date

import pytest

from notifier.errors import StoreError
from notifier.steps.accept import accept
from notifier.steps.approve import approve
from notifier.store.tables import AuditRow, DeadlineRow, NoticeRow
from tests.builders import REPORT, by, deadline, said
from tests.steps.workshop import Workshop

SAID = said(by(date(2026, 6, 30)))
ID = SAID.notice.id


async def accepted(shop: Workshop) -> None:
    await accept(shop.tools, [SAID.notice], [SAID], [deadline()], "one person")


async def test_a_second_person_lets_a_notice_speak(shop: Workshop) -> None:
    await accepted(shop)
    await approve(shop.tools, [ID], "another person")
    (kept,) = await shop.all(NoticeRow)
    assert (kept.approved_by, kept.approved_at) == ("another person", shop.tools.now())
    (touched,) = await shop.all(DeadlineRow)
    assert (touched.generation, touched.derived) == (1, 0)
    assert await shop.waiting() == [("derive", shop.tools.now())]


async def test_the_approval_is_written_down_with_the_deadlines_it_moves(shop: Workshop) -> None:
    await accepted(shop)
    await approve(shop.tools, [ID], "another person")
    written = (await shop.all(AuditRow))[-1]
    assert (written.who, written.action, written.detail) == (
        "another person",
        "notice.approved",
        {"deadlines": [REPORT]},
    )


async def test_nobody_approves_what_they_accepted_themselves(shop: Workshop) -> None:
    await accepted(shop)
    with pytest.raises(StoreError, match="accepted by one person; a second person has to approve it"):
        await approve(shop.tools, [ID], "one person")
    assert (await shop.all(NoticeRow))[0].approved_at is None
    assert await shop.waiting() == []


async def test_what_was_never_accepted_cannot_be_approved(shop: Workshop) -> None:
    await accepted(shop)
    with pytest.raises(StoreError, match="notice nowhere was never accepted; accept it first"):
        await approve(shop.tools, [ID, "nowhere"], "another person")
    assert (await shop.all(NoticeRow))[0].approved_at is None


async def test_approving_again_moves_nothing(shop: Workshop) -> None:
    await accepted(shop)
    await approve(shop.tools, [ID], "another person")
    await shop.forget_outbox()
    await approve(shop.tools, [ID], "a third person")
    assert (await shop.all(NoticeRow))[0].approved_by == "another person"
    assert (await shop.all(DeadlineRow))[0].generation == 1
    assert len(await shop.all(AuditRow)) == 2
    assert await shop.waiting() == []
