"""Hearings: whether an office has heard of a deadline, as conditions in SQL; asked office by office, or of all at once.

Office by office is quick where a page of a list is soon full; for sums over all offices one pass over what was said is.
Both say the same: the lists and the sums of the coverage are held equal by a property test.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Subquery, and_, case, exists, func, literal, select, true

from notifier.domain.callers import Tenant
from notifier.store.database import table
from notifier.store.tables import CohortRow, DeliveryRow, ObligationRow, OfficeRow, SayingRow
from notifier.store.tenants import sees_delivery

_STATES: Final = (
    ("accepted",),
    ("planned", "claimed", "sending", "unknown"),
    ("refused", "failed", "unreachable"),
)
"""What has become of a delivery: it arrived, is in the post, came to nothing. The first that holds of any counts."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """Conditions on an office, beside its obligation and cohort.

    Of what was said since its situation last changed something `arrived`, is `posted`, or has `failed`; whether anything
    said `before` arrived. `told`, if there is one, is to be joined to the office and its cohort for them.
    """

    arrived: ColumnElement[bool]
    posted: ColumnElement[bool]
    failed: ColumnElement[bool]
    before: ColumnElement[bool]
    told: Subquery | None = None


def one_by_one(tenant: Tenant, deadline: str, occurrence: int) -> Hearing:
    """Return conditions that look each office up."""
    arrived, posted, failed = (_said_now(tenant, states) for states in _STATES)
    return Hearing(arrived, posted, failed, _said_before(tenant, deadline, occurrence))


def all_at_once(
    tenant: Tenant, deadline: str, occurrence: int, only: ColumnElement[bool] | None = None
) -> Hearing:
    """Return conditions on what is gathered once for all offices, or from those deliveries that `only` picks."""
    saying, delivery, cohort = table(SayingRow).c, table(DeliveryRow).c, table(CohortRow).alias("addressed")
    ranks = [(delivery.state.in_(states), -number) for number, states in enumerate(_STATES)]
    told = (
        select(
            delivery.office_id,
            saying.cohort_id,
            func.max(case(*ranks, else_=-len(_STATES))).label("rank"),
        )
        .select_from(cohort)
        .join(
            table(SayingRow),
            and_(saying.cohort_id == cohort.c.id, saying.generation == cohort.c.generation),
        )
        .join(table(DeliveryRow), delivery.saying_id == saying.id)
        .where(
            cohort.c.deadline == deadline,
            cohort.c.occurrence == occurrence,
            saying.party == "office",
            sees_delivery(tenant),
            true() if only is None else only,
        )
        .group_by(delivery.office_id, saying.cohort_id)
        .subquery("told")
    )
    arrived, posted, failed = (told.c.rank == -number for number, _ in enumerate(_STATES))
    return Hearing(arrived, posted, failed, _said_before(tenant, deadline, occurrence), told)


def _said_now(tenant: Tenant, states: tuple[str, ...]) -> ColumnElement[bool]:
    saying, delivery = table(SayingRow).c, table(DeliveryRow).c
    return exists().where(
        saying.cohort_id == table(CohortRow).c.id,
        saying.generation == table(CohortRow).c.generation,
        saying.party == "office",
        delivery.saying_id == saying.id,
        delivery.party == literal("office/") + table(OfficeRow).c.number,
        delivery.state.in_(states),
        sees_delivery(tenant),
    )


def _said_before(tenant: Tenant, deadline: str, occurrence: int) -> ColumnElement[bool]:
    saying, delivery = table(SayingRow).c, table(DeliveryRow).c
    about = saying.deadline == deadline, saying.occurrence == occurrence
    # Asked once: of most duties that no letter has reached yet, nothing was ever said, and no office is looked at.
    anything = select(saying.id).where(*about, saying.party == "office").correlate(None).exists()
    heard = exists().where(
        delivery.office_id == table(OfficeRow).c.id,
        delivery.state == "accepted",
        saying.id == delivery.saying_id,
        *about,
        sees_delivery(tenant),
    )
    return and_(anything, heard)


def joining(told: Subquery) -> ColumnElement[bool]:
    """Tell how `told` belongs to an office and its cohort."""
    office, obligation = table(OfficeRow).c, table(ObligationRow).c
    return and_(told.c.office_id == office.id, told.c.cohort_id == obligation.cohort_id)
