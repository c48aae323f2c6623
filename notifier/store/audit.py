"""The audit: who did what, when, from where, on whose behalf, to what; each row is bound to the one before it.

A row is written in the transaction that it records. There are two chains: one for what people and other systems do,
one for the derivations, whose transactions see the database as it was when they began and take turns among themselves.
A chain shows what was changed, taken out or put in; what was cut off its end shows only against a head that was
written down elsewhere.
"""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Executable, Select, bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.domain.actors import Actor, Who, actor_of
from notifier.store.database import table
from notifier.store.eyes import stepping_out
from notifier.store.groups import Group
from notifier.store.tables import AuditRow

_LOCK = 0x6E6F7469
"""Serialises writers of the first chain on PostgreSQL; on SQLite there is only one writer anyway."""

DEEDS: Final = ""
"""The chain of what people, other systems and the sending of letters do."""
RUNS: Final = "run"
"""The chain of derivations, sweeps and dispatches: whoever writes it has drawn a run from the sequence of that name in
the same transaction, so that no two of them are under way at once."""

PAGE = 1000
"""Rows of the chain that are held in memory at once while it is checked."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the audit, as it is bound to the one before."""

    at: datetime
    actor: Actor
    action: str
    subject: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of checking: how many rows, the head (last digest) of each chain, and the first broken row, if any.

    `last` is the id of the last row that was checked; where that is not the end, it may be gone on with.
    """

    rows: int
    heads: Mapping[str, str]
    broken: int | None = None
    last: int = 0
    is_end: bool = True


_IN_ORDER: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True)


@lru_cache(16)
def _written(at: datetime) -> str:
    """Return an instant as digests have it; rows of one transaction share theirs."""
    return at.astimezone(UTC).isoformat()


@dataclass(frozen=True, slots=True)
class Head:
    """The last row of a chain: its place there, from 1 on, and its digest; see START."""

    number: int
    digest: str


START: Final = Head(0, "")
"""Of a chain in which nothing was written yet."""


def digest_of(previous: str, entry: Entry) -> str:
    """Return the digest by which a row is bound to the one before it, whose digest is `previous`."""
    actor = entry.actor
    parts: list[object] = [
        previous,
        _written(entry.at),
        actor.name,
        entry.action,
        entry.subject,
        entry.detail,
    ]
    if actor.origin or actor.authority:  # rows of before these were kept have neither
        parts += [actor.origin, actor.authority]
    return sha256(_IN_ORDER.encode(parts).encode()).hexdigest()


async def append(
    conn: AsyncConnection, at: datetime, who: Who, action: str, subject: str, detail: Mapping[str, Any]
) -> None:
    """Write one row and bind it to the last. `at` is aware; `detail` holds JSON values only.

    What was changed stands in the detail under `before` and `after`.
    """
    await append_all(conn, [Entry(at, actor_of(who), action, subject, dict(detail))])


async def append_all(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Write rows in their order, each bound to the one before it, in one statement."""
    await _append(conn, DEEDS, entries)


async def append_run(
    conn: AsyncConnection, at: datetime, step: str, run: int, detail: Mapping[str, Any]
) -> None:
    """Write what the program's own `step` did under the number `run`, drawn in this transaction; see RUNS."""
    await _append(conn, RUNS, [Entry(at, Actor(step), f"{step}.done", f"run/{run}", dict(detail))])


async def _append(conn: AsyncConnection, chain: str, entries: Sequence[Entry]) -> None:
    async with stepping_out(conn):
        if chain == DEEDS:
            await take_turn(conn)
        last = (await conn.execute(head(), {"of_chain": chain})).one_or_none()
        await ROWS.insert(conn, _rows(chain, Head(last.number, last.digest) if last else START, entries))


async def take_turn(conn: AsyncConnection) -> None:
    """Wait until no other transaction writes the chain of deeds; from then on none does until this one ends."""
    if conn.dialect.name == "postgresql":
        await conn.execute(_turn())


_LAST: Final = f"SELECT digest FROM audit WHERE chain = '{DEEDS}' ORDER BY number DESC LIMIT 1"  # noqa: S608 -- our own words


def gate() -> str:
    """Return parts of a statement for PostgreSQL that take the turn; `gate` is a row where $1 is the last deed's digest.

    Where others wrote while it waited, the next number is taken, and the statement clashes with `NUMBERED`.
    """
    last = f"coalesce(({_LAST}), '')"
    turn = f"SELECT pg_advisory_xact_lock({_LOCK})"
    return f"turn AS MATERIALIZED ({turn}), gate AS MATERIALIZED (SELECT true AS is_open FROM turn WHERE {last} = $1)"  # noqa: S608 -- our own words


def last_digest(plain: sqlite3.Connection) -> str:
    """Return the digest of the last deed on SQLite, "" if there is none."""
    found = plain.execute(_LAST).fetchone()
    return str(found[0]) if found else START.digest


NUMBERED: Final = "uq_audit_chain_number"
"""The unique key that keeps a chain from forking."""


def rows_after(last: Head, entries: Sequence[Entry]) -> tuple[Head, list[tuple[Any, ...]]]:
    """Return the last deed then, and the `ROWS` of deeds that follow `last`, as it was read since `take_turn`."""
    rows = _rows(DEEDS, last, entries)
    return Head(last.number + len(rows), rows[-1][-1]) if rows else last, rows


def _rows(chain: str, last: Head, entries: Sequence[Entry]) -> list[tuple[Any, ...]]:
    rows, previous = [], last.digest
    for number, entry in enumerate(entries, start=last.number + 1):
        digest = digest_of(previous, entry)
        actor = entry.actor
        about = entry.action, entry.subject, dict(entry.detail)
        by = actor.name, actor.origin, actor.authority
        rows.append((chain, number, entry.at, *by, *about, previous, digest))
        previous = digest
    return rows


ROWS: Final = Group(
    AuditRow,
    (
        "chain",
        "number",
        "at",
        "who",
        "origin",
        "authority",
        "action",
        "subject",
        "detail",
        "previous",
        "digest",
    ),
)


@cache
def _turn() -> Executable:
    return text(f"SELECT pg_advisory_xact_lock({_LOCK})")


@cache
def head() -> Select[int, str]:
    """Return what selects number and digest of the last row of the chain `of_chain`; no row where none was written."""
    of_chain = select(col(AuditRow.number), col(AuditRow.digest)).where(
        col(AuditRow.chain) == bindparam("of_chain")
    )
    return of_chain.order_by(col(AuditRow.number).desc()).limit(1)


async def check(conn: AsyncConnection, progress: Callable[[float], None] = lambda _: None) -> Checked:
    """Check every chain from its beginning, up to the first row that was changed or does not follow the one before it.

    `progress` is told the share that is done, from 0 to 1.
    """
    end, total = await extent(conn)
    found = Checked(0, {}, is_end=False)
    while found.broken is None and not found.is_end:
        found = await check_part(conn, found, end, PAGE)
        progress(found.rows / max(total, 1))
    return found


async def extent(conn: AsyncConnection) -> tuple[int, int]:
    """Return the id of the last row there is, and how many there are."""
    found = (await conn.execute(select(func.max(col(AuditRow.id)), func.count()).select_from(AuditRow))).one()
    return found[0] or 0, found[1]


async def check_part(conn: AsyncConnection, before: Checked, end: int, most: int) -> Checked:
    """Go on from where `before` ended, with `most` rows at most, up to the id `end`.

    Parts may be checked one after another in transactions of their own, if `end` stays what it was at the beginning: a
    row of one chain may become visible behind one of the other that has a higher id, but none that follows it then.
    """
    heads, last, done = dict(before.heads), before.last, before.rows
    while most > 0:
        limit = min(most, PAGE)
        page = select(table(AuditRow)).where(col(AuditRow.id) > last, col(AuditRow.id) <= end)
        rows = (await conn.execute(page.order_by(col(AuditRow.id)).limit(limit))).all()
        for row in rows:
            actor = Actor(row.who, row.origin, row.authority)
            entry = Entry(row.at, actor, row.action, row.subject, row.detail)
            previous = heads.get(row.chain, "")
            if row.previous != previous or row.digest != digest_of(previous, entry):
                return Checked(done, heads, int(row.id), last)
            heads[row.chain], last, done = row.digest, row.id, done + 1
        if len(rows) < limit:
            return Checked(done, heads, last=last)
        most -= limit
    return Checked(done, heads, last=last, is_end=last >= end)


async def first_broken(conn: AsyncConnection) -> int | None:
    """Return the id of the first row that was changed or does not follow the one before it, or None."""
    return (await check(conn)).broken


async def has_head(conn: AsyncConnection, digest: str) -> bool:
    """Tell whether a row with this digest is there: a head that was written down elsewhere must be."""
    found = select(func.count()).select_from(AuditRow).where(col(AuditRow.digest) == digest)
    return bool((await conn.execute(found)).scalar_one())
