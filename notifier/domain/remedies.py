"""Remedies: what it means that a receiver did not take a message, and what whoever runs it can do, in Japanese."""

import re
from collections.abc import Sequence
from typing import Final

_TEXTS: Final[Sequence[tuple[str, str]]] = (
    (
        "is not a public address",
        "公開されていない場所（組織の内部など）を指すため、つなぎません。庁内へ送るには、運用担当者が範囲をNOTIFIER_WEBHOOK_NETWORKSに加えます。",
    ),
    ("not a usable address", "使えないアドレスです。httpsで始まるアドレスにしてください。"),
    (
        "does not repeat the challenge",
        "応答はありましたが、data.challengeの値をそのまま返していません。その値だけを本文にして返してください。",
    ),
    ("TimeoutError", "時間内に応答がありませんでした。受け取ったらすぐに応答し、処理は後で行ってください。"),
    ("DNSError", "宛先の名前（ホスト名）が見つかりません。書き誤りか、公開のDNSにない名前です。"),
    ("Certificate", "TLSの証明書を確かめられません。期限、名前、中間証明書を確かめてください。"),
    ("SSL", "TLSでつながりません。受信側の証明書と暗号の設定を確かめてください。"),
    ("Disconnected", "応答の途中で切れました。受信側の記録を確かめてください。"),
    ("Connect", "つながりません。受信側が動いているか、通信が遮られていないかを確かめてください。"),
)
_CODES: Final[Sequence[tuple[range, str]]] = (
    (range(300, 400), "別のアドレスへの転送には従いません。転送先のアドレスを登録してください。"),
    (
        range(401, 402),
        "受信側が断りました。署名の鍵が合っているか、ほかの認証を求めていないかを確かめてください。",
    ),
    (range(403, 404), "受信側が断りました。署名の鍵や、通信元の制限を確かめてください。"),
    (range(404, 406), "そのアドレスに受け口がありません。アドレスと、POSTを受けることを確かめてください。"),
    (range(410, 411), "受信側が、もう送らないよう求めています（410）。"),
    (range(413, 414), "受信側が受け取れる大きさを超えています。上限を広げてください。"),
    (range(429, 430), "受信側が、間隔をあけるよう求めています。間をあけて送り直します。"),
    (range(400, 500), "受信側が断りました。受信側の記録を確かめてください。"),
    (range(500, 600), "受信側で問題が起きています。受信側の記録を確かめてください。"),
)
SINCE: Final = "から一度も届いていません: "
_CODE: Final = re.compile(r"([1-5][0-9]{2})\b")


def remedy(code: int | None, text: str) -> str:
    """Return what an answer with the status `code` means (None: none came, `text` tells why); "" if unknown."""
    if code is None or code < 300:
        return next((words for mark, words in _TEXTS if mark in text), "")
    return next((words for codes, words in _CODES if code in codes), "")


def remedy_of(problem: str) -> str:
    """Return the same of a problem as it is kept: the status or "-", then the text; before it, maybe, since when."""
    last = problem.rpartition(SINCE)[2]
    found = _CODE.match(last)
    return remedy(int(found[1]) if found else None, last)
