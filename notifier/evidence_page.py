"""The page of an evidence pack: what its files say, for people, in one file that fetches nothing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from html import escape
from typing import Any, Final

from notifier.clock import JAPAN
from notifier.domain.dates import day_label_with_western

Row = Mapping[str, Any]
_STYLE: Final = (
    "body{font-family:sans-serif;line-height:1.7;margin:2rem auto;max-width:64rem;padding:0 1rem;color:#1a1a1a}"
    "table{border-collapse:collapse;width:100%;margin:.5rem 0 2rem}"
    "th,td{border:1px solid #8a8a8a;padding:.3rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
    "caption{text-align:left;font-weight:bold}code{font-size:.85em}"
)
STATES: Final = {
    "waiting-for-fact": "登録待ち",
    "waiting-for-date": "期日待ち",
    "open": "受付中・未了",
    "settled": "済み",
    "lapsed": "期限切れ",
    "withdrawn": "取り下げ",
    "not-applicable": "対象外",
    "needs-clarification": "確認中",
}
OUTCOMES: Final = {
    "planned": "送信前",
    "sending": "送信中",
    "accepted": "相手のメールサーバーが受け取り",
    "refused": "相手が拒否",
    "unknown": "届いたか不明",
    "failed": "届かず",
    "unreachable": "宛先なし",
    "cancelled": "送る前に取りやめ",
}
OCCASIONS: Final = {
    "announcement": "お知らせ",
    "change": "変更",
    "opening": "受付開始",
    "reminder": "予告",
    "last-call": "当日",
    "closing": "締切後",
    "acknowledgement": "受付",
    "prompt": "ご案内",
    "question": "照会",
}
ROLES: Final = {"prevailing": "根拠", "against": "食い違い", "superseded": "以前", "remark": "補足"}


def page_of(
    about: Row,
    office: Row,
    facts: Sequence[Row],
    duties: Sequence[Row],
    sent: Sequence[Row],
    done: Sequence[Row],
) -> bytes:
    """Return the page, in Japanese and UTF-8."""
    title = f"証拠の一式　{office['number']} {office['name']}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        (
            f"<p>{_instant(about['made_at'])} 現在の記録を、{escape(about['made_by'])} が取り出したものです。"
            "一式が取り出したときのままかどうかは、<code>notifier verify ファイル名</code> で、"
            "通信も登録もせずに確かめられます。日付と時刻は日本のものです。</p>"
        ),
        _table(
            "事業所",
            ("項目", "内容"),
            [
                ("事業所番号", office["number"]),
                ("名称", office["name"]),
                ("法人", office["corporation"]),
                ("サービスの種類", "、".join(office["services"])),
                ("市町村", office["municipality"]),
                ("登録した日時", _instant(office["registered_at"])),
            ],
        ),
        _table(
            "届いている事実",
            ("日付", "内容", "値", "届いた日時", "知らせた者"),
            [
                (
                    _day(each["on"]),
                    each["label"],
                    _values(each["values"]),
                    _instant(each["recorded_at"]),
                    each["source"],
                )
                for each in facts
            ],
        ),
        _table("期限と根拠", ("期限", "状態", "期日", "根拠となる文書"), [_duty(each) for each in duties]),
        _table(
            "知らせたこと",
            ("日付", "種類", "期限", "宛先", "結果", "相手の応答", "メール"),
            [_said(each) for each in sent],
        ),
        _table(
            "操作の記録（前の行と照合値でつながっています）",
            ("番号", "日時", "だれが", "操作", "照合値"),
            [
                (each["id"], _instant(each["at"]), each["who"], each["action"], each["digest"])
                for each in done
            ],
        ),
    ]
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    return (
        f'<!doctype html><html lang="ja"><head>{head}</head><body>{"".join(parts)}</body></html>\n'.encode()
    )


def _duty(each: Row) -> tuple[object, ...]:
    state = STATES.get(each["state"], each["state"])
    settled = f"（{_day(each['settled_on'])}）" if each["settled_on"] else ""
    due = each.get("due") or {}
    sources = [
        f"{ROLES[one['role']]}: {one['title']} {one['number']}（{_day(one['issued'] or one['known_from'])}）{one['place']}"
        for one in each.get("sources", ())
    ]
    year = f" {each['occurrence']}年目" if each["occurrence"] else ""
    wording = due.get("wording", "") or each["reason"] or ""
    return f"{each['title']}{year}", f"{state}{settled}", wording, "\n".join(sources)


def _said(each: Row) -> tuple[object, ...]:
    answer = f"{each.get('code') or ''} {each.get('answer') or ''}".strip()
    outcome = OUTCOMES.get(each["state"], each["state"])
    occasion = OCCASIONS.get(each["occasion"], each["occasion"])
    title = each["content"].get("title", each["deadline"])
    return _day(each["on"]), occasion, title, each["recipient"], outcome, answer, each.get("file", "")


def _table(caption: str, names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    lines = ["<tr>" + "".join(f"<td>{_text(value)}</td>" for value in row) + "</tr>" for row in rows] or [
        f'<tr><td colspan="{len(names)}">ありません。</td></tr>'
    ]
    body = f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody>"
    return f"<table><caption>{escape(caption)}</caption>{body}</table>"


def _text(value: object) -> str:
    return escape("" if value is None else str(value)).replace("\n", "<br>")


def _values(values: Mapping[str, object]) -> str:
    return "、".join(f"{name}={value}" for name, value in values.items())


def _day(day: date | None) -> str:
    return "" if day is None else day_label_with_western(day)


def _instant(at: datetime | str) -> str:
    instant = datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{instant.astimezone(JAPAN):%Y-%m-%d %H:%M}"
