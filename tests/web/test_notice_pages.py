"""The pages about notices: handed in, reviewed, foretold, approved by a second person, taken back."""

import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from aiohttp import ClientSession, FormData

from notifier.desk import Desk
from notifier.domain.accounts import User
from notifier.domain.actors import Actor
from notifier.domain.callers import Tenant
from notifier.domain.roles import Role
from notifier.reading.expressions import read
from notifier.running import run_due
from notifier.tools import law_on
from notifier.web.pages import marks
from tests.web.test_pages import seen, words
from tests.web.town import APPROVER, CITY, CLERK, ELSEWHERE, PREFECTURE, STAFF, Town, town

OURS = {"Sec-Fetch-Site": "same-origin"}
PREFECTURAL = User("ken", Role.EDITOR, PREFECTURE, "県 太郎")
VIEWER = User("mieru", Role.VIEWER, CITY, "見る人")
NOTICE = """令和8年1月20日
介護保険事業課長
介護情報基盤の活用のための助成金の申請期限の延長について（通知）

標記の助成金の申請期限は、令和8年4月10日（金）まで延長します。
なお、新たに、業務継続計画の届出を令和8年5月29日（金）までに市へ提出してください。
"""
"""Invented. Candidate 1 moves a known deadline."""


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Town]:
    """A town that is changed."""
    async with town(tmp_path, stand_ins=(*STAFF, VIEWER, PREFECTURAL)) as found:
        yield found


async def post(
    visitor: ClientSession,
    place: Town,
    path: str,
    form: Mapping[str, str | list[str]] | FormData,
    who: User = CLERK,
) -> tuple[int, str, str]:
    """Send a form: status, where it leads, and the page."""
    async with visitor.post(
        place.address + path, data=form, headers=OURS, cookies={"stand-in": who.name}, allow_redirects=False
    ) as answer:
        return answer.status, answer.headers.get("Location", ""), await answer.text()


async def handed_in(visitor: ClientSession, place: Town, text: str = NOTICE, name: str = "通知.txt") -> str:
    form = FormData()
    form.add_field("file", text.encode(), filename=name, content_type="text/plain")
    status, to, page = await post(visitor, place, "/notices", form)
    assert status == 303, page
    return to


async def reviewed(visitor: ClientSession, place: Town) -> str:
    """A notice whose first candidate was kept, with everything said that was missing."""
    notice = await handed_in(visitor, place)
    assert (await post(visitor, place, f"{notice}/candidates/1/verdict", {"verdict": "keep"}))[0] == 303
    assert (await post(visitor, place, f"{notice}/rest", {}))[0] == 303
    identity = {
        "title": "助成金の申請期限の延長について",
        "issuer": "市 介護保険事業課",
        "number": "",
        "issued": "2026-01-20",
        "known_from": "2026-01-21",
        "rank": "notice",
    }
    assert (await post(visitor, place, f"{notice}/identity", identity))[0] == 303
    return notice


async def look(visitor: ClientSession, place: Town, path: str, who: User = CLERK) -> str:
    async with visitor.get(place.address + path, cookies={"stand-in": who.name}) as answer:
        assert (path, answer.status) == (path, 200)
        return await answer.text()


# --- handing in and reading -------------------------------------------------------------------------------------


async def test_a_notice_is_handed_in_and_shown_with_its_marks_and_candidates(
    place: Town, visitor: ClientSession
) -> None:
    notice = await handed_in(visitor, place)
    page = await look(visitor, place, notice)
    assert re.search(r'<mark id="e\d" class="is-deadline[^"]*">令和8年4月10日（金）まで', page)
    text = words(page)
    assert re.search(
        r"候補1 介護情報基盤の活用に向けた助成金の申請 .*いま 令和8年3月13日.*この通知 令和8年4月10日", text
    )
    assert "発出者: 決まっていません" in text
    assert "助成金の申請期限の延長" in await look(visitor, place, "/notices")
    assert notice not in await look(visitor, place, "/notices", ELSEWHERE)
    async with visitor.get(place.address + notice, cookies={"stand-in": ELSEWHERE.name}) as answer:
        assert answer.status == 404


async def test_the_same_file_again_leads_to_the_same_notice(place: Town, visitor: ClientSession) -> None:
    assert await handed_in(visitor, place) == await handed_in(visitor, place)


@pytest.mark.parametrize(
    "content,name,problem",
    [
        (b"", "empty.txt", "ファイルを選んでください"),
        (b"%PDF-1.4 broken", "broken.pdf", "broken.pdf"),
        (b"\x89PNG\r\n\x1a\n0000", "photo.png", "画像です"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_with_what_to_do(
    place: Town, visitor: ClientSession, content: bytes, name: str, problem: str
) -> None:
    form = FormData()
    form.add_field("file", content, filename=name)
    form.add_field("title", "書いておいた題名")
    status, _, page = await post(visitor, place, "/notices", form)
    assert (status, problem in page, "書いておいた題名" in page) == (422, True, True)


async def test_the_file_is_given_back_as_it_came_and_never_opened(
    place: Town, visitor: ClientSession
) -> None:
    notice = await handed_in(visitor, place)
    async with visitor.get(f"{place.address}{notice}/original", cookies={"stand-in": CLERK.name}) as answer:
        assert await answer.read() == NOTICE.encode()
        assert answer.content_type == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment")
    async with visitor.get(
        f"{place.address}{notice}/original", cookies={"stand-in": ELSEWHERE.name}
    ) as answer:
        assert answer.status == 404


async def test_of_a_long_text_the_beginning_is_shown_until_all_is_asked_for(
    place: Town, visitor: ClientSession
) -> None:
    end = "助成金の申請期限は、令和8年4月10日（金）まで延長します。"
    notice = await handed_in(visitor, place, "\n".join([*NOTICE.splitlines()[:3], *["文"] * 500, end]))
    page = await look(visitor, place, notice)
    assert ('href="?text=all#L504"' in page, 'id="L504"' in page) == (True, False)
    assert 'id="L504"' in await look(visitor, place, f"{notice}?text=all")


async def test_a_list_without_notices_says_what_to_do(place: Town, visitor: ClientSession) -> None:
    assert "待っている通知はありません" in words(await look(visitor, place, "/notices"))
    assert "通知はまだありません" in words(await look(visitor, place, "/notices?show=all"))


# --- reviewing ----------------------------------------------------------------------------------------------------


async def test_candidates_are_kept_dropped_and_left_open_again(place: Town, visitor: ClientSession) -> None:
    notice = await handed_in(visitor, place)
    for verdict, label in (("keep", "採用"), ("drop", "除外"), ("reopen", "未判断")):
        status, to, _ = await post(visitor, place, f"{notice}/candidates/1/verdict", {"verdict": verdict})
        assert (status, to) == (303, f"{notice}#c1")
        card = (await look(visitor, place, notice)).split('id="c1"')[1].split('id="c2"')[0]
        assert f">{label}</span>" in card
    assert (await post(visitor, place, f"{notice}/candidates/1/verdict", {"verdict": "x"}))[0] == 400
    assert (await post(visitor, place, f"{notice}/candidates/99/verdict", {"verdict": "keep"}))[0] == 404


async def test_a_candidate_is_corrected_in_a_form(place: Town, visitor: ClientSession) -> None:
    notice = await handed_in(visitor, place)
    page = await look(visitor, place, f"{notice}/candidates/1")
    assert 'value="2026-04-10"' in page
    form = {
        "deadline": "platform-subsidy/apply",
        "how": "month",
        "month": "2026-04",
        "part": "late",
        "place": "本文",
    }
    status, _, page = await post(visitor, place, f"{notice}/candidates/1", {**form, "marks": "tentative"})
    assert status == 303, page
    assert re.search(
        r"候補1 .*修正して採用 .*令和8年4月下旬.{0,30}予定", words(await look(visitor, place, notice))
    )


@pytest.mark.parametrize(
    "form,problem",
    [
        ({"how": "by", "by": ""}, "期日を入力してください"),
        ({"how": "by", "by": "2026-04-01", "opens": "2026-05-01"}, "受付開始日は期日と同じ日か"),
        ({"how": "month", "month": "2026-13"}, "月は 2026-12 の形で"),
        ({"how": "fiscal_year", "fiscal_year": ""}, "年度（西暦）を入力してください"),
        ({"how": "by", "by": "2026-04-01", "deadline": "no/such"}, "期限を一覧から選んでください"),
        ({"how": "by", "by": "2026-04-01", "place": ""}, "記載箇所を入力してください"),
        ({"as": "data", "data": "{"}, "データの書き方に誤りがあります"),
        ({"as": "data", "data": "[]"}, "データは { で始まり"),
        ({"as": "data", "data": '{"deadline": "No", "statement": {}}'}, "期限のidの形ではありません"),
    ],
)
async def test_a_correction_that_makes_no_sense_is_given_back(
    place: Town, visitor: ClientSession, form: dict[str, str], problem: str
) -> None:
    notice = await handed_in(visitor, place)
    sent = {"deadline": "platform-subsidy/apply", "place": "本文"} | form
    status, _, page = await post(visitor, place, f"{notice}/candidates/1", sent)
    assert (status, problem in page.replace("&#34;", '"')) == (422, True)


async def test_what_the_machine_missed_is_added_as_a_new_deadline(
    place: Town, visitor: ClientSession
) -> None:
    notice = await handed_in(visitor, place)
    new = {
        "title": "計画の届出",
        "short": "計画",
        "action": "届け出てください。",
        "where": "市へ",
        "silence": "確認します。",
    }
    form: dict[str, str | list[str]] = {
        "deadline": "new",
        "id": "local-121002/plan",
        "how": "by",
        "by": "2026-05-29",
        "place": "6行",
    }
    form |= {"new_modality": "required", **{f"new_{name}": value for name, value in new.items()}}
    form |= {"new_concerns": ["43", "11"], "new_taken_up": "cpdl.joined", "new_ladder": "last-day"}
    wrong = form | {"new_settled": "facts"}
    status, _, page = await post(visitor, place, f"{notice}/candidates/new", wrong)
    assert (status, "完了とみなす出来事を1つ以上選んでください" in page) == (422, True)
    status, _, page = await post(visitor, place, f"{notice}/candidates/new", form)
    assert status == 303, page
    assert re.search(r"計画の届出 .*追加 .*新しい期限", words(await look(visitor, place, notice)))
    review = await Desk(place.tools, Actor("x"), Tenant(CITY)).review(notice.rpartition("/")[2])
    added = review.candidates[-1]
    made = added.said["definition"]
    assert (made["concerns"], made["taken_up"]) == ({"services": ["43", "11"]}, {"fact": ["cpdl.joined"]})
    assert made["taken_up_wording"] == "ケアプランデータ連携システムへの加入があった事業所"
    assert (made["ladder"], made["parties"]) == ("last-day", ["office"])
    assert made["settled_by"] == [{"fact": "duty.done", "where": {"deadline": "local-121002/plan"}}]
    page = await look(visitor, place, f"{notice}/candidates/{added.number}")
    assert page.count(" checked") >= 5
    again = form | {"new_concerns": "kept", "new_settled": "never", "new_taken_up": ""}
    status, _, page = await post(visitor, place, f"{notice}/candidates/{added.number}", again)
    assert status == 303, page


# --- deciding -----------------------------------------------------------------------------------------------------


async def test_a_notice_is_approved_by_a_second_person_after_seeing_what_happens(
    place: Town, visitor: ClientSession
) -> None:
    notice = await reviewed(visitor, place)
    impact = words(await look(visitor, place, f"{notice}/impact"))
    assert re.search(r"すぐに知らせる事業所 2 .*宛先のない事業所 1", impact)
    assert "令和8年4月10日" in impact
    assert (await post(visitor, place, f"{notice}/sign", {}))[0] == 303
    status, _, page = await post(visitor, place, f"{notice}/approve", {}, CLERK)
    assert status == 403, page
    assert "承認して、2通を送る" in await look(visitor, place, f"{notice}/impact", APPROVER)
    status, to, _ = await post(visitor, place, f"{notice}/approve", {}, APPROVER)
    assert (status, to) == (303, notice)
    await run_due(place.tools)
    async with place.tools.database.reading() as conn:
        law = await law_on(conn, place.tools, place.tools.today())
    assert str(law.said("platform-subsidy/apply")[-1].notice.issued) == "2026-01-20"
    history = words(await look(visitor, place, f"{notice}/history"))
    who = rf"承認しました {re.escape(APPROVER.label)} .*確認しました {re.escape(CLERK.label)}"
    assert re.search(who, history)


async def test_what_is_not_finished_cannot_be_signed_and_says_why(
    place: Town, visitor: ClientSession
) -> None:
    notice = await handed_in(visitor, place)
    status, _, page = await post(visitor, place, f"{notice}/sign", {})
    assert (status, "採用した候補がありません" in page) == (422, True)
    assert "影響を確かめられません" in await look(visitor, place, f"{notice}/impact")


async def test_a_notice_is_turned_away_with_a_reason_and_taken_up_again(
    place: Town, visitor: ClientSession
) -> None:
    notice = await handed_in(visitor, place)
    status, _, page = await post(visitor, place, f"{notice}/reject", {"how": "not-relevant", "reason": ""})
    assert (status, "理由を入力してください" in page) == (422, True)
    form = {"how": "not-relevant", "reason": "この市には関係しない"}
    assert (await post(visitor, place, f"{notice}/reject", form))[0] == 303
    page = words(await look(visitor, place, notice))
    assert "対象外" in page
    assert "この市には関係しない" in page
    assert (await post(visitor, place, f"{notice}/reopen", {}))[0] == 303
    assert "確認待ち" in words(await look(visitor, place, notice))


async def test_an_approved_notice_is_taken_back_by_two_persons(place: Town, visitor: ClientSession) -> None:
    notice = await reviewed(visitor, place)
    await post(visitor, place, f"{notice}/sign", {})
    await post(visitor, place, f"{notice}/approve", {}, APPROVER)
    await run_due(place.tools)
    status, back, page = await post(visitor, place, f"{notice}/withdraw", {"reason": "誤りでした"})
    assert status == 303, page
    assert "承認待ち" in words(await look(visitor, place, back))
    assert (await post(visitor, place, f"{back}/approve", {}, APPROVER))[0] == 303
    assert "取り下げ" in words(await look(visitor, place, notice))


async def test_who_may_only_read_is_offered_nothing_and_refused(place: Town, visitor: ClientSession) -> None:
    notice = await handed_in(visitor, place)
    page = await look(visitor, place, notice, VIEWER)
    assert '<form method="post" action="/notices' not in page
    assert (await post(visitor, place, f"{notice}/candidates/1/verdict", {"verdict": "keep"}, VIEWER))[
        0
    ] == 403
    assert (await post(visitor, place, "/notices", FormData(), VIEWER))[0] == 403


async def test_a_form_from_elsewhere_is_refused(place: Town, visitor: ClientSession) -> None:
    notice = await handed_in(visitor, place)
    async with visitor.post(
        f"{place.address}{notice}/rest", data={}, headers={"Sec-Fetch-Site": "cross-site"}
    ) as answer:
        assert answer.status == 403


# --- what if ------------------------------------------------------------------------------------------------------


async def test_what_if_shows_who_would_get_what_when(place: Town, visitor: ClientSession) -> None:
    async with place.tools.database.reading() as conn:
        before = await law_on(conn, place.tools, place.tools.today())
    asked = "deadline=platform-subsidy/apply&how=by&by=2026-04-30&months=3"
    page = words(await look(visitor, place, f"/what-if?{asked}"))
    assert re.search(r"すぐに知らせる事業所 2 .*これから 令和8年4月30日", page)
    async with place.tools.database.reading() as conn:
        assert await law_on(conn, place.tools, place.tools.today()) == before


async def test_a_prefecture_asks_what_if_in_sum_and_sees_no_names(
    place: Town, visitor: ClientSession
) -> None:
    asked = "deadline=platform-subsidy/apply&how=by&by=2026-04-30&months=1"
    page = words(await look(visitor, place, f"/what-if?{asked}", PREFECTURAL))
    assert re.search(r"すぐに知らせる事業所 2 .*宛先のない事業所 1", page)
    assert "さくら台" not in page
    assert "なのはな" not in page


@pytest.mark.parametrize(
    "asked,problem",
    [
        ("deadline=&how=by&by=2026-04-30", "期限を一覧から選んでください"),
        ("deadline=platform-subsidy/apply&how=by&by=", "期日を入力してください"),
        ("deadline=platform-subsidy/apply&how=&by=2026-04-30", "期日を一覧から選んでください"),
    ],
)
async def test_what_if_without_enough_said_asks_for_it(
    place: Town, visitor: ClientSession, asked: str, problem: str
) -> None:
    assert problem in await seen(visitor, place, f"/what-if?{asked}", status=422)


# --- marks --------------------------------------------------------------------------------------------------------


def test_the_pieces_of_all_lines_are_the_text_again() -> None:
    reading = read(NOTICE)
    lines = list(marks.lines_of(reading, [1] * 9, [(5, 1)]))
    assert "\n".join("".join(piece.text for piece in line.pieces) for line in lines) == reading.text
    begun = [piece.mark.number for line in lines for piece in line.pieces if piece.mark and piece.begins]
    assert begun == list(range(1, len(reading.expressions) + 1))
    assert [line.number for line in lines if line.candidates] == [5]
