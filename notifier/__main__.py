"""`python -m notifier`: the same program as the console script."""

from notifier.cli import main

if __name__ == "__main__":
    main()
