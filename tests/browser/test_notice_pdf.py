"""PDFs as word processors and browsers make them: with embedded fonts, ruled tables, columns and vertical text."""

import pytest
from playwright.async_api import Page

from notifier.reading.extraction import extract

pytestmark = pytest.mark.browser

LETTER = """<html lang="ja"><title>お知らせ（例）</title><body style="font-size: 11pt">
<p style="text-align: right">令和８年３月17日</p>
<h1>年次報告書の提出（例）</h1><p>報告書は、令和８年５月11日（月）までに市長へ提出すること。</p>
<table border="1" style="border-collapse: collapse; width: 100%"><tr><th>区分</th><th>受付期間</th><th>備考</th></tr>
<tr><td>訪問介護</td><td style="width: 9em">令和８年４月１日から令和８年４月30日まで</td><td>郵送は必着</td></tr></table>
<p style="break-before: page">二頁目 Page two of it</p></body></html>"""
VERTICAL = """<html lang="ja"><body style="writing-mode: vertical-rl; font-size: 14pt">
<p>令和八年五月十一日までに、市長へ提出すること。</p>
<p>令和８年<span style="text-combine-upright: all">10</span>月から始まる。</p>
</body></html>"""
PARAGRAPH = (
    "報告書は、令和８年５月11日（月）までに市長へ提出すること。遅れたものは次の年度の交付で考慮しない（例）。"
)
COLUMNS = f'<html lang="ja"><body style="font-size: 11pt"><div style="columns: 2">{f"<p>{PARAGRAPH}</p>" * 10}</div>'


async def lines_of(page: Page, html: str) -> list[str]:
    await page.set_content(html)
    found = await extract(await page.pdf(format="A4"), "通知.pdf")
    return found.text.splitlines()


async def test_a_letter_with_a_table_comes_through_line_by_line(page: Page) -> None:
    assert await lines_of(page, LETTER) == [
        "令和８年３月17日",
        "年次報告書の提出（例）",
        "報告書は、令和８年５月11日（月）までに市長へ提出すること。",
        "区分\t受付期間\t備考",
        "訪問介護\t令和８年４月１日から令和８年４月30日まで\t郵送は必着",
        "二頁目 Page two of it",
    ]


async def test_vertical_text_comes_through_column_by_column(page: Page) -> None:
    assert await lines_of(page, VERTICAL) == [
        "令和八年五月十一日までに、市長へ提出すること。",
        "令和８年10月から始まる。",
    ]


async def test_two_columns_come_through_one_after_the_other(page: Page) -> None:
    assert "".join(await lines_of(page, COLUMNS)) == PARAGRAPH * 10
