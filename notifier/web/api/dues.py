"""Dues: what the law says about a deadline, in the shape in which calls answer it."""

from datetime import date
from typing import Annotated

from pydantic import Field

from notifier.domain.deadlines import Due, Known, due_of
from notifier.domain.law import Deadline
from notifier.domain.obligations import Decision
from notifier.domain.statements import Statement
from notifier.web.api.fields import Shown


class DueShown(Shown, title="期日"):
    """When something is due."""

    wording: Annotated[str, Field(description="書き方（和暦と西暦、予定の別）")]
    shape: Annotated[
        str, Field(description="day、window、fiscal-year、part、months、event、unset、unknownなど")
    ]
    opens: Annotated[date | None, Field(description="できるようになる日")]
    earliest: Annotated[date | None, Field(description="終わりが来うる最初の日")]
    latest: Annotated[date | None, Field(description="終わりが来うる最後の日")]
    target: Annotated[date | None, Field(description="余裕をみた目安の日")]
    counts_down_to: Annotated[date | None, Field(description="残り日数を数える日。日が決まらなければnull。")]
    tentative: Annotated[bool, Field(description="予定かどうか")]


class SourceShown(Shown, title="出典"):
    """Where it stands."""

    notice: str
    title: str
    issuer: str
    number: str
    issued: date | None
    rank: Annotated[str, Field(description="文書の格（通知、説明資料など）")]
    place: str


class StatementShown(Shown, title="文書が述べたこと"):
    """What one place in one notice says about one deadline."""

    id: str
    source: SourceShown
    known_from: Annotated[date, Field(description="この仕組みが知った日")]
    authority: Annotated[str, Field(description="どの自治体の層か。空は全国。")]
    fiscal_year: Annotated[int | None, Field(description="その年度だけの例外のとき、その年度")]
    due: Annotated[str | None, Field(description="述べている期日。期日に触れていなければnull。")]
    tentative: bool
    confirms: bool
    withdraws: bool
    remark: str
    unknown: Annotated[list[str], Field(description="わかっていないこと")]


class DecisionShown(Shown, title="判断"):
    """What holds on a day, and why."""

    state: str
    due: DueShown
    set_by: Annotated[str | None, Field(description="期日を定めた自治体。なければnull。")]
    prevailing: Annotated[str, Field(description="優先する文書が述べたことのid")]
    superseded: Annotated[list[str], Field(description="以前のもの")]
    against: Annotated[list[str], Field(description="食い違っているもの")]
    layers: Annotated[list[str], Field(description="述べている層。外側から。空は全国。")]
    estimate: Annotated[bool, Field(description="祝日が公示されていない年の見込みかどうか")]
    rungs: Annotated[list[date], Field(description="知らせる日")]


class DeadlineNamed(Shown, title="期限の名前"):
    """A deadline by name."""

    id: str
    title: str
    family: str
    modality: Annotated[str, Field(description="required、optional、recommended")]


def due_shown(due: Due) -> DueShown:
    """Return a due as it is answered."""
    return DueShown(
        wording=due.wording,
        shape=due.shape.value,
        opens=due.opens,
        earliest=due.earliest,
        latest=due.latest,
        target=due.target,
        counts_down_to=due.ladder_day,
        tentative=due.tentative,
    )


def statement_shown(said: Statement) -> StatementShown:
    """Return a statement as it is answered."""
    notice = said.notice
    source = SourceShown(
        notice=notice.id,
        title=notice.title,
        issuer=notice.issuer,
        number=notice.number,
        issued=notice.issued,
        rank=notice.rank.label,
        place=said.place,
    )
    return StatementShown(
        id=said.id,
        source=source,
        known_from=said.known_from,
        authority=said.authority,
        fiscal_year=said.fiscal_year,
        due=due_of(said.due, Known(), tentative=said.tentative).wording if said.due is not None else None,
        tentative=said.tentative,
        confirms=said.confirms,
        withdraws=said.withdraws,
        remark=said.remark,
        unknown=list(said.unknown),
    )


def decision_shown(decision: Decision) -> DecisionShown:
    """Return a decision as it is answered."""
    resolution = decision.resolution
    return DecisionShown(
        state=decision.state.value,
        due=due_shown(decision.due),
        set_by=decision.set_by,
        prevailing=resolution.prevailing.id,
        superseded=[each.id for each in resolution.superseded],
        against=[each.id for each in resolution.against],
        layers=list(resolution.layers),
        estimate=decision.estimate,
        rungs=[each.on for each in decision.rungs if not each.to_editor],
    )


def named(deadline: Deadline) -> DeadlineNamed:
    """Return a deadline by name."""
    return DeadlineNamed(
        id=deadline.id, title=deadline.title, family=deadline.family, modality=deadline.modality.value
    )
