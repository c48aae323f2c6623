"""Deadlines under /v1: what the law says, on any day and as known on any day, and how far the offices have come."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated

from pydantic import Field

from notifier.clock import civil_date
from notifier.domain.facts import Fact
from notifier.domain.law import Deadline, Law
from notifier.domain.obligations import CohortKey, Decision, decide
from notifier.domain.offices import prefecture_code
from notifier.errors import UnknownError
from notifier.store import obligation_records
from notifier.tools import law_on
from notifier.web.api.calls import Call, Route
from notifier.web.api.dues import DecisionShown, StatementShown, decision_shown, statement_shown
from notifier.web.api.fields import Inside, Name, Page, Paging, Shown, Text, page_of
from notifier.web.api.obligations import OnBothAxes


class DeadlinePath(Inside):
    """Which deadline."""

    family: Name
    duty: Name


class DeadlineQuery(Paging):
    """Which deadlines."""

    family: Annotated[Name | None, Field(description="期限の系列")] = None
    q: Annotated[Text | None, Field(max_length=100, description="名称に含まれる語")] = None


class DeadlineLine(Shown, title="期限（一覧の1件）"):
    """One deadline, as it stands for the tenant today."""

    id: str
    title: str
    short: Annotated[str, Field(description="件名に使う短い名称")]
    family: str
    modality: str
    parties: Annotated[list[str], Field(description="誰の義務か")]
    decision: Annotated[DecisionShown | None, Field(description="自分の自治体での今日の判断")]


class Deadlines(Page[DeadlineLine], title="期限の一覧"):
    """Deadlines, by id."""


class Tally(Shown, title="事業所の数"):
    """How many offices stand where."""

    state: str
    count: int
    unreachable: Annotated[int, Field(description="そのうち宛先のない事業所")]


class DeadlineShown(Shown, title="期限"):
    """One deadline with everything said about it."""

    id: str
    title: str
    short: str
    family: str
    modality: str
    parties: list[str]
    concerns: Annotated[str, Field(description="対象")]
    taken_up: Annotated[str, Field(description="対象のうち、義務になる条件")]
    action: Annotated[str, Field(description="すること")]
    where: Annotated[str, Field(description="方法・提出先")]
    silence: Annotated[str, Field(description="何もしないとどうなるか")]
    money: Annotated[str, Field(description="金額")]
    related: list[str]
    on: date
    known_on: date
    decision: DecisionShown | None
    statements: Annotated[list[StatementShown], Field(description="述べられたことのすべて。知った順。")]
    tallies: Annotated[list[Tally], Field(description="今日の事業所の数。どの日を尋ねても今日のもの。")]


class Turn(Shown, title="期日の変わり目"):
    """A day on which something became known, and what held from then on."""

    on: date
    before: str | None
    after: str | None
    changed: bool
    statements: Annotated[list[str], Field(description="この日に知られたもの")]
    set: Annotated[list[str], Field(description="この日に期日を定めた自治体。空は全国。")]


class History(Shown, title="期限の経過"):
    """How a deadline moved, from old to new."""

    id: str
    items: list[Turn]


def _key(deadline: str, call: Call) -> CohortKey:
    """Return the cohort of offices in the caller's own place that have taken the duty up."""
    code = call.tenant.code
    prefecture = prefecture_code(code) if code else ""
    municipality = "" if code == prefecture else code
    return CohortKey(deadline, 0, municipality, prefecture, taken_up=True, anchor=None)


def _found(call: Call, law: Law) -> Deadline:
    path = call.inside(DeadlinePath)
    deadline = law.deadlines.get(f"{path.family}/{path.duty}")
    if deadline is None or not law.said(deadline.id):
        raise UnknownError("no such deadline, or nothing is known about it on that day")
    return deadline


async def show_list(call: Call) -> Deadlines:
    """Answer with a page of deadlines."""
    query = call.query(DeadlineQuery)
    (after,) = query.after(str) or ("",)
    today = call.today()
    async with call.reading() as conn:
        law = await law_on(conn, call.tools, today)
    words = (query.q or "").split()
    found = [
        each
        for each in sorted(law.deadlines.values(), key=lambda each: each.id)
        if each.id > after
        and law.said(each.id)
        and query.family in {None, each.family}
        and all(word in each.title for word in words)
    ]
    rows, following = page_of(found, query.limit, lambda each: (each.id,))
    return Deadlines(items=[_line(law, each, call, today) for each in rows], next=following)


def _line(law: Law, deadline: Deadline, call: Call, today: date) -> DeadlineLine:
    decision = decide(law, _key(deadline.id, call), today)
    return DeadlineLine(
        id=deadline.id,
        title=deadline.title,
        short=deadline.short,
        family=deadline.family,
        modality=deadline.modality.value,
        parties=[each.value for each in deadline.parties],
        decision=decision_shown(decision) if decision is not None else None,
    )


async def show(call: Call) -> DeadlineShown:
    """Answer with one deadline, on the day asked for, with what was known on the day asked for."""
    query = call.query(OnBothAxes)
    today = call.today()
    on, known_on = query.on or today, query.known_on or today
    async with call.reading() as conn:
        law = await law_on(conn, call.tools, known_on)
    deadline = _found(call, law)
    async with call.overview() as conn:
        tallies = await obligation_records.tallies(conn, call.tenant, today, deadline.id)
    line = _line(law, deadline, call, on)
    return DeadlineShown(
        **line.model_dump(exclude={"decision"}),
        concerns=deadline.concerns_wording,
        taken_up=deadline.taken_up_wording,
        action=deadline.action,
        where=deadline.where,
        silence=deadline.silence,
        money=deadline.money,
        related=list(deadline.related),
        on=on,
        known_on=known_on,
        decision=line.decision,
        statements=[statement_shown(each) for each in law.said(deadline.id)],
        tallies=[Tally(state=each.state, count=each.count, unreachable=each.unreachable) for each in tallies],
    )


async def show_history(call: Call) -> History:
    """Answer with how a deadline moved for the caller's own place."""
    async with call.reading() as conn:
        law = await law_on(conn, call.tools, call.today())
    deadline = _found(call, law)
    return History(id=deadline.id, items=list(_turns(law, deadline.id, _key(deadline.id, call))))


def _turns(law: Law, deadline: str, key: CohortKey) -> Iterator[Turn]:
    settings = law.set_about(deadline)
    known = {each.known_from for each in law.said(deadline)}
    known |= {_known(each.fact) for each in settings}
    before: str | None = None
    for day in sorted(known):
        after = _wording(decide(law.as_known(day), key, day))
        yield Turn(
            on=day,
            before=before,
            after=after,
            changed=before != after,
            statements=[each.id for each in law.said(deadline) if each.known_from == day],
            set=[each.authority for each in settings if _known(each.fact) == day],
        )
        before = after


def _known(fact: Fact) -> date:
    """Return the civil date on which what was set was in force and known."""
    return fact.on if fact.recorded is None else max(fact.on, civil_date(fact.recorded))


def _wording(decision: Decision | None) -> str | None:
    return decision.due.wording if decision is not None else None


ROUTES = (
    Route(
        "GET",
        "/deadlines",
        "期限の一覧",
        show_list,
        "deadlines:read",
        answers={200: Deadlines},
        query=DeadlineQuery,
        group="期限",
    ),
    Route(
        "GET",
        "/deadlines/{family}/{duty}",
        "期限と、それについて述べられたこと（どの日の状態か、どの日に知られていたことか）",
        show,
        "deadlines:read",
        answers={200: DeadlineShown},
        inside=DeadlinePath,
        query=OnBothAxes,
        group="期限",
    ),
    Route(
        "GET",
        "/deadlines/{family}/{duty}/history",
        "期限の経過（古いものから）",
        show_history,
        "deadlines:read",
        answers={200: History},
        inside=DeadlinePath,
        group="期限",
    ),
)
