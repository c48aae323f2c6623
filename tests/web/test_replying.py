"""Answering a mail in the demonstration: a visitor writes, and the answer comes in as any mail would."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import EmailMessage

import aiohttp
import pytest_asyncio
from pydantic import SecretStr

from notifier.clock import SystemClock
from notifier.domain.callers import NATION
from notifier.reading.mails import read_mail
from notifier.service import Service
from notifier.settings import Settings
from notifier.store import incoming
from notifier.store.mailbox import MailboxStore


@dataclass
class Place:
    """The pages with a mailbox that holds one mail."""

    address: str
    service: Service


@pytest_asyncio.fixture
async def place(sqlite_file_url: str) -> AsyncIterator[Place]:
    settings = Settings(
        database_url=SecretStr(sqlite_file_url),
        http_port=0,
        reply_address="henshin@notifier.example",
        secret_key=SecretStr("s" * 32),
    )
    mails = MailboxStore()
    letter = EmailMessage()
    letter["From"], letter["Subject"] = "市 <kigen@notifier.example>", "【期限6/1】年次報告"
    letter.set_content("【整理番号】K7MP-4XQT3\n")
    async with Service.open(settings, clock=SystemClock()) as service:
        await mails.add_many([("a@office.example", letter.as_bytes(), service.tools.now())])
        async with service.door(mails) as address:
            yield Place(address, service)
    await mails.close()


async def test_an_answer_that_is_tried_comes_in_with_the_mail_quoted(place: Place) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as visitor:
        async with visitor.get(f"{place.address}/mailbox/1") as shown:
            assert "返信を試す" in await shown.text()
        sent = {"text": "K7MP-4XQT3 済"}
        here = {"Origin": place.address}
        way = f"{place.address}/mailbox/1/reply"
        async with visitor.post(way, data=sent, headers=here, allow_redirects=False) as answered:
            assert (answered.status, answered.headers["Location"]) == (303, "/mailbox/1")
        async with visitor.get(f"{place.address}/mailbox/1") as shown:
            assert "返信を送りました" in await shown.text()
    async with place.service.database.reading() as conn:
        waiting = await incoming.next_received(conn)
        assert await incoming.count_unclear(conn, NATION) == 0
    assert waiting is not None
    mail = read_mail(waiting.content)
    assert (mail.author, mail.subject) == ("a@office.example", "Re: 【期限6/1】年次報告")
    assert mail.text.startswith("K7MP-4XQT3 済\n")
    assert "> 【整理番号】K7MP-4XQT3" in mail.text


async def test_an_empty_answer_and_a_mail_that_is_not_there_are_refused(place: Place) -> None:
    async with aiohttp.ClientSession(headers={"Origin": place.address}) as visitor:
        async with visitor.post(f"{place.address}/mailbox/1/reply", data={"text": " "}) as answered:
            assert answered.status == 422
            assert "返信の本文" in await answered.text()
        async with visitor.post(f"{place.address}/mailbox/9/reply", data={"text": "済"}) as answered:
            assert answered.status == 404
        elsewhere = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        async with visitor.post(
            f"{place.address}/mailbox/1/reply", data={"text": "済"}, headers=elsewhere
        ) as answered:
            assert answered.status == 403
