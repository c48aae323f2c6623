"""What the pages are handed: where they read, whom they ask, and what only the demonstration offers."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from aiohttp import web

from notifier.almanac import Almanac
from notifier.channels.parcel import Parcel
from notifier.clock import Clock, civil_date
from notifier.counter import Counter
from notifier.domain.accounts import User
from notifier.domain.law import Law
from notifier.exchange import Exchange
from notifier.gatehouse import Gatehouse
from notifier.letterbox import Letterbox
from notifier.oidc import Oidc
from notifier.rendering import Pages
from notifier.store.contacts import Contact
from notifier.store.database import Database
from notifier.store.mailbox import MailboxStore
from notifier.tools import Tools
from notifier.vitals import Monitor
from notifier.web.api.calls import Entrance
from notifier.web.assets import Shelf
from notifier.web.origins import Networks


@dataclass(frozen=True)
class Supplies:
    """Everything the application is made of; nothing in it is opened or closed here.

    `law` returns the law as known today. `fact_labels` and `service_names` are Japanese names by type and by
    code. `turn_clock` turns the demonstration's clock and runs what falls due; without it that page does not
    exist. `secret` signs forms. `is_alive` tells whether the ticker beats, where there is one.
    `recipient_of` reads the token of an unsubscribe address, `mute` stops mail to it. `contact_of` reads the token of a
    page on which a contact is confirmed, `confirm` confirms it; both give None for a token that is no good any more.
    `gatehouse` lets users in; without it everybody sees the pages. `oidc` has a provider of
    identities show who they are, where one is set. `is_secure` tells that browsers come over TLS.
    `entrance` is the door for programs, `almanac` that for calendar programs; each exists only with it.
    `monitor` tells whether the program is ready. `proxies` are networks of proxies whose word on where a request came
    from is believed. `tools` are what the deeds of staff use; without them pages are for reading only. `stand_ins` are
    the persons as whom a visitor of the demonstration may look, the first of them unless another was chosen. `assemble`
    returns a letter as it goes over the wire, `exchange` is the way to endpoints. `counter` lets offices come to their
    own pages; these exist only with it. `letterbox` takes the answers that a visitor of the demonstration tries.
    """

    database: Database
    clock: Clock
    law: Callable[[], Awaitable[Law]]
    secret: str
    fact_labels: Mapping[str, str] = field(default_factory=dict)
    service_names: Mapping[str, str] = field(default_factory=dict)
    title: str = "介護事業所 期限のお知らせ"
    mailbox: MailboxStore | None = None
    turn_clock: Callable[[date], Awaitable[None]] | None = None
    is_alive: Callable[[], bool] = field(default=lambda: True)
    recipient_of: Callable[[str], str | None] | None = None
    mute: Callable[[str], Awaitable[object]] | None = None
    contact_of: Callable[[str], Awaitable[Contact | None]] | None = None
    confirm: Callable[[str], Awaitable[Contact | None]] | None = None
    overrides: Path | None = None
    entrance: Entrance | None = None
    gatehouse: Gatehouse | None = None
    oidc: Oidc | None = None
    is_secure: bool = False
    almanac: Almanac | None = None
    monitor: Monitor | None = None
    proxies: Networks = ()
    tools: Tools | None = None
    stand_ins: tuple[User, ...] = ()
    assemble: Callable[[Parcel], bytes] | None = None
    exchange: Exchange | None = None
    counter: Counter | None = None
    letterbox: Letterbox | None = None

    def today(self) -> date:
        """Return the present civil date in Japan, by the clock handed in."""
        return civil_date(self.clock.now())


SUPPLIES = web.AppKey("supplies", Supplies)
PAGES = web.AppKey("pages", Pages)
SHELF = web.AppKey("shelf", Shelf)
