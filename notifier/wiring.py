"""Wiring: from settings to tools that work, with the ways out open."""

import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from notifier.catalogue.holidays import national_calendar
from notifier.catalogue.loader import load
from notifier.channels.email import EmailChannel
from notifier.channels.mime import Sender
from notifier.channels.parcel import MailChannel
from notifier.channels.relay import Relay
from notifier.channels.unset import UnsetChannel
from notifier.channels.webhook import WebhookChannel
from notifier.clock import Clock
from notifier.counter import doorway
from notifier.domain.codes import Codes
from notifier.domain.returns import Returns, returns_to
from notifier.exchange import Exchange
from notifier.passes import Passes, Purpose
from notifier.rendering import Composer
from notifier.settings import Settings, former_keys, kept_secret_key, read_networks
from notifier.store.database import Database
from notifier.tools import Correspondent, LawBook, Tools

FIRST_YEAR, YEARS_AHEAD = 2023, 8
_STEPS: Final = 1 << 32


@dataclass(frozen=True)
class Wired:
    """What a service is made of."""

    tools: Tools
    exchange: Exchange
    passes: Passes


@asynccontextmanager
async def wired(settings: Settings, clock: Clock, channel: MailChannel | None = None) -> AsyncIterator[Wired]:
    """Wire everything for `settings`, and close it at the end. Raises NotifierError with what is wrong.

    `channel` takes the place of the relay that the settings name.
    """
    async with AsyncExitStack() as stack:
        catalogue = load()
        composer = Composer(settings.templates_dir)
        database = await stack.enter_async_context(
            await Database.open(settings.database_url.get_secret_value())
        )
        passes = Passes(kept_secret_key(settings).get_secret_value(), former_keys(settings))
        tools = Tools(
            database,
            clock,
            catalogue,
            national_calendar(FIRST_YEAR, clock.now().year + YEARS_AHEAD),
            composer,
            channel or await _relay(settings, stack),
            Correspondent(
                settings.sender_name,
                settings.sender_contact,
                settings.base_url,
                settings.editor_address or "",
            ),
            f"{socket.gethostname()}-{secrets.token_hex(4)}",
            lambda: secrets.randbelow(_STEPS) / _STEPS,
            lambda recipient: (
                f"{settings.base_url}/unsubscribe/{passes.written(Purpose.UNSUBSCRIBE, recipient)}"
            ),
            LawBook(catalogue.groups),
            lambda proof: f"{settings.base_url}/confirm/{passes.written(Purpose.CONFIRM, proof)}",
            partial(doorway, passes, settings.base_url),
            codes=Codes.of_secrets(passes.secret, *passes.former),
            returns=_returns(settings, passes.secret, *passes.former),
        )
        networks = read_networks(settings.webhook_networks)
        way = WebhookChannel(allowed=networks, plain_http=settings.webhook_plain_http)
        yield Wired(
            tools,
            Exchange(await stack.enter_async_context(way), passes.secret, settings.base_url),
            passes,
        )


def _returns(settings: Settings, *keys: str) -> Returns | None:
    if settings.reply_address is None:
        return None
    sender = Sender(settings.sender_name, settings.mail_from)
    return returns_to(settings.reply_address, frozenset({settings.mail_from.lower()}), sender.domain, *keys)


async def _relay(settings: Settings, stack: AsyncExitStack) -> MailChannel:
    if settings.smtp_host is None:
        return UnsetChannel()
    password = settings.smtp_password
    relay = Relay(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_tls,
        settings.smtp_username,
        password.get_secret_value() if password else None,
        greeting=socket.getfqdn(),
    )
    sender = Sender(settings.sender_name, settings.mail_from, settings.reply_address or "")
    return await stack.enter_async_context(EmailChannel(relay, sender, connections=settings.smtp_connections))
