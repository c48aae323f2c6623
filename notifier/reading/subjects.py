"""Who is addressed by a sentence and what it is about: services, parties, programmes, duties, amounts.

Names are folded first: フリーPASS is フリーパス. What is not plain is not linked.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from notifier.reading.lexicon import pairs, words
from notifier.reading.normalising import normalised

_AMOUNT = re.compile(r"(?<![0-9,.])[0-9][0-9,.]{0,15}[ ]?(?:億|千?万|百万)?円(?:/[年月日])?")
_LEAST_NAME = 3


@dataclass(frozen=True, slots=True)
class Subject:
    """What a sentence is about, each in the order of its first mention.

    `services` are codes of those that were handed in; the rest are words as they stand, folded.
    """

    services: tuple[str, ...] = ()
    addressees: tuple[str, ...] = ()
    programmes: tuple[str, ...] = ()
    duties: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()


def folded(text: str) -> str:
    """Return the text in one width and with one way to write each known name."""
    plain = normalised(text).text
    for variant, name in pairs("fold"):
        plain = plain.replace(variant, name)
    return plain


def subject_of(sentence: str, services: Mapping[str, str] | None = None) -> Subject:
    """Return what `sentence` is about. `services` maps codes to names, and is handed in by whoever knows the law.

    Of two service names of which one contains the other, the longer one counts where it stands.
    """
    text = folded(sentence)
    return Subject(
        _services(text, tuple((services or {}).items())),
        tuple(group.reason for group in words("addressee") if group.pattern.search(text)),
        _programmes(text),
        tuple(group.reason for group in words("duty_name") if group.pattern.search(text)),
        tuple(dict.fromkeys(found[0].replace(" ", "") for found in _AMOUNT.finditer(text))),
    )


def _services(text: str, known: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    if not known:
        return ()
    code_of = {name: code for code, name in known}
    return tuple(dict.fromkeys(code_of[found[0]] for found in _names(known).finditer(text)))


@cache
def _names(known: tuple[tuple[str, str], ...]) -> re.Pattern[str]:
    longest_first = sorted((name for _, name in known), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)))


def _programmes(text: str) -> tuple[str, ...]:
    found = (
        name.strip()
        for group in words("programme")
        for match in group.pattern.finditer(text)
        for name in match.groups()
        if name
    )
    return tuple(dict.fromkeys(name for name in found if len(name) >= _LEAST_NAME))
