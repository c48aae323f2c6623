"""Rows chosen by ids that are handed in as one value.

A list of parameters as long as the list of ids would make another statement of each length, to be compiled and
planned anew, and ends at the number of parameters that a database takes.
"""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Dialect, Integer, Text, bindparam, func, select, type_coerce
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeDecorator, TypeEngine

from notifier.store.values import ByDialect


class _List(TypeDecorator[Sequence[Any]]):
    """Ids or texts as one value: JSON on SQLite, an array on PostgreSQL."""

    impl = Text
    cache_ok = True

    def __init__(self, item: type[TypeEngine[Any]] = Integer) -> None:
        """Take what each of them is: Integer or Text."""
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return how the dialect takes the list."""
        taken: TypeEngine[Any] = ARRAY(self.item()) if dialect.name == "postgresql" else Text()
        return dialect.type_descriptor(taken)

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> object:
        """Return the list as the dialect takes it."""
        if value is None or dialect.name == "postgresql":
            return value
        return json.dumps(list(value))


def among_texts(column: ColumnElement[str], name: str) -> ColumnElement[bool]:
    """Tell whether `column` is one of the texts that the parameter `name`, a sequence, carries."""
    texts = bindparam(name, type_=_List(Text))
    listed = func.json_each(texts).table_valued("value")
    return type_coerce(ByDialect(column.in_(select(listed.c.value)), column == func.any(texts)), Boolean())


def among(column: ColumnElement[int] | ColumnElement[int | None], name: str = "ids") -> ColumnElement[bool]:
    """Tell whether `column` is one of the ids that the parameter `name`, a sequence, carries."""
    ids = bindparam(name, type_=_List())
    listed = func.json_each(ids).table_valued("value")
    on_sqlite = column.in_(select(listed.c.value))
    on_postgresql = column == func.any(ids)
    return type_coerce(ByDialect(on_sqlite, on_postgresql), Boolean())
