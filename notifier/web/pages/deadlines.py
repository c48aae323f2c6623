"""One deadline: whom it concerns, and the timeline of what the law said when, from old to new."""

from dataclasses import dataclass, replace
from datetime import date

from aiohttp import web

from notifier.domain import dates
from notifier.domain.deadlines import Known, due_of
from notifier.domain.law import Law, Setting
from notifier.domain.obligations import CohortKey, Decision, decide
from notifier.domain.statements import Statement
from notifier.store import board as store
from notifier.web import wording
from notifier.web.pages import answer, standings
from notifier.web.supplies import SUPPLIES
from notifier.web.wording import Chip


@dataclass(frozen=True, slots=True)
class Entry:
    """One statement on the timeline, or one day set by an authority.

    `known_from` is when the service learned it. `before` and `after` are the wordings of the due day until
    then and from then on, both empty where it changed nothing.
    """

    known_from: date
    heading: str
    source: str
    place: str
    due: str
    remark: str
    unknown: tuple[str, ...]
    chips: tuple[Chip, ...]
    current: bool
    before: str = ""
    after: str = ""


async def show(request: web.Request) -> web.Response:
    """Show one deadline."""
    supplies = request.app[SUPPLIES]
    name = f"{request.match_info['family']}/{request.match_info['duty']}"
    today = supplies.today()
    law = await supplies.law()
    deadline = law.deadlines.get(name)
    if deadline is None or not law.said(name):
        raise web.HTTPNotFound
    async with supplies.database.reading() as conn:
        everything = await store.board(conn, today)
        said = await store.said_about(conn, name)
    standing = [each for each in everything if each.key.deadline == name]
    return answer.page(
        request,
        "deadline.html",
        "board",
        view=standings.view_of(law, deadline, standing, today),
        related=[law.deadlines[each] for each in deadline.related if each in law.deadlines],
        entries=timeline_of(law, name, today, _authorities(standing)),
        said=said,
        occasions=wording.OCCASIONS,
        deliveries=wording.DELIVERIES,
    )


def _authorities(standing: list[store.Standing]) -> tuple[str, str]:
    """Return municipality and prefecture of most offices concerned: whose layer the timeline follows."""
    chief = max(standing, key=lambda each: each.members, default=None)
    return chief.key.authorities if chief else ("", "")


def timeline_of(law: Law, deadline: str, today: date, authorities: tuple[str, str]) -> list[Entry]:
    """Return what was said about `deadline` up to `today`, the newest first, for offices of `authorities`."""
    key = CohortKey(deadline, 0, *authorities, taken_up=True, anchor=None)
    now = decide(law, key, today)
    days = sorted(
        {each.known_from for each in law.said(deadline)} | {each.fact.on for each in _set(law, deadline)}
    )
    then = {day: decide(law.as_known(day), key, day) for day in days}
    found = []
    for place, day in enumerate(days):
        old, new = (then[days[place - 1]] if place else None), then[day]
        before, after = (_words(old), _words(new)) if old and _words(old) != _words(new) else ("", "")
        entries = [_entry(each, now) for each in law.said(deadline) if each.known_from == day]
        entries += _settings(law, deadline, day)
        speaking = next((number for number, each in enumerate(entries) if each.due or each.current), None)
        for number, entry in enumerate(entries):
            shown = number == speaking
            found.append(replace(entry, before=before, after=after) if shown else entry)
    return found[::-1]


def _words(decision: Decision | None) -> str:
    return decision.due.wording if decision else ""


def _entry(said: Statement, now: Decision | None) -> Entry:
    notice = said.notice
    due = due_of(said.due, Known(), tentative=said.tentative).wording if said.due is not None else ""
    issued = f"{dates.wareki(notice.issued)}発出" if notice.issued else "発出日の記載なし"
    source = "、".join(part for part in (notice.issuer, notice.number, issued) if part)
    current = now is not None and now.resolution.prevailing.id == said.id
    return Entry(
        said.known_from,
        notice.title,
        source,
        said.place,
        due,
        said.remark,
        said.unknown,
        (*_standing(said, now), Chip(notice.rank.label)),
        current,
    )


def _standing(said: Statement, now: Decision | None) -> tuple[Chip, ...]:
    """Return the labels that say what has become of a statement."""
    found = []
    resolution = now.resolution if now else None
    if resolution and resolution.prevailing.id == said.id:
        found.append(Chip("現在の内容", "good"))
    elif resolution and said.id in {each.id for each in resolution.against}:
        found.append(Chip("食い違い", "bad"))
    elif resolution and said.id in {each.id for each in resolution.superseded}:
        found.append(Chip("以前の内容"))
    else:
        found.append(Chip("補足"))
    if said.tentative:
        found.append(Chip("予定", "warning"))
    if said.confirms:
        found.append(Chip("確定", "good"))
    if said.withdraws:
        found.append(Chip("取下げ", "bad"))
    return tuple(found)


def _set(law: Law, deadline: str) -> list[Setting]:
    events = law.event_types_of(deadline)
    return [each for each in law.settings if each.fact.type in events]


def _settings(law: Law, deadline: str, day: date) -> list[Entry]:
    """Return the days that authorities set, or the nation announced, on the civil date `day`."""
    found = []
    for each in _set(law, deadline):
        if each.fact.on != day:
            continue
        authority = law.authorities.get(each.authority)
        name = authority.name if authority else ("国" if not each.authority else each.authority)
        due = "、".join(f"{label} {value}" for label, value in wording.values_of(each.fact))
        chips = (Chip("設定された日", "good"),)
        found.append(
            Entry(
                day,
                f"{name}が日を定めました",
                f"出所: {each.fact.source or '登録'}",
                "",
                due,
                "",
                (),
                chips,
                current=True,
            )
        )
    return found
