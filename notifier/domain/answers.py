"""Answers by mail: which items somebody calls done (済) or not theirs (該当なし), and when that is not sure.

Only what was written counts, never what is quoted. Every clause must be one that is known: an answer, a code, a greeting,
a name, a signature. Whatever else is there, a negation, a question, a condition, a story, makes the whole
answer one for a person to read.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from notifier.domain.codes import codes_in, fold
from notifier.domain.phrases import Intent, intent_in, is_courtesy, speaks_of_it
from notifier.domain.quotes import Line, is_marked, told_apart

LONGEST: Final = 4_000
"""Characters of what was written that are kept and shown."""
_MOST_WRITTEN: Final = 60
"""Lines somebody writes to answer us at most; more is a letter, for a person to read."""


class Doubt(StrEnum):
    """Why an answer is for a person to read."""

    NOTHING_WRITTEN = "nothing-written"
    NO_ANSWER = "no-answer"
    NO_CODE = "no-code"
    UNKNOWN_CODE = "unknown-code"
    SEVERAL_CODES = "several-codes"
    DIFFERENT_ANSWERS = "different-answers"
    OTHER_WORDS = "other-words"
    TOO_LONG = "too-long"


@dataclass(frozen=True, slots=True)
class Understanding:
    """What was understood: an intent for each code, in order, or a doubt and no intent.

    `codes` are all codes that stand in the mail, those that were written first; `written` is what was written.
    """

    intents: tuple[tuple[str, Intent], ...]
    doubt: Doubt | None
    codes: tuple[str, ...]
    written: str


def understand(text: str, subject: str = "") -> Understanding:
    """Return what an answer means. `text` is its plain text, `subject` its decoded subject."""
    lines = told_apart(text)
    heading = _heading(subject)
    written = [*([heading] if heading else []), *(each.text for each in lines if each.written)]
    shown = "\n".join(each.strip() for each in written)[:LONGEST]
    codes = _codes([*written, *(each.text for each in lines if not each.written)])
    found = _intents(written, lines)
    if isinstance(found, Doubt):
        return Understanding((), found, codes, shown)
    return Understanding(found, None, codes, shown)


# ---- from lines to intents ----

_Word = str | Intent
"""A code, or an answer."""


def _intents(written: Sequence[str], lines: Sequence[Line]) -> tuple[tuple[str, Intent], ...] | Doubt:
    if len(written) > _MOST_WRITTEN or any(_is_mistyped(line) for line in written):
        return Doubt.TOO_LONG if len(written) > _MOST_WRITTEN else Doubt.UNKNOWN_CODE
    words: list[_Word] = []
    for line in _unsigned(written):
        found = _words(line)
        if found is None:
            return Doubt.OTHER_WORDS
        words += found
    beside = _beside_quotes(lines)
    if beside is None:
        return Doubt.OTHER_WORDS
    if not any(isinstance(each, Intent) for each in words) and not beside:
        return Doubt.NO_ANSWER if any(each.strip() for each in written) else Doubt.NOTHING_WRITTEN
    if beside:
        return _once([*_paired(words), *beside] if words else beside)
    return _placed(words, lines)


def _placed(words: Sequence[_Word], lines: Sequence[Line]) -> tuple[tuple[str, Intent], ...] | Doubt:
    """Give each code its answer; without any code, the answer is to the one item that is quoted."""
    answers = {each for each in words if isinstance(each, Intent)}
    codes = [each for each in words if not isinstance(each, Intent)]
    if not codes:
        quoted = _codes([each.text for each in lines])
        if len(quoted) != 1:
            return Doubt.SEVERAL_CODES if quoted else Doubt.NO_CODE
        codes = list(quoted)
    if len(answers) == 1:
        (answer,) = answers
        return _once([(code, answer) for code in codes])
    pairs = _paired(words)
    return _once(pairs) if pairs else Doubt.DIFFERENT_ANSWERS


def _paired(words: Sequence[_Word]) -> list[tuple[str, Intent]]:
    """Return codes with the answer that stands behind them; none if any stands without."""
    pairs: list[tuple[str, Intent]] = []
    open_codes: list[str] = []
    for each in words:
        if not isinstance(each, Intent):
            open_codes.append(each)
        elif open_codes:
            pairs += [(code, each) for code in open_codes]
            open_codes = []
        else:
            return []
    return [] if open_codes else pairs


def _once(pairs: Sequence[tuple[str, Intent]]) -> tuple[tuple[str, Intent], ...] | Doubt:
    intents = tuple(dict.fromkeys(pairs))
    if not intents or len({code for code, _ in intents}) != len(intents):
        return Doubt.DIFFERENT_ANSWERS
    return intents


def _beside_quotes(lines: Sequence[Line]) -> list[tuple[str, Intent]] | None:
    """Return what was answered between marked quotations: behind a code in its line, or in the line below it.

    None if something stands there that is no answer. Without an answer of that kind: an empty list.
    """
    pairs: list[tuple[str, Intent]] = []
    last: str | None = None
    for line in lines:
        codes = list(codes_in(fold(line.text)))
        if line.written:
            words = _words(line.text) or []
            if last is not None and len(words) == 1 and isinstance(words[0], Intent):
                pairs.append((last, words[0]))
            last = None
            continue
        last = codes[0].code if len(codes) == 1 and is_marked(line.text) else None
        if last is None:
            continue
        behind = fold(line.text)[codes[0].end :].strip()
        if behind:
            added = _words(behind)
            if added is None:
                return None
            if len(added) == 1 and isinstance(added[0], Intent):
                pairs.append((last, added[0]))
            last = None
    written_codes = _codes([each.text for each in lines if each.written])
    return [] if written_codes else pairs


def _codes(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found.code for line in lines for found in codes_in(fold(line))))


_LIKE_A_CODE: Final = re.compile(r"(?<![0-9A-Z-])(?=[0-9-]*[A-Z])[0-9A-Z]{4}-[0-9A-Z]{5}(?![0-9A-Z-])")


def _is_mistyped(line: str) -> bool:
    """Tell whether something looks like a code and is none: whoever wrote it may not mean the item that is quoted."""
    folded = fold(line)
    codes = {(found.start, found.end) for found in codes_in(folded)}
    return any(match.span() not in codes for match in _LIKE_A_CODE.finditer(folded))


_ANSWERED: Final = re.compile(
    r"(?:re|fw|fwd|aw|返信|転送)\s?(?:\[\d{1,3}\]|\(\d{1,3}\))?\s?:\s?", re.IGNORECASE
)


def _heading(subject: str) -> str:
    """Return the subject where somebody wrote it to answer: it names a code, or is an answer and nothing else."""
    line = fold(subject).strip()
    own = line
    while match := _ANSWERED.match(own):
        own = own[match.end() :]
    words = _words(own)
    if words and (any(not isinstance(each, Intent) for each in words) or own == line):
        return own
    return ""


# ---- a line, clause by clause ----

_CODE = "§"
_ENDS: Final = re.compile(r"[。．.!、，,;\t]|\s{2,}|(?<=§)\s|\s(?=§)")
_BULLET: Final = re.compile(r"^[\s・*•●○◯■◆▪☑✓✔✅→⇒‣\-–—]*(?:[(\[]?\d{1,2}[)\].:]\s?)?")
_LABEL: Final = re.compile(
    r"(?:(?:せいりばんごう|整理番号)[:=はの]?|(?:こーど|番号|no|回答|返答|返信|状況|対応状況|結果|件名|対応)\s?[:=])+"
)
_BRACKETS: Final = re.compile(r"[「」『』【】\[\]()\"'“”〈〉《》]")
_SEPARATOR: Final = re.compile(r"\s*([-_=*~#+.:・─━―ー－＝＊◆◇■□●○☆★※/\\])(?:\s?\1){3,}.*")
_EDGES: Final = re.compile(r"^[:=は~〜-]+|[:=~〜-]+$")
_KATAKANA: Final = {ord("ァ") + place: ord("ぁ") + place for place in range(0x56)}


def _unsigned(written: Sequence[str]) -> Iterator[str]:
    """Yield the written lines without the signature: what stands under a separator, with an answer before it.

    A line there that speaks of the matter is no signature.
    """
    answered = signed = False
    for line in written:
        if _SEPARATOR.fullmatch(line):
            signed = answered
            continue
        if not signed or speaks_of_it(_plain(line)):
            yield line
        answered = answered or any(isinstance(each, Intent) for each in _words(line) or ())


def _words(line: str) -> list[_Word] | None:
    """Return the codes and answers of a line, in order; None if it says anything that is not known."""
    folded = fold(line).replace(_CODE, "")
    if "?" in folded:
        return None
    marked, place = "", 0
    codes = []
    for found in codes_in(folded):
        marked += folded[place : found.start] + _CODE
        place = found.end
        codes.append(found.code)
    plain = _BULLET.sub("", _plain(marked + folded[place:]), count=1)
    waiting = iter(codes)
    words: list[_Word] = []
    for clause in _ENDS.split(plain):
        *before, last = clause.split(_CODE)
        for part in before:
            found_word = _word(part)
            if found_word is None:
                return None
            words += [*found_word, next(waiting)]
        found_word = _word(last)
        if found_word is None:
            return None
        words += found_word
    return words


def _word(part: str) -> list[_Word] | None:
    """Return the answer that a part of a line is, nothing for a courtesy, None for anything else."""
    phrase = _LABEL.sub("", _BRACKETS.sub("", part).strip(), count=1)
    phrase = _EDGES.sub("", "".join(phrase.split()))
    intent = intent_in(phrase)
    if intent is not None:
        return [intent]
    return [] if not phrase or is_courtesy(phrase) else None


def _plain(text: str) -> str:
    return fold(text).lower().translate(_KATAKANA)
