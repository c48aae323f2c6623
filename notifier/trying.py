"""Trying: what an authority's templates make of letters before anybody gets one, found out in a limited process."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from hashlib import sha256
from typing import Final

from notifier.rendering import Composed, Composer, LetterView, TemplateFaultError
from notifier.rendering.limited import LIMITS, Child, Limits
from notifier.rendering.samples import FULL, lacking, letter_of, letters

EDITABLE: Final = re.compile(r"email/(?:[a-z-]+/)?[a-z]+\.(?:txt|html|css)")
LONGEST: Final = 60_000
"""Signs of one template."""
AROUND: Final = 2
"""Lines that are shown before and after a difference."""
FORMS: Final = {"text": "テキスト", "html": "HTML"}


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it: faults as (file, line, problem), what letters lack, and the letter wanted, if it could be."""

    faults: tuple[tuple[str, int, str], ...]
    doubts: tuple[str, ...] = ()
    shown: Composed | None = None


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line of a difference: `sign` is "+", "-", " " or "…"; `number` counts from 1 in the text it belongs to."""

    sign: str
    number: int | None
    text: str


async def try_out(
    composer: Composer, files: Mapping[str, str], wanted: LetterView | None = None, limits: Limits = LIMITS
) -> Trial:
    """Render samples of every kind with `files` and return what is wrong, and the letter `wanted` as it would be."""
    async with Child.started(files, composer.folders, limits) as child:
        try:
            told = (await child.ask("names"))["faults"]
            if told:
                return Trial(tuple((str(file), int(line), str(problem)) for file, line, problem in told))
            for letter in letters():
                await child.whole(letter)
            full = await child.whole(letter_of([FULL]))
            shown = await child.whole(wanted) if wanted is not None else None
        except TemplateFaultError as fault:
            return Trial(((fault.file, fault.line, fault.problem),))
    doubts = [f"{each}（{name}）" for form, name in FORMS.items() for each in lacking(full, form)]
    return Trial((), tuple(doubts), shown)


def names(composer: Composer) -> Sequence[str]:
    """Return the names of the templates of letters, the first to be edited first."""
    found = {
        path.relative_to(folder).as_posix()
        for folder in composer.folders
        for path in folder.rglob("email/**/*.*")
    }
    return sorted(name for name in found if EDITABLE.fullmatch(name))


def base_of(composer: Composer, name: str) -> str:
    """Return the source of a template as shipped. Raises KeyError for what is none."""
    if EDITABLE.fullmatch(name):
        for folder in composer.folders:
            path = folder / name
            if path.is_file():
                return path.read_text(encoding="utf-8")
    raise KeyError(name)


def digest_of(source: str) -> str:
    """Return what tells whether a source is still the same."""
    return sha256(source.encode()).hexdigest()[:16]


def changed_beneath(composer: Composer, bases: Mapping[str, str]) -> list[str]:
    """Return the templates that were made from another shipped source than that of today, or from one that is gone."""
    changed = []
    for name, digest in bases.items():
        try:
            if digest_of(base_of(composer, name)) != digest:
                changed.append(name)
        except KeyError:
            changed.append(name)
    return changed


def difference(old: str, new: str) -> list[DiffLine]:
    """Return how `new` differs from `old`, line by line, with a few lines around each difference."""
    before, after = old.splitlines(), new.splitlines()
    lines: list[DiffLine] = []
    for group in SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(AROUND):
        if lines:
            lines.append(DiffLine("…", None, ""))
        for kind, first, last, start, end in group:
            if kind == "equal":
                lines += [DiffLine(" ", start + 1 + at, text) for at, text in enumerate(after[start:end])]
                continue
            lines += [DiffLine("-", first + 1 + at, text) for at, text in enumerate(before[first:last])]
            lines += [DiffLine("+", start + 1 + at, text) for at, text in enumerate(after[start:end])]
    return lines
