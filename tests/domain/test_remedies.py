"""What it means that a receiver did not take a message, in words for whoever runs it."""

import pytest

from notifier.domain.remedies import SINCE, remedy, remedy_of


@pytest.mark.parametrize(
    "problem, word",
    [
        ("- 10.1.2.3 is not a public address", "NOTIFIER_WEBHOOK_NETWORKS"),
        ("- TimeoutError: no answer in time", "時間内に応答がありません"),
        ("- ClientConnectorDNSError: Cannot connect to host a.invalid:443", "ホスト名"),
        ("- ClientConnectorCertificateError: Cannot connect to host", "証明書"),
        ("- ClientConnectorError: Cannot connect to host 127.0.0.1:1", "動いているか"),
        ("200 the answer does not repeat the challenge", "data.challenge"),
        ("302 Found", "転送には従いません"),
        ("401 Unauthorized", "署名の鍵"),
        ("410 Gone", "410"),
        ("422 no", "断りました"),
        ("503 Service Unavailable", "受信側で問題"),
        (f"2026-11-01 09:00{SINCE}500 Internal Server Error", "受信側で問題"),
    ],
)
def test_what_a_receiver_answered_is_told_with_what_to_do(problem: str, word: str) -> None:
    assert word in remedy_of(problem)


def test_of_what_nobody_foresaw_nothing_is_said() -> None:
    assert remedy(None, "something else") == remedy(600, "") == ""
