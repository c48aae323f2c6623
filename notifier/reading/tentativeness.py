"""Whether a date is only planned: 予定, 見込み, 想定, 目途, 頃, beside it or governing it from elsewhere."""

import re

from notifier.reading.lexicon import any_of, words
from notifier.reading.places import DATED, Page, Place

_GOVERNED_LINES = 14
_SHORT = 24
_LONGEST_ANNOUNCEMENT = 160
_SECTION = re.compile(
    r"[ ]*(?P<hash>#{1,4} )|[ ]*(?P<article>第[0-9一二三四五六七八九十]+[ 条章])|[ ]*(?P<number>[0-9]{1,2}[ .])"
    r"|[ ]*(?P<bracket>\([0-9]{1,2}\))|[ ]*(?P<square>【|■)|[ ]*(?P<circle>[○●◎◇◆☆★])|(?P<close>記$|以上$)"
)
_ENDS_ALL = frozenset(("hash", "article", "number", "square", "close"))
_ANNOUNCES = re.compile(r"以下|次の(?:とおり|通り|要件)|下記|:$")
_MARKED_HEADING = re.compile(r"\((?:予定|案|想定|見込み?|仮|目安)\)|(?<!の)(?<!行事)予定:?$")
_OF_A_MONTH = re.compile("[0-9〇一二三四五六七八九十]月(?!の[^0-9]{2,8}$)|[上中下初]旬")
_COMPARED = re.compile(
    r"[ ]?(?:と比べ|に比べ|比|(?:介護|診療|[一-龥]{0,4})報酬改定|[一-龥]{0,4}補正予算|当初予算|予算)"
)
_BESIDE = re.compile(r"^[ ]?\((?:予定|見込み?|案|仮|目途|目標)\)")
_STOPS = re.compile(r"[))]、|(?:した|ました|こと|ため|ので|もの(?:の|と)|であり|おり|るが|すが)、")
_STOPS_BEYOND = re.compile("した|する|され|[:(円]")


def why_tentative(surface: str, place: Place, governing: str, *, reach: int) -> str:
    """Return the mark that makes the expression tentative, with the place it was found; "" if none does.

    `governing` is the mark that governs its line; `reach` is how far its own clause goes in `place.after` before
    the next expression takes over.
    """
    vague = next((each.reason for each in words("vague") if each.pattern.search(_core(surface))), "")
    if vague:
        return f"{vague}（表現の中）"
    beside = _BESIDE.search(place.after)
    if beside is not None:
        return f"{beside[0].strip()}（すぐ後ろ）"
    if _COMPARED.match(place.after):
        return ""
    marks = any_of("tentative")
    for found in marks.finditer(place.after):
        if _reaches(place.after, found.start(), reach):
            return f"{found[0]}（同じ文）"
    label = marks.search(place.label)
    return f"{label[0]}（項目名）" if label is not None else governing


def _core(surface: str) -> str:
    """Return the last signs of an expression without the particle that closes or opens it."""
    return surface.removesuffix("まで").removesuffix("から")[-4:]


def _reaches(after: str, position: int, reach: int) -> bool:
    """Say whether a mark governs the expression: nothing that ends a statement lies between."""
    between = after[:position]
    if position <= reach:
        return _STOPS.search(between) is None
    if between.startswith("の"):
        return False  # 来年度の説明会は2月に開催予定: the year only says of which
    # Beyond the next expression the mark still governs both if they share the predicate: AからBまでを予定.
    return len(between) <= 60 and "、" not in between.strip("、") and _STOPS_BEYOND.search(between) is None


def governing_marks(page: Page) -> dict[int, str]:
    """Return for each line the mark of the heading or of the announcing sentence above that governs it."""
    marks: dict[int, str] = {}
    mark, level, left = "", "", 0
    for number in range(len(page.starts)):
        line = page.line(number).strip()
        section = _SECTION.match(line)
        kind = (section.lastgroup or "") if section is not None else ""
        if kind and (kind == level or kind in _ENDS_ALL):
            mark = ""
        if mark and left > 0:
            marks[number] = mark
        left -= 1
        found = any_of("tentative").search(line)
        if found is not None and _governs(line, kind):
            mark, level, left = f"{found[0]}（{number + 1}行目の見出し・前文）", kind, _GOVERNED_LINES
    return marks


def _governs(line: str, kind: str) -> bool:
    is_heading = (
        DATED.search(line) is None
        and _OF_A_MONTH.search(line) is None
        and (bool(kind) or (len(line) <= _SHORT and "。" not in line))
    )
    if is_heading and _MARKED_HEADING.search(line) is not None:
        return True
    announces = _ANNOUNCES.search(line) is not None and line.endswith(("。", ":"))
    return announces and len(line) < _LONGEST_ANNOUNCEMENT
