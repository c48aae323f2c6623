"""From the letter to the answer and back, over real SMTP, on both databases."""

import asyncio
import smtplib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from email.message import EmailMessage

import pytest
import pytest_asyncio

from notifier.catalogue.vocabulary import FactType
from notifier.channels.receiver import LARGEST
from notifier.domain.codes import Codes
from notifier.domain.returns import LONGEST_LOCAL, Returns, Sent, returns_to
from notifier.errors import NotifierError
from notifier.letterbox import Letterbox, NotOursError
from notifier.store.declarations import DeclarationRow
from notifier.store.incoming import IncomingRow
from tests.builders import by, deadline, said, settlement
from tests.programs import PROGRAMS
from tests.steps.workshop import A, Workshop, enrolled

RETURNS = returns_to(
    "henshin@kigen.example.jp", frozenset({"kigen@kigen.example.jp"}), "kigen.example.jp", "secret"
)
APPLIED = FactType("grant.applied", "申請（例）", "office", ("office",), {"type": "object"})


@pytest_asyncio.fixture
async def town(shop: Workshop) -> AsyncIterator[Workshop]:
    """An office that has had one letter about one duty."""
    catalogue = replace(shop.tools.catalogue, facts={**shop.tools.catalogue.facts, "grant.applied": APPLIED})
    tools = replace(shop.tools, codes=Codes((b"key",)), returns=RETURNS, catalogue=catalogue)
    opened = replace(shop, tools=tools)
    duty = deadline("grant/apply", settled_by=(settlement("grant.applied"),))
    await opened.publish(said(by(date(2026, 6, 1)), deadline="grant/apply"), deadlines=[duty])
    await opened.enrol(enrolled(A, "a@example.jp"))
    await opened.live_until(date(2026, 4, 2))
    yield opened


@pytest.mark.parametrize("style", ["gmail", "outlook_in_japanese", "carrier_phone"])
async def test_an_answer_to_a_real_letter_settles_what_it_names(town: Workshop, style: str) -> None:
    parcel = town.channel.parcels[0]
    assert "このメールへの返信でも登録できます" in parcel.text
    assert parcel.return_path == RETURNS.path(Sent.LETTER, 1)
    code = parcel.text.split("【整理番号】")[1].split()[0]
    message = EmailMessage()
    message["From"], message["Subject"], message["Message-ID"] = (
        "a@example.jp",
        f"Re: {parcel.subject}",
        "<1@a>",
    )
    message.set_content(
        PROGRAMS[style](f"{code}　済みです", parcel.text),
        charset="iso-2022-jp" if style == "gmail" else "utf-8",
    )
    woken = asyncio.Event()
    async with Letterbox(town.tools, woken.set).listening("127.0.0.1", 0) as port:

        def send() -> None:
            with smtplib.LMTP("127.0.0.1", port) as session:
                session.sendmail("a@example.jp", [RETURNS.address], message.as_bytes())

        await asyncio.to_thread(send)
        assert woken.is_set()
        assert [each.state for each in await town.all(IncomingRow)] == ["received"]
        await town.run()
    assert [each.reason for each in await town.all(IncomingRow)] == ["recorded"]
    assert [each.deadline for each in await town.all(DeclarationRow)] == ["grant/apply"]
    assert town.channel.parcels[-1].return_path == RETURNS.path(Sent.MEMO, 1)


async def test_a_mail_through_a_pipe_is_kept_with_the_envelope_it_bears(town: Workshop) -> None:
    box = Letterbox(town.tools)
    head = b"From x@a.jp Wed Apr  1 09:00:00 2026\nDelivered-To: Henshin+x@kigen.example.jp\nMessage-ID: <%d@a>\n\nx\n"
    assert await box.take(head % 1, None, None)
    assert await box.take(b"Return-Path: <>\nMessage-ID: <2@a>\n\nx\n", None, None)
    assert await box.take(b"Message-ID: <3@a>\n\nx\n", "y@a.jp", RETURNS.address)
    assert await box.take(b"From MAILER-DAEMON Wed\nMessage-ID: <4@a>\n\nx\n", None, None)
    assert not await box.take(head % 1, None, None)
    rows = [(each.envelope_sender, each.recipient, each.way) for each in await town.all(IncomingRow)]
    assert rows == [
        ("x@a.jp", "henshin+x@kigen.example.jp", "pipe"),
        ("", RETURNS.address, "pipe"),
        ("y@a.jp", RETURNS.address, "pipe"),
        ("", RETURNS.address, "pipe"),
    ]


async def test_what_is_not_ours_or_too_large_is_not_kept(town: Workshop) -> None:
    box = Letterbox(town.tools)
    with pytest.raises(NotOursError, match="no address of ours"):
        await box.take(b"x", None, "other@kigen.example.jp")
    with pytest.raises(NotOursError, match="too large"):
        await box.take(b"x" * (LARGEST + 1), None, None)
    with pytest.raises(NotifierError, match="NOTIFIER_REPLY_ADDRESS"):
        Letterbox(replace(town.tools, returns=None))


# ---- return paths ----


def test_a_return_path_proves_which_letter_came_back() -> None:
    path = RETURNS.path(Sent.LETTER, 42)
    assert path.startswith("henshin+l42-")
    assert RETURNS.read(path.upper()) == (Sent.LETTER, 42)
    assert RETURNS.takes(path)
    for forged in (
        path.replace("l42", "l43"),
        path.replace("l42", "m42"),
        path.replace("henshin", "x"),
        RETURNS.address,
    ):
        assert RETURNS.read(forged) is None
    other = Returns(RETURNS.address, (b"another key",), RETURNS.ourselves)
    assert other.read(path) is None
    assert Returns(RETURNS.address, (*other.keys, *RETURNS.keys), RETURNS.ourselves).read(path) == (
        Sent.LETTER,
        42,
    )
    assert not RETURNS.takes("other@kigen.example.jp")
    assert not RETURNS.takes("henshin@elsewhere.example.jp")


def test_a_return_path_is_no_longer_than_an_address_may_be() -> None:
    longest = returns_to("a" * LONGEST_LOCAL + "@x.jp", frozenset(), "x.jp", "s")
    assert len(longest.path(Sent.LETTER, 10**19 - 1).partition("@")[0]) <= 64
