"""From a notice to a mail in an office's mailbox and its receipt, over real SMTP, on both databases."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from notifier.channels.email import EmailChannel
from notifier.channels.mailbox import Mailbox, Received
from notifier.channels.mime import Sender
from notifier.channels.relay import Relay
from notifier.clock import japan_time
from notifier.intake import Inbound, receive
from notifier.publishing import publish
from notifier.steps.accept import accept
from notifier.steps.approve import approve
from notifier.store.enrolment import Enrolled
from notifier.store.tables import AuditRow, LetterRow
from tests.builders import by, deadline, said, settlement
from tests.catalogue.offices import shipped
from tests.steps.workshop import A, B, C, Workshop, enrolled, workshop

FIRST, NEWS = date(2026, 4, 1), date(2026, 4, 15)
JUNE, JULY = date(2026, 6, 30), date(2026, 7, 31)
DUTY = deadline(settled_by=(settlement("example.report.filed"),))


@dataclass
class Post:
    """The local mailbox: what really arrived, in order."""

    arrived: list[Received] = field(default_factory=list)

    async def keep(self, received: Sequence[Received]) -> None:
        self.arrived.extend(received)

    def mails(self, address: str = "") -> list[EmailMessage]:
        """What arrived for an address, or all of it."""
        return [
            message_from_bytes(each.content, policy=default)
            for each in self.arrived
            if not address or each.recipient == address
        ]


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


@asynccontextmanager
async def posting(shop: Workshop, post: Post) -> AsyncIterator[Workshop]:
    """The workshop with a real relay; at the end everything that was taken has been handed over."""
    mailbox = Mailbox(post.keep, shop.clock.now)
    relay = Relay("127.0.0.1", await mailbox.start(), "none")
    async with EmailChannel(relay, Sender("例の市 介護保険課", "kaigo@city.example.jp")) as channel:
        yield shop.with_channel(channel)
    await mailbox.stop()


async def test_a_notice_becomes_a_mail_with_a_receipt_only_after_a_second_persons_approval(
    shop: Workshop,
) -> None:
    post = Post()
    notice = said(by(JUNE), remark="様式が変わりました。")
    async with posting(shop, post) as living:
        await living.enrol(enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp"))
        await accept(living.tools, [notice.notice], [notice], [DUTY], "one person")
        await living.live_until(date(2026, 4, 2))
        assert post.arrived == []
        living.turn_to(date(2026, 4, 3))
        await approve(living.tools, [notice.notice.id], "another person")
        await living.live_until(date(2026, 4, 3))
    assert [each.recipient for each in post.arrived] == ["a@example.jp", "b@example.jp"]
    mail = post.mails("a@example.jp")[0]
    assert mail["Subject"].startswith("【お知らせ6/30(火)】年次報告｜事業所1")
    text = text_of(mail)
    for needed in (
        "令和8年6月30日（火）",
        "様式1を提出してください。",
        "提出しないと、確認の連絡があります。",
        "年次報告について（例）",
        "例発第1号",
        "様式が変わりました。",
        A,
    ):
        assert needed in text
    assert {row.state for row in await shop.all(LetterRow)} == {"accepted"}
    assert {row.code for row in await shop.all(LetterRow)} == {250}
    people = {"offices", "notice"}
    actions = [row.action for row in await shop.all(AuditRow) if row.action.partition(".")[0] in people]
    assert actions == ["offices.enrolled", "notice.accepted", "notice.approved"]


async def test_an_extension_brings_exactly_the_affected_offices_one_letter_from_old_to_new(
    shop: Workshop,
) -> None:
    post = Post()
    async with posting(shop, post) as living:
        await living.publish(said(by(JUNE)), deadlines=[DUTY])
        await living.enrol(
            enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp"), enrolled(C, "c@example.jp")
        )
        await living.live_until(FIRST)
        await living.note("example.report.filed", B)
        await living.live_until(date(2026, 4, 2))
        post.arrived.clear()
        living.turn_to(NEWS)
        await living.publish(said(by(JULY), NEWS), deadlines=[DUTY])
        await living.live_until(date(2026, 5, 15))
    assert [each.recipient for each in post.arrived] == ["a@example.jp", "c@example.jp"]
    mail = post.mails()[0]
    assert mail["Subject"].startswith("【変更→7/31(金)】年次報告")
    text = text_of(mail)
    assert "期限の延長" in text
    assert text.index("6月30日") < text.index("7月31日")


async def test_reminders_to_the_former_day_are_cancelled_and_those_to_the_new_one_come(
    shop: Workshop,
) -> None:
    post = Post()
    async with posting(shop, post) as living:
        await living.publish(said(by(JUNE)), deadlines=[DUTY])
        await living.enrol(enrolled(A, "a@example.jp"))
        await living.live_until(date(2026, 4, 30))
        living.turn_to(date(2026, 5, 1))
        await living.publish(said(by(JULY), date(2026, 5, 1)), deadlines=[DUTY])
        await living.live_until(date(2026, 6, 5))
    assert [each["Subject"].partition("】")[0] for each in post.mails()] == [
        "【お知らせ6/30(火)",
        "【変更→7/31(金)",
        "【期限7/31(金)",
    ]


async def test_two_offices_that_share_a_mailbox_get_one_letter_with_a_section_each(shop: Workshop) -> None:
    post = Post()
    async with posting(shop, post) as living:
        await living.publish(said(by(JUNE)), deadlines=[DUTY])
        await living.enrol(
            enrolled(A, "shared@example.jp"), enrolled(B, "shared@example.jp"), enrolled(C, "c@example.jp")
        )
        await living.live_until(FIRST)
    (shared,) = post.mails("shared@example.jp")
    text = text_of(shared)
    assert text.index("事業所1") < text.index("事業所2")
    assert "事業所3" not in text
    assert "2事業所分" in shared["Subject"]
    (other,) = post.mails("c@example.jp")
    assert "事業所1" not in text_of(other)


async def test_an_office_without_an_address_is_visible_as_unreachable(shop: Workshop) -> None:
    post = Post()
    async with posting(shop, post) as living:
        await living.publish(said(by(JUNE)), deadlines=[DUTY])
        await living.enrol(enrolled(A), enrolled(B, "b@example.jp"))
        await living.live_until(FIRST)
    assert [each.recipient for each in post.arrived] == ["b@example.jp"]
    assert [each.brief for each in await shop.said("unreachable")] == [(A, "announcement", None)]


async def test_what_was_done_late_ends_the_matter(shop: Workshop) -> None:
    """The end is missed and told once; the report comes a week later and is acknowledged; then there is silence."""
    post = Post()
    async with posting(shop, post) as living:
        await living.publish(said(by(date(2026, 4, 7))), deadlines=[DUTY])
        await living.enrol(enrolled(A, "a@example.jp"))
        await living.live_until(date(2026, 4, 14))
        living.turn_to(date(2026, 4, 15))
        await living.note("example.report.filed")
        await living.live_until(date(2026, 5, 31))
    subjects = [each["Subject"].partition("】")[0] for each in post.mails("a@example.jp")]
    assert subjects[-2:] == ["【締切済4/7(火)", "【受付済"]
    assert len(post.mails("editor@example.jp")) == 1


async def test_every_message_goes_to_one_recipient_and_has_an_identity_of_its_own(shop: Workshop) -> None:
    post = Post()
    async with posting(shop, post) as living:
        await living.publish(said(by(date(2026, 4, 30))), deadlines=[DUTY])
        await living.enrol(*(enrolled(each, f"{each}@example.jp") for each in (A, B, C)))
        await living.live_until(date(2026, 5, 6))
    assert len(post.arrived) == len({mail["Message-ID"] for mail in post.mails()})
    for received, mail in zip(post.arrived, post.mails(), strict=True):
        assert mail.get_all("To") == [received.recipient]
        assert mail["Cc"] is mail["Bcc"] is None
        assert mail["Auto-Submitted"] == "auto-generated"


# ---- the shipped law ----


async def test_the_count_of_links_is_said_in_the_mail_of_28_december(migrated_url: str) -> None:
    """4 of 5: the reminder of the shipped five-links duty carries the office's own progress."""
    post = Post()
    office = Enrolled("1270000002", "訪問介護B", ("11",), "121002", "120006", ("b@example.jp",))
    async with workshop(migrated_url, japan_time(date(2026, 12, 14), 8), shipped()) as shop:
        await shop.keep(*shipped().authorities.values())
        await publish(shop.tools, date(2026, 12, 14))
        await shop.enrol(office)
        partners = ("1270000001", "1270000011", "1270000012", "1270000012", "1270000013")
        happened: list[tuple[str, dict[str, object]]] = [("tech-grant-r8.granted", {"addition": True})]
        happened += [("cpdl.linked", {"partner": each}) for each in partners]
        now = shop.tools.now()
        for number, (kind, data) in enumerate(happened):
            event = Inbound("test", str(number), kind, now, office.number, None, data)
            await receive(shop.tools, event)
        async with posting(shop, post) as living:
            await living.live_until(date(2026, 12, 28))
    mail = post.mails("b@example.jp")[-1]
    assert mail["Subject"].startswith("【期限3/31(水)】5事業所連携｜訪問介護B")
    assert "5件中4件（あと1件）" in text_of(mail)
