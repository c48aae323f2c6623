"""Who looks at a page, what they may do, how forms of theirs are read and answered."""

from collections.abc import AsyncIterator
from datetime import date

import pytest
from aiohttp import ClientSession, CookieJar

from notifier.domain.accounts import User
from notifier.domain.roles import Deed, Role
from notifier.web import forms, navigation, staff, wording
from notifier.web.forms import Form
from tests.web.town import ADMINISTRATOR, APPROVER, CLERK, STAFF, Town, town

EVERYTHING = frozenset(
    address
    for entry in navigation.ENTRIES
    for address in (entry.address, *(each.address for each in entry.under))
)
HERE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
async def city(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """A town whose pages are looked at by staff."""
    async with town(tmp_path_factory.mktemp("city"), stand_ins=STAFF) as found:
        yield found


@pytest.fixture
async def browser() -> AsyncIterator[ClientSession]:
    """A browser that keeps its cookies."""
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        yield session


# --- who looks ---------------------------------------------------------------------------------------------


async def test_a_visitor_of_the_demonstration_is_its_clerk_until_another_person_is_chosen(
    city: Town, browser: ClientSession
) -> None:
    async with browser.get(f"{city.address}/") as answer:
        page = await answer.text()
    assert CLERK.label in page
    assert "担当者" in page
    given = {"name": APPROVER.name, "next": "/deadlines"}
    async with browser.post(f"{city.address}/stand-in", data=given, headers=HERE) as answer:
        page = await answer.text()
        assert answer.url.path == "/deadlines"
    assert f"{APPROVER.label}として見ています。" in page
    async with browser.get(f"{city.address}/") as answer:
        page = await answer.text()
    assert "として見ています" not in page
    assert "承認者" in page


@pytest.mark.parametrize(
    "given,headers,status",
    [
        ({"name": "nobody"}, HERE, 403),
        ({"name": "suzuki"}, {"Sec-Fetch-Site": "cross-site"}, 403),
        ({"name": "suzuki"}, {"Origin": "https://elsewhere.example"}, 403),
        ({"name": "suzuki"}, {}, 403),
        ({"name": "suzuki", "next": "//elsewhere.example"}, HERE, 303),
    ],
)
async def test_nobody_becomes_another_person_from_elsewhere(
    city: Town, browser: ClientSession, given: dict[str, str], headers: dict[str, str], status: int
) -> None:
    sent = browser.post(f"{city.address}/stand-in", data=given, headers=headers, allow_redirects=False)
    async with sent as answer:
        assert answer.status == status
        assert answer.headers.get("Location", "/") == "/"


async def test_a_form_that_is_none_is_refused(city: Town, browser: ClientSession) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded; charset=no-such"}
    async with browser.post(f"{city.address}/stand-in", data=b"name=x", headers=HERE | kind) as answer:
        assert answer.status == 400
    async with browser.post(f"{city.address}/stand-in", data={"name": "x" * 20_000}, headers=HERE) as answer:
        assert answer.status == 413


async def test_where_nobody_signs_in_and_nobody_stands_in_pages_are_for_reading(
    place: Town, visitor: ClientSession
) -> None:
    async with visitor.get(f"{place.address}/") as answer:
        page = await answer.text()
    assert "ログインなしの閲覧" in page
    async with visitor.post(f"{place.address}/stand-in", data={}, headers=HERE) as answer:
        assert answer.status == 404


async def test_anybody_may_read_the_statement_on_accessibility(place: Town, visitor: ClientSession) -> None:
    async with visitor.get(f"{place.address}/accessibility") as answer:
        page = await answer.text()
    assert answer.status == 200
    assert "JIS X 8341-3:2016" in page
    assert 'aria-label="ページ"' not in page


def shown(user: User, served: frozenset[str], here: str) -> navigation.Navigation:
    looking = staff.Staff(user, "", None)  # type: ignore[arg-type]  # no pages
    return navigation.navigation(served, looking.may, here)


def test_navigation_shows_what_is_served_and_may_be_done_and_leads_to_the_first_below() -> None:
    few = shown(CLERK, frozenset({"/", "/offices"}), "offices")
    assert [each.address for each in few.entries] == ["/", "/offices"]
    clerk = shown(CLERK, EVERYTHING - {"/settings"}, "settings/templates")
    assert [each.label for each in clerk.under] == ["自治体の設定", "文面", "届いた出来事"]
    assert [each.is_here for each in clerk.under] == [False, True, False]
    chief = shown(ADMINISTRATOR, EVERYTHING - {"/settings", "/settings/authority"}, "today")
    settings = next(each for each in chief.entries if each.label == "設定")
    assert (settings.address, settings.is_here) == ("/letters/templates", False)
    assert not chief.under


def test_every_role_and_deed_has_a_japanese_name() -> None:
    assert set(wording.ROLES) == set(Role)
    assert set(wording.DEEDS) == set(Deed)


# --- forms -------------------------------------------------------------------------------------------------


def test_what_was_typed_is_composed_trimmed_and_without_signs_that_do_not_print() -> None:
    form = Form.filled(name="  か\u3099き\x00\u200b\r\n 二 ", note="一\r\n二\r\n")
    assert form.text("name", "名称") == "がき  二"
    assert form.lines("note", "メモ") == "一\n二"
    assert form.value("name").startswith("  か")


@pytest.mark.parametrize(
    "typed,day", [("2026-12-01", date(2026, 12, 1)), ("２０２６/１２/１", date(2026, 12, 1)), ("", None)]
)
def test_a_day_is_read_as_it_is_typed(typed: str, day: date | None) -> None:
    form = Form.filled(due=typed)
    assert form.day("due", "期日") == day
    assert form.is_right


@pytest.mark.parametrize("typed", ["2026-02-30", "あした", "2026-1", "1-2-3-4"])
def test_what_is_no_day_is_told_with_how_to_write_one(typed: str) -> None:
    form = Form.filled(due=typed)
    assert form.day("due", "期日") is None
    assert form.problems == {"due": "期日は 2026-12-01 の形で入力してください。"}
    assert forms.status_of(form) == 422


def test_numbers_and_choices_have_their_bounds() -> None:
    form = Form.filled(count="１,２００", many="9" * 40, role="chief", none="", some=["a", "x"])
    assert form.number("count", "人数") == 1200
    assert form.number("missing", "人数") is None
    assert form.number("many", "件数", high=10) is None
    assert form.one_of("role", "役割", ["viewer"]) == ""
    assert form.one_of("none", "区分", ["a"], needed=False) == ""
    assert form.some_of("some", "種類", ["a", "b"], needed=True) == ("a",)
    assert form.some_of("other", "対象", ["a"], needed=True) == ()
    assert form.problems == {
        "many": "件数は0から10までの数字で入力してください。",
        "role": "役割を一覧から選んでください。",
        "other": "対象を1つ以上選んでください。",
    }


def test_the_first_thing_wrong_with_a_field_is_told() -> None:
    form = Form.filled(name="", long="あ" * 30)
    form.text("name", "名称", needed=True)
    form.text("long", "略称", longest=20)
    form.wrong("name", "別のこと")
    assert form.problems == {
        "name": "名称を入力してください。",
        "long": "略称は20文字までで入力してください（いま30文字）。",
    }


def test_nothing_leads_away_from_the_house() -> None:
    assert forms.is_ours("/offices?q=a")
    for address in ("//x", "/\\x", "https://x/", "x", "", "/a\nb"):
        assert not forms.is_ours(address)
