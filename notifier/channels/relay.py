"""Open a session with the mail relay: connect, secure, greet, authenticate. aiosmtplib does all four.

What comes after (the dialogue about letters) is ours, see `notifier.channels.smtp`: aiosmtplib raises the
same error whether a connection broke before or after the message was handed over, and knows no pipelining.
"""

import asyncio
import ssl
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_address
from typing import Literal, cast

import aiosmtplib

from notifier.domain.receipts import Phase, Receipt, judge_smtp
from notifier.errors import ChannelError

Security = Literal["none", "starttls", "tls"]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a relay may take, in seconds.

    `connect`: until TCP stands and the relay has greeted. `command`: until the rest of the opening is
    done, and for each answer to MAIL, RCPT and DATA. `attempt`: for one letter in all, an opening included;
    the answer to the final dot may take what is left of it, because giving up early makes a duplicate.
    `idle`: after so long without work we take leave; relays cut off what is silent for 30 to 300 seconds.
    """

    connect: float = 10
    command: float = 30
    attempt: float = 120
    idle: float = 20


@dataclass(frozen=True, slots=True)
class Relay:
    """The mail relay that takes our letters.

    `security` is never lowered: with "starttls" a relay that does not offer it gets nothing. Certificates
    are verified against the system's authorities, or by `context` if one is handed in. `greeting` is the
    name we give in EHLO. Raises ChannelError when a password would cross a network in the clear.
    """

    host: str
    port: int
    security: Security = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    greeting: str = "localhost"
    timeouts: Timeouts = Timeouts()
    context: ssl.SSLContext | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse a combination that would show the password to the network."""
        if self.username is not None and self.security == "none" and not _is_this_host(self.host):
            message = (
                f"The relay {self.host} would get the password without TLS; "
                "choose starttls or tls, or leave the user name out."
            )
            raise ChannelError(message)


class RelayUnreachableError(ChannelError):
    """No session with the relay could be opened; `receipt` says how that is to be judged."""

    def __init__(self, receipt: Receipt, relay: Relay) -> None:
        """Keep the receipt and name the relay."""
        super().__init__(f"The mail relay {relay.host}:{relay.port} cannot be used: {receipt.text}")
        self.receipt = receipt


@dataclass(frozen=True, slots=True)
class Session:
    """An open, secured, authenticated connection on which nothing is under way."""

    client: aiosmtplib.SMTP
    transport: asyncio.Transport
    pipelining: bool
    size: bool


async def open_session(relay: Relay) -> Session:
    """Return a session that is ready for MAIL.

    Raises RelayUnreachableError with a receipt in phase CONNECT, whatever went wrong: refused, silent,
    a bad certificate, STARTTLS not offered, a wrong password.
    """
    context = relay.context
    if context is None and relay.security != "none":
        context = await asyncio.to_thread(_system_authorities)
    client = aiosmtplib.SMTP(
        hostname=relay.host,
        port=relay.port,
        local_hostname=relay.greeting,
        timeout=relay.timeouts.connect,
        use_tls=relay.security == "tls",
        start_tls=relay.security == "starttls",
        tls_context=context,
        username=relay.username,
        password=relay.password,
    )
    try:
        async with asyncio.timeout(relay.timeouts.command):
            await client.connect()
            await _greet(client)
    except aiosmtplib.SMTPResponseException as fault:
        raise RelayUnreachableError(judge_smtp(Phase.CONNECT, fault.code, fault.message), relay) from fault
    except TimeoutError as fault:
        client.close()
        text = f"no session within {relay.timeouts.command:g} s"
        raise RelayUnreachableError(judge_smtp(Phase.CONNECT, None, text), relay) from fault
    except (aiosmtplib.SMTPException, OSError, ValueError) as fault:
        client.close()
        raise RelayUnreachableError(judge_smtp(Phase.CONNECT, None, str(fault)), relay) from fault
    if client.transport is None:
        raise RelayUnreachableError(judge_smtp(Phase.CONNECT, None, "closed after the greeting"), relay)
    transport = cast("asyncio.Transport", client.transport)  # uvloop's own do not derive from it
    return Session(
        client, transport, client.supports_extension("pipelining"), client.supports_extension("size")
    )


async def _greet(client: aiosmtplib.SMTP) -> None:
    """Send EHLO, or HELO to a relay that knows no EHLO, unless the log-in has done so."""
    if client.is_ehlo_or_helo_needed:
        try:
            await client.ehlo()
        except aiosmtplib.SMTPHeloError:
            await client.helo()


@cache
def _system_authorities() -> ssl.SSLContext:
    """Return a context that verifies names and certificates; reading the authorities takes a while."""
    return ssl.create_default_context()


def _is_this_host(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
