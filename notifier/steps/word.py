"""word: how an authority has its letters written: a version is kept, put to use by a second person, given up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from notifier.domain.actors import Who, actor_of
from notifier.errors import RefusedFieldError, UnknownError
from notifier.store import audit, wordings
from notifier.store.database import Connection
from notifier.store.wordings import Wording
from notifier.tools import Tools


@dataclass(frozen=True, slots=True)
class Draft:
    """A version to be kept for `authority`: see WordingRow for what its parts are."""

    authority: str
    files: Mapping[str, str]
    bases: Mapping[str, str]
    doubts: Sequence[str]
    note: str


class WordingRefusedError(RefusedFieldError):
    """A version of an authority's templates cannot be put to use; `about`: own, failed."""


async def save(tools: Tools, draft: Draft, who: Who) -> Wording:
    """Keep a new version; no letter is written by it yet."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        values = {
            "files": dict(draft.files),
            "bases": dict(draft.bases),
            "doubts": list(draft.doubts),
            "note": draft.note,
            "created_at": now,
            "created_by": str(who),
        }
        made = await wordings.add(conn, draft.authority, values)
        detail = {"version": made.number, "files": sorted(draft.files), "note": draft.note}
        await _told(conn, tools, made, who, "template.saved", detail)
    return made


async def put_to_use(tools: Tools, authority: str, number: int, who: Who) -> Wording:
    """Write the authority's letters by this version from now on; those on their way stay as they are.

    Raises UnknownError if there is none, WordingRefusedError if whoever made it would approve it alone, or if it failed.
    """
    now = tools.now()
    async with tools.database.transaction() as conn:
        found = await _found(conn, authority, number)
        if found.created_by == str(who):
            raise WordingRefusedError(
                f"version {number}: who made it does not put it to use; ask a second person", "own"
            )
        if found.problem:
            raise WordingRefusedError(f"version {number} failed before; save a mended one", "failed")
        if not found.is_in_use:
            await wordings.activate(conn, found, str(who), now)
            await _told(conn, tools, found, who, "template.activated", {"version": number})
        return await _found(conn, authority, number)


async def give_up(tools: Tools, authority: str, number: int, who: Who) -> bool:
    """Write the authority's letters as shipped again; False if this version was not in use. Raises UnknownError."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        found = await _found(conn, authority, number)
        given_up = await wordings.retire(conn, found.id, now)
        if given_up:
            await _told(conn, tools, found, who, "template.retired", {"version": number})
    return given_up


async def _found(conn: Connection, authority: str, number: int) -> Wording:
    found = await wordings.find(conn, authority, number)
    if found is None:
        raise UnknownError(f"version {number}: {authority or 'the nation'} has none of that number")
    return found


async def _told(
    conn: Connection, tools: Tools, wording: Wording, who: Who, action: str, detail: Mapping[str, object]
) -> None:
    actor = actor_of(who).about(wording.authority)
    await audit.append(conn, tools.now(), actor, action, f"template/{wording.number}", detail)
