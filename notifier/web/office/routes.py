"""Which address leads to which part of an office's page."""

from typing import Final

from notifier.web.office import code, deeds, door, page

ROUTES: Final = (*page.ROUTES, *deeds.ROUTES, *door.ROUTES, *code.ROUTES)
