"""What is taken in at the wicket has one reading; whatever could have two is left to the usual door."""

import pytest

from notifier.web.plain_calls import UNFINISHED, PlainCall, read

BODY = b'{"id":"1"}'
HEAD = (
    b"POST /v1/events?sender=ntf_0123456789ab HTTP/1.1\r\nHost: x\r\n"
    b"Content-Type: application/cloudevents+json\r\nWebhook-Id:a\r\nContent-Length: 10\r\n"
)
CALL = HEAD + b"\r\n" + BODY


def test_a_plain_call_is_read() -> None:
    fields = {
        "host": "x",
        "content-type": "application/cloudevents+json",
        "webhook-id": "a",
        "content-length": "10",
    }
    assert read(CALL) == PlainCall("ntf_0123456789ab", fields, BODY)
    unnamed = read(CALL.replace(b"?sender=ntf_0123456789ab", b""))
    assert isinstance(unnamed, PlainCall)
    assert unnamed.sender == ""


def test_a_call_whose_body_is_still_on_its_way_is_waited_for() -> None:
    assert [read(CALL[:-size]) for size in (1, 9, 10)] == [UNFINISHED] * 3
    assert read(CALL[:-11]) is None
    assert read(CALL.replace(b"Length: 10", b"Length: 70000")) is None


@pytest.mark.parametrize(
    "said, instead",
    [
        (b"POST ", b"GET "),
        (b"POST ", b"POST  "),
        (b"/v1/events", b"/v1/offices"),
        (b"/v1/events", b"http://x/v1/events"),
        (b"sender=", b"sender=1&sender="),
        (b"HTTP/1.1", b"HTTP/1.0"),
        (b"Host: x\r\n", b""),
        (b"Host: x\r\n", b"Host: x\r\nHost: y\r\n"),
        (b"Host: x\r\n", b"Host: x\r\n y\r\n"),
        (b"Host: x\r\n", b"Host: x\n"),
        (b"Host: x", b"Host : x"),
        (b"Host: x", b"Host: \xe3\x81\x82"),
        (b"Host: x", b"Host: x\0"),
        (b"Host: x\r\n", b"Host: x\r\nTransfer-Encoding: chunked\r\n"),
        (b"Host: x\r\n", b"Host: x\r\nContent-Encoding: gzip\r\n"),
        (b"Host: x\r\n", b"Host: x\r\nExpect: 100-continue\r\n"),
        (b"Host: x\r\n", b"Host: x\r\nConnection: close\r\n"),
        (b"Host: x\r\n", b"Host: x\r\nUpgrade: websocket\r\n"),
        (b"Host: x\r\n", b"Host: x\r\nAccept: text/html\r\n"),
        (b"Host: x\r\n", b"Host: x\r\nX-Anything: else\r\n"),
        (b"Length: 10", b"Length: +10"),
        (b"Length: 10", b"Length: 9"),
        (b"Length: 10", b"Length: 1_0"),
        (b"Content-Length: 10\r\n", b""),
        (b"Content-Length: 10\r\n", b"Content-Length: 10\r\ncontent-length: 10\r\n"),
        (b"cloudevents+json", b"cloudevents-batch+json"),
        (b"cloudevents+json", b"cloudevents+json; charset=utf-16"),
        (b'{"id":"1"}', b'{"id":"1"}POST /v1/events HTTP/1.1'),
    ],
)
def test_what_is_not_beyond_doubt_is_left_to_the_usual_door(said: bytes, instead: bytes) -> None:
    assert said in CALL
    assert read(CALL.replace(said, instead, 1)) is None
