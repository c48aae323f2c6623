"""Pieces of time in the order of the text: each branch that matched, with its weekday, hour and particle."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from notifier.reading import patterns
from notifier.reading.moments import Moment, calendar_moment, lone_moment, numeric_moment, weekday_number
from notifier.reading.numerals import number


class Form(StrEnum):
    """How a piece speaks of time."""

    MOMENT = "moment"
    DAY = "day"
    LENGTH = "length"
    EVERY = "every"
    TIMES = "times"
    DAYS_OF_WEEK = "days-of-week"
    WORD = "word"
    PROMPT = "prompt"
    OPEN = "open"
    EITHER = "either"
    ANCHOR = "anchor"
    UNTIL = "until"
    BEFORE = "before"
    POINT = "point"
    TERM = "term"
    CLOCK = "clock"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece: its place in the normalised text, what it says, and the particle that ends it."""

    form: Form
    start: int
    end: int
    moment: Moment | None = None
    word: str = ""
    suffix: str = ""
    is_slash: bool = False
    core_end: int = 0
    """Where the piece ends without its particle."""


SUFFIX = re.compile(
    r"[一-龥]{0,4}分(?:まで|以前|以降|以後|から)|まで|以前|以降|以後|より(?:前|先)(?!の?[年月日])|より(?!も|多|少|大|高|更|さら|詳|良|一層|[^、。\n]{0,10}(?:増え|増加|減り|減少|伸び|上回|下回))"
    r"|(?<=日)前(?![後日年月払半])|(?<=[同当]日)後(?![日年月])"
    r"|から(?!の?繰|の?推移|[約およそ]{0,3}[0-9][0-9.,]*(?:ポイント|%|割)[^。\n]{0,4}[上下増減伸高低])"
    r"|[ ]?~(?![0-9.]*[万億円%])"
    r"|いっぱい|一杯|中(?![旬間央心学小途止期核堅長国])|内(?![容訳閣外部線])|末日?(?!端)|頃|ごろ|ころ|付け?(?![属近録与加き])|の?時点|現在|限り|号(?!館|室|線)"
)
LENGTH_SUFFIX = re.compile(
    r"以内ごと(?:に[1一]回)?|以内|以下|未満|を下(?:ら|回ら)ない(?:期間)?|以上前|以上|程度(?![前後])|前の(?:末日|月末|(?:午前|午後)?[0-9]{1,2}時(?!間)|正午)(?:まで)?|を(?:経過|超え)[^、。()\s]{0,8}?(?:範囲内|日の属する(?:年度|年|月)(?:の?末日?|の(?:翌月|初日))?(?:まで|から)?|日まで|日から|日以後|までの間|まで|日|後)|を経過する|を限度"
    r"|(?:に)(?:[1一]|[0-9一二三四]+)(?:回|度)|ごと|毎(?![年月])|おき|ほど|くらい|ぐらい|程度[前後]|以前|前(?:まで)?(?!半|期)|後(?:の(?:末日|月末)|まで)?(?!半|期)|弱|強(?!化)|余り|の間"
)
_FORMS = {
    "length": Form.LENGTH,
    "every": Form.EVERY,
    "times": Form.TIMES,
    "nth_days": Form.DAYS_OF_WEEK,
    "weekdays": Form.DAYS_OF_WEEK,
    "day_word": Form.WORD,
    "prompt": Form.PROMPT,
    "open": Form.OPEN,
    "either": Form.EITHER,
    "anchor": Form.ANCHOR,
    "until": Form.UNTIL,
    "before": Form.BEFORE,
    "point": Form.POINT,
    "term": Form.TERM,
    "clock": Form.CLOCK,
    "law": Form.NAME,
    "proper": Form.NAME,
}
_NUMERIC = frozenset(("numeric", "compact", "triple", "slash", "letter_only"))
_TAKES_NO_SUFFIX = frozenset((Form.NAME, Form.PROMPT, Form.OPEN, Form.CLOCK, Form.UNTIL, Form.TIMES))


def pieces(text: str) -> Iterator[Piece]:
    """Yield the pieces of a normalised text, none overlapping the one before."""
    taken = 0
    while (match := patterns.MASTER.search(text, taken)) is not None:
        taken = match.end()
        piece = _piece(match) if match.lastgroup not in patterns.NOT_TIME else None
        if (
            piece is not None
            and (run := _RUN_OF_MONTHS.match(match[0]))
            and piece.moment
            and piece.moment.nth
        ):
            taken = (
                match.start() + run.end()
            )  # 11月~3月の第2木曜日: the days of the week are each month's own
            match = patterns.MASTER.fullmatch(text, match.start(), taken)
            piece = _piece(match) if match is not None else None
        if (
            piece is not None
            and match is not None
            and "・" in match[0]
            and (apart := _SEVERAL_MONTHS.match(match[0]))
            and _are_apart(apart)
        ):
            taken = match.start() + apart.end(2)  # 4月・6月 are two months, 4月・5月 one run of days
            match = patterns.MASTER.fullmatch(text, match.start(), taken)
            piece = _piece(match) if match is not None else None
        if piece is not None:
            piece = _with_particle(text, piece)
            taken = max(taken, piece.end)
            yield piece


_RUN_OF_MONTHS = re.compile(rf".*?{patterns.N2}月?[~-]翌?{patterns.N2}月")
_SEVERAL_MONTHS = re.compile(rf"(.*?)((?<![0-9])({patterns.N2})月)・({patterns.N2})月")


def _are_apart(months: re.Match[str]) -> bool:
    return number(months[4]) != number(months[3]) % 12 + 1


def _piece(match: re.Match[str]) -> Piece | None:
    branch = match.lastgroup or ""
    start, end = match.span()
    if branch == "calendar":
        moment = calendar_moment(match)
        return Piece(Form.MOMENT, start, end, moment) if moment.is_possible else None
    if branch == "month_day":
        moment = lone_moment(match)
        return Piece(Form.MOMENT, start, end, moment) if moment.is_possible else None
    if branch in _NUMERIC:
        found = numeric_moment(match)
        return (
            Piece(Form.MOMENT, start, end, found, is_slash=branch == "slash", word=branch) if found else None
        )
    if branch == "day_only":
        moment = Moment(day=number(match[0].rstrip("日")))
        return Piece(Form.DAY, start, end, moment) if moment.is_possible else None
    return Piece(_FORMS[branch], start, end, word=match[0])


_TAKES_AN_HOUR = ("曜日", "曜", "本日", "明日", "翌日", "前日", "当日", "同日", "開庁日", "営業日")


def _with_particle(text: str, piece: Piece) -> Piece:
    """Take in the weekday and the hour of a day, and the particle after it."""
    end, moment = piece.end, piece.moment
    is_day = moment is not None and moment.day is not None
    weekday = patterns.WEEKDAY_MARK.match(text, end) if is_day else None
    if weekday is not None and moment is not None:
        end = weekday.end()
        moment = replace(moment, weekday=weekday_number(weekday[1] or weekday[2] or weekday[3]))
    if is_day or (piece.form is Form.WORD and piece.word.endswith(_TAKES_AN_HOUR)):
        hour = patterns.CLOCK.match(text, end)
        if hour is not None and not _is_apart(text, piece, hour):
            end = hour.end()
            opens_window = _WINDOW_BEFORE.search(text, max(0, piece.start - 16), piece.start)
            if is_day and not opens_window and _BEGINS_THEN.match(text, end):
                return replace(piece, end=end, core_end=end, moment=moment)
    return _with_suffix(text, replace(piece, moment=moment), end)


def _is_apart(text: str, piece: Piece, hour: re.Match[str]) -> bool:
    """Say whether the hour is a time of its own: hours of opening, and when something begins that is over that day."""
    if _OPENS_HOURS.match(text, hour.end()):
        return True
    is_beside = hour.start("hour") > hour.start() and piece.word not in _NUMERIC and ":" not in hour["hour"]
    is_window = _WINDOW_BEFORE.search(text, max(0, piece.start - 16), piece.start)
    is_due = _DUE_BEFORE.search(text, max(0, piece.start - 16), piece.start)
    return is_beside and not (is_window or is_due) and _BEGINS_BESIDE.match(text, hour.end()) is not None


def _with_suffix(text: str, piece: Piece, core_end: int) -> Piece:
    """Take in the particle at `core_end`, and the one that closes what it narrows: 3月末まで, 下期中まで."""
    suffix = None
    if piece.form is Form.LENGTH:
        suffix = LENGTH_SUFFIX.match(text, core_end)
    elif piece.form not in _TAKES_NO_SUFFIX:
        suffix = SUFFIX.match(text, core_end)
    if suffix is None:
        return replace(piece, end=core_end, core_end=core_end)
    end, word = suffix.end(), suffix[0].strip()
    second = SUFFIX.match(text, end) if word in _NARROWING else None
    if second is not None:
        return replace(piece, end=second.end(), core_end=end, suffix=f"{word}{second[0].strip()}")
    return replace(piece, end=end, core_end=core_end, suffix=word)


_BEGINS_THEN = re.compile(
    r"から(?:[^0-9。\n]{1,12}で(?:。|[ ]|\n|$)|[^0-9。\n]{0,20}(?:開催|開会|開演|行|開[きいかく]|実施)|です|。|[ ]*(?:\n|$)"
    r"|[ ]+(?![^。\n]{0,14}(?:受付|受け付け|申込|申請|募集|開始)|[^ 。\n]{0,6}予約)"
    r"|\((?:雨天|荒天|小雨|悪天候|[^()\n]{0,8}(?:順延|中止|決行|延期)))"
)
"""What begins at an hour of a day is over that day: 11月19日(木)午後2時から開催."""
_BEGINS_BESIDE = re.compile(
    r"[ ]?(?:開会|開議|開始|開演|開場|開催|開札)"
    r"|(?:から)?[ ]+[^ 。、\n0-9]{0,12}(?:庁舎|会館|[会教議]室|ホール|センター|体育館|公民館|役[場所]|会場)"
    r"|から(?:オンライン|[^0-9。、\n]{0,12}(?:で|を|に)?(?:開催|開会|開演|行|開き))"
)
"""What shows that an hour beside a day is when something begins: 11月12日(木) 午前10時30分 市役所, 4日の8時から行います."""
_DUE_BEFORE = re.compile("(?:期限|期日|締切日?|締め切り|[〆締]切)[^。\n0-9]{0,8}$")
_WINDOW_BEFORE = re.compile(
    "(?:受付|受け付け|申請|申込み?|申し込み|募集|予約|販売|発売|公開(?!抽選|講座|授業|審査|討論)|交付|配信)[^。\n0-9]{0,6}$"
)
"""What goes on after the hour at which it begins: 受付は４月１日９時から."""
_OPENS_HOURS = re.compile(
    r"[ ]?(?:~|-|から)[ ]?(?:翌(?:日|朝)?の?)?(?:午前|午後|正午|[0-9]{1,2}(?::[0-9]|時))"
    # An hour at which something begins says nothing of the days after, unless a window opens with it.
    r"|[ ]?~(?![ ]?(?:[0-9]|令和|平成|翌|同|来|R))"
    r"(?![^。\n(]{0,14}(?:受付|受け付け|募集|開始|公開|切り?替|適用|利用|可能|でき))"
)
_NARROWING = frozenset(
    ("末", "末日", "中", "内", "頃", "ごろ", "以内", "前", "後", "号", "以上前", "いっぱい", "一杯")
)
