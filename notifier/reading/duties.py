"""Whether an expression bounds what someone must or may do, and why.

Issue dates, statistics, budgets and retrospective starts are no deadlines. The decision adds up what speaks for and
against it; `weights.toml` says how much each hint weighs for which form of expression, `turns.toml` how much the turn of
phrase, and both were learnt from texts marked by hand (`python -m ops.weigh_reading`).
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from notifier.reading.dating import Resolved
from notifier.reading.evidence import context_of, form_of, hints, ruled_out, turns_of
from notifier.reading.phrases import Phrase
from notifier.reading.places import Place

_WORTH_SAYING = 0.1
_TURN_WORTH_SAYING = 0.2
_TURNS_SAID = 4


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether something is a deadline, with what spoke for (+) and against (−) it."""

    is_deadline: bool
    reasons: tuple[str, ...]
    total: float | None = None
    """The sum of what speaks for and against it; None where it is ruled out."""


@cache
def weights() -> Mapping[str, Mapping[str, float]]:
    """Return how much each hint weighs: `all` for every form, and more or less for the forms named."""
    found: dict[str, dict[str, float]] = tomllib.loads(
        files("notifier.reading").joinpath("weights.toml").read_text(encoding="utf-8")
    )
    return found


@cache
def turn_weights() -> Mapping[str, float]:
    """Return how much each turn of phrase weighs, whatever the form."""
    found: dict[str, float] = tomllib.loads(
        files("notifier.reading").joinpath("turns.toml").read_text(encoding="utf-8")
    )
    return found


def judge(phrase: Phrase, meaning: Resolved, place: Place, issued: date | None, reach: int) -> Verdict:
    """Return the verdict on a phrase in its place; `reach` is how far it is to the next expression."""
    form = form_of(phrase)
    why_not = ruled_out(phrase, form, meaning, place, issued)
    if why_not:
        return Verdict(is_deadline=False, reasons=(why_not,))
    around, known = context_of(phrase, place, reach), weights()
    total, reasons = 0.0, []
    for name, found in hints(phrase, form, meaning, place, issued, around):
        weighed = known.get(name, {})
        weight = weighed.get("all", 0.0) + weighed.get(form, 0.0)
        total += weight
        if abs(weight) >= _WORTH_SAYING:
            reasons.append(f"{weight:+.1f} {name}{f'（{found[:12]}）' if found.strip() else ''}")
    turned = turn_weights()
    told = [(turned[name], name) for name in turns_of(around) if name in turned]
    total += sum(weight for weight, _ in told)
    heaviest = sorted(told, key=lambda each: -abs(each[0]))[:_TURNS_SAID]
    reasons += [f"{weight:+.1f} {name}" for weight, name in heaviest if abs(weight) >= _TURN_WORTH_SAYING]
    return Verdict(total > 0, tuple(reasons), total)
