"""One memory for compiled SQL: most tests open a database of their own, and would compile the same statements anew.

SQLAlchemy remembers compiled statements for each engine; that costs a test more than running them. Here engines of one
kind (driver, version of the server, way of writing JSON) share the dialect of the first of them that has connected,
and with it the memory. What is sent to the database is the same.
"""

from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.util import LRUCache

MOST = 4000
"""Compiled statements that are kept."""
_memories: dict[tuple[object, ...], tuple[Any, LRUCache[Any, Any]]] = {}


def share_compiled_statements() -> None:
    """From now on every engine of this process shares what others of its kind have compiled."""
    event.listen(Engine, "engine_connect", _share)


def _share(conn: Connection) -> None:
    engine: Any = conn.engine
    own: Any = conn.dialect
    if own.server_version_info is None:
        return
    kind = (type(own), own.server_version_info, own._json_serializer, own.default_schema_name)  # noqa: SLF001 - no other way
    dialect, memory = _memories.setdefault(kind, (own, LRUCache(MOST)))
    if engine.dialect is not dialect:
        engine.dialect = conn.dialect = dialect
    engine._compiled_cache = memory  # noqa: SLF001 - there is no public name for it
