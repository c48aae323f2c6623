"""Letters as a browser draws them: readable for everybody, on a telephone, too."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest
from playwright.async_api import Page

from notifier.catalogue import load
from notifier.catalogue.holidays import national_calendar
from notifier.domain.changes import ChangeKind
from notifier.domain.ladders import Occasion
from notifier.domain.letters import content_of
from notifier.domain.obligations import CohortKey, decide
from notifier.rendering import Composer, ItemView, LetterView, SectionView

CALENDAR = national_calendar(2025, 2029)
TOLD = [
    ("platform-subsidy/apply", Occasion.REMINDER),
    ("platform-subsidy/apply", Occasion.LAST_CALL),
    ("free-pass/apply", Occasion.CHANGE),
    ("tech-grant-r8/start-cpdl", Occasion.ANNOUNCEMENT),
    ("tech-grant-r8/five-links", Occasion.ANNOUNCEMENT),
    ("tech-grant-r8/apply", Occasion.ACKNOWLEDGEMENT),
    ("publicity/2026-04-07", Occasion.PROMPT),
    ("free-pass/apply", Occasion.QUESTION),
    ("platform-subsidy/apply", Occasion.CLOSING),
]


def letter() -> str:
    day = date(2026, 4, 7)
    law = load().law(CALENDAR).as_known(day)
    items = []
    for number, (name, occasion) in enumerate(TOLD):
        decision = decide(law, CohortKey(name, 0, "121002", "120006", number % 2 == 0, None), day)
        assert decision is not None
        content = content_of(
            law,
            law.deadlines[name],
            0,
            decision,
            occasion=occasion,
            rung=None,
            on=day,
            calendar=CALENDAR,
            kind=ChangeKind.EXTENDED if occasion is Occasion.CHANGE else None,
            fact=("記録", day),
        )
        items.append(ItemView(content, number, "ABCD2345", (3, 5)))
    section = SectionView("1270000001", "ケアプランA", tuple(items), "https://notifier.example.jp/o/1")
    view = LetterView("a@example.jp", (section,), day, "千葉市", "043", "https://notifier.example.jp")
    return Composer().compose(view).html


@pytest.mark.browser
@pytest.mark.parametrize("width", [375, 1024])
async def test_a_letter_has_no_fault_and_fits_the_screen(
    page: Page, judge: Callable[[Page], Awaitable[dict[str, Any]]], width: int
) -> None:
    await page.set_viewport_size({"width": width, "height": 800})
    await page.set_content(letter())
    answer = await judge(page)
    assert [(each["id"], each["help"]) for each in answer["violations"]] == []
    assert "color-contrast" in {each["id"] for each in answer["passes"]}
    assert await page.evaluate("document.documentElement.scrollWidth") == width
