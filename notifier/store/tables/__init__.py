"""The tables.

Instants are aware and kept in UTC, dates are civil dates in Japan, codes and office numbers are text. What is said to
many is kept once: a *cohort* holds what a deadline means for all offices with equal inputs, a *saying* what is said to
its members on one occasion; an obligation holds only the office, its cohort and its own state.
"""

from notifier.store.tables.duties import CohortRow, ObligationRow, SayingRow
from notifier.store.tables.frame import NO_ANCHOR, ROOMY, Table, kept_json, only
from notifier.store.tables.law import DeadlineRow, EventRow, FactRow, NoticeRow, StatementRow
from notifier.store.tables.letters import DeliveryRow, LetterRow
from notifier.store.tables.parties import (
    AuthorityRow,
    ContactRow,
    DesignationRow,
    OfficeImportRow,
    OfficeRow,
    OfficeServiceRow,
    SubscriptionRow,
)
from notifier.store.tables.workings import AuditRow, OutboxRow, SequenceRow

__all__ = [
    "NO_ANCHOR",
    "ROOMY",
    "AuditRow",
    "AuthorityRow",
    "CohortRow",
    "ContactRow",
    "DeadlineRow",
    "DeliveryRow",
    "DesignationRow",
    "EventRow",
    "FactRow",
    "LetterRow",
    "NoticeRow",
    "ObligationRow",
    "OfficeImportRow",
    "OfficeRow",
    "OfficeServiceRow",
    "OutboxRow",
    "SayingRow",
    "SequenceRow",
    "StatementRow",
    "SubscriptionRow",
    "Table",
    "kept_json",
    "only",
]
