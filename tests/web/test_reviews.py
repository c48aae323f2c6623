"""A notice goes its way over the API: handed in, decided on, its impact shown, approved by a second person, taken back."""

from collections.abc import AsyncIterator
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from notifier.running import run_due
from tests.reading.papers import scan
from tests.web.country import OSAKA_CITY, Country, Said, country

TEXT = """老例発第20号
令和8年1月21日

都道府県介護保険主管課　御中

厚生労働省老健局例課

介護情報基盤の活用の助成金の申請期限の変更について（通知）

1　変更後の期限
介護情報基盤の助成金の申請の受付は、令和8年2月27日までに変更する。
"""


@pytest.fixture
async def land(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Country]:
    file = copyfile(sqlite_template, tmp_path / "reviews.sqlite3")
    async with country(f"sqlite+aiosqlite:///{file}") as found:
        yield found


async def sent(
    land: Country, content: bytes, who: str = "editor", query: str = "", kind: str = "text/plain"
) -> Said:
    """What a file that is sent is answered."""
    headers = {"Authorization": f"Bearer {land.keys[who]}", "Content-Type": kind}
    async with land.visitor.post(
        f"{land.address}/v1/notices{query}", data=content, headers=headers
    ) as answer:
        return Said(answer.status, await answer.json(), answer.headers, await answer.text())


def amending(body: Any) -> list[int]:
    return [each["number"] for each in body["candidates"] if each["deadline"] == "platform-subsidy/apply"]


async def kept(land: Country, who: str = "editor", text: str = TEXT) -> str:
    """A notice of which one candidate was kept; returns its id."""
    made = await sent(land, text.encode(), who)
    assert made.status == 201, made.text
    name = str(made.body["notice"])
    for each in made.body["candidates"]:
        verdict = "kept" if each["number"] in amending(made.body)[:1] else "dropped"
        path = f"/notices/{name}/candidates/{each['number']}"
        said = await land.call("PATCH", path, {"verdict": verdict}, who, If_Match="*")
        assert said.status == 200, said.text
    return name


SURVEY = {
    "deadline": "platform-subsidy/example-survey",
    "definition": {
        "title": "助成金の利用調査への回答（例）",
        "short": "利用調査",
        "modality": "recommended",
        "action": "調査票に答えてください。",
        "where": "都道府県に返します。",
        "silence": "何も起きません。",
        "ladder": "fixed",
        "concerns_wording": "すべての事業所",
    },
    "statement": {"place": "別紙", "due": {"by": "2026-02-27"}},
}
"""A new duty that the machine has missed."""


async def test_a_notice_is_handed_in_reviewed_and_approved_by_a_second_key(land: Country) -> None:
    name = await kept(land)
    added = await land.call("POST", f"/notices/{name}/candidates", SURVEY, "editor")
    assert added.status == 201, added.text
    assert (await sent(land, TEXT.encode())).status == 200
    review = await land.get(f"/notices/{name}/review", "editor")
    assert (review.body["stage"], review.body["identity"]["number"]) == ("read", "老例発第20号")
    assert [each for each in review.body["objections"] if each["is_error"]] == []
    impact = (await land.get(f"/notices/{name}/preview?months=1&samples=1", "editor")).body
    (effect,) = [each for each in impact["effects"] if each["change"]]
    assert (effect["deadline"], effect["change"]) == ("platform-subsidy/example-survey", "announced")
    assert impact["samples"][0]["subject"]
    assert (await land.call("POST", f"/notices/{name}/review", {}, "editor")).status == 200
    refused = await land.call("POST", f"/notices/{name}/approve", {}, "editor")
    assert (refused.status, refused.body["code"]) == (409, "second-person")
    assert (await land.call("POST", f"/notices/{name}/approve", {}, "operator")).body[
        "code"
    ] == "role-may-not"
    done = await land.call("POST", f"/notices/{name}/approve", {}, "ministry")
    assert (done.status, done.body["letters"] > 0) == (200, True), done.text
    await run_due(land.tools)
    history = (await land.get("/deadlines/platform-subsidy/example-survey")).text
    assert "2026-02-27" in history
    assert (await land.call("POST", "/approvals", {"notice": name}, "ministry")).body[
        "code"
    ] == "not-possible"
    back = await land.call("POST", f"/notices/{name}/withdraw", {"reason": "日付の誤り"}, "editor")
    assert (back.status, back.body["takes_back"]) == (201, name)
    assert (await land.call("POST", f"/notices/{back.body['notice']}/approve", {}, "ministry")).status == 200
    assert (await land.get(f"/notices/{name}/review", "editor")).body["stage"] == "withdrawn"


async def test_what_is_wrong_with_a_review_is_said_in_japanese_and_nothing_is_kept(land: Country) -> None:
    name = await kept(land)
    before = await land.get(f"/notices/{name}/review", "editor")
    number = amending(before.body)[0]
    bad = {
        "said": {
            "deadline": "platform-subsidy/apply",
            "statement": {"place": "1", "due": {"by": "2026-02-30"}},
        }
    }
    said = await land.call("PATCH", f"/notices/{name}/candidates/{number}", bad, "editor", If_Match="*")
    assert (said.status, said.body["code"]) == (422, "review-unfit")
    assert said.body["objections"][0]["number"] == number
    assert "実在する日" in said.body["objections"][0]["mend"]
    assert (await land.get(f"/notices/{name}/review", "editor")).body == before.body
    said = await land.call("PATCH", f"/notices/{name}/review", {"rank": "memo"}, "editor", If_Match="*")
    assert said.status == 422
    said = await land.call("PATCH", f"/notices/{name}/candidates/{number}", {}, "editor", If_Match="*")
    assert (said.status, said.body) == (200, before.body)
    away = f"/notices/{name}/candidates/{number}"
    assert (await land.call("PATCH", away, {"verdict": "dropped"}, "editor", If_Match="*")).status == 200
    for path, method in ((f"/notices/{name}/preview", "GET"), (f"/notices/{name}/review", "POST")):
        said = await land.call(method, path, {} if method == "POST" else None, "editor")
        assert (said.status, said.body["code"]) == (422, "review-unfit")


async def test_nobody_overwrites_what_somebody_else_has_changed(land: Country) -> None:
    name = await kept(land)
    first = await land.get(f"/notices/{name}/review", "editor")
    tag = first.headers["ETag"]
    assert (await land.call("PATCH", f"/notices/{name}/review", {"number": "例1"}, "editor")).status == 428
    said = await land.call("PATCH", f"/notices/{name}/review", {"number": "例1"}, "editor", If_Match=tag)
    assert (said.status, said.body["identity"]["number"]) == (200, "例1")
    said = await land.call("PATCH", f"/notices/{name}/review", {"number": "例2"}, "ministry", If_Match=tag)
    assert (said.status, said.body["code"]) == (412, "changed-meanwhile")


async def test_what_was_missed_is_added_once(land: Country) -> None:
    name = await kept(land)
    missed = {
        "deadline": "platform-subsidy/apply",
        "statement": {"place": "別紙", "remark": "様式は別紙です。"},
    }
    said = [
        await land.call("POST", f"/notices/{name}/candidates", missed, "editor", Idempotency_Key="k")
        for _ in range(2)
    ]
    assert [each.status for each in said] == [201, 201]
    assert said[0].body["candidates"][-1]["verdict"] == "added"
    assert said[0].body == said[1].body


async def test_a_file_without_text_and_what_is_no_file_are_refused(land: Country) -> None:
    said = await sent(land, scan(), kind="application/pdf")
    assert (said.status, said.body["code"]) == (422, "no-text")
    assert (await sent(land, b"x", kind="image/png")).status == 415
    assert (await sent(land, b"x", "office")).body["code"] == "role-may-not"


async def test_a_notice_is_turned_away(land: Country) -> None:
    name = await kept(land)
    said = await land.call(
        "POST", f"/notices/{name}/reject", {"reason": "別の県", "not_relevant": True}, "editor"
    )
    assert (said.body["stage"], said.body["reason"]) == ("not-relevant", "別の県")
    assert (await land.call("POST", f"/notices/{name}/reject", {"reason": "再び"}, "editor")).status == 409
    assert (await land.call("POST", f"/notices/{name}/read", {}, "editor")).body["stage"] == "not-relevant"


async def test_what_an_authority_hands_in_is_its_own_until_it_is_law(land: Country) -> None:
    name = await kept(land, "municipality")
    assert (await land.get(f"/notices/{name}/review", "osaka")).status == 404
    assert (await land.get(f"/notices/{name}", "osaka")).status == 404
    assert name not in [each["id"] for each in await land.pages("/notices", "osaka", 50)]
    assert name in [each["id"] for each in await land.pages("/notices", "municipality", 50)]
    assert (await land.get(f"/notices/{name}/review", "editor")).status == 200
    statement = {"place": "1", "remark": "x", "authority": OSAKA_CITY}
    foreign = {"deadline": "platform-subsidy/apply", "statement": statement}
    said = await land.call("POST", f"/notices/{name}/candidates", foreign)
    assert any("ほかの自治体" in each["message"] for each in said.body["objections"])
    number = said.body["candidates"][-1]["number"]
    await land.call("PATCH", f"/notices/{name}/candidates/{number}", {"verdict": "dropped"}, If_Match="*")
    assert (await land.call("POST", f"/notices/{name}/review", {})).status == 200
    done = await land.call("POST", f"/notices/{name}/approve", {}, "local editor")
    assert done.status == 200, done.text
    assert {each["offices"] for each in done.body["effects"]} <= {0, 1, 2}
    await run_due(land.tools)
    assert (await land.get(f"/notices/{name}", "osaka")).status == 200
