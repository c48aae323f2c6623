"""Questions: selects that are put to the plain connection to SQLite, and answered in one step.

Each row that is fetched by itself is a wait for the interpreter, which in a busy program is held by somebody else: a
thousand rows cost a thousand waits, whatever is in them. So the database gathers all rows into one text.
"""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import make_dataclass
from typing import Any, Final, cast

from sqlalchemy import ClauseElement, Select, func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler

_DIALECT: Final = sqlite.dialect()


class Deed:
    """A statement that answers nothing, compiled once."""

    def __init__(self, statement: ClauseElement) -> None:
        """Compile `statement`; nothing is done."""
        self._compiled = cast("SQLCompiler", statement.compile(dialect=_DIALECT))
        self._text, self._places = str(self._compiled), self._compiled.positiontup or []
        kinds = {name: each.type.dialect_impl(_DIALECT) for each, name in self._compiled.bind_names.items()}
        self._writing = {name: kind.bind_processor(_DIALECT) for name, kind in kinds.items()}

    def do(self, plain: sqlite3.Connection, wanted: Mapping[str, Any]) -> sqlite3.Cursor:
        """Run it with the values that are `wanted`, by the names of its parameters."""
        given, values = self._compiled.construct_params(wanted), []
        for name in self._places:
            write = self._writing[name]
            values.append(given[name] if write is None else write(given[name]))
        return plain.execute(self._text, values)


class Question:
    """A select, compiled once. Its order is not kept: sort the answer."""

    def __init__(self, statement: Select[Any]) -> None:
        """Compile `statement`; nothing is asked."""
        columns = list(statement.subquery().c)
        self._deed = Deed(select(func.json_group_array(func.json_array(*columns))))
        readers = [each.type.dialect_impl(_DIALECT).result_processor(_DIALECT, None) for each in columns]
        self._reading = [(place, read) for place, read in enumerate(readers) if read is not None]
        self._row: Any = make_dataclass("Row", [each.key for each in columns], slots=True)

    def ask(self, plain: sqlite3.Connection, wanted: Mapping[str, Any]) -> list[Any]:
        """Return the rows that answer it, their values under the names of their columns."""
        (written,) = self._deed.do(plain, wanted).fetchone()
        rows = json.loads(written)
        for place, read in self._reading:
            for row in rows:
                row[place] = read(row[place])
        return [self._row(*row) for row in rows]
