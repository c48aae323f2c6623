"""What somebody did, as a sentence: the rows of the audit for people who have to answer for them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from notifier.domain import dates
from notifier.domain.hours import Hours
from notifier.store.audit_records import AuditRecord
from notifier.web.wording import ROLES

FAMILIES: Final = {
    "sign-in": "ログイン",
    "user": "利用者",
    "key": "APIの鍵",
    "endpoint": "Webhook",
    "calendar": "カレンダー",
    "delivery": "お知らせの送り直し",
    "template": "文面",
    "letters": "お知らせの送信",
    "office": "事業所",
    "offices": "事業所の取り込み",
    "evidence": "記録の書き出し",
    "contact": "連絡先",
    "contacts": "連絡先の確認",
    "office-page": "事業所のページ",
    "note": "メモ",
    "enquiry": "問い合わせ",
    "declarations": "届け出",
    "authority": "自治体の設定",
    "notice": "通知",
    "event": "届いた出来事",
    "events": "出来事の登録",
    "source": "情報源",
    "messages": "Webhookの記録",
    "reply": "メールの返信",
    "mail": "届いたメール",
    "mails": "届いたメールの保存",
    "memos": "連絡メールの保存",
}
"""What a deed is about: the part of its action before the first dot."""

_SAID: Final = {
    "sign-in.admitted": "ログインしました",
    "sign-in.ended": "ログアウトしました",
    "sign-in.refused": "ログインできませんでした",
    "user.created": "{subject}を登録しました（役割：{role}）",
    "user.role-changed": "{subject}の役割を変えました",
    "user.password-reset": "{subject}のパスワードを作り直しました",
    "user.password-changed": "自分のパスワードを変えました",
    "user.disabled": "{subject}を無効にしました",
    "user.factor-set": "{subject}に2段階認証を求めるようにしました",
    "user.factor-dropped": "{subject}に2段階認証を求めないようにしました",
    "user.linked": "{subject}を組織アカウントにつなぎました",
    "user.unlinked": "{subject}と組織アカウントのつながりを外しました",
    "key.created": "APIの鍵を作りました（{label}）",
    "key.trusted": "{subject}の送り手の公開鍵を変えました",
    "key.revoked": "{subject}を取り消しました",
    "endpoint.added": "Webhookの送信先を加えました（{url}）",
    "endpoint.changed": "{subject}を変更しました",
    "endpoint.proved": "{subject}の所有を確認しました",
    "endpoint.enabled": "{subject}への送信を始めました",
    "endpoint.disabled": "{subject}への送信を止めました（{reason}）",
    "endpoint.rotated": "{subject}の署名の鍵を作り直しました",
    "endpoint.replayed": "{subject}へ{count}件を送り直しました",
    "endpoint.removed": "{subject}を取り除きました（{url}）",
    "calendar.created": "カレンダーを渡しました（{label}）",
    "calendar.renewed": "{subject}のアドレスを作り直しました",
    "calendar.revoked": "{subject}を取り消しました",
    "delivery.resent": "{subject}へのお知らせを送り直しました（{deadline}）",
    "template.saved": "文面の第{version}版を保存しました（{note}）",
    "template.activated": "文面の第{version}版を使い始めました",
    "template.retired": "文面の第{version}版を使うのをやめました",
    "template.failed": "文面の第{version}版に誤りがあったため、標準の文面に戻しました",
    "letters.recorded": "お知らせの結果を記録しました",
    "letters.freed": "途中で止まったお知らせ{count}通を、送信待ちに戻しました",
    "evidence.made": "{subject}の記録をまとめて書き出しました",
    "office.amended": "{subject}の登録内容を直しました",
    "office.closed": "{subject}を廃止として記録しました（{on}）",
    "office.suspended": "{subject}を休止として記録しました（{on}、{reason}）",
    "office.reopened": "{subject}を再開として記録しました（{reason}）",
    "office.designated": "{subject}のサービスを変えました（{reason}）",
    "office.designation-ended": "{subject}の指定の期間が終わりました（{services}）",
    "letters.halted": "続けて戻ってきたため、お知らせの送信を止めました（{answered}通のうち{refused}通）",
    "letters.released": "お知らせの送信を再開しました（{words}）",
    "office.exempted": "{subject}を期限「{deadline}」の対象外としました（{reason}）",
    "office.exemption-ended": "{subject}を期限「{deadline}」の対象に戻しました（{reason}）",
    "offices.enlisted": "事業所の一覧を取り込みました（追加{added}件、変更{changed}件）",
    "offices.enrolled": "事業所{count}件を登録しました",
    "offices.import.received": "取り込む一覧を受け付けました（{bytes}バイト）",
    "offices.import.confirmed": "確かめた一覧の取り込みを決めました",
    "office.declared": "{subject}について、事業所からの届け出を受けました",
    "office.undeclared": "{subject}について、事業所が届け出を取り消しました",
    "office.contacted": "{subject}に電話などで連絡しました",
    "office-page.sent": "{subject}に、事業所のページを送りました",
    "office-page.read-out": "{subject}に、ページの確認番号を電話などで伝えました",
    "office-page.code-refused": "{subject}のページの確認番号が違いました",
    "office-page.revoked": "{subject}の、これまでのページのアドレスを使えなくしました",
    "enquiry.answered": "{subject}の問い合わせに答えました",
    "note.written": "{subject}にメモを書きました",
    "note.withdrawn": "{subject}のメモを取り下げました",
    "declarations.filed": "届け出{count}件を登録しました",
    "offices.subscribed": "事業所{count}件にお知らせを送るようにしました",
    "offices.unsubscribed": "事業所{count}件にお知らせを送らないようにしました（{reason}）",
    "contact.entered": "{subject}の連絡先を登録しました",
    "contact.amended": "{subject}の連絡先を直しました",
    "contact.removed": "{subject}の連絡先を取り除きました",
    "contact.confirmed": "{subject}の連絡先が、受け取る本人に確かめられました",
    "contact.muted": "{subject}の連絡先へのメールを、受け取る本人が止めました",
    "contact.stopped": "{subject}の連絡先へのメールを、事業所の求めで止めました",
    "contact.bounced": "{subject}の連絡先にメールが届かないため、使わないようにしました",
    "reply.understood": "{subject}から、メールの返信を受け付けました",
    "reply.left-to-people": "{subject}からのメールの返信を、担当者に渡しました",
    "memos.forgotten": "連絡メール{count}通の控えを、保存期間が過ぎたため消しました",
    "mails.forgotten": "届いたメールの本文{count}件を、保存期間が過ぎたため消しました",
    "mail.laid-aside": "届いたメールを処理済みにしました",
    "contacts.lapsed": "確かめ直されなかった連絡先{count}件を、使わないようにしました",
    "authority.added": "{subject}を加えました",
    "authority.changed": "{subject}の設定を変えました",
    "authority.amended": "{subject}の設定を変えました",
    "notice.received": "通知を受け付けました（{title}）",
    "notice.read": "{subject}を読み取りました",
    "notice.reviewed": "{subject}の確認を終えました",
    "notice.accepted": "通知を登録しました（{title}）",
    "notice.approved": "{subject}を承認しました",
    "notice.rejected": "{subject}を採用しないことにしました（{reason}）",
    "notice.not-relevant": "{subject}を対象外にしました（{reason}）",
    "notice.revised": "{subject}の読み取り結果を直しました",
    "notice.reopened": "{subject}を確認し直すことにしました",
    "notice.withdrawal-begun": "{subject}の取り下げを始めました（{reason}）",
    "notice.withdrawn": "{subject}を取り下げました（{reason}）",
    "events.recorded": "事実を登録しました",
    "events.applied": "日の来た出来事{count}件を反映しました",
    "event.applied": "待たせていた出来事を反映しました",
    "event.claimed": "出来事の当てはまる事業所を確かめています",
    "event.deferred": "日が来るまで出来事を待たせました",
    "event.set-aside": "出来事を保留しました",
    "event.source-given": "出来事の送り元を、この送り手のものにしました（{sources}）",
    "event.tried-again": "保留していた出来事を、もう一度試しました",
    "source.added": "情報源を加えました（{url}）",
    "source.enabled": "{subject}の見張りを始めました",
    "source.disabled": "{subject}の見張りを止めました",
    "messages.forgotten": "保存期間を過ぎたWebhookの記録を消しました",
}
_OVER_PROVIDER: Final = {
    "sign-in.admitted": "組織アカウントでログインしました",
    "sign-in.refused": "組織アカウントでログインできませんでした（{reason}）",
}
"""What is said of those who come over a provider of identities."""
_UNSHOWN: Final = {
    "unknown": "つながっている利用者がいません",
    "disabled": "利用者が無効です",
    "factor": "二段階認証をしたことが分かりません",
    "declined": "本人が取り消したか、許可されませんでした",
    "unreachable": "認証サーバーに接続できません",
    "unproved": "認証サーバーの応答を確かめられません",
}
PROGRAM: Final = {
    "deliver": "送信の自動処理",
    "dispatch": "発送の自動処理",
    "settle": "後始末の自動処理",
    "sweep": "期限の見回り",
    "derive": "義務の計算",
    "ripen": "日の来た出来事の処理",
    "lapse": "指定の期間の処理",
    "forget": "保存期間の処理",
    "vouch": "連絡先の確認の自動処理",
    "notifier": "自動処理",
    "recipient": "受け取る本人",
    "nobody": "ログイン前の人",
    "watch": "情報源の見張り",
}
_KINDS: Final = {
    "office": "事業所 ",
    "user": "利用者 ",
    "key": "APIの鍵 ",
    "endpoint": "Webhookの送信先 ",
    "calendar": "カレンダー ",
    "authority": "",
    "notice": "通知 ",
    "source": "情報源 ",
    "import": "取り込み ",
    "template": "文面 ",
}
FIELDS: Final = {
    "role": "役割",
    "name": "名称",
    "kana": "かな",
    "corporation": "法人",
    "location": "所在地",
    "telephone": "電話",
    "fax": "FAX",
    "staff": "職員数",
    "address": "宛先",
    "topics": "知らせる分野",
    "text_only": "テキストだけ",
    "weekdays": "受信曜日",
    "hours": "受信時間帯",
    "active": "使う",
    "closed_days": "閉庁日",
    "roll": "休日に当たるとき",
    "stage": "段階",
}

_ROLES: Final = {role.value: name for role, name in ROLES.items()}


@dataclass(frozen=True, slots=True)
class Changed:
    """One value that was changed: its name, before and after."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Names:
    """How people and things are called: users by account, offices by number, authorities by code, keys by prefix."""

    users: Mapping[str, str]
    offices: Mapping[str, str]
    authorities: Mapping[str, str]
    keys: Mapping[str, str]


class _Kept(dict[str, str]):
    """The values of a detail; what is missing is left out."""

    def __missing__(self, key: str) -> str:
        return "記録なし"


def sentence_of(record: AuditRecord, names: Names) -> str:
    """Return what was done, without who did it; a deed without words is shown as it is kept."""
    said = _SAID.get(record.action)
    values = {name: _named(name, value) for name, value in record.detail.items()}
    if record.detail.get("by") == "oidc":
        said = _OVER_PROVIDER.get(record.action, said)
        values["reason"] = _UNSHOWN.get(values.get("reason", ""), "")
    if said is None:
        return f"{subject_of(record.subject, names)}：{record.action}"
    return said.format_map(_Kept(values | {"subject": subject_of(record.subject, names)})).replace("（）", "")


def who_did(record: AuditRecord, names: Names) -> str:
    """Return who did it: a person, a program's key, or the program itself."""
    kind, _, prefix = record.who.partition("/")
    if kind == "key":
        label = names.keys.get(prefix)
        return f"APIの鍵「{label}」" if label else f"APIの鍵 {prefix}"
    return names.users.get(record.who) or PROGRAM.get(record.who) or record.who


def subject_of(subject: str, names: Names) -> str:
    """Return what it was done to."""
    kind, _, name = subject.partition("/")
    if not name:
        return {"events": "出来事", "letters": "お知らせ", "offices": "事業所", "user": "利用者"}.get(
            subject, subject
        )
    known = {
        "office": names.offices,
        "user": names.users,
        "authority": names.authorities,
        "key": names.keys,
    }.get(kind, {})
    label = known.get(name)
    prefix = _KINDS.get(kind)
    if prefix is None:
        return subject
    return f"{label}（{name}）" if label else f"{prefix}{name}"


def changes_of(detail: Mapping[str, Any]) -> Sequence[Changed]:
    """Return what was before and after, value by value."""
    before, after = detail.get("before"), detail.get("after")
    if isinstance(after, str) or isinstance(before, str):
        return [Changed("段階", _value(before), _value(after))]
    if not isinstance(after, Mapping):
        return []
    old = before if isinstance(before, Mapping) else {}
    return [
        Changed(FIELDS.get(str(name), str(name)), _named(name, old.get(name)), _named(name, value))
        for name, value in after.items()
    ]


def _named(name: str, value: object) -> str:
    """Return a value of a detail, a user's role by its name, weekdays and hours as people say them."""
    match name, value:
        case "role", _:
            return _ROLES.get(str(value), _value(value))
        case "weekdays", list() if all(isinstance(each, int) for each in value):
            return Hours.of(value, "").wording or "毎日"
        case "hours", str() if re.fullmatch("[0-9]{2}-[0-9]{2}", value):
            return Hours.of((), value).wording
        case "hours", "":
            return "いつでも"
    return _value(value)


def _value(value: object) -> str:  # noqa: PLR0911 -- one line a kind of value, read as a table
    match value:
        case None | "" | [] | {}:
            return "なし"
        case bool():
            return "はい" if value else "いいえ"
        case list() | tuple():
            return "、".join(_value(each) for each in value[:10]) + ("ほか" if len(value) > 10 else "")
        case str() if len(value) == 10 and value[4:5] == "-":
            try:
                return dates.day_label(date.fromisoformat(value))
            except ValueError:
                return value
        case dict():
            return "、".join(f"{FIELDS.get(name, name)} {_value(each)}" for name, each in value.items())
        case _:
            return f"{value:,}" if isinstance(value, int) else str(value)
