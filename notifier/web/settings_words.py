"""Words of the settings pages: what messages, scopes and calendars are called, and what is wrong with a form."""

from collections.abc import Mapping
from typing import Final

from notifier.domain.messages import MessageType
from notifier.errors import RefusedFieldError
from notifier.web.forms import Form
from notifier.web.wording import Chip

MESSAGES: Final[Mapping[str, str]] = {
    MessageType.DEADLINE_ANNOUNCED: "期限が新しく示された",
    MessageType.DEADLINE_CHANGED: "期限が変わった",
    MessageType.DEADLINE_WITHDRAWN: "期限が取り下げられた",
    MessageType.OBLIGATION_CREATED: "事業所が対象になった（自分の日が動いたときも）",
    MessageType.OBLIGATION_SETTLED: "事業所が済ませた",
    MessageType.OBLIGATION_OVERDUE: "事業所が期限を過ぎた",
    MessageType.REMINDER_SENT: "お知らせを送った",
    MessageType.DELIVERY_FAILED: "お知らせを送れなかった",
    MessageType.DELIVERY_BOUNCED: "お知らせが戻ってきた",
    MessageType.OFFICE_ACKNOWLEDGED: "事業所が受け取りを伝えた",
    MessageType.ENDPOINT_FAILING: "Webhookが届かなくなった",
    MessageType.ENDPOINT_RECOVERED: "Webhookが届くようになった",
    MessageType.ENDPOINT_EXHAUSTED: "Webhookで届けるのをあきらめたものがある",
    MessageType.ENDPOINT_DISABLED: "Webhookの送信が止まった",
    MessageType.ENDPOINT_CHALLENGE: "所有の確認",
    MessageType.ENDPOINT_PING: "試しの送信",
}
ENDPOINTS: Final = {
    "unproved": Chip("所有の確認待ち", "warning"),
    "enabled": Chip("送信中", "good"),
    "disabled": Chip("停止中", "bad"),
}
TRIES: Final = {
    "accepted": Chip("受け取られた", "good"),
    "refused": Chip("断られた", "bad"),
    "deferred": Chip("あとで送る", "warning"),
    "unknown": Chip("結果不明", "warning"),
    "gone": Chip("終了した", "bad"),
}
ENDPOINT_FIELDS: Final = {
    "url": "アドレスは https:// で始め、利用者名・パスワード・#を含めないでください。",
    "types": "知らせる種類に、知られていないものがあります。一覧から選んでください。",
    "deadlines": "期限に、知られていないものがあります。一覧から選んでください。",
    "offices": "事業所番号は10桁の数字か大文字で、1行に1つずつ入力してください。",
    "in_flight": "同時に送る件数は1から32までの数字で入力してください。",
    "owner": "メールアドレスは tanto@example.jp の形で入力してください。",
}
SCOPES: Final = {
    "approvals:write": ("変更の承認", "通知による変更を承認する"),
    "audit:read": ("監査記録を読む", "だれが何をしたかの記録を読む"),
    "authorities:read": ("自治体を読む", "自治体の一覧、設定、集計を読む"),
    "authorities:write": ("自治体の設定を変える", "閉庁日や繰り上げ方などを変える"),
    "calendars:read": ("カレンダーを読む", "渡したカレンダーの一覧を読む"),
    "calendars:write": ("カレンダーを渡す", "カレンダーのアドレスを渡し、取り消す"),
    "deadlines:read": ("期限を読む", "期限と根拠を読む"),
    "deliveries:read": ("お知らせを読む", "送ったお知らせと結果を読む"),
    "deliveries:write": ("お知らせを送り直す", "同じ内容を同じ宛先に送り直す"),
    "endpoints:read": ("Webhookを読む", "送信先と結果を読む"),
    "endpoints:write": ("Webhookを変える", "送信先を加え、変え、止める"),
    "events:read": ("届いた出来事を読む", "送った出来事がどう扱われたかを読む"),
    "events:write": ("出来事を送る", "申請の完了などを知らせる"),
    "feed:read": ("更新の一覧を読む", "Webhookを受けられない側から、出来事を順に読む"),
    "notices:read": ("通知を読む", "受け付けた通知と読み取り結果を読む"),
    "notices:write": ("通知を登録する", "通知を登録し、候補を直す"),
    "obligations:read": ("義務を読む", "事業所ごとの義務と理由を読む"),
    "offices:read": ("事業所を読む", "事業所と連絡先を読む"),
    "offices:write": ("事業所を変える", "事業所を取り込み、連絡先や配信を変える"),
}
"""What a key may be good for: its name and what it lets do."""
CALENDARS: Final = {"office": "事業所", "contact": "宛先（そこへ届くすべての事業所）", "authority": "自治体"}


def refuse(form: Form, fault: RefusedFieldError, words: Mapping[str, str]) -> None:
    """Note in `form` what is wrong, in Japanese beside its field; what has no words stands above the form as it is."""
    about = fault.about if fault.about in words else ""
    form.wrong(about, words.get(fault.about, str(fault)))
