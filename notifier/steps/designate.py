"""designate: an authority says which services an office provides, that it has closed, or that it is open again.

What the office owes follows in the next derivation; what waited to be sent and is owed no more never leaves.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from notifier.clock import japan_time
from notifier.domain.actors import Who, actor_of
from notifier.domain.callers import Tenant
from notifier.errors import UnknownError
from notifier.store import audit, designations, enrolment, office_records, outbox
from notifier.store.database import Connection
from notifier.store.differences import Days
from notifier.store.enrolment import Enrolled
from notifier.store.office_records import Designation, OfficeRecord
from notifier.tools import Tools


@dataclass(frozen=True, slots=True)
class Closing:
    """That an office has closed, since the civil date `on`; `for_good` or for a while (休止)."""

    on: date
    for_good: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Terms:
    """For which services (codes) an office is designated, each from a day to a day, inclusive; None: not known, no end.

    `authority` (団体コード) is by whom, where the nation enters it on somebody's behalf: an office outside the place of
    whoever designates it (区域外指定) is not in sight there before.
    """

    days: Mapping[str, Days]
    reason: str
    authority: str = ""


async def designate(
    tools: Tools, tenant: Tenant, number: str, services: Collection[str], reason: str, who: Who
) -> bool:
    """Let the office provide `services` (codes) as far as `tenant` designates it; False if it does so already.

    Raises UnknownError if the tenant sees no such office that is open. What others have designated it for stays.
    """
    now = tools.now()
    async with tools.database.transaction() as conn:
        record, line = await _held(conn, tenant, number, is_open=True)
        wanted = tuple(sorted(services))
        if wanted == tuple(sorted(line.services)):
            return False
        await enrolment.enrol(conn, [replace(line, services=wanted)], now, trace=actor_of(who).trace)
        detail = {"before": sorted(line.services), "after": list(wanted), "reason": reason.strip()}
        await audit.append(conn, now, who, "office.designated", f"office/{record.number}", detail)
        await outbox.enqueue(conn, "derive", now)
    return True


async def set_terms(
    tools: Tools,
    tenant: Tenant,
    number: str,
    terms: Terms,
    who: Who,
    check: Callable[[Sequence[Designation]], None],
) -> Sequence[Designation]:
    """Let the office answer to `tenant` for these services, each from a day to a day; for no others.

    `check` may refuse, having seen what stood before. Returns what stands now. Raises UnknownError if the tenant sees no
    such office that is open, or is not the nation and names another authority.
    """
    if terms.authority and not tenant.is_nation and terms.authority != tenant.code:
        raise UnknownError(f"{tenant.code} designates for nobody else")
    now = tools.now()
    async with tools.database.transaction() as conn:
        record, line = await _held(conn, tenant, number, is_open=True, owner=terms.authority)
        before = await office_records.designations_of(conn, Tenant(line.owner), record.id)
        check(before)
        await enrolment.enrol(
            conn, [replace(line, services=tuple(sorted(terms.days)))], now, trace=actor_of(who).trace
        )
        await designations.set_days(conn, record.id, line.owner, terms.days)
        await designations.join_again(conn, record.id, line.owner)
        await designations.part(conn, {(record.id, line.owner)})
        after = await office_records.designations_of(conn, Tenant(line.owner), record.id)
        if after == before:
            return after
        detail = {"before": _written(before), "after": _written(after), "reason": terms.reason.strip()}
        actor = actor_of(who).about(line.owner) if terms.authority else who
        await audit.append(conn, now, actor, "office.designated", f"office/{record.number}", detail)
        await outbox.enqueue(conn, "derive", now)
        last = min((each.until for each in after if each.until is not None), default=None)
        if last is not None:
            await outbox.enqueue(conn, "lapse", japan_time(last + timedelta(days=1), 0))
    return after


def _written(stand: Sequence[Designation]) -> list[str]:
    return [
        f"{each.service} {each.since or ''}/{each.until or ''}" if each.since or each.until else each.service
        for each in stand
    ]


async def close(tools: Tools, tenant: Tenant, number: str, closing: Closing, who: Who) -> bool:
    """Note that the office has closed; False if it was closed already. Raises UnknownError if the tenant sees none."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        record, _ = await _held(conn, tenant, number)
        if record.closed_on is not None:
            return False
        await enrolment.close(conn, number, closing.on)
        detail = {"on": closing.on.isoformat(), "reason": closing.reason.strip()}
        action = "office.closed" if closing.for_good else "office.suspended"
        await audit.append(conn, now, who, action, f"office/{number}", detail)
        await outbox.enqueue(conn, "derive", now)
    return True


async def reopen(tools: Tools, tenant: Tenant, number: str, reason: str, who: Who) -> bool:
    """Note that the office is open, as it was before it closed; False if it is. Raises UnknownError like `close`."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        record, line = await _held(conn, tenant, number)
        if record.closed_on is None:
            return False
        await enrolment.enrol(conn, [line], now, trace=actor_of(who).trace)
        detail = {"closed_on": record.closed_on.isoformat(), "reason": reason.strip()}
        await audit.append(conn, now, who, "office.reopened", f"office/{number}", detail)
        await outbox.enqueue(conn, "derive", now)
    return True


async def _held(
    conn: Connection, tenant: Tenant, number: str, *, is_open: bool = False, owner: str = ""
) -> tuple[OfficeRecord, Enrolled]:
    """Return the office, held, and the line by which the tenant, or `owner`, would list it as it is.

    Its addresses stay as they are.
    """
    record = await office_records.office(conn, tenant, number, to_change=True)
    line = await enrolment.enrolled(conn, number, owner or tenant.code)
    if record is None or line is None or (is_open and record.closed_on is not None):
        what = "open office" if is_open else "office"
        raise UnknownError(f"no {what} {number} answers to {tenant.code or 'the nation'}")
    return record, replace(line, addresses=None, subscriptions=None)
