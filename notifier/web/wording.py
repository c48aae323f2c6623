"""Words of the pages: how states, occasions and numbers are named to a Japanese reader."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from notifier.clock import JAPAN
from notifier.domain import dates
from notifier.domain.expressions import DUE_SET
from notifier.domain.facts import Fact, Value
from notifier.domain.origins import OFFICE_MAIL, OFFICE_PAGE, user_of
from notifier.domain.roles import Deed, Role


@dataclass(frozen=True, slots=True)
class Chip:
    """A small label; `tone` (calm, strong, good, busy, warning, bad) picks its colours, not its meaning."""

    text: str
    tone: str = "calm"


STATES = {
    "open": Chip("対応中", "busy"),
    "settled": Chip("完了", "good"),
    "lapsed": Chip("期限切れ", "bad"),
    "waiting-for-date": Chip("期日待ち"),
    "waiting-for-fact": Chip("該当すれば対象"),
    "needs-clarification": Chip("確認中", "warning"),
    "withdrawn": Chip("取下げ"),
    "not-applicable": Chip("対象外"),
}
MODALITIES = {"required": Chip("必須", "strong"), "optional": Chip("任意"), "recommended": Chip("推奨")}
OCCASIONS = {
    "announcement": Chip("新しいお知らせ"),
    "change": Chip("変更", "warning"),
    "opening": Chip("受付開始", "good"),
    "reminder": Chip("期限前のお知らせ"),
    "last-call": Chip("期限当日", "warning"),
    "closing": Chip("期限後", "bad"),
    "acknowledgement": Chip("登録の確認", "good"),
    "prompt": Chip("依頼"),
    "question": Chip("確認のお願い", "warning"),
}
DELIVERIES = {
    "planned": Chip("送信待ち"),
    "claimed": Chip("送信中"),
    "sending": Chip("送信中"),
    "accepted": Chip("送信済み", "good"),
    "refused": Chip("受取拒否", "bad"),
    "failed": Chip("送信できず", "bad"),
    "unknown": Chip("結果を確認中", "warning"),
    "unreachable": Chip("宛先なし", "warning"),
    "cancelled": Chip("取消"),
}
CHANNELS = {"email": "メール", "webhook": "Webhook"}
ROLES = {
    Role.VIEWER: "閲覧者",
    Role.EDITOR: "担当者",
    Role.APPROVER: "承認者",
    Role.ADMINISTRATOR: "管理者",
    Role.AUDITOR: "監査担当者",
}
DEEDS = {
    Deed.READ: "閲覧",
    Deed.READ_CONTACTS: "連絡先の閲覧",
    Deed.READ_HISTORY: "監査記録の閲覧",
    Deed.EDIT: "登録・変更",
    Deed.APPROVE: "承認",
    Deed.ADMINISTER: "管理",
}
VALUES = {
    "paid": "有料での申請",
    "licence_until": "利用期限",
    "system": "システム",
    "partner": "連携先の事業所番号",
    "supplement": "上乗せ",
    "deadline": "期限",
    "reason": "理由",
    "pledged": "誓約",
    "tier": "区分",
    "software": "介護ソフト",
    "addition": "5事業所連携の加算",
    "fiscal_year": "年度",
    "certificate_until": "証明書の期限",
    "opens": "開始日",
    "closes": "締切日",
    "due": "期日",
    "date": "日付",
}

CHOICES = {
    "cpdl": "ケアプランデータ連携システム",
    "web-service": "介護保険資格確認等WEBサービス",
    "kanamic": "カナミック",
    "fujitsu-shikoku": "富士通四国インフォテック",
    "dendenmushi": "でんでん虫",
    "mamenet": "まめネット",
}
"""What can be chosen in the values of facts, as a reader wants it."""


def chip(names: Mapping[str, Chip], value: str) -> Chip:
    """Return the label of `value`; one that is not named is shown as it is."""
    return names.get(value) or Chip(value)


def number(value: int) -> str:
    """Write a number with commas."""
    return f"{value:,}"


def moment(instant: datetime) -> str:
    """Write an aware instant as Japan's clocks show it: 2026年3月6日（金）9:00."""
    local = instant.astimezone(JAPAN)
    return f"{western(local.date())} {local.hour}:{local.minute:02d}"


def western(day: date) -> str:
    """Write a civil date with its weekday: 2026年3月6日（金）."""
    return f"{day.year}年{day.month}月{day.day}日（{dates.weekday_ja(day)}）"


def full(day: date) -> str:
    """Write a civil date with era, western year and weekday: 令和8年（2026年）3月6日（金）."""
    return f"{years(day)}{day.month}月{day.day}日（{dates.weekday_ja(day)}）"


def years(day: date) -> str:
    """Write the year of a civil date in its era and in western numbers: 令和8年（2026年）."""
    return f"{dates.wareki(day).removesuffix(f'{day.month}月{day.day}日')}（{day.year}年）"


def days_left(day: date, today: date) -> str:
    """Say how far `day` lies from `today`."""
    left = (day - today).days
    if left == 0:
        return "本日"
    return f"あと{left:,}日" if left > 0 else f"{-left:,}日前に終了"


def values_of(fact: Fact) -> list[tuple[str, str]]:
    """Return the values of a fact with their names, as a reader wants them; which duty's day was set is said beside."""
    return [
        (VALUES.get(name, name), _value(value))
        for name, value in fact.values.items()
        if (fact.type, name) != (DUE_SET, "deadline")
    ]


def _value(value: Value) -> str:
    match value:
        case bool():
            return "あり" if value else "なし"
        case None:
            return "未登録"
        case date():
            return dates.day_label(value)
        case _:
            return str(value)


SHARED: dict[str, object] = {
    "number": number,
    "moment": moment,
    "western": western,
    "full": full,
    "years": years,
    "weekday": dates.weekday_ja,
    "day": dates.day_label,
}
"""What every template may call."""


def recorded_by(source: str, labels: Mapping[str, str]) -> str:
    """Return in Japanese who recorded what bears `source`; other systems stand for themselves. `labels` are the users'."""
    if source in {OFFICE_PAGE, OFFICE_MAIL}:
        return "事業所のページ" if source == OFFICE_PAGE else "メールの返信"
    found = user_of(source)
    if found is None:
        return source
    name, heard = found
    return labels.get(name, name) + ("（事業所から聞いて）" if heard else "")
