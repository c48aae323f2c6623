"""From values to an answer: what every page shares, and paging."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from aiohttp import web

from notifier.web import frame
from notifier.web.supplies import PAGES

PAGE_SIZE = 50
LONGEST_SEARCH = 100
LAST_PAGE = 100_000


@dataclass(frozen=True, slots=True)
class Paging:
    """Which part of a list is shown; `page` counts from 1, `address`, `words` and `filters` make the links."""

    address: str
    words: str
    page: int
    count: int
    filters: Sequence[tuple[str, str]] = ()

    @property
    def pages(self) -> int:
        """Return how many pages there are, at least one."""
        return max(1, -(-self.count // PAGE_SIZE))

    @property
    def first(self) -> int:
        """Return the number of the first line shown, 0 if there is none."""
        return min((self.page - 1) * PAGE_SIZE + 1, self.count)

    @property
    def last(self) -> int:
        """Return the number of the last line shown."""
        return min(self.page * PAGE_SIZE, self.count)

    @property
    def previous(self) -> str | None:
        """Return the address of the page before, or None."""
        return self._link(min(self.page - 1, self.pages)) if self.page > 1 else None

    @property
    def following(self) -> str | None:
        """Return the address of the page after, or None."""
        return self._link(self.page + 1) if self.page < self.pages else None

    def _link(self, page: int) -> str:
        asked = [("q", self.words)] if self.words else []
        return f"{self.address}?{urlencode([*asked, *self.filters, ('page', str(page))])}"


def asked(request: web.Request) -> tuple[str, int, int]:
    """Return what was searched for, the page wanted (1 if it makes no sense), and how many lines to skip."""
    words = request.query.get("q", "").strip()[:LONGEST_SEARCH]
    written = request.query.get("page", "1")
    page = (
        int(written)
        if written.isascii() and written.isdecimal() and len(written) <= len(str(LAST_PAGE))
        else 1
    )
    page = min(max(page, 1), LAST_PAGE)
    return words, page, (page - 1) * PAGE_SIZE


def page(
    request: web.Request, template: str, here: str, *, status: HTTPStatus = HTTPStatus.OK, **values: object
) -> web.Response:
    """Return the page `template`; `here` names the entry of the navigation it belongs to.

    Templates also see what `frame.around` gives: `staff`, `today`, `path` and others.
    """
    text = request.app[PAGES].render(template, **frame.around(request, here), **values)
    answer = web.Response(text=text, content_type="text/html", status=status)
    frame.forget(request, answer)
    answer.enable_compression()
    return answer
