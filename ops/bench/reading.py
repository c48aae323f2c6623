"""`python -m ops.bench.reading`: how much of the time in invented notices is found and understood.

Counted on the project's own labelled texts, the held-out half apart; beside it, on the same texts, ja-timex (in an
environment of its own under .cache). A peer's value counts as right if its days are those of the label where the label
has any: it knows no particles, so an open side is not held against it.
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeAlias

from notifier.domain.dates import Interval, fiscal_year, month
from notifier.reading.expressions import read
from tests.reading.labelled import UNSEEN, Label, Labelled, labelled

PEER = "ja-timex==0.2.8"
PEER_HOME = Path(".cache/ja-timex")
NOTICE = 56_000
"""Signs of a notice of 50 pages."""

_VALUE = re.compile(r"(FY)?([0-9]{4}|X{4})(?:-([0-9]{2}|XX)(?:-([0-9]{2}|XX))?)?")
Found: TypeAlias = tuple[int, int, Interval | None, bool | None]
"""Start, end, days, and whether it is a deadline; None where the reader does not say."""


@dataclass(slots=True)
class Score:
    """Counts over a set of notices."""

    marked: int = 0
    found: int = 0
    read: int = 0
    dated: int = 0
    right: int = 0
    deadlines: int = 0
    deadlines_right: int = 0
    false_deadlines: int = 0
    missed: list[str] = field(default_factory=list)

    def line(self, name: str) -> str:
        """Write the score as one row."""
        parts = [
            f"found {_share(self.found, self.marked)}",
            f"false {_share(self.read - self.found, self.read)}",
            f"days right {_share(self.right, self.dated)}",
        ]
        if self.deadlines_right:
            parts.append(f"deadlines found and dated right {_share(self.deadlines_right, self.deadlines)}")
            parts.append(f"falsely called deadline {self.false_deadlines}")
        return f"{name:<28} {', '.join(parts)}"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / max(1, whole):.1f}% ({part}/{whole})"


def score(notices: Sequence[Labelled], answers: Sequence[Sequence[Found]], *, exact: bool) -> Score:
    """Count what `answers` found of what the notices mark; `exact` compares open sides, too."""
    total = Score()
    for notice, answer in zip(notices, answers, strict=True):
        total.read += len(answer)
        unused = list(answer)
        for label in notice.labels:
            total.marked += 1
            total.dated += exact or bool(label.start or label.end)
            total.deadlines += label.is_deadline
            best = max(unused, key=lambda each: _shared(label, each), default=None)
            if best is None or _shared(label, best) <= 0:
                total.missed.append(f"{notice.name}: {label.text}")
                continue
            unused.remove(best)
            total.found += 1
            is_right = _is_right(label, best[2], exact=exact)
            total.right += is_right and (exact or bool(label.start or label.end))
            total.deadlines_right += bool(label.is_deadline and best[3] and is_right)
            total.false_deadlines += bool(best[3] and not label.is_deadline)
    return total


def _shared(label: Label, found: Found) -> int:
    return min(label.offset + len(label.text), found[1]) - max(label.offset, found[0])


def _is_right(label: Label, days: Interval | None, *, exact: bool) -> bool:
    start, end = (days.start, days.end) if days is not None else (None, None)
    if exact:
        return (start, end) == (label.start, label.end)
    return label.start in (None, start) and label.end in (None, end)


def ours(notices: Sequence[Labelled]) -> list[list[Found]]:
    """Return what the project reads."""
    return [
        [
            (each.offset, each.offset + len(each.text), Interval(each.start, each.end), each.is_deadline)
            for each in read(notice.text, notice.issued).expressions
        ]
        for notice in notices
    ]


def peers(notices: Sequence[Labelled]) -> list[list[Found]]:
    """Return what ja-timex reads. Raises OSError or CalledProcessError if it cannot be had."""
    python = PEER_HOME / "bin" / "python"
    if not python.exists():
        subprocess.run([".venv/bin/uv", "venv", "-q", "--python", sys.executable, str(PEER_HOME)], check=True)
        command = [
            ".venv/bin/uv",
            "pip",
            "install",
            "-q",
            "--python",
            str(python),
            "--prerelease=allow",
            PEER,
        ]
        subprocess.run(command, check=True)
    references = [notice.issued or read(notice.text).issued or date(2026, 4, 1) for notice in notices]
    texts = [[notice.text, day.isoformat()] for notice, day in zip(notices, references, strict=True)]
    done = subprocess.run(
        [python, Path(__file__).with_name("ja_timex_peer.py")],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
    )
    return [
        [(start, end, _days(value, day.year), None) for start, end, value in answer]
        for answer, day in zip(json.loads(done.stdout), references, strict=True)
    ]


def _days(value: str, year: int) -> Interval | None:
    found = _VALUE.fullmatch(value)
    if found is None:
        return None
    named = year if found[2].startswith("X") else int(found[2])
    if found[1]:
        return fiscal_year(named)
    try:
        if found[4] not in (None, "XX"):
            day = date(named, int(found[3]), int(found[4]))
            return Interval(day, day)
        if found[3] not in (None, "XX"):
            return month(named, int(found[3]))
    except ValueError:
        return None
    return Interval(date(named, 1, 1), date(named, 12, 31))


def speed(notices: Sequence[Labelled]) -> tuple[float, int]:
    """Return the seconds of CPU that 56,000 signs take, the best of five, and how many expressions they hold.

    Half of them are prose without any time, as in a notice; the labelled texts are much denser.
    """
    whole = "\n".join(notice.text for notice in notices)
    whole += (
        "\n"
        + "事業所は利用者の状況を把握し、関係機関との連携に努めるとともに、記録を整備するものとする。\n"
        * (len(whole) // 45)
    )
    text = (whole * (NOTICE // len(whole) + 1))[:NOTICE]
    times, expressions = [], 0
    for _ in range(5):
        began = time.process_time()
        expressions = len(read(text).expressions)
        times.append(time.process_time() - began)
    return min(times), expressions


def main() -> None:
    """Print the table."""
    sets = {"built on these": labelled("seen")}
    sets |= {
        name: [each for folder in folders for each in labelled(folder)] for name, folders in UNSEEN.items()
    }
    for name, notices in sets.items():
        total = score(notices, ours(notices), exact=True)
        print(total.line(f"notifier, {name}"))
        for missed in total.missed if "--missed" in sys.argv else []:
            print(f"    {missed}")
    try:
        for name, notices in sets.items():
            print(score(notices, peers(notices), exact=False).line(f"ja-timex, {name}"))
    except (OSError, subprocess.CalledProcessError) as fault:
        print(f"ja-timex could not be had ({fault}); only the project's own figures are shown")
    everything = [notice for notices in sets.values() for notice in notices]
    seconds, expressions = speed(everything)
    print(f"{NOTICE:,} signs with {expressions:,} expressions: {1000 * seconds:.0f} ms of CPU")


if __name__ == "__main__":
    main()
