"""What is sent and answered about the review of a notice and about its impact, as forms that describe themselves."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from notifier.domain.impacts import Impact
from notifier.domain.reviews import Objection, Verdict
from notifier.store.inbox import Arrived
from notifier.store.reviews import Candidate, Review
from notifier.web.api.fields import Body, Day, Instant, Query, Shown, Text

Line = Annotated[Text, Field(max_length=500)]
Table = Annotated[dict[str, Any], Field(description="カタログの書き方の表")]


class UploadQuery(Query):
    """What is known of the file; what is not named is read from it."""

    name: Annotated[
        Text, Field(max_length=200, description="ファイルの名前（拡張子で形式を見分けることがあります）")
    ] = "notice"
    title: Annotated[Line, Field(description="題名")] = ""
    issuer: Annotated[Line, Field(description="発出者")] = ""
    number: Annotated[Line, Field(description="文書番号")] = ""
    issued: Annotated[Day | None, Field(description="発出日")] = None
    notice: Annotated[
        str,
        Field(
            pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,99})?$",
            description="このファイルを待っている文書（ファイルなしで知らされたもの）のid。なければ新しい文書",
        ),
    ] = ""


class PreviewQuery(Query):
    """How far to look."""

    months: Annotated[int, Field(ge=0, le=12, description="何か月先までのリマインダーを見るか")] = 3
    samples: Annotated[int, Field(ge=0, le=10, description="見本の手紙の数")] = 3


class Identity(Body, title="文書の情報"):
    """What a notice is; what is not named stays."""

    title: Line | None = None
    issuer: Line | None = None
    number: Line | None = None
    issued: Day | None = None
    known_from: Annotated[Day | None, Field(description="この仕組みが使える最初の日")] = None
    rank: Literal["advertisement", "explanation", "local-material", "notice", "law"] | None = None


class Statement(Body, title="候補の記載"):
    """What a candidate says, in the catalogue's own form."""

    deadline: Annotated[Text, Field(max_length=200, description="期限のid（事業/すること）")]
    definition: Annotated[Table | None, Field(description="新しい期限だけ: その定義")] = None
    statement: Annotated[Table, Field(description="place、due、tentative、remark、known_fromなど")]

    @property
    def said(self) -> dict[str, Any]:
        """Return it as the desk takes it."""
        found: dict[str, Any] = {"deadline": self.deadline, "statement": self.statement}
        return found if self.definition is None else {**found, "definition": self.definition}


class Judgement(Body, title="候補の判断"):
    """What becomes of a candidate: what it is to say, which keeps it so, or else a verdict; neither changes nothing."""

    verdict: Annotated[
        Literal["open", "kept", "dropped"] | None, Field(description="未判断に戻す、採用する、除く")
    ] = None
    said: Annotated[Statement | None, Field(description="書き直した内容（そのまま採用になります）")] = None


class Turning(Body, title="却下"):
    """Why a notice is turned away."""

    reason: Annotated[Text, Field(min_length=1, max_length=1000, description="理由")]
    not_relevant: Annotated[bool, Field(description="正しい文書だが、ここの期限には関係しない")] = False


class Withdrawing(Body, title="取下げ"):
    """Why an approved notice is taken back."""

    reason: Annotated[
        Text, Field(min_length=1, max_length=1000, description="理由（知らせた相手が読みます）")
    ]


class Nothing(Body, title="中身のない本文"):
    """Nothing beside the deed itself: {}."""


class CandidateShown(Shown, title="候補"):
    """One candidate under its number, which it keeps."""

    number: int
    verdict: Annotated[str, Field(description="open、kept、changed、added、dropped")]
    deadline: str
    definition: Table | None
    statement: Table
    found: Annotated[Table, Field(description="機械が読み取ったもの。人が加えた候補では空")]
    changed_at: Instant
    changed_by: str


class ObjectionShown(Shown, title="直す点"):
    """Something that is wrong or doubtful: where, what, how to mend it, in Japanese."""

    place: str
    message: str
    mend: str
    number: Annotated[int | None, Field(description="候補の番号。文書そのものについてはnull")]
    is_error: Annotated[bool, Field(description="trueなら、直すまで確認を終えられません")]


class ReviewShown(Shown, title="文書の確認"):
    """A notice of the inbox under review."""

    notice: str
    stage: Annotated[
        str,
        Field(description="received、read、reviewed、approved、rejected、not-relevant、withdrawn"),
    ]
    reason: str
    moved_by: str
    moved_at: Instant
    identity: Table
    suggested: Annotated[Table, Field(description="機械が読み取った文書の情報と確かさ")]
    anomalies: list[dict[str, Any]]
    candidates: list[CandidateShown]
    objections: list[ObjectionShown]
    takes_back: Annotated[str, Field(description="取り下げる文書。ふつうは空")]
    offices: Annotated[int, Field(description="確認したときに知らせる事業所の数")]
    reviewed_by: str
    reviewed_at: Instant | None


class EffectShown(Shown, title="影響"):
    """What approving does to a deadline for some of its offices."""

    deadline: str
    title: str
    change: Annotated[str | None, Field(description="変更の種類。変わらないときはnull")]
    label: str
    old: str
    new: str
    offices: int
    open: int
    told: int
    no_address: int
    not_subscribed: int
    authorities: int


class LeavingShown(Shown, title="出る手紙"):
    """What leaves on a day."""

    on: date
    deadline: str
    occasion: str
    rung: str | None
    party: str
    letters: int
    no_address: int


class SampleShown(Shown, title="見本の手紙"):
    """A letter as it would leave."""

    on: date
    address: str
    subject: str
    text: str


class UnreachedShown(Shown, title="届かない事業所"):
    """An office that is concerned and not reached."""

    number: str
    name: str
    municipality: str
    why: Annotated[str, Field(description="no-address、not-subscribed")]


class ImpactShown(Shown, title="承認の影響"):
    """What approving would do. Nothing of it has happened."""

    on: date
    until: date
    offices: int
    letters: int
    no_address: int
    not_subscribed: int
    left: int
    audience: str
    effects: list[EffectShown]
    days: list[LeavingShown]
    samples: list[SampleShown]
    unreached: Annotated[list[UnreachedShown], Field(description="はじめの50件")]


def review_shown(arrived: Arrived, review: Review | None, objections: list[Objection]) -> ReviewShown:
    """Return a review as it is answered; of a notice that nobody has read, only where it stands."""
    return ReviewShown(
        notice=arrived.notice,
        stage=arrived.stage.value,
        reason=arrived.reason,
        moved_by=arrived.moved_by,
        moved_at=arrived.moved_at,
        identity=dict(review.identity) if review else {},
        suggested=dict(review.suggested) if review else {},
        anomalies=[dict(each) for each in review.anomalies] if review else [],
        candidates=[_candidate(each) for each in review.candidates] if review else [],
        objections=[ObjectionShown(**objection_fields(each)) for each in objections],
        takes_back=review.takes_back if review else "",
        offices=review.offices if review else 0,
        reviewed_by=review.reviewed_by if review else "",
        reviewed_at=review.reviewed_at if review else None,
    )


def objection_fields(each: Objection) -> dict[str, Any]:
    """Return an objection as JSON."""
    return {
        "place": each.place,
        "message": each.message,
        "mend": each.mend,
        "number": each.number,
        "is_error": each.is_error,
    }


def _candidate(each: Candidate) -> CandidateShown:
    found = {key: value for key, value in each.found.items() if key != "said"}
    definition = each.said.get("definition")
    return CandidateShown(
        number=each.number,
        verdict=each.verdict.value,
        deadline=str(each.said["deadline"]),
        definition=dict(definition) if definition is not None else None,
        statement=dict(each.said["statement"]),
        found=found,
        changed_at=each.changed_at,
        changed_by=each.changed_by,
    )


def impact_shown(impact: Impact) -> ImpactShown:
    """Return an impact as it is answered."""
    return ImpactShown(
        on=impact.on,
        until=impact.until,
        offices=impact.offices,
        letters=impact.letters,
        no_address=impact.no_address,
        not_subscribed=impact.not_subscribed,
        left=impact.left,
        audience=impact.audience,
        effects=[
            EffectShown(
                deadline=each.deadline,
                title=each.title,
                change=each.kind.value if each.kind is not None else None,
                label=each.label,
                old=each.old,
                new=each.new,
                offices=each.offices,
                open=each.open,
                told=each.told,
                no_address=each.no_address,
                not_subscribed=each.not_subscribed,
                authorities=each.authorities,
            )
            for each in impact.effects
        ],
        days=[
            LeavingShown(
                on=each.on,
                deadline=each.deadline,
                occasion=each.occasion.value,
                rung=each.rung,
                party=each.party.value,
                letters=each.letters,
                no_address=each.no_address,
            )
            for each in impact.days
        ],
        samples=[
            SampleShown(on=each.on, address=each.address, subject=each.subject, text=each.text)
            for each in impact.samples
        ],
        unreached=[
            UnreachedShown(number=each.number, name=each.name, municipality=each.municipality, why=each.why)
            for each in impact.unreached
        ],
    )


VERDICTS = {"open": Verdict.OPEN, "kept": Verdict.KEPT, "dropped": Verdict.DROPPED}
