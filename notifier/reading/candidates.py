"""Candidates: what a notice seems to say of known deadlines, or of new ones, for a person to approve."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from notifier.domain.expressions import Expression, Fixed, SetByAuthority, Unknown
from notifier.domain.notices import Rank
from notifier.reading.candidates_due import Meaning, meaning_of
from notifier.reading.candidates_identity import Identity, identity_of
from notifier.reading.candidates_known import Knowledge, KnownDuty
from notifier.reading.candidates_matching import Match, Matcher
from notifier.reading.candidates_passages import Passage, passages
from notifier.reading.expressions import Expression as Found
from notifier.reading.expressions import Reading
from notifier.reading.normalising import normalised
from notifier.reading.subjects import Subject, folded, subject_of

_MOVED = re.compile(r"延長|繰り?上げ|繰り?下げ|前倒し|変更(?:し|する|となり|します)|改め|とおり訂正")
_WITHDRAWN = re.compile(
    r"(?:廃止|中止|撤回|取り?やめ|取り?下げ)(?:し(?:ます|た|まし)|する|と(?:する|なり|し)|ることと)|(?:受付|募集|実施)を?(?:行わない|行いません|終了し)"
)
_CONFIRMED = re.compile(
    r"(?:正式に|予定どおり|予定通り)|(?:に|と|で)?(?:確定|決定)(?:し(?:た|ました|ましたので)|です)"
)
_DONE_WITH = (
    "(?:提出|申請|申込|届出|報告|納付|加入|利用|開始|設置|宣言|作成|保存|更新|公表|周知|登録|受講|返還|回答)"
)
_OBJECT = re.compile(
    rf"([^、。「」『』()（）を\s]{{2,30}})(?:を[^、。を]{{0,18}}?|の|について[、]?){_DONE_WITH}"
)
_OBJECT_AHEAD = re.compile(
    "^[^一-龥ァ-ヶA-Z]{0,6}([一-龥ァ-ヶーA-Z・]{1,24}(?:書類?|票|届|計画|名簿|一覧|表|資料|データ|報告))(?:は|については)、?"
    f"[^。]*?{_DONE_WITH}"
)
"""防災計画は、市長が指定する日までに提出してください."""
_PARTICLES = re.compile(r"^(?:[にはがのでも]|[-・※*▶>]|[①-⑳]|[0-9]+)+")
_OTHER_VERBS = re.compile(r"周知|設置|宣言|協力|公表|確認|相談|作成")
_PASS_ON = re.compile(r"周知[^。]{0,30}(?:願い|ください|依頼)|周知を図る")
SURE, LIKELY, DOUBTFUL = "sure", "likely", "doubtful"
_STRONG: Final = 75


@dataclass(frozen=True, slots=True)
class Candidate:
    """One candidate statement.

    `line` and `column` are those of the expression quoted in `surface` (or of the sentence, if no expression is).
    `matches` are known deadlines, the best first; empty for a new duty, whose programme `family` may be known.
    `move` is "" or moved, withdrawn, confirmed, as the sentence says of itself.
    """

    line: int
    column: int
    surface: str
    passage: Passage
    kind: str
    due: Expression | None
    tentative: bool
    move: str
    verb: str
    object: str
    subject: Subject
    matches: tuple[Match, ...]
    family: str
    certainty: str
    open: tuple[str, ...]
    found: Found | None

    @property
    def flags(self) -> tuple[str, ...]:
        """Return the flags of the expression."""
        return self.found.flags if self.found is not None else ()

    @property
    def is_dated(self) -> bool:
        """Tell whether an expression of time bounds it."""
        return bool(self.kind)


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a notice is, and what it seems to say."""

    identity: Identity
    candidates: tuple[Candidate, ...]


def candidates_of(
    reading: Reading, knowledge: Knowledge, given: date | None = None, file_title: str = ""
) -> Candidates:
    """Return what the notice seems to say about deadlines, in the order of the text.

    `given` is the issue date a person named, `file_title` the title that the file bears.
    """
    identity = identity_of(reading, given, file_title)
    title = identity.title.value or identity.title.hint
    desk = _Desk(knowledge, Matcher(knowledge, title), identity)
    return Candidates(identity, tuple(each for one in passages(reading) for each in _of_passage(one, desk)))


@dataclass(frozen=True, slots=True)
class _Desk:
    """What lies on the reader's desk while passages are gone through."""

    knowledge: Knowledge
    matcher: Matcher
    identity: Identity


def _of_passage(passage: Passage, desk: _Desk) -> Iterator[Candidate]:
    shown = _speaking(passage, _move(passage.text))
    if not shown:
        candidate = _candidate(passage, None, desk)
        if candidate.matches or _is_new_duty(candidate, desk.identity):
            yield candidate
        return
    for each in shown:
        yield _candidate(passage, each, desk)


def _move(text: str) -> str:
    if _WITHDRAWN.search(text) is not None:
        return "withdrawn"
    if _CONFIRMED.search(text) is not None:
        return "confirmed"
    return "moved" if _MOVED.search(text) is not None else ""


def _speaking(passage: Passage, move: str) -> list[Found]:
    """Return the expressions that name the day: of a date that was moved or confirmed, the new one alone."""
    found = [
        each
        for each in passage.expressions
        if (each.is_deadline or "not-understood" in each.flags) and "void" not in each.flags
    ]
    dated = [
        each
        for each in found
        if each.end is not None and each.kind in {"date", "range", "part_of_month", "month"}
    ]
    if move in {"moved", "confirmed"} and len(dated) > 1:
        return [*(each for each in found if each not in dated), dated[-1]]
    days = [each for each in dated if each.kind == "date"]
    if (
        len(found) == 2
        and days
        and found[0].kind == "date"
        and found[0].end is None
        and found[1].start is None
    ):
        return found[1:]
    return found


def _candidate(passage: Passage, found: Found | None, desk: _Desk) -> Candidate:
    knowledge, issued = desk.knowledge, desk.identity.day
    subject, move = subject_of(passage.text, knowledge.services), _move(passage.text)
    rough = meaning_of(passage, found, None, knowledge, "", issued)
    dues = [rough.due] if rough.due is not None else []
    matches = desk.matcher.matches(passage, dues, subject.services)
    duty = matches[0].duty if matches else None
    family = duty.family if duty is not None else _family(passage, desk.matcher)
    meaning = meaning_for(passage, found, duty, knowledge, family, issued)
    if move == "withdrawn" and found is None:
        meaning = Meaning(None)
    return Candidate(
        line=found.line if found is not None else passage.line,
        column=found.column if found is not None else 0,
        surface=found.text if found is not None else "",
        passage=passage,
        kind=found.kind if found is not None else "",
        due=meaning.due,
        tentative=meaning.tentative and move != "confirmed",
        move=move,
        verb=subject.duties[0] if subject.duties else _verb(passage.text),
        object=_object(passage, subject),
        subject=subject,
        matches=matches,
        family=family,
        certainty=_certainty(meaning, matches, found.flags if found is not None else ()),
        open=meaning.open,
        found=found,
    )


def _family(passage: Passage, matcher: Matcher) -> str:
    """Return the family of the programme; a request to pass something on is a duty of its own, whatever it is about."""
    if _PASS_ON.search(passage.text) is not None:
        return matcher.family(replace(passage, text="周知", headings=()))
    return matcher.family(passage)


def _verb(text: str) -> str:
    found = _OTHER_VERBS.search(text)
    return found[0] if found is not None else ""


def _object(passage: Passage, subject: Subject) -> str:
    """Return what is to be handed in, started or kept; else the programme."""
    text = _without_times(passage)
    wanted = _OBJECT.search(text) or _OBJECT_AHEAD.search(text)
    found = _PARTICLES.sub("", wanted[1]) if wanted is not None else ""
    return found or (subject.programmes[0] if subject.programmes else "")


def _without_times(passage: Passage) -> str:
    text = passage.text
    for each in passage.expressions:
        text = text.replace(each.text, " ").replace(normalised(each.text).text, " ")
    return text


def meaning_for(
    passage: Passage,
    found: Found | None,
    duty: KnownDuty | None,
    knowledge: Knowledge,
    family: str,
    issued: date | None,
) -> Meaning:
    """Return what day is meant for one deadline; a window whose ends stand apart in one sentence is put together."""
    meaning = meaning_of(passage, found, duty, knowledge, family, issued)
    if duty is not None and isinstance(meaning.due, Unknown) and not isinstance(duty.due, Unknown | None):
        return replace(meaning, due=None)  # what could not be worked out takes no date away
    opening = next(
        (
            each
            for each in passage.expressions
            if each.end is None and each.start is not None and each.is_deadline
        ),
        None,
    )
    is_end = found is not None and found.start is None and found.end is not None and found.kind == "date"
    if not is_end or opening is None or opening.start is None or found is None or found.end is None:
        return meaning
    if opening.start > found.end:
        return meaning
    return Meaning(Fixed(found.end, opening.start), meaning.tentative or opening.tentative, meaning.open)


def _certainty(meaning: Meaning, matches: tuple[Match, ...], flags: tuple[str, ...]) -> str:
    if not meaning.is_sure or {"not-understood", "ocr-suspect", "weekday-mismatch", "conflict"} & set(flags):
        return DOUBTFUL
    if not matches or matches[0].score < _STRONG or {"year-inferred", "era-inferred"} & set(flags):
        return LIKELY
    return SURE


def _is_new_duty(candidate: Candidate, identity: Identity) -> bool:
    """Tell whether a sentence without a date is worth a draft: a notice that asks somebody for something."""
    if isinstance(candidate.due, SetByAuthority) and candidate.verb:
        return True
    text = folded(candidate.passage.text)
    asks = re.search(
        r"(?:する|行う|図る|受ける|努める)こと(?:。|$|\(|とする|を要件)|要件とする|対象外とする|(?:提出|設置|宣言|報告|協力|公表|周知|確認)する(?:。|もの)|ものとする|周知[^。]{0,20}(?:願い|ください)|"
        r"願い(?:いた)?します|願いする|願いいたします|推奨する|ていること(?:。|$)|加算|に相談するもの",
        text,
    )
    return identity.rank >= Rank.NOTICE and asks is not None
