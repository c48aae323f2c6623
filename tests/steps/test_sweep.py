from dataclasses import replace
from datetime import date

from notifier.clock import japan_time
from notifier.domain.dates import Interval
from notifier.domain.expressions import UntilEvent
from notifier.domain.ladders import Ladder
from notifier.domain.law import Party
from notifier.steps.accept import accept
from notifier.steps.approve import approve
from notifier.steps.derive import derive
from notifier.steps.sweep import sweep
from notifier.store.tables import CohortRow, SayingRow
from tests.builders import CITY, LADDERS, PREFECTURE, by, deadline, said, settlement
from tests.steps.workshop import A, B, Workshop, enrolled

DUE = date(2026, 6, 30)
SAID = said(by(DUE))
SETTLED = deadline(settled_by=(settlement("example.report.filed"),))
LADDER = [
    (date(2026, 5, 1), "T-60"),
    (date(2026, 5, 29), "T-30"),  # 31 May is a Sunday
    (date(2026, 6, 16), "T-14"),
    (date(2026, 6, 23), "T-7"),
    (date(2026, 6, 26), "T-3"),  # the 27th is a Saturday
    (date(2026, 6, 29), "T-1"),
    (date(2026, 6, 30), "T-0"),
]


async def test_the_ladder_is_climbed_to_its_end_and_then_there_is_silence(shop: Workshop) -> None:
    await shop.publish(SAID)
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.live_until(date(2026, 12, 31))
    office = [each for each in await shop.said() if each.party == f"office/{A}"]
    assert [(each.on, each.rung) for each in office[1:-1]] == LADDER
    assert [each.occasion for each in office] == [
        "announcement",
        *["reminder"] * 6,
        "last-call",
        "closing",
    ]
    assert office[-1].on == date(2026, 7, 1)


async def test_a_missed_end_is_told_once_to_the_municipality_and_the_editor_with_its_number(
    shop: Workshop,
) -> None:
    await shop.publish(SAID)
    await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp"))
    await shop.live_until(date(2026, 7, 31))
    closing = [
        each.party for each in await shop.said("accepted", "unreachable") if each.occasion == "closing"
    ]
    assert sorted(closing) == sorted([f"office/{A}", f"office/{B}", f"authority/{CITY}", "editor"])
    told = [row.content for row in await shop.all(SayingRow) if row.party == "municipality"]
    assert [(each["count"], [member["number"] for member in each["members"]]) for each in told] == [
        (2, [A, B])
    ]


async def test_whoever_has_done_it_hears_nothing_more_and_is_not_reported(shop: Workshop) -> None:
    await shop.publish(SAID, deadlines=[SETTLED])
    await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp"))
    await shop.live_until(date(2026, 5, 1))
    for office in (A, B):
        await shop.note("example.report.filed", office)
    await shop.live_until(date(2026, 12, 31))
    after = [each for each in await shop.said("accepted", "unreachable") if each.on > date(2026, 5, 1)]
    assert after == []


async def test_rungs_missed_during_a_standstill_become_the_last_of_them(shop: Workshop) -> None:
    await shop.publish(SAID)
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.live_until(date(2026, 4, 30))
    shop.turn_to(date(2026, 6, 24), 10)
    await shop.live_until(date(2026, 6, 25))
    assert [(each.on, each.rung) for each in await shop.said()][1:] == [(date(2026, 6, 24), "T-7")]


async def test_a_standstill_over_the_end_brings_one_letter_that_says_so(shop: Workshop) -> None:
    await shop.publish(SAID)
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.live_until(date(2026, 6, 16))
    shop.turn_to(date(2026, 7, 3), 10)
    await shop.live_until(date(2026, 7, 31))
    office = [(each.on, each.occasion) for each in await shop.said() if each.party == f"office/{A}"]
    assert office[-1] == (date(2026, 7, 3), "closing")
    assert [on for on, _ in office].count(date(2026, 7, 3)) == 1


async def test_the_end_of_a_duty_changes_its_state_on_the_day_after(shop: Workshop) -> None:
    await shop.publish(SAID)
    await shop.enrol(enrolled(A))
    await shop.live_until(DUE)
    assert [row.state for row in await shop.all(CohortRow)] == ["open"]
    await shop.live_until(date(2026, 7, 1))
    assert [(row.state, row.next_on) for row in await shop.all(CohortRow)] == [("lapsed", None)]


async def test_the_next_sweep_is_left_for_the_next_day_on_which_anything_is_due(shop: Workshop) -> None:
    await shop.publish(SAID)
    await shop.enrol(enrolled(A))
    await derive(shop.tools)
    await shop.forget_outbox()
    await sweep(shop.tools)
    assert await shop.waiting() == [("sweep", japan_time(date(2026, 5, 1), 0))]


async def test_nothing_is_left_where_nothing_will_ever_be_due(shop: Workshop) -> None:
    await sweep(shop.tools)
    assert await shop.waiting() == []


async def test_a_deadline_whose_law_has_moved_waits_for_its_derivation(shop: Workshop) -> None:
    await shop.publish(SAID)
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.live_until(date(2026, 4, 30))
    shop.turn_to(date(2026, 5, 1))
    later = said(by(date(2026, 7, 31)), date(2026, 5, 1))
    await accept(shop.tools, [later.notice], [later], [deadline()], "one person")
    await approve(shop.tools, [later.notice.id], "another person")
    await shop.forget_outbox()
    await sweep(shop.tools)
    assert [row.occasion for row in await shop.all(SayingRow)] == ["announcement"]
    assert await shop.waiting() == []


async def test_what_is_due_in_the_past_only_is_not_slept_on(shop: Workshop) -> None:
    """A cohort that waits for its derivation does not make the sweep come back at once, again and again."""
    await test_a_deadline_whose_law_has_moved_waits_for_its_derivation(shop)
    await derive(shop.tools)
    await sweep(shop.tools)
    assert [row.occasion for row in await shop.all(SayingRow)] == ["announcement", "change"]


EVENT = UntilEvent(
    "day", ("example.day.announced",), Interval(date(2026, 10, 1), date(2027, 3, 31)), "2026年度下期中"
)


async def test_inside_an_expected_window_the_editor_is_asked_every_month(shop: Workshop) -> None:
    expected = deadline(ladder="until-event")
    await shop.publish(said(EVENT), deadlines=[expected])
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.live_until(date(2026, 12, 1))
    told = [(each.on, each.party, each.occasion, each.rung) for each in await shop.said()][1:]
    assert told == [
        (date(2026, 9, 1), f"office/{A}", "reminder", None),
        (date(2026, 10, 1), "editor", "question", None),
        (date(2026, 10, 1), f"office/{A}", "opening", None),
        (date(2026, 11, 2), "editor", "question", None),
        (date(2026, 12, 1), "editor", "question", None),
    ]


async def test_an_outer_limit_is_told_to_the_authority_and_copied_to_the_editor(shop: Workshop) -> None:
    limit = Ladder("limit", (90, 60, 30), opening=False, closing=False, editor=True)
    watched = replace(
        shop.tools, catalogue=replace(shop.tools.catalogue, ladders={**LADDERS, "limit": limit})
    )
    shop = replace(shop, tools=watched)
    entry = deadline(ladder="limit", parties=(Party.MUNICIPALITY,))
    await shop.publish(SAID, deadlines=[entry])
    await shop.live_until(date(2026, 7, 10))
    told = [(each.on, each.party, each.rung) for each in await shop.said("accepted", "unreachable")]
    assert sorted(each[1:] for each in told if each[0] == date(2026, 5, 1)) == [
        ("authority/999016", "T-60"),
        ("authority/999024", "T-60"),
        ("editor", "T-60"),
    ]


async def test_a_missed_end_of_an_authoritys_own_duty_is_not_told_to_others(shop: Workshop) -> None:
    entry = deadline(parties=(Party.PREFECTURE,))
    await shop.publish(SAID, deadlines=[entry])
    await shop.live_until(date(2026, 7, 10))
    closing = [each.party for each in await shop.said("unreachable") if each.occasion == "closing"]
    assert closing == ["authority/888001", f"authority/{PREFECTURE}"]


async def test_a_cohort_of_which_nothing_is_said_any_more_is_left_as_it_is(shop: Workshop) -> None:
    """Cohorts made under another version of the law may be left over; they say nothing."""
    await shop.publish(said(by(DUE), authority=CITY))
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.live_until(date(2026, 4, 1))
    (kept,) = await shop.all(CohortRow)
    stray = {name: getattr(kept, name) for name in kept._fields if name != "id"}
    await shop.write(CohortRow, **{**stray, "municipality": "000000", "prefecture": "000000"})
    await shop.live_until(date(2026, 5, 29))
    assert [rung for _, _, rung in await shop.briefs()] == [None, "T-60", "T-30"]
