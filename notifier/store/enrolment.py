"""Enrolment: offices are taken over in sets; what changed is worked out in the next derivation.

An office that is listed again as it is known is not touched. What a list does not speak of stays: addresses
and subscriptions given as None, and the refusal of an address, which no list can undo.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, bindparam, delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.store.chosen import among
from notifier.store.contacts import REFUSED
from notifier.store.database import table
from notifier.store.differences import (
    EVERYTHING,
    KEPT,
    Advance,
    Change,
    Days,
    Difference,
    Enrolled,
    Known,
    chunks,
    compare,
    difference,
    folded,
    joined,
    left,
    load,
    provided,
    services_after,
    silently,
    value_after,
)
from notifier.store.tables import (
    NO_ANCHOR,
    ContactRow,
    DesignationRow,
    OfficeRow,
    OfficeServiceRow,
    SubscriptionRow,
)

__all__ = [
    "Change",
    "Difference",
    "Enrolled",
    "close",
    "close_all",
    "difference",
    "enrol",
    "enrolled",
    "folded",
    "take_turns",
]
_LOCK = 0x656E6C69
_DECISIVE = {"services", "designated", "municipality", "prefecture", "closed_on"}
"""What decides which duties concern an office; another name or address does not."""


_OWN = ("folded", "closed_on", "derived", "traceparent")


@dataclass(frozen=True, slots=True)
class Keeping:
    """When offices are taken over (aware), and the trace of the call by which they are."""

    now: datetime
    trace: str


async def take_turns(conn: AsyncConnection) -> None:
    """Let one list be taken over at a time, to the end of the transaction; on SQLite they take turns anyway."""
    if conn.dialect.name == "postgresql":
        await conn.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))


async def enrol(
    conn: AsyncConnection,
    offices: Sequence[Enrolled],
    now: datetime,
    advance: Advance = silently,
    trace: str = "",
) -> Difference:
    """Enrol offices and take over what changed of known ones; returns what that was.

    Addresses and designations of the authority that lists an office are those of the list afterwards; what others have
    designated it for, and registered for it, stays. `trace` is the traceparent of the call by which it is done.
    """
    kept = Keeping(now, trace)
    done = []
    for chunk in chunks(offices, advance):
        known = await load(conn, chunk)
        found = compare(chunk, known)
        fresh = {*found.added, *found.changed}
        await _take_over(conn, [each for each in chunk if each.number in fresh], known, found, kept)
        done.append(found)
    return joined(done)


async def _take_over(
    conn: AsyncConnection,
    offices: Sequence[Enrolled],
    known: Mapping[str, Known],
    found: Difference,
    kept: Keeping,
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
    ids = await _keep_offices(conn, offices, known, derived, kept)
    moved = [each for each in offices if each.number in decided or each.number not in known]
    await _forget_services(conn, [(known[each.number], each) for each in moved if each.number in known])
    renamed = [each for each in offices if each.number not in decided and each.number in known]
    await _insert(
        conn,
        OfficeServiceRow,
        [
            {"office_id": ids[each.number], "service": service, "name": name}
            for each in moved
            for service, name in services_after(each, known.get(each.number)).items()
        ],
    )
    await _rename_services(conn, renamed, known)
    await _insert(
        conn,
        DesignationRow,
        [
            {
                "office_id": ids[each.number],
                "authority": each.owner,
                "service": service,
                "since": since,
                "until": until,
            }
            for each in moved
            for service, (since, until) in _designated(each, known.get(each.number))
        ],
    )
    await _keep_contacts(conn, offices, known, ids)
    await _keep_subscriptions(conn, offices, ids)


async def _keep_offices(
    conn: AsyncConnection,
    offices: Sequence[Enrolled],
    known: Mapping[str, Known],
    derived: Mapping[str, bool],
    kept: Keeping,
) -> dict[str, int]:
    rows = []
    for each in offices:
        row = {name: value_after(each, known.get(each.number), name) for name in KEPT}
        row |= {"number": each.number, "folded": folded(row["name"]), "closed_on": None}
        row["traceparent"] = kept.trace or None
        rows.append(row | {"derived": derived[each.number]})
    target = table(OfficeRow)
    ids = {number: each.row["id"] for number, each in known.items()}
    old = [row | {"mine": ids[row["number"]]} for row in rows if row["number"] in ids]
    new = [row | {"registered_at": kept.now} for row in rows if row["number"] not in ids]
    if old:
        values: dict[str, Any] = {name: bindparam(name) for name in (*KEPT, *_OWN)}
        chosen = update(target).where(target.c.id == bindparam("mine")).values(values)
        await conn.execute(chosen, [{name: row[name] for name in ("mine", *values)} for row in old])
    if new:
        # Many rows at once, with a statement that is compiled once for all parts of a list.
        written = await conn.execute(insert(target).returning(target.c.number, target.c.id), new)
        ids.update((row.number, row.id) for row in written)
    return ids


async def _forget_services(conn: AsyncConnection, moved: Sequence[tuple[Known, Enrolled]]) -> None:
    """Remove the services of offices and their designations by who lists them; those by others stay."""
    former: dict[str, list[int]] = {}
    for known, line in moved:
        for authority in {line.owner, *left(known, line)}:
            former.setdefault(authority, []).append(known.row["id"])
    for authority, ids in sorted(former.items()):
        await conn.execute(delete(OfficeServiceRow).where(col(OfficeServiceRow.office_id).in_(ids)))
        theirs = col(DesignationRow.office_id).in_(ids), col(DesignationRow.authority) == authority
        await conn.execute(delete(DesignationRow).where(*theirs))


def _designated(office: Enrolled, known: Known | None) -> Iterator[tuple[str, Days]]:
    """Yield for which services who lists the office designates it, with the days that are known of each."""
    days = known.designated if known else {}
    for service in provided(office, known):
        yield service, days.get(service, (None, None))


async def _rename_services(
    conn: AsyncConnection, offices: Sequence[Enrolled], known: Mapping[str, Known]
) -> None:
    rows = [
        {"office": known[each.number].row["id"], "code": code, "other": name}
        for each in offices
        for code, name in services_after(each, known[each.number]).items()
        if known[each.number].services[code] != name
    ]
    if rows:
        service = table(OfficeServiceRow)
        mine = and_(service.c.office_id == bindparam("office"), service.c.service == bindparam("code"))
        await conn.execute(update(service).where(mine).values(name=bindparam("other")), rows)


async def _keep_contacts(
    conn: AsyncConnection, offices: Sequence[Enrolled], known: Mapping[str, Known], ids: Mapping[str, int]
) -> None:
    """Make the addresses those of the list; those whose owners want no mail stay as they are, those of the office, too.

    What an authority lists it answers for: an address that an office had entered itself and not confirmed is in use then.
    """
    gone, new, same = [], [], []
    for each in offices:
        if each.addresses is None:
            continue
        before = known.get(each.number)
        mine = before.addresses if before else {}
        refused = before.refused if before else set()
        row = {"office_id": ids[each.number], "authority": each.owner, "channel": "email"}
        wanted = dict.fromkeys(each.addresses)
        for address in wanted:
            role = each.roles.get(address, "")
            if address not in mine:
                wanted_no_more = address in refused
                why = {"active": not wanted_no_more, "reason": REFUSED if wanted_no_more else ""}
                new.append(row | {"address": address, "role": role} | why)
            elif before and mine[address]:
                mark = {"office": row["office_id"], "owner": each.owner, "listed": address}
                same.append(mark | {"whose": role or before.roles[address]})
        gone += [
            {"office": row["office_id"], "owner": each.owner, "listed": address}
            for address, may_be_used in mine.items()
            if may_be_used and address not in wanted and before and address not in before.own
        ]
    contacts = table(ContactRow)
    chosen = and_(
        contacts.c.office_id == bindparam("office"),
        contacts.c.authority == bindparam("owner"),
        contacts.c.address == bindparam("listed"),
        contacts.c.channel == "email",
    )
    if gone:
        await conn.execute(delete(contacts).where(chosen), gone)
    if same:
        kept = {"role": bindparam("whose"), "active": True, "reason": ""}
        await conn.execute(update(contacts).where(chosen).values(**kept), same)
    await _insert(conn, ContactRow, new)


async def _keep_subscriptions(
    conn: AsyncConnection, offices: Sequence[Enrolled], ids: Mapping[str, int]
) -> None:
    """Keep the families that a line names, and no others; a line that names none is told of all."""
    lines = [each for each in offices if each.subscriptions is not None]
    if not lines:
        return
    chosen = sorted(ids[each.number] for each in lines)
    await conn.execute(
        delete(SubscriptionRow).where(among(table(SubscriptionRow).c.office_id)), {"ids": chosen}
    )
    rows = []
    for each in lines:
        row = {"office_id": ids[each.number], "authority": each.owner, "since": NO_ANCHOR}
        families = sorted(set(each.subscriptions or ()))
        if families:
            rows.append(row | {"topic": EVERYTHING, "told": False})
        rows += [row | {"topic": family, "told": True} for family in families]
    await _insert(conn, SubscriptionRow, rows)


async def _insert(conn: AsyncConnection, model: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        await conn.execute(insert(table(model)), rows)


async def close_all(conn: AsyncConnection, numbers: Sequence[str], on: date) -> int:
    """Note that offices closed on the civil date `on`; returns how many were known and open."""
    target = table(OfficeRow)
    closed = (
        update(target)
        .where(target.c.number == bindparam("gone"), target.c.closed_on.is_(None))
        .values(closed_on=on, derived=False)
    )
    if not numbers:
        return 0
    return (await conn.execute(closed, [{"gone": number} for number in numbers])).rowcount


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
    names = select(col(OfficeServiceRow.service), col(OfficeServiceRow.name)).where(
        col(OfficeServiceRow.office_id) == row["id"], col(OfficeServiceRow.name) != ""
    )
    addresses = select(col(ContactRow.address), col(ContactRow.role)).where(
        col(ContactRow.office_id) == row["id"],
        col(ContactRow.authority) == owner,
        col(ContactRow.channel) == "email",
        col(ContactRow.active).is_(True),
    )
    contacts = (await conn.execute(addresses.order_by(col(ContactRow.id)))).all()
    return Enrolled(
        number,
        services=tuple(sorted((await conn.execute(services)).scalars())),
        addresses=tuple(each.address for each in contacts),
        roles={each.address: each.role for each in contacts if each.role},
        service_names={each.service: each.name for each in await conn.execute(names)},
        authority=authority,
        **{name: row[name] for name in KEPT},
    )
