"""Messages as forms that describe themselves: what webhooks and the feed carry, for the description of the API."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Final

from pydantic import BaseModel, Field

from notifier.domain.messages import MessageType
from notifier.web.settings_words import MESSAGES


class Carried(BaseModel):
    """What a message carries. More may be added; receivers pass over what they do not know."""


class MessageSource(Carried, title="根拠"):
    """Where a paper says so."""

    notice: Annotated[str, Field(description="文書のid（GET /v1/notices/{id}）")]
    place: Annotated[str, Field(description="記載箇所")]


class MessageSituation(Carried, title="期日の以前の内容"):
    """How a deadline stood before."""

    opens: date | None
    earliest: date | None
    latest: date | None
    tentative: bool
    wording: str


class MessageDue(MessageSituation, title="期日"):
    """When something is due."""

    opens: Annotated[date | None, Field(description="受付の最初の日")]
    earliest: Annotated[
        date | None, Field(description="ありうる最初の日。latestと同じなら、日が決まっている。")
    ]
    latest: Annotated[
        date | None, Field(description="最後の日（その日を含む）。nullは、日が示されていない。")
    ]
    tentative: Annotated[bool, Field(description="「予定」の段階かどうか")]
    wording: Annotated[str, Field(description="人に見せる書き方。日でないものを日として見せないでください。")]
    target: Annotated[date | None, Field(description="安全な日。資料が食い違うときは早いほうの日。")]


class MessageDuty(Carried, title="期限の名前"):
    """Which duty it is about."""

    deadline: Annotated[str, Field(description="期限（GET /v1/deadlines/{family}/{duty}）")]
    occurrence: Annotated[int, Field(description="年度ごとなどの回。繰り返さないものは0。")]
    title: str


class ObligationMessage(MessageDuty, title="事業所の義務"):
    """What an office owes or may claim, as it stands now: earlier messages about the same are out of date."""

    modality: Annotated[str, Field(description="required（義務）、optional（任意）、recommended（推奨）")]
    state: Annotated[str, Field(description="義務の状態（GET /v1/obligationsのstateと同じ）")]
    due: MessageDue
    set_by: Annotated[
        str | None, Field(description="日を決めた自治体の団体コード。国の資料によるときはnull。")
    ]
    sources: list[MessageSource]
    settled_on: Annotated[date | None, Field(description="済ませた日（obligation.settledだけ）")] = None


class MessageChange(Carried, title="変更"):
    """What became of a deadline."""

    kind: Annotated[str, Field(description="変更の種類")]
    old: Annotated[MessageSituation | None, Field(description="これまで。新しく示されたときはnull。")]


class DeadlineMessage(ObligationMessage, title="期限の発表・変更・取下げ"):
    """What became of a deadline for all whom it concerns."""

    change: MessageChange
    varies: Annotated[bool, Field(description="事業所や自治体によって日が違うかどうか")]


class LetterMessage(MessageDuty, title="お知らせの結果"):
    """What became of a letter's item. Addresses are never told."""

    occasion: Annotated[str, Field(description="きっかけ（reminder、changeなど）")]
    rung: str | None
    due: MessageDue
    channel: str
    message: Annotated[str, Field(description="お知らせの変わらないid")]
    state: Annotated[str, Field(description="accepted、refused、failed、unreachable")]
    code: Annotated[int | None, Field(description="相手のメールサーバーの答え（SMTP）")]


class AcknowledgedMessage(MessageDuty, title="事業所からの届け出"):
    """What an office has let us know of a duty."""

    kind: Annotated[str, Field(description="done（済んだ）、not-applicable（当てはまらない）、seen（見た）")]
    by: Annotated[str, Field(description="page（画面）、mail（返信）")]
    facts: Annotated[list[str], Field(description="登録された事実の種類")]
    on: date | None


class EndpointMessage(Carried, title="送信先の状態"):
    """How an endpoint stands."""

    endpoint: int
    url: str
    description: str
    reason: str
    messages: Annotated[list[str] | None, Field(description="断念した通知のid（endpoint.exhaustedだけ）")] = (
        None
    )


class ChallengeMessage(Carried, title="所有の確認"):
    """The word that the endpoint has to repeat, alone or as `{"challenge": …}`."""

    endpoint: int
    challenge: Annotated[
        str, Field(description="この値だけを、またはJSONのchallengeとして、2xxの本文で返します。")
    ]


class PingMessage(Carried, title="試しの送信"):
    """Nothing but that somebody tries."""

    endpoint: int


DATA: Final[Mapping[MessageType, type[Carried]]] = {
    MessageType.DEADLINE_ANNOUNCED: DeadlineMessage,
    MessageType.DEADLINE_CHANGED: DeadlineMessage,
    MessageType.DEADLINE_WITHDRAWN: DeadlineMessage,
    MessageType.OBLIGATION_CREATED: ObligationMessage,
    MessageType.OBLIGATION_SETTLED: ObligationMessage,
    MessageType.OBLIGATION_OVERDUE: ObligationMessage,
    MessageType.REMINDER_SENT: LetterMessage,
    MessageType.DELIVERY_FAILED: LetterMessage,
    MessageType.DELIVERY_BOUNCED: LetterMessage,
    MessageType.OFFICE_ACKNOWLEDGED: AcknowledgedMessage,
    MessageType.ENDPOINT_FAILING: EndpointMessage,
    MessageType.ENDPOINT_RECOVERED: EndpointMessage,
    MessageType.ENDPOINT_EXHAUSTED: EndpointMessage,
    MessageType.ENDPOINT_DISABLED: EndpointMessage,
    MessageType.ENDPOINT_CHALLENGE: ChallengeMessage,
    MessageType.ENDPOINT_PING: PingMessage,
}
"""What the data of each type of message looks like."""
LABELS: Final = MESSAGES
"""What each type is called."""
ABOUT: Final = (
    "CloudEvents 1.0（JSON）を、Standard Webhooksのヘッダー（webhook-id、-timestamp、-signature）で署名して送ります。"
    "2xxで受け取りとみなし、ほかは約8日の間に24回まで送り直します（同じid）。410は送信先を止め、転送には従いません。"
    "同じ事業所・期限については順に届き、sequenceは文字として大きいほど新しいものです。フィードのitemsも同じ形です。"
)
