"""Letters: what is said about a deadline, in which order, under which subject.

A good letter says what, by when, how certain, what to do and where, what happens if nothing is done, what
is not known, from which source, and why it comes to this reader.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TypeVar

from notifier.domain import dates
from notifier.domain.calendar import Calendar
from notifier.domain.changes import ChangeKind, Situation
from notifier.domain.deadlines import Due, Shape
from notifier.domain.ladders import Occasion
from notifier.domain.law import Deadline, Law, Party
from notifier.domain.notices import Rank
from notifier.domain.obligations import Decision, State
from notifier.domain.sayings import ChangeSaid, Content, Contradiction, DueSaid, FactSaid, Member, Source
from notifier.domain.statements import Resolution, Statement

__all__ = [
    "ChangeSaid",
    "Content",
    "Contradiction",
    "DueSaid",
    "FactSaid",
    "Member",
    "Source",
    "content_of",
    "name_in_subject",
    "one_line",
    "order_of",
    "subject_of",
]

T = TypeVar("T")

# ---- content ----

MOST_MEMBERS = 50
"""Offices named in one letter to an authority; of the rest the number is given."""

_TARGETED = {State.OPEN, State.WAITING_FOR_DATE, State.WAITING_FOR_FACT}


def content_of(  # noqa: PLR0913 -- what is said depends on this much, and each is named where it is handed in
    law: Law,
    deadline: Deadline,
    occurrence: int,
    decision: Decision,
    *,
    occasion: Occasion,
    rung: str | None,
    on: date,
    calendar: Calendar,
    old: Situation | None = None,
    kind: ChangeKind | None = None,
    fact: tuple[str, date] | None = None,
    settled: bool = False,
    party: Party = Party.OFFICE,
    members: Sequence[Member] = (),
    count: int | None = None,
) -> Content:
    """Build what is said about `deadline` on the civil date `on`.

    `law` must be the law as known on that day, `calendar` that of the authority concerned. `old` and `kind`
    belong to a change, `fact` (its label and day) and `settled` (it discharges the duty) to an
    acknowledgement, `members` and `count` (None: as many as members) to a letter that tells an authority
    about its offices.
    """
    state = State.SETTLED if settled else decision.state
    fresh = _fresh(decision, old)
    said = _said(decision, fresh)
    return Content(
        deadline=deadline.id,
        occurrence=occurrence,
        occurrence_label=_occurrence(occurrence, decision.due),
        title=deadline.title,
        short=deadline.short,
        modality=deadline.modality,
        occasion=occasion,
        rung=rung,
        on=on,
        party=party,
        due=_due(decision, state, on, calendar),
        state=state,
        action=deadline.action,
        where=deadline.where,
        silence=deadline.silence,
        money=deadline.money,
        why=_why(deadline, state, occasion, party),
        condition=deadline.taken_up_wording if state is State.WAITING_FOR_FACT else "",
        set_by=_set_by(law, decision),
        change=ChangeSaid(kind, kind.label, old.wording if old else "", decision.due.wording)
        if kind
        else None,
        unknown=() if decision.set_by else _once(point for each in said for point in each.unknown),
        contradiction=_contradiction(decision),
        remarks=_once(each.remark for each in said if each.remark),
        sources=_sources(decision, said),
        related=tuple(law.deadlines[name].title for name in deadline.related if name in law.deadlines),
        fact=FactSaid(fact[0], dates.day_label(fact[1])) if fact else None,
        members=tuple(members[:MOST_MEMBERS]),
        count=len(members) if count is None else count,
    )


def _fresh(decision: Decision, old: Situation | None) -> list[Statement]:
    """Return the statements that `old` did not rest on; none if there is no `old` to compare with."""
    if old is None:
        return []
    found = decision.resolution
    return [each for each in (found.prevailing, *found.remarks) if each.id not in old.said]


def _said(decision: Decision, fresh: Sequence[Statement]) -> list[Statement]:
    """Return the statements a letter rests on: the new ones, what prevails, what was added to it."""
    resolution = decision.resolution
    speaking = [*fresh, _spoken(resolution), *resolution.remarks]
    prevailing = resolution.prevailing
    heard = [each for each in speaking if not each.silent or each is prevailing]
    return [each for index, each in enumerate(heard) if each not in heard[:index]]


def _spoken(resolution: Resolution) -> Statement:
    """Return what prevails; in its first wording where a newer paper only repeats it silently."""
    newest = resolution.prevailing
    if not newest.silent or newest.notice.rank is Rank.DECISION:
        return newest
    older = sorted(resolution.superseded, key=lambda each: each.order, reverse=True)
    return next((each for each in older if each.due == newest.due and not each.silent), newest)


def _occurrence(occurrence: int, due: Due) -> str:
    """Name the occurrence by its fiscal year; nothing while the year it counts from is not known."""
    if not occurrence or due.opens is None:
        return ""
    return f"{dates.fiscal_year_label(dates.fiscal_year_of(due.opens)).partition('（')[0]}分"


def _due(decision: Decision, state: State, on: date, calendar: Calendar) -> DueSaid:
    due, last = decision.due, decision.due.ladder_day
    left = (last - on).days if last is not None and state is State.OPEN else None
    # What is counted in whole months names no day that an office could be closed on.
    closed = last is not None and due.shape is not Shape.MONTHS and not calendar.is_open(last)
    safe = due.target if due.target != due.latest and state in _TARGETED else None
    return DueSaid(
        wording=due.wording,
        shape=due.shape,
        short=dates.short_label(last) if last is not None else None,
        earliest=due.earliest,
        latest=due.latest,
        opens=due.opens,
        target=due.target,
        target_label=dates.day_label_with_western(safe) if safe is not None and safe >= on else None,
        tentative=due.tentative,
        days_left=left if left is not None and left >= 0 else None,
        closed_day=closed,
        last_open=dates.day_label_with_western(calendar.previous_open(last))
        if closed and last is not None
        else None,
        estimate=decision.estimate,
    )


def _why(deadline: Deadline, state: State, occasion: Occasion, party: Party) -> str:
    if party is Party.EDITOR:
        return "運用担当者の確認が必要なためです。"
    if party is not Party.OFFICE:
        if occasion is Occasion.CLOSING:
            return "管内に、期限までの完了を確認できていない事業所があるためです。"
        return "貴団体が、この通知で対応を求められているためです。"
    whom = deadline.concerns_wording or "すべての介護事業所"
    if deadline.taken_up is not None and state is not State.WAITING_FOR_FACT:
        return f"貴事業所が「{deadline.taken_up_wording or whom}」として登録されているためです。"
    return f"対象は{whom}です。貴事業所が当てはまるため、お送りしています。"


def _set_by(law: Law, decision: Decision) -> str:
    if decision.set_by is None:
        return ""
    setter = law.authorities.get(decision.set_by)
    return setter.name if setter else decision.set_by or "国"


def _contradiction(decision: Decision) -> tuple[Contradiction, ...]:
    against = [each for each in decision.resolution.against if each.due is not None]
    pairs = zip(against, decision.contradicting, strict=True)
    return tuple(Contradiction(due.wording, _citation(said)) for said, due in pairs)


def _citation(said: Statement) -> str:
    place = f" {said.place}" if said.place else ""
    return f"{said.notice.title}{place}"


def _sources(decision: Decision, said: Sequence[Statement]) -> tuple[Source, ...]:
    """Cite what is said; a decision of the editor is never cited without the papers it decides between."""
    prevailing = decision.resolution.prevailing
    cited = list(said)
    if prevailing.notice.rank is Rank.DECISION:
        older = [each for each in decision.resolution.superseded if not each.silent]
        first = cited.index(prevailing) + 1
        cited[first:first] = sorted(older, key=lambda each: each.order, reverse=True)
    return _once(
        Source(
            notice=each.notice.paper,
            title=each.notice.title,
            number=each.notice.number,
            issued=dates.wareki(each.notice.issued) if each.notice.issued else "",
            place=each.place,
        )
        for each in cited
    )


def _once(found: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(found))


# ---- order ----

_GROUPS = {
    Occasion.CHANGE: 0,
    Occasion.LAST_CALL: 0,
    Occasion.REMINDER: 0,
    Occasion.OPENING: 1,
    Occasion.CLOSING: 2,
    Occasion.ANNOUNCEMENT: 3,
    Occasion.ACKNOWLEDGEMENT: 4,
    Occasion.PROMPT: 5,
    Occasion.QUESTION: 6,
}


def order_of(content: Content) -> tuple[int, bool, int, str, int]:
    """Return the sorting key that puts the most urgent of a letter first.

    Changes and reminders come before news, the nearer day before the farther, a day before no day.
    """
    left = content.due.days_left
    return (_GROUPS[content.occasion], left is None, left or 0, content.deadline, content.occurrence)


# ---- subject ----

LONGEST_SHORT = 10
"""Characters a duty may take in a subject."""

LONGEST_NAME = 24
"""Characters an office's name may take in a subject."""

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


def subject_of(contents: Sequence[Content], name: str, offices: int = 1) -> str:
    """Return the subject of a letter about `contents`, most urgent first, to the office or authority `name`.

    Date, duty and name come first: receivers see about thirty characters. `offices` is how many offices
    share the letter. Raises IndexError without any content.
    """
    lead = contents[0]
    short = lead.short if len(lead.short) <= LONGEST_SHORT else f"{lead.short[: LONGEST_SHORT - 1]}…"
    more = f" ほか{len(contents) - 1}件" if len(contents) > 1 else ""
    shared = f"（{offices}事業所分）" if offices > 1 else ""
    return f"【{_tag(lead)}】{short}｜{name}{more}{shared}"


def name_in_subject(name: str) -> str:
    """Return an office's name on one line, cut where a subject would become too long."""
    line = one_line(name)
    return line if len(line) <= LONGEST_NAME else f"{line[: LONGEST_NAME - 1]}…"


def one_line(text: str) -> str:
    """Return `text` on one line, safe to stand beside our own words.

    Controls, line and paragraph separators, signs that turn the direction of writing and halves of a
    surrogate pair become a space; spaces at the ends go.
    """
    return _UNSAFE.sub(" ", text).strip()


def _tag(lead: Content) -> str:  # noqa: PLR0911 -- one line an occasion, read as a table
    due = lead.due
    if (
        due.shape is Shape.UNCLEAR
        and lead.occasion is not Occasion.QUESTION
        and lead.state is not State.SETTLED
    ):
        return "確認中"
    day = None if lead.state in {State.WAITING_FOR_FACT, State.SETTLED, State.WITHDRAWN} else due.short
    mark = "予定" if due.tentative and day else ""
    match lead.occasion:
        case Occasion.CHANGE if lead.state is State.WITHDRAWN:
            return "取下げ"
        case Occasion.CHANGE:
            return f"変更→{day}{mark}" if day else "変更"
        case Occasion.REMINDER | Occasion.LAST_CALL if day:
            return _countdown(due, day, mark)
        case Occasion.OPENING:
            return _opening(lead, day, mark)
        case Occasion.CLOSING:
            return f"締切済{day or ''}"
        case Occasion.ACKNOWLEDGEMENT:
            said = "受付済" if lead.state is State.SETTLED else "対象"
            return f"{said}・{mark or '期限'}{day}" if day else said
        case Occasion.PROMPT:
            return "お願い"
        case Occasion.QUESTION:
            return "確認のお願い"
        case _:
            return f"お知らせ{day or ''}{mark}"


def _countdown(due: DueSaid, day: str, mark: str) -> str:
    if due.shape is Shape.MONTHS:
        return f"対象期間{day}まで"
    if due.days_left == 0:
        return f"本日締切{day}{mark}"
    return f"期限{day}{'・' if mark else ''}{mark}"


def _opening(lead: Content, day: str | None, mark: str) -> str:
    due = lead.due
    if due.shape is not Shape.WINDOW or due.opens is None:
        return f"期限{day}{'・' if mark else ''}{mark}" if day else "お知らせ"
    if due.opens > lead.on:
        return f"{dates.short_label(due.opens)}受付開始"
    return f"受付開始〜{day}{mark}" if day else "受付開始"
