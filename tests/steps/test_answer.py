"""What a municipality answers to its offices."""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import pytest

from notifier.counter import doorway
from notifier.domain.callers import NATION, Tenant
from notifier.errors import SubscriptionRefusedError, UnknownError
from notifier.passes import Passes
from notifier.steps.answer import Answer, answer
from notifier.store import enquiries, entrances
from notifier.store.tables import AuditRow
from tests.builders import CITY
from tests.steps.pages import declared, guest, say
from tests.steps.test_declare import DUE, TODAY, owing
from tests.steps.workshop import OTHER_CITY, A, B, Workshop

HERE = Tenant(CITY)


async def asked(shop: Workshop, kind: str = "not-applicable", **more: str) -> int:
    await owing(shop)
    await say(shop, declared(kind, **{"reason": "提供していない", **more}))
    async with shop.database.reading() as conn:
        return (await enquiries.open_for(conn, HERE))[0].id


async def waiting(shop: Workshop, tenant: Tenant) -> int:
    async with shop.database.reading() as conn:
        return await enquiries.count_open(conn, tenant)


async def test_an_enquiry_waits_on_the_work_list_of_its_own_municipality_only(shop: Workshop) -> None:
    await asked(shop)
    assert await waiting(shop, HERE) == 1
    assert await waiting(shop, NATION) == 1
    assert await waiting(shop, Tenant(OTHER_CITY)) == 0


async def test_an_office_to_which_a_duty_does_not_apply_gets_no_more_mail_about_it(shop: Workshop) -> None:
    number = await asked(shop)
    await answer(shop.tools, HERE, number, Answer(upheld=True, words="対象外と確認しました。"), "a clerk")
    await shop.live_until(DUE)
    reminded = {each.party for each in await shop.said() if each.occasion == "reminder"}
    assert reminded == {f"office/{B}"}
    assert await waiting(shop, HERE) == 0
    (mail,) = [each.text for each in shop.channel.parcels if each.subject.startswith("【回答】")]
    assert "【回答】\n　対象外と認めます。" in mail
    assert "【期限】" in mail, "which duty was meant"


async def test_where_the_duty_applies_all_goes_on(shop: Workshop) -> None:
    number = await asked(shop)
    await answer(shop.tools, NATION, number, Answer(upheld=False, words="対象です。"), "a clerk")
    await shop.live_until(date(2026, 5, 1))
    reminded = {each.party for each in await shop.said() if each.occasion == "reminder"}
    assert reminded == {f"office/{A}", f"office/{B}"}
    async with shop.database.reading() as conn:
        found = await enquiries.of_office(conn, (await guest(shop)).id)
    assert [(each.state, each.answered_by, each.answer) for each in found] == [
        ("declined", "a clerk", "対象です。")
    ]


async def test_the_answer_comes_by_mail_with_the_way_to_the_page(shop: Workshop) -> None:
    number = await asked(shop, "message", words="用紙はどこですか。", reason="")
    tools = replace(shop.tools, page=partial(doorway, Passes("secret"), "https://n.example"))
    given = Answer(upheld=True, words="ホームページにあります。\nご覧ください。")
    await answer(tools, HERE, number, given, "a clerk")
    await shop.live_until(TODAY + timedelta(days=1))
    mail = shop.channel.parcels[-1]
    assert mail.recipient == "a@example.jp"
    assert "用紙はどこですか。" in mail.text
    assert "　ご覧ください。" in mail.text
    assert "https://n.example/o/" in mail.text


async def test_nobody_answers_twice_or_for_others_or_without_words(shop: Workshop) -> None:
    number = await asked(shop)
    good = Answer(upheld=True, words="わかりました。")
    with pytest.raises(SubscriptionRefusedError):
        await answer(shop.tools, HERE, number, Answer(upheld=True, words=" "), "a clerk")
    with pytest.raises(UnknownError):
        await answer(shop.tools, Tenant(OTHER_CITY), number, good, "a clerk")
    await answer(shop.tools, HERE, number, good, "a clerk")
    with pytest.raises(UnknownError):
        await answer(shop.tools, HERE, number, good, "a clerk")
    rows = [row for row in await shop.all(AuditRow) if row.action == "enquiry.answered"]
    assert [row.detail["state"] for row in rows] == ["upheld"]


async def test_an_office_is_known_by_its_number_only(shop: Workshop) -> None:
    await owing(shop)
    async with shop.database.reading() as conn:
        assert await entrances.guest(conn, "0000000000") is None
