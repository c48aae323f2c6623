"""`python -m ops.weigh_reading`: learn from texts marked by hand how much each hint of a deadline weighs.

Writes `notifier/reading/weights.toml` and `turns.toml` beside it. The method is logistic regression with a penalty on
large weights, so that what was seen once or twice counts little; the same texts always give the same files. With
`--check`, nothing is written: each text is judged by what the others taught, and the share of right verdicts is
printed.
"""

import json
import math
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from notifier.reading.evidence import context_of, form_of, hints, ruled_out, turns_of
from notifier.reading.expressions import Standing, read, standings
from notifier.reading.normalising import normalised
from notifier.reading.turns import SHARE
from tests.reading.labelled import TEXTS, labelled, lines, sentences, spans

WEIGHTS = Path("notifier/reading/weights.toml")
TURNS = Path("notifier/reading/turns.toml")
ISSUED = date(2026, 9, 20)
"""The day handed to the reader for single lines, which bear none."""
STRENGTH = 2.0
"""How far the texts may outweigh the penalty."""
LEANING = 0.5
"""Added in favour of a deadline: a person looks at each, and a missed one costs more than one too many."""
ROUNDS = 250
LEAST = 0.05
"""Weights below this are not worth keeping."""
LEAST_OF_TURNS = 0.08
SEEN = 2
"""Times a turn of phrase must have been seen to be learnt."""


class Example(NamedTuple):
    """One marked expression: from which text, its hints by form, its turns, and whether its author called it a deadline."""

    source: str
    names: tuple[str, ...]
    turns: tuple[str, ...]
    is_deadline: bool


def examples() -> list[Example]:
    """Return every marked expression that nothing rules out."""
    return [*_from_notices(), *_from_lines()]


def _from_notices() -> Iterator[Example]:
    for folder in sorted(each.name for each in TEXTS.iterdir() if each.is_dir()):
        for notice in labelled(folder):
            marks = [(each.offset, each.offset + len(each.text), each.is_deadline) for each in notice.labels]
            yield from _from_text(f"{folder}/{notice.name}", notice.text, notice.issued, marks)


def _from_lines() -> Iterator[Example]:
    for number, line in enumerate(lines()):
        text, marks = spans(line)
        yield from _from_text(f"lines/{number // 8}", text, ISSUED, marks)
    for number, sentence in enumerate(sentences()):
        wanted, _, text = sentence.partition("|")
        row, _ = standings(normalised(text), ISSUED)
        if len(row) == 1:
            yield from _from_text(f"sentences/{number // 8}", text, ISSUED, [(0, len(text), wanted == "1")])


def _from_text(
    source: str, text: str, issued: date | None, marks: Sequence[tuple[int, int, bool]]
) -> Iterator[Example]:
    copy = normalised(text)
    row, reference = standings(copy, issued)
    void = {each.offset for each in read(text, issued).expressions if "void" in each.flags}
    placed = [(*copy.span(each.phrase.start, each.phrase.end), each) for each in row]
    placed = [
        each for each in placed if each[0] not in void
    ]  # they are judged by where they stand, not by words
    for start, end, is_deadline in marks:
        shared = [(min(closes, end) - max(opens, start), here) for opens, closes, here in placed]
        best = max(shared, key=lambda each: each[0], default=None)
        if best is not None and best[0] > 0 and not _is_ruled_out(best[1], reference):
            around = turns_of(context_of(best[1].phrase, best[1].place, best[1].reach))
            yield Example(source, _names(best[1], reference), tuple(dict.fromkeys(around)), is_deadline)


def _is_ruled_out(here: Standing, issued: date | None) -> bool:
    return bool(ruled_out(here.phrase, form_of(here.phrase), here.meaning, here.place, issued))


def _names(here: Standing, issued: date | None) -> tuple[str, ...]:
    form = form_of(here.phrase)
    around = context_of(here.phrase, here.place, here.reach)
    found = [hint.name for hint in hints(here.phrase, form, here.meaning, here.place, issued, around)]
    return tuple(key for name in dict.fromkeys(found) for key in (f"{name}|all", f"{name}|{form}"))


def learnt(known: Sequence[Example]) -> dict[str, float]:
    """Return the weight of each hint, for all forms and for each, and of each turn of phrase seen often enough."""
    seen = Counter(name for each in known for name in each.turns)
    features = [(each.names, [name for name in each.turns if seen[name] >= SEEN]) for each in known]
    index = {
        name: place
        for place, name in enumerate(
            dict.fromkeys(name for names, said in features for name in (*names, *said))
        )
    }
    rows = [
        ([index[name] for name in names], [index[name] for name in said], 1.0 if each.is_deadline else 0.0)
        for each, (names, said) in zip(known, features, strict=True)
    ]
    weights, moved = [0.0] * len(index), [1e-8] * len(index)
    for _ in range(ROUNDS):
        slope = [weight / STRENGTH for weight in weights]
        for places, turned, wanted in rows:
            total = sum([weights[place] for place in places]) + SHARE * sum(
                [weights[place] for place in turned]
            )
            miss = 1 / (1 + math.exp(-max(-30.0, min(30.0, total)))) - wanted
            for place in places:
                slope[place] += miss
            for place in turned:
                slope[place] += SHARE * miss
        for place, value in enumerate(slope):
            moved[place] += value * value
            weights[place] -= 0.5 * value / math.sqrt(moved[place])
    return {name: weights[place] * (SHARE if _is_turn(name) else 1) for name, place in index.items()}


def _is_turn(name: str) -> bool:
    return name.endswith("」")


def table(weights: dict[str, float]) -> str:
    """Return the weights as TOML, the heaviest hint first."""
    by_hint: dict[str, dict[str, float]] = {}
    for key, weight in weights.items():
        if _is_turn(key):
            continue
        name, _, form = key.rpartition("|")
        leaning = LEANING if key == "形|all" else 0.0
        if abs(weight + leaning) >= LEAST:
            by_hint.setdefault(name, {})[form] = round(weight + leaning, 2)
    head = (
        "# How much each hint speaks for (+) or against (-) a deadline. Learnt: python -m ops.weigh_reading\n"
    )
    ordered = sorted(by_hint.items(), key=lambda each: -max(map(abs, each[1].values())))
    rows = (
        (json.dumps(name, ensure_ascii=False), ", ".join(f"{form} = {forms[form]}" for form in sorted(forms)))
        for name, forms in ordered
    )
    return head + "".join(f"{name} = {{ {inner} }}\n" for name, inner in rows)


def turn_table(weights: dict[str, float]) -> str:
    """Return the weights of turns of phrase as TOML, by where they stand."""
    head = "# How much each turn of phrase speaks for (+) or against (-) a deadline. Learnt: python -m ops.weigh_reading\n"
    kept = sorted(
        name for name, weight in weights.items() if _is_turn(name) and abs(weight) >= LEAST_OF_TURNS
    )
    return head + "".join(f"{json.dumps(name, ensure_ascii=False)} = {weights[name]:.2f}\n" for name in kept)


def check(known: Sequence[Example], parts: int = 8) -> str:
    """Return how often a text is judged rightly by what the other texts taught."""
    sources = sorted({each.source for each in known})
    right = told = deadlines = false = 0
    for part in range(parts):
        apart = set(sources[part::parts])
        weights = learnt([each for each in known if each.source not in apart])
        for each in known:
            if each.source in apart:
                is_told = sum(weights.get(name, 0.0) for name in (*each.names, *each.turns)) + LEANING > 0
                right += is_told == each.is_deadline
                deadlines += each.is_deadline
                told += is_told and each.is_deadline
                false += is_told and not each.is_deadline
    others = len(known) - deadlines
    return f"right {right}/{len(known)}, deadlines told {told}/{deadlines}, others called deadlines {false}/{others}"


def main() -> None:
    """Write the weights, or check how well they can be learnt."""
    known = examples()
    if "--check" in sys.argv:
        print(check(known))
        return
    weights = learnt(known)
    WEIGHTS.write_text(table(weights), encoding="utf-8")
    TURNS.write_text(turn_table(weights), encoding="utf-8")
    print(f"{WEIGHTS}, {TURNS}: learnt from {len(known)} expressions")


if __name__ == "__main__":
    main()
