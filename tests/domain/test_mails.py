"""What a mail is, told before anything in it is understood."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from notifier.domain.bounces import Bounce, Failure, bounce_of, is_given_up
from notifier.domain.mails import MOST_HOPS, Kind, Mail, Ourselves, Report, addresses_of, identity, kind_of

US = Ourselves(addresses_of(["Kigen@city.example.jp", "henshin@city.example.jp", ""]), "city.example.jp")
MAIL = Mail("1@office.example.jp", "a@office.example.jp", "Re: 【期限6/1(月)】年次報告", "済です")


def told(mail: Mail, envelope: str = "a@office.example.jp") -> Kind:
    return kind_of(mail, envelope, US)[0]


def with_header(name: str, value: str) -> Mail:
    return replace(MAIL, headers={name: value})


def test_a_person_answers() -> None:
    assert kind_of(MAIL, "a@office.example.jp", US) == (Kind.ANSWER, "")
    assert told(with_header("auto-submitted", "no")) is Kind.ANSWER
    assert told(with_header("x-autoreply", "no")) is Kind.ANSWER
    assert told(with_header("precedence", "first-class")) is Kind.ANSWER
    assert told(with_header("x-auto-response-suppress", "All")) is Kind.ANSWER


@pytest.mark.parametrize(
    "name,value",
    [
        ("auto-submitted", "auto-replied"),
        ("auto-submitted", "auto-generated; owner=x"),
        ("precedence", "bulk"),
        ("precedence", "Auto_Reply"),
        ("x-autoreply", "yes"),
        ("x-autorespond", "1"),
        ("list-id", "<a.example.jp>"),
        ("list-unsubscribe", "<https://example.jp>"),
        ("x-ml-name", "care"),
    ],
)
def test_machines_say_what_they_are(name: str, value: str) -> None:
    assert told(with_header(name, value)) is Kind.AUTOMATIC


@pytest.mark.parametrize(
    "subject",
    [
        "自動応答: 【期限6/1(月)】年次報告",
        "【自動返信】お問い合わせありがとうございます",
        "不在通知",
        "Re: 不在のお知らせ",
        "Automatic reply: x",
        "Out of Office: x",
        "受付完了のお知らせ",
        "ＡＵＴＯ ＲＥＰＬＹ",
    ],
)
def test_machines_that_say_nothing_in_headers_are_known_by_their_subject(subject: str) -> None:
    assert told(replace(MAIL, subject=subject)) is Kind.AUTOMATIC


@pytest.mark.parametrize(
    "text",
    [
        "ただいま出張のため不在にしております。",
        "本日は休暇をいただいております",
        "このメールは自動返信です。",
    ],
)
def test_or_by_what_they_write(text: str) -> None:
    assert told(replace(MAIL, text=text)) is Kind.AUTOMATIC


@pytest.mark.parametrize(
    "address", ["mailer-daemon@x.jp", "postmaster@x.jp", "no-reply@x.jp", "noreply+1@x.jp"]
)
def test_nobody_writes_from_such_addresses(address: str) -> None:
    assert told(replace(MAIL, author=address)) is Kind.AUTOMATIC
    assert told(MAIL, address) is Kind.AUTOMATIC


def test_the_null_sender_is_a_machine() -> None:
    assert told(MAIL, "") is Kind.AUTOMATIC


def test_our_own_mail_that_comes_back_is_a_loop() -> None:
    assert told(replace(MAIL, author="kigen@city.example.jp")) is Kind.LOOP
    assert told(replace(MAIL, message_id=f"01{'0' * 24}@city.example.jp")) is Kind.LOOP
    assert (
        told(replace(MAIL, message_id="abc@city.example.jp", author="staff@city.example.jp")) is Kind.ANSWER
    )
    assert told(replace(MAIL, hops=MOST_HOPS + 1)) is Kind.LOOP


@pytest.mark.parametrize(
    "kind,report_type",
    [
        (Kind.BOUNCE, "delivery-status"),
        (Kind.OPENED, "disposition-notification"),
        (Kind.COMPLAINT, "feedback-report"),
    ],
)
def test_reports_name_themselves(kind: Kind, report_type: str) -> None:
    assert told(replace(MAIL, report_type=report_type), "") is kind


def test_a_bounce_in_plain_words_is_known_by_subject_and_sender() -> None:
    assert told(replace(MAIL, subject="Undelivered Mail Returned to Sender"), "") is Kind.BOUNCE
    assert told(replace(MAIL, subject="配信不能のお知らせ"), "") is Kind.BOUNCE
    assert told(replace(MAIL, subject="Returned mail: what shall we do?")) is Kind.ANSWER


def test_a_repeat_is_known_by_who_wrote_it_under_which_id() -> None:
    assert identity(MAIL, "digest") == identity(replace(MAIL, text="another"), "other digest")
    assert identity(MAIL, "digest") != identity(replace(MAIL, author="b@office.example.jp"), "digest")
    assert identity(replace(MAIL, message_id=""), "digest") == "digest"


# ---- bounces ----


def reported(action: str, status: str, diagnostic: str = "smtp; 550 no such user") -> Bounce:
    return bounce_of(replace(MAIL, reports=(Report("x@example.jp", action, status, diagnostic),)))


@pytest.mark.parametrize(
    "action,status,failure",
    [
        ("failed", "5.1.1", Failure.HARD),
        ("failed", "5.1.10", Failure.HARD),
        ("failed", "5.4.4", Failure.HARD),
        ("failed", "5.0.0", Failure.HARD),
        ("failed", "5.2.1", Failure.HARD),
        ("failed", "5.2.2", Failure.SOFT),
        ("failed", "5.7.1", Failure.SOFT),
        ("failed", "4.4.7", Failure.SOFT),
        ("failed", "", Failure.SOFT),
        ("delayed", "4.4.1", Failure.NONE),
    ],
)
def test_a_report_says_how_final_it_is(action: str, status: str, failure: Failure) -> None:
    assert reported(action, status).failure is failure


def test_a_report_of_success_is_no_failure() -> None:
    assert reported("delivered", "2.0.0") == Bounce(Failure.NONE, "2.0.0", "")


def test_of_several_reports_the_worst_counts() -> None:
    several = (
        Report("x", "delayed", "4.4.1", ""),
        Report("x", "failed", "5.1.1", "gone"),
        Report("x", "relayed", "2.0.0", ""),
    )
    assert bounce_of(replace(MAIL, reports=several)) == Bounce(Failure.HARD, "5.1.1", "gone")


@pytest.mark.parametrize(
    "text,expected",
    [
        (
            "Hi.\n<x@y.jp>: 550 5.1.1 unknown user\nBye.",
            Bounce(Failure.HARD, "5.1.1", "<x@y.jp>: 550 5.1.1 unknown user"),
        ),
        ("said: 550 no such mailbox", Bounce(Failure.HARD, "5.0.0", "said: 550 no such mailbox")),
        ("said: 452-4.2.2 full", Bounce(Failure.SOFT, "4.2.2", "said: 452-4.2.2 full")),
        ("nothing in it", Bounce(Failure.SOFT, "", MAIL.subject)),
    ],
)
def test_a_bounce_without_report_is_searched_for_a_code(text: str, expected: Bounce) -> None:
    assert bounce_of(replace(MAIL, text=text)) == expected


NOW = datetime(2026, 4, 1, tzinfo=UTC)


@pytest.mark.parametrize("address", ["a@docomo.ne.jp", "a@t.vodafone.ne.jp", "A@EZWEB.NE.JP"])
def test_a_carriers_refusal_is_believed_when_it_comes_again_a_day_later(address: str) -> None:
    assert not is_given_up(address, [NOW])
    assert not is_given_up(address, [NOW, NOW + timedelta(hours=23)])
    assert is_given_up(address, [NOW, NOW + timedelta(hours=24)])


def test_anybody_elses_is_believed_at_once() -> None:
    assert is_given_up("a@example.jp", [NOW])
    assert is_given_up("a@notdocomo.ne.jp", [NOW])
    assert not is_given_up("a@example.jp", [])
