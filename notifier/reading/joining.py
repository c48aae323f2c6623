"""Pieces joined as the sentence joins them: lists, recurrences, pairs, and two bounds of one duty."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from notifier.reading.alone import alone
from notifier.reading.moments import Moment
from notifier.reading.pairing import pair
from notifier.reading.patterns import CLOCK
from notifier.reading.phrases import Phrase, Shape
from notifier.reading.pieces import SUFFIX, Form, Piece, pieces

_BETWEEN_LISTED = re.compile(
    r"(?:まで|から)?(?:[ ]?\([^()\n]{0,20}\))?[ ]?(?:、|,|・|及び|並びに|又は|または|および|と|若しくは|から|~|-)[ ]?"
)
_OF_MONTH = re.compile(r"分?は、?|[ ]?\(")
"""Between a month and its day: 12月は25日, 11月(2日・9日)."""
_FROM = ("から", "より", "~")
_AFTER_EVERY = re.compile(r"の?[、]?")
_AND_DAY = re.compile(r"[ ]?(?:と|、|・|及び|~|-)[ ]?")
_DATED = frozenset((Form.MOMENT, Form.DAY, Form.WORD))


def phrases(text: str) -> Iterator[Phrase]:
    """Yield the phrases of a normalised text in reading order, none overlapping the one before."""
    yield from _one_of_two(text, _disjoint(text, list(_listed(text, list(pieces(text))))))


def _disjoint(text: str, row: Sequence[Piece]) -> Iterator[Phrase]:
    index = taken = 0
    held: Phrase | None = None
    while index < len(row):
        phrase, used = _joined(text, row, index)
        index += used
        if phrase is None:
            continue
        if held is not None and _runs_on(held, phrase):
            held = replace(held, end=phrase.end, suffix=phrase.suffix)
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
        elif held.start < phrase.start < held.end < phrase.end and _hangs_on(held, phrase):
            held = replace(phrase, start=held.start)  # 当該事業年度の終了後三月以内 takes in 当該事業年度
    if held is not None:
        yield held


_OR = re.compile(r"[、 ]?(?:又は|または|若しくは|もしくは|か)、?(?:[^、。\n]{0,12}の)?")


def _one_of_two(text: str, row: Iterator[Phrase]) -> Iterator[Phrase]:
    """Let 「Aから30日以内又はB(の)いずれか早い日まで」 be two phrases: the closing words bound both of them."""
    held: list[Phrase] = []
    for phrase in row:
        if (
            held
            and phrase.word.startswith("いずれか")
            and text[held[-1].end : phrase.start] in ("の", "、", "")
        ):
            suffix = phrase.suffix if "早" in phrase.word else f"遅い日{phrase.suffix}"
            held = [replace(each, suffix=suffix or each.suffix) for each in held]
            held[-1] = replace(held[-1], end=phrase.end)
            continue
        if held and not (len(held) == 1 and _OR.fullmatch(text, held[-1].end, phrase.start)):
            yield from held
            held = []
        held.append(phrase)
    yield from held


def _runs_on(held: Phrase, phrase: Phrase) -> bool:
    """Say whether the two are one stretch between events: 公告の日から開札の時まで."""
    is_opening = held.shape is Shape.ANCHORED and held.suffix in ("から", "より")
    return is_opening and phrase.shape is Shape.EVENT and phrase.start == held.end


def _hangs_on(held: Phrase, phrase: Phrase) -> bool:
    return held.shape is Shape.MOMENT and not held.suffix and phrase.shape in (Shape.ANCHORED, Shape.EVENT)


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
            is_next = before.moment.day is not None and _BETWEEN_LISTED.fullmatch(gap)
            if before.moment.has_month and (
                is_next or (before.moment.day is None and _OF_MONTH.fullmatch(gap))
            ):
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
    if following is not None and _is_moved(text, piece, following):
        return alone(text, replace(piece, end=piece.core_end, suffix="")), 1
    if following is not None:
        made = pair(text, piece, following)
        if made is not None:
            return made, 2
    return alone(text, piece), 1


_TO_BE = re.compile(r"(?:に|へ)(?:延長|変更|繰り?[上下]げ|改め|改正|訂正|見直)")


def _is_moved(text: str, piece: Piece, following: Piece) -> bool:
    """Say whether 「5月15日から29日に延長」 names an old day and a new one, and no range."""
    is_pair = (
        piece.form is Form.MOMENT and following.form in (Form.MOMENT, Form.DAY) and piece.suffix == "から"
    )
    return (
        is_pair
        and text[piece.end : following.start] in ("", "、")
        and _TO_BE.match(text, following.end) is not None
    )


def _recurring(text: str, row: Sequence[Piece], index: int) -> tuple[Phrase | None, int]:
    """Return 毎月10日まで, 毎年4月1日から6月30日まで, 毎月第2月曜日: the word and what follows it directly."""
    piece = row[index]
    end, suffix, used = piece.end, piece.suffix, 1
    moment: Moment | None = None
    while index + used < len(row) and used < _LONGEST_LIST:
        following = row[index + used]
        gap = text[end : following.start]
        joins = _AFTER_EVERY.fullmatch(gap) or (used > 1 and _AND_DAY.fullmatch(gap))
        if (
            following.form not in (*_DATED, Form.DAYS_OF_WEEK)
            or not joins
            or (used > 1 and not _leads_on(suffix, gap))
            or (used > 1 and following.word == _TURN_OF_YEAR)
        ):
            break
        if following.moment is not None and _names_its_year(following.moment, is_first=used == 1):
            break
        end, suffix, used = following.end, following.suffix, used + 1
        moment = moment or following.moment
    hour = CLOCK.match(text, end) if not suffix else None
    until = SUFFIX.match(text, hour.end()) if hour is not None and hour.start("hour") == end else None
    if until is not None and until[0] == "まで":
        end, suffix = until.end(), "まで"
    if piece.word.startswith("各") and used == 1:
        return None, 1  # 各年度 says of which, not when
    return Phrase(Shape.RECURRING, piece.start, end, moment, word=piece.word, suffix=suffix), used


_LONGEST_LIST = 13
"""Every month of the year after 毎年."""
_TURN_OF_YEAR = "年末年始"
"""What recurs by itself: 毎週火曜日及び年末年始 are two."""


def _names_its_year(moment: Moment, *, is_first: bool) -> bool:
    """Say whether what follows 毎年 is a time of its own: 毎年度、前年度の収支を報告する."""
    return moment.year is not None or (is_first and bool(moment.year_word))


def _leads_on(suffix: str, gap: str) -> bool:
    return suffix.endswith(_FROM) or bool(gap.strip("の "))
