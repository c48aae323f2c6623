"""The issue date a document bears: the day printed alone near its top, or behind a key that names it."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from notifier.reading.moments import Moment
from notifier.reading.phrases import Phrase, Shape
from notifier.reading.places import Page

_IN_BRACKETS = re.compile(r"(?:現在|時点|付け?)?(?:[一-龥]{0,12})?[)）]")
_TOP_LINES = 60
_HEAD = 8
"""Lines at the top among which the name of an office stands beside the day."""
_KEY = re.compile(
    r"(?:発行|発出|送信|作成|更新|掲載|通知|公告|公示|告示|公表|日付|発信|制定)(?:年月)?(?:日|時)?[ ]?[::]?[ ]?\(?$"
)
_AROUND_ALONE = re.compile(r"[-#*\s・()（）【】|]*")
_OFFICE = (
    r"[一-龥ぁ-んァ-ヶー ・()]{1,24}(?:課|局|部|室|所|係|会|市|県|町|村|区|省|庁|センター|財団|法人|連合)"
)
_NUMBER_BESIDE = re.compile(
    r"[ ]*(?:第[0-9]+号|"
    + _OFFICE
    + r"|[一-龥ァ-ヶー]{0,20}第?[0-9]{0,6}号?|発行(?:[ ]?:.{0,24})?|[0-9]{1,4})?[ ]*"
)


def issue_date(page: Page, found: Sequence[Phrase]) -> date | None:
    """Return the first full date at the top that stands alone or behind such a key; a month gives its first day.

    Minutes give the day of their meeting. None if the document bears none.
    """
    month: date | None = None
    meeting: date | None = None
    for phrase in found:
        number = page.number(phrase.start)
        if number > _TOP_LINES:
            break
        moment = phrase.moment
        if phrase.shape is not Shape.MOMENT or moment is None or moment.month is None:
            continue
        if moment.year is None:
            if month is not None and moment.day is not None and _ISSUED.match(page.text, phrase.end):
                return _day(replace(moment, year=month.year - (moment.month > month.month)))
            continue
        if phrase.suffix not in ("", "号", "付", "付け", "現在") or not _stands_out(page, phrase, number):
            if meeting is None and moment.day is not None and _is_meeting(page, phrase, number):
                meeting = _day(moment)
            continue
        day = _day(moment)
        if day is None:
            continue
        if moment.day is not None:
            return day
        month = month or (None if moment.part or moment.first_month else day)
    return month or meeting


_TITLE_LINES = 6
_GIVEN_OUT = re.compile(r"[ ]?(?:公告|公示|告示|発行|掲載)[ ]*$")
"""What ends the line of a title behind the day: …実施要領 令和8年10月5日公告."""
_ISSUED = re.compile(r"[ ]?(?:発行|発出|作成|掲載|号)")
"""What follows the day on which an issue named by its month came out: 12月号(11月26日発行)."""


def _day(moment: Moment) -> date | None:
    try:
        return date(moment.year or 0, moment.month or 0, moment.day or 1)
    except ValueError:
        return None


_MINUTES = re.compile(r"議事|会議録|協議会|審議会|委員会|部会|総会|理事会|定例会")
_MEETING = re.compile(r"(?:日[ ]*時|開催日|とき|年月日)[ ]*[::]?[ ]*$")


def _is_meeting(page: Page, phrase: Phrase, number: int) -> bool:
    """Say whether minutes name the day of the meeting there: they bear no other date."""
    before = page.line(number)[: phrase.start - page.starts[number]]
    above = "".join(page.lines[: number + 1])[:400]
    return number < 12 and _MEETING.search(before) is not None and _MINUTES.search(above) is not None


def _stands_out(page: Page, phrase: Phrase, number: int) -> bool:
    line, offset = page.line(number), page.starts[number]
    before, after = line[: phrase.start - offset], line[max(0, phrase.end - offset) :]
    if _KEY.search(before.strip("(（ |\t")) is not None:
        return True
    if before.endswith(("(", "（")) and number < 8 and _IN_BRACKETS.match(after):
        return True
    if _AROUND_ALONE.fullmatch(before):
        return _NUMBER_BESIDE.fullmatch(after) is not None or _AROUND_ALONE.fullmatch(after) is not None
    if number < _HEAD and re.fullmatch(_OFFICE, before.strip()) and _AROUND_ALONE.fullmatch(after):
        return True
    if number < _TITLE_LINES and _GIVEN_OUT.match(after) and re.search("[、。は]", before) is None:
        return True
    is_title = len(before) <= 24 and not re.search("[、。は]", before) and number < 6
    return is_title and (phrase.suffix == "号" or _NUMBER_BESIDE.fullmatch(after) is not None)
