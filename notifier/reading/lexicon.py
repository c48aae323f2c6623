"""The words that decide how an expression is to be taken, from `words.toml`, compiled once."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Words:
    """One group of words: where it is sought, how far, the reason it gives, and what it says where it is a label."""

    reason: str
    pattern: re.Pattern[str]
    where: str = "after"
    near: int = 60
    speaks: int = 0
    is_at_start: bool = False
    """Every word is sought at the beginning alone."""

    def find(self, text: str) -> re.Match[str] | None:
        """Return the first of the words in `text`; where all stand at its beginning, nothing further on is looked at."""
        return self.pattern.match(text) if self.is_at_start else self.pattern.search(text)


@cache
def _file() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads(files("notifier.reading").joinpath("words.toml").read_text(encoding="utf-8"))


@cache
def words(purpose: str) -> tuple[Words, ...]:
    """Return the groups kept for `purpose`: duty, tentative, vague, void or valid."""
    return tuple(
        Words(
            group["reason"],
            re.compile("|".join(group["words"])),
            group.get("where", "after"),
            group.get("near", 60),
            group.get("speaks", 0),
            all(word.startswith("^") and "|" not in _unbracketed(word) for word in group["words"]),
        )
        for group in _file()[purpose]
    )


def _unbracketed(word: str) -> str:
    """Return a pattern without what stands in brackets, in which a further alternative would not be at the start."""
    while (shorter := re.sub(r"\\.|\[[^]]*\]|\([^()]*\)", "", word)) != word:
        word = shorter
    return word


@cache
def any_of(purpose: str) -> re.Pattern[str]:
    """Return one pattern for all words kept for `purpose`."""
    return re.compile("|".join(group.pattern.pattern for group in words(purpose)))


@cache
def pairs(purpose: str) -> tuple[tuple[str, str], ...]:
    """Return the pairs kept for `purpose`: a variant, and the name it stands for."""
    return tuple((variant, name) for group in _file()[purpose] for variant, name in group["pairs"])
