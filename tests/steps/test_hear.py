"""Mail comes in and is heard: what is clear is done, the rest waits for people, and machines get no answer."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text, update

from notifier.answering import GRACE, MOST_A_DAY, MOST_CONFIRMED, REASONS
from notifier.catalogue.vocabulary import FactType
from notifier.clock import japan_time
from notifier.domain.applicability import Recorded
from notifier.domain.callers import NATION, Tenant
from notifier.domain.codes import Codes
from notifier.domain.origins import OFFICE_MAIL
from notifier.domain.returns import Sent, returns_to
from notifier.errors import StoreError, UnknownError
from notifier.reading.mails import read_mail
from notifier.steps.collect import collect
from notifier.steps.forget import KEPT, forget
from notifier.steps.hear import _hear, hear
from notifier.steps.lay_aside import lay_aside
from notifier.store import audit_records, incoming
from notifier.store.database import table
from notifier.store.declarations import DeclarationRow
from notifier.store.enquiries import EnquiryRow
from notifier.store.happenings import MessageRow
from notifier.store.incoming import IncomingRow
from notifier.store.memos import MemoRow
from notifier.store.tables import ContactRow, DeliveryRow, FactRow, LetterRow, ObligationRow, OfficeRow
from tests.builders import CITY, by, deadline, pattern, said, settlement
from tests.steps.test_herald import listen
from tests.steps.workshop import OTHER_CITY, A, B, Workshop, enrolled, workshop

CODES = Codes((b"this installation",))
RETURNS = returns_to(
    "Henshin@kigen.example.jp", frozenset({"kigen@kigen.example.jp"}), "kigen.example.jp", "secret"
)
FACTS = {
    name: FactType(name, label, "office", ("office", "editor"), schema)
    for name, label, schema in (
        ("grant.applied", "申請（例）", {"type": "object", "properties": {"note": {"type": "string"}}}),
        (
            "grant.held",
            "取得（例）",
            {"type": "object", "required": ["tier"], "properties": {"tier": {"type": "string"}}},
        ),
    )
}


class Post:
    """A workshop in which three things are owed, and mail comes in."""

    def __init__(self, shop: Workshop) -> None:
        self.shop = shop
        self.sent = 0

    def code(self, office: int = 1, duty: str = "grant/apply") -> str:
        return CODES.of_office(office, duty, 0)

    async def bring(
        self,
        text: str,
        author: str = "a@example.jp",
        to: str = RETURNS.address,
        envelope: str | None = None,
        **headers: str,
    ) -> bool:
        self.sent += 1
        message = EmailMessage()
        message["From"] = f"ケアプランA <{author}>"
        message["Subject"] = headers.pop("Subject", "Re: 【期限6/1(月)】年次報告")
        message["Message-ID"] = headers.pop("Message_ID", f"<{self.sent}@example.jp>")
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content(text)
        return await collect(
            self.shop.tools, message.as_bytes(), author if envelope is None else envelope, to, "test"
        )

    async def hear(self, text: str, author: str = "a@example.jp", **more: str) -> Any:
        """Bring a mail, let it be heard, and return its row."""
        await self.bring(text, author, **more)
        await self.shop.run()
        return (await self.shop.all(IncomingRow))[-1]

    async def mails(self) -> Sequence[Any]:
        return await self.shop.all(MemoRow)

    async def wait(self, span: timedelta) -> None:
        self.shop.clock.turn_to(self.shop.tools.now() + span)
        await self.shop.run()


@pytest_asyncio.fixture
async def post(shop: Workshop) -> AsyncIterator[Post]:
    """Two offices in two cities owe three things; the mail of the first office is a@example.jp."""
    catalogue = replace(shop.tools.catalogue, facts={**shop.tools.catalogue.facts, **FACTS})
    opened = replace(shop, tools=replace(shop.tools, codes=CODES, returns=RETURNS, catalogue=catalogue))
    duties = {"grant/apply": "grant.applied", "grant/hold": "grant.held", "grant/free": ""}
    away = Recorded(pattern("example.declined"))
    entries = [
        deadline(
            name,
            settled_by=(settlement(kind),) if kind else (),
            title=f"{name}のこと",
            excluded=None if kind else away,
        )
        for name, kind in duties.items()
    ]
    await opened.publish(*(said(by(date(2026, 6, 1)), deadline=name) for name in duties), deadlines=entries)
    await opened.enrol(
        enrolled(A, "a@example.jp", "both@example.jp"),
        enrolled(B, "b@example.jp", "both@example.jp", municipality=OTHER_CITY),
    )
    await opened.run()
    assert [each.id for each in await opened.all(OfficeRow)] == [1, 2]
    yield Post(opened)


# ---- done ----


async def test_done_is_declared_confirmed_and_becomes_a_fact(post: Post) -> None:
    heard = await post.hear(f"お世話になっております。\n{post.code()}　済です。\nよろしくお願いいたします。")
    assert (heard.state, heard.kind, heard.reason, heard.office_id) == ("heard", "answer", "recorded", 1)
    (mail,) = await post.mails()
    assert (mail.recipient, mail.state) == ("a@example.jp", "accepted")
    for words in ("「済」として受け付けました", post.code(), "grant/applyのこと", "取消", "60分以内"):
        assert words in mail.text
    assert [each.type for each in await post.shop.all(FactRow)] == []
    await post.wait(GRACE)
    (fact,) = await post.shop.all(FactRow)
    assert (fact.type, fact.on, fact.source) == ("grant.applied", date(2026, 4, 1), OFFICE_MAIL)
    settled = [each.deadline for each in await post.shop.all(ObligationRow) if each.settled_on]
    assert settled == ["grant/apply"]


async def test_what_was_answered_stands_in_the_audit_of_the_municipality(post: Post) -> None:
    await post.hear(f"{post.code()} 済")
    async with post.shop.database.reading() as conn:
        rows = await audit_records.rows(conn, Tenant(CITY), audit_records.Wanted(), None, 50)
    (row,) = [each for each in rows if each.action == "reply.understood"]
    assert row.subject == f"office/{A}"
    assert row.detail["outcome"] == "recorded"


async def test_a_mail_that_comes_twice_counts_once(post: Post) -> None:
    assert await post.bring(f"{post.code()} 済", Message_ID="<same@example.jp>")
    assert not await post.bring(f"{post.code()} 該当なし", Message_ID="<same@example.jp>")
    await post.shop.run()
    assert len(await post.shop.all(IncomingRow)) == 1
    assert len(await post.mails()) == 1


async def test_what_is_done_already_is_said_to_be(post: Post) -> None:
    await post.hear(f"{post.code()} 済")
    again = await post.hear(f"{post.code()} 済")
    assert again.reason == "already"
    await post.wait(GRACE)
    settled = await post.hear(f"{post.code()} 済")
    assert settled.reason == "already"
    assert "すでに受け付けています" in (await post.mails())[-1].text
    assert len(await post.shop.all(DeclarationRow)) == 1


async def test_a_fact_that_was_recorded_and_has_no_consequence_yet_counts(post: Post) -> None:
    await post.shop.note("grant.applied")
    await post.bring(f"{post.code()} 済")
    await hear(post.shop.tools)
    assert [each.reason for each in await post.shop.all(IncomingRow)] == ["already"]


async def test_what_an_office_does_not_owe_any_more_waits_for_people(post: Post) -> None:
    await post.shop.note("example.declined")
    await post.bring(f"{post.code(1, 'grant/free')} 済")
    await hear(post.shop.tools)
    assert [each.reason for each in await post.shop.all(IncomingRow)] == ["not-owed"]
    assert [each.reason for each in await post.shop.all(EnquiryRow)] == [REASONS["not-owed"]]


@pytest.mark.parametrize("duty", ["grant/hold", "grant/free"])
async def test_where_done_alone_says_too_little_people_ask(post: Post, duty: str) -> None:
    heard = await post.hear(f"{post.code(1, duty)} 済")
    assert heard.reason == "more-needed"
    (asked,) = await post.shop.all(EnquiryRow)
    assert (asked.kind, asked.deadline, asked.state) == ("message", duty, "open")
    assert asked.reason == REASONS["more-needed"]
    assert "済" in asked.words
    assert "担当者に伝えました" in (await post.mails())[0].text


async def test_several_items_of_several_offices_are_answered_in_one_mail(post: Post) -> None:
    heard = await post.hear(f"{post.code(1)} 済\n{post.code(2)} 該当なし", "both@example.jp")
    assert (heard.reason, heard.office_id) == ("recorded asked", None)
    assert [each.office_id for each in await post.shop.all(DeclarationRow)] == [1]
    assert [each.office_id for each in await post.shop.all(EnquiryRow)] == [2]


# ---- not applicable, undone ----


async def test_not_applicable_waits_for_the_municipality_and_the_duty_stays(post: Post) -> None:
    heard = await post.hear(f"{post.code()} 該当なし")
    assert heard.reason == "asked"
    (asked,) = await post.shop.all(EnquiryRow)
    assert (asked.kind, asked.office_id, asked.deadline, asked.state) == (
        "not-applicable",
        1,
        "grant/apply",
        "open",
    )
    assert not any(each.settled_on for each in await post.shop.all(ObligationRow))
    again = await post.hear(f"{post.code()} 該当なし")
    assert again.reason == "already"
    assert len(await post.shop.all(EnquiryRow)) == 1


async def test_what_was_answered_can_be_undone_for_a_while(post: Post) -> None:
    await post.hear(f"{post.code()} 済")
    heard = await post.hear(f"取消\n\n> ■grant/applyのこと\n> 整理番号　{post.code()}\n")
    assert heard.reason == "undone"
    await post.wait(GRACE)
    assert await post.shop.all(FactRow) == []
    await post.hear(f"{post.code()} 該当なし")
    assert (await post.hear(f"{post.code()} 取消")).reason == "undone"
    assert [each.state for each in await post.shop.all(EnquiryRow)] == ["withdrawn"]


async def test_what_is_undone_too_late_waits_for_people(post: Post) -> None:
    await post.hear(f"{post.code()} 済")
    await post.wait(GRACE)
    heard = await post.hear(f"{post.code()} 取り消します")
    assert heard.reason == "too-late"
    assert [each.kind for each in await post.shop.all(EnquiryRow)] == ["message"]


# ---- left to people ----


@pytest.mark.parametrize(
    "text,reason",
    [
        ("{} まだ済んでいません", "other-words"),
        ("{} どうすればよいですか？", "other-words"),
        ("よろしくお願いします {}", "no-answer"),
        ("", "nothing-written"),
    ],
)
async def test_what_is_not_sure_waits_for_the_offices_municipality(
    post: Post, text: str, reason: str
) -> None:
    heard = await post.hear(text.format(post.code()))
    assert (heard.state, heard.reason, heard.office_id, heard.authority) == ("heard", reason, 1, CITY)
    (asked,) = await post.shop.all(EnquiryRow)
    assert (asked.kind, asked.office_id, asked.reason) == ("message", 1, REASONS[reason])
    assert "a@example.jp" in asked.words
    assert "担当者が読んで" in (await post.mails())[0].text
    assert await post.shop.all(DeclarationRow) == []


async def test_a_stranger_settles_nothing_and_gets_no_answer(post: Post) -> None:
    heard = await post.hear(f"{post.code()} 済", "stranger@example.com")
    assert (heard.state, heard.reason, heard.office_id) == ("heard", "unknown-sender", 1)
    assert await post.shop.all(DeclarationRow) == []
    assert await post.mails() == []
    (asked,) = await post.shop.all(EnquiryRow)
    assert "stranger@example.com" in asked.words


async def test_another_office_settles_nothing_here(post: Post) -> None:
    heard = await post.hear(f"{post.code()} 済", "b@example.jp")
    assert heard.reason == "unknown-sender"
    assert await post.shop.all(DeclarationRow) == []


async def test_an_author_whom_the_mail_server_disowns_is_a_stranger(post: Post) -> None:
    heard = await post.hear(
        f"{post.code()} 済", Authentication_Results="mx.example.jp; spf=pass; dmarc=fail (p=none)"
    )
    assert heard.reason == "unknown-sender"
    assert await post.mails() == []


async def test_an_address_that_nobody_confirmed_proves_nothing(post: Post) -> None:
    async with post.shop.database.transaction() as conn:
        contact = ContactRow.__table__  # type: ignore[attr-defined]  # SQLModel hides it
        entered = {"active": False, "reason": "unverified", "origin": "office"}
        await conn.execute(contact.update().where(contact.c.address == "a@example.jp").values(**entered))
    assert (await post.hear(f"{post.code()} 済")).reason == "unknown-sender"


async def test_the_case_of_an_address_does_not_matter(post: Post) -> None:
    assert (await post.hear(f"{post.code()} 済", "A@Example.JP")).reason == "recorded"


async def test_a_code_of_another_installation_names_nothing(post: Post) -> None:
    heard = await post.hear(f"{Codes((b'other',)).of_office(1, 'grant/apply', 0)} 済")
    assert (heard.reason, heard.office_id) == ("unknown-code", 1)


async def test_where_there_is_one_municipality_it_reads_what_no_office_is_known_of(post: Post) -> None:
    async with post.shop.database.transaction() as conn:
        await conn.execute(update(table(OfficeRow)).values(municipality=CITY))
    heard = await post.hear("済です", "stranger@example.com", envelope="x@example.com")
    assert (heard.state, heard.authority) == ("unclear", CITY)


@pytest.mark.parametrize(
    "author,authority", [("stranger@example.com", ""), ("both@example.jp", ""), ("nobody", "")]
)
async def test_a_mail_of_which_no_office_is_known_waits_on_a_list_of_its_own(
    post: Post, author: str, authority: str
) -> None:
    heard = await post.hear("済です", author, envelope="x@example.com")
    assert (heard.state, heard.reason, heard.authority) == ("unclear", "no-code", authority)
    async with post.shop.database.reading() as conn:
        (seen,) = await incoming.unclear(conn, NATION)
        assert await incoming.count_unclear(conn, NATION) == 1
        assert await incoming.unclear(conn, Tenant(CITY)) == []
    assert (seen.written, seen.office) == ("済です", "")


async def test_a_clerk_lays_a_mail_aside(post: Post) -> None:
    heard = await post.hear("済です", "stranger@example.com")
    with pytest.raises(UnknownError):
        await lay_aside(post.shop.tools, Tenant(CITY), heard.id, "a clerk")
    await lay_aside(post.shop.tools, NATION, heard.id, "a clerk", " 電話で確認 ")
    (row,) = await post.shop.all(IncomingRow)
    assert (row.state, row.closed_by, row.words) == ("closed", "a clerk", "電話で確認")
    with pytest.raises(UnknownError):
        await lay_aside(post.shop.tools, NATION, heard.id, "a clerk")


async def test_staff_see_what_came_from_an_office_and_the_mail_itself(post: Post) -> None:
    heard = await post.hear(f"{post.code()} 済")
    async with post.shop.database.reading() as conn:
        (seen,) = await incoming.of_office(conn, Tenant(CITY), 1)
        assert seen.office == A
        source = await incoming.source(conn, Tenant(CITY), heard.id)
        assert source is not None
        assert b"Message-ID: <1@example.jp>" in source
        assert await incoming.source(conn, Tenant(OTHER_CITY), heard.id) is None
        assert await incoming.of_office(conn, Tenant(OTHER_CITY), 1) == []


async def test_old_mails_are_forgotten_and_what_they_were_is_not(post: Post) -> None:
    heard = await post.hear(f"{post.code()} 済")
    async with post.shop.database.transaction() as conn:
        assert await incoming.forget_contents(conn, post.shop.tools.now() + GRACE, ["heard"]) == 1
        assert await incoming.source(conn, NATION, heard.id) is None
    assert (await post.shop.all(IncomingRow))[0].written


# ---- machines ----


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"Subject": "自動応答: 不在"},
        {"envelope": ""},
        {"author": "kigen@kigen.example.jp"},
        {"Message_ID": f"<01{'0' * 24}@kigen.example.jp>"},
    ],
    ids=str,
)
async def test_machines_change_nothing_and_are_not_answered(post: Post, headers: dict[str, str]) -> None:
    heard = await post.hear(f"{post.code()} 済", **headers)
    assert heard.state == "ignored"
    assert heard.reason
    assert await post.shop.all(DeclarationRow) == []
    assert await post.mails() == []


async def test_s14_two_machines_do_not_keep_each_other_busy(post: Post) -> None:
    for _ in range(MOST_CONFIRMED + 3):
        await post.hear("ありがとうございます。")
    assert len(await post.mails()) == MOST_CONFIRMED
    await post.wait(timedelta(days=1))
    await post.hear("ありがとうございます。")
    assert len(await post.mails()) == MOST_CONFIRMED + 1


async def test_a_flood_from_one_author_is_not_read(post: Post) -> None:
    for _ in range(MOST_A_DAY):
        await post.bring("x", "stranger@example.com")
    heard = await post.hear(f"{post.code()} 済", "stranger@example.com")
    assert (heard.state, heard.reason) == ("ignored", "too-many")


async def test_a_complaint_waits_for_people(post: Post) -> None:
    raw = b"From: fbl@example.jp\nContent-Type: multipart/report; report-type=feedback-report; boundary=x\n\n--x--\n"
    await collect(post.shop.tools, raw, "", RETURNS.address, "test")
    await post.shop.run()
    (row,) = await post.shop.all(IncomingRow)
    assert (row.state, row.kind, row.reason) == ("unclear", "complaint", "complaint")


# ---- bounces ----


def report(status: str = "5.1.1", action: str = "failed", number: int = 0) -> bytes:
    return (
        f"From: MAILER-DAEMON@relay.example.jp\nMessage-ID: <bounce{number}@relay.example.jp>\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\n"
        "--x\nContent-Type: message/delivery-status\n\n"
        f"Reporting-MTA: dns; relay\n\nFinal-Recipient: rfc822; a@example.jp\nAction: {action}\nStatus: {status}\n"
        "Diagnostic-Code: smtp; 550 no such user\n\n--x--\n"
    ).encode()


async def sent_letter(post: Post, address: str = "a@example.jp") -> int:
    await post.shop.live_until(date(2026, 4, 2))
    letters = [each for each in await post.shop.all(LetterRow) if each.recipient == address]
    return int(letters[0].id)


async def test_s12_a_letter_that_comes_back_is_refused_and_its_address_given_up(post: Post) -> None:
    letter = await sent_letter(post)
    await collect(post.shop.tools, report(), "", RETURNS.path(Sent.LETTER, letter), "test")
    await post.shop.run()
    row = next(each for each in await post.shop.all(LetterRow) if each.id == letter)
    assert (row.state, row.code) == ("refused", 550)
    assert "5.1.1" in row.answer
    states = {each.state for each in await post.shop.all(DeliveryRow) if each.letter_id == letter}
    assert states == {"refused"}
    contacts = {each.address: (each.active, each.reason) for each in await post.shop.all(ContactRow)}
    assert contacts["a@example.jp"] == (False, "bounced")
    assert contacts["both@example.jp"] == (True, "")
    (mail,) = await post.shop.all(IncomingRow)
    assert (mail.state, mail.kind, mail.about, mail.failure) == ("heard", "bounce", "a@example.jp", "hard")


async def test_other_systems_hear_that_a_letter_came_back_and_that_a_duty_does_not_apply(post: Post) -> None:
    await listen(post.shop, "")
    letter = await sent_letter(post)
    await collect(post.shop.tools, report(), "", RETURNS.path(Sent.LETTER, letter), "test")
    await post.hear(f"{post.code(2)} 該当なし", "b@example.jp")
    told = [(each.type, each.subject) for each in await post.shop.all(MessageRow)]
    assert ("delivery.bounced", f"office/{A}") in told
    assert ("office.acknowledged", f"office/{B}") in told


@pytest.mark.parametrize(
    "status,action,state,failure",
    [("4.2.2", "failed", "refused", "soft"), ("4.4.1", "delayed", "accepted", "none")],
)
async def test_a_passing_failure_gives_no_address_up(
    post: Post, status: str, action: str, state: str, failure: str
) -> None:
    letter = await sent_letter(post)
    await collect(post.shop.tools, report(status, action), "", RETURNS.path(Sent.LETTER, letter), "test")
    await post.shop.run()
    assert next(each for each in await post.shop.all(LetterRow) if each.id == letter).state == state
    assert all(each.active for each in await post.shop.all(ContactRow))
    assert (await post.shop.all(IncomingRow))[0].failure == failure


async def test_a_carriers_refusal_counts_when_it_comes_again(post: Post) -> None:
    await post.shop.enrol(enrolled(A, "a@docomo.ne.jp"))
    letter = await sent_letter(post, "a@docomo.ne.jp")
    path = RETURNS.path(Sent.LETTER, letter)
    await collect(post.shop.tools, report(number=1), "", path, "test")
    await post.shop.run()
    assert all(each.active for each in await post.shop.all(ContactRow) if each.address == "a@docomo.ne.jp")
    await post.wait(timedelta(hours=25))
    await collect(post.shop.tools, report(number=2), "", path, "test")
    await post.shop.run()
    assert not any(
        each.active for each in await post.shop.all(ContactRow) if each.address == "a@docomo.ne.jp"
    )


async def test_a_confirmation_that_comes_back_gives_its_address_up(post: Post) -> None:
    await post.hear(f"{post.code()} 済")
    (memo,) = await post.mails()
    await collect(post.shop.tools, report(), "", RETURNS.path(Sent.MEMO, memo.id), "test")
    await post.shop.run()
    assert (await post.mails())[0].state == "refused"
    assert not any(each.active for each in await post.shop.all(ContactRow) if each.address == "a@example.jp")


@pytest.mark.parametrize(
    "to",
    [
        RETURNS.address,
        "henshin+l1-aaaaaaaaaa@kigen.example.jp",
        RETURNS.path(Sent.LETTER, 999),
        RETURNS.path(Sent.MEMO, 999),
    ],
)
async def test_s15_a_forged_bounce_is_ignored(post: Post, to: str) -> None:
    await sent_letter(post)
    await collect(post.shop.tools, report(), "", to, "test")
    await post.shop.run()
    (mail,) = await post.shop.all(IncomingRow)
    assert (mail.state, mail.reason) == ("ignored", "unproven")
    assert all(each.active for each in await post.shop.all(ContactRow))


# ---- faults ----


async def test_e5_a_mail_that_breaks_us_is_left_to_people_and_the_others_are_heard(post: Post) -> None:
    await post.bring("済です", "stranger@example.com")
    async with post.shop.database.transaction() as conn:
        row = IncomingRow.__table__  # type: ignore[attr-defined]  # SQLModel hides it
        await conn.execute(row.update().values(content=b"no packed mail"))
    # What cannot even be unpacked is a fault of ours, found before the mail is.
    heard = await post.hear(f"{post.code()} 済")
    assert heard.reason == "recorded"
    await post.wait(timedelta(minutes=2))
    await post.wait(timedelta(minutes=2))
    first = (await post.shop.all(IncomingRow))[0]
    assert (first.state, first.attempts) == ("unclear", 3)


async def test_what_somebody_else_has_heard_meanwhile_is_heard_once(post: Post) -> None:
    await post.bring(f"{post.code()} 済")
    async with post.shop.database.reading() as conn:
        waiting = await incoming.next_received(conn)
    assert waiting is not None
    await hear(post.shop.tools)
    await _hear(post.shop.tools, waiting, read_mail(waiting.content))
    assert len(await post.mails()) == len(await post.shop.all(DeclarationRow)) == 1


async def test_a_database_that_fails_is_tried_again_by_the_worker(sqlite_file_url: str) -> None:
    async with workshop(sqlite_file_url, japan_time(date(2026, 4, 1), 8)) as shop:
        await collect(shop.tools, b"From: a@example.jp\n\nx", "a@example.jp", RETURNS.address, "test")
        async with shop.database.transaction() as conn:
            await conn.execute(text("DROP TABLE contact"))
        with pytest.raises(StoreError):
            await hear(shop.tools)
        assert [each.state for each in await shop.all(IncomingRow)] == ["received"]


async def test_mails_that_were_dealt_with_are_forgotten_after_a_while(post: Post) -> None:
    await post.hear(f"{post.code()} 済")
    await post.hear("済です", "stranger@example.com")
    post.shop.clock.turn_to(post.shop.tools.now() + KEPT + timedelta(days=1))
    await forget(post.shop.tools)
    assert [each.content is None for each in await post.shop.all(IncomingRow)] == [True, False]
