"""amend: an authority corrects what is written about an office, or its own settings."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from notifier.domain.actors import Who
from notifier.domain.callers import Tenant
from notifier.errors import UnknownError
from notifier.store import audit, authority_records, office_records, outbox
from notifier.store.authority_records import AuthorityRecord
from notifier.store.office_records import OfficeRecord
from notifier.tools import Tools


async def amend_office(
    tools: Tools,
    tenant: Tenant,
    number: str,
    wanted: Mapping[str, Any],
    who: Who,
    check: Callable[[OfficeRecord], None],
) -> OfficeRecord:
    """Write the `wanted` values of an office and return it; `check` may refuse, having seen it as it is.

    Raises UnknownError if `tenant` sees no office `number`.
    """
    now = tools.now()
    async with tools.database.transaction() as conn:
        known = await office_records.office(conn, tenant, number, to_change=True)
        if known is None:
            raise UnknownError(f"no office {number} answers to {tenant.code or 'the nation'}")
        check(known)
        changed = {name: value for name, value in wanted.items() if getattr(known, name) != value}
        if changed:
            await office_records.amend(conn, known.id, changed)
            before = {name: getattr(known, name) for name in changed}
            detail = {"before": before, "after": changed}
            await audit.append(conn, now, who, "office.amended", f"office/{number}", detail)
    return replace(known, **changed)


async def amend_authority(
    tools: Tools,
    tenant: Tenant,
    code: str,
    wanted: Mapping[str, Any],
    who: Who,
    check: Callable[[AuthorityRecord], None],
) -> AuthorityRecord:
    """Write the `wanted` values of an authority and return it; `check` may refuse, having seen it as it is.

    What follows from its closed days, ladders and rolls is worked out anew before anything more is said.
    Raises UnknownError if `tenant` is neither the authority `code` itself nor the nation.
    """
    now = tools.now()
    async with tools.database.transaction() as conn:
        known = await authority_records.authority(conn, tenant, code, to_change=True)
        if known is None or tenant.code not in {"", code}:
            raise UnknownError(f"no authority {code} that {tenant.code or 'the nation'} may change")
        check(known)
        changed = {name: value for name, value in wanted.items() if getattr(known, name) != value}
        amended = replace(known, **changed)
        if changed:
            await authority_records.keep(conn, amended)
            before = {name: getattr(known, name) for name in changed}
            detail = {"before": before, "after": changed}
            await audit.append(conn, now, who, "authority.amended", f"authority/{code}", detail)
            if changed.keys() & authority_records.DECISIVE:
                await authority_records.work_out_anew(conn)
                await outbox.enqueue(conn, "derive", now)
    return amended
