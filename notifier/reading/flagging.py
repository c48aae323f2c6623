"""Flags that need the whole document: over at issue, contradiction, implausible runs, lost 予定, void columns."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from notifier.reading.findings import Expression
from notifier.reading.lexicon import words
from notifier.reading.places import Page
from notifier.reading.subjects import subject_of

_RUN = 4
_VOID_REACH = 4
_LONGEST_HEAD = 20
"""Signs of a head that names a column or a part; a longer one is itself a sentence."""


def flagged(found: tuple[Expression, ...], page: Page, issued: date | None) -> tuple[Expression, ...]:
    """Return the expressions with the flags that follow from the document as a whole."""
    row = [_voided(each, page) for each in found]
    row = _suspected(row, issued)
    row = _contradicting(_inherited(row))
    return tuple(_past(each, issued) for each in row)


_OLD_WORDING = re.compile(r"[ 　]*[(（【〔\[](?:改[定正訂]前|変更前|訂正前|旧|現行|誤)[)）】〕\]]")
"""A line that says itself that it is how it was before: （改定前）契約期間は…"""


def _with(expression: Expression, flag: str) -> Expression:
    return replace(expression, flags=tuple(sorted({*expression.flags, flag})))


def _past(expression: Expression, issued: date | None) -> Expression:
    is_over = expression.end is not None and issued is not None and expression.end < issued
    return _with(expression, "past-at-issue") if expression.is_deadline and is_over else expression


def _voided(expression: Expression, page: Page) -> Expression:
    """Mark what stands in a column or under a line that says how it was before an amendment."""
    void, valid = words("void")[0].pattern, words("valid")[0].pattern
    head = expression.sentence.partition("｜")[0] if "｜" in expression.sentence else ""
    is_void = len(head) <= _LONGEST_HEAD and void.search(head) is not None and valid.search(head) is None
    if not is_void:
        for above in range(expression.line - 2, max(-1, expression.line - 2 - _VOID_REACH), -1):
            line = page.line(above).strip(" #*-・○●【】()[]:")
            if len(line) <= 10 and (void.search(line) or valid.search(line)):
                is_void = void.search(line) is not None and valid.search(line) is None
                break
    own = _OLD_WORDING.match(page.line(expression.line - 1))
    if not (is_void or own):
        return expression
    reasons = (*expression.reasons, "改訂前の欄にあり、効力がない")
    return replace(_with(expression, "void"), is_deadline=False, reasons=reasons)


def _suspected(row: list[Expression], issued: date | None) -> list[Expression]:
    """Flag a run of dates a year apart with nothing between them: tables and pictures that a reader misread."""
    begin = 0
    while begin < len(row):
        end = begin + 1
        while end < len(row) and _a_year_on(row[end - 1], row[end]):
            end += 1
        if end - begin >= _RUN:
            horizon = issued.year + 1 if issued is not None else row[begin].start.year + 1  # type: ignore[union-attr]  # _a_year_on saw a start
            row[begin:end] = [
                replace(_with(each, "ocr-suspect"), is_deadline=False)
                if each.start is not None and each.start.year > horizon
                else each
                for each in row[begin:end]
            ]
        begin = end
    return row


def _a_year_on(first: Expression, second: Expression) -> bool:
    gap = second.offset - first.offset - len(first.text)
    if (
        first.start is None
        or second.start is None
        or first.kind != "date"
        or second.kind != "date"
        or gap > 4
    ):
        return False
    return (first.start.month, first.start.day, first.start.year + 1) == (
        second.start.month,
        second.start.day,
        second.start.year,
    )


_DATED = frozenset(("date", "range", "part_of_month", "fiscal_year", "half_year", "month"))


def _inherited(row: Sequence[Expression]) -> list[Expression]:
    """Let a deadline that repeats a tentative one be tentative too: 予定 is often lost on repetition."""
    tentative = {(each.start, each.end) for each in row if each.tentative and each.is_deadline and each.end}
    ends = {end for start, end in tentative if start is not None}

    def repeats(each: Expression) -> bool:
        is_day = each.kind == "date"
        is_same = (each.start, each.end) in tentative or (is_day and each.end in ends)
        return is_same and not each.tentative and each.kind in _DATED and (each.is_deadline or is_day)

    return [
        replace(_with(each, "inherited-tentative"), tentative=True) if repeats(each) else each for each in row
    ]


_ROUNDS = re.compile(r"第[0-9一二三四五六七八九十]+[回次期]|[0-9]回目")
_MOVED = re.compile(r"延長|繰り?上げ|繰り?下げ|変更|当初")
_CLOSED = frozenset(("date", "range", "part_of_month", "fiscal_year", "half_year", "month"))


def _contradicting(row: list[Expression]) -> list[Expression]:
    """Flag deadlines of one document that name the same duty of the same programme, and different last days.

    Rounds, and sentences that say a date was moved, do not contradict each other; nor does one sentence itself.
    """
    ends: dict[tuple[str, str], dict[str, set[date]]] = {}
    keys: dict[int, list[tuple[str, str]]] = {}
    for index, each in enumerate(row):
        is_plain = _ROUNDS.search(each.sentence) is None and _MOVED.search(each.sentence) is None
        if each.is_deadline and each.end is not None and each.kind in _CLOSED and is_plain:
            subject = subject_of(each.sentence)
            keys[index] = [(name, duty) for name in subject.programmes for duty in subject.duties[:1]]
            for key in keys[index]:
                ends.setdefault(key, {}).setdefault(each.sentence, set()).add(each.end)
    disputed = {key for key, said in ends.items() if len(said) > 1 and not set.intersection(*said.values())}
    return [
        _with(each, "conflict") if disputed.intersection(keys.get(index, ())) else each
        for index, each in enumerate(row)
    ]
