"""Objecting: what the catalogue's reader and its check find wrong, told in Japanese to whoever reviews a notice."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from notifier.catalogue.findings import Finding

KEYS: Final[Mapping[str, str]] = {
    "action": "すること",
    "after": "起点",
    "authority": "自治体",
    "before": "起点",
    "beside": "併記",
    "by": "期限の日",
    "closed": "閉庁日",
    "concerns": "対象",
    "confirms": "確定",
    "day": "日",
    "deadline": "期限",
    "due": "期日",
    "effect": "変更の種類",
    "event": "出来事",
    "events": "出来事",
    "fiscal_year": "年度",
    "half": "上期・下期",
    "id": "id",
    "known_from": "使い始める日",
    "ladder": "知らせる日の並び",
    "modality": "義務の強さ",
    "month": "月",
    "months": "月",
    "opens": "受付開始日",
    "parties": "知らせる相手",
    "part": "旬",
    "period": "期間",
    "place": "記載箇所",
    "remark": "補足",
    "retracts": "取り消す記載",
    "set_by": "期日を決める者",
    "settled_by": "完了とみなす出来事",
    "short": "短い題名",
    "silence": "しなかったとき",
    "silent": "知らせない",
    "target": "目安の日",
    "tentative": "予定",
    "title": "題名",
    "unknown": "決まっていない点",
    "where": "提出先",
    "withdraws": "取下げ",
    "years": "年数",
}

_SAID: Final[tuple[tuple[re.Pattern[str], str, str], ...]] = tuple(
    (re.compile(pattern), message, mend)
    for pattern, message, mend in (
        (r"must be a text", "空か、文字ではありません。", "文字で書いてください。"),
        (r"must be a whole number", "整数ではありません。", "数字だけで書いてください。"),
        (r"must be true or false", "はい・いいえではありません。", "true か false にしてください。"),
        (r"is missing; write a date", "書かれていません。", "2026-03-13 のように日付を書いてください。"),
        (r"must be a date", "日付として読めません。", "2026-03-13 のように、実在する日を書いてください。"),
        (r"must be a list", "一覧の形ではありません。", '["…", "…"] のように書いてください。'),
        (r"a month is written", "月として読めません。", "2026-03 のように書いてください。"),
        (r"has none of the known forms", "期日の書き方が分かりません。", '例: {"by": "2026-07-31"}'),
        (
            r"must be written family/duty",
            "期限のidの形ではありません。",
            "「事業/すること」の形で書いてください。",
        ),
    )
)
_KEY: Final = re.compile(r"`(\w+)`")
_CHOICE: Final = re.compile(r"must be one of (\[.*?\]|.*?)(?:; found|$)")
_UNKNOWN_KEYS: Final = re.compile(r"unknown keys (\[.*?\]); known are (\[.*\])")


def in_japanese(fault: str) -> tuple[str, str, str]:
    """Return where, what and how to mend it, from what the catalogue's reader says; "" if it does not say where."""
    unknown = _UNKNOWN_KEYS.search(fault)
    if unknown is not None:
        known = unknown[2].strip("[]").replace("'", "")
        return "", f"{unknown[1].strip('[]')} という項目はありません。", f"使えるのは {known} です。"
    key = _KEY.search(fault)
    place = f"{KEYS.get(key[1], key[1])}（{key[1]}）" if key is not None else ""
    choice = _CHOICE.search(fault)
    if choice is not None:
        return place, "決められた値ではありません。", f"次のどれかにしてください: {choice[1].strip('[]')}"
    for pattern, message, mend in _SAID:
        if pattern.search(fault):
            return place, message, mend
    return place, f"書き方が決まりと合いません（{fault}）。", "catalogue の書き方に合わせてください。"


_NOUNS: Final = {
    "fact": "事業所の出来事の種類",
    "value": "出来事の値",
    "event": "自治体・国の出来事の種類",
    "ladder": "知らせる日の並び",
    "service": "サービス種類コード",
    "authority": "自治体",
    "deadline": "期限",
    "notice": "文書",
}
_QUOTED: Final = re.compile(r"'([^']*)'")


def _named(finding: Finding) -> str:
    found = _QUOTED.search(finding.message)
    return found[1] if found is not None else finding.message


_FINDINGS: Final[Mapping[str, Callable[[Finding], tuple[str, str]]]] = {
    "due-before-issue": lambda _: (
        "期日が、文書の発出日より前に終わっています。",
        "年を確かめてください。文書にそのとおり書かれているなら unclear（確認中）として、質問を添えてください。",
    ),
    "long-short": lambda _: ("短い題名が長すぎます。", "8文字以内にしてください（件名に入ります）。"),
    "missing-place": lambda _: ("記載箇所がありません。", "ページや見出しを書いてください。"),
    "missing-citation": lambda _: ("この期限について述べた記載がありません。", "記載を加えてください。"),
    "silent-ladder": lambda _: (
        "この期日では、知らせる日の並びが1度も知らせません。",
        "ladder を期日に合うものにするか、none にしてください。",
    ),
    "undecided-contradiction": lambda _: (
        "ほかの文書の記載と食い違い、どちらが正しいか決まっていません。",
        "承認すると、決まるまで早い方の日で知らせ、運用担当者に質問が届きます。",
    ),
    "unset-authority-date": lambda _: (
        "期日は、自治体が決めて知らせるまで分かりません。",
        "関係する自治体に日を確かめてください。",
    ),
}


def of_finding(finding: Finding) -> tuple[str, str]:
    """Return in Japanese what a finding of the check says, and how to mend it."""
    worded = _FINDINGS.get(finding.id)
    if worded is not None:
        return worded(finding)
    noun = _NOUNS.get(finding.id.removeprefix("unknown-"))
    if noun is not None:
        return f"{noun}「{_named(finding)}」はありません。", "登録済みのものを書いてください。"
    return finding.message, finding.mend
