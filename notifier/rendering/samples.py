"""Samples: invented letters of every kind, to see what templates make of them before anybody gets one."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from notifier.domain.changes import ChangeKind
from notifier.domain.deadlines import Shape
from notifier.domain.ladders import Occasion
from notifier.domain.law import Modality, Party
from notifier.domain.obligations import State
from notifier.domain.sayings import ChangeSaid, Content, Contradiction, DueSaid, FactSaid, Member, Source
from notifier.rendering.views import Composed, ItemView, LetterView, SectionView

DAY: Final = date(2026, 7, 1)
FULL: Final = Content(
    deadline="example/report",
    occurrence=2026,
    occurrence_label="令和8年度分",
    title="年次報告書の提出（見本）",
    short="年次報告",
    modality=Modality.REQUIRED,
    occasion=Occasion.REMINDER,
    rung="30",
    on=DAY,
    party=Party.OFFICE,
    due=DueSaid(
        wording="令和8年7月31日（金）［2026-07-31］まで",
        shape=Shape.DAY,
        short="7/31(金)",
        earliest=date(2026, 7, 31),
        latest=date(2026, 7, 31),
        target=date(2026, 7, 30),
        target_label="令和8年7月30日（木）",
        tentative=True,
        days_left=30,
        closed_day=True,
        last_open="令和8年7月30日（木）",
        estimate=True,
    ),
    state=State.OPEN,
    action="見本様式1に記入して提出します。",
    where="見本市 介護保険担当課",
    silence="見本の加算を受けられなくなります。",
    money="1事業所あたり見本の額",
    why="貴事業所が見本の対象として登録されているためです。",
    set_by="見本県",
    unknown=("提出の方法",),
    contradiction=(Contradiction("令和8年8月末まで", "見本の案内 2ページ"),),
    remarks=("様式は見本市のページにあります。",),
    sources=(Source("example-2026", "見本の通知", "見本発第1号", "令和8年4月1日", "別紙1 2(3)"),),
    related=("見本の計画書の提出",),
)
"""A reminder in which everything is said that can be."""
BARE: Final = replace(
    FULL,
    occurrence_label="",
    due=DueSaid(wording="令和8年度中", shape=Shape.FISCAL_YEAR),
    where="",
    silence="",
    money="",
    set_by="",
    unknown=(),
    contradiction=(),
    remarks=(),
    sources=(),
    related=(),
)
"""The same without a day, and with no more than must be said."""


def content_for(occasion: Occasion, full: Content = FULL) -> Content:
    """Return what is said on an occasion."""
    said = replace(full, occasion=occasion)
    match occasion:
        case Occasion.CHANGE:
            change = ChangeSaid(
                ChangeKind.EXTENDED, ChangeKind.EXTENDED.label, "令和8年6月30日まで", said.due.wording
            )
            return replace(said, change=change)
        case Occasion.ACKNOWLEDGEMENT:
            return replace(
                said, state=State.SETTLED, fact=FactSaid("年次報告書の提出", "令和8年6月30日（火）")
            )
        case Occasion.CLOSING:
            return replace(said, state=State.LAPSED)
        case Occasion.PROMPT:
            members = (Member("9970000001", "見本介護センター"), Member("9970000002", "見本訪問介護"))
            return replace(said, party=Party.MUNICIPALITY, members=members, count=3)
        case Occasion.QUESTION:
            return replace(said, party=Party.EDITOR, state=State.NEEDS_CLARIFICATION)
    return said


def letter_of(contents: Sequence[Content], offices: int = 1, *, linked: bool = True) -> LetterView:
    """Return a letter that says this to invented offices; with `linked` it bears all its addresses."""
    sections = tuple(
        SectionView(
            f"997000000{number}",
            f"見本介護センター{number}号館",
            tuple(
                ItemView(content, index, f"MHN{number}-{index}ABC", (2, 5), DAY if index else None)
                for index, content in enumerate(contents)
            ),
            "https://notifier.example.jp/office/mihon" if linked else None,
            "MHN2-3ABC" if linked else "",
        )
        for number in range(1, offices + 1)
    )
    return LetterView(
        "mihon@office.example.jp",
        sections,
        DAY,
        "見本市 介護保険担当課",
        "電話 000-000-0000",
        "https://notifier.example.jp",
        "https://notifier.example.jp/unsubscribe/mihon" if linked else None,
        can_reply=linked,
    )


def letters() -> Iterator[LetterView]:
    """Yield a letter for each occasion, full and bare, then one of many items, of many offices, and one without links."""
    for occasion in Occasion:
        for content in (FULL, BARE):
            yield letter_of([content_for(occasion, content)])
    every = [content_for(each) for each in Occasion if each not in {Occasion.PROMPT, Occasion.QUESTION}]
    yield letter_of(every)
    yield letter_of([FULL, BARE], 3)
    yield letter_of([FULL], linked=False)


def lacking(letter: Composed, form: str) -> list[str]:
    """Return what the full reminder does not say in its `form` (`text` or `html`), by the Japanese names of its parts."""
    said = "".join((letter.text if form == "text" else letter.html).split())
    wanted = (
        ("事業所の名称", "見本介護センター1号館"),
        ("期限の名前", FULL.title),
        ("期日", FULL.due.wording),
        ("すること", FULL.action),
        ("何もしないとどうなるか", FULL.silence),
        ("根拠の資料", FULL.sources[0].title),
        ("整理番号", "MHN1-0ABC"),
        ("問い合わせ先", "電話000-000-0000"),
    )
    return [name for name, words in wanted if "".join(words.split()) not in said]
