"""The text of a notice as pieces with marks: what a page needs to show its expressions where they stand.

What a mark means is written beside it and drawn by its frame; colour only repeats it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from notifier.domain import dates
from notifier.reading.expressions import Expression, Reading

UNCLEAR: Final = frozenset({"not-understood", "weekday-mismatch", "past-at-issue", "conflict", "ocr-suspect"})
FLAGS: Final = {
    "past-at-issue": "発出日に経過済み",
    "conflict": "文書内で食い違い",
    "year-inferred": "年は推定",
    "era-inferred": "元号は推定",
    "weekday-mismatch": "曜日が合わない",
    "ocr-suspect": "読み取り誤りの疑い",
    "inherited-tentative": "予定を引き継ぐ",
    "void": "改訂前",
    "not-understood": "読み取れない",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """What is marked: its number among the expressions, what is said beside it, and what it means."""

    number: int
    labels: tuple[str, ...]
    classes: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of signs; `mark` is None for plain text. Only the first piece of a mark carries its note (`begins`)."""

    text: str
    mark: Mark | None = None
    begins: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the text, with the numbers of the candidates that were read in it."""

    number: int
    pieces: tuple[Piece, ...]
    page: int | None
    candidates: tuple[int, ...] = ()


def mark_of(expression: Expression, number: int) -> Mark:
    """Return how an expression is marked."""
    said = [
        ("期限", "is-deadline", expression.is_deadline),
        ("予定", "is-tentative", expression.tentative),
        ("要確認", "is-unclear", bool(UNCLEAR & set(expression.flags))),
    ]
    held = [(label, name) for label, name, holds in said if holds]
    return Mark(
        number,
        tuple(label for label, _ in held),
        " ".join(name for _, name in held),
        meaning_of(expression),
    )


def meaning_of(expression: Expression) -> str:
    """Return what an expression means, in words: its days and what is doubtful about it."""
    start, end = expression.start, expression.end
    if start and end and start != end:
        days = f"{dates.day_label(start)}から{dates.day_label(end)}まで"
    else:
        day = start or end
        days = dates.day_label(day) if day else "日付は決まりません"
    flags = "、".join(FLAGS[each] for each in expression.flags if each in FLAGS)
    return f"{days}（{flags}）" if flags else days


def lines_of(reading: Reading, pages: Sequence[int], candidates: Sequence[tuple[int, int]]) -> Iterator[Line]:
    """Yield the lines of the text. `candidates` are (line, number) of what was read; an expression may span lines."""
    waiting = list(enumerate(reading.expressions, 1))[::-1]
    offset = 0
    carried: tuple[int, Expression] | None = None
    for number, line in enumerate(reading.text.split("\n"), 1):
        end, here, pieces = offset + len(line), offset, []
        while carried or (waiting and waiting[-1][1].offset < end):
            index, expression = carried or waiting.pop()
            opens, closes = max(expression.offset, offset), expression.offset + len(expression.text)
            pieces.append(Piece(reading.text[here:opens]))
            mark = mark_of(expression, index)
            pieces.append(Piece(reading.text[opens : min(closes, end)], mark, begins=carried is None))
            here = min(closes, end)
            carried = (index, expression) if closes > end else None
            if carried:
                break
        pieces.append(Piece(reading.text[here:end]))
        yield Line(
            number,
            tuple(each for each in pieces if each.text),
            pages[number - 1] if number <= len(pages) else None,
            tuple(candidate for at, candidate in candidates if at == number),
        )
        offset = end + 1
