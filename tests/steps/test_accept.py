from dataclasses import replace
from datetime import date

import pytest

from notifier.errors import StoreError
from notifier.steps.accept import accept
from notifier.store.tables import AuditRow, DeadlineRow, NoticeRow, StatementRow
from tests.builders import REPORT, by, deadline, notice, said
from tests.steps.workshop import A, Workshop, enrolled

SAID = said(by(date(2026, 6, 30)))


async def test_an_accepted_notice_is_kept_with_what_it_says_and_by_whom(shop: Workshop) -> None:
    await accept(shop.tools, [SAID.notice], [SAID], [deadline()], "one person")
    (kept,) = await shop.all(NoticeRow)
    assert (kept.id, kept.accepted_by, kept.approved_at) == (SAID.notice.id, "one person", None)
    assert kept.accepted_at == shop.tools.now()
    assert [row.id for row in await shop.all(StatementRow)] == [SAID.id]
    assert [row.id for row in await shop.all(DeadlineRow)] == [REPORT]
    (written,) = await shop.all(AuditRow)
    assert (written.who, written.action, written.subject) == (
        "one person",
        "notice.accepted",
        f"notice/{SAID.notice.id}",
    )


async def test_until_it_is_approved_a_notice_is_silent(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"))
    await accept(shop.tools, [SAID.notice], [SAID], [deadline()], "one person")
    await shop.live_until(date(2026, 7, 2))
    assert await shop.said() == []


async def test_accepting_the_same_again_changes_nothing(shop: Workshop) -> None:
    for who in ("one person", "somebody else"):
        await accept(shop.tools, [SAID.notice], [SAID], [deadline()], who)
    assert [row.accepted_by for row in await shop.all(NoticeRow)] == ["one person"]
    assert len(await shop.all(StatementRow)) == 1
    assert len(await shop.all(AuditRow)) == 1


async def test_a_statement_is_never_overwritten_by_another_text(shop: Workshop) -> None:
    await accept(shop.tools, [SAID.notice], [SAID], [deadline()], "one person")
    other = replace(SAID, due=by(date(2026, 7, 31)))
    fresh = notice(date(2026, 5, 1))
    with pytest.raises(StoreError, match="says something else; give the new one another id"):
        await accept(shop.tools, [fresh], [other], [deadline()], "one person")
    assert [row.id for row in await shop.all(NoticeRow)] == [SAID.notice.id]
    assert (await shop.all(StatementRow))[0].content["due"] == {"by": "2026-06-30"}


async def test_a_notice_without_statements_waits_to_be_read(shop: Workshop) -> None:
    await accept(shop.tools, [notice()], [], [], "one person")
    assert await shop.all(StatementRow) == []
    assert await shop.waiting() == []
