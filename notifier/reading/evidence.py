"""What around an expression tells whether it bounds what someone must or may do: its form, label, topic and verb.

Nothing is weighed here; `duties` adds up the weights. `words.toml` holds the words.
"""

import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import NamedTuple

from notifier.reading.constructions import weighed, why_none
from notifier.reading.dating import Resolved
from notifier.reading.lexicon import Words, words
from notifier.reading.phrases import Phrase, Shape
from notifier.reading.places import Place
from notifier.reading.turns import turns


class Hint(NamedTuple):
    """One thing that speaks for or against a deadline: the name under which it is weighed, and the words found."""

    name: str
    found: str


class Context(NamedTuple):
    """The text around an expression, cut into the parts in which hints are sought."""

    label: str
    ask: str
    topic: str
    before: str
    next: str
    end: str
    is_last: bool
    """No other expression stands between this one and the end of its sentence."""
    is_heading: bool
    """The label stands in the line above."""


_REIWA = date(2019, 5, 1)
"""A beginning before this day is long past in a paper that bears no date of its own."""
_LONG_AGO = 366
"""Days before the issue date after which a beginning only says how long something has held."""
_RECENT = 62
"""Days before the issue date within which a beginning may still be news: issued on April 7, applied from April 1."""
_IN_TITLE = re.compile("(?:について|の件|のお知らせ|の[ご御]?案内)[ ]?\\([^()]{0,6}$")
_CLOSES_TITLE = re.compile("(?![^()]{0,8}(?:[締〆]|必着|期限))[^()]{0,8}\\)[ ]*$")
_QUOTE = re.compile("」(?:を|に|と|の次に|、|又は)")


_WORDED_OUT = (
    (
        re.compile(
            "^(?:まで)?(?:に|を過ぎても|になっても)[^。、]{0,14}(?:届か|来)な(?:い場合|いとき|い方|かった)"
        ),
        "届かないときの目安",
    ),
    (re.compile(r"^(?:まで)?と(?:して|されて)(?:い(?:た|ました)|おりました|きた)"), "改められた期限"),
    (re.compile(r"^(?:まで)?[ ]?[→⇒]"), "改められた期限"),
    (re.compile(r"^(?:から)[^。、]{0,24}[にへ](?:延長|変更|繰り?[上下]げ|改め|見直)"), "改められた期限"),
    (re.compile("^(?:の?いずれか)?に(?:当たる|あたる|該当する)(?:場合|とき|日)"), "日の巡り合わせ"),
)
"""What stands right behind a time that bounds nothing, and why."""
_REPLACED = re.compile(
    "(?:当初|従前|変更前|延長前|改正前|これまで|従来)の?(?:提出|申請|締切|申込)?(?:期限|締切り?|期日|予定)?は?、?[: ]?$"
)
_DAYS_OFF = re.compile("(?:休館|休業|休診|定休|休園|休所|閉庁|閉館|休室|休場)日?(?:は|:|[ ])、?[^。:]{0,14}$")
_OUT_OF_USE = re.compile(
    "^は?、?[^。、]{0,14}(?:利用|使用|受け付け|受付|接続|業務)[^。、]{0,6}(?:でき(?:ません|ない)|いただけません|行わな|停止|休止)"
)


def ruled_out(phrase: Phrase, form: str, meaning: Resolved, place: Place, issued: date | None) -> str:
    """Return why the expression cannot be a deadline, whatever else is said of it; "" if nothing rules it out."""
    by_form = _by_form(phrase, meaning, place, issued)
    return by_form or _by_words(phrase, place) or why_none(form, place)


def _by_form(phrase: Phrase, meaning: Resolved, place: Place, issued: date | None) -> str:
    is_date_of = phrase.suffix.endswith(("現在", "時点")) or phrase.suffix.startswith("付")
    is_bare = place.is_alone and phrase.shape is Shape.MOMENT and not phrase.suffix
    opens = meaning.start if meaning.end is None else None
    found = ""
    if meaning.kind == "other":
        found = "時刻・番号・固有名で、期限ではない"
    elif is_date_of or phrase.word in ("時点", "現在"):
        found = "付け・現在・時点は基準日や文書の日付"
    elif is_bare and (meaning.start == issued or not (place.label or place.heading)):
        found = "行に日付だけがある（発出日など）"
    elif opens is not None and (issued is None or (issued - opens).days > _LONG_AGO):
        is_old = issued is not None or opens < _REIWA
        found = "発出日の1年以上前（日付がなければ令和より前）に始まり、終わりがない" if is_old else ""
    return found


def _by_words(phrase: Phrase, place: Place) -> str:
    found = next((why for pattern, why in _WORDED_OUT if pattern.match(place.after)), "")
    if place.before.endswith("「") and _QUOTE.match(place.after):
        found = "改める字句の引用"
    elif not _closes(phrase) and _IN_TITLE.search(place.before) and _CLOSES_TITLE.match(place.after):
        found = "件名のかっこの中（いつの分の文書か）"
    elif phrase.shape is Shape.EVENT and place.before.endswith("から"):
        found = "「から」から続く所要の期間"
    elif _REPLACED.search(place.before):
        found = "改められた期限"
    elif _DAYS_OFF.search(place.before):
        found = "休みの日"
    elif phrase.shape is Shape.RANGE and _OUT_OF_USE.match(place.after):
        found = "使えない間"
    return found


def speaks_of(label: str, sign: int) -> bool:
    """Say whether the words of a label alone make what it names a deadline (1), or make it none (-1)."""
    return any(pattern.search(label) for pattern in _speaking(sign))


@cache
def _speaking(sign: int) -> tuple[re.Pattern[str], ...]:
    return tuple(group.pattern for group in words("duty") if group.speaks == sign)


@cache
def _verb_groups() -> tuple[Words, ...]:
    return tuple(group for group in words("duty") if group.where == "verb")


# ---- the form of the expression ----

_INSIDE = ("限り", "以内", "内", "末", "中", "いっぱい", "一杯")
_INSIDE_WORDS = ("年内", "年度内", "年度中", "月内", "いっぱい")
_OPENS = ("から", "より", "~", "以降", "以後")


def form_of(phrase: Phrase) -> str:
    """Return the form under which hints are weighed: what it bounds, and on which side."""
    moment, shape = phrase.moment, phrase.shape
    by_shape = {
        Shape.PROMPT: "prompt",
        Shape.OPEN: "prompt",
        Shape.RECURRING: "closes" if _closes(phrase) else "recurring",
        Shape.RANGE: "span",
        Shape.FROM_LENGTH: "span",
        Shape.EVENT: "closes",
    }
    found = by_shape.get(shape, "")
    if not found and _closes(phrase):
        found = "closes"
    if not found and shape is Shape.LENGTH:
        found = "length"
    if not found and shape is Shape.ANCHORED:
        found = "opens" if phrase.suffix.endswith(_OPENS) else "anchored"
    if not found and moment is not None and moment.is_run:
        found = "span"
    if (
        not found
        and shape is Shape.MOMENT
        and moment is not None
        and not moment.has_month
        and moment.day is None
        and not phrase.suffix.endswith(_OPENS)
    ):
        found = "year"
    if not found and phrase.suffix.endswith(_OPENS):
        found = "opens"
    if not found:
        is_month = moment is not None and moment.has_month and moment.day is None and moment.nth is None
        found = (
            _form_of_month(moment.part)
            if moment is not None and is_month and shape is Shape.MOMENT
            else "point"
        )
    return found


def _form_of_month(part: str) -> str:
    """Return the form of a month or a part of it; its end is a day."""
    return "month" if not part else "point" if part.endswith("末") or part.startswith("末") else "part"


def _closes(phrase: Phrase) -> bool:
    return phrase.suffix.endswith(("まで", "以内"))


def _forms(phrase: Phrase, meaning: Resolved, issued: date | None) -> Iterator[Hint]:
    moment = phrase.moment
    yield Hint("形", "")
    if phrase.suffix.endswith("まで"):
        yield Hint("形：まで", phrase.suffix)
    if phrase.suffix.endswith("以内"):
        yield Hint("形：以内", phrase.suffix)
    if phrase.shape is Shape.EVENT:
        yield Hint("形：ある出来事まで", "")
    if phrase.suffix.startswith(_INSIDE) or phrase.word.endswith(_INSIDE_WORDS):
        yield Hint("形：内・中・末・限り", phrase.suffix)
    if moment is not None and moment.month_word and (moment.day is not None or moment.part):
        yield Hint("形：翌月・前月の日", moment.month_word)
    if meaning.end is None and meaning.start is not None and issued is not None and meaning.start < issued:
        is_recent = (issued - meaning.start).days <= _RECENT
        yield Hint("発出日の直前に始まる" if is_recent else "発出日よりかなり前に始まり、終わりがない", "")
    if meaning.end is not None and issued is not None and meaning.end < issued:
        yield Hint("発出日より前に終わっている", "")


# ---- the words around it ----

_ASKS = re.compile(r"(?:か。|か|\?)[ ]*$")
_BULLET = " ・●■◇◆○☆◎▽【】"
_TOPIC = re.compile(
    rf"([^、。はがを:(){_BULLET}]{{1,16}})(?:には|とは|について(?:は)?|は|が|を|も)、?[^、。]{{0,14}}$"
    r"|([^、。はがを: ()]{1,14})[ :]+[^、。 ]{0,8}$|([^、。はがを: ()|\t]{2,16})(?:\([^()]{0,14}\))?[ ]{0,2}\(?$"
)
_PARTICLE = re.compile("[はがをにもので][ ]*$")
_ANSWER = re.compile(r"^[ ]*(?:A|\(?答え?\)?)[0-9]{0,3}[.: ]?[ ]*")
_LABEL = 16
"""Signs of a label that are looked at; a longer one is a sentence."""
_NEAR_VERB = 45
_FIRST_VERB = 70
_FORM = 40


def context_of(phrase: Phrase, place: Place, reach: int) -> Context:
    """Return the parts of the text around a phrase; `reach` is how far it is to the next expression."""
    key = "" if _ANSWER.fullmatch(place.label) else place.label
    label = key or (place.heading if len(_ANSWER.sub("", place.before)) < 3 else "")
    ask = label if _ASKS.search(label) else ""
    if _PARTICLE.search(label):
        label = ""  # 申請は: no key, but what the sentence speaks of
    topic = _TOPIC.search(place.before[-40:])
    return Context(
        "" if ask else label,
        ask,
        (topic[1] or topic[2] or topic[3] or "") if topic is not None else "",
        place.before[-30:],
        own_clause(phrase, place.after, reach)[:120],
        place.after[-16:].rstrip(),
        reach >= len(place.after),
        bool(label) and not key,
    )


def hints(
    phrase: Phrase, form: str, meaning: Resolved, place: Place, issued: date | None, around: Context
) -> Iterator[Hint]:
    """Yield everything that tells whether the expression is a deadline."""
    yield from _forms(phrase, meaning, issued)
    yield from (Hint(reason, "") for reason in weighed(form, place))
    if around.ask:
        yield Hint("項目名：問い", around.ask[-12:])
    if around.is_heading:
        yield Hint("項目名：上の行", "")
    elif around.label:
        yield from _by_label_alone(around.label, place.before)
    if around.label and not around.is_heading and not _is_telling(around.label):
        yield from _above(place.heading)
    taken, verb = _first_verb(around.next)
    unlabelled = not (around.label or around.topic)
    for group in words("duty"):
        if group.where == "verb":
            yield from _verbs(group, around, verb if group is taken else None)
        elif not (group.where == "label" and unlabelled) and not (group.where == "form" and verb is None):
            yield from _words(group, around, verb)


def turns_of(around: Context) -> Iterator[str]:
    """Return the turns of phrase around the expression, which are weighed beside its hints."""
    return turns(around.label[-_LABEL:], around.topic, around.before, around.next, around.end)


def _verbs(group: Words, around: Context, taken: re.Match[str] | None) -> Iterator[Hint]:
    if taken is not None:
        yield Hint(group.reason, taken[0])
    near = group.pattern.search(around.next[:_NEAR_VERB])
    if near is not None:
        yield Hint(f"{group.reason}（近く）", near[0])


def _words(group: Words, around: Context, verb: re.Match[str] | None) -> Iterator[Hint]:
    source = _source(group, around, verb)
    found = group.find(source) if source else None
    if found is not None:
        remark = "（上の行）" if group.where == "label" and around.is_heading else ""
        if group.where == "end" and not around.is_last:
            remark = "（別の時の後）"
        yield Hint(f"{group.reason}{remark}", found[0])
    told = group.pattern.search(around.topic) if group.where == "label" and around.topic else None
    if told is not None:
        yield Hint(f"{group.reason}（文の主題）", told[0])


_NOTHING_BETWEEN = re.compile("[ :|・]*")


def _by_label_alone(label: str, before: str) -> Iterator[Hint]:
    """Yield what a key says that stands right in front, if it says one thing only: 対象期間: and a stretch of days."""
    begins = before.rfind(label)
    rest = before[begins + len(label) :] if begins >= 0 else before
    if _NOTHING_BETWEEN.fullmatch(rest) is None:
        return
    asks, tells = speaks_of(label, 1), speaks_of(label, -1)
    if asks is not tells:
        yield Hint("項目名だけで期限" if asks else "項目名だけで期限でない", label[-12:])


def _is_telling(label: str) -> bool:
    return speaks_of(label, 1) or speaks_of(label, -1)


def _above(heading: str) -> Iterator[Hint]:
    """Yield what the line above tells where the key itself tells nothing."""
    for group in words("duty"):
        found = group.pattern.search(heading) if group.where == "label" and heading else None
        if found is not None:
            yield Hint(f"{group.reason}（上の行）", found[0])


def _source(group: Words, around: Context, verb: re.Match[str] | None) -> str:
    """Return the part of the text in which a group is sought."""
    if group.where == "next":
        return around.next[: group.near]
    if group.where == "form":
        return around.next[verb.end() : verb.end() + _FORM] if verb is not None else ""
    found: str = getattr(around, group.where)
    return found


def _first_verb(clause: str) -> tuple[Words | None, re.Match[str] | None]:
    """Return the group of the first verb of a clause, and the verb; of two that begin together, the longer one."""
    best: tuple[Words | None, re.Match[str] | None] = (None, None)
    for group in _verb_groups():
        found = group.pattern.search(clause[:_FIRST_VERB])
        if found is None:
            continue
        if best[1] is None or (found.start(), -len(found[0])) < (best[1].start(), -len(best[1][0])):
            best = (group, found)
    return best


_CASE = re.compile(r"(?:場合|とき)(?:は|に|、)|\)")
_ASIDE = re.compile(r"\([^()]*\)")
_NEXT_TOPIC = re.compile(r"(?:、[^、。]{1,16}は|[ ]+[^、。 ]{1,16}(?:は|:|[ ])[ ]*)$")
_PAUSES = re.compile("[しみりきけせめれえべげ]、(?:かつ|並びに|また)?、?$")
"""A verb that leaves the mood of its clause to the end of the sentence: …に発注し、…に支払うこと."""
_TAIL = 24
_LISTED = 4
"""Signs between two expressions of one list, such as 又は: what follows holds for both."""


def own_clause(phrase: Phrase, after: str, reach: int) -> str:
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
