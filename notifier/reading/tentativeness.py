"""Whether a date is only planned: 予定, 見込み, 想定, 目途, 頃, beside it or governing it from elsewhere."""

import re

from notifier.reading.lexicon import words
from notifier.reading.places import DATED, Page, Place

_RANGE_OF_HEADING = 14
_NEW_SECTION = re.compile(
    r"[ ]*(?:#{1,4} |\([0-9]{1,2}\)|[0-9]{1,2}[ .]|第[0-9一二三四五六七八九十]+[ 条章]|記$|以上$|【|■|○)"
)
_ANNOUNCES = re.compile(r"以下|次の(?:とおり|通り|要件)|下記|[::]$")
_COMPARED = re.compile(
    r"[ ]?(?:と比べ|に比べ|比|(?:介護|診療|[一-龥]{0,4})報酬改定|[一-龥]{0,4}補正予算|当初予算|予算)"
)
_BESIDE = re.compile(r"^[ ]?\((?:予定|見込み?|案|仮|目途|目標)\)")


def why_tentative(surface: str, place: Place, page: Page, number: int, *, reach: int) -> str:
    """Return the mark that makes the expression tentative, with the place it was found; "" if none does.

    `number` is the line of the expression; `reach` is how far its own clause goes in `place.after` before the next
    expression takes over.
    """
    for group in words("vague"):
        if group.pattern.search(surface[-4:]):
            return f"{group.reason}（表現の中）"
    beside = _BESIDE.search(place.after)
    if beside is not None:
        return f"{beside[0].strip()}（すぐ後ろ）"
    if _COMPARED.match(place.after):
        return ""
    for group in words("tentative"):
        found = group.pattern.search(place.after)
        if found is not None and _reaches(place.after, found.start(), reach):
            return f"{found[0]}（同じ文）"
        found = group.pattern.search(place.label)
        if found is not None:
            return f"{found[0]}（項目名）"
    return _governing(page, number)


def _reaches(after: str, position: int, reach: int) -> bool:
    """Say whether a mark governs the expression: nothing that ends a statement lies between."""
    between = after[:position]
    if position <= reach:
        return not re.search(
            "[))]、|(?:した|ました|こと|ため|ので|もの(?:の|と)|であり|おり|るが|すが)、", between
        )
    # Beyond the next expression the mark still governs both if they share the predicate: AからBまでを予定.
    return (
        len(between) <= 60
        and "、" not in between.strip("、")
        and not re.search("した|する|され|[:(円]", between)
    )


def _governing(page: Page, number: int) -> str:
    """Return the mark of the heading or the announcing sentence above, down to the next section."""
    for above in range(number - 1, max(-1, number - _RANGE_OF_HEADING), -1):
        line = page.line(above).strip()
        is_heading = DATED.search(line) is None and (
            _NEW_SECTION.match(line) is not None or (len(line) <= 24 and bool(line) and "。" not in line)
        )
        for group in words("tentative"):
            found = group.pattern.search(line)
            if found is None:
                continue
            is_marked_heading = is_heading and re.search(r"\((?:予定|案)\)|予定[::]?$", line) is not None
            if is_marked_heading or (
                _ANNOUNCES.search(line) and line.endswith(("。", ":")) and len(line) < 160
            ):
                return f"{found[0]}（{above + 1}行目の見出し・前文）"
        if _NEW_SECTION.match(line) is not None and not line.startswith("#####"):
            return ""
    return ""
