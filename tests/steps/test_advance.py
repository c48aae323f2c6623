from datetime import date

import pytest

from notifier.domain.stages import Stage
from notifier.errors import NoticeRefusedError, UnknownError
from notifier.steps.advance import advance
from notifier.steps.approve import approve
from notifier.steps.take_in import Handed, take_in
from notifier.store import audit, inbox, tasks
from notifier.store.tables import AuditRow
from tests.steps.workshop import Workshop

PAPER = Handed(
    "通知.txt", "報告は令和８年５月11日まで（例）。".encode(), "報告の通知（例）", issued=date(2026, 3, 17)
)


async def stages(shop: Workshop, *asked: Stage) -> dict[str, Stage]:
    async with shop.database.reading() as conn:
        return {each.notice: each.stage for each in await inbox.arrived(conn, asked)}


async def test_a_notice_that_is_handed_in_is_kept_once_and_waits(shop: Workshop) -> None:
    name, is_new = await take_in(shop.tools, PAPER, "clerk")
    assert (name[:16], is_new) == ("upload-20260401-", True)
    assert await take_in(shop.tools, PAPER, "another clerk") == (name, False)
    assert await stages(shop) == {name: Stage.RECEIVED}
    async with shop.database.reading() as conn:
        assert [each.title for each in await tasks.open_tasks(conn)] == ["報告の通知（例）"]


async def test_a_notice_goes_its_way_in_the_audit_and_is_not_approved_as_the_catalogue_is(
    shop: Workshop,
) -> None:
    name, _ = await take_in(shop.tools, PAPER, "clerk")
    await advance(shop.tools, name, Stage.READ, "machine")
    with pytest.raises(NoticeRefusedError, match="notifier notice approve"):
        await approve(shop.tools, [name], "chief")
    assert await stages(shop, Stage.READ) == {name: Stage.READ}
    deeds = [each.action for each in await shop.all(AuditRow) if each.subject == f"notice/{name}"]
    assert deeds == ["notice.received", "notice.read"]
    async with shop.database.reading() as conn:
        assert await audit.first_broken(conn) is None


@pytest.mark.parametrize("end", [Stage.REJECTED, Stage.NOT_RELEVANT])
async def test_a_notice_that_was_turned_away_can_never_be_approved(shop: Workshop, end: Stage) -> None:
    name, _ = await take_in(shop.tools, PAPER, "clerk")
    with pytest.raises(NoticeRefusedError, match="理由"):
        await advance(shop.tools, name, end, "reviewer")
    await advance(shop.tools, name, end, "reviewer", "別の県の通知")
    with pytest.raises(NoticeRefusedError, match="notifier notice approve"):
        await approve(shop.tools, [name], "chief")
    async with shop.database.reading() as conn:
        assert await tasks.open_tasks(conn) == []


async def test_reviewing_is_a_step_of_its_own_and_what_is_not_there_does_not_move(shop: Workshop) -> None:
    name, _ = await take_in(shop.tools, PAPER, "clerk")
    await advance(shop.tools, name, Stage.READ, "machine")
    with pytest.raises(NoticeRefusedError, match="別の操作"):
        await advance(shop.tools, name, Stage.REVIEWED, "reviewer")
    with pytest.raises(NoticeRefusedError, match="できません"):
        await advance(shop.tools, name, Stage.APPROVED, "chief")
    with pytest.raises(UnknownError, match="notice list"):
        await advance(shop.tools, "nothing", Stage.READ, "machine")
