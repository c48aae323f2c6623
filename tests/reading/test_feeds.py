from datetime import date

import pytest

from notifier.domain.watching import Item
from notifier.reading.feeds import FeedError, day_of, read_feed
from tests.sites import rss

HERE = "https://office.example/news/feed.xml"
RDF = """<?xml version="1.0" encoding="{charset}"?><rdf:RDF xmlns:rdf="r" xmlns:dc="d" xmlns="x">
<channel rdf:about="c"><title>新着</title></channel>
<item rdf:about="https://office.example/a"><title>通知（例）</title><link>https://office.example/a</link>
<dc:date>2026-06-09T15:00:Z</dc:date><description>案の公示日&lt;br/&gt;受付締切</description></item>
<item rdf:about="https://office.example/b"><title>二つ目</title></item></rdf:RDF>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title><entry><title type="html">通知&amp;amp;Q&amp;A</title>
<link rel="enclosure" href="/other"/><link rel="alternate" href="/c.pdf"/>
<updated>2026-03-31T20:00:00Z</updated><summary>要旨</summary>
<author><title>だれか</title></author></entry></feed>"""


def test_rss_is_read_with_its_dates_in_japan() -> None:
    feed = rss([("/1.pdf", "一（例）", "Tue, 31 Mar 2026 20:00:00 +0000"), ("2.pdf", "二", "")])
    assert read_feed(feed.encode(), HERE) == [
        Item("https://office.example/1.pdf", "一（例）", date(2026, 4, 1)),
        Item("https://office.example/news/2.pdf", "二"),
    ]


@pytest.mark.parametrize(
    "charset, encoding", [("UTF-8", "utf-8"), ("Shift_JIS", "cp932"), ("EUC-JP", "euc_jp")]
)
def test_rdf_is_read_in_the_encodings_that_occur_and_with_a_broken_date_in_utc(
    charset: str, encoding: str
) -> None:
    found = read_feed(RDF.format(charset=charset).encode(encoding), HERE)
    assert found == [
        Item("https://office.example/a", "通知（例）", date(2026, 6, 10), "案の公示日 受付締切"),
        Item("https://office.example/b", "二つ目"),
    ]


def test_atom_is_read_with_the_link_that_leads_there() -> None:
    assert read_feed(ATOM.encode(), HERE) == [
        Item("https://office.example/c.pdf", "通知&Q&A", date(2026, 4, 1), "要旨")
    ]


def test_a_feed_that_is_not_well_formed_is_mended() -> None:
    feed = rss([("https://office.example/x?a=1&b=2", "届出&nbsp;Q&A \x0b（例）", "")])
    assert read_feed(feed.encode(), HERE) == [Item("https://office.example/x?a=1&b=2", "届出 Q&A （例）")]


def test_an_item_without_a_usable_link_is_left_out_and_one_without_a_title_keeps_its_link() -> None:
    feed = (
        "<rss><channel><item><title>x</title></item><item><link>javascript:alert(1)</link></item>"
        "<item><link>http://[bad</link></item><item><guid>https://office.example/g</guid></item></channel></rss>"
    )
    assert read_feed(feed.encode(), HERE) == [Item("https://office.example/g", "https://office.example/g")]


BOMB = '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss><channel><item><title>&b;</title></item></channel></rss>'


@pytest.mark.parametrize(
    "content, said",
    [
        (b"<html><body>404</body></html>", "フィードではありません"),
        (b"<rss><channel>", "壊れています"),
        (b"", "壊れています"),
        (b"\x81\xff\xfe\xfd" * 9, "文字コード"),
        (BOMB.encode(), "ENTITY"),
        (("<rss>" + "<a>" * 200).encode(), "深すぎます"),
        (rss([("/x", "x", "")] * 2001).encode(), "多すぎます"),
        (b" " * (8 * 1024 * 1024 + 1), "大きすぎます"),
    ],
    ids=["page", "cut", "empty", "binary", "entities", "deep", "many", "large"],
)
def test_what_is_no_feed_is_refused_in_words(content: bytes, said: str) -> None:
    with pytest.raises(FeedError, match=said):
        read_feed(content, HERE)


@pytest.mark.parametrize(
    "written, day",
    [
        ("2026-04-01", date(2026, 4, 1)),
        ("2026/4/1 掲載", date(2026, 4, 1)),
        ("Wed, 01 Apr 2026 09:00:00 +0900", date(2026, 4, 1)),
        ("2026-13-41", None),
        ("きのう", None),
        ("", None),
    ],
)
def test_a_date_is_read_however_it_is_written_or_not_at_all(written: str, day: date | None) -> None:
    assert day_of(written) == day
