"""The founding notices, fed in order of issue, propose the statements of the shipped catalogue: how many, and which not."""

import re
import sys
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from notifier.catalogue import Catalogue, dump_due, load
from notifier.catalogue.holidays import national_calendar
from notifier.domain.expressions import Expression
from notifier.domain.statements import Statement
from notifier.proposing import law_at_hand, propose
from notifier.reading.candidates_proposals import Proposal, Proposals
from notifier.reading.expressions import read

FED = (
    ("2025-02-06_", "rohatsu-0206-1", None),
    ("2026-01-13_", "kaigo-saishin-joho-1460", None),
    ("2026-01_", "mhlw-cpdl-slides-2026-01", date(2026, 1, 20)),
    ("2026-03-17_", "chiba-cpdl-slides-2026-03", date(2026, 3, 17)),
    ("2026-04-07_", "rohatsu-0407-3", None),
)
"""Each file, its notice in the catalogue, and the day a person names where the paper bears none."""
_WORDS = {"wording", "question"}
_LINES = re.compile(r"([0-9]+)(?:〜([0-9]+))?(?=[行・、〜])")


class Count(NamedTuple):
    """Statements that bear a date or not, with the verdict: found at its place, and saying the same day."""

    found: list[str]
    alike: list[str]
    missed: list[str]
    """Not found, at least not for the right deadline."""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load()


@pytest.fixture(scope="module")
def fed(notices_folder: Path, catalogue: Catalogue) -> dict[str, Proposals]:
    at_hand = law_at_hand(catalogue, national_calendar(2023, 2030))
    found = {}
    for beginning, notice, given in FED:
        (path,) = notices_folder.glob(f"{beginning}*.txt")
        found[notice] = propose(read(path.read_text(encoding="utf-8"), given), at_hand, given)
    return found


def _lines(place: str) -> list[tuple[int, int]]:
    inside = place.rpartition("（")[2]
    return [(int(first), int(last or first)) for first, last in _LINES.findall(inside)]


def _speaks_of(proposal: Proposal, said: Statement, *, is_known: bool) -> bool:
    """Tell whether a proposal is of that deadline, or, if nobody could know it yet, a draft for its programme."""
    if is_known:
        return any(each.match.duty.id == said.deadline for each in proposal.amendments)
    return proposal.is_new and proposal.candidate.family == said.deadline.partition("/")[0]


def _form(due: Expression | None) -> dict[str, object] | None:
    """Return a due without the words in which a person puts it."""
    if due is None:
        return None
    written = {key: value for key, value in dump_due(due).items() if key not in _WORDS}
    return {key: key if key in {"standing", "unknown"} else value for key, value in written.items()}


def _says(proposal: Proposal, deadline: str) -> dict[str, object] | None:
    dues = [each.due for each in proposal.amendments if each.match.duty.id == deadline]
    return _form(dues[0] if dues else proposal.candidate.due)


def _count(catalogue: Catalogue, fed: dict[str, Proposals], *, dated: bool) -> Count:
    found: list[str] = []
    alike: list[str] = []
    missed: list[str] = []
    for said in catalogue.statements:
        proposals = fed.get(said.notice.paper)
        if proposals is None or (said.due is not None) is not dated:
            continue
        day = proposals.day or date.max
        is_known = any(
            each.known_from < day and each.notice.paper != said.notice.paper
            for each in catalogue.statements
            if each.deadline == said.deadline
        )
        here = [
            each
            for each in proposals.proposals
            if any(first - 1 <= each.candidate.line <= last + 1 for first, last in _lines(said.place))
            and _speaks_of(each, said, is_known=is_known)
        ]
        (found if here else missed).append(said.id)
        if any(_says(each, said.deadline) == _form(said.due) for each in here):
            alike.append(said.id)
    return Count(found, alike, missed)


COUNTED = "dated, least_found, least_alike"


@pytest.mark.parametrize(COUNTED, [(True, 55, 48), (False, 10, 6)], ids=["with a date", "without"])
def test_the_founding_notices_propose_the_statements_of_the_shipped_catalogue(
    catalogue: Catalogue, fed: dict[str, Proposals], *, dated: bool, least_found: int, least_alike: int
) -> None:
    count = _count(catalogue, fed, dated=dated)
    total = len(count.found) + len(count.missed)
    otherwise = [each for each in count.found if each not in count.alike]
    report = (
        f"{len(count.found)} of {total} proposed, {len(count.alike)} of them with the same due\n"
        f"not proposed: {', '.join(count.missed)}\nproposed otherwise: {', '.join(otherwise)}\n"
    )
    sys.stdout.write(report)
    assert len(count.found) >= least_found, report
    assert len(count.alike) >= least_alike, report


def test_what_the_printed_year_makes_impossible_is_told_on_top(fed: dict[str, Proposals]) -> None:
    assert [(each.kind, each.line) for each in fed["rohatsu-0407-3"].anomalies] == [("due-before-issue", 201)]
    extended = [each for each in fed["kaigo-saishin-joho-1460"].anomalies if each.kind == "long-shift"]
    assert [each.line for each in extended] == [58]
