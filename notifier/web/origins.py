"""Origins: from which address a request came, also behind proxies of our own.

What a request says about itself in `X-Forwarded-For` anybody can write; only what a trusted proxy has added counts.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, TypeAlias

from aiohttp import web

HEADER: Final = "X-Forwarded-For"
MOST_HOPS: Final = 20
"""Addresses of the header that are looked at, from its end."""
Networks: TypeAlias = Sequence[IPv4Network | IPv6Network]
TRUSTED: Final = web.AppKey("trusted proxies", tuple[IPv4Network | IPv6Network, ...])


def origin_of(request: web.Request) -> str:
    """Return the address from which `request` came, "" if none is known: for the audit and for lock-outs."""
    forwarded = request.headers.getall(HEADER, [])
    trusted = request.config_dict.get(TRUSTED)
    return origin(request.remote or "", forwarded, trusted or ())


def origin(peer: str, forwarded: Sequence[str], trusted: Networks) -> str:
    """Return the last address that is not in `trusted`, of those that `forwarded` names and then `peer`.

    Where all of them are trusted it is the first; an entry that is no address ends the search before it.
    """
    found = peer
    hops = ",".join(forwarded).split(",")[-MOST_HOPS:]
    while _is_among(found, trusted) and hops:
        address = _address(hops.pop())
        if address is None:
            break
        found = str(address)
    return found


def _is_among(written: str, networks: Networks) -> bool:
    address = _address(written)
    return address is not None and any(address in each for each in networks)


def _address(written: str) -> IPv4Address | IPv6Address | None:
    """Return an address as proxies write it: also with a port, in brackets, or IPv4 as IPv6; None if it is none."""
    plain = written.strip().strip('"')
    if plain.startswith("["):
        plain = plain[1:].partition("]")[0]
    elif plain.count(":") == 1:
        plain = plain.partition(":")[0]
    try:
        address = ip_address(plain.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
