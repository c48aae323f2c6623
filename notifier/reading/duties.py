"""Whether an expression bounds what someone must or may do, and why.

Issue dates, statistics, budgets and retrospective starts are no deadlines. The decision adds up what speaks for and
against it: the particle, the label, the words after and before. `words.toml` holds the words and their weights.
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import cache

from notifier.reading.dating import Resolved
from notifier.reading.lexicon import Words, words
from notifier.reading.phrases import Phrase, Shape
from notifier.reading.places import Place


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether something is a deadline, with what spoke for (+) and against (−) it."""

    is_deadline: bool
    reasons: tuple[str, ...]


def judge(phrase: Phrase, meaning: Resolved, place: Place, issued: date | None, reach: int) -> Verdict:
    """Return the verdict on a phrase in its place; `reach` is how far it is to the next expression."""
    if meaning.kind == "other":
        return Verdict(is_deadline=False, reasons=("時刻・番号・固有名で、期限ではない",))
    weight, why = _shape(phrase, meaning)
    total, reasons = weight, [f"{weight:+d} {why}"]
    if (
        place.is_alone
        and phrase.shape is Shape.MOMENT
        and not phrase.suffix
        and (meaning.start == issued or not _has_heading(place))
    ):
        total -= 9
        reasons.append("-9 行に日付だけがある（発出日など）")
    key = "" if _ANSWER.fullmatch(place.label) else place.label
    label = key or (place.heading if len(_ANSWER.sub("", place.before)) < 3 else "")
    told = label.rstrip("はをがに")
    sources = {"after": _own(phrase, place.after, reach), "before": place.before[-30:], "label": label}
    for group in _groups(phrase.shape, _side(phrase)):
        source = sources[group.where]
        if group.reason.startswith("項目名が催し") and told != label:
            source = (
                "" if _side(phrase) in ("until", "within") else told[-6:]
            )  # 議事録案への意見は１週間以内に: what is spoken of is the opinion
        found = group.pattern.search(source[: group.near] if group.where == "after" else source)
        if found is not None:
            total += group.weight
            reasons.append(f"{group.weight:+d} {group.reason}（{found[0][:12]}）")
    if phrase.shape is Shape.EVENT and place.before.endswith("から"):
        total -= 4
        reasons.append("-4 「から」から続く所要の期間")
    if _is_retrospective(meaning, issued):
        is_old = (
            meaning.start is not None and issued is not None and (issued - meaning.start).days > _LONG_AGO
        )
        weight = 9 if is_old else 2
        total -= weight
        reasons.append(f"-{weight} 発出日より前に始まり、終わりがない")
    return Verdict(total > 0, tuple(reasons))


def _side(phrase: Phrase) -> str:
    """Return which side the particle leaves open."""
    if phrase.suffix.endswith("まで"):
        return "until"
    if phrase.suffix.endswith("以内"):
        return "within"
    if phrase.suffix.endswith(("以降", "以後")):
        return "since"
    return "from" if phrase.suffix.endswith(("から", "より", "~")) else "day"


_ONLY_OF_DAYS = ("文書", "相手方", "過去の行為")


@cache
def _groups(shape: Shape, side: str) -> tuple[Words, ...]:
    """Return the groups of words that can speak about a shape.

    A recurrence is no single event, and what ends with まで or hangs on an anchor is no issue date.
    """
    groups = words("duty")
    if shape is Shape.RECURRING:
        groups = (*words("recurring"), *(each for each in groups if not each.reason.startswith("催し")))
    if side == "day" and shape is Shape.MOMENT:
        groups = tuple(each for each in groups if not each.reason.startswith("効力"))
    if shape is not Shape.LENGTH:
        groups = tuple(each for each in groups if each.reason not in _ONLY_OF_LENGTHS)
    if side not in ("since", "from", "within") and shape is not Shape.RANGE:
        groups = tuple(each for each in groups if each.reason != "文末が定めの形")
    unfit = "効力の始まり" if shape is Shape.RANGE else "使えない間"
    groups = tuple(each for each in groups if each.reason != unfit)
    if side in ("since", "until", "within"):
        groups = tuple(each for each in groups if each.reason != "すでにした行為を指す" or side == "until")
    if side == "since":
        groups = tuple(
            each for each in groups if not each.reason.startswith(("すでに", "過去の行為", "予算", "割合"))
        )
    if shape is Shape.EVENT or side in ("until", "within"):
        groups = tuple(each for each in groups if not each.reason.startswith(_ONLY_OF_DAYS))
    return groups


_CASE = re.compile(r"(?:場合|とき)(?:は|に|、)|\)")
_ASIDE = re.compile(r"\([^()]*\)")
_ONLY_OF_LENGTHS = ("長さを定める", "この間")
_NEXT_TOPIC = re.compile(r"(?:、[^、。]{1,16}は|[ ]+[^、。 ]{1,16}(?:は|:|[ ])[ ]*)$")
_PAUSES = re.compile("[しみりきけせめれえべげ]、(?:かつ|並びに|また)?、?$")
"""A verb that leaves the mood of its clause to the end of the sentence: …に発注し、…に支払うこと."""
_TAIL = 24
_LONG_AGO = 366
"""Days before the issue date after which a beginning only says how long something has held."""
_ANSWER = re.compile(r"^[ ]*(?:A|\(?答え?\)?)[0-9]{0,3}[.: ]?[ ]*")
_LISTED = 4
"""Signs between two expressions of one list, such as 又は: what follows holds for both."""


def _own(phrase: Phrase, after: str, reach: int) -> str:
    """Return the words that belong to this expression and not to the next, nor to the main clause of a case."""
    if phrase.suffix.endswith(("まで", "中", "内")):
        return after
    aside = _ASIDE.match(after)
    if aside is not None:
        return after[aside.end() :] if reach < aside.end() else after[:reach]
    own = after if reach <= _LISTED else after[:reach]
    if reach < len(after):
        own = _NEXT_TOPIC.sub("", own)  # 説明会は６月１日、申込期限は５月20日まで: 申込 speaks of the second
    case = _CASE.search(own)
    if case is None:
        return own + after[-_TAIL:] if reach < len(after) and _PAUSES.search(own) else own
    return own[: case.start()] if case[0] == ")" else ""


def _has_heading(place: Place) -> bool:
    positive = [group for group in words("duty") if group.where == "label" and group.weight > 0]
    return any(group.pattern.search(place.label or place.heading) for group in positive)


_BY_SHAPE = {
    Shape.PROMPT: (3, "速やかに・遅滞なく"),
    Shape.OPEN: (3, "当分の間"),
    Shape.RECURRING: (-1, "繰り返し"),
    Shape.LENGTH: (-1, "期間だけ"),
    Shape.RANGE: (0, "始めと終わりがある"),
    Shape.FROM_LENGTH: (2, "始めと長さがある"),
}
_BOUNDED = ("以内", "まで", "前", "範囲内", "日")
_WORDS_INSIDE = ("年内", "年度内", "月内")
_INSIDE = ("限り", "以内", "内", "末", "中", "いっぱい", "一杯")


def _shape(phrase: Phrase, meaning: Resolved) -> tuple[int, str]:
    """Return what the form of the expression itself says."""
    suffix = phrase.suffix
    if phrase.shape is Shape.EVENT:
        found = (-1, "ある時点") if phrase.word in ("時点", "現在") else (3, "ある出来事まで・前")
    elif phrase.shape is Shape.ANCHORED:
        is_bound = not suffix or ((suffix.endswith(_BOUNDED) or phrase.word != "日") and suffix != "後")
        found = (3, "起算日からの期間・期限") if is_bound else (0, "起算日から")
    elif suffix.endswith(("現在", "時点")) or suffix.startswith("付"):
        found = -20, "付け・現在・時点は基準日や文書の日付"
    elif suffix.endswith("まで"):
        found = (2 if phrase.shape is Shape.RANGE else 3), "「まで」は終わりを限る"
    elif phrase.word.startswith("いずれか"):
        found = 3, "いずれか早い日"
    else:
        found = _BY_SHAPE.get(phrase.shape) or _moment(phrase, meaning)
    return found


_OPENS = ("から", "より", "~", "以降", "以後")


def _moment(phrase: Phrase, meaning: Resolved) -> tuple[int, str]:
    moment, suffix = phrase.moment, phrase.suffix
    is_year = moment is not None and moment.month is None and moment.day is None
    if suffix.startswith("号"):
        found = -9, "冊子の号数"
    elif suffix.startswith(_INSIDE) or phrase.word in _WORDS_INSIDE:
        found = 0, "「内・中・末・限り」は範囲を限る"
    elif is_year and suffix.endswith(_OPENS):
        found = -2, "始まりだけ"
    elif (is_year and meaning.kind in _YEARLY) or meaning.kind == "half_year" or _counts_from_issue(phrase):
        found = -8, "年・年度・半期だけ"
    elif moment is not None and moment.is_run:
        found = 0, "始めと終わりがある"
    else:
        found = -2, "始まりだけ" if suffix else "日付だけ"
    return found


_YEARLY = frozenset(("fiscal_year", "range"))


def _counts_from_issue(phrase: Phrase) -> bool:
    """Say whether it is a year or month word such as 今年度: it says of which, rarely until when."""
    moment = phrase.moment
    return (
        moment is not None
        and moment.day is None
        and (moment.year_word + moment.month_word)[:1] in set("今本昨去来先")
    )


def _is_retrospective(meaning: Resolved, issued: date | None) -> bool:
    return meaning.end is None and meaning.start is not None and issued is not None and meaning.start < issued
