"""Which address leads to which part of an office's page."""

from typing import Final

from notifier.web.office import calendars, code, contacts, deeds, door, page

ROUTES: Final = (*page.ROUTES, *deeds.ROUTES, *contacts.ROUTES, *calendars.ROUTES, *door.ROUTES, *code.ROUTES)
