"""Runs inside the peer's own environment: texts in as JSON, spans and days out as JSON.

ja-timex pins a beta of pendulum, so it never comes into the project's environment.
"""

import json
import sys
import warnings
from importlib import import_module
from typing import Any


def main() -> None:
    """Read `[[text, issued], …]` from standard input; print `[[[start, end, value], …], …]`."""
    warnings.simplefilter("ignore")
    # Only the peer's environment has them; the project's own tools must not look for them.
    pendulum, ja_timex = import_module("pendulum"), import_module("ja_timex")

    answers: list[list[list[Any]]] = []
    for text, issued in json.load(sys.stdin):
        year, month, day = map(int, issued.split("-"))
        parser = ja_timex.TimexParser(reference=pendulum.datetime(year, month, day))
        answers.append([[*each.span, each.value] for each in parser.parse(text)])
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
