import gzip
from collections.abc import AsyncIterator

import pytest

from notifier.channels.addresses import read_networks
from notifier.channels.fetcher import Fetcher, FetchError
from tests.sites import Site, site

LOOPBACK = read_networks(["127.0.0.0/8"])
LIMIT = 1024 * 1024


@pytest.fixture
async def town() -> AsyncIterator[Site]:
    async with site() as opened:
        yield opened


def fetcher(**more: float) -> Fetcher:
    return Fetcher("https://notifier.example.jp", allowed=LOOPBACK, **({"pause": 0.0} | more))


async def refused(town: Site, path: str = "/feed", **more: float) -> FetchError:
    async with fetcher(**more) as polite:
        with pytest.raises(FetchError) as caught:
            await polite.get(town.url(path), LIMIT)
    return caught.value


async def test_what_was_published_is_fetched_and_asked_for_again_only_if_it_changed(town: Site) -> None:
    town.put("/feed", "中身", "text/plain", etag='"1"', headers={"Last-Modified": "yesterday"})
    async with fetcher() as polite:
        first = await polite.get(town.url(), LIMIT)
        second = await polite.get(town.url(), LIMIT, first.etag, first.modified)
    assert (first.content, first.type, first.modified) == ("中身".encode(), "text/plain", "yesterday")
    assert (second.status, second.content) == (304, None)
    assert town.agents == {"notifier (+https://notifier.example.jp)"}
    assert town.asked["/robots.txt"] == 1


async def test_what_robots_are_told_to_leave_alone_is_left_alone(town: Site) -> None:
    town.put("/robots.txt", "User-agent: *\nDisallow: /inside\n")
    town.put("/inside/x", "x")
    town.put("/outside", "y")
    assert "robots.txt" in str(await refused(town, "/inside/x"))
    assert town.asked["/inside/x"] == 0
    async with fetcher() as polite:
        assert (await polite.get(town.url("/outside"), LIMIT)).content == b"y"


async def test_a_site_whose_robots_cannot_be_asked_is_left_alone(town: Site) -> None:
    town.put("/robots.txt", "", status=503)
    town.put("/feed", "x")
    assert (await refused(town)).status == 503
    assert town.asked["/feed"] == 0


async def test_a_packed_answer_is_unpacked_within_the_limit(town: Site) -> None:
    town.put("/feed", gzip.compress("中身".encode()), headers={"Content-Encoding": "gzip"})
    async with fetcher() as polite:
        assert (await polite.get(town.url(), LIMIT)).content == "中身".encode()


@pytest.mark.parametrize(
    "content, headers, said",
    [
        (gzip.compress(b" " * (50 * LIMIT)), {"Content-Encoding": "gzip"}, "大きすぎます"),
        (gzip.compress(b"x" * 5000)[:-9], {"Content-Encoding": "gzip"}, "途中で切れています"),
        (b"no gzip", {"Content-Encoding": "gzip"}, "圧縮が壊れています"),
        (b"x", {"Content-Encoding": "zstd"}, "知らない圧縮方式"),
        (b" " * (LIMIT + 1), {}, "大きすぎます"),
    ],
    ids=["bomb", "cut", "broken", "unknown", "large"],
)
async def test_an_answer_that_is_too_much_or_cannot_be_unpacked_is_refused(
    town: Site, content: bytes, headers: dict[str, str], said: str
) -> None:
    town.put("/feed", content, headers=headers)
    assert said in str(await refused(town))


async def test_a_server_that_asks_to_wait_is_heard(town: Site) -> None:
    town.put("/feed", "", status=429, headers={"Retry-After": "120"})
    fault = await refused(town)
    assert fault.status == 429
    assert fault.retry_after is not None
    assert fault.retry_after.total_seconds() == 120


async def test_a_server_that_never_answers_is_left_after_a_while(town: Site) -> None:
    town.put("/feed", "", hangs=True)
    assert "時間内に" in str(await refused(town, seconds=0.3))


async def test_a_redirect_is_followed_but_not_for_ever_nor_inwards(town: Site) -> None:
    town.put("/feed", "", status=302, headers={"Location": "/new"})
    town.put("/new", "x")
    town.put("/loop", "", status=302, headers={"Location": "/loop"})
    town.put("/inwards", "", status=302, headers={"Location": "http://169.254.169.254/secret"})
    async with fetcher() as polite:
        assert (await polite.get(town.url(), LIMIT)).url == town.url("/new")
    assert "接続できません" in str(await refused(town, "/loop"))
    assert "公開のアドレスではありません" in str(await refused(town, "/inwards"))


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "http://user:word@office.example/", "https:///x", "nothing"]
)
async def test_an_address_that_is_none_is_not_asked(url: str) -> None:
    async with fetcher() as polite:
        with pytest.raises(FetchError, match="取得できないアドレス"):
            await polite.get(url, LIMIT)


async def test_nobody_there_is_said_in_words() -> None:
    async with fetcher() as polite:
        with pytest.raises(FetchError, match="接続できません"):
            await polite.get("http://127.0.0.1:9/x", LIMIT)


async def test_a_host_is_given_time_between_two_questions(town: Site) -> None:
    town.put("/robots.txt", "User-agent: *\nCrawl-delay: 0.1\nAllow: /\n")
    town.put("/feed", "x")
    async with fetcher(pause=0.05) as polite:
        await polite.get(town.url(), LIMIT)
        polite.begin()
        await polite.get(town.url(), LIMIT)
    assert town.asked == {"/robots.txt": 2, "/feed": 2}
