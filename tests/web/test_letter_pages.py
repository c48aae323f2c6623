"""The pages of letters: what was sent to whom, the very mail, why it did not arrive, and sending it once more."""

import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import ClientSession
from sqlalchemy import text

from notifier.store.claims import MAY_HAVE_ARRIVED
from notifier.web.letter_words import Course, standing_of, status_of
from tests.web.town import CARE_PLANS, SILENT, STAFF, VISITS, Town, town

HERE = {"Sec-Fetch-Site": "same-origin"}
NOW = datetime(2026, 1, 21, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with town(tmp_path_factory.mktemp("letters"), stand_ins=STAFF) as found:
        yield found


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("<main")[2].partition("</main")[0]))


async def read(
    visitor: ClientSession, place: Town, path: str, status: int = 200, who: Mapping[str, str] | None = None
) -> str:
    async with visitor.get(place.address + path, cookies=who) as answer:
        assert (path, answer.status) == (path, status)
        return await answer.text()


async def post(
    visitor: ClientSession, place: Town, data: list[tuple[str, str]], headers: Mapping[str, str] = HERE
) -> tuple[int, str, str]:
    sent = visitor.post(f"{place.address}/letters/resend", data=data, headers=headers, allow_redirects=False)
    async with sent as answer:
        return answer.status, answer.headers.get("Location", ""), await answer.text()


def numbers(page: str) -> list[int]:
    return [int(each) for each in re.findall(r'<a href="/letters/(\d+)">', page)]


# ---- the list ---------------------------------------------------------------------------------------------


async def test_letters_are_listed_the_newest_first_with_counts_of_those_in_trouble(
    desk: Town, visitor: ClientSession
) -> None:
    page = await read(visitor, desk, "/letters")
    found = numbers(page)
    assert found == sorted(found, reverse=True)
    assert len(found) > 10
    assert re.search(r"宛先なし (\d+) 件 .*受取拒否 0 件", words(page))


@pytest.mark.parametrize(
    "asked,seen,hidden",
    [
        ("state=unreachable", "デイサービス なのはな", "b@two.example"),
        ("state=trouble", "デイサービス なのはな", "b@two.example"),
        (f"office={CARE_PLANS}", "a@one.example", "b@two.example"),
        ("occasion=opening&state=accepted", "受付開始", "a@one.example"),
        ("deadline=free-pass/apply", "フリーパスの申込み", "実績報告"),
        ("since=2026-01-19&until=2026-01-19", "2026年1月19日（月）", "2026年1月13日（火）"),
    ],
)
async def test_letters_are_filtered(
    desk: Town, visitor: ClientSession, asked: str, seen: str, hidden: str
) -> None:
    page = await read(visitor, desk, f"/letters?{asked}")
    listed = re.sub(r"<[^>]+>", " ", page.partition("<tbody>")[2].partition("</tbody>")[0])
    assert seen in listed
    assert hidden not in listed


async def test_a_filter_that_makes_no_sense_is_kept_and_says_how_to_mend_it(
    desk: Town, visitor: ClientSession
) -> None:
    page = await read(visitor, desk, "/letters?since=2026-02-01&until=2026-01-01")
    assert "「いつまで」は「いつから」以後の日にしてください。" in page
    assert 'value="2026-02-01"' in page
    assert "当てはまるお知らせはありません" in await read(visitor, desk, "/letters?office=0000000000")


async def test_older_letters_are_read_from_behind_the_last_one(desk: Town, visitor: ClientSession) -> None:
    first = numbers(await read(visitor, desk, "/letters"))
    following = numbers(await read(visitor, desk, f"/letters?before={first[4]}"))
    assert following[: len(first) - 5] == first[5:]
    assert "最新へ" in await read(visitor, desk, f"/letters?before={first[4]}")


async def test_staff_of_another_city_find_none_of_them(desk: Town, visitor: ClientSession) -> None:
    other = {"stand-in": "ito"}
    page = await read(visitor, desk, "/letters", who=other)
    assert numbers(page) == []
    assert "まだ1件も送っていません" in page
    for path in ("/letters/1", "/letters/1/html", "/letters/1/source", "/letters/999999"):
        await read(visitor, desk, path, 404, who=other)


# ---- one letter -------------------------------------------------------------------------------------------


async def test_a_letter_is_shown_as_it_was_sent_to_the_last_byte(desk: Town, visitor: ClientSession) -> None:
    [number, *_] = numbers(await read(visitor, desk, f"/letters?office={VISITS}&state=accepted"))
    page = await read(visitor, desk, f"/letters/{number}")
    assert "送った内容と一字一句同じことを、記録した値で確かめました。" in page
    mail = re.search(r'href="/mailbox/(\d+)"', page)
    assert mail is not None
    kept = await desk.mailbox.get(int(mail[1]))
    assert kept is not None
    async with visitor.get(f"{desk.address}/letters/{number}/source") as answer:
        assert answer.content_type == "text/plain"
        assert (await answer.read()).rstrip() == kept[1].rstrip()
    assert "相手のメールサーバーが受け取りました。" in words(page)
    assert "250" in words(page)


async def test_a_letters_html_may_do_nothing_but_be_looked_at(desk: Town, visitor: ClientSession) -> None:
    [number, *_] = numbers(await read(visitor, desk, "/letters?state=accepted"))
    assert f'sandbox src="/letters/{number}/html"' in await read(visitor, desk, f"/letters/{number}")
    async with visitor.get(f"{desk.address}/letters/{number}/html") as answer:
        assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")


async def test_who_could_not_be_reached_is_told_with_what_to_do(desk: Town, visitor: ClientSession) -> None:
    [number, *_] = numbers(await read(visitor, desk, f"/letters?office={SILENT}"))
    page = words(await read(visitor, desk, f"/letters/{number}"))
    assert "宛先がないため、送っていません。" in page
    assert "電話やFAXで知らせ、アドレスを確かめて登録してください。" in page
    assert "送り直す" not in page
    await read(visitor, desk, f"/letters/{number}/source", 404)


# ---- once more --------------------------------------------------------------------------------------------


async def test_letters_are_sent_again_only_after_it_was_said_how_many(
    tmp_path: Path, visitor: ClientSession
) -> None:
    async with town(tmp_path, stand_ins=STAFF) as place:
        reached = numbers(await read(visitor, place, f"/letters?office={VISITS}"))[:2]
        silent = numbers(await read(visitor, place, f"/letters?office={SILENT}"))[:1]
        chosen = [("id", str(each)) for each in (*reached, *silent)]
        status, _, page = await post(visitor, place, [*chosen, ("back", "/letters?state=accepted")])
        assert status == 200
        assert "送り直すお知らせ 2件 宛先 1か所 送り直せないもの 1件" in words(page)
        assert "このうち2件は、相手がすでに受け取っています" in page
        before = await _deliveries(place)
        kept = re.search(r'name="id" value="([^"]+)"', page)
        assert kept is not None
        status, to, _ = await post(
            visitor, place, [("id", kept[1]), ("back", "/letters"), ("confirmed", "yes")]
        )
        assert (status, to) == (303, "/letters")
        assert await _deliveries(place) == before + 2
        async with place.tools.database.reading() as conn:
            told = await conn.execute(
                text("SELECT who, authority FROM audit WHERE action = 'delivery.resent'")
            )
            assert {tuple(row) for row in told} == {("sato", "121002")}


async def test_all_that_a_filter_finds_is_sent_again_at_once(tmp_path: Path, visitor: ClientSession) -> None:
    async with town(tmp_path, stand_ins=STAFF) as place:
        _, _, page = await post(visitor, place, [("all", "yes"), ("office", VISITS), ("state", "accepted")])
        kept = re.search(r'name="id" value="([^"]+)"', page)
        assert kept is not None
        assert len(kept[1].split()) > 5


async def test_nothing_is_sent_again_that_cannot_be(desk: Town, visitor: ClientSession) -> None:
    silent = numbers(await read(visitor, desk, f"/letters?office={SILENT}"))[0]
    for chosen in ([], [("id", str(silent))], [("id", "x"), ("id", "99999999999999")]):
        status, _, page = await post(visitor, desk, [*chosen, ("back", "//elsewhere.example/")])
        assert status == 200
        assert "送り直せません" in page
        assert 'href="/letters"' in page


async def test_a_form_from_elsewhere_and_a_reader_send_nothing(desk: Town, visitor: ClientSession) -> None:
    status, _, _ = await post(visitor, desk, [("id", "1")], {"Sec-Fetch-Site": "cross-site"})
    assert status == 403


async def _deliveries(place: Town) -> int:
    async with place.tools.database.reading() as conn:
        return int((await conn.execute(text("SELECT count(*) FROM delivery"))).scalar_one())


# ---- why --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer,recipient,said",
    [
        ("550 5.1.1 <x>: User unknown", "x@care.example", "宛先のアドレスがない"),
        ("550 5.1.2 Host unknown", "x@care.exmaple", "ドメイン"),
        ("552 5.2.2 Mailbox full", "x@care.example", "受信箱がいっぱい"),
        ("552 5.3.4 Message too big", "x@care.example", "大きすぎる"),
        ("550 5.7.1 rejected by policy", "x@care.example", "迷惑メール対策"),
        ("550 5.1.1 User unknown", "x@docomo.ne.jp", "携帯電話のアドレス"),
        ("554 no", "x@care.example", "返事」）のとおり"),
    ],
)
def test_why_a_relay_refused_is_said_plainly(answer: str, recipient: str, said: str) -> None:
    found = standing_of(Course("refused", recipient, NOW, code=550, answer=answer), NOW)
    assert said in found.why
    assert found.advice


@pytest.mark.parametrize(
    "course,said",
    [
        (Course("planned", "a@b.example", NOW), "まもなく送ります"),
        (Course("planned", "a@b.example", NOW, is_current=False), "送らずに取り消します"),
        (Course("planned", "a@b.example", NOW, attempts=3, answer="450 busy"), "3回送ろうとしました"),
        (Course("planned", "a@b.example", NOW, attempts=1), "1回送ろうとしました"),
        (Course("sending", "a@b.example", NOW), "いま送っています"),
        (Course("unknown", "a@b.example", NOW), "まだ分かりません"),
        (Course("failed", "a@b.example", NOW, answer=MAY_HAVE_ARRIVED), "分からないまま"),
        (Course("failed", "a@b.example", NOW, answer="the template email/x, line 1: …"), "できませんでした"),
        (Course("failed", "a@b.example", NOW, attempts=2), "分からないまま"),
        (Course("failed", "a@b.example", NOW, attempts=30, code=450), "できませんでした"),
        (Course("unreachable", "", NOW), "宛先がない"),
        (Course("unreachable", "", NOW, is_office=False), "宛先がない"),
        (Course("cancelled", "a@b.example", NOW), "取り消しました"),
        (Course("cancelled", "a@b.example", NOW, is_current=False), "取り消しました"),
        (Course("else", "a@b.example", NOW), "else"),
    ],
)
def test_how_a_letter_stands_is_said_in_a_sentence(course: Course, said: str) -> None:
    assert said in standing_of(course, NOW).said


def test_an_enhanced_status_is_not_mistaken_for_an_address_or_a_version() -> None:
    assert status_of("250 2.0.0 OK") == (0, 0)
    assert status_of("550 host 192.5.1.1 says no") is None
    assert status_of("") is None
