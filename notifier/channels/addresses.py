"""Which network addresses a webhook may be sent to: public ones, and those the operator allows by name.

The list is our own, because the standard library calls several of these ranges global (NAT64, 6to4,
multicast and newer reservations). Sources: the IANA special-purpose address registries for IPv4 and
IPv6, RFC 6890, and the lists that Stripe's smokescreen and Svix refuse.
"""

import socket
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
SocketFactory = Callable[
    [tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[object, ...]]], socket.socket
]

DENIED_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carriers' own address translation
        "127.0.0.0/8",  # this host
        "169.254.0.0/16",  # link-local, and the metadata services of clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # automatic multicast tunnelling
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)

GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")
"""The only part of IPv6 that is handed out; loopback, link-local, private, NAT64, multicast lie outside."""

DENIED_V6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries any IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)


class BlockedAddressError(OSError):
    """A connection to an address that is not public was refused before it was opened."""


def is_public(address: str) -> bool:
    """Tell whether a literal address, with or without a zone, is a public unicast one."""
    parsed = _parse(address)
    if isinstance(parsed, IPv4Address):
        return not any(parsed in network for network in DENIED_V4)
    return parsed in GLOBAL_UNICAST_V6 and not any(parsed in network for network in DENIED_V6)


def is_allowed(address: str, allowed: Iterable[Network]) -> bool:
    """Tell whether an address is public or lies in one of the networks that the operator named."""
    parsed = _parse(address)
    return any(parsed in network for network in allowed) or is_public(address)


def read_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Return the networks written as `127.0.0.0/8` and the like. Raises ValueError on any other text."""
    return tuple(ip_network(text) for text in texts)


blocked: ContextVar[list[str] | None] = ContextVar("blocked", default=None)
"""Collects, for the request at hand, the addresses that were refused: the client library that tries
several addresses reports them joined into one text and loses the kind of the error."""


def guarded_sockets(allowed: Iterable[Network] = ()) -> SocketFactory:
    """Return a socket factory that opens sockets to public and allowed addresses only.

    It sees the very address that is about to be connected to, so it closes at once literal addresses,
    odd spellings of them, names that resolve inwards, and names whose answer changes after a check.
    """
    networks = tuple(allowed)

    def open_socket(
        target: tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[object, ...]],
    ) -> socket.socket:
        family, kind, protocol, _, peer = target
        address = str(peer[0])
        if not is_allowed(address, networks):
            refused = blocked.get()
            if refused is not None:
                refused.append(address)
            message = f"{address} is not a public address; webhooks go to public addresses only."
            raise BlockedAddressError(message)
        opened = socket.socket(family, kind, protocol)
        opened.setblocking(False)  # noqa: FBT003 - the library's own signature
        return opened

    return open_socket


def _parse(address: str) -> IPv4Address | IPv6Address:
    """Return the address proper: without a zone, and IPv4 where IPv6 only wraps it (`::ffff:…`)."""
    parsed = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed
