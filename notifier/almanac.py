"""The almanac: calendars under secret addresses. They are given out here, and what they show is put together here."""

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from hashlib import sha256
from typing import Final

from notifier.domain.actors import Who
from notifier.domain.agenda import Agenda, Desk, authority_agenda, office_agenda
from notifier.domain.callers import Tenant
from notifier.domain.ical import Event, Sheet, write
from notifier.domain.law import Law
from notifier.domain.letters import one_line
from notifier.domain.revisions import revise
from notifier.errors import CalendarRefusedError, UnknownError
from notifier.steps.lend import lend, renew
from notifier.store import agendas, dossiers
from notifier.store.agendas import CalendarAddress, Versions
from notifier.store.database import Connection, retrying
from notifier.store.faults import StoreBusyError
from notifier.tools import Tools, law_on

MOST_UNDATED: Final = 30
"""Things without a date that a calendar's description names; of the rest the number is given."""
MOST_NUMBER: Final = 2**31 - 1
"""The largest id that a row can have."""
_ROW_NUMBER = re.compile(r"[0-9]{1,10}")
_TOKEN = re.compile(r"(cal_[0-9a-f]{12})\.([A-Za-z0-9_-]{43})")


class Whose(StrEnum):
    """Whose calendar it is; the value is kept."""

    OFFICE = "office"
    CONTACT = "contact"
    AUTHORITY = "authority"


@dataclass(frozen=True, slots=True)
class WantedCalendar:
    """An address to be given out; see `open_calendar`.

    `subject` is an office's number, a contact's mail address or id, or a 団体コード. `authority` is the tenant that gives
    it out; only what that one sees has a calendar.
    """

    whose: Whose
    subject: str
    label: str = ""
    authority: str = ""


@dataclass(frozen=True, slots=True)
class Served:
    """A calendar as it is handed out: the text, a name for its file, and a tag that is equal for equal text."""

    text: str
    file_name: str
    tag: str


class Gone:
    """The address was revoked, or whoever gave it out has nothing to do with the office any more."""


GONE: Final = Gone()


@dataclass(frozen=True, slots=True)
class _Part:
    """The agenda of one office or authority, under the name by which its versions are kept."""

    subject: str
    name: str
    agenda: Agenda


async def open_calendar(
    tools: Tools, wanted: WantedCalendar, chance: Callable[[int], bytes], who: Who
) -> str:
    """Give out an address and return its token, `name.secret`. It is told this once; a digest is kept.

    `chance` gives that many unpredictable bytes. Raises UnknownError if there is no such office, contact or authority,
    CalendarRefusedError for a label that is no line.
    """
    if one_line(wanted.label) != wanted.label:
        raise CalendarRefusedError("the label of a calendar is one line, without spaces at its ends")
    async with tools.database.reading() as conn:
        subject = await _subject(conn, wanted)
    name = f"cal_{chance(6).hex()}"
    secret = _written(chance(32))
    address = CalendarAddress(
        name,
        _digest(secret),
        wanted.whose.value,
        subject,
        wanted.authority,
        wanted.label,
        tools.now(),
        str(who),
    )
    await lend(tools, address, who)
    return f"{name}.{secret}"


async def renew_calendar(
    tools: Tools, tenant: Tenant, name: str, chance: Callable[[int], bytes], who: Who
) -> str | None:
    """Change the secret of a calendar that `tenant` gave out, and return its token, told this once.

    The one before opens nothing any more. None if the calendar was revoked. Raises UnknownError if there is none.
    """
    async with tools.database.reading() as conn:
        if await agendas.find(conn, name, tenant) is None:
            raise UnknownError(f"{name}: no such calendar; `notifier calendar list` names them")
    secret = _written(chance(32))
    renewed = await renew(tools, tenant, name, _digest(secret), who)
    return f"{name}.{secret}" if renewed else None


def _written(secret: bytes) -> str:
    return urlsafe_b64encode(secret).rstrip(b"=").decode("ascii")


async def _subject(conn: Connection, wanted: WantedCalendar) -> str:
    """Return how the calendar's owner is kept: an address of a person is not."""
    tenant = Tenant(wanted.authority)
    match wanted.whose:
        case Whose.OFFICE:
            if not await agendas.has_office(conn, wanted.subject, tenant):
                raise UnknownError(
                    f"{wanted.subject}: no such office; `notifier offices import` enlists them"
                )
        case Whose.AUTHORITY:
            if not await agendas.has_authority(conn, wanted.subject, tenant):
                raise UnknownError(f"{wanted.subject}: no such authority; its 団体コード has six digits")
        case Whose.CONTACT:
            contact = await _contact(conn, wanted.subject, tenant)
            if contact is None:
                raise UnknownError("no office is reached at this address; look at its page for those it has")
            return str(contact)
    return wanted.subject


async def _contact(conn: Connection, subject: str, tenant: Tenant) -> int | None:
    if not _ROW_NUMBER.fullmatch(subject):
        return await agendas.contact_at(conn, subject, tenant)
    contact = int(subject)
    is_there = contact <= MOST_NUMBER and await agendas.has_contact(conn, contact, tenant)
    return contact if is_there else None


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


class Almanac:
    """Puts calendars together, each time anew from the law, the facts and the day."""

    def __init__(self, tools: Tools) -> None:
        """Read with `tools`."""
        self._tools = tools
        writer = tools.correspondent
        self._desk = Desk(writer.name, writer.contact, writer.base_url)

    async def read(self, token: str) -> Served | Gone | None:
        """Return the calendar under the token `name.secret`; GONE if it was revoked, None if there is none."""
        parts = _TOKEN.fullmatch(token)
        if parts is None:
            return None
        async with self._tools.database.reading() as conn:
            address = await agendas.find(conn, parts[1])
        if address is None or not hmac.compare_digest(_digest(parts[2]), address.digest):
            return None
        if address.revoked_at is not None or await self._has_left(address):
            return GONE
        return await retrying(partial(self._serve, address))

    async def _has_left(self, address: CalendarAddress) -> bool:
        """Tell whether it is of an office that no longer answers to the authority that gave it out.

        What an office has made itself, on its page, it keeps.
        """
        is_its_own = address.created_by == f"office/{address.subject}"
        if address.kind != Whose.OFFICE.value or not address.authority or is_its_own:
            return False
        async with self._tools.database.reading() as conn:
            return not await agendas.has_office(conn, address.subject, Tenant(address.authority))

    async def _serve(self, address: CalendarAddress) -> Served:
        now, today = self._tools.now(), self._tools.today()
        async with self._tools.database.reading() as conn:
            law = await law_on(conn, self._tools, today)
            parts = await self._parts(conn, law, address)
            kept = await agendas.versions_of(conn, [part.subject for part in parts])
        events: list[Event] = []
        writes = []
        for part in parts:
            before = kept.get(part.subject, Versions())
            revised = revise(before.entries, part.agenda, now, today)
            events.extend(revised.events)
            if revised.kept != before.entries:
                writes.append((part.subject, before.version, revised.kept))
        if writes or address.last_read != today:
            async with self._tools.database.transaction() as conn:
                for subject, version, entries in writes:
                    if not await agendas.keep_versions(conn, subject, version, entries):
                        raise StoreBusyError(f"{subject}: another reader came first; read again")
                await agendas.note_read(conn, address.name, today)
        events.sort(key=lambda each: (each.first, each.uid))
        return self._sheet(address, parts, events)

    # ---- whose agenda ----

    async def _parts(self, conn: Connection, law: Law, address: CalendarAddress) -> Sequence[_Part]:
        match Whose(address.kind):
            case Whose.OFFICE:
                return await self._offices(conn, law, [address.subject])
            case Whose.CONTACT:
                return await self._offices(conn, law, await agendas.offices_of(conn, int(address.subject)))
            case Whose.AUTHORITY:
                return await self._authority(conn, law, address.subject)

    async def _offices(self, conn: Connection, law: Law, numbers: Sequence[str]) -> Sequence[_Part]:
        today = self._tools.today()
        parts = []
        for number in numbers:
            page = await dossiers.office_page(conn, number)
            if page is None:
                continue
            is_open = page.closed_on is None or today <= page.closed_on
            agenda = office_agenda(law, page.office, today, self._desk) if is_open else Agenda()
            parts.append(_Part(f"office/{number}", page.office.name, agenda))
        return parts

    async def _authority(self, conn: Connection, law: Law, code: str) -> Sequence[_Part]:
        authority = law.authorities.get(code)
        if authority is None:
            return ()
        tallies = await agendas.tallies_of(conn, sorted(law.places(code)))
        agenda = authority_agenda(law, authority, tallies, self._tools.today(), self._desk)
        return (_Part(f"authority/{code}", authority.name, agenda),)

    # ---- how it is handed out ----

    def _sheet(self, address: CalendarAddress, parts: Sequence[_Part], events: Sequence[Event]) -> Served:
        names = "・".join(part.name for part in parts[:1])
        if len(parts) > 1:
            names = f"{names} ほか{len(parts) - 1}事業所"
        if address.kind == Whose.AUTHORITY:
            names = f"{names}（管内）"
        undated = list(dict.fromkeys(each for part in parts for each in part.agenda.undated))
        text = write(Sheet(f"介護事業所の期限｜{names}", self._about(undated), tuple(events)))
        tag = sha256(text.encode()).hexdigest()[:32]
        return Served(text, f"{address.kind}-deadlines.ics", tag)

    def _about(self, undated: Sequence[str]) -> str:
        desk = self._desk
        lines = [
            f"{desk.name}が、国・都道府県・市町村の通知から計算した期限です。変更があれば自動で直ります。",
            "【予定】【時期】は変わることがあります。完了・取下げの予定は取消として知らせ、90日後に消えます。",
            f"問い合わせ先：{' '.join(filter(None, (desk.name, *desk.contact.split(chr(10)))))}",
        ]
        if undated:
            lines.append("日が示されていないため、日付に載せていないもの：")
            lines.extend(f"・{each}" for each in undated[:MOST_UNDATED])
        if len(undated) > MOST_UNDATED:
            lines.append(f"ほか{len(undated) - MOST_UNDATED}件")
        return "\n".join(lines)
