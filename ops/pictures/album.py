"""The album: what is pictured of a demonstration for the README and for the manual, and how a visitor gets there.

Pictures are taken in this order; a visit that changes something (a list sent, a candidate kept) comes after those
that show the demonstration as it begins.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import urlencode

from playwright.async_api import FilePayload, Page

Visit: TypeAlias = Callable[[Page, str], Awaitable[None]]
"""Leads a page, as a visitor would, to what is pictured; the second value is the address of the demonstration."""

PATIENCE: Final = 60_000
"""Milliseconds until a list of offices must have been compared."""
NATIONAL_EDITOR: Final = "takahashi"
LIST: Final = (
    "事業所番号,事業所名,サービス種類,メールアドレス,電話番号\r\n"
    "1270099001,ケアプラン みどりの丘,居宅介護支援,midori@example.jp,043-000-9001\r\n"
    "1270099019,訪問介護 ひなた,訪問介護,hinata@example.jp,043-000-9002\r\n"
    "12700990,デイサービス すずらん,通所介護,suzuran@example.jp,043-000-9003\r\n"
)


@dataclass(frozen=True)
class Picture:
    """One picture: the first `width` by `height` pixels of where `visit` leads, kept as `file` below `ops/`."""

    file: str
    width: int
    height: int
    visit: Visit


def _at(path: str) -> Visit:
    async def visit(page: Page, address: str) -> None:
        await page.goto(address + path)

    return visit


def _found(page_path: str, words: str, link: str, view: str = "", **filters: str) -> Visit:
    """Search a list for words, filtered, and follow its first link that fits; `view` is added to that one's address."""

    async def visit(page: Page, address: str) -> None:
        await page.goto(f"{address}{page_path}?{urlencode({'q': words, **filters})}")
        found = await page.locator(link).first.get_attribute("href")
        await page.goto(f"{address}{found}{view}")

    return visit


async def _the_offices_own_page(page: Page, address: str) -> None:
    """Open a letter in the mailbox, and the address in it, as an office would."""
    await _found("/mailbox", "業務改善計画", 'a[href^="/mailbox/"]')(page, address)
    link = re.search(r"https?://[^\s\"'<>]+(/o/[A-Za-z0-9._~-]+)", await page.content())
    if link is None:
        message = "the letter in the mailbox holds no address of the office's own page"
        raise SystemExit(message)
    await page.goto(address + link[1])


async def _a_list_compared(page: Page, address: str) -> None:
    await page.goto(f"{address}/offices/import")
    sent = FilePayload(name="jigyosho.csv", mimeType="text/csv", buffer=LIST.encode("cp932"))
    await page.locator('input[type="file"]').set_input_files(sent)
    await page.get_by_role("button", name="送って比べる").click()
    await page.get_by_role("button", name="この内容で取り込む").wait_for(timeout=PATIENCE)


async def _the_waiting_notice(page: Page, address: str) -> None:
    """Look as the nation's editor at the notice that the demonstration leaves for review."""
    await page.goto(address)
    await page.locator('form[action="/stand-in"] select').select_option(NATIONAL_EDITOR)
    await page.locator('form[action="/stand-in"] button').click()
    await page.goto(f"{address}/notices")
    await page.locator('main a[href^="/notices/upload"]').first.click()


async def _its_impact(page: Page, address: str) -> None:
    """Keep what the notice says of the free pass, leave out the rest, and look at what would follow."""
    await _the_waiting_notice(page, address)
    kept = page.locator("li.card").filter(has_text="フリーパスの申込み")
    await kept.get_by_role("button", name="採用する").first.click()
    rest = page.get_by_role("button", name="未判断の候補をすべて除外する")
    if await rest.count():
        await rest.click()
    await page.goto(f"{page.url.partition('?')[0].partition('#')[0]}/impact")


PICTURES: Final = (
    Picture("pictures/today.png", 1080, 980, _at("/")),
    Picture("pictures/board.png", 1080, 760, _at("/deadlines")),
    Picture(
        "manual/pictures/office.png",
        1080,
        900,
        _found(
            "/offices",
            "",
            'main a[href^="/offices/1"]',
            state="open",
            deadline="tech-grant-r8/improvement-plan",
        ),
    ),
    Picture(
        "pictures/mail.png",
        640,
        860,
        _found("/mailbox", "【変更→6/12(金)】", 'a[href^="/mailbox/"]', "/html"),
    ),
    Picture("pictures/office-page.png", 640, 1100, _the_offices_own_page),
    Picture("manual/pictures/deadline.png", 1080, 980, _at("/deadlines/tech-grant-r8/improvement-plan")),
    Picture("manual/pictures/coverage.png", 1080, 760, _at("/coverage")),
    Picture("manual/pictures/import.png", 1080, 980, _a_list_compared),
    Picture("manual/pictures/notice.png", 1080, 1100, _the_waiting_notice),
    Picture("manual/pictures/impact.png", 1080, 1000, _its_impact),
)
