"""The bytes of a letter: ours by hand, read back by the standard library."""

import email
import email.message
import email.policy
import re
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from notifier.channels.mime import POLICY, Frames, Sender
from notifier.channels.parcel import Parcel, UnsendableError
from tests.channels.letters import DATE, SENDER, parcel

FRAMES = Frames(SENDER)
LINE_BREAKS = "\x85\u2028\u2029"

header_text = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]) | st.sampled_from("【期限】令和 =?_🗾"),
    min_size=1,
    max_size=120,
)
body_text = st.text(
    st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from("\n\t.期限\n"), max_size=600
)


def read(content: bytes) -> email.message.EmailMessage:
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, email.message.EmailMessage)
    return message


def body(content: bytes, kind: str) -> str | None:
    part = read(content).get_body((kind,))
    return None if part is None else part.get_content()


def with_crlf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


@settings(max_examples=300)
@given(
    subject=header_text,
    text=body_text,
    html=st.none() | body_text,
    key=st.text(min_size=1, max_size=40),
    link=st.none()
    | st.text(max_size=300).map(lambda text: f"https://n.example.jp/u/{quote(text, errors='ignore')}"),
    moment=st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
)
@example("件" * 13, "", None, "k", None, DATE)
@example("件" * 14, ".\n..\n.\n", "", "k", None, DATE)
@example("=?utf-8?b?5Lu2?=", "a", None, "k", None, DATE)
@example(" 前後に空白 ", "\r\n", None, "k", None, DATE)
def test_what_goes_in_is_what_the_standard_library_reads(
    subject: str, text: str, html: str | None, key: str, link: str | None, moment: datetime
) -> None:
    sent = Parcel(key, "office@example.jp", subject, text, html, moment, link)
    content = FRAMES.assemble(sent)
    message = read(content)
    assert message["Subject"] == subject
    assert message["To"] == "office@example.jp"
    assert message["From"] == "千葉市 介護保険事業課 <kaigo@city.example.jp>"
    assert message["Date"].datetime == moment
    assert body(content, "plain") == with_crlf(text)
    assert body(content, "html") == (None if html is None else with_crlf(html))
    assert message["List-Unsubscribe"] == (None if link is None else f"<{link}>")
    assert all(not part.defects for part in message.walk())
    assert content == FRAMES.assemble(sent)


@settings(max_examples=200)
@given(subject=header_text, text=body_text)
@example("件" * 1000, "x" * 5000)
def test_lines_and_encoded_words_keep_their_limits(subject: str, text: str) -> None:
    content = FRAMES.assemble(parcel(subject=subject, text=text))
    assert content.isascii()
    assert b"\0" not in content
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", content) is None
    assert max(map(len, content.split(b"\r\n"))) <= 78
    assert all(len(word) <= 75 for word in re.findall(rb"=\?utf-8\?b\?[^?]*\?=", content))
    assert not any(line.startswith(b".") for line in content.split(b"\r\n"))


def test_the_plain_text_comes_first_and_both_are_base64() -> None:
    message = read(FRAMES.assemble(parcel()))
    assert message.get_content_type() == "multipart/alternative"
    parts = [
        (part.get_content_type(), part.get_content_charset(), part["Content-Transfer-Encoding"])
        for part in message.iter_parts()
    ]
    assert parts == [("text/plain", "utf-8", "base64"), ("text/html", "utf-8", "base64")]


def test_a_letter_without_html_is_one_plain_text() -> None:
    message = read(FRAMES.assemble(parcel(html=None)))
    assert message.get_content_type() == "text/plain"
    assert message["MIME-Version"] == "1.0"
    assert message.get_content().startswith("k1 の皆様\r\n")


def test_every_letter_carries_the_headers_of_an_automatic_notice() -> None:
    message = read(FRAMES.assemble(parcel()))
    assert set(message.keys()) == {
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "Content-Language",
        "MIME-Version",
        "Content-Type",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
    }
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "ja"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_long_link_to_unsubscribe_stays_one_link() -> None:
    link = "https://notifier.example.jp/u/" + "a" * 300
    content = FRAMES.assemble(parcel(unsubscribe=link))
    assert f"List-Unsubscribe: <{link}>\r\n".encode() in content


def test_letters_with_different_keys_have_different_ids_and_boundaries() -> None:
    first, second = (read(FRAMES.assemble(parcel(key))) for key in ("k1", "k2"))
    assert first["Message-ID"] == "<k1@city.example.jp>"
    assert second["Message-ID"] == "<k2@city.example.jp>"
    assert first.get_boundary() != second.get_boundary()


@pytest.mark.parametrize("key", ["office/1270000001:T-7", "鍵", "a..b", "<x>", "k" * 500])
def test_a_key_that_no_id_may_hold_is_replaced_by_its_hash_for_ever(key: str) -> None:
    ids = {read(FRAMES.assemble(parcel(key, recipient="a@example.jp")))["Message-ID"] for _ in range(2)}
    assert len(ids) == 1
    assert re.fullmatch(r"<[0-9a-f]{64}@city\.example\.jp>", ids.pop())


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "件名\r\nBcc: other@example.jp"},
        {"subject": "件名\n"},
        {"subject": "a\0b"},
        {"subject": "a\x1bb"},
        *({"subject": f"a{sign}b"} for sign in LINE_BREAKS),
        {"subject": "half \ud83d"},
        {"text": "\r\n\0.\r\nMAIL FROM:<x@example.jp>"},
        {"text": "a\rb"},
        {"text": "a\x0bb"},
        {"text": "half \udc00"},
        {"html": "<p>\x08</p>"},
        {"unsubscribe": "https://example.jp/ x"},
        {"unsubscribe": "https://example.jp/\r\nBcc:x"},
        {"unsubscribe": "https://example.jp/解除"},
        {"unsubscribe": "javascript:alert(1)"},
        {"unsubscribe": "https://example.jp/" + "a" * 900},
        {"recipient": "a@example.jp\r\nRCPT TO:<b@example.jp>"},
        {"recipient": "a@example.jp, b@example.jp"},
        {"recipient": "a@example.jp> <b@example.jp"},
        {"recipient": ""},
        {"date": datetime(2026, 3, 6)},  # noqa: DTZ001 - that is the fault
    ],
    ids=repr,
)
def test_f11_what_could_smuggle_or_break_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(UnsendableError):
        FRAMES.assemble(parcel(**changes))  # type: ignore[arg-type]  # the changes are the point


@pytest.mark.parametrize("name", ["市\r\nBcc: x@example.jp", "市\0"])
def test_a_sender_cannot_smuggle_either(name: str) -> None:
    with pytest.raises(UnsendableError):
        Frames(Sender(name, "kaigo@city.example.jp"))


def test_an_ascii_subject_stays_readable() -> None:
    assert b"Subject: Reminder: plan due 13 March\r\n" in FRAMES.assemble(
        parcel(subject="Reminder: plan due 13 March")
    )


def test_the_policy_keeps_identifiers_whole_and_folds_the_rest() -> None:
    message = email.message.EmailMessage(policy=POLICY)
    message["Subject"] = "期限" * 40
    message["List-Unsubscribe"] = "<https://example.jp/" + "a" * 200 + ">"
    written = message.as_bytes()
    assert b"a" * 200 in written
    assert all(len(word) <= 75 for word in re.findall(rb"=\?utf-8\?b\?[^?]*\?=", written))
    del message["List-Unsubscribe"]
    message["List-Unsubscribe"] = "<https://example.jp/解除>"
    with pytest.raises(ValueError, match="List-Unsubscribe"):
        message.as_bytes()


def test_s17_the_date_is_the_same_text_in_whatever_zone_the_instant_comes() -> None:
    for moment in (DATE, DATE.astimezone(UTC)):
        assert b"Date: Fri, 06 Mar 2026 09:00:00 +0900\r\n" in FRAMES.assemble(parcel(date=moment))
