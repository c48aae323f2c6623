"""Passages: the sentences and cells of a notice that say what is to be done, with the headings over them."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from notifier.reading.expressions import Expression, Reading
from notifier.reading.normalising import normalised
from notifier.reading.places import Page

_ANNEX = re.compile(r"^[ #*(]*(?:別紙|別添|別記|参考資料)[ ]?[0-9一二三四五六七八九十]*[ )]*(.{0,60})$")
_PROGRAMME = re.compile(r"^[ *]*(?:施策|事業|補助金|助成金|制度|メニュー)名[ ]?:[ ]?\S.{0,70}$")
"""A key that names what all below it is about, as a sheet of its own does: whatever stood above is over."""
_MARKED = re.compile(r"^(#{1,6}) .")
_CHAPTERS = (
    re.compile(r"^[ *]*第?[0-9]{1,2}(?:-[0-9]{1,2})?(?:[ .、]|章)[ ]*[「]?[^。]{2,70}$"),
    re.compile(r"^[ *]*[(][0-9]{1,2}[)][ ]*[^。]{2,60}$"),
    re.compile(r"^[ *]*(?:[アイウエオカキク①-⑳][ )]|[①-⑳])[ ]*[^。]{2,60}$"),
)
"""From the widest to the narrowest; a wider one ends the narrower ones. Headings of Markdown are wider than these."""
_ALONE = 6
"""The level of a title that bears no number: of a slide, of a part."""
_ALONE_TITLE = re.compile(
    r"^[^-*・※→▶|#\t。、:(0-9○◎●①-⑳][^。:※→|\t]*[^。、:)0-9円殿様](?<![0-9][年月日])(?<!です)$"
)
_TITLE_LENGTH = 6, 40
_DEPTHS = 10
_SPANS = frozenset(("half_year", "fiscal_year", "month", "part_of_month"))
_NOTE_REACH = 8
"""Lines below an event within which a note says when it is expected."""
_SAYS = re.compile(
    r"(?:する|行う|図る|受ける|努める)こと(?=。|$|\(|とする|を要件)|要件とする|対象外とする|ものとする|なければなら|(?:提出|報告|公表|周知|確認|協力|設置|宣言|作成)する(?=。|こと)|"
    r"お願い|願います|ください|必要(?:です|であ|があ|にな|とな)|推奨|要件(?:と|に)|"
    r"(?:整っている|有している|満たしている|加入している|利用している)こと(?=。|$|」)|場合は[^。]{0,16}加算|見込みであること|"
    r"(?:要件を満た|計画し実施)(?:す|した)(?:\([^)]*\))?事業[者所]|開始[^。]{0,3}見込まれる|費用も?(?:対象|は助成)|システムも?含まれ(?:ます|る)|"
    r"未定|検討(?:して|され|中|を進め)|対象(?:と(?:する|すること|なります)|外|です|(?=。))|不要[』」]?です|問(?:わない|いません)|"
    r"(?:加入|取得|利用|導入|設置|登録)\((?:又は|または|若しくは)?見込み\)|できます|できる(?=。)|"
    r"(?:期限|期日|締切|期間|日程)[^。]{0,30}(?:定め(?=る|ます)|設定し|決め(?=る|ます)|異な(?=る|り)|示(?=す|し))|"
    r"(?:廃止|中止|取り?やめ|取り?下げ|撤回)|までの間"
)


@dataclass(frozen=True, slots=True)
class Passage:
    """One sentence or cell. `line` counts from 1; `headings` are those over it, from the widest to the narrowest."""

    line: int
    text: str
    headings: tuple[str, ...]
    expressions: tuple[Expression, ...] = field(default=())
    notes: tuple[Expression, ...] = field(default=())
    """What is only expected, in a note right below: (*2026年度下期中を予定)."""

    @property
    def is_dated(self) -> bool:
        """Tell whether it bounds something in time."""
        return any(each.is_deadline or "not-understood" in each.flags for each in self.expressions)


def passages(reading: Reading) -> list[Passage]:
    """Return the passages that bound something in time, or that say what is to be done, in the order of the text."""
    copy = normalised(reading.text)
    page, starts = Page(copy.text), Page(reading.text)

    def line_of(position: int) -> int:
        """Return the line, in the text as it stands, of a place in the normalised copy, which joins wrapped lines."""
        return starts.number(copy.span(position, position + 1)[0]) + 1

    over = _Headings(page, line_of)
    groups: dict[tuple[int, str], list[Expression]] = {}
    for each in reading.expressions:
        first = starts.number(each.offset) + 1
        groups.setdefault((first, each.sentence.partition("｜")[2] or each.sentence), []).append(each)
    notes = [each for each in reading.expressions if each.tentative and each.kind in _SPANS]
    found = [
        Passage(
            line,
            text,
            over.at(line, next((each.sentence for each in row if each.is_deadline), row[0].sentence)),
            tuple(row),
            tuple(each for each in notes if 0 < each.line - line <= _NOTE_REACH) if _awaits(row) else (),
        )
        for (line, text), row in groups.items()
    ]
    dated = [each for each in found if each.is_dated]
    seen = {_bare(each.text) for each in dated}
    undated = [each for each in _undated(page, over, found, line_of) if _bare(each.text) not in seen]
    return sorted([*dated, *undated], key=lambda each: each.line)


def _awaits(row: list[Expression]) -> bool:
    return any(each.kind == "until_event" for each in row)


def _bare(text: str) -> str:
    return re.sub(r"[\s*]", "", normalised(text).text)[:80]


def _undated(
    page: Page, over: "_Headings", dated: list[Passage], line_of: Callable[[int], int]
) -> Iterator[Passage]:
    known = {_bare(each.text): each for each in dated}
    seen: set[tuple[str, tuple[str, ...] | int]] = set()
    for match in _SAYS.finditer(page.text):
        place = page.place(match.start(), match.end())
        sentence = f"{place.before}{match[0]}{place.after}".strip()
        if len(sentence) < 8:
            continue
        bare = _bare(sentence)
        line = line_of(match.start())
        label = f"{place.label}｜{sentence}" if place.label else sentence
        headings = over.at(line, label)
        # The same words under another heading are another condition: of another programme, or another annex.
        if (bare, headings) in seen or (bare, line) in seen:
            continue
        seen |= {(bare, headings), (bare, line)}
        beside = known.get(bare)
        yield Passage(line, sentence, headings, beside.expressions if beside else ())


def _stands_alone(page: Page, number: int) -> bool:
    """Tell whether a line is the title of a page or a part: short, no sentence, and nothing right above or below."""
    line = page.line(number)
    is_short = _TITLE_LENGTH[0] <= len(line.strip()) <= _TITLE_LENGTH[1]
    return (
        is_short
        and not page.line(number - 1).strip()
        and not page.line(number + 1).strip()
        and _ALONE_TITLE.match(line) is not None
    )


def _heads_part(line: str) -> bool:
    return _ANNEX.match(line) is not None or _PROGRAMME.match(line) is not None


class _Headings:
    """The headings of a text, to look up those over a line."""

    def __init__(self, page: Page, line_of: Callable[[int], int]) -> None:
        self._lines: list[int] = []
        self._chains: list[tuple[str, ...]] = []
        chain = [""] * _DEPTHS
        for number, line in enumerate(page.lines):
            level = self._level(line)
            if level is None and _stands_alone(page, number):
                level = _ALONE
            if level is None:
                continue
            text = line.strip(" #*")
            if _heads_part(line):
                following = next((each for each in page.lines[number + 1 : number + 4] if each.strip()), "")
                text = f"{text} {following.strip(' #*')[:70]}"
            chain[level:] = [text, *[""] * (_DEPTHS - level - 1)]
            self._lines.append(line_of(page.starts[number]))
            self._chains.append(tuple(filter(None, chain)))

    @staticmethod
    def _level(line: str) -> int | None:
        if not 2 < len(line) < 90:
            return None
        if _heads_part(line):
            return 0
        marked = _MARKED.match(line)
        if marked is not None:
            return len(marked[1]) - 1
        return next((level for level, each in enumerate(_CHAPTERS, 7) if each.match(line)), None)

    def at(self, line: int, sentence: str) -> tuple[str, ...]:
        """Return the headings over a line, and the label or heading that the sentence carries itself."""
        own = sentence.partition("｜")[0] if "｜" in sentence else ""
        index = bisect_right(self._lines, line) - 1
        chain = self._chains[index] if index >= 0 else ()
        return (*chain, own) if own and own not in chain else chain
