"""Enrolment: offices are taken over in sets; what changed is worked out in the next derivation.

An office that is listed again as it is known is not touched. What a list does not speak of stays: addresses
and subscriptions given as None, and the refusal of an address, which no list can undo.
"""

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import RowMapping, and_, bindparam, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.store.database import table
from notifier.store.tables import ContactRow, DesignationRow, OfficeRow, OfficeServiceRow, SubscriptionRow

_CHUNK = 500
"""Offices a statement speaks of; more would exceed the number of values one statement may carry."""
_KEPT = ("name", "kana", "corporation", "telephone", "fax", "municipality", "prefecture", "staff")
_DECISIVE = {"services", "designated", "municipality", "prefecture", "closed_on"}
"""What decides which duties concern an office; another name or address does not."""
Advance = Callable[[float], None]
"""Is told the share that is done, from 0 to 1."""


def _silently(_: float) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Enrolled:
    """An office to be enrolled; an office that is listed is open.

    `addresses` None leaves the addresses as they are. `subscriptions` None leaves the chosen families as they
    are, for a new office all of them; () means all of them. `authority` is who lists the office, if not its municipality.
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
class _Known:
    """An office as it is kept.

    `addresses` and `designated` (services) are those of the authority that lists it; `refused` are addresses of
    others that want no mail, `elsewhere` services that others let it provide.
    """

    row: RowMapping
    services: set[str] = field(default_factory=set)
    addresses: dict[str, bool] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    designated: set[str] = field(default_factory=set)
    elsewhere: set[str] = field(default_factory=set)
    subscriptions: set[str] = field(default_factory=set)


def folded(text: str) -> str:
    """Return `text` as searches compare it: NFKC, without spaces, ヶ as ケ, lower case."""
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    return plain.replace("ヶ", "ケ").replace("﨑", "崎").lower()


# ---- what a list changes ----


async def difference(
    conn: AsyncConnection,
    offices: Sequence[Enrolled],
    authority: str | None = None,
    advance: Advance = _silently,
) -> Difference:
    """Return what enrolling `offices` would change; nothing is changed.

    With `authority` (団体コード of a municipality or prefecture), `gone` names its open offices not listed.
    """
    found = Difference((), {}, 0)
    for chunk in _chunks(offices, advance):
        found = _joined(found, _compare(chunk, await _load(conn, chunk)))
    if authority is None:
        return found
    mine = or_(col(OfficeRow.municipality) == authority, col(OfficeRow.prefecture) == authority)
    open_ = select(col(OfficeRow.number)).where(mine, col(OfficeRow.closed_on).is_(None))
    listed = {each.number for each in offices}
    gone = [number for number in (await conn.execute(open_)).scalars() if number not in listed]
    return Difference(found.added, found.changed, found.unchanged, tuple(sorted(gone)))


def _chunks(offices: Sequence[Enrolled], advance: Advance) -> Iterator[Sequence[Enrolled]]:
    """Yield the offices in parts, each number once: the last line about an office counts."""
    once = list({each.number: each for each in offices}.values())
    for start in range(0, len(once), _CHUNK):
        advance(start / len(once))
        yield once[start : start + _CHUNK]
    advance(1.0)


def _joined(one: Difference, other: Difference) -> Difference:
    changed = {**one.changed, **other.changed}
    return Difference(one.added + other.added, changed, one.unchanged + other.unchanged)


def _compare(offices: Sequence[Enrolled], known: Mapping[str, _Known]) -> Difference:
    changes = {each.number: _changes(each, known[each.number]) for each in offices if each.number in known}
    changed = {number: found for number, found in changes.items() if found}
    added = tuple(each.number for each in offices if each.number not in known)
    return Difference(added, changed, len(changes) - len(changed))


def _changes(office: Enrolled, known: _Known) -> tuple[Change, ...]:
    pairs = [(name, known.row[name], getattr(office, name)) for name in _KEPT]
    pairs.append(("closed_on", known.row["closed_on"], None))
    provided = set(office.services)
    if known.services == provided | known.elsewhere:
        pairs.append(("designated", sorted(known.designated), sorted(provided)))
    else:
        pairs.append(("services", sorted(known.services), sorted(provided | known.elsewhere)))
    if office.addresses is not None:
        active = {address for address, is_active in known.addresses.items() if is_active}
        wanted = {each for each in office.addresses if known.addresses.get(each, True)}
        pairs.append(("addresses", sorted(active), sorted(wanted)))
    if office.subscriptions is not None:
        pairs.append(("subscriptions", sorted(known.subscriptions), sorted(set(office.subscriptions))))
    return tuple(Change(name, _shown(old), _shown(new)) for name, old, new in pairs if old != new)


def _shown(value: object) -> str:
    if isinstance(value, list):
        return "、".join(value)
    return "" if value is None else str(value)


async def _load(conn: AsyncConnection, offices: Sequence[Enrolled]) -> dict[str, _Known]:
    numbers = [each.number for each in offices]
    rows = await conn.execute(select(table(OfficeRow)).where(col(OfficeRow.number).in_(numbers)))
    by_id = {row["id"]: _Known(row) for row in rows.mappings()}
    for service in await _rows(conn, OfficeServiceRow, by_id):
        by_id[service["office_id"]].services.add(service["service"])
    lines = {each.number: each for each in offices}
    for contact in await _rows(conn, ContactRow, by_id):
        known = by_id[contact["office_id"]]
        if contact["channel"] != "email":
            continue
        if contact["authority"] == lines[known.row["number"]].owner:
            known.addresses[contact["address"]] = contact["active"]
        elif not contact["active"]:
            known.refused.add(contact["address"])
    for designation in await _rows(conn, DesignationRow, by_id):
        known = by_id[designation["office_id"]]
        line = lines[known.row["number"]]
        if designation["authority"] == line.owner:
            known.designated.add(designation["service"])
        elif designation["authority"] not in _left(known, line):
            known.elsewhere.add(designation["service"])
    for subscription in await _rows(conn, SubscriptionRow, by_id):
        by_id[subscription["office_id"]].subscriptions.add(subscription["family"])
    return {known.row["number"]: known for known in by_id.values()}


def _left(known: _Known, line: Enrolled) -> set[str]:
    """Return the municipality that the office has left, according to its line; its designations end with that."""
    return {known.row["municipality"]} - {line.municipality}


async def _rows(conn: AsyncConnection, model: Any, ids: Mapping[int, object]) -> Sequence[RowMapping]:
    found = table(model)
    return (await conn.execute(select(found).where(found.c.office_id.in_(list(ids))))).mappings().all()


# ---- taking over ----


async def enrol(
    conn: AsyncConnection, offices: Sequence[Enrolled], now: datetime, advance: Advance = _silently
) -> Difference:
    """Enrol offices and take over what changed of known ones; returns what that was.

    Addresses and designations of the authority that lists an office are those of the list afterwards; what others have
    designated it for, and registered for it, stays.
    """
    done = Difference((), {}, 0)
    for chunk in _chunks(offices, advance):
        known = await _load(conn, chunk)
        found = _compare(chunk, known)
        fresh = {*found.added, *found.changed}
        await _take_over(conn, [each for each in chunk if each.number in fresh], known, found, now)
        done = _joined(done, found)
    return done


async def _take_over(
    conn: AsyncConnection,
    offices: Sequence[Enrolled],
    known: Mapping[str, _Known],
    found: Difference,
    now: datetime,
) -> None:
    if not offices:
        return
    decided = {
        number for number, changes in found.changed.items() if _DECISIVE & {each.column for each in changes}
    }
    derived = {
        each.number: each.number in known and each.number not in decided and known[each.number].row["derived"]
        for each in offices
    }
    ids = await _keep_offices(conn, offices, known, derived, now)
    moved = [each for each in offices if each.number in decided or each.number not in known]
    await _forget_services(conn, [(known[each.number], each) for each in moved if each.number in known])
    elsewhere = {number: each.elsewhere for number, each in known.items()}
    await _insert(
        conn,
        OfficeServiceRow,
        [
            {"office_id": ids[each.number], "service": service}
            for each in moved
            for service in sorted({*each.services, *elsewhere.get(each.number, ())})
        ],
    )
    await _insert(
        conn,
        DesignationRow,
        [
            {"office_id": ids[each.number], "authority": each.owner, "service": service}
            for each in moved
            for service in sorted(set(each.services))
        ],
    )
    await _keep_contacts(conn, offices, known, ids)
    await _keep_subscriptions(conn, offices, ids)


async def _keep_offices(
    conn: AsyncConnection,
    offices: Sequence[Enrolled],
    known: Mapping[str, _Known],
    derived: Mapping[str, bool],
    now: datetime,
) -> dict[str, int]:
    rows = [
        {name: getattr(each, name) for name in _KEPT}
        | {"number": each.number, "folded": folded(each.name), "closed_on": None}
        | {"derived": derived[each.number]}
        for each in offices
    ]
    target = table(OfficeRow)
    ids = {number: each.row["id"] for number, each in known.items()}
    old = [row | {"mine": ids[row["number"]]} for row in rows if row["number"] in ids]
    new = [row | {"registered_at": now} for row in rows if row["number"] not in ids]
    if old:
        values: dict[str, Any] = {
            name: bindparam(name) for name in (*_KEPT, "folded", "closed_on", "derived")
        }
        chosen = update(target).where(target.c.id == bindparam("mine")).values(values)
        await conn.execute(chosen, [{name: row[name] for name in ("mine", *values)} for row in old])
    if new:
        # Many rows at once, with a statement that is compiled once for all parts of a list.
        written = await conn.execute(insert(target).returning(target.c.number, target.c.id), new)
        ids.update((row.number, row.id) for row in written)
    return ids


async def _forget_services(conn: AsyncConnection, moved: Sequence[tuple[_Known, Enrolled]]) -> None:
    """Remove the services of offices and their designations by who lists them; those by others stay."""
    former: dict[str, list[int]] = {}
    for known, line in moved:
        for authority in {line.owner, *_left(known, line)}:
            former.setdefault(authority, []).append(known.row["id"])
    for authority, ids in sorted(former.items()):
        await conn.execute(delete(OfficeServiceRow).where(col(OfficeServiceRow.office_id).in_(ids)))
        theirs = col(DesignationRow.office_id).in_(ids), col(DesignationRow.authority) == authority
        await conn.execute(delete(DesignationRow).where(*theirs))


async def _keep_contacts(
    conn: AsyncConnection, offices: Sequence[Enrolled], known: Mapping[str, _Known], ids: Mapping[str, int]
) -> None:
    gone, new = [], []
    for each in offices:
        if each.addresses is None:
            continue
        mine = known[each.number].addresses if each.number in known else {}
        refused = known[each.number].refused if each.number in known else set()
        row = {"office_id": ids[each.number], "authority": each.owner, "channel": "email"}
        wanted = dict.fromkeys(each.addresses)
        new += [
            row | {"address": address, "active": address not in refused}
            for address in wanted
            if address not in mine
        ]
        gone += [
            {"office": row["office_id"], "owner": each.owner, "gone": address}
            for address, is_active in mine.items()
            if is_active and address not in wanted
        ]
    contacts = table(ContactRow).c
    if gone:
        chosen = and_(
            contacts.office_id == bindparam("office"),
            contacts.authority == bindparam("owner"),
            contacts.address == bindparam("gone"),
        )
        await conn.execute(delete(table(ContactRow)).where(chosen, contacts.channel == "email"), gone)
    await _insert(conn, ContactRow, new)


async def _keep_subscriptions(
    conn: AsyncConnection, offices: Sequence[Enrolled], ids: Mapping[str, int]
) -> None:
    chosen = {ids[each.number]: each.subscriptions for each in offices if each.subscriptions is not None}
    if chosen:
        await conn.execute(delete(SubscriptionRow).where(col(SubscriptionRow.office_id).in_(list(chosen))))
    rows = [
        {"office_id": office, "family": family} for office, each in chosen.items() for family in set(each)
    ]
    await _insert(conn, SubscriptionRow, rows)


async def _insert(conn: AsyncConnection, model: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        await conn.execute(insert(table(model)), rows)


async def close(conn: AsyncConnection, number: str, on: date) -> bool:
    """Note that an office closed on the civil date `on`; False if it is not known."""
    closed = update(OfficeRow).where(col(OfficeRow.number) == number).values(closed_on=on, derived=False)
    return (await conn.execute(closed)).rowcount == 1


async def enrolled(conn: AsyncConnection, number: str, authority: str = "") -> Enrolled | None:
    """Return an office as `authority` (its municipality, if none is named) has it enrolled; None if it is not known.

    Services are those it was designated for by that authority, addresses those it registered and that are in use.
    """
    found = await conn.execute(select(table(OfficeRow)).where(col(OfficeRow.number) == number))
    row = found.mappings().one_or_none()
    if row is None:
        return None
    owner = authority or row["municipality"]
    services = select(col(DesignationRow.service)).where(
        col(DesignationRow.office_id) == row["id"], col(DesignationRow.authority) == owner
    )
    addresses = select(col(ContactRow.address)).where(
        col(ContactRow.office_id) == row["id"],
        col(ContactRow.authority) == owner,
        col(ContactRow.channel) == "email",
        col(ContactRow.active).is_(True),
    )
    return Enrolled(
        number,
        services=tuple(sorted((await conn.execute(services)).scalars())),
        addresses=tuple((await conn.execute(addresses.order_by(col(ContactRow.id)))).scalars()),
        authority=authority,
        **{name: row[name] for name in _KEPT},
    )
