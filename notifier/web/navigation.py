"""Navigation: the entries of the pages for staff, in their order. An entry shows once its address is served."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from notifier.domain.roles import Deed


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry: pages name it by `id` as `here`. It is shown to those who may do `deed`.

    `under` are the entries of its second row; it leads to the first of them that is shown.
    """

    id: str
    label: str
    address: str
    deed: Deed = Deed.READ
    under: tuple["Entry", ...] = field(default=())


ENTRIES: Final = (
    Entry("today", "今日", "/"),
    Entry("offices", "事業所", "/offices"),
    Entry("deadlines", "期限", "/deadlines"),
    Entry("notices", "通知", "/notices"),
    Entry("letters", "お知らせ", "/letters"),
    Entry("coverage", "網羅状況", "/coverage"),
    Entry(
        "settings",
        "設定",
        "/settings",
        under=(
            Entry("settings/authority", "自治体の設定", "/settings/authority"),
            Entry("settings/templates", "文面", "/letters/templates"),
            Entry("settings/webhooks", "Webhook", "/settings/webhooks", Deed.ADMINISTER),
            Entry("settings/keys", "APIの鍵", "/settings/keys", Deed.ADMINISTER),
            Entry("settings/events", "届いた出来事", "/settings/events"),
            Entry("settings/calendars", "カレンダー", "/settings/calendars", Deed.ADMINISTER),
            Entry("settings/users", "利用者", "/settings/users", Deed.ADMINISTER),
            Entry("settings/audit", "監査記録", "/settings/audit", Deed.READ_HISTORY),
        ),
    ),
    Entry("mailbox", "受信箱", "/mailbox"),
    Entry("clock", "時計", "/clock"),
)
"""受信箱 and 時計 are served in the demonstration only."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as a page shows it; `is_here` tells that the page belongs to it."""

    label: str
    address: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class Navigation:
    """What a page shows: the first row, and the second row of the entry it belongs to (`title`), if that has one."""

    entries: Sequence[Shown] = ()
    under: Sequence[Shown] = ()
    title: str = ""


SERVED: Final = web.AppKey("addresses that are served", frozenset[str])


def addresses(application: web.Application) -> frozenset[str]:
    """Return the addresses (patterns) that `application` serves."""
    return frozenset(each.canonical for each in application.router.resources())


def navigation(served: frozenset[str], may: Callable[[str], bool], here: str) -> Navigation:
    """Return what is shown on a page that belongs to the entry `here` (`offices`, `settings/users`)."""

    def is_shown(entry: Entry) -> bool:
        return entry.address in served and may(entry.deed)

    first, second, title = [], [], ""
    for entry in ENTRIES:
        below = [each for each in entry.under if is_shown(each)]
        if not (below or is_shown(entry)):
            continue
        is_here = here == entry.id or here.startswith(f"{entry.id}/")
        address = entry.address if is_shown(entry) or not below else below[0].address
        first.append(Shown(entry.label, address, is_here))
        if is_here and len(below) > 1:
            title = entry.label
            second = [Shown(each.label, each.address, each.id == here) for each in below]
    return Navigation(first, second, title)
