"""What other systems are told."""

from dataclasses import replace
from datetime import date

import pytest

from notifier.domain.changes import ChangeKind, Situation
from notifier.domain.law import Modality
from notifier.domain.messages import (
    MessageType,
    deadline_data,
    may_be_overdue,
    message_id,
    obligation_data,
    type_of_change,
)
from notifier.domain.obligations import CohortKey, decide
from tests.builders import REPORT, by, deadline, law, said

DUE = date(2026, 6, 30)
KEY = CohortKey(REPORT, 0, "", "", taken_up=True, anchor=None)
SAID = said(by(DUE))
DECISION = decide(law(SAID), KEY, date(2026, 4, 1))


def test_an_obligation_is_told_with_its_day_and_its_source() -> None:
    assert DECISION is not None
    data = obligation_data(deadline(), 0, DECISION)
    assert (data["deadline"], data["occurrence"], data["state"]) == (deadline().id, 0, "open")
    assert data["due"]["latest"] == "2026-06-30"
    assert data["sources"] == [{"notice": SAID.notice.id, "place": SAID.place}]


def test_a_change_is_told_with_what_held_before_and_an_announcement_without() -> None:
    assert DECISION is not None
    old = replace(Situation.of(DECISION), latest=date(2026, 5, 31))
    changed = deadline_data(deadline(), 0, DECISION, ChangeKind.EXTENDED, old)
    assert changed["change"]["old"]["latest"] == "2026-05-31"
    assert deadline_data(deadline(), 0, DECISION, ChangeKind.ANNOUNCED, old)["change"]["old"] is None
    assert deadline_data(deadline(), 0, DECISION, ChangeKind.EXTENDED, None)["change"]["old"] is None


@pytest.mark.parametrize(
    "kind, told",
    [
        (ChangeKind.ANNOUNCED, MessageType.DEADLINE_ANNOUNCED),
        (ChangeKind.WITHDRAWN, MessageType.DEADLINE_WITHDRAWN),
        (ChangeKind.EXTENDED, MessageType.DEADLINE_CHANGED),
        (ChangeKind.REWORDED, MessageType.DEADLINE_CHANGED),
    ],
)
def test_what_happens_to_a_deadline_is_told_in_three_ways(kind: ChangeKind, told: MessageType) -> None:
    assert type_of_change(kind) is told


def test_a_chance_that_was_not_taken_is_not_overdue() -> None:
    assert may_be_overdue(deadline(modality=Modality.REQUIRED))
    assert not may_be_overdue(deadline(modality=Modality.OPTIONAL))


def test_the_id_of_a_message_stays_and_no_two_have_the_same() -> None:
    assert message_id(1, "2026-03-06") == message_id(1, "2026-03-06")
    assert len({message_id(number, "2026-03-06") for number in range(1000)}) == 1000
