"""Two pieces that make one phrase: ranges of days, events with their ends, lengths with their anchors."""

import re

from notifier.reading import anchoring
from notifier.reading.alone import narrowed, of_a_month
from notifier.reading.phrases import Phrase, Shape
from notifier.reading.pieces import Form, Piece

_TENTATIVE = r"(?:[ ]?\(予定\))?"
_BETWEEN_FROM = re.compile(
    rf"{_TENTATIVE}(?:起算して?|数えて)?(?:少なくとも|概ね|おおむね|最長|約)?[、,]?[ ]?\n?[ ]?"
)
_BETWEEN_BARE = re.compile(rf"{_TENTATIVE}[ ]?\n?[ ]?(?:~|-|→|⇒)[ ]?\n?[ ]?")
_FROM = ("から", "より", "~")
_OPENS = (*_FROM, "以降", "以後")
_DATED = frozenset((Form.MOMENT, Form.DAY, Form.WORD))


def pair(text: str, piece: Piece, following: Piece) -> Phrase | None:
    """Return the range or the anchored length of two pieces, if they make one."""
    if following.form is Form.LENGTH and piece.form in _BEFORE_LENGTH:
        return _BEFORE_LENGTH[piece.form](text, piece, following)
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


_AND_MORE = re.compile("から(?:約|おおむね|概ね)?|ないし|又は")
_TAKES = re.compile("に(?:は)?(?:約|おおむね|概ね|通常|最大|最長)?")
_TIME_GOES = re.compile("(?:は|が|を)?(?:かか|掛か|要し|要す)")


def _time_taken(text: str, piece: Piece, length: Piece) -> Phrase | None:
    """Return 「1か月から2か月」, or the length alone of 「税額の通知までに半年程度かかる」: it bounds nothing."""
    gap = text[piece.end : length.start]
    if piece.form is Form.UNTIL:
        is_taken = _TAKES.fullmatch(gap) and _TIME_GOES.match(text, length.end)
        return (
            Phrase(Shape.LENGTH, length.start, length.end, word=length.word, suffix=length.suffix)
            if is_taken
            else None
        )
    if (
        piece.suffix
        or not _AND_MORE.fullmatch(gap)
        or anchoring.length_start(text, piece.start, is_away=False) is not None
    ):
        return None
    return Phrase(
        Shape.LENGTH, piece.start, length.end, word=f"{piece.word}~{length.word}", suffix=length.suffix
    )


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
    if "、" in gap and following.suffix.endswith(_OPENS):
        return False  # 翌月から、16日以降は翌々月から: two beginnings
    if piece.suffix.endswith(_FROM):
        return _BETWEEN_FROM.fullmatch(gap) is not None
    if any(arrow in gap for arrow in "→⇒") and piece.moment is not None and piece.moment.day is not None:
        return False  # 6月30日→7月31日 replaces a day
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
    r"(?:から|より|以後|後|前)?(?:起算して?|数えて)?、?(?:約|概ね|おおむね|原則|最長|少なくとも|過去)?"
)


def _day_and_length(text: str, day: Piece, length: Piece) -> Phrase | None:
    """Return 「指定を受けた日から起算して三月以内」."""
    start = anchoring.day_start(text, day.start)
    if start is None or not _FROM_DAY.fullmatch(text[day.core_end : length.start]):
        return None
    return Phrase(Shape.ANCHORED, start, length.end, word=length.word, suffix=length.suffix)


def _of_event(text: str, piece: Piece) -> int | None:
    """Return where 「契約締結の翌日」 begins if `piece` is its 翌日."""
    if not piece.word.endswith("日"):
        return None
    return anchoring.year_word_start(text, piece.start)


_BEFORE_LENGTH = {Form.ANCHOR: _day_and_length, Form.LENGTH: _time_taken, Form.UNTIL: _time_taken}
