"""Obligations under /v1: the list over all offices, and those of one office with why."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from notifier.explaining import Explanation, explain
from notifier.store import obligation_records
from notifier.store.obligation_records import Wanted
from notifier.web.api.calls import Call, Route
from notifier.web.api.dues import (
    DeadlineNamed,
    DecisionShown,
    StatementShown,
    decision_shown,
    named,
    statement_shown,
)
from notifier.web.api.fields import Day, Name, OfficeNumber, Page, Paging, Query, Shown, page_of
from notifier.web.api.offices import OfficePath, seen

State = Literal[
    "open", "settled", "lapsed", "waiting-for-date", "waiting-for-fact", "needs-clarification", "withdrawn"
]
DeadlineId = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9.-]{0,99}/[a-z0-9][a-z0-9.-]{0,99}$", description="期限のid（系列/義務）"
    ),
]


class ObligationQuery(Paging):
    """Which obligations."""

    state: State | None = None
    deadline: DeadlineId | None = None
    family: Annotated[Name | None, Field(description="期限の系列")] = None
    office: OfficeNumber | None = None
    due_from: Annotated[Day | None, Field(description="最後の日がこの日以後")] = None
    due_until: Annotated[Day | None, Field(description="最後の日がこの日以前")] = None


class OnBothAxes(Query):
    """On which day, and with what was known on which day."""

    on: Annotated[Day | None, Field(description="どの日の状態か。既定は今日。")] = None
    known_on: Annotated[
        Day | None, Field(description="どの日までに知られていたことによるか。既定は今日。")
    ] = None


class Obligation(Shown, title="義務"):
    """One obligation of one office."""

    office: OfficeNumber
    office_name: str
    deadline: DeadlineId
    occurrence: Annotated[int, Field(description="毎年度のものの何年目か。1回きりのものは0。")]
    state: str
    shape: str
    opens: date | None
    earliest: date | None
    latest: date | None
    target: date | None
    tentative: bool
    settled_on: date | None
    progress: Annotated[int, Field(description="数える義務の、いまの数")]


class Obligations(Page[Obligation], title="義務の一覧"):
    """Obligations; alike ones stand together."""


class ObligationExplained(Shown, title="義務とその理由"):
    """One obligation of one office, with why."""

    deadline: DeadlineNamed
    occurrence: int
    state: str
    reason: Annotated[str | None, Field(description="対象でないとき、その理由")]
    action: Annotated[str, Field(description="すること")]
    decision: DecisionShown | None
    statements: Annotated[list[StatementShown], Field(description="判断に使われたもの。優先するものが先頭。")]
    settled_on: date | None
    progress: int
    needed: int


class ObligationsExplained(Shown, title="事業所の義務とその理由"):
    """Everything one office owes and may claim."""

    office: OfficeNumber
    on: date
    known_on: date
    items: list[ObligationExplained]


async def show_list(call: Call) -> Obligations:
    """Answer with a page of obligations."""
    query = call.query(ObligationQuery)
    wanted = Wanted(**query.model_dump(exclude={"limit", "cursor"}))
    after = query.after(int, int) or (0, 0)
    async with call.reading() as conn:
        found = await obligation_records.obligations(
            conn, call.tenant, wanted, call.today(), (after[0], after[1]), query.limit + 1
        )
    rows, following = page_of(found, query.limit, lambda each: (each.cohort, each.office_id))
    items = []
    for row in rows:
        kept = asdict(row)
        del kept["cohort"], kept["office_id"]
        items.append(Obligation(**kept))
    return Obligations(items=items, next=following)


async def show_of_office(call: Call) -> ObligationsExplained:
    """Answer with what an office owes, and why."""
    query = call.query(OnBothAxes)
    async with call.reading() as conn:
        office = await seen(call, conn)
    found = await explain(call.tools, office.number, None, query.on, query.known_on)
    items = [_explained(each) for each in found.explanations]
    return ObligationsExplained(office=office.number, on=found.on, known_on=found.known_on, items=items)


def _explained(explanation: Explanation) -> ObligationExplained:
    obligation, deadline = explanation.obligation, explanation.deadline
    decision = obligation.decision
    used = []
    if decision is not None:
        resolution = decision.resolution
        used = [resolution.prevailing, *resolution.against, *resolution.remarks]
    return ObligationExplained(
        deadline=named(deadline),
        occurrence=obligation.occurrence,
        state=obligation.state.value,
        reason=obligation.reason,
        action=deadline.action,
        decision=decision_shown(decision) if decision is not None else None,
        statements=[statement_shown(each) for each in used],
        settled_on=obligation.settled_on,
        progress=obligation.progress,
        needed=obligation.needed,
    )


ROUTES = (
    Route(
        "GET",
        "/obligations",
        "義務の一覧（状態・期限・事業所・期日で絞り込み）",
        show_list,
        "obligations:read",
        answers={200: Obligations},
        query=ObligationQuery,
        group="義務",
    ),
    Route(
        "GET",
        "/offices/{number}/obligations",
        "事業所の義務とその理由（どの日の状態か、どの日に知られていたことか）",
        show_of_office,
        "obligations:read",
        answers={200: ObligationsExplained},
        inside=OfficePath,
        query=OnBothAxes,
        group="義務",
    ),
)
