"""Why a letter was sent or not, and what to do about it, in words for municipal staff.

Codes of relays are read as RFC 3463 defines them: what stands behind the second dot, in the first answer that names one.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from notifier.store.claims import MAY_HAVE_ARRIVED
from notifier.web.wording import moment

CARRIERS: Final = (
    "docomo.ne.jp",
    "au.com",
    "ezweb.ne.jp",
    "softbank.ne.jp",
    "i.softbank.jp",
    "ymobile.ne.jp",
    "uqmobile.jp",
)
"""Carriers of mobile telephones: their users' filters answer as if there were no such address."""
_STATUS = re.compile(r"(?<![\d.])[245]\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_TEMPLATE = "the template "


@dataclass(frozen=True, slots=True)
class Standing:
    """How a letter stands: one sentence that says it, why, and what to do ("" where there is nothing to do).

    `tone` is that of its chip: good, calm, warning or bad.
    """

    said: str
    why: str = ""
    advice: str = ""
    tone: str = "calm"


@dataclass(frozen=True, slots=True)
class Course:
    """What is known of a letter on its way; instants are aware. `is_current` tells that what it says still holds."""

    state: str
    recipient: str
    due_at: datetime
    attempts: int = 0
    next_try_at: datetime | None = None
    finished_at: datetime | None = None
    code: int | None = None
    answer: str = ""
    is_current: bool = True
    is_office: bool = True


def standing_of(course: Course, now: datetime) -> Standing:  # noqa: PLR0911 -- one line a state, read as a table
    """Return how a letter stands at `now`."""
    match course.state:
        case "accepted":
            return Standing(
                "相手のメールサーバーが受け取りました。",
                "受信箱に入ったことと、読まれたことまでは分かりません。",
                tone="good",
            )
        case "planned":
            return _planned(course, now)
        case "claimed" | "sending":
            return Standing("いま送っています。", "1、2分後にもう一度開くと、結果を確かめられます。")
        case "unknown":
            return _unknown(course)
        case "refused":
            why, advice = _refused(course)
            return Standing("相手のメールサーバーに断られ、届いていません。", why, advice, "bad")
        case "failed":
            return _failed(course)
        case "unreachable":
            return _unreachable(course)
        case "cancelled":
            return _cancelled(course)
    return Standing(f"状態は「{course.state}」です。")


def _planned(course: Course, now: datetime) -> Standing:
    if not course.is_current:
        return Standing(
            "まだ送っていません。送る前に内容が変わったため、送らずに取り消します。",
            "新しい内容は、別のお知らせとして送ります。",
        )
    at = course.next_try_at or course.due_at
    when = f"{moment(at)}に送ります。" if at > now else "まもなく送ります。"
    if course.attempts:
        answer = f"相手の返事は「{course.answer}」でした。" if course.answer else "つながりませんでした。"
        return Standing(
            f"{course.attempts}回送ろうとしましたが、まだ受け取られていません。{when}",
            f"{answer}一時的なものとみて、間をあけて最長72時間くり返します。",
            tone="warning",
        )
    return Standing(
        f"まだ送っていません。{when}",
        "送る時刻は、自治体の開庁日の朝にまとめています。宛先に受け取る曜日・時間帯があれば、それに合わせます。",
    )


def _unknown(course: Course) -> Standing:
    at = course.next_try_at
    return Standing(
        "届いたかどうか、まだ分かりません。",
        "本文を送り終えたところで接続が切れ、受け取ったという返事がありませんでした。",
        f"{moment(at) if at else 'まもなく'}に、同じメールとして一度だけ送り直します。操作は要りません。",
        "warning",
    )


def _refused(course: Course) -> tuple[str, str]:  # noqa: PLR0911 -- one answer a code, read as a table
    """Return why a relay refused, as far as its answer tells, and what to do."""
    code = status_of(course.answer)
    domain = course.recipient.rpartition("@")[2].lower()
    if domain in CARRIERS and (code is None or code in {(1, 1), (2, 0), (2, 1), (7, 1)}):
        return (
            "携帯電話のアドレスです。受信の設定（ドメイン指定など）で止められたときも、アドレスがないときと同じ返事が来ます。",
            "事業所に電話などで、受信の設定とアドレスを確かめてください。設定を直したあと、送り直せます。",
        )
    match code:
        case (1, 1 | 6 | 10) | (2, 1):
            return (
                "宛先のアドレスがないか、使われなくなっています。",
                "事業所に正しいアドレスを確かめ、連絡先を直してください。直したあと、新しい宛先に送られます。",
            )
        case (1, 2 | 3):
            return (
                "アドレスの@より後ろ（ドメイン）が間違っているようです。",
                "打ち間違いがないか確かめ、連絡先を直してください。",
            )
        case (2, 2):
            return (
                "相手の受信箱がいっぱいです。",
                "事業所に知らせ、空けてもらったあとに送り直してください。",
            )
        case (2 | 3, 3 | 4):
            return (
                "メールが大きすぎると判断されました。",
                "事業所のページのアドレスを電話などで伝えるか、印刷して送ってください。",
            )
        case (7, _):
            return (
                "相手側の迷惑メール対策や受信の決まりで止められました。",
                "事業所に、このサービスの差出人アドレスを受信できるように設定してもらってください。多くの宛先で同じことが起きるときは、運用担当者に知らせてください。",
            )
    return (
        "理由は、相手のメールサーバーの返事（下の「相手の返事」）のとおりです。",
        "返事の意味が分からないときは、事業所にアドレスを確かめるか、運用担当者に知らせてください。",
    )


def _failed(course: Course) -> Standing:
    said = "送ることができませんでした。"
    if course.answer == MAY_HAVE_ARRIVED:
        return Standing(
            "届いたかどうか分からないまま、終わりました。",
            "接続が切れたあとに内容が変わったため、古い内容を送り直しませんでした。",
            "新しい内容は別に送っています。気になるときは、事業所に届いたかを確かめてください。",
            "warning",
        )
    if course.answer.startswith(_TEMPLATE) or "the letter to " in course.answer:
        return Standing(
            said,
            "文面のひな形に誤りがあり、メールを作れませんでした。",
            "「文面」の画面でひな形を確かめてください。そこで直せないときは、運用担当者に知らせてください。",
            "bad",
        )
    if course.code is None and course.attempts <= 2:
        return Standing(
            "届いたかどうか分からないまま、終わりました。",
            "二度送りましたが、二度とも、受け取ったという返事の前に接続が切れました。",
            "事業所に届いたかを確かめてください。届いていなければ送り直せます。",
            "warning",
        )
    return Standing(
        said,
        "一時的に受け取れないという返事が続き、72時間たっても受け取られませんでした。",
        "事業所に別の連絡先がないか確かめてください。相手が回復していれば、送り直せます。",
        "bad",
    )


def _unreachable(course: Course) -> Standing:
    if not course.is_office:
        return Standing(
            "宛先がないため、送っていません。",
            "この自治体の通知用アドレスが登録されていません。",
            "設定の「自治体の設定」で登録してください。",
            "warning",
        )
    return Standing(
        "宛先がないため、送っていません。",
        "お知らせの時点で、この事業所には使えるメールアドレスがありませんでした。",
        "電話やFAXで知らせ、アドレスを確かめて登録してください。事業所の画面に電話番号があります。",
        "warning",
    )


def _cancelled(course: Course) -> Standing:
    if not course.is_current:
        return Standing(
            "送る前に取り消しました。",
            "通知や日付が変わり、この内容は当てはまらなくなりました。新しい内容は別に送っています。",
        )
    return Standing(
        "送る前に取り消しました。",
        "送るまでの間に、完了が登録されたか、対象から外れたか、同じ期限の次のお知らせに代わったためです。",
    )


def status_of(answer: str) -> tuple[int, int] | None:
    """Return subject and detail of the enhanced status code (RFC 3463) in a relay's answer, or None."""
    found = _STATUS.search(answer)
    return (int(found[1]), int(found[2])) if found else None
