from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest

from notifier.catalogue import load
from notifier.channels.recorder import RecorderChannel
from notifier.cli.explanation import lines_of
from notifier.clock import TurnedClock
from notifier.domain.obligations import State
from notifier.enlisting import Wanted
from notifier.errors import UnknownError
from notifier.explaining import Explained, explain
from notifier.intake import Inbound, receive
from notifier.publishing import notices_of, publish_notices
from notifier.running import run_due
from notifier.simulation import offline_tools
from notifier.steps.enlist import enlist
from notifier.store.database import Database
from notifier.store.migration import create_all
from notifier.tools import Tools

A = "1270000001"
LIST = f"事業所番号,事業所名,サービス種類,メールアドレス\n{A},ケアプランA,43,a@example.jp\n".encode()
APPLY = "platform-subsidy/apply"


@pytest.fixture(scope="module")
async def tools() -> AsyncIterator[Tools]:
    """Office A as of 2026-01-21, the day of the editor's decision, and its application a week later."""
    async with await Database.open("sqlite+aiosqlite://") as database:
        await create_all(database)
        clock = TurnedClock(datetime(2026, 1, 21, 0, 0, tzinfo=UTC))
        tools = offline_tools(database, clock, load(), RecorderChannel())
        await publish_notices(tools, list(notices_of(tools.catalogue)))
        await enlist(tools, LIST, Wanted("121002"), "clerk")
        await run_due(tools)
        clock.turn_to(datetime(2026, 1, 28, 0, 0, tzinfo=UTC))
        await receive(tools, Inbound("test", "1", "platform-subsidy.accepted", clock.now(), A, None, {}))
        await run_due(tools)
        yield tools


def only(explained: Explained) -> tuple[State, str]:
    (each,) = explained.explanations
    assert each.obligation.decision is not None
    return each.obligation.state, each.obligation.decision.due.wording


async def test_a_settled_duty_is_explained_with_its_sources_and_what_was_sent(tools: Tools) -> None:
    explained = await explain(tools, A, APPLY)
    assert only(explained) == (State.SETTLED, "令和8年3月13日（金）［2026-03-13］まで（予定）")
    said = explained.explanations[0].said
    assert [line.occasion for line in said] == ["announcement", "acknowledgement"]

    text = "\n".join(lines_of(explained))
    assert "platform-subsidy/apply  介護情報基盤の活用に向けた助成金の申請: 済み（2026-01-28）" in text
    assert "目安　　2026-03-10" in text
    assert "根拠　　令和8年3月13日（金）［2026-03-13］まで（予定） ／ decision-2026-01-21" in text
    assert "以前　　令和8年3月上旬" in text
    assert "階層　　国" in text
    assert "計算　　文書の書き方: by=2026-03-13" in text
    assert "予告　　" in text
    assert "送信　　2026-01-28 受領 email a@example.jp" in text


async def test_what_held_on_a_day_counts_only_the_facts_until_then(tools: Tools) -> None:
    before = await explain(tools, A, APPLY, on=date(2026, 1, 27))
    assert only(before)[0] is State.OPEN


async def test_what_was_known_on_a_day_knows_nothing_later(tools: Tools) -> None:
    known = await explain(tools, A, APPLY, on=date(2026, 1, 12), known_on=date(2026, 1, 12))
    assert only(known) == (State.WAITING_FOR_DATE, "申請の締切はまだ公表されていません")
    assert known.explanations[0].said == ()


async def test_a_duty_of_others_is_explained_by_why_it_does_not_concern_the_office(tools: Tools) -> None:
    explained = await explain(tools, A, "wage-support")
    states = {each.deadline.id: each.obligation.state for each in explained.explanations}
    assert states["wage-support/join-cpdl"] is State.NOT_APPLICABLE
    assert "理由　　対象は訪問・通所などのサービスの事業所" in "\n".join(lines_of(explained))


async def test_every_duty_of_the_catalogue_can_be_explained(tools: Tools) -> None:
    explained = await explain(tools, A, known_on=date(2026, 12, 31))
    told = {each.deadline.id for each in explained.explanations}
    assert told == {name for name, each in tools.catalogue.deadlines.items() if "office" in each.parties}
    assert len(list(lines_of(explained))) > len(told)


async def test_an_unknown_office_and_an_unknown_deadline_are_named(tools: Tools) -> None:
    with pytest.raises(UnknownError, match="No office has the number '9'"):
        await explain(tools, "9")
    with pytest.raises(UnknownError, match="Nothing is known about 'no/such'"):
        await explain(tools, A, "no/such")
