"""Signatures after Standard Webhooks, against the library of the people who wrote it down."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta, timezone

import pytest
import standardwebhooks
from hypothesis import given
from hypothesis import strategies as st

from notifier.channels.signing import headers, read_secret, sign, verify
from notifier.clock import SystemClock
from notifier.errors import ChannelError

NOW = datetime(2026, 3, 6, 0, 0, tzinfo=UTC)
SECRET = read_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
OTHER = bytes(range(32))


def test_the_known_answer_of_the_specification() -> None:
    moment = datetime.fromtimestamp(1614265330, UTC)
    signature = sign(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", moment, b'{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(
    st.binary(min_size=24, max_size=64),
    st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True),
    st.text(max_size=2000),
)
def test_we_sign_what_the_library_signs(secret: bytes, message_id: str, body: str) -> None:
    body = body.encode("utf-8", "ignore").decode()
    library = standardwebhooks.Webhook(b64encode(secret).decode())
    assert sign(secret, message_id, NOW, body.encode()) == library.sign(message_id, NOW, body)


def test_the_library_verifies_what_we_send() -> None:
    now = SystemClock().now()
    sent = headers([SECRET], "evt_1", now, b'{"a":1}')
    assert standardwebhooks.Webhook(b64encode(SECRET).decode()).verify(b'{"a":1}', sent) == {"a": 1}


def test_another_zone_signs_the_same_instant() -> None:
    in_japan = NOW.astimezone(timezone(timedelta(hours=9)))
    assert sign(SECRET, "evt_1", in_japan, b"x") == sign(SECRET, "evt_1", NOW, b"x")


def test_w10_both_secrets_verify_while_one_replaces_the_other() -> None:
    sent = headers([OTHER, SECRET], "evt_1", NOW, b"x")
    for secret in (OTHER, SECRET):
        assert verify(
            secret, sent["webhook-id"], sent["webhook-timestamp"], sent["webhook-signature"], NOW, b"x"
        )


@pytest.mark.parametrize(
    "late, verified",
    [
        (timedelta(0), True),
        (timedelta(minutes=5), True),
        (timedelta(minutes=-5), True),
        (timedelta(minutes=5, seconds=1), False),
        (timedelta(minutes=-5, seconds=-1), False),
    ],
)
def test_a_signature_holds_for_five_minutes_either_way(late: timedelta, verified: bool) -> None:
    sent = headers([SECRET], "evt_1", NOW, b"x")
    assert (
        verify(SECRET, "evt_1", sent["webhook-timestamp"], sent["webhook-signature"], NOW + late, b"x")
        is verified
    )


@pytest.mark.parametrize(
    "part, changed",
    [
        ("secret", OTHER),
        ("message_id", "evt_2"),
        ("timestamp", str(int(NOW.timestamp()) + 1)),
        ("body", b"y"),
    ],
)
def test_whatever_is_changed_breaks_the_signature(part: str, changed: object) -> None:
    signature = sign(SECRET, "evt_1", NOW, b"x")
    whole = {
        "secret": SECRET,
        "message_id": "evt_1",
        "timestamp": str(int(NOW.timestamp())),
        "signatures": signature,
        "now": NOW,
        "body": b"x",
    }
    assert verify(**whole) is True  # type: ignore[arg-type]  # the parts are named above
    assert verify(**{**whole, part: changed}) is False  # type: ignore[arg-type]  # the same


@pytest.mark.parametrize(
    "timestamp, signatures",
    [
        ("", ""),
        ("soon", "v1,abc"),
        ("-1", "v1,abc"),
        ("١٢٣", "v1,abc"),
        ("9" * 5000, "v1,abc"),
        (str(int(NOW.timestamp())), ""),
        (str(int(NOW.timestamp())), "v1"),
        (str(int(NOW.timestamp())), "v1,☃ v2,x ,,, v1,%%%"),
        (str(int(NOW.timestamp())), "v1a,MCwCFB=="),
    ],
)
def test_malformed_headers_are_a_no_and_not_an_error(timestamp: str, signatures: str) -> None:
    assert verify(SECRET, "evt_1", timestamp, signatures, NOW, b"x") is False


@pytest.mark.parametrize("written", ["whsec_%%%", "whsec_AAAA", "", "whsec_" + b64encode(bytes(65)).decode()])
def test_a_secret_that_is_none_is_refused_with_the_mend(written: str) -> None:
    with pytest.raises(ChannelError, match="24"):
        read_secret(written)


def test_a_time_without_a_zone_is_never_signed() -> None:
    with pytest.raises(ValueError, match="zone"):
        sign(SECRET, "evt_1", NOW.replace(tzinfo=None), b"x")
