"""Differences: offices as they are listed beside offices as they are known.

Texts are kept as written and compared without the ways of writing: another width, another space, ヶ for ケ is no
change. What a list does not speak of is no change either.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import RowMapping, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.store.database import table
from notifier.store.tables import ContactRow, DesignationRow, OfficeRow, OfficeServiceRow, SubscriptionRow

CHUNK: Final = 500
"""Offices a statement speaks of; more would exceed the number of values one statement may carry."""
TEXTS: Final = ("name", "kana", "corporation", "location")
NUMBERS: Final = ("telephone", "fax", "corporate_number")
KEPT: Final = (*TEXTS, *NUMBERS, "municipality", "prefecture", "staff")
"""Columns of an office that a list brings."""
Days = tuple[date | None, date | None]
"""From which civil date to which a designation holds, inclusive; None: not known, or without end."""
EVERYTHING: Final = "*"
"""The topic that stands for all families."""
UNCONFIRMED: Final = ("unverified", "lapsed", "left")
"""Why a contact may not be in use yet or any more; any other is not in use because its owner wants no mail there."""
_HYPHENS: Final = re.compile(r"[-‐‑‒–—―−ー()（）\s]")

Advance = Callable[[float], None]
"""Is told the share that is done, from 0 to 1."""


def silently(_: float) -> None:
    """Tell nobody how far the work has come."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """An office to be enrolled; an office that is listed is open.

    `addresses` None leaves the addresses as they are. `subscriptions` None leaves the chosen families as they
    are, for a new office all of them; () means all of them. `service_names` are names the office goes by for one service
    only, `roles` tells whose an address is. `lacking` names what the list does not speak of: it stays as it is known.
    With `adds_services` the list does not know all services: those that are known stay. `authority` is who lists the
    office, if not its municipality.
    """

    number: str
    name: str
    services: tuple[str, ...]
    municipality: str
    prefecture: str
    addresses: tuple[str, ...] | None = ()
    staff: int | None = None
    kana: str = ""
    corporation: str = ""
    telephone: str = ""
    fax: str = ""
    subscriptions: tuple[str, ...] | None = None
    corporate_number: str = ""
    location: str = ""
    service_names: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    lacking: frozenset[str] = frozenset()
    adds_services: bool = False
    authority: str = ""

    @property
    def owner(self) -> str:
        """Return whose the contacts and the designations of this line are: the municipality's, if nobody is named."""
        return self.authority or self.municipality


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between an office as it is known and as it is listed; values as people read them."""

    column: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What a list changes, by office number; `gone` are open offices that it does not name."""

    added: tuple[str, ...]
    changed: Mapping[str, tuple[Change, ...]]
    unchanged: int
    gone: tuple[str, ...] = ()


@dataclass(slots=True)
class Known:
    """An office as it is kept.

    `services` are all of them, each with the name the office goes by for it alone. `addresses` (with whether they may be
    used), `roles`, `unconfirmed`, `own` (entered by the office itself: no list takes them away) and `designated`
    (services) are those of the authority that lists it; `refused` are
    addresses of others that want no mail, `elsewhere` services that others let it provide.
    """

    row: RowMapping
    services: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, bool] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    unconfirmed: set[str] = field(default_factory=set)
    own: set[str] = field(default_factory=set)
    designated: dict[str, Days] = field(default_factory=dict)
    elsewhere: set[str] = field(default_factory=set)
    families: set[str] = field(default_factory=set)


@lru_cache(maxsize=65536)
def folded(text: str) -> str:
    """Return `text` as searches compare it: NFKC, without spaces, ヶ as ケ, lower case."""
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    return plain.replace("ヶ", "ケ").replace("﨑", "崎").lower()


def same_writing(column: str, old: str, new: str) -> bool:
    """Tell whether two texts differ at most in the way they are written."""
    if old == new:
        return True
    if column in NUMBERS:
        return _HYPHENS.sub("", folded(old)) == _HYPHENS.sub("", folded(new))
    return folded(old) == folded(new)


# ---- comparing ----


async def difference(
    conn: AsyncConnection,
    offices: Sequence[Enrolled],
    authority: str | None = None,
    advance: Advance = silently,
) -> Difference:
    """Return what enrolling `offices` would change; nothing is changed.

    With `authority` (団体コード of a municipality or prefecture), `gone` names its open offices not listed.
    """
    found = joined([compare(chunk, await load(conn, chunk)) for chunk in chunks(offices, advance)])
    if authority is None:
        return found
    gone = await missing(conn, {each.number for each in offices}, [authority])
    return Difference(found.added, found.changed, found.unchanged, gone)


async def missing(
    conn: AsyncConnection,
    listed: set[str],
    authorities: Sequence[str],
    types: frozenset[str] | None = None,
    designated_by: str = "",
) -> tuple[str, ...]:
    """Return the numbers of open offices of `authorities` that are not among `listed`, in order.

    With `designated_by`, only those that this authority has designated. With `types`, only those that provide nothing but
    services of these types: the list speaks of no others.
    """
    mine = or_(col(OfficeRow.municipality).in_(authorities), col(OfficeRow.prefecture).in_(authorities))
    open_ = select(col(OfficeRow.number), col(OfficeRow.id)).where(mine, col(OfficeRow.closed_on).is_(None))
    if designated_by:
        designated = select(col(DesignationRow.office_id)).where(
            col(DesignationRow.office_id) == col(OfficeRow.id), col(DesignationRow.authority) == designated_by
        )
        open_ = open_.where(designated.exists())
    if types is not None:
        theirs = col(OfficeServiceRow.office_id) == col(OfficeRow.id)
        other = select(col(OfficeServiceRow.office_id)).where(
            theirs, col(OfficeServiceRow.service).not_in(sorted(types))
        )
        open_ = open_.where(~other.exists())
    found = [row.number for row in await conn.execute(open_) if row.number not in listed]
    return tuple(sorted(found))


def chunks(offices: Sequence[Enrolled], advance: Advance) -> Iterator[Sequence[Enrolled]]:
    """Yield the offices in parts, each number once: the last line about an office counts."""
    once = list({each.number: each for each in offices}.values())
    for start in range(0, len(once), CHUNK):
        advance(start / len(once))
        yield once[start : start + CHUNK]
    advance(1.0)


def joined(parts: Sequence[Difference]) -> Difference:
    """Return the differences of all parts of a list."""
    return Difference(
        tuple(number for each in parts for number in each.added),
        {number: changes for each in parts for number, changes in each.changed.items()},
        sum(each.unchanged for each in parts),
    )


def compare(offices: Sequence[Enrolled], known: Mapping[str, Known]) -> Difference:
    """Return how the offices differ from those that are known."""
    changes = {each.number: _changes(each, known[each.number]) for each in offices if each.number in known}
    changed = {number: found for number, found in changes.items() if found}
    added = tuple(each.number for each in offices if each.number not in known)
    return Difference(added, changed, len(changes) - len(changed))


def provided(office: Enrolled, known: Known | None) -> list[str]:
    """Return the services for which the authority that lists an office designates it, once it is taken over."""
    kept = set(known.designated) if known and office.adds_services else set()
    return sorted({*office.services, *kept})


def services_after(office: Enrolled, known: Known | None) -> dict[str, str]:
    """Return all services that an office has once it is taken over, each with the name it goes by for it alone."""
    former = known.services if known else {}
    found = {}
    for code in sorted({*provided(office, known), *(known.elsewhere if known else ())}):
        old = former.get(code, "")
        speaks = code in office.services and "service_names" not in office.lacking
        new = office.service_names.get(code, "") if speaks else old
        found[code] = old if same_writing("name", old, new) else new
    return found


def value_after(office: Enrolled, known: Known | None, column: str) -> Any:
    """Return what is kept in a column: what is listed, unless the list does not speak of it or only writes it otherwise."""
    listed = getattr(office, column)
    if known is None:
        return listed
    old = known.row[column]
    if column in office.lacking:
        return old
    if column in (*TEXTS, *NUMBERS) and same_writing(column, old, listed):
        return old
    return listed


def _changes(office: Enrolled, known: Known) -> tuple[Change, ...]:
    pairs: list[tuple[str, Any, Any]] = [
        (name, known.row[name], value_after(office, known, name)) for name in KEPT
    ]
    pairs.append(("closed_on", known.row["closed_on"], None))
    services = services_after(office, known)
    if known.services.keys() == services.keys():
        pairs.append(("designated", sorted(known.designated), provided(office, known)))
        pairs.append(("service_names", _named(known.services), _named(services)))
    else:
        pairs.append(("services", sorted(known.services), list(services)))
    if office.addresses is not None:
        active = {each for each, usable in known.addresses.items() if usable} - known.unconfirmed
        wanted = {each for each in office.addresses if known.addresses.get(each, True)} | (active & known.own)
        pairs.append(("addresses", sorted(active), sorted(wanted)))
        if active == wanted:
            pairs.append(("roles", _named(known.roles), _named(roles_after(office, known))))
    if office.subscriptions is not None:
        pairs.append(("subscriptions", sorted(known.families), sorted(set(office.subscriptions))))
    return tuple(Change(name, _shown(old), _shown(new)) for name, old, new in pairs if old != new)


def roles_after(office: Enrolled, known: Known) -> dict[str, str]:
    """Return whose each address in use is; a list that names no role leaves it as it is known."""
    return {
        each: role
        for each, is_active in known.addresses.items()
        if is_active and (role := office.roles.get(each) or known.roles.get(each, ""))
    }


def _named(names: Mapping[str, str]) -> list[str]:
    return [f"{key}={name}" for key, name in sorted(names.items()) if name]


def _shown(value: object) -> str:
    if isinstance(value, list):
        return "、".join(value)
    return "" if value is None else str(value)


# ---- what is known ----


async def load(conn: AsyncConnection, offices: Sequence[Enrolled]) -> dict[str, Known]:
    """Return those of the offices that are known, by number."""
    numbers = [each.number for each in offices]
    rows = await conn.execute(select(table(OfficeRow)).where(col(OfficeRow.number).in_(numbers)))
    by_id = {row["id"]: Known(row) for row in rows.mappings()}
    if not by_id:
        return {}
    for service in await _rows(conn, OfficeServiceRow, by_id):
        by_id[service["office_id"]].services[service["service"]] = service["name"]
    lines = {each.number: each for each in offices}
    for contact in await _rows(conn, ContactRow, by_id):
        known = by_id[contact["office_id"]]
        _take_contact(known, lines[known.row["number"]], contact)
    for designation in await _rows(conn, DesignationRow, by_id):
        known = by_id[designation["office_id"]]
        line = lines[known.row["number"]]
        if designation["authority"] == line.owner:
            known.designated[designation["service"]] = designation["since"], designation["until"]
        elif designation["authority"] not in left(known, line):
            known.elsewhere.add(designation["service"])
    for chosen in await _rows(conn, SubscriptionRow, by_id):
        if chosen["told"] and chosen["topic"] != EVERYTHING:
            by_id[chosen["office_id"]].families.add(chosen["topic"])
    return {known.row["number"]: known for known in by_id.values()}


def _take_contact(known: Known, line: Enrolled, contact: RowMapping) -> None:
    if contact["channel"] != "email":
        return
    address = contact["address"]
    refused = not contact["active"] and contact["reason"] not in UNCONFIRMED
    if contact["authority"] == line.owner:
        known.addresses[address] = not refused
        known.roles[address] = contact["role"]
        if contact["origin"] == "office":
            known.own.add(address)
        if not contact["active"] and not refused:
            known.unconfirmed.add(address)
    elif refused:
        known.refused.add(address)


def left(known: Known, line: Enrolled) -> set[str]:
    """Return the municipality that the office has left, according to its line; its designations end with that."""
    return {known.row["municipality"]} - {line.municipality}


async def _rows(conn: AsyncConnection, model: Any, ids: Mapping[int, object]) -> Sequence[RowMapping]:
    found = table(model)
    return (await conn.execute(select(found).where(found.c.office_id.in_(list(ids))))).mappings().all()
