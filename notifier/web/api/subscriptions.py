"""Subscriptions under /v1: what an authority lets its offices be told, and what they are not."""

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import Field

from notifier.errors import SubscriptionRefusedError, UnknownFieldError
from notifier.steps.subscribe import Subscription, subscribe
from notifier.store import subscriptions
from notifier.store.differences import EVERYTHING
from notifier.store.subscriptions import NotTold, Selection, Subscribed
from notifier.web.api.calls import JSON, Call, Route
from notifier.web.api.fields import Body, Day, Instant, OfficeNumber, Query, Shown
from notifier.web.api.offices import ServiceCode
from notifier.web.api.problems import RefusedError, Wrong

MOST_SHOWN: Final = 1000
ROLES: Final = frozenset({"municipality", "prefecture", "operator", "editor"})
Topic = Annotated[
    str,
    Field(
        pattern=r"^(\*|[a-z0-9][a-z0-9-]{0,99}(/[a-z0-9][a-z0-9-]{0,99})?)$",
        description="分野、期限、または*",
    ),
]


class NewDecision(Body, title="配信の決定"):
    """What is decided, for which offices: those numbered, else all that answer to the authority."""

    told: Annotated[bool, Field(description="配信するか")]
    topics: Annotated[list[Topic], Field(min_length=1, max_length=50)] = Field(
        default_factory=lambda: [EVERYTHING]
    )
    offices: Annotated[list[OfficeNumber], Field(max_length=1000, description="空なら全部")] = Field(
        default_factory=list
    )
    services: Annotated[list[ServiceCode], Field(max_length=100, description="この種類の事業所だけ")] = Field(
        default_factory=list
    )
    since: Annotated[Day | None, Field(description="いつから。省けばきょうから。")] = None
    channel: Annotated[Literal["", "email", "webhook"], Field(description="送り方。空はすべて。")] = ""
    reason: Annotated[
        str, Field(max_length=500, pattern=r"^[^\x00]*$", description="止める理由（止めるときは必要）")
    ] = ""


class Decided(Shown, title="決定した件数"):
    """For how many offices something was decided."""

    offices: int


class SubscriptionQuery(Query):
    """Which decisions."""

    office: Annotated[OfficeNumber | None, Field(description="この事業所だけ")] = None


class Decision(Shown, title="決定"):
    """A decision for an office."""

    office: OfficeNumber
    topic: str
    channel: str
    since: date
    told: bool
    reason: str
    decided_by: str
    decided_at: Instant | None


class Untold(Shown, title="未通知"):
    """An open obligation of which the office is not told."""

    office: OfficeNumber
    deadline: str
    latest: Annotated[date | None, Field(description="期日")]
    since: date
    reason: str


class Coverage(Shown, title="配信の決定と未通知"):
    """What was decided, and what is owed and not told; of each so many at most as are shown at once."""

    decisions: list[Decision]
    not_told: list[Untold]


def _decision(each: Subscribed) -> Decision:
    found = each.decided
    return Decision(
        office=each.number,
        topic=found.topic,
        channel=found.channel,
        since=found.since,
        told=found.told,
        reason=found.reason,
        decided_by=found.decided_by,
        decided_at=found.decided_at,
    )


def _untold(each: NotTold) -> Untold:
    return Untold(
        office=each.number,
        deadline=each.deadline,
        latest=each.latest,
        since=each.decided.since,
        reason=each.decided.reason,
    )


async def show(call: Call) -> Coverage:
    """Answer with what the authority has decided, and what its offices are not told."""
    only = call.query(SubscriptionQuery).office
    selection = Selection(call.tenant.code, (only,) if only else ())
    async with call.reading() as conn:
        decided = await subscriptions.decisions(conn, selection)
        untold = await subscriptions.not_told(conn, call.tenant.code, call.today(), MOST_SHOWN)
    return Coverage(
        decisions=[_decision(each) for each in decided[:MOST_SHOWN]],
        not_told=[_untold(each) for each in untold if only in (None, each.number)],
    )


async def decide(call: Call) -> Decided:
    """Decide for one office, some, or all of them. Refuses where no authority speaks, or what makes no sense."""
    wanted = await call.body(NewDecision)
    if call.tenant.is_nation:
        raise RefusedError("role-may-not")
    selection = Selection(call.tenant.code, tuple(wanted.offices), tuple(wanted.services))
    subscription = Subscription(
        wanted.told, tuple(wanted.topics), wanted.since, wanted.reason, wanted.channel
    )
    try:
        count = await subscribe(call.tools, selection, subscription, call.actor)
    except (SubscriptionRefusedError, UnknownFieldError) as fault:
        code = "decision-unfit" if isinstance(fault, SubscriptionRefusedError) else "not-found"
        raise RefusedError(code, [Wrong(f"/{fault.about}", "unfit")]) from None
    return Decided(offices=count)


GROUP: Final = "配信の決定"
ROUTES = (
    Route(
        "GET",
        "/subscriptions",
        "自治体が決めた配信と、未通知の期限",
        show,
        "offices:read",
        answers={200: Coverage},
        query=SubscriptionQuery,
        group=GROUP,
    ),
    Route(
        "POST",
        "/subscriptions",
        "事業所に何を配信するかを決める（義務は変わらない）",
        decide,
        "offices:write",
        takes={JSON: NewDecision},
        answers={200: Decided},
        problems=("decision-unfit", "not-found"),
        roles=ROLES,
        creates=True,
        group=GROUP,
    ),
)
