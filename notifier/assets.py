"""Where the files that travel with the program lie.

A built wheel carries `templates/` and `migrations/` inside the package, as `_templates` and `_migrations`.
A checkout, and an editable install of it, has them beside the package, at the top of the repository.
"""

from pathlib import Path
from typing import Literal

PACKAGE = Path(__file__).parent

FolderName = Literal["templates", "migrations"]


def folder(name: FolderName, package: Path = PACKAGE) -> Path:
    """Return the folder `name` as shipped inside `package`, or else the one beside it.

    Raises FileNotFoundError, naming both places, if neither exists.
    """
    shipped = package / f"_{name}"
    beside = package.parent / name
    for place in (shipped, beside):
        if place.is_dir():
            return place
    message = f"the folder of {name} is missing: looked at {shipped} and {beside}; install the program anew"
    raise FileNotFoundError(message)


def read_text(name: FolderName, path: str, package: Path = PACKAGE) -> str:
    """Return the text (UTF-8) of the file at `path`, relative to the folder `name`.

    Raises FileNotFoundError if it does not exist.
    """
    return (folder(name, package) / path).read_text(encoding="utf-8")
