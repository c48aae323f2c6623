"""Names: by what a notice is seen to speak of a deadline or of its programme, from `names.toml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from notifier.catalogue.entries import index, read_each
from notifier.catalogue.tables import Table, Written

FILE = Path(__file__).parent / "names.toml"


@dataclass(frozen=True, slots=True)
class Naming:
    """What is known of `of`, a family or one deadline: names of the programme, words of the duty."""

    of: str
    names: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


def load_names(file: Path = FILE) -> Mapping[str, Naming]:
    """Read the names, by family or deadline. Raises CatalogueError: file, entry and mend."""
    return index(file.name, read_each(file, "name", read_naming), lambda each: each.of)


def read_naming(written: Written) -> Naming:
    """Read one `[[name]]`. Raises ValueError with the key and the mend."""
    table = Table(written, "the name")
    naming = Naming(table.text("of"), table.texts("names"), table.texts("words"))
    table.finish()
    if not naming.names and not naming.words:
        raise ValueError(f"`names` or `words` of {naming.of!r} must be given")
    return naming
