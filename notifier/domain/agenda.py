"""Agendas: what a calendar shows of obligations, as whole days.

A day is shown on its day. What is no day is never shown as one: a part of a month, a half year, an expected window is
shown as the span that was printed, marked 時期, uncertain and without reminders; what has no span of several days is only
named in the calendar's own description. A span over its days is what is known, and it is in sight where people
plan; tasks and journal entries, the format's other ways, are dropped by most calendar programs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final

from notifier.domain import dates
from notifier.domain.deadlines import Due, Shape
from notifier.domain.ladders import Occasion
from notifier.domain.law import Authority, AuthorityKind, Deadline, Law, Modality, Party
from notifier.domain.letters import content_of, name_in_subject
from notifier.domain.obligations import CohortKey, Decision, Obligation, State, decide, obligations_of
from notifier.domain.offices import Office
from notifier.domain.sayings import Content

BACKWARD: Final = timedelta(days=366)
"""How long a day that is over stays in the calendar."""
SETTLED, WITHDRAWN, REDATED, NO_LONGER = "完了", "取下げ", "日付の見直し", "対象外"
_SHOWN = {State.OPEN, State.LAPSED, State.WAITING_FOR_DATE, State.NEEDS_CLARIFICATION, State.SETTLED}
_MARKS = {
    Shape.MONTHS: "対象期間の末日",
    Shape.STANDING: "有効期限",
    Shape.OUTER_LIMIT: "遅くとも",
}
_BINDING = {Modality.REQUIRED: "必須", Modality.OPTIONAL: "任意", Modality.RECOMMENDED: "推奨"}


@dataclass(frozen=True, slots=True)
class Desk:
    """Whom to ask, and where the pages are: `base_url` has no final slash, `contact` may have several lines."""

    name: str
    contact: str
    base_url: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a calendar, `first` to `last` inclusive; `uid` names it for ever and tells nothing of a person.

    `title` is what is left to say of it once it is cancelled. `alarms` are days before `first`.
    """

    uid: str
    first: date
    last: date
    title: str
    summary: str
    description: str
    tentative: bool
    alarms: tuple[int, ...] = ()
    url: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Agenda:
    """The entries of an office or an authority; `undated` names what has no days to be shown on.

    `over` says by UID why something is shown no more, `otherwise` why anything else is not.
    """

    entries: tuple[Entry, ...] = ()
    undated: tuple[str, ...] = ()
    over: Mapping[str, str] = field(default_factory=dict)
    otherwise: str = NO_LONGER


@dataclass(frozen=True, slots=True)
class Tally:
    """Offices for which a deadline means the same: the key of one of their cohorts, how many, how many are done."""

    key: CohortKey
    members: int
    settled: int


class _Draft:
    """An agenda under way: what it is made from, and what was found so far."""

    def __init__(self, law: Law, today: date, desk: Desk) -> None:
        self.law = law
        self.today = today
        self.desk = desk
        self.entries: list[Entry] = []
        self.undated: list[str] = []
        self.over: dict[str, str] = {}

    def done(self, otherwise: str = NO_LONGER) -> Agenda:
        entries = tuple(sorted(self.entries, key=lambda each: (each.first, each.uid)))
        return Agenda(entries, tuple(dict.fromkeys(self.undated)), self.over, otherwise)


@dataclass(frozen=True, slots=True)
class _Spoken:
    """What an entry speaks of: the content, what it rests on, whom it is about and the address of its page."""

    content: Content
    decision: Decision
    whom: str
    page: str


def span_of(due: Due) -> tuple[date, date] | None:
    """Return the days on which `due` is shown, both inclusive: its day, or the several days it lies in; else None.

    A span that is a single day although no day was named (月末) would look like one, and is not shown.
    """
    if due.ladder_day is not None:
        return due.ladder_day, due.ladder_day
    if due.shape is Shape.UNCLEAR or due.earliest is None or due.latest is None:
        return None
    return (due.earliest, due.latest) if due.earliest < due.latest else None


# ---- an office ----


def office_agenda(law: Law, office: Office, today: date, desk: Desk) -> Agenda:
    """Return what the calendar of `office` shows on the civil date `today`; `law` is the law as known on it."""
    draft = _Draft(law, today, desk)
    for owed in obligations_of(law, office, today):
        if owed.decision is not None:
            _office_entry(draft, office, owed, owed.decision)
    return draft.done()


def _office_entry(draft: _Draft, office: Office, owed: Obligation, decision: Decision) -> None:
    uid = f"{office.number}/{owed.deadline}/{owed.occurrence}@notifier"
    if owed.settled_on is not None or decision.state is State.WITHDRAWN:
        draft.over[uid] = SETTLED if owed.settled_on is not None else WITHDRAWN
        return
    if decision.state not in _SHOWN:
        return
    deadline = draft.law.deadlines[owed.deadline]
    content = _content(draft.law, office.authorities, deadline, owed.occurrence, decision)
    name = name_in_subject(office.name)
    # Whoever reads an office's calendar has no way into the pages of the staff.
    page = f"{draft.desk.base_url}/code"
    spoken = _Spoken(content, decision, f"事業所：{name}（{office.number}）", page)
    entry = _placed(draft, uid, f"{_titled(content)}｜{name}", spoken)
    if entry is not None:
        _opening(draft, entry, decision.due)


def _opening(draft: _Draft, entry: Entry, due: Due) -> None:
    """Show the first day of a window, too, as long as the window is not over."""
    opens = due.opens
    if due.shape is not Shape.WINDOW or opens is None or opens == entry.first or entry.last < draft.today:
        return
    uid = entry.uid.replace("@", "/opening@")
    summary = f"【{_marked('受付開始', due)}】{entry.title}"
    draft.entries.append(replace(entry, uid=uid, first=opens, last=opens, summary=summary, alarms=()))


# ---- an authority ----


def authority_agenda(
    law: Law, authority: Authority, tallies: Sequence[Tally], today: date, desk: Desk
) -> Agenda:
    """Return what the calendar of `authority` shows on the civil date `today`.

    One entry for each deadline and day, with the numbers of its offices, and one for each thing it owes itself.
    """
    draft = _Draft(law, today, desk)
    groups: dict[tuple[str, int, date | None], list[tuple[Tally, Decision]]] = {}
    for tally in tallies:
        decision = decide(law, tally.key, today) if tally.key.deadline in law.deadlines else None
        if decision is not None and decision.state in _SHOWN:
            span = span_of(decision.due)
            key = (tally.key.deadline, tally.key.occurrence, span[0] if span else None)
            groups.setdefault(key, []).append((tally, decision))
    for (name, occurrence, first), found in groups.items():
        uid = f"{authority.code}/{name}/{occurrence}/{first}@notifier"
        _group_entry(draft, authority, uid, occurrence, found)
    for deadline in _own(law, authority):
        _own_entry(draft, authority, deadline)
    # An entry stands for a day: what vanishes from one has mostly moved to another.
    return draft.done(REDATED)


def _group_entry(
    draft: _Draft, authority: Authority, uid: str, occurrence: int, found: Sequence[tuple[Tally, Decision]]
) -> None:
    tally, decision = found[0]
    members = sum(each.members for each, _ in found)
    unsettled = members - sum(each.settled for each, _ in found)
    if not unsettled:
        draft.over[uid] = SETTLED
        return
    deadline = draft.law.deadlines[tally.key.deadline]
    content = _content(draft.law, (authority.code,), deadline, occurrence, decision)
    page = f"{draft.desk.base_url}/deadlines/{deadline.id}"
    spoken = _Spoken(content, decision, f"管内の対象：{members}事業所（うち未完了 {unsettled}）", page)
    _placed(draft, uid, f"{_titled(content)}（未完了 {unsettled}／{members}事業所）", spoken)


def _own(law: Law, authority: Authority) -> list[Deadline]:
    """Return what the authority itself, and no office, has to do."""
    found = [law.deadlines[name] for name in sorted(law.deadlines)]
    return [each for each in found if Party.OFFICE not in each.parties and _is_told(authority, each)]


def _is_told(authority: Authority, deadline: Deadline) -> bool:
    return authority.kind.value in {each.value for each in deadline.parties}


def _own_entry(draft: _Draft, authority: Authority, deadline: Deadline) -> None:
    is_prefecture = authority.kind is AuthorityKind.PREFECTURE
    where = ("", authority.code) if is_prefecture else (authority.code, authority.prefecture or "")
    decision = decide(draft.law, CohortKey(deadline.id, 0, *where, taken_up=True, anchor=None), draft.today)
    uid = f"{authority.code}/{deadline.id}/own@notifier"
    if decision is None:
        return
    if decision.state is State.WITHDRAWN:
        draft.over[uid] = WITHDRAWN
        return
    content = _content(draft.law, (authority.code,), deadline, 0, decision)
    page = f"{draft.desk.base_url}/deadlines/{deadline.id}"
    spoken = _Spoken(content, decision, f"対象：{authority.name}", page)
    _placed(draft, uid, f"{deadline.title}｜{authority.name}", spoken)


# ---- what an entry says ----


def _content(
    law: Law, nearby: Sequence[str], deadline: Deadline, occurrence: int, decision: Decision
) -> Content:
    near = next((law.authorities[code] for code in nearby if code in law.authorities), None)
    # The day of speaking only sets days left and hides a safe day that is over; an entry says the same every day.
    never = date.min
    return content_of(
        law,
        deadline,
        occurrence,
        decision,
        occasion=Occasion.REMINDER,
        rung=None,
        on=never,
        calendar=law.calendar_of(near),
    )


def _titled(content: Content) -> str:
    return f"{content.title}（{content.occurrence_label}）" if content.occurrence_label else content.title


def _placed(draft: _Draft, uid: str, title: str, spoken: _Spoken) -> Entry | None:
    """Put an entry on its days, and return it; without days to show it on, name it among the undated."""
    due = spoken.decision.due
    span = span_of(due)
    if span is None:
        draft.over[uid] = REDATED
        draft.undated.append(f"{title}：{due.wording}")
        return None
    if span[1] < draft.today - BACKWARD:
        return None
    entry = _entry(draft.desk, uid, span, title, spoken)
    draft.entries.append(entry)
    return entry


def _entry(desk: Desk, uid: str, span: tuple[date, date], title: str, spoken: _Spoken) -> Entry:
    due = spoken.decision.due
    mark = _MARKS.get(due.shape, "期限") if due.is_dated else "時期"
    contact = " ".join(part for part in (desk.name, *desk.contact.split("\n")) if part)
    return Entry(
        uid,
        *span,
        title,
        f"【{_marked(mark, due)}】{title}",
        "\n".join((*_told(spoken), f"問い合わせ先：{contact}")),
        due.tentative or bool(spoken.content.contradiction) or not due.is_dated,
        _alarms(spoken.decision, span[0]) if due.is_dated else (),
        spoken.page,
        contact,
    )


def _marked(mark: str, due: Due) -> str:
    return f"{mark}・予定" if due.tentative else mark


def _alarms(decision: Decision, day: date) -> tuple[int, ...]:
    spoken = {Occasion.REMINDER, Occasion.LAST_CALL}
    return tuple(
        (day - each.on).days for each in decision.rungs if each.occasion in spoken and each.on <= day
    )


def _told(spoken: _Spoken) -> Iterator[str]:
    """Yield what a letter would say: what, by when, how sure, where, what if not, what is unknown, who says so."""
    content, due = spoken.content, spoken.decision.due
    yield spoken.whom
    yield f"すること：{content.action}（{_BINDING[content.modality]}）"
    yield f"いつまで：{due.wording}"
    yield f"確かさ：{_certainty(content, due)}"
    if due.is_dated and due.target is not None and due.target != due.latest:
        yield f"安全な日：{dates.day_label(due.target)}までに済ませると確実です。"
    if content.due.closed_day:
        yield f"休日：閉庁日に当たります。直前の開庁日は{content.due.last_open}です。"
    told = (
        ("方法・提出先", content.where),
        ("何もしないと", content.silence),
        ("日を定めた者", content.set_by),
        ("わかっていないこと", "、".join(content.unknown)),
    )
    yield from (f"{name}：{text}" for name, text in told if text)
    yield from (f"食い違う資料：{each.wording}（{each.source}）" for each in content.contradiction)
    for each in content.sources:
        yield f"根拠：{'、'.join(filter(None, (each.title, each.number, each.issued, each.place)))}"


def _certainty(content: Content, due: Due) -> str:
    if not due.is_dated:
        return "時期だけが示されています。日は決まっていません。"
    if content.contradiction:
        return "資料が食い違っています。確認できるまで早いほうの日を示します。"
    if due.tentative:
        return "予定です。変わることがあります。"
    if content.due.estimate:
        return "確定。ただし、この年の祝日は未公布のため、休日の扱いは見込みです。"
    return "確定"
