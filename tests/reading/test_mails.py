"""Mails as they come: in every charset that Japanese programs use, broken, huge and hostile."""

import time
from email.message import EmailMessage
from email.mime.text import MIMEText

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.mails import Report
from notifier.reading.mail_html import text_of_html
from notifier.reading.mail_text import characters, untransferred
from notifier.reading.mails import DEEPEST, LONGEST_TEXT, MOST_PARTS, MOST_READ, decoded_words, read_mail

WORDS = "整理番号 K7MP-4XQT3 済みです。よろしくお願いいたします。"


def composed(text: str = WORDS, **headers: str) -> EmailMessage:
    message = EmailMessage()
    for name, value in {"From": "ケアプランA <A@Example.JP>", "Subject": "Re: 年次報告", **headers}.items():
        message[name.replace("_", "-")] = value
    message["Message-ID"] = "<1@example.jp>"
    message.set_content(text)
    return message


def raw(body: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join([b"From: a@example.jp", b"Subject: x", *headers, b"", body])


def test_a_mail_is_taken_apart() -> None:
    message = composed(
        In_Reply_To="<2@city.example.jp>", References="<0@city.example.jp> <2@city.example.jp>"
    )
    found = read_mail(message.as_bytes())
    assert (found.message_id, found.author, found.subject) == ("1@example.jp", "a@example.jp", "Re: 年次報告")
    assert found.mentioned == ("2@city.example.jp", "0@city.example.jp")
    assert found.text.strip() == WORDS
    assert found.faults == ()


# ---- charsets ----


@pytest.mark.parametrize("charset", ["utf-8", "iso-2022-jp", "shift_jis", "euc-jp", "cp932"])
@pytest.mark.parametrize("transfer", ["base64", "quoted-printable", "8bit"])
def test_every_usual_charset_is_read(charset: str, transfer: str) -> None:
    message = composed()
    message.set_content(WORDS, charset=charset, cte=transfer)
    assert read_mail(message.as_bytes()).text.strip() == WORDS


@pytest.mark.parametrize("claimed", [b"iso-2022-jp", b"ISO-2022-JP", b"cp50221", b"utf-8", b"x-unknown", b""])
def test_half_width_kana_and_signs_of_windows_are_read_in_jis(claimed: bytes) -> None:
    body = (
        b"\x1b(I=Y\x1b(B \x1b$B:Q\x1b(B \x1b$B-!-j\x1b(B K7"  # ｽﾞ without its mark, 済, ① and ㈱ of NEC's row
    )
    found = read_mail(raw(body, b"Content-Type: text/plain; charset=" + claimed))
    assert found.text == "ｽﾙ 済 ①㈱ K7"


def test_jis_of_the_supplement_and_what_is_broken_in_it_is_read_as_far_as_it_goes() -> None:
    assert characters(b"\x1b$(D0!\x1b(Bx", "iso-2022-jp") == "丂x"
    assert characters(b"\x1b$B:Q", "iso-2022-jp") == "済"
    assert characters(b"\x1b$B:Q\n:Q:", "iso-2022-jp") == "済\n済"
    assert characters(b"\x1b$B:Q\x80\x80 \x80a", "iso-2022-jp").startswith("済")


@pytest.mark.parametrize(
    "octets", ["済みです".encode("cp932"), "済みです".encode("euc_jp"), "済みです".encode()]
)
@pytest.mark.parametrize("claimed", ["", "us-ascii", "utf-8", "zlib", "x-unknown"])
def test_a_wrong_or_missing_claim_is_seen_through(octets: bytes, claimed: str) -> None:
    assert characters(octets, claimed) == "済みです"


def test_what_is_no_text_at_all_becomes_signs_of_replacement() -> None:
    assert "\ufffd" in characters(b"\xff\xfe\xfd\x80\x81" * 3 + b"\xa0\xff", "utf-8")


def test_controls_are_left_out_and_lines_end_alike() -> None:
    assert characters(b"a\r\nb\rc\x00\x07d", "utf-8") == "a\nb\ncd"


def test_base64_that_was_cut_off_is_read_as_far_as_it_goes() -> None:
    assert untransferred(b"44GZ44G/44", "base64") == "すみ".encode()
    assert untransferred(b"=E6=B8=88", "Quoted-Printable") == "済".encode()
    assert untransferred(b"plain", "7bit") == b"plain"


# ---- headers ----


@pytest.mark.parametrize(
    "written,expected",
    [
        ("=?utf-8?b?5riI?=", "済"),
        ("=?UTF-8?Q?=E6=B8=88?= x", "済 x"),
        ("=?utf-8?b?5ri?= =?utf-8?b?iA==?=", "済"),  # cut inside a character
        ("=?iso-2022-jp?b?GyRCOlE=?=\r\n =?iso-2022-jp?b?Xn4bKEI=?=", None),
        ("=?utf-8?b?!!!!?=", ""),
        ("=?utf-8?b?a?=", ""),
        ("=?shift_jis?b?jc8=?==?utf-8?b?5riI?=", "済済"),
        ("plain =?broken", "plain =?broken"),
        ("a =?utf-8?q?b?= c", "a b c"),
    ],
)
def test_encoded_words_are_read(written: str, expected: str | None) -> None:
    found = decoded_words(written)
    assert found == expected if expected is not None else found.startswith("済")


def test_raw_bytes_in_a_header_are_read() -> None:
    for octets in ("済みです".encode("cp932"), "済みです".encode(), b"\x1b$B:Q\x1b(B"):
        assert read_mail(b"Subject: " + octets + b"\n\n").subject.startswith("済")


@pytest.mark.parametrize(
    "written,author",
    [
        ("a@example.jp", "a@example.jp"),
        ("<a@example.jp>", "a@example.jp"),
        ('"b@victim.jp" <a@example.jp>', "a@example.jp"),
        ("=?utf-8?b?5riI?= <A@example.jp> (comment)", "a@example.jp"),
        ('"a..b"@docomo.ne.jp', '"a..b"@docomo.ne.jp'),
        ("a..b@docomo.ne.jp", "a..b@docomo.ne.jp"),
        ("a@example.jp, b@example.jp", ""),
        ("nobody", ""),
        ("<a@example.jp> <b@example.jp", ""),
        ("", ""),
    ],
)
def test_the_author_is_one_address_or_nobody(written: str, author: str) -> None:
    assert read_mail(f"From: {written}\n\nx".encode()).author == author


def test_a_mail_without_a_head_or_a_body_is_a_mail() -> None:
    assert read_mail(b"").text == ""
    assert read_mail(b"no header here").author == ""
    assert read_mail(b"\r\n\r\nx").text == ""
    assert read_mail(b"Subject: x\n: no name\nbroken line\n\nbody").text == "body"


# ---- parts ----


def test_of_two_forms_the_plain_one_is_read() -> None:
    message = composed()
    message.add_alternative("<p>該当なし</p>", subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="様式1.pdf")
    message.add_attachment("済ではない", filename="memo.txt")
    assert read_mail(message.as_bytes()).text.strip() == WORDS


def test_where_there_is_html_only_it_is_read_with_its_quotations_marked() -> None:
    html = (
        "<html><head><style>済</style><title>済</title></head><body><!-- 済 --><div>K7MP-4XQT3&nbsp;済<br>です</div>"
        '<div class="gmail_quote"><div>2026年4月1日 <a href=x>:</a><br></div>'
        "<blockquote>【整理番号】<b>X</b></blockquote></div>終</body>"
    )
    found = read_mail(MIMEText(html, "html", "utf-8").as_bytes()).text
    assert [each for each in found.splitlines() if each] == [
        "K7MP-4XQT3 済",
        "です",
        "> 2026年4月1日 :",
        "> 【整理番号】X",
        "終",
    ]


def test_an_empty_plain_part_gives_way_to_the_html() -> None:
    message = composed(" \n")
    message.add_alternative("<p>済</p>", subtype="html")
    assert read_mail(message.as_bytes()).text == "済"


def test_what_outlook_puts_behind_its_mark_is_quoted() -> None:
    html = '<div>済</div><div id="divRplyFwdMsg">差出人</div><div>【整理番号】</div><p>x'
    assert text_of_html(html).splitlines() == ["済", "> 差出人", "> 【整理番号】", "> x"]


@pytest.mark.parametrize(
    "html,text",
    [
        ("a<b", "a"),
        ("a<!-- b", "a"),
        ("</div></blockquote>a", "a"),
        ("<blockquote>a<div>b</blockquote>c", "> a\n> b\nc"),
        ("<script>a</b></script>b<br/>c<x y/>", "b\nc"),
        ("a < 3 > b", "a  b"),
        ("<p></p><p>a</p><p></p><p></p><p>b</p>", "a\nb"),
    ],
)
def test_html_that_is_broken_is_read_as_far_as_it_goes(html: str, text: str) -> None:
    assert text_of_html(html).strip() == text


def test_a_report_of_delivery_is_read() -> None:
    body = b"""--x
Content-Type: text/plain

sorry
--x
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example.jp

Original-Recipient: rfc822;A@Example.jp
Final-Recipient: rfc822; b@example.jp
Action: failed (no such user)
Status: 5.1.1 (bad)
Diagnostic-Code: smtp; 550 5.1.1
 no such user

Action: delayed

--x
Content-Type: text/rfc822-headers

Message-ID: <01abc@city.example.jp>
Subject: x
--x--
"""
    found = read_mail(raw(body, b"Content-Type: multipart/report; report-type=delivery-status; boundary=x"))
    assert found.report_type == "delivery-status"
    assert found.reports == (
        Report("a@example.jp", "failed", "5.1.1", "smtp; 550 5.1.1 no such user"),
        Report("", "delayed", "", ""),
    )
    assert found.mentioned == ("01abc@city.example.jp",)


def test_what_is_encrypted_is_said_to_be() -> None:
    assert read_mail(raw(b"AAAA", b"Content-Type: application/pkcs7-mime")).faults == ("encrypted",)


def test_a_multipart_without_boundary_is_read_as_text() -> None:
    found = read_mail(raw("済".encode(), b"Content-Type: multipart/mixed"))
    assert (found.text, found.faults) == ("済", ("no boundary",))


@pytest.mark.parametrize("end", [b"--x--", b"--x", b"", b"--x\r\n"])
def test_a_multipart_that_was_cut_off_is_read_as_far_as_it_goes(end: bytes) -> None:
    body = b"preamble\r\n--x\r\n\r\n" + "済".encode() + b"\r\n" + end
    assert read_mail(raw(body, b'Content-Type: multipart/mixed; boundary="x"')).text.strip() == "済"


# ---- limits ----


def nested(depth: int) -> bytes:
    content = b"Content-Type: text/plain\n\nx"
    for level in range(depth):
        mark = b"b%d" % level
        content = (
            b"Content-Type: multipart/mixed; boundary="
            + mark
            + b"\n\n--"
            + mark
            + b"\n"
            + content
            + b"\n--"
            + mark
            + b"--\n"
        )
    return content


def test_parts_in_parts_end_somewhere() -> None:
    assert read_mail(nested(DEEPEST)).text.strip() == "x"
    assert read_mail(nested(DEEPEST + 1)).faults == ("too many parts",)
    many = raw(b"--x\n\na\n" * 5_000, b"Content-Type: multipart/mixed; boundary=x")
    found = read_mail(many)
    assert found.text.count("a") < MOST_PARTS
    assert found.faults == ("too many parts",)


def test_what_is_too_large_is_read_in_part_and_said_to_be() -> None:
    found = read_mail(raw(b"x" * (MOST_READ + 1)))
    assert len(found.text) == LONGEST_TEXT
    assert set(found.faults) == {"too large to be read whole", "text too long"}


HOSTILE = [
    b"From: " + b"<" * 500_000,
    b"From: " + b"(" * 500_000 + b"\n\n",
    b"Subject: " + b"=?utf-8?b?" * 100_000 + b"\n\n",
    b"Subject: " + b"=?utf-8?q?a?= " * 100_000 + b"\n\n",
    b"Content-Type: text/plain" + b"; a=b" * 200_000 + b"\n\nx",
    b'Content-Type: text/plain; charset="' + b"\\" * 500_000 + b"\n\nx",
    b"References: " + b"<a@b> " * 200_000 + b"\n\nx",
    b"X: y\n" * 400_000,
    b"\n" * 1_000_000,
    b" \n" * 500_000,
    b"X: y\n " * 300_000,
    nested(2_000),
    b"Content-Type: text/html\n\n" + b"<div>" * 300_000,
    b"Content-Type: text/html\n\n" + b"<" * 1_000_000,
    b"Content-Type: text/html\n\n" + b"<!--" * 400_000,
    b"Content-Type: text/html\n\n" + b"&" * 1_000_000,
    b"Content-Type: text/html\n\n<div class=" + b"a" * 1_000_000 + b">",
    b"Content-Type: text/html\n\n" + b"<blockquote>x" * 100_000,
    b"Content-Type: text/plain; charset=iso-2022-jp\n\n" + b"\x1b$B\x1b(B" * 250_000,
    b"Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$B" + b"!" * 1_500_000,
    b"Content-Transfer-Encoding: base64\n\n" + b"=" * 1_000_000,
    b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--" * 1_000_000,
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=a\n\n"
    b"--a\nContent-Type: message/delivery-status\n\n" + b"Action: failed\n\n" * 100_000,
]


@pytest.mark.parametrize("content", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_mails_do_not_hold_up_the_others(content: bytes) -> None:
    start = time.perf_counter()
    read_mail(content)
    assert time.perf_counter() - start < 2


@given(st.binary(max_size=2_000))
def test_whatever_comes_is_read(content: bytes) -> None:
    assert read_mail(content).text is not None


HEADS = [
    b"Content-Type: ",
    b"multipart/mixed; boundary=x",
    b"message/delivery-status",
    b"text/html",
    b"; charset=",
    b"\n",
    b"\n\n--x\n",
]
PIECES = st.sampled_from(
    [
        *HEADS,
        b"iso-2022-jp",
        b"\x1b$B",
        b"base64",
        b"Content-Transfer-Encoding: ",
        b"=?utf-8?b?",
        b"<div>",
        b"\x80",
        b" ",
        b"<>",
    ]
)


@given(st.lists(PIECES, max_size=60))
def test_whatever_is_put_together_is_read(pieces: list[bytes]) -> None:
    assert len(read_mail(b"".join(pieces)).text) <= LONGEST_TEXT
