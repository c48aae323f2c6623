"""Runs inside the peer's own environment: texts in as JSON, spans and days out as JSON.

ja-timex pins a beta of pendulum, so it never comes into the project's environment.
"""

import json
import sys
import warnings
from typing import Any


def main() -> None:
    """Read `[[text, issued], …]` from standard input; print `[[[start, end, value], …], …]`."""
    warnings.simplefilter("ignore")
    import pendulum  # noqa: PLC0415 -- only the peer's environment has it
    from ja_timex import TimexParser  # noqa: PLC0415 -- the same

    answers: list[list[list[Any]]] = []
    for text, issued in json.load(sys.stdin):
        year, month, day = map(int, issued.split("-"))
        parser = TimexParser(reference=pendulum.datetime(year, month, day))
        answers.append([[*each.span, each.value] for each in parser.parse(text)])
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
