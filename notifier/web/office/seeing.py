"""Seeing: what an office's page is drawn from, read in one go."""

from collections.abc import Sequence
from dataclasses import dataclass

from notifier.store import agendas, contacts, declarations, dossiers, enquiries, subscriptions, wishes
from notifier.store.agendas import CalendarAddress
from notifier.store.contacts import Contact
from notifier.store.dossiers import LetterLine, OfficePage
from notifier.store.enquiries import Enquiry
from notifier.tools import law_on
from notifier.web.office.door import Caller
from notifier.web.office.duties import View

MOST_LETTERS = 100


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything about one office that its page shows."""

    view: View
    record: OfficePage
    letters: Sequence[LetterLine]
    contacts: Sequence[Contact]
    calendars: Sequence[CalendarAddress]
    enquiries: Sequence[Enquiry]


async def view_of(caller: Caller) -> View:
    """Return what the cards of the visitor's duties are drawn from."""
    return (await see(caller)).view


async def see(caller: Caller) -> Seen:
    """Read everything about the visitor's office; changes nothing."""
    tools, guest = caller.counter.tools, caller.visit.guest
    async with tools.database.reading() as conn:
        record = await dossiers.office_page(conn, guest.number)
        if record is None:
            raise AssertionError(guest)
        law = await law_on(conn, tools, tools.today())
        asked = await wishes.of_office(conn, guest.id)
        declared = await declarations.of_office(conn, guest.id)
        said = await enquiries.of_office(conn, guest.id)
        decided = await subscriptions.of_office(conn, guest.id, guest.municipality)
        return Seen(
            View(tools, law, record.office, guest.id, asked, declared, said, decided),
            record,
            await dossiers.letters_of(conn, guest.id, MOST_LETTERS),
            await contacts.of_office(conn, guest.id),
            await agendas.of_office(conn, guest.number),
            said,
        )
