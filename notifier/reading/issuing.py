"""The issue date a document bears: the day printed alone near its top, or behind a key that names it."""

import re
from collections.abc import Sequence
from datetime import date

from notifier.reading.phrases import Phrase, Shape
from notifier.reading.places import Page

_IN_BRACKETS = re.compile(r"(?:現在|時点|付け?)?(?:[一-龥]{0,12})?[)）]")
_TOP_LINES = 60
_KEY = re.compile(
    r"(?:発行|発出|送信|作成|更新|掲載|通知|公告|公示|告示|公表|日付|発信|制定)(?:年月)?(?:日|時)?[ ]?[::]?[ ]?\(?$"
)
_AROUND_ALONE = re.compile(r"[-#*\s・()（）【】|]*")
_NUMBER_BESIDE = re.compile(r"[ ]*(?:第[0-9]+号|[一-龥ァ-ヶー]{0,12}第?[0-9]{0,6}号?|発行|[0-9]{1,4})?[ ]*")


def issue_date(page: Page, found: Sequence[Phrase]) -> date | None:
    """Return the first full date at the top that stands alone or behind such a key; a month gives its first day.

    None if the document bears none.
    """
    month: date | None = None
    for phrase in found:
        number = page.number(phrase.start)
        if number > _TOP_LINES:
            break
        moment = phrase.moment
        if phrase.shape is not Shape.MOMENT or moment is None or moment.year is None or moment.month is None:
            continue
        if phrase.suffix not in ("", "号", "付", "付け", "現在") or not _stands_out(page, phrase, number):
            continue
        try:
            day = date(moment.year, moment.month, moment.day or 1)
        except ValueError:
            continue
        if moment.day is not None:
            return day
        month = month or (None if moment.part or moment.first_month else day)
    return month


def _stands_out(page: Page, phrase: Phrase, number: int) -> bool:
    line, offset = page.line(number), page.starts[number]
    before, after = line[: phrase.start - offset], line[max(0, phrase.end - offset) :]
    if _KEY.search(before.strip("(（ ")) is not None:
        return True
    if before.endswith(("(", "（")) and number < 8 and _IN_BRACKETS.match(after):
        return True
    if _AROUND_ALONE.fullmatch(before):
        return _NUMBER_BESIDE.fullmatch(after) is not None or _AROUND_ALONE.fullmatch(after) is not None
    is_title = len(before) <= 24 and not re.search("[、。は]", before) and number < 6
    return is_title and _NUMBER_BESIDE.fullmatch(after) is not None
