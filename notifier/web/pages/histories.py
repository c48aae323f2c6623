"""How a deadline came to what it is: what each paper said, and what authorities set, day by day, from old to new."""

from dataclasses import dataclass, replace
from datetime import date

from notifier.domain import dates
from notifier.domain.deadlines import Known, due_of
from notifier.domain.law import Law, Setting
from notifier.domain.obligations import CohortKey, Decision, decide
from notifier.domain.statements import Statement
from notifier.web import wording
from notifier.web.wording import Chip


@dataclass(frozen=True, slots=True)
class Entry:
    """One statement on the timeline, or one day set by an authority.

    `before` and `after` are the wordings of the due day until then and from then on, both empty where it
    changed nothing. `repeats` marks what only says again what was known.
    """

    heading: str
    source: str
    place: str
    due: str
    remark: str
    unknown: tuple[str, ...]
    chips: tuple[Chip, ...]
    current: bool = False
    repeats: bool = False
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """What became known on one civil date: the entries that say something new, and those that repeat."""

    on: date
    entries: tuple[Entry, ...]
    repeated: tuple[Entry, ...]

    @property
    def current(self) -> bool:
        """Tell whether what holds now became known on this day."""
        return any(entry.current for entry in self.entries)


def timeline_of(law: Law, deadline: str, today: date, authorities: tuple[str, str]) -> list[Day]:
    """Return what was said about `deadline` up to `today`, the newest first, for offices of `authorities`."""
    key = CohortKey(deadline, 0, *authorities, taken_up=True, anchor=None)
    now = decide(law, key, today)
    days = {each.known_from for each in law.said(deadline)} | {each.fact.on for each in _set(law, deadline)}
    found = []
    old: Decision | None = None
    for day in sorted(days):
        new = decide(law.as_known(day), key, day)
        found.append(_day(law, deadline, day, now, (old, new)))
        old = new
    return found[::-1]


def _day(
    law: Law, deadline: str, day: date, now: Decision | None, change: tuple[Decision | None, Decision | None]
) -> Day:
    old, new = change
    statements = [each for each in law.said(deadline) if each.known_from == day]
    chief = new.resolution.prevailing.id if new else ""
    statements.sort(key=lambda each: (each.id != chief, each.due is None, each.id))
    entries = [*_settings(law, deadline, day), *(_entry(each, now) for each in statements)]
    if old and new and _words(old) != _words(new):
        entries[0] = replace(entries[0], before=_words(old), after=_words(new), repeats=False)
    repeated = tuple(entry for entry in entries if entry.repeats and not entry.current)
    return Day(day, tuple(entry for entry in entries if entry not in repeated), repeated)


def _words(decision: Decision | None) -> str:
    return decision.due.wording if decision else ""


def _entry(said: Statement, now: Decision | None) -> Entry:
    notice = said.notice
    due = due_of(said.due, Known(), tentative=said.tentative).wording if said.due is not None else ""
    issued = f"{dates.wareki(notice.issued)}発出" if notice.issued else "発出日の記載なし"
    source = "、".join(part for part in (notice.issuer, notice.number, issued) if part)
    current = now is not None and now.resolution.prevailing.id == said.id
    return Entry(
        notice.title,
        source,
        said.place,
        due,
        said.remark,
        said.unknown,
        (*_standing(said, now), Chip(notice.rank.label)),
        current,
        repeats=said.silent,
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
    return list(law.set_about(deadline))


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
                f"{name}が日を定めました",
                f"出所: {wording.recorded_by(each.fact.source, {}) or '登録'}",
                "",
                due,
                "",
                (),
                chips,
                current=True,
            )
        )
    return found
