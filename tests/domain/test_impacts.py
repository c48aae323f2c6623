from dataclasses import replace
from datetime import date

from notifier.domain.changes import ChangeKind
from notifier.domain.impacts import Bill, Effect, audience_of
from tests.builders import REPORT, by, deadline, said

MOVED = Effect(REPORT, "年次報告", ChangeKind.EXTENDED, "期限の延長", "6月", "8月", offices=3)


def test_a_bill_touches_the_deadlines_of_which_it_speaks() -> None:
    statement = said(by(date(2026, 6, 30)))
    bill = Bill(statement.notice, (deadline(),), (statement,))
    assert bill.touched == {REPORT}


def test_the_audience_is_another_if_anybody_else_is_told_or_something_else() -> None:
    digests = {
        audience_of("a", [MOVED]),
        audience_of("b", [MOVED]),
        audience_of("a", [replace(MOVED, offices=4)]),
        audience_of("a", [replace(MOVED, new="9月")]),
        audience_of("a", []),
    }
    assert len(digests) == 5
    assert audience_of("a", [replace(MOVED, told=2)]) == audience_of("a", [MOVED])
