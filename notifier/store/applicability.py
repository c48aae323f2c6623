"""Conditions, anchors and settlements in SQL, for all offices at once.

Each function is the second reading of something in `notifier.domain`: `condition_sql` of
`applicability.holds`, `anchor_sql` of `obligations.anchor_day`, `settled_sql` of `settled_on` over
`facts_for`, `progress_sql` of `progress_of`. Property tests hold each pair equal on both databases.

The expressions are correlated: put them into a statement that names the tables whose columns they depend on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    and_,
    exists,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    true,
)
from sqlmodel import col

from notifier.domain.applicability import AllOf, AnyOf, Authorities, Condition, NotThat, Recorded, Services
from notifier.domain.exemptions import ENDED, EXEMPTED
from notifier.domain.expressions import Anchor
from notifier.domain.facts import FactPattern
from notifier.domain.law import Settlement
from notifier.store import values
from notifier.store.database import table
from notifier.store.tables import NO_ANCHOR, CohortRow, FactRow, ObligationRow, OfficeRow, OfficeServiceRow


@dataclass(frozen=True, slots=True)
class Share:
    """The columns on which the settling of an obligation depends; `anchor` is NO_ANCHOR if there is none."""

    office: ColumnElement[int] = field(default_factory=lambda: table(ObligationRow).c.office_id)
    opens: ColumnElement[Any] = field(default_factory=lambda: table(CohortRow).c.opens)
    latest: ColumnElement[Any] = field(default_factory=lambda: table(CohortRow).c.latest)
    anchor: ColumnElement[date] = field(default_factory=lambda: table(CohortRow).c.anchor)
    occurrence: ColumnElement[int] = field(default_factory=lambda: table(CohortRow).c.occurrence)


# ---- whom a duty concerns ----


def condition_sql(condition: Condition, on: date | ColumnElement[date]) -> ColumnElement[bool]:
    """Return `condition` for the row of OfficeRow in hand; a service counts if it is provided on `on`."""
    match condition:
        case Services(codes):
            return _provides(codes, on)
        case Authorities(codes):
            named = sorted(codes)
            return or_(col(OfficeRow.municipality).in_(named), col(OfficeRow.prefecture).in_(named))
        case Recorded(pattern):
            facts = _facts()
            chosen = and_(facts.c.office_id == col(OfficeRow.id), *_matching(facts, pattern))
            return exists(select(literal(1)).select_from(facts).where(chosen).correlate_except(facts))
        case AllOf(parts):
            return and_(true(), *(condition_sql(part, on) for part in parts))
        case AnyOf(parts):
            return or_(false(), *(condition_sql(part, on) for part in parts))
        case NotThat(part):
            return not_(condition_sql(part, on))


def provided_on(
    since: ColumnElement[Any], until: ColumnElement[Any], on: date | ColumnElement[date]
) -> ColumnElement[bool]:
    """Tell whether `on` lies within `since`..`until`, both inclusive, NULL open."""
    return and_(or_(since.is_(None), since <= on), or_(until.is_(None), until >= on))


def _provides(codes: Iterable[str], on: date | ColumnElement[date]) -> ColumnElement[bool]:
    services = table(OfficeServiceRow).alias()
    chosen = and_(
        services.c.office_id == col(OfficeRow.id),
        services.c.service.in_(sorted(codes)),
        provided_on(services.c.since, services.c.until, on),
    )
    return exists(select(literal(1)).select_from(services).where(chosen).correlate_except(services))


def _facts() -> FromClause:
    return table(FactRow).alias()


def _matching(facts: FromClause, pattern: FactPattern) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = [facts.c.type.in_(pattern.types)]
    if pattern.since is not None:
        parts.append(facts.c.on >= pattern.since)
    if pattern.until is not None:
        parts.append(facts.c.on <= pattern.until)
    parts.extend(values.equals(facts.c["values"], name, value) for name, value in pattern.where)
    return parts


# ---- whom it does not, as an authority has agreed ----


def exempt_sql(deadline: str) -> ColumnElement[bool]:
    """Tell whether `deadline` does not apply to the row of OfficeRow in hand: `exemptions.exemption` in SQL.

    The types stand in the text of the statement, so that the small index on exemptions is used.
    """
    agreed, ended = _facts(), _facts()
    later = or_(ended.c.on > agreed.c.on, and_(ended.c.on == agreed.c.on, ended.c.id > agreed.c.id))
    taken_back = exists().where(
        ended.c.office_id == agreed.c.office_id,
        ended.c.type == literal_column(f"'{ENDED}'"),
        values.equals(ended.c["values"], "deadline", deadline),
        later,
    )
    found = select(agreed.c.office_id).where(
        agreed.c.type == literal_column(f"'{EXEMPTED}'"),
        agreed.c.office_id.is_not(None),
        values.equals(agreed.c["values"], "deadline", deadline),
        ~taken_back.correlate(agreed),
    )
    return col(OfficeRow.id).in_(found.correlate(None))


# ---- the office's own day ----


def anchor_sql(anchor: Anchor) -> ColumnElement[date]:
    """Return the day that `anchor` means for the row of OfficeRow in hand, NO_ANCHOR if it has none."""
    facts = _facts()
    chosen = [facts.c.office_id == col(OfficeRow.id), *_matching(facts, anchor.pattern)]
    day: ColumnElement[Any] = facts.c.on
    if anchor.value is not None:
        day = values.day_of(facts.c["values"], anchor.value)
        if anchor.lasting is None:
            chosen.append(day.is_not(None))
        else:
            day = func.coalesce(day, values.last_day(facts.c.on, anchor.lasting))
    order = (facts.c.on, facts.c.id) if anchor.earliest else (facts.c.on.desc(), facts.c.id.desc())
    found = select(day).where(*chosen).order_by(*order).limit(1).correlate_except(facts).scalar_subquery()
    return func.coalesce(found, literal(NO_ANCHOR, Date()), type_=Date())


# ---- what discharges a duty ----


def settled_sql(settlement: Settlement, share: Share | None = None) -> ColumnElement[date]:
    """Return the civil date on which `settlement` was reached by the office of `share`, else NULL.

    Of a recurring duty (occurrence above 0) only facts for the fiscal year of that occurrence count.
    """
    share = share or Share()
    facts = _facts()
    day = func.min(facts.c.on) if settlement.distinct is not None else facts.c.on
    found = select(day.label("day")).where(*_counted(facts, settlement, share), _for_its_year(facts, share))
    if settlement.distinct is not None:
        found = found.group_by(_distinct(facts, settlement.distinct))
    nth = found.order_by(day).limit(1).offset(settlement.count - 1)
    return nth.correlate_except(facts).scalar_subquery()


def settled_by_sql(settlements: Sequence[Settlement], share: Share | None = None) -> ColumnElement[date]:
    """Return the earliest civil date on which one of `settlements` (at least one) was reached, else NULL."""
    days = [settled_sql(each, share) for each in settlements]
    return days[0] if len(days) == 1 else values.earliest(days)


def progress_sql(settlement: Settlement, share: Share | None = None) -> ColumnElement[int]:
    """Return how many facts, or distinct values, count towards `settlement` so far, whatever their year."""
    share = share or Share()
    facts = _facts()
    distinct = settlement.distinct
    number = func.count() if distinct is None else func.count(_distinct(facts, distinct).distinct())
    found = select(number).select_from(facts).where(*_counted(facts, settlement, share))
    return found.correlate_except(facts).scalar_subquery()


def _counted(facts: FromClause, settlement: Settlement, share: Share) -> list[ColumnElement[bool]]:
    parts = [facts.c.office_id == share.office, *_matching(facts, settlement.pattern)]
    if settlement.inside:
        parts.append(or_(share.opens.is_(None), facts.c.on >= share.opens))
        parts.append(or_(share.latest.is_(None), facts.c.on <= share.latest))
    if settlement.distinct is not None:
        parts.append(values.is_given(facts.c["values"], settlement.distinct))
    return parts


def _distinct(facts: FromClause, name: str) -> ColumnElement[Any]:
    return facts.c.partner if name == "partner" else values.kept_value(facts.c["values"], name)


def _for_its_year(facts: FromClause, share: Share) -> ColumnElement[bool]:
    year = values.fiscal_year(share.anchor) + share.occurrence
    return or_(share.occurrence == 0, share.anchor == NO_ANCHOR, facts.c.fiscal_year == year)
