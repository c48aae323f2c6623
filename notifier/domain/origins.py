"""Origins: whose the `source` of an event is, and under which ones the program keeps what people enter on its pages.

A source belongs to one sender for ever, so that `source` and `id` name one event whoever sends. Source: CloudEvents
1.0.2, "source" and "id"; the project's contract on events.
"""

from typing import Final

HOUSE: Final = "urn:notifier:"
"""How the program's own sources begin; nobody else may bear one."""
OFFICE_PAGE: Final = f"{HOUSE}office-page"
OFFICE_MAIL: Final = f"{HOUSE}office-mail"
_USER: Final = f"{HOUSE}user:"
_HEARD: Final = "/heard"
_COMMAND: Final = f"{HOUSE}command-line:"


def source_of_user(name: str, *, heard: bool = False) -> str:
    """Return the source of what the user `name` records; `heard` from an office, not of their own knowledge."""
    return f"{_USER}{name}{_HEARD if heard else ''}"


def user_of(source: str) -> tuple[str, bool] | None:
    """Return who recorded what bears this source, and whether they heard it from an office; None if no user did."""
    if not source.startswith(_USER):
        return None
    name = source.removeprefix(_USER)
    return name.removesuffix(_HEARD), name.endswith(_HEARD)


def name_of(source: str) -> str:
    """Return the name under which the audit knows whoever asserts under this source without a key."""
    found = user_of(source)
    return found[0] if found else source.removeprefix(HOUSE)


def source_of_command(key: str) -> str:
    """Return the source of what is sent from the command line with the key of this name."""
    return f"{_COMMAND}{key}"


def is_kept_back(source: str, key: str) -> bool:
    """Tell whether `source` is the program's own and may not be borne by whoever shows the key of this name."""
    return source.startswith(HOUSE) and source != source_of_command(key)


def kept_as(source: str, authority: str) -> str:
    """Return under which source events of `authority` ("": the nation) are kept that bear somebody else's.

    Nobody can send one like it: a source has no spaces.
    """
    return f"{source} ({authority or 'nation'})"
