"""Phrases of time: pieces joined as the sentence joins them, to ranges, lists, recurrences and anchored lengths."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from notifier.reading import anchoring
from notifier.reading.moments import Moment
from notifier.reading.pieces import Form, Piece, pieces


class Shape(StrEnum):
    """What a phrase is made of."""

    MOMENT = "moment"
    RANGE = "range"
    FROM_LENGTH = "from-length"
    LENGTH = "length"
    ANCHORED = "anchored"
    RECURRING = "recurring"
    WORD = "word"
    PROMPT = "prompt"
    OPEN = "open"
    EVENT = "event"
    CLOCK = "clock"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Phrase:
    """One expression: its place in the normalised text, and what it is made of.

    A range has `moment` and `last`; either may be missing if that end is an event. `word` is the piece's own text.
    """

    shape: Shape
    start: int
    end: int
    moment: Moment | None = None
    last: Moment | None = None
    word: str = ""
    suffix: str = ""
    is_slash: bool = False
    is_listed: bool = False
    """Its month was taken over from the expression before it in the same list."""


_TENTATIVE = r"(?:[ ]?\(予定\))?"
_BETWEEN_FROM = re.compile(
    rf"{_TENTATIVE}(?:起算して?)?(?:少なくとも|概ね|おおむね|最長|約)?[、,]?[ ]?\n?[ ]?"
)
_BETWEEN_BARE = re.compile(rf"{_TENTATIVE}[ ]?\n?[ ]?(?:~|-|→|⇒)[ ]?\n?[ ]?")
_BETWEEN_LISTED = re.compile(r"[ ]?(?:、|,|・|及び|並びに|又は|または|および|と|若しくは|から|~|-)[ ]?")
_FROM = ("から", "より", "~")
_AFTER_EVERY = re.compile(r"の?[、]?")
_AND_DAY = re.compile(r"[ ]?(?:と|、|・|及び|~|-)[ ]?")
_DATED = frozenset((Form.MOMENT, Form.DAY, Form.WORD))


def phrases(text: str) -> Iterator[Phrase]:
    """Yield the phrases of a normalised text in reading order, none overlapping the one before."""
    row = list(_listed(text, list(pieces(text))))
    index = taken = 0
    held: Phrase | None = None
    while index < len(row):
        phrase, used = _joined(text, row, index)
        index += used
        if phrase is None:
            continue
        if held is None or phrase.start >= held.end:
            if held is not None:
                if _repeats(text, held.end, phrase):
                    continue
                yield held
                taken = held.end
            held = phrase
        elif taken <= phrase.start <= held.start and phrase.end > held.end:
            held = phrase  # 18歳に達する日以後の最初の3月31日 takes in 18歳に達する日以後
    if held is not None:
        yield held


def _repeats(text: str, taken: int, phrase: Phrase) -> bool:
    """Say whether 「政令で定める日から」 only closes 「公布の日から…を超えない範囲内において」 before it."""
    is_set_day = phrase.word == "日" and text.find("定める日", phrase.start, phrase.end) >= 0
    return (
        is_set_day
        and 0 < taken >= phrase.start - 5
        and text[taken : phrase.start] in ("", "で", "の", "において")
    )


def _listed(text: str, row: list[Piece]) -> Iterator[Piece]:
    """Give a bare day the month of the day before it in the same list: 4月10日、17日."""
    before: Piece | None = None
    for piece in row:
        carried = _with_year_of(text, before, piece)
        if piece.form is Form.DAY and before is not None and before.moment is not None:
            gap = text[before.core_end : piece.start]
            if before.moment.has_month and before.moment.day is not None and _BETWEEN_LISTED.fullmatch(gap):
                day = piece.moment
                moment = replace(
                    before.moment,
                    day=day.day if day else None,
                    first_day=None,
                    weekday=day.weekday if day else None,
                    part="",
                )
                carried = replace(piece, form=Form.MOMENT, moment=moment, word="listed")
        yield carried
        before = carried if carried.form is Form.MOMENT else None


def _with_year_of(text: str, before: Piece | None, piece: Piece) -> Piece:
    """Give a month the year of the month before it in the same list: 令和6年4月又は5月."""
    first, second = before.moment if before else None, piece.moment
    if before is None or first is None or second is None or piece.form is not Form.MOMENT or piece.is_slash:
        return piece
    is_listed = _BETWEEN_LISTED.fullmatch(text[before.core_end : piece.start]) is not None
    if not is_listed or first.year is None or second.has_year or first.month is None or second.month is None:
        return piece
    is_later = (second.month, second.day or 31) >= (first.month, first.day or 1)
    return (
        replace(piece, moment=replace(second, year=first.year)) if is_later and not first.is_fiscal else piece
    )


def _joined(text: str, row: Sequence[Piece], index: int) -> tuple[Phrase | None, int]:
    """Return the phrase that begins with piece `index`, and how many pieces it used."""
    piece = row[index]
    following = row[index + 1] if index + 1 < len(row) else None
    if piece.form is Form.EVERY:
        return _recurring(text, row, index)
    if following is not None:
        made = _pair(text, piece, following)
        if made is not None:
            return made, 2
    return _single(text, piece), 1


def _pair(text: str, piece: Piece, following: Piece) -> Phrase | None:
    """Return the range or the anchored length of two pieces, if they make one."""
    if piece.form is Form.ANCHOR and following.form is Form.LENGTH:
        return _day_and_length(text, piece, following)
    if piece.form is Form.WORD and text[piece.core_end : following.start] == "の":
        return _month_of(text, piece, following)
    if piece.form is Form.LENGTH:
        return _day_away(text, piece, following)
    if piece.form not in (*_DATED, Form.ANCHOR) or not _connected(text, piece, following):
        return None
    if following.form is Form.LENGTH:
        is_from = piece.suffix.endswith(_FROM) and (following.suffix != "前" or piece.form is Form.WORD)
        return _with_length(text, piece, following) if is_from else None
    return _range(text, piece, following)


def _month_of(text: str, word: Piece, month: Piece) -> Phrase | None:
    """Return 「退職した日の翌日の前月まで」: one word leads to the next."""
    if month.moment is None or not month.moment.month_word:
        return None
    start = anchoring.year_word_start(text, word.start)
    return Phrase(Shape.ANCHORED, start, month.end, word=word.word, suffix=month.suffix)


def _day_away(text: str, length: Piece, day: Piece) -> Phrase | None:
    """Return 「2か月前の10日」: a day of a month that lies some months away."""
    is_away = length.suffix in ("前", "後") and text[length.end : day.start] == "の"
    if not is_away or day.form is not Form.DAY:
        return None
    start = anchoring.length_start(text, length.start, is_away=True)
    return Phrase(
        Shape.ANCHORED, length.start if start is None else start, day.end, word=length.word, suffix=day.suffix
    )


def _connected(text: str, piece: Piece, following: Piece) -> bool:
    gap = text[piece.end : following.start]
    if "\n" in gap and not _goes_on(piece, following):
        return False
    if piece.suffix.endswith(_FROM):
        return _BETWEEN_FROM.fullmatch(gap) is not None
    return piece.suffix in ("", "末", "頃", "中") and _BETWEEN_BARE.fullmatch(gap) is not None


def _goes_on(piece: Piece, following: Piece) -> bool:
    """Say whether a range goes on in the next line: schedules put one open beginning under the other."""
    first, second = piece.moment, following.moment
    if following.form is Form.LENGTH or first is None or second is None:
        return following.form is Form.LENGTH
    is_alike = (first.day is None, first.month is None) == (second.day is None, second.month is None)
    return is_alike and not following.suffix.endswith(_FROM)


def _range(text: str, piece: Piece, following: Piece) -> Phrase | None:
    if following.form not in _DATED or following.moment is None:
        return None
    if piece.form in (Form.ANCHOR, Form.WORD):
        if following.form is Form.DAY and "まで" not in following.suffix:
            begins = anchoring.day_start(text, piece.start) or piece.start
            return Phrase(Shape.ANCHORED, begins, following.end, word="日以内", suffix="以内")
        start = (
            anchoring.day_start(text, piece.start) if piece.form is Form.ANCHOR else _of_event(text, piece)
        )
        return (
            Phrase(Shape.RANGE, start, following.end, None, following.moment) if start is not None else None
        )
    if piece.form is Form.DAY and following.form is Form.DAY:
        return None
    ends = _narrowed(piece), _narrowed(following)
    return Phrase(
        Shape.RANGE, piece.start, following.end, *ends, suffix=following.suffix, is_slash=piece.is_slash
    )


def _narrowed(piece: Piece) -> Moment | None:
    """Return the moment with the part its particle names: 3月末 is a part of March."""
    moment = piece.moment
    if moment is not None and piece.suffix.startswith("末") and not moment.part and moment.day is None:
        return replace(moment, part="末")
    return moment


def _with_length(text: str, piece: Piece, length: Piece) -> Phrase | None:
    """Return 「2025年6月1日から1年間」 or 「補助を受けた翌年度から3年間」."""
    moment = piece.moment
    if moment is None or piece.form is Form.WORD or (moment.year_word and not moment.has_month):
        start = anchoring.year_word_start(text, piece.start)
        return Phrase(Shape.ANCHORED, start, length.end, moment, word=length.word, suffix=length.suffix)
    return Phrase(Shape.FROM_LENGTH, piece.start, length.end, moment, word=length.word, suffix=length.suffix)


_FROM_DAY = re.compile(r"(?:から|より|以後|後)?(?:起算して?)?[、]?")


def _day_and_length(text: str, day: Piece, length: Piece) -> Phrase | None:
    """Return 「指定を受けた日から起算して三月以内」."""
    start = anchoring.day_start(text, day.start)
    if start is None or not _FROM_DAY.fullmatch(text[day.core_end : length.start]):
        return None
    return Phrase(Shape.ANCHORED, start, length.end, word=length.word, suffix=length.suffix)


def _recurring(text: str, row: Sequence[Piece], index: int) -> tuple[Phrase | None, int]:
    """Return 毎月10日まで, 毎年4月1日から6月30日まで, 毎月第2月曜日: the word and what follows it directly."""
    piece = row[index]
    end, suffix, used = piece.end, piece.suffix, 1
    moment: Moment | None = None
    while index + used < len(row) and used < 4:
        following = row[index + used]
        gap = text[end : following.start]
        joins = _AFTER_EVERY.fullmatch(gap) or (used > 1 and _AND_DAY.fullmatch(gap))
        if (
            following.form not in (*_DATED, Form.DAYS_OF_WEEK)
            or not joins
            or (used > 1 and not _leads_on(suffix, gap))
        ):
            break
        if following.moment is not None and following.moment.year is not None:
            break
        end, suffix, used = following.end, following.suffix, used + 1
        moment = moment or following.moment
    if piece.word.startswith("各") and used == 1:
        return None, 1  # 各年度 says of which, not when
    return Phrase(Shape.RECURRING, piece.start, end, moment, word=piece.word, suffix=suffix), used


def _leads_on(suffix: str, gap: str) -> bool:
    return suffix.endswith(_FROM) or bool(gap.strip("の "))


def _of_event(text: str, piece: Piece) -> int | None:
    """Return where 「契約締結の翌日」 begins if `piece` is its 翌日."""
    if not piece.word.endswith("日"):
        return None
    return anchoring.year_word_start(text, piece.start)


def _single(text: str, piece: Piece) -> Phrase | None:
    """Return the phrase of one piece; None if it says nothing about a time where it stands."""
    if piece.form is Form.MOMENT:
        return _moment(text, piece)
    if piece.form is Form.DAY:
        return _bare_day(text, piece)
    if piece.form is Form.LENGTH:
        return _length(text, piece)
    if piece.form in (Form.ANCHOR, Form.UNTIL, Form.BEFORE, Form.POINT):
        return _event(text, piece)
    if piece.form is Form.DAYS_OF_WEEK:
        # A weekday alone fixes nothing; the second Monday is a day that still needs its month.
        is_day = piece.word[:1] == "第"
        return (
            Phrase(Shape.WORD, piece.start, piece.end, word=piece.word, suffix=piece.suffix)
            if is_day
            else None
        )
    shape = {
        Form.TIMES: Shape.RECURRING,
        Form.PROMPT: Shape.PROMPT,
        Form.OPEN: Shape.OPEN,
        Form.EITHER: Shape.WORD,
        Form.CLOCK: Shape.CLOCK,
        Form.NAME: Shape.NAME,
        Form.WORD: Shape.WORD,
    }[piece.form]
    return Phrase(shape, piece.start, piece.end, word=piece.word, suffix=piece.suffix)


_DUE_BEFORE = re.compile(r"(?:[〆締]切?り?|締切日?|期限|期日|必着|日程|月日|提出|日時|開催日)[^。\n]{0,6}$")
_NOT_A_FRACTION = re.compile(r"[ ]?(?:付|必着|[〆締]|消印|午前|午後|[0-9]{1,2}:[0-9]{2}|現在|時点)")


_FIRST_SUCH = re.compile(r"(?:[^、。()\s]{1,20}(?:日|月|年度?)?(?:以後|以降|後)の?)?(?:最初|直後|直近|次)の$")


def _moment(text: str, piece: Piece) -> Phrase | None:
    moment = _narrowed(piece)
    if piece.is_slash and not (
        (piece.moment is not None and piece.moment.weekday is not None)
        or piece.suffix in ("まで", "から", "より", "以降", "頃", "付", "付け", "現在", "時点", "~")
        or piece.core_end > text.find("/", piece.start) + 3
        or _NOT_A_FRACTION.match(text, piece.end)
        or _DUE_BEFORE.search(text, max(0, piece.start - 12), piece.start)
    ):
        return None
    if piece.word == "triple" and not piece.suffix and text[piece.end : piece.end + 1] != ")":
        return None
    first = _FIRST_SUCH.search(text, max(0, piece.start - 40), piece.start)
    if first is not None:
        return Phrase(Shape.ANCHORED, first.start(), piece.end, word=piece.word, suffix=piece.suffix)
    return Phrase(
        Shape.MOMENT,
        piece.start,
        piece.end,
        moment,
        suffix=piece.suffix,
        is_slash=piece.is_slash,
        is_listed=piece.word == "listed",
    )


_SHOWS_DAY = re.compile(
    "必着|に(?![0-9一二三四五六七八九十]|わた|及|つき|分)|は(?!かか|必要|[0-9])|(?:を|が)(?:締|期限|納期)"
)


def _bare_day(text: str, piece: Piece) -> Phrase | None:
    """Return a day whose month is said elsewhere: only where a particle or a weekday shows that it is a day."""
    moment = piece.moment
    has_weekday = moment is not None and moment.weekday is not None
    shows = piece.suffix or has_weekday or _SHOWS_DAY.match(text, piece.end)
    if not shows or text[piece.start - 1 : piece.start] in "中約計":
        return None
    return Phrase(Shape.MOMENT, piece.start, piece.end, moment, suffix=piece.suffix, is_listed=False)


def _length(text: str, piece: Piece) -> Phrase:
    if re.match(r"に?(?:[0-9一二三四]+[回度])|ごと|毎|おき", piece.suffix):
        return Phrase(Shape.RECURRING, piece.start, piece.end, word=piece.word, suffix=piece.suffix)
    start = anchoring.length_start(text, piece.start, is_away="前" in piece.suffix or "後" in piece.suffix)
    if start is not None:
        return Phrase(Shape.ANCHORED, start, piece.end, word=piece.word, suffix=piece.suffix)
    shape = Shape.ANCHORED if piece.suffix.startswith(_BOUND) else Shape.LENGTH
    return Phrase(shape, piece.start, piece.end, word=piece.word, suffix=piece.suffix)


_BOUND = ("以内", "前", "後", "を経過", "を超え", "以上前")


_DAY_PARTICLE = re.compile("から|より|まで|以降|以後|以前|前|後")


def _event(text: str, piece: Piece) -> Phrase | None:
    """Return 「統合日まで」, 「事業開始前に」, 「公布の日から」: an event, and the particle that hangs on it."""
    if piece.form is Form.ANCHOR:
        start = anchoring.day_start(text, piece.start)
        found = _DAY_PARTICLE.match(text, piece.core_end)
        if start is None or found is None:
            return None
        shape = Shape.EVENT if found[0].endswith("まで") else Shape.ANCHORED
        return Phrase(shape, start, found.end(), word="日", suffix=found[0])
    start = anchoring.event_start(text, piece.start)
    if start is None:
        return None
    end = piece.end
    if piece.form is Form.BEFORE and text.startswith("まで", end):
        end += 2
    return Phrase(Shape.EVENT, start, end, word=piece.word, suffix=piece.word)
