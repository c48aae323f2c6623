"""Addresses as SMTP wants them, the old ones of Japanese carriers among them."""

import pytest

from notifier.channels.envelope import envelope_address
from notifier.channels.parcel import UnsendableError
from tests.channels.letters import channel, parcel, send
from tests.channels.relays import FakeRelay, running


@pytest.mark.parametrize(
    "written, wanted",
    [
        ("a@example.jp", "a@example.jp"),
        ("jimu.kaigo+x@care-home.example.co.jp", "jimu.kaigo+x@care-home.example.co.jp"),
        ("docomo..ab1234yz@docomo.ne.jp", '"docomo..ab1234yz"@docomo.ne.jp'),
        (".abc@ezweb.ne.jp", '".abc"@ezweb.ne.jp'),
        ("abc.@docomo.ne.jp", '"abc."@docomo.ne.jp'),
        ("a..b@t.vodafone.ne.jp", '"a..b"@t.vodafone.ne.jp'),
        ('"a..b"@docomo.ne.jp', '"a..b"@docomo.ne.jp'),
        ("ordinary@docomo.ne.jp", "ordinary@docomo.ne.jp"),
        ("a@介護.jp", "a@xn--xmq029l.jp"),
    ],
)
def test_an_address_has_one_form_on_the_wire(written: str, wanted: str) -> None:
    assert envelope_address(written) == wanted


@pytest.mark.parametrize(
    "written",
    [
        "a..b@example.jp",
        "介護@example.jp",
        "a b@docomo.ne.jp",
        'a"..b@docomo.ne.jp',
        "a..b\r\n@docomo.ne.jp",
        "@docomo.ne.jp",
        "a@",
        "a@b@example.jp",
        "x" * 65 + "@example.jp",
        "." * 63 + "@docomo.ne.jp",
    ],
)
def test_what_no_relay_takes_is_refused(written: str) -> None:
    with pytest.raises(UnsendableError):
        envelope_address(written)


async def test_an_old_carrier_address_is_written_quoted_in_envelope_and_header() -> None:
    async with running(FakeRelay()) as relay:
        await send(channel(relay), [parcel(recipient="a..b@docomo.ne.jp")])
    assert relay.taken[0].recipients == ('"a..b"@docomo.ne.jp',)
    assert b'To: "a..b"@docomo.ne.jp\r\n' in relay.taken[0].content
