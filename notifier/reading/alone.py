"""What a piece says where it stands alone, and whether it says anything about a time there."""

import re
from dataclasses import replace

from notifier.reading import anchoring
from notifier.reading.moments import Moment
from notifier.reading.phrases import Phrase, Shape
from notifier.reading.pieces import Form, Piece

_AWAY = frozenset(f"{word}{unit}" for word in ("前々", "前", "翌", "翌々") for unit in "月日")
"""Words that lie apart from what stands in front of them: 指定日の前日, 算定月の前月15日."""
_OF_AN_EVENT = re.compile("[一-龥るたうの](?<![今当各毎先来翌前同])")
"""In front of 月末, what says of which month: 20歳になる月末, 治療終了月末."""
_EDGES = frozenset(("年末", "年始", "年初", "月末", "月初", "学期末", "期末", "期首", "週末"))
_AFTER_EVENT = re.compile(r"[一-龥ァ-ヶー]{2,12}(?:した)?後、?$")


def narrowed(piece: Piece) -> Moment | None:
    """Return the moment with the part its particle names: 3月末 is a part of March."""
    moment = piece.moment
    if moment is not None and piece.suffix.startswith("末") and not moment.part and moment.day is None:
        return replace(moment, part="末")
    return moment


def alone(text: str, piece: Piece) -> Phrase | None:
    """Return the phrase of one piece; None if it says nothing about a time where it stands."""
    by_form = {
        Form.MOMENT: _moment,
        Form.DAY: _bare_day,
        Form.LENGTH: _length,
        Form.ANCHOR: _event,
        Form.UNTIL: _event,
        Form.BEFORE: _event,
        Form.POINT: _event,
        Form.TERM: _term,
        Form.PROMPT: _prompt,
        Form.DAYS_OF_WEEK: _days_of_week,
        Form.WORD: _word,
    }
    if piece.form in by_form:
        return by_form[piece.form](text, piece)
    return Phrase(_SHAPES[piece.form], piece.start, piece.end, word=piece.word, suffix=piece.suffix)


_SHAPES = {
    Form.TIMES: Shape.RECURRING,
    Form.OPEN: Shape.OPEN,
    Form.EITHER: Shape.WORD,
    Form.CLOCK: Shape.CLOCK,
    Form.NAME: Shape.NAME,
}


def _prompt(text: str, piece: Piece) -> Phrase:
    after = _AFTER_EVENT.search(text, max(0, piece.start - 16), piece.start)
    start = after.start() if after is not None else piece.start
    return Phrase(Shape.PROMPT, start, piece.end, word=piece.word)


def _days_of_week(_text: str, piece: Piece) -> Phrase | None:
    # A weekday alone fixes nothing; the second Monday is a day that still needs its month.
    if not piece.word.startswith("第"):
        return None
    if _SEVERAL.search(piece.word):
        return Phrase(Shape.RECURRING, piece.start, piece.end, word=piece.word, suffix=piece.suffix)
    return Phrase(Shape.WORD, piece.start, piece.end, word=piece.word, suffix=piece.suffix)


_SEVERAL = re.compile("[・、,と]")


def _word(text: str, piece: Piece) -> Phrase | None:
    is_bare_edge = piece.word in _EDGES and not piece.suffix and not text.startswith("に", piece.end)
    is_bare_edge = is_bare_edge or (piece.word == "当日" and piece.end == piece.start + len(piece.word))
    if is_bare_edge:
        return None
    start = anchoring.away_start(text, piece.start) if piece.word in _AWAY else piece.start
    if piece.word == "月末" and _OF_AN_EVENT.search(text, max(0, piece.start - 1), piece.start):
        start = anchoring.year_word_start(text, piece.start)
        return Phrase(Shape.ANCHORED, start, piece.end, word=piece.word, suffix=piece.suffix)
    shape = Shape.ANCHORED if start < piece.start else Shape.WORD
    return Phrase(shape, start, piece.end, word=piece.word, suffix=piece.suffix)


_DUE_BEFORE = re.compile(
    r"(?:[〆締]切?り?|締切日?|期限|期日|必着|日程|月日|提出|日時|開催日)[^。\n]{0,6}$"
    r"|(?:届|書|報告|名簿|申込|票)(?:\([^()\n]{0,8}\))?[ ]?$"
)
_NOT_A_FRACTION = re.compile(r"[ ]?(?:付|必着|[〆締]|期限|消印|午前|午後|[0-9]{1,2}:[0-9]{2}|現在|時点)")


_FIRST_SUCH = re.compile(
    r"(?:[^、。()\sは]{1,20}(?:日|月|年度?)?(?:以後|以降|後)の?)?(?:最初|直後|直近|次)の$|[^、。()\s]{1,20}の属する(?:年度|年|月)の$|[一-龥ァ-ヶー]{2,12}(?:する|した|される|された)年度?の$|(?<![一-龥])[一-龥]{2}(?<![翌前々同当該])(?<!会計)(?<!事業)年度の$|(?:その|当該|各)翌?年度?の$"
)


def _moment(text: str, piece: Piece) -> Phrase | None:
    moment = narrowed(piece)
    if piece.is_slash and not (
        (piece.moment is not None and piece.moment.weekday is not None)
        or piece.suffix in ("まで", "から", "より", "以降", "頃", "付", "付け", "現在", "時点", "~", "中")
        or piece.core_end > text.find("/", piece.start) + 3
        or _NOT_A_FRACTION.match(text, piece.end)
        or (text[piece.start - 1 : piece.start] == "(" and _OF_A_LONG_MONTH.match(text, piece.start))
        or _IS_DAY.match(text, piece.core_end)
        or _PUT_OFF.search(text, max(0, piece.start - 14), piece.start)
        or _MEETING_BEFORE.search(text, max(0, piece.start - 6), piece.start)
        or (
            text[max(0, piece.start - 3) : piece.start].rstrip(" ")[-1:] in ("|", "\t")
            and _NAMES_WHAT.match(text, piece.end)
        )
        or _DUE_BEFORE.search(text, max(0, piece.start - 14), piece.start)
    ):
        return None
    if (
        piece.word == "triple"
        and not piece.suffix
        and text[piece.end : piece.end + 1] != ")"
        and _DATE_BEFORE.search(text, max(0, piece.start - 10), piece.start) is None
        and _NOT_A_FRACTION.match(text, piece.end) is None
    ):
        return None
    if _UNTIL_BEFORE.search(text, max(0, piece.start - 2), piece.start) and not piece.suffix:
        return Phrase(
            Shape.MOMENT, piece.start - 1, piece.end, moment, suffix="まで", is_slash=piece.is_slash
        )
    if moment is not None and moment.month_word in _AWAY:
        start = anchoring.away_start(text, piece.start)
        if start < piece.start:
            return Phrase(Shape.ANCHORED, start, piece.end, moment, suffix=piece.suffix)
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


_DATE_BEFORE = re.compile(r"(?:年月日|日付|期限|期日|[更発作改掲届][新行成訂載出]日?|日)[ ]?[::]?[ ]?$")
_IS_DAY = re.compile("週|(?<=/1[3-9])に|(?<=/2[0-9])に|(?<=/3[01])に")
_NAMES_WHAT = re.compile("[ ](?=[一-龥ァ-ヶ])(?![以相])")
_MEETING_BEFORE = re.compile(r"(?:[先前昨初当]日|[前次今]回|会|付け?)[ ]?\($")
_OF_A_MONTH = re.compile("[一-龥ァ-ヶー]{2,10}(?:する|した)?月の$")
_UNTIL_BEFORE = re.compile(r"(?:^|[(\s|:、])~$")
"""A stroke in front, and no beginning: 実地指導(~12月)."""
_OF_A_LONG_MONTH = re.compile(r"[0-9]{1,2}/(?:1[3-9]|2[0-9]|3[01])\)")
_COUNTED = re.compile("(?:期限|期日|満了|[一-龥]日)前$|(?:[信付知取始了]|の日|[一-龥]日)から$")
"""What makes a number of days a length: 納期限前七日まで, 送信から7日を過ぎると."""
_OF_A_LENGTH = re.compile("(?:期間|日数)(?:は|が|を|:)[ ]?$")
_SHOWS_DAY = re.compile(
    "の?必着|の?消印|の予定|・(?=[0-9]{1,2}日の予定)|に(?![0-9一二三四五六七八九十]|わた|及|つき|分)|は(?!かか|必要|[0-9])|(?:を|が)(?:締|期限|納期|[土日祝休閉])"
)


_PUT_OFF = re.compile("(?:雨天|荒天|悪天候|予備日|延期|順延)[^。0-9\n]{0,8}$")


def of_a_month(text: str, start: int) -> int | None:
    """Return where 「算定を開始する月の」 begins if it stands in front of the day at `start`."""
    found = _OF_A_MONTH.search(text, max(0, start - 20), start)
    return found.start() if found is not None else None


def _bare_day(text: str, piece: Piece) -> Phrase | None:
    """Return a day whose month is said elsewhere: only where a particle or a weekday shows that it is a day."""
    moment = piece.moment
    has_weekday = moment is not None and moment.weekday is not None
    month = of_a_month(text, piece.start)
    if month is not None:
        return Phrase(Shape.ANCHORED, month, piece.end, word="日", suffix=piece.suffix)
    if _COUNTED.search(text, max(0, piece.start - 12), piece.start):
        start = anchoring.length_start(text, piece.start, is_away=True)
        return Phrase(
            Shape.ANCHORED, piece.start if start is None else start, piece.end, word="日", suffix=piece.suffix
        )
    if _OF_A_LENGTH.search(text, max(0, piece.start - 8), piece.start) and not piece.suffix:
        return Phrase(Shape.LENGTH, piece.start, piece.end, word=text[piece.start : piece.end])
    shows = piece.suffix or has_weekday or _SHOWS_DAY.match(text, piece.end)
    shows = shows or _PUT_OFF.search(text, max(0, piece.start - 14), piece.start)
    if not shows or text[max(0, piece.start - 1) : piece.start] in ("中", "約", "計"):
        return None
    return Phrase(Shape.MOMENT, piece.start, piece.end, moment, suffix=piece.suffix, is_listed=False)


def _length(text: str, piece: Piece) -> Phrase:
    if re.match(r"に?(?:[0-9一二三四]+[回度])|(?:以内)?ごと|毎|おき", piece.suffix):
        return Phrase(Shape.RECURRING, piece.start, piece.end, word=piece.word, suffix=piece.suffix)
    start = anchoring.length_start(text, piece.start, is_away="前" in piece.suffix or "後" in piece.suffix)
    if start is not None:
        return Phrase(Shape.ANCHORED, start, piece.end, word=piece.word, suffix=piece.suffix)
    shape = Shape.ANCHORED if piece.suffix.startswith(_BOUND) else Shape.LENGTH
    return Phrase(shape, piece.start, piece.end, word=piece.word, suffix=piece.suffix)


_BOUND = ("以内", "前", "後", "を経過", "を超え", "以上前", "程度前", "程度後")


_TERM = re.compile("(?:[一-龥]{2,8}|同)$")
_NO_TERM = re.compile("(?:この|その|当該|次|[0-9月年日間])$")


def _term(text: str, piece: Piece) -> Phrase | None:
    """Return 「公募期間内」: a stretch that has a name, and its days elsewhere."""
    name = _TERM.search(text, max(0, piece.start - 8), piece.start)
    if name is None or _NO_TERM.search(name[0]) is not None:
        return None
    return Phrase(
        Shape.ANCHORED, name.start(), piece.end, word="期間", suffix=piece.word.removeprefix("期間")
    )


_STATE = re.compile("[一-龥ァ-ヶー]{2,10}の$")
_IS_LINE_END = re.compile("[ ]*(?:\\n|$)")
_FROM_STEP = re.compile("(?:^|[ .、)])[一-龥]{2,4}から$")
_DAY_PARTICLE = re.compile("から|より|まで|以降|以後|以前|前|後|において")


def _event(text: str, piece: Piece) -> Phrase | None:
    """Return 「統合日まで」, 「事業開始前に」, 「公布の日から」: an event, and the particle that hangs on it."""
    if piece.form is Form.ANCHOR:
        start = anchoring.day_start(text, piece.start)
        found = _DAY_PARTICLE.match(text, piece.core_end)
        if start is None or "号に定める" in text[start : piece.start + 1]:
            return None
        if found is None:
            return (
                Phrase(Shape.ANCHORED, start, piece.end, word="日")
                if "の日" in text[piece.start - 1 : piece.end] or text.startswith("に", piece.end)
                else None
            )
        is_event = found[0].endswith("まで") and "から" not in text[start : piece.start]
        shape = Shape.EVENT if is_event else Shape.ANCHORED
        return Phrase(shape, start, found.end(), word="日", suffix=found[0])
    start = anchoring.event_start(text, piece.start)
    if start is None and piece.form is Form.POINT:
        state = _STATE.search(text, max(0, piece.start - 12), piece.start)
        start = state.start() if state is not None else None
    if start is None:
        return None
    end = piece.end
    if (
        piece.form is Form.UNTIL
        and _IS_LINE_END.match(text, end)
        and _FROM_STEP.search(text, max(0, start - 10), start)
    ):
        return None  # 申請から交付まで, as a heading: which steps, not when
    if piece.form is Form.BEFORE and text.startswith("まで", end):
        end += 2
    return Phrase(Shape.EVENT, start, end, word=piece.word, suffix=piece.word)
