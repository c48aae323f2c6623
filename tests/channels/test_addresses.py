"""Which addresses are public: vectors from the registries and from what others refuse."""

import socket

import pytest

from notifier.channels.addresses import (
    BlockedAddressError,
    blocked,
    guarded_sockets,
    is_allowed,
    is_public,
    read_networks,
)

DENIED = tuple(
    """
    0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.1.2.3 169.254.0.1
    169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.170 192.0.0.255 192.0.2.1 192.31.196.1
    192.52.193.1 192.88.99.1 192.88.99.255 192.168.0.1 192.175.48.1 198.18.0.1 198.19.255.255
    198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 :: ::1 ::ffff:127.0.0.1
    ::ffff:7f00:1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1 ::ffff:0:127.0.0.1 64:ff9b::7f00:1
    64:ff9b::808:808 64:ff9b:1::1 100::1 100:0:0:1::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2
    2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1:: 2002:808:808::1 2620:4f:8000::1 3fff::1
    3fff:fff:ffff::1 4000::1 5f00::1 fc00::1 fd12:3456::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1 ff0e::1
    """.split()  # noqa: SIM905 - a list of a hundred words reads best as words
)

PUBLIC = tuple(
    """
    1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 172.15.255.255 172.32.0.1 192.0.1.1 192.88.98.1
    192.88.100.1 198.17.255.255 198.20.0.1 223.255.255.255 ::ffff:8.8.8.8 2001:200::1
    2001:4860:4860::8888 2400:cb00::1 2606:4700::1111 2a00:1450::1 3ffe:ffff::1
    """.split()  # noqa: SIM905 - a list of a hundred words reads best as words
)


@pytest.mark.parametrize("address", DENIED)
def test_f5_what_is_not_public_is_denied(address: str) -> None:
    assert is_public(address) is False
    assert is_allowed(address, ()) is False


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_reachable(address: str) -> None:
    assert is_public(address) is True


def test_the_operator_may_name_networks_of_his_own() -> None:
    own = read_networks(["127.0.0.0/8", "fd00::/8"])
    assert is_allowed("127.0.0.1", own)
    assert is_allowed("::ffff:127.0.0.1", own)
    assert is_allowed("fd12::1", own)
    assert not is_allowed("10.0.0.1", own)


def test_a_network_that_is_none_is_an_error() -> None:
    with pytest.raises(ValueError, match="home"):
        read_networks(["home"])


def test_a_socket_to_a_private_address_is_never_opened() -> None:
    refused: list[str] = []
    mark = blocked.set(refused)
    try:
        with pytest.raises(BlockedAddressError, match="is not a public address"):
            guarded_sockets()((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 443)))
    finally:
        blocked.reset(mark)
    assert refused == ["10.0.0.1"]


def test_without_a_request_at_hand_a_refusal_is_still_a_refusal() -> None:
    with pytest.raises(BlockedAddressError):
        guarded_sockets()((socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", 443, 0, 0)))


def test_a_socket_to_a_public_address_does_not_block() -> None:
    with guarded_sockets()((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 443))) as opened:
        assert opened.getblocking() is False
