"""Pieces joined as the sentence joins them: ranges, lists, recurrences, lengths with their anchors."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from notifier.reading import anchoring
from notifier.reading.alone import alone, narrowed, of_a_month
from notifier.reading.moments import Moment
from notifier.reading.phrases import Phrase, Shape
from notifier.reading.pieces import Form, Piece, pieces

_TENTATIVE = r"(?:[ ]?\(予定\))?"
_BETWEEN_FROM = re.compile(
    rf"{_TENTATIVE}(?:起算して?)?(?:少なくとも|概ね|おおむね|最長|約)?[、,]?[ ]?\n?[ ]?"
)
_BETWEEN_BARE = re.compile(rf"{_TENTATIVE}[ ]?\n?[ ]?(?:~|-|→|⇒)[ ]?\n?[ ]?")
_BETWEEN_LISTED = re.compile(
    r"(?:まで|から)?(?:[ ]?\([^()\n]{0,20}\))?[ ]?(?:、|,|・|及び|並びに|又は|または|および|と|若しくは|から|~|-)[ ]?"
)
_OF_MONTH = re.compile("分?は、?")
"""Between a month and its day: 12月は25日."""
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
        made = _pair(text, piece, following)
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


def _pair(text: str, piece: Piece, following: Piece) -> Phrase | None:
    """Return the range or the anchored length of two pieces, if they make one."""
    if piece.form is Form.ANCHOR and following.form is Form.LENGTH:
        return _day_and_length(text, piece, following)
    if piece.form is Form.WORD and text[piece.core_end : following.start] == "の":
        return _month_of(text, piece, following)
    if piece.form is Form.LENGTH:
        return _day_away(text, piece, following)
    if piece.form not in (*_DATED, Form.ANCHOR):
        return None
    closing = {Form.LENGTH: _to_length, Form.UNTIL: _to_event, Form.ANCHOR: _to_event}.get(following.form)
    if closing is not None:
        return closing(text, piece, following)
    return _range(text, piece, following) if _connected(text, piece, following) else None


def _to_event(text: str, piece: Piece, until: Piece) -> Phrase | None:
    """Return 「6月29日から公募終了日まで」: a named day, and an end that is an event."""
    is_opening = piece.form is Form.MOMENT and piece.suffix.endswith(_FROM)
    if not is_opening or not 0 < until.start - piece.end <= _LONGEST_EVENT:
        return None
    is_day = until.form is Form.ANCHOR
    if is_day and not text.startswith("まで", until.core_end):
        return None
    start = (anchoring.day_start if is_day else anchoring.event_start)(text, until.start)
    if start is None or start > piece.end:
        return None
    end = until.core_end + 2 if is_day else until.end
    return Phrase(Shape.RANGE, piece.start, end, narrowed(piece), None, suffix="まで")


_LONGEST_EVENT = 24
"""Signs of the event that ends a range, such as 契約締結の日."""


def _to_length(text: str, piece: Piece, length: Piece) -> Phrase | None:
    """Return 「令和8年8月3日から2週間」, or 「翌月5営業日以内」."""
    moment = piece.moment
    if piece.end == length.start and moment is not None and moment.month_word and moment.day is None:
        return Phrase(Shape.ANCHORED, piece.start, length.end, word=length.word, suffix=length.suffix)
    is_from = piece.suffix.endswith(_FROM) and (length.suffix != "前" or piece.form is Form.WORD)
    return _with_length(text, piece, length) if is_from and _connected(text, piece, length) else None


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
        return _from_event(text, piece, following)
    if piece.form is Form.DAY and (month := of_a_month(text, piece.start)) is not None:
        return Phrase(Shape.ANCHORED, month, following.end, word="日", suffix=following.suffix)
    is_length = piece.form is Form.DAY and following.form is Form.DAY and following.suffix != "まで"
    if is_length or (_is_finer(piece, following) and "まで" not in following.suffix):
        return None  # 7月から令和8年度分を受け付ける is no range
    ends = narrowed(piece), narrowed(following)
    return Phrase(
        Shape.RANGE, piece.start, following.end, *ends, suffix=following.suffix, is_slash=piece.is_slash
    )


def _from_event(text: str, piece: Piece, following: Piece) -> Phrase | None:
    """Return 「交付決定の日から令和9年2月末まで」, or 「請求のあった日から起算して30日」."""
    if following.form is Form.DAY and "まで" not in following.suffix:
        known = anchoring.day_start(text, piece.start)
        begins = piece.start if known is None else known
        return Phrase(Shape.ANCHORED, begins, following.end, word="日以内", suffix="以内")
    is_day = piece.form is Form.ANCHOR
    start = anchoring.day_start(text, piece.start) if is_day else _of_event(text, piece)
    if start is None:
        return None
    return Phrase(Shape.RANGE, start, following.end, None, following.moment, suffix=following.suffix)


def _is_finer(piece: Piece, following: Piece) -> bool:
    first, second = piece.moment, following.moment
    is_year = second is not None and not second.has_month and second.day is None and second.has_year
    return is_year and first is not None and first.has_month and not first.has_year


def _with_length(text: str, piece: Piece, length: Piece) -> Phrase | None:
    """Return 「2025年6月1日から1年間」 or 「補助を受けた翌年度から3年間」."""
    moment = piece.moment
    if moment is None or piece.form is Form.WORD or (moment.year_word and not moment.has_month):
        start = anchoring.year_word_start(text, piece.start)
        return Phrase(Shape.ANCHORED, start, length.end, moment, word=length.word, suffix=length.suffix)
    return Phrase(Shape.FROM_LENGTH, piece.start, length.end, moment, word=length.word, suffix=length.suffix)


_FROM_DAY = re.compile(
    r"(?:から|より|以後|後)?(?:起算して?)?、?(?:約|概ね|おおむね|原則|最長|少なくとも|過去)?"
)


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
        if following.moment is not None and _names_its_year(following.moment, is_first=used == 1):
            break
        end, suffix, used = following.end, following.suffix, used + 1
        moment = moment or following.moment
    if piece.word.startswith("各") and used == 1:
        return None, 1  # 各年度 says of which, not when
    return Phrase(Shape.RECURRING, piece.start, end, moment, word=piece.word, suffix=suffix), used


def _names_its_year(moment: Moment, *, is_first: bool) -> bool:
    """Say whether what follows 毎年 is a time of its own: 毎年度、前年度の収支を報告する."""
    return moment.year is not None or (is_first and bool(moment.year_word))


def _leads_on(suffix: str, gap: str) -> bool:
    return suffix.endswith(_FROM) or bool(gap.strip("の "))


def _of_event(text: str, piece: Piece) -> int | None:
    """Return where 「契約締結の翌日」 begins if `piece` is its 翌日."""
    if not piece.word.endswith("日"):
        return None
    return anchoring.year_word_start(text, piece.start)
