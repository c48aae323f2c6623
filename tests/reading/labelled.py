"""Invented notices with their expressions marked where they stand; see texts/README.md."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

TEXTS = Path(__file__).with_name("texts")
UNSEEN = {
    "first unseen set": ("heldout",),
    "second unseen set": ("second",),
    "third unseen set": ("third",),
    "seven later unseen sets": ("fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"),
    "seven sets after these": (
        *("eleventh", "twelfth", "thirteenth", "fourteenth"),
        *("fifteenth", "sixteenth", "seventeenth"),
    ),
    "six sets after these": (
        *("eighteenth", "nineteenth", "twentieth"),
        *("twentyfirst", "twentysecond", "twentythird"),
    ),
    "eight sets after these": (
        *("twentyfourth", "twentyfifth", "twentysixth", "twentyseventh"),
        *("twentyeighth", "twentyninth", "thirtieth", "thirtyfirst"),
    ),
    "the four latest sets": ("thirtysecond", "thirtythird", "thirtyfourth", "thirtyfifth"),
}
"""Folders of notices that were each counted at first sight, in their order, and have taught since."""
_BRACKETED = re.compile(r"([《〔][^》〕]*[》〕])")
_MARKED = re.compile(r"⟦([^|⟧]*)\|([^|⟧]*)\|([^|⟧]*)\|([^|⟧]*)⟧")


@dataclass(frozen=True)
class Label:
    """What an expression in an invented notice means, by the hand of its author."""

    offset: int
    text: str
    kind: str
    start: date | None
    end: date | None
    tentative: bool
    is_deadline: bool
    flags: frozenset[str]


@dataclass(frozen=True)
class Labelled:
    """An invented notice without its marks, and what they said."""

    name: str
    text: str
    issued: date | None
    labels: tuple[Label, ...]


def labelled(folder: str) -> list[Labelled]:
    """Return the notices of `texts/<folder>`."""
    return [_parse(path) for path in sorted((TEXTS / folder).glob("*.txt"))]


def lines() -> list[str]:
    """Return the single lines, in which 《…》 marks a deadline and 〔…〕 any other time."""
    return (TEXTS / "lines.txt").read_text(encoding="utf-8").splitlines()


def sentences() -> list[str]:
    """Return the single sentences; in those beginning with 1, something is a deadline."""
    return (TEXTS / "sentences.txt").read_text(encoding="utf-8").splitlines()


def spans(line: str) -> tuple[str, list[tuple[int, int, bool]]]:
    """Return a line without its marks, and for each its first place, the place after it, and whether it is a deadline."""
    text, marked = "", []
    for part in _BRACKETED.split(line):
        if part[:1] in ("《", "〔"):
            marked.append((len(text), len(text) + len(part) - 2, part.startswith("《")))
            part = part[1:-1]  # noqa: PLW2901  # the marks go, the words stay
        text += part
    return text, marked


def _parse(path: Path) -> Labelled:
    marked = path.read_text(encoding="utf-8")
    issued = None
    if marked.startswith("issued:"):
        first, _, marked = marked.partition("\n")
        issued = date.fromisoformat(first.removeprefix("issued:").strip())
    pieces: list[str] = []
    labels: list[Label] = []
    length = last = 0
    for match in _MARKED.finditer(marked):
        pieces += (marked[last : match.start()], match[1])
        length += match.start() - last
        labels.append(_label(length, *match.groups()))
        length += len(match[1])
        last = match.end()
    return Labelled(path.stem, "".join([*pieces, marked[last:]]), issued, tuple(labels))


def _label(offset: int, text: str, kind: str, days: str, marks: str) -> Label:
    opens, dots, closes = days.partition("..")
    start, end = (opens, closes) if dots else (days, days)
    return Label(
        offset,
        text,
        kind,
        _day(start),
        _day(end),
        "?" in marks,
        "!" in marks,
        frozenset(marks.replace("!", " ").replace("?", " ").split()),
    )


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text not in ("", "-") else None
