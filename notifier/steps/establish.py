"""establish: enter an authority, or change what is kept of it; what follows is worked out anew before anything leaves."""

from collections.abc import Collection, Mapping
from typing import Any

from notifier.domain.actors import Who, actor_of
from notifier.domain.law import Authority, AuthorityKind
from notifier.domain.offices import is_authority_code, prefecture_code
from notifier.errors import AuthorityRefusedError
from notifier.store import audit, authorities, derivation, outbox
from notifier.tools import Tools, known_deadlines


async def establish(
    tools: Tools, authority: Authority, address: str, members: Collection[str], who: Who
) -> bool:
    """Keep `authority`, reached at the mail `address` ("": nowhere); False if it is known just so.

    `members` are the municipalities of a 広域連合. Raises AuthorityRefusedError if this makes no sense.
    """
    now = tools.now()
    async with tools.database.transaction() as conn:
        known = await authorities.load_authorities(conn)
        _check(authority, members, known)
        _check_choices(tools, authority, await known_deadlines(conn, tools))
        before = known.get(authority.code)
        addresses = await authorities.addresses(conn)
        old = _written(before, addresses[before.code], _members(known, before.code)) if before else None
        new = _written(authority, address, members)
        if old == new:
            return False
        await authorities.keep_authorities(conn, [(authority, address)])
        await authorities.keep_members(conn, authority.code, members)
        if old is None or any(old[name] != new[name] for name in new if name not in {"name", "address"}):
            await derivation.ask_again(conn, actor_of(who).trace)
            await outbox.enqueue(conn, "derive", now)
        changed = [name for name in new if old is None or old[name] != new[name]]
        detail = {
            "before": {name: old[name] for name in changed} if old else None,
            "after": {name: new[name] for name in changed},
        }
        action = "authority.changed" if old else "authority.added"
        actor = actor_of(who).about(authority.code)
        await audit.append(conn, now, actor, action, f"authority/{authority.code}", detail)
    return True


def _check(authority: Authority, members: Collection[str], known: Mapping[str, Authority]) -> None:
    """Refuse what makes no sense."""
    code = authority.code
    if not is_authority_code(code):
        raise AuthorityRefusedError(f"{code}: no 団体コード (six digits, the last a check digit)")
    if (code == prefecture_code(code)) != (authority.kind is AuthorityKind.PREFECTURE):
        raise AuthorityRefusedError(f"{code} is not the 団体コード of a {authority.kind.value}")
    if not authority.name.strip():
        raise AuthorityRefusedError(f"{code}: an authority needs a name")
    _check_members(authority, members, known)


def _check_members(authority: Authority, members: Collection[str], known: Mapping[str, Authority]) -> None:
    if members and authority.kind is not AuthorityKind.UNION:
        raise AuthorityRefusedError(f"{authority.code}: only a 広域連合 (union) has members")
    for member in sorted(members):
        there = known.get(member)
        if there is None or there.kind is not AuthorityKind.MUNICIPALITY:
            raise AuthorityRefusedError(f"{member}: no municipality that is known; add it first")
        if there.union not in {None, authority.code}:
            raise AuthorityRefusedError(f"{member} belongs to {there.union}; take it out there first")


def _check_choices(tools: Tools, authority: Authority, known: Collection[str]) -> None:
    """Refuse deadlines and ladders that do not exist; a roll may be named for one fiscal year (`<deadline>@2027`)."""
    for deadline in sorted({*authority.ladders, *(each.partition("@")[0] for each in authority.rolls)}):
        if deadline not in known:
            raise AuthorityRefusedError(
                f"{deadline}: no such deadline; `notifier catalogue list --database` names them"
            )
    for ladder in authority.ladders.values():
        if ladder not in tools.catalogue.ladders:
            raise AuthorityRefusedError(
                f"{ladder}: no such ladder; there are {', '.join(tools.catalogue.ladders)}"
            )


def _members(known: Mapping[str, Authority], code: str) -> list[str]:
    return [each.code for each in known.values() if each.union == code]


def _written(authority: Authority, address: str, members: Collection[str]) -> dict[str, Any]:
    return {
        "name": authority.name,
        "kind": authority.kind.value,
        "prefecture": authority.prefecture or "",
        "address": address,
        "members": sorted(members),
        "closed": sorted(day.isoformat() for day in authority.closed),
        "ladders": dict(sorted(authority.ladders.items())),
        "rolls": {name: roll.value for name, roll in sorted(authority.rolls.items())},
    }
