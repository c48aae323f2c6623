"""Which known deadline a passage speaks of, with a score from 0 to 100 and the reasons in Japanese."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from notifier.domain.expressions import Expression, UntilEvent
from notifier.reading.candidates_known import Knowledge, KnownDuty
from notifier.reading.candidates_passages import Passage
from notifier.reading.normalising import normalised
from notifier.reading.subjects import folded

THRESHOLD: Final = 54
"""From this score on, a passage is taken to speak of the deadline."""
_A_MERE_WORD: Final = 2
"""Signs of a name that may as well be a common word."""
_NEAR: Final = 15
"""How far below the best a second deadline may lie and still be named."""
_TERM = re.compile(r"[一-龥]{2,}|[ァ-ヶー]{2,}|[A-Z]{2,}")
_YEAR = re.compile(r"令和([0-9]{1,2}|元)年度")
_IN_TEXT, _IN_HEADING, _IN_TITLE = 40, 34, 18


@dataclass(frozen=True, slots=True)
class Match:
    """A known deadline that a passage seems to speak of."""

    duty: KnownDuty
    score: int
    reasons: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as `notifier read --candidates` prints it."""
        return {"deadline": self.duty.id, "score": self.score, "reasons": list(self.reasons)}


class Matcher:
    """Compares passages with what is known; `title` is that of the notice."""

    def __init__(self, knowledge: Knowledge, title: str) -> None:
        """Prepare the terms of each deadline."""
        self._knowledge = knowledge
        self._title = folded(title)
        self._years: dict[str, set[str]] = {}
        for each in knowledge.duties:
            self._years.setdefault(each.family, set()).update(_YEAR.findall(normalised(each.title).text))
        self._terms = {each.id: _terms((each.title, *each.texts)) for each in knowledge.duties}

    def matches(
        self, passage: Passage, dues: Iterable[Expression], services: Iterable[str]
    ) -> tuple[Match, ...]:
        """Return the known deadlines from the best on; those close to it only, and only from the threshold on."""
        text, heading = folded(passage.text), folded(" ".join(passage.headings))
        said, named = set(dues), frozenset(services)
        found = [self._match(each, text, heading, said, named) for each in self._knowledge.duties]
        good = sorted(
            (each for each in found if each is not None and each.score >= THRESHOLD),
            key=lambda each: (-each.score, each.duty.id),
        )
        # 統合日まで bounds another duty: the integration is what it waits for, and meant itself if its time is told.
        until = [each for each in said if isinstance(each, UntilEvent)]
        awaited = {type_.partition(".")[0] for each in until for type_ in each.events}
        bounded = [each for each in good if each.duty.family not in awaited] or good
        told = any(each.expected is not None for each in until)
        itself = [each for each in good if told and each not in bounded][:1]
        best = [each for each in bounded if each.score >= bounded[0].score - _NEAR][:3]
        return (*best, *itself)

    def family(self, passage: Passage) -> str:
        """Return the family whose programme the passage names, "" if it names none that is known."""
        places = (folded(passage.text), *map(folded, reversed(passage.headings)), self._title)
        around = _YEAR.findall(" ".join(places[1:-1])) or _YEAR.findall(self._title)
        best = ("", False, 0, 0)
        for family, names in self._knowledge.programmes.items():
            years = self._years.get(family)
            if years and around and years.isdisjoint(around[:1]):
                continue
            for weight, place in enumerate(reversed(places), 1):
                longest = max((len(each) for each in names if _name(each) in place), default=0)
                # 周知 says little beside the name of a programme in a heading.
                rank = (longest > _A_MERE_WORD and weight > 1, weight, longest)
                if longest and rank > best[1:]:
                    best = (family, *rank)
        return best[0]

    def _match(
        self, duty: KnownDuty, text: str, heading: str, dues: set[Expression], services: frozenset[str]
    ) -> Match | None:
        points, reasons = _named(duty.names, text, heading, self._title)
        if not points:
            return None
        more, why = _worded(duty.words, text, heading)
        points, reasons = points + more, [*reasons, *why]
        if duty.due is not None and duty.due in dues:
            points += 20
            reasons.append("今の期日と同じ")
            more = more or 1
        elif dues.intersection(duty.said):
            points += 12
            reasons.append("以前の期日と同じ")
            more = more or 1
        elif duty.due is not None and any(type(each) is type(duty.due) for each in dues):
            points += 4
        if duty.services and services & duty.services:
            points += 6
            reasons.append("対象のサービスの名がある")
        shared = _terms((text,)) & self._terms[duty.id]
        if shared:
            points += min(14, 2 * len(shared))
            reasons.append(
                "共通の語「" + "・".join(sorted(shared, key=lambda each: (-len(each), each))[:3]) + "」"
            )
        if self._other_year(duty, heading):
            points -= 35
            reasons.append("年度が違う")
        return Match(duty, max(0, min(100, points)), tuple(reasons)) if more else None

    def _other_year(self, duty: KnownDuty, heading: str) -> bool:
        """Tell whether the heading or the title names another fiscal year than the title of the deadline."""
        own = set(_YEAR.findall(_name(duty.title)))
        around = _YEAR.findall(heading) or _YEAR.findall(self._title)
        return bool(own and around) and own.isdisjoint(around[:1])


@cache
def _name(name: str) -> str:
    return folded(name)


def _named(names: tuple[str, ...], text: str, heading: str, title: str) -> tuple[int, list[str]]:
    for place, label, points in (
        (text, "文中", _IN_TEXT),
        (heading, "見出し", _IN_HEADING),
        (title, "件名", _IN_TITLE),
    ):
        found = max((each for each in names if _name(each) in place), key=len, default="")
        if found:
            return points, [f"事業名「{found}」が{label}にある"]
    return 0, []


def _worded(words: tuple[str, ...], text: str, heading: str) -> tuple[int, list[str]]:
    here = [each for each in words if _name(each) in text]
    if here:
        return 24 + min(12, 6 * (len(here) - 1)), [f"すること「{'・'.join(here[:3])}」が文中にある"]
    above = [each for each in words if _name(each) in heading]
    return (20, [f"すること「{above[0]}」が見出しにある"]) if above else (0, [])


def _terms(texts: Iterable[str]) -> frozenset[str]:
    common = {"事業所", "令和", "年度", "介護", "支援", "対象", "場合", "厚生労働省", "事業", "システム"}
    return frozenset(term for each in texts for term in _TERM.findall(folded(each))) - common
