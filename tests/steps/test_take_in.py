"""A notice may be told of before its file is at hand; the file is added once, and only while the notice waits."""

import pytest

from notifier.domain.callers import Tenant
from notifier.errors import NoticeRefusedError
from notifier.steps.take_in import FETCHING, NO_FILE, Handed, take_in
from notifier.store.papers import DocumentRow
from notifier.store.tasks import TaskRow
from tests.builders import CITY
from tests.steps.workshop import Workshop

TOLD = Handed("", b"", "例の通知", url="https://example.jp/1", notice="told-1")
FILE = Handed("paper.txt", "本文".encode(), "例の通知", notice="told-1")


async def test_a_file_is_added_to_the_notice_that_waits_for_it(shop: Workshop) -> None:
    assert await take_in(shop.tools, TOLD, "key/x") == ("told-1", True)
    assert await take_in(shop.tools, TOLD, "key/x") == ("told-1", False)
    (task,) = await shop.all(TaskRow)
    assert task.detail == f"https://example.jp/1\n{FETCHING}"
    with pytest.raises(NoticeRefusedError, match="待っている文書ではない"):
        await take_in(shop.tools, FILE, "clerk", Tenant(CITY).code)
    assert await take_in(shop.tools, FILE, "clerk") == ("told-1", True)
    assert [(row.notice, row.name) for row in await shop.all(DocumentRow)] == [("told-1", "paper.txt")]
    assert await take_in(shop.tools, FILE, "clerk") == ("told-1", False)
    other = Handed("other.txt", "別の本文".encode(), "例の通知", notice="told-1")
    with pytest.raises(NoticeRefusedError, match="すでにファイルがあります"):
        await take_in(shop.tools, other, "clerk")


async def test_a_notice_without_file_and_id_gets_an_id_from_what_is_told_of_it(shop: Workshop) -> None:
    name, is_new = await take_in(shop.tools, Handed("", b"", "例の通知", url="https://example.jp/2"), "key/x")
    assert (name.startswith("upload-"), is_new) == (True, True)
    await take_in(shop.tools, Handed("", b"", "第3の通知", url="ftp://example.jp/3"), "key/x")
    assert (await shop.all(TaskRow))[-1].detail == f"ftp://example.jp/3\n{NO_FILE}"
