"""What is sent and answered about endpoints, as forms that check and describe themselves."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from notifier.switchboard import MOST_IN_FLIGHT
from notifier.web.api.fields import Body, Inside, Instant, OfficeNumber, Page, RowNumber, Shown, Text

Url = Annotated[Text, Field(min_length=1, max_length=2000, description="受け取る側のアドレス（https）")]
TypeName = Annotated[str, Field(max_length=60, pattern=r"^[a-z.]+$")]
DeadlineName = Annotated[str, Field(max_length=200, pattern=r"^[a-z0-9][a-z0-9./-]*$")]
Types = Annotated[list[TypeName], Field(max_length=50, description="知らせる種類。空ならすべて")]
Offices = Annotated[list[OfficeNumber], Field(max_length=5000, description="事業所。空ならすべて")]
Deadlines = Annotated[list[DeadlineName], Field(max_length=500, description="期限または分野。空ならすべて")]
Note = Annotated[Text, Field(max_length=200)]
Owner = Annotated[str, Field(max_length=254, description="届かないときに知らせる宛先")]
InFlight = Annotated[int, Field(ge=1, le=MOST_IN_FLIGHT, description="同時に送る件数の上限")]


class EndpointPath(Inside):
    """Which endpoint."""

    id: RowNumber


class Endpoint(Shown, title="送信先"):
    """An endpoint as it stands. Its secret is not kept and cannot be read."""

    id: int
    url: str
    state: Annotated[Literal["unproved", "enabled", "disabled"], Field(description="確認待ち・有効・停止")]
    reason: Annotated[str, Field(description="停止の理由")]
    types: list[str]
    offices: list[str]
    deadlines: list[str]
    description: str
    owner: str
    in_flight: int
    failures: Annotated[int, Field(description="続けて失敗した回数")]
    resting_until: Annotated[Instant | None, Field(description="この時刻まで送信を休む")]
    created: Instant
    proved: Instant | None


class Endpoints(Page[Endpoint], title="送信先の一覧"):
    """Endpoints, oldest first."""


class NewEndpoint(Body, title="新しい送信先"):
    """An endpoint to be added."""

    url: Url
    types: Types = Field(default_factory=list)
    offices: Offices = Field(default_factory=list)
    deadlines: Deadlines = Field(default_factory=list)
    description: Note = ""
    owner: Owner = ""
    in_flight: InFlight = 4


class EndpointChange(Body, title="送信先の変更"):
    """What is to be changed; what is left out stays. A new address must answer its challenge anew."""

    url: Url = "-"
    types: Types = Field(default_factory=list)
    offices: Offices = Field(default_factory=list)
    deadlines: Deadlines = Field(default_factory=list)
    description: Note = ""
    owner: Owner = ""
    in_flight: InFlight = 4


class Rotation(Body, title="鍵の作り直し"):
    """How long the old secret signs beside the new one."""

    overlap_hours: Annotated[int, Field(ge=0, le=720)] = 24


class Secret(Shown, title="送信先の鍵"):
    """The secret, shown this once."""

    secret: Annotated[str, Field(description="whsec_で始まる鍵。この1回だけ示します。")]


class Enabling(Body, title="送信の再開"):
    """Whether of what was kept only the latest about each office and deadline is sent."""

    latest_only: bool = False


class Disabling(Body, title="送信の停止"):
    """Why."""

    reason: Note = ""


class Answered(Shown, title="受信側の応答"):
    """What the endpoint answered."""

    accepted: bool
    code: Annotated[int | None, Field(description="HTTPの状態コード。応答がなければnull")]
    answer: Annotated[str, Field(description="応答の先頭")]


class Replaying(Body, title="再送"):
    """From when on; `dry_run` only says how many messages that is."""

    since: Annotated[AwareDatetime, Field(strict=False)]
    dry_run: bool = False


class Replayed(Shown, title="再送の件数"):
    """How many messages are sent again."""

    count: int


class Try(Shown, title="送信の試み"):
    """One try."""

    at: Instant
    milliseconds: int
    code: int | None
    result: str
    answer: Annotated[str, Field(description="応答のはじめ。応答がなければ、その理由。")]
    detail: Annotated[str, Field(description="受け取られなかったとき、どういうことか、何をすればよいか")]


class Given(Shown, title="断念した通知"):
    """A message that was given up."""

    type: str
    subject: str
    deadline: str
    tries: int
    at: Instant
    reason: str


class Standing(Shown, title="送信先の状況"):
    """How an endpoint stands: what waits, the last tries, what was given up and why."""

    endpoint: Endpoint
    waiting: Annotated[int, Field(description="送信待ちの件数")]
    dead: Annotated[int, Field(description="断念した件数")]
    tries: list[Try]
    given_up: list[Given]
