"""The commands, one module per group. They take what is typed, hand it on, and show what comes back."""

import sys


def main() -> None:
    """Run the program with the arguments it was started with, and exit with its code."""
    from notifier.cli.program import run

    sys.exit(run(sys.argv[1:]))
