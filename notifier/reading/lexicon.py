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
        )
        for group in _file()[purpose]
    )


@cache
def any_of(purpose: str) -> re.Pattern[str]:
    """Return one pattern for all words kept for `purpose`."""
    return re.compile("|".join(group.pattern.pattern for group in words(purpose)))


@cache
def pairs(purpose: str) -> tuple[tuple[str, str], ...]:
    """Return the pairs kept for `purpose`: a variant, and the name it stands for."""
    return tuple((variant, name) for group in _file()[purpose] for variant, name in group["pairs"])
