"""A day set by an event that any duty may use: it names the duty, and counts only from whom the law leaves it to."""

from dataclasses import replace
from datetime import date

from notifier.domain.expressions import BeforeFact, SetByAuthority, is_left_to_designators, setter_of
from notifier.domain.obligations import decide
from tests.builders import CITY, ISSUED, REPORT, anchor, by, city, key, law, prefecture, said, setting


def test_a_day_that_names_its_duty_holds_for_that_one_and_from_whom_the_law_leaves_it_to() -> None:
    july, august = date(2026, 7, 31), date(2026, 8, 31)
    days = [
        setting("duty.due.set", ISSUED, deadline=REPORT, due=july),
        setting("duty.due.set", ISSUED, deadline="example/other", due=august),
        setting("duty.due.set", ISSUED, CITY, deadline=REPORT, due=august),
    ]
    for setter, due in (("prefecture", july), ("municipality", august), ("designation-authority", august)):
        left = SetByAuthority(setter, "duty.due.set")
        whole = law(said(left), settings=days, authorities=[city(), prefecture()])
        found = decide(whole, key(), ISSUED)
        assert found is not None
        assert found.due.latest == due
        assert len(whole.set_about(REPORT)) == len(days) - 1
    reported = BeforeFact(
        anchor("example.report.filed"), "報告まで", SetByAuthority("prefecture", "duty.due.set")
    )
    assert setter_of(reported) == "prefecture"
    assert setter_of(by(july)) is None
    designated = SetByAuthority("designation-authority", "example.due.set")
    assert is_left_to_designators(designated)
    assert is_left_to_designators(replace(reported, latest=designated))
    assert not is_left_to_designators(reported)
    assert not is_left_to_designators(by(july))
