from base64 import encodebytes
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.errors import StoreError
from notifier.store.mailbox import MailboxStore
from notifier.store.packing import pack, unpack

NOW = datetime(2026, 3, 6, 0, 0, tzinfo=UTC)


def mail(key: str, recipient: str, subject: str) -> bytes:
    message = EmailMessage()
    message["From"] = "notifier@city.example"
    message["To"] = recipient
    message["Subject"] = subject
    message["Date"] = "Fri, 06 Mar 2026 09:00:00 +0900"
    message["Message-ID"] = f"<{key}@city.example>"
    message.set_content("本文\n", cte="base64")
    return message.as_bytes().replace(b"\n", b"\r\n")


@pytest.fixture
async def mailbox(tmp_path: Path) -> AsyncIterator[MailboxStore]:
    store = MailboxStore(tmp_path / "mailbox.sqlite3")
    yield store
    await store.close()


async def test_a_mail_comes_out_as_it_came_in(mailbox: MailboxStore) -> None:
    raw = mail("letter-1", "a@one.example", "【期限3/13(金)・予定】助成金申請｜訪問介護ステーション さくら台")
    await mailbox.add_many([("a@one.example", raw, NOW)])

    found = await mailbox.get(1)
    assert found is not None
    kept, source = found
    assert source == raw
    assert kept.subject == "【期限3/13(金)・予定】助成金申請｜訪問介護ステーション さくら台"
    assert (kept.key, kept.recipient, kept.size) == ("letter-1", "a@one.example", len(raw))
    assert (kept.dated, kept.received_at) == (datetime(2026, 3, 6, tzinfo=UTC), NOW)


async def test_every_mail_of_many_comes_out_as_it_came_in(mailbox: MailboxStore) -> None:
    raws = [mail(f"letter-{n}", f"{n}@one.example", f"第{n % 90}号｜{n}") * (n % 5) for n in range(350)]
    for start in range(0, 350, 70):
        await mailbox.add_many([("a@one.example", raw, NOW) for raw in raws[start : start + 70]])

    kept = [await mailbox.get(number) for number in range(1, 351)]
    assert [each and each[1] for each in kept] == raws


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=400),
            st.binary(max_size=400).map(
                lambda octets: b"\r\n\r\n" + encodebytes(octets).replace(b"\n", b"\r\n")
            ),
            st.sampled_from([b"\r\n\r\n", b"YWE=\r\n", b"YWF=\r\n", b"=\r\n", b"a" * 76 + b"\r\n"]),
        ),
        max_size=8,
    ).map(b"".join),
    st.binary(max_size=200),
)
def test_whatever_is_packed_is_unpacked_to_the_byte(raw: bytes, model: bytes) -> None:
    assert unpack(pack(raw, model), model) == raw
    assert unpack(pack(raw)) == raw


def test_a_letter_to_the_next_office_takes_little_room() -> None:
    body = encodebytes("".join(f"第{n}行の本文です。\n" for n in range(300)).encode()).replace(b"\n", b"\r\n")
    longer = encodebytes(("x" + "".join(f"第{n}行の本文です。\n" for n in range(300))).encode())
    one, other = b"A: b\r\n\r\n" + body, b"A: bc\r\n\r\n" + longer.replace(b"\n", b"\r\n")
    assert len(pack(other, one)) < len(other) / 20


async def test_the_newest_mails_come_first_page_by_page(mailbox: MailboxStore) -> None:
    await mailbox.add_many(
        [("a@one.example", mail(f"letter-{n}", "a@one.example", f"第{n}号"), NOW) for n in range(1, 8)]
    )

    count, page = await mailbox.search(limit=3, skip=3)
    assert (count, [each.subject for each in page]) == (7, ["第4号", "第3号", "第2号"])
    assert await mailbox.count() == 7


async def test_mails_are_found_by_address_and_by_words_of_the_subject(mailbox: MailboxStore) -> None:
    await mailbox.add_many(
        [
            ("a@one.example", mail("1", "a@one.example", "助成金申請"), NOW),
            ("b@two.example", mail("2", "b@two.example", "助成金申請"), NOW),
            ("b@two.example", mail("3", "b@two.example", "実績報告 100%"), NOW),
        ]
    )
    found = [
        [each.id for each in (await mailbox.search(words))[1]]
        for words in ("助成金", "b@two 助成金", "100%", "_")
    ]
    assert found == [[2, 1], [2], [3], []]


async def test_a_letter_sent_twice_is_found_by_its_key_as_the_newest(mailbox: MailboxStore) -> None:
    raw = mail("letter-9", "a@one.example", "助成金申請")
    await mailbox.add_many([("a@one.example", raw, NOW), ("a@one.example", raw, NOW)])

    assert await mailbox.find(["letter-9", "letter-8"]) == {"letter-9": 2}


async def test_a_mail_without_readable_headers_is_still_shown(mailbox: MailboxStore) -> None:
    await mailbox.add_many(
        [("a@one.example", b"Subject: =?x-no-charset?b?44GC?=\r\nDate: soon\r\n\r\n?", NOW)]
    )

    _, [shown] = await mailbox.search()
    assert (shown.key, shown.subject, shown.dated) == ("", "=?x-no-charset?b?44GC?=", None)


async def test_a_mailbox_that_is_no_database_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "mailbox.sqlite3"
    path.write_bytes(b"no database" * 1000)
    store = MailboxStore(path)

    with pytest.raises(StoreError, match=r"mailbox\.sqlite3 cannot be used: .*; delete the file"):
        await store.count()
    await store.close()


async def test_an_unknown_mail_is_none() -> None:
    store = MailboxStore()
    assert await store.get(1) is None
    await store.close()
