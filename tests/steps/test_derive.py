from datetime import date

from notifier.domain.applicability import Recorded, Services
from notifier.domain.dates import Interval, Period
from notifier.domain.expressions import (
    AfterAnchor,
    FiscalYearsAfter,
    InFiscalYear,
    Unclear,
    Unknown,
    UntilEvent,
)
from notifier.domain.law import Party
from notifier.domain.notices import Rank
from notifier.steps.derive import derive
from notifier.store.tables import CohortRow, DeadlineRow, ObligationRow, OfficeRow, SayingRow
from tests.builders import (
    CITY,
    PREFECTURE,
    anchor,
    by,
    city,
    deadline,
    notice,
    pattern,
    said,
    set_by_prefecture,
    settlement,
)
from tests.steps.workshop import OTHER_CITY, OTHER_PREFECTURE, A, B, C, Workshop, enrolled

MAY, JUNE, JULY = date(2026, 5, 15), date(2026, 6, 30), date(2026, 7, 31)
FILED = settlement("example.report.filed")
GRANTED = Recorded(pattern("example.granted"))
OUTSIDE = {"municipality": "888010", "prefecture": OTHER_PREFECTURE}


async def owed(shop: Workshop) -> dict[str, tuple[str, date | None]]:
    """By office: the state of its cohort and the last day."""
    offices = {row.id: row.number for row in await shop.all(OfficeRow)}
    cohorts = {row.id: row for row in await shop.all(CohortRow)}
    return {
        offices[row.office_id]: (cohorts[row.cohort_id].state, cohorts[row.cohort_id].latest)
        for row in await shop.all(ObligationRow)
    }


# ---- the law moves ----


async def test_where_nothing_has_moved_nothing_is_worked_out(shop: Workshop) -> None:
    await derive(shop.tools)
    assert await shop.waiting() == []


async def test_a_duty_that_becomes_known_is_announced_to_everybody_whom_it_concerns(shop: Workshop) -> None:
    duty = deadline(concerns=Services(frozenset({"43"})))
    await shop.enrol(enrolled(A, "a@example.jp", services=("43",)), enrolled(B, "b@example.jp"))
    await shop.publish(said(by(JUNE)), deadlines=[duty])
    await shop.live_until(date(2026, 4, 2))
    assert await shop.briefs() == [(A, "announcement", None)]
    assert await owed(shop) == {A: ("open", JUNE)}


async def test_a_moved_date_is_told_old_and_new_and_leaves_the_obligations_alone(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp"))
    await shop.publish(said(by(JUNE)))
    await shop.live_until(date(2026, 4, 1))
    before = await shop.all(ObligationRow)
    shop.turn_to(date(2026, 4, 8))
    await shop.publish(said(by(JULY), date(2026, 4, 8)))
    await shop.live_until(date(2026, 4, 8))
    assert await shop.all(ObligationRow) == before
    assert await owed(shop) == {A: ("open", JULY), B: ("open", JULY)}
    assert await shop.briefs() == [
        *[(each, "announcement", None) for each in (A, B)],
        *[(each, "change", None) for each in (A, B)],
    ]
    change = (await shop.all(SayingRow))[-1].content["change"]
    assert change["kind"] == "extended"
    assert ("6月30日" in change["old"], "7月31日" in change["new"]) == (True, True)


async def test_a_change_leaves_the_same_generation_where_nothing_an_office_would_notice_moved(
    shop: Workshop,
) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.publish(said(by(JUNE)))
    await shop.live_until(date(2026, 4, 1))
    (before,) = await shop.all(CohortRow)
    shop.turn_to(date(2026, 4, 8))
    await shop.publish(said(by(JUNE), date(2026, 4, 8)))
    await shop.live_until(date(2026, 4, 8))
    (after,) = await shop.all(CohortRow)
    assert after.generation == before.generation
    assert after.decision["said"] != before.decision["said"]
    assert await shop.briefs() == [(A, "announcement", None)]


async def test_whoever_has_done_it_is_told_of_changes_only_if_the_duty_follows_them(shop: Workshop) -> None:
    plain = deadline("example/plain", settled_by=(FILED,))
    followed = deadline("example/followed", settled_by=(FILED,), follow=True)
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.publish(
        said(by(JUNE), deadline=plain.id), said(by(JUNE), deadline=followed.id), deadlines=[plain, followed]
    )
    await shop.note("example.report.filed")
    await shop.live_until(date(2026, 4, 1))
    shop.turn_to(date(2026, 4, 8))
    day = date(2026, 4, 8)
    await shop.publish(
        said(by(JULY), day, deadline=plain.id),
        said(by(JULY), day, deadline=followed.id),
        deadlines=[plain, followed],
    )
    await shop.live_until(day)
    assert [(each.deadline, each.occasion) for each in await shop.said() if each.on == day] == [
        ("example/followed", "change")
    ]


async def test_a_withdrawn_duty_is_told_once_and_nobody_has_settled_it(shop: Workshop) -> None:
    duty = deadline(settled_by=(FILED,), follow=True)
    await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp"))
    await shop.publish(said(by(JUNE)), deadlines=[duty])
    await shop.note("example.report.filed")
    await shop.live_until(date(2026, 4, 1))
    shop.turn_to(date(2026, 4, 8))
    await shop.publish(said(None, date(2026, 4, 8), withdraws=True), deadlines=[duty])
    await shop.live_until(date(2026, 12, 31))
    told = [(each.party, each.occasion) for each in await shop.said() if each.on >= date(2026, 4, 8)]
    assert sorted(told) == [(f"office/{A}", "change"), (f"office/{B}", "change")]
    assert await owed(shop) == {A: ("withdrawn", None), B: ("withdrawn", None)}
    assert [row.settled_on for row in await shop.all(ObligationRow)] == [None, None]


async def test_a_duty_that_is_issued_again_after_it_was_withdrawn_is_settled_as_before(
    shop: Workshop,
) -> None:
    duty = deadline(settled_by=(FILED,))
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.publish(said(by(JUNE)), deadlines=[duty])
    await shop.note("example.report.filed")
    await shop.live_until(date(2026, 4, 1))
    for day, statement in (
        (date(2026, 4, 8), said(None, date(2026, 4, 8), withdraws=True)),
        (date(2026, 4, 9), said(by(JULY), date(2026, 4, 9))),
    ):
        shop.turn_to(day)
        await shop.publish(statement, deadlines=[duty])
        await shop.live_until(day)
    assert await owed(shop) == {A: ("open", JULY)}
    assert [row.settled_on for row in await shop.all(ObligationRow)] == [date(2026, 4, 1)]


async def test_what_is_repeated_silently_is_not_told(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.publish(said(Unknown("検討中です")))
    await shop.live_until(date(2026, 4, 1))
    shop.turn_to(date(2026, 4, 8))
    await shop.publish(said(Unknown("引き続き検討中です"), date(2026, 4, 8), silent=True))
    await shop.live_until(date(2026, 4, 8))
    assert await shop.briefs() == [(A, "announcement", None)]


async def test_what_is_over_when_it_becomes_known_is_not_told(shop: Workshop) -> None:
    march, following = date(2026, 3, 31), "example/following"
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.publish(
        said(by(march)),
        said(by(march), deadline=following),
        deadlines=[deadline(), deadline(following, taken_up=GRANTED)],
    )
    await shop.run()
    await shop.enrol(enrolled(B, "b@example.jp"))
    await shop.live_until(date(2026, 4, 30))
    assert await shop.said("accepted", "planned", "unreachable") == []
    states = {(row.deadline, row.state) for row in await shop.all(CohortRow)}
    assert states == {("example/annual-report", "lapsed"), (following, "waiting-for-fact")}


async def test_a_quiet_duty_is_not_announced_but_reminded(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.publish(said(by(MAY)), deadlines=[deadline(announce=False)])
    await shop.enrol(enrolled(B, "b@example.jp"))
    await shop.live_until(date(2026, 4, 15))
    assert await shop.briefs() == [(A, "reminder", "T-30"), (B, "reminder", "T-30")]


async def test_a_duty_told_when_dated_is_silent_until_a_day_is_known(shop: Workshop) -> None:
    duty = deadline(tell_when_dated=True)
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.publish(said(set_by_prefecture()), deadlines=[duty])
    await shop.live_until(date(2026, 4, 1))
    await shop.enrol(enrolled(B, "b@example.jp"))
    await shop.live_until(date(2026, 4, 2))
    assert await shop.said() == []
    shop.turn_to(date(2026, 4, 8))
    await shop.set("example.due.set", due=JULY)
    await shop.live_until(date(2026, 4, 8))
    assert [(each.brief, each.latest) for each in await shop.said()] == [
        ((A, "change", None), "2026-07-31"),
        ((B, "change", None), "2026-07-31"),
    ]


async def test_a_prompt_goes_to_the_authorities_and_no_office_owes_anything(shop: Workshop) -> None:
    duty = deadline(parties=(Party.MUNICIPALITY, Party.PREFECTURE), prompt=True, ladder="none")
    await shop.keep(city(), address="city@example.jp")
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.publish(said(Unknown("期日の定めはありません")), deadlines=[duty])
    await shop.live_until(date(2026, 4, 1))
    told = {(each.party, each.occasion, each.state) for each in await shop.said("accepted", "unreachable")}
    assert told == {
        (f"authority/{CITY}", "prompt", "accepted"),
        (f"authority/{OTHER_CITY}", "prompt", "unreachable"),
        (f"authority/{PREFECTURE}", "prompt", "unreachable"),
        (f"authority/{OTHER_PREFECTURE}", "prompt", "unreachable"),
    }
    assert await shop.all(ObligationRow) == []


async def test_a_contradiction_is_asked_of_the_editor_once_and_not_told_to_offices(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp", municipality=OTHER_CITY))
    await shop.publish(said(by(JULY)))
    await shop.live_until(date(2026, 4, 1))
    shop.turn_to(date(2026, 4, 8))
    await shop.publish(said(by(JUNE), date(2026, 4, 8), Rank.EXPLANATION))
    await shop.live_until(date(2026, 4, 9))
    assert [each.brief for each in await shop.said() if each.on > date(2026, 4, 1)] == [
        ("editor", "question", None)
    ]


async def test_what_cannot_be_meant_is_a_question_and_never_late(shop: Workshop) -> None:
    past = Interval(date(2025, 4, 1), date(2026, 3, 31))
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.publish(said(Unclear(past, None, "来年度と読んでよいですか。")))
    await shop.live_until(date(2026, 12, 31))
    assert sorted(await shop.briefs()) == [(A, "announcement", None), ("editor", "question", None)]


async def test_a_rung_of_the_day_of_a_change_is_named_in_it_and_not_repeated(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.publish(said(set_by_prefecture()))
    await shop.live_until(date(2026, 4, 1))
    shop.turn_to(date(2026, 6, 1))
    await shop.set("example.due.set", due=JULY)
    await shop.live_until(date(2026, 6, 30))
    assert await shop.briefs() == [(A, "announcement", None), (A, "change", "T-60")]


async def test_a_duty_defined_anew_takes_in_and_lets_go_of_offices(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp", services=("43",)), enrolled(B, "b@example.jp"))
    await shop.publish(said(by(JUNE)), deadlines=[deadline(concerns=Services(frozenset({"43"})))])
    await shop.live_until(date(2026, 4, 1))
    shop.turn_to(date(2026, 4, 8))
    await shop.publish(
        said(by(JUNE), date(2026, 4, 8)), deadlines=[deadline(concerns=Services(frozenset({"11"})))]
    )
    await shop.live_until(date(2026, 4, 8))
    assert await owed(shop) == {B: ("open", JUNE)}


# ---- layers ----


async def test_a_citys_own_day_holds_for_its_offices_only(shop: Workshop) -> None:
    await shop.enrol(
        enrolled(A, "a@example.jp"),
        enrolled(B, "b@example.jp", municipality=OTHER_CITY),
        enrolled(C, "c@example.jp", **OUTSIDE),
    )
    paper = notice(date(2026, 4, 1), id="city-paper")
    await shop.publish(
        said(by(JULY)),
        said(by(MAY), notice=paper, authority=CITY),
        said(by(JUNE), notice=paper, authority=PREFECTURE),
    )
    await shop.live_until(date(2026, 4, 1))
    assert await owed(shop) == {A: ("open", MAY), B: ("open", JUNE), C: ("open", JULY)}


async def test_a_citys_own_reckoning_gives_its_offices_days_of_their_own(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp", **OUTSIDE))
    own = AfterAnchor(anchor("example.applied"), Period.parse("P1M"))
    await shop.publish(said(by(JULY)), said(own, authority=CITY))
    for office in (A, B):
        await shop.note("example.applied", office)
    await shop.live_until(date(2026, 4, 1))
    assert await owed(shop) == {A: ("open", date(2026, 5, 1)), B: ("open", JULY)}


async def test_of_an_authority_nobody_knows_the_word_counts_for_offices_under_its_code(
    shop: Workshop,
) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp", municipality="555555"))
    await shop.publish(said(by(JULY)), said(by(MAY), authority="555555"))
    await shop.live_until(date(2026, 4, 1))
    assert await owed(shop) == {A: ("open", JULY), B: ("open", MAY)}


async def test_where_only_another_city_has_spoken_nothing_is_owed_until_the_nation_speaks(
    shop: Workshop,
) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp", municipality=OTHER_CITY))
    await shop.publish(said(by(MAY), authority=CITY))
    await shop.live_until(date(2026, 4, 1))
    assert await owed(shop) == {A: ("open", MAY)}
    shop.turn_to(date(2026, 4, 8))
    await shop.publish(said(by(JULY), date(2026, 4, 8)))
    await shop.live_until(date(2026, 4, 8))
    assert await owed(shop) == {A: ("open", MAY), B: ("open", JULY)}


async def test_a_day_that_a_prefecture_sets_is_told_to_its_offices_and_to_no_others(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp", **OUTSIDE))
    await shop.publish(said(set_by_prefecture()))
    await shop.live_until(date(2026, 4, 1))
    shop.turn_to(date(2026, 4, 8))
    await shop.set("example.due.set", due=JULY)
    await shop.live_until(date(2026, 4, 8))
    assert [each.brief for each in await shop.said() if each.on == date(2026, 4, 8)] == [(A, "change", None)]
    assert await owed(shop) == {A: ("open", JULY), B: ("waiting-for-date", None)}


async def test_an_announced_day_holds_for_the_nation(shop: Workshop) -> None:
    event = UntilEvent("day", ("example.day.announced",), None, "")
    await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp", **OUTSIDE))
    await shop.publish(said(event))
    await shop.set("example.day.announced", "", date=JULY)
    await shop.live_until(date(2026, 4, 1))
    assert await owed(shop) == {A: ("open", JULY), B: ("open", JULY)}


async def test_what_counts_within_a_window_counts_anew_when_the_window_moves(shop: Workshop) -> None:
    duty = deadline(settled_by=(settlement("example.linked", distinct="partner", count=2, inside=True),))
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.publish(said(InFiscalYear(2026)), deadlines=[duty])
    await shop.note("example.linked", on=date(2026, 4, 1), partner="1")
    await shop.note("example.linked", on=date(2026, 3, 1), partner="2")
    await shop.live_until(date(2026, 4, 1))
    assert [(row.progress, row.settled_on) for row in await shop.all(ObligationRow)] == [(1, None)]
    shop.turn_to(date(2026, 4, 8))
    await shop.publish(said(by(JULY), date(2026, 4, 8)), deadlines=[duty])
    await shop.live_until(date(2026, 4, 8))
    assert [(row.progress, row.settled_on) for row in await shop.all(ObligationRow)] == [
        (2, date(2026, 4, 1))
    ]


# ---- offices and their facts ----


async def test_a_fact_that_settles_is_acknowledged_with_its_name_and_day(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp"))
    await shop.publish(said(by(JUNE)), deadlines=[deadline(settled_by=(FILED,))])
    await shop.live_until(date(2026, 4, 1))
    shop.turn_to(date(2026, 4, 8))
    await shop.note("example.report.filed", on=date(2026, 4, 7))
    await shop.live_until(date(2026, 4, 8))
    assert (await shop.briefs())[2:] == [(A, "acknowledgement", None)]
    content = (await shop.all(SayingRow))[-1].content
    assert content["state"] == "settled"
    assert content["fact"]["label"] == "報告の提出（例）"
    assert "4月7日" in content["fact"]["on"]


async def test_several_new_facts_are_acknowledged_without_naming_one(shop: Workshop) -> None:
    duty = deadline(settled_by=(settlement("example.report.filed", "example.applied"),))
    await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp"))
    await shop.publish(said(by(JUNE)), deadlines=[duty])
    await shop.run()
    await shop.note("example.report.filed", A)
    await shop.note("example.applied", B)
    await shop.run()
    assert (await shop.all(SayingRow))[-1].content["fact"] is None


async def test_a_choice_opens_the_duty_that_follows_from_it(shop: Workshop) -> None:
    duty = deadline(taken_up=GRANTED)
    await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp"))
    await shop.publish(said(by(MAY)), deadlines=[duty])
    await shop.live_until(date(2026, 4, 1))
    shop.turn_to(date(2026, 4, 8))
    await shop.note("example.granted")
    await shop.live_until(date(2026, 4, 15))
    assert await shop.briefs() == [
        (A, "announcement", None),
        (B, "announcement", None),
        (A, "acknowledgement", None),
        (A, "reminder", "T-30"),
    ]
    assert await owed(shop) == {A: ("open", MAY), B: ("waiting-for-fact", MAY)}


async def test_a_day_set_for_a_duty_not_taken_up_is_not_told(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.publish(said(set_by_prefecture()), deadlines=[deadline(taken_up=GRANTED)])
    await shop.live_until(date(2026, 4, 1))
    shop.turn_to(date(2026, 4, 8))
    await shop.set("example.due.set", due=JULY)
    await shop.live_until(date(2026, 4, 8))
    assert await shop.briefs() == [(A, "announcement", None)]


async def test_a_fact_that_takes_an_office_out_ends_its_duty_in_silence(shop: Workshop) -> None:
    duty = deadline(excluded=Recorded(pattern("example.declined")))
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.publish(said(by(MAY)), deadlines=[duty])
    await shop.live_until(date(2026, 4, 1))
    shop.turn_to(date(2026, 4, 2))
    await shop.note("example.declined")
    await shop.live_until(date(2026, 5, 31))
    assert await shop.briefs() == [(A, "announcement", None)]
    assert await owed(shop) == {}


async def test_a_fact_that_only_counts_is_not_acknowledged(shop: Workshop) -> None:
    duty = deadline(settled_by=(settlement("example.linked", distinct="partner", count=2),))
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.publish(said(by(JUNE)), deadlines=[duty])
    await shop.live_until(date(2026, 4, 1))
    for day, partner in ((2, "1"), (3, "1"), (6, "2")):
        shop.turn_to(date(2026, 4, day))
        await shop.note("example.linked", partner=partner)
        await shop.live_until(date(2026, 4, day))
    assert [(each.on, each.occasion) for each in await shop.said()][1:] == [
        (date(2026, 4, 6), "acknowledgement")
    ]
    assert [(row.progress, row.settled_on) for row in await shop.all(ObligationRow)] == [
        (2, date(2026, 4, 6))
    ]


async def test_a_duty_without_acknowledgement_is_settled_in_silence(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.publish(said(by(JUNE)), deadlines=[deadline(settled_by=(FILED,), acknowledge=False)])
    await shop.live_until(date(2026, 4, 1))
    await shop.note("example.report.filed")
    await shop.run()
    assert await shop.briefs() == [(A, "announcement", None)]
    assert [row.settled_on for row in await shop.all(ObligationRow)] == [date(2026, 4, 1)]


async def test_a_choice_made_after_the_end_opens_nothing(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.publish(said(by(date(2026, 4, 7))), deadlines=[deadline(taken_up=GRANTED)])
    await shop.live_until(date(2026, 4, 9))
    before = await shop.briefs()
    shop.turn_to(date(2026, 4, 10))
    await shop.note("example.granted")
    await shop.live_until(date(2026, 4, 30))
    assert await shop.briefs() == before


async def test_a_fact_recorded_before_the_choice_settles_when_the_choice_is_made(shop: Workshop) -> None:
    duty = deadline(taken_up=GRANTED, settled_by=(FILED,))
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.publish(said(by(JUNE)), deadlines=[duty])
    await shop.note("example.report.filed")
    await shop.live_until(date(2026, 4, 1))
    assert [row.settled_on for row in await shop.all(ObligationRow)] == [None]
    shop.turn_to(date(2026, 4, 2))
    await shop.note("example.granted")
    await shop.live_until(date(2026, 4, 2))
    assert [row.settled_on for row in await shop.all(ObligationRow)] == [date(2026, 4, 1)]
    assert await shop.briefs() == [(A, "announcement", None), (A, "acknowledgement", None)]


async def test_a_recurring_duty_is_owed_for_each_of_its_years(shop: Workshop) -> None:
    yearly = FiscalYearsAfter(anchor("example.granted"), 3, set_by_prefecture())
    duty = deadline(ladder="recurring", taken_up=GRANTED, settled_by=(FILED,))
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.publish(said(yearly), deadlines=[duty])
    await shop.live_until(date(2026, 4, 1))
    assert [row.occurrence for row in await shop.all(ObligationRow)] == [1]
    await shop.note("example.granted")
    await shop.note("example.report.filed", on=date(2027, 6, 1), fiscal_year=2027)
    await shop.live_until(date(2027, 6, 1))
    assert [(row.occurrence, row.settled_on) for row in await shop.all(ObligationRow)] == [
        (1, date(2027, 6, 1)),
        (2, None),
        (3, None),
    ]


async def test_a_newcomer_that_has_done_everything_hears_nothing(shop: Workshop) -> None:
    await shop.publish(said(by(JUNE)), deadlines=[deadline(settled_by=(FILED,))])
    await shop.run()
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.note("example.report.filed")
    await shop.live_until(date(2026, 5, 31))
    assert await shop.said() == []


async def test_an_office_that_moves_comes_under_the_law_of_its_new_place(shop: Workshop) -> None:
    await shop.publish(said(by(JULY)), said(by(MAY), authority=OTHER_CITY))
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.live_until(date(2026, 4, 1))
    shop.turn_to(date(2026, 4, 8))
    await shop.enrol(enrolled(A, "a@example.jp", municipality=OTHER_CITY))
    await shop.live_until(date(2026, 4, 8))
    assert await owed(shop) == {A: ("open", MAY)}


async def test_an_office_hears_only_of_the_families_it_chose(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp", subscriptions=("other",)), enrolled(B, "b@example.jp"))
    await shop.publish(said(by(JUNE)))
    await shop.live_until(date(2026, 4, 1))
    assert await shop.briefs() == [(B, "announcement", None)]
    assert len(await owed(shop)) == 2


async def test_deriving_again_changes_nothing(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.publish(said(by(JUNE)))
    await derive(shop.tools)
    before = [await shop.all(model) for model in (CohortRow, ObligationRow, DeadlineRow, SayingRow)]
    await shop.forget_outbox()
    await derive(shop.tools)
    assert [await shop.all(model) for model in (CohortRow, ObligationRow, DeadlineRow, SayingRow)] == before
    assert await shop.waiting() == []


async def test_a_day_of_its_own_is_not_acknowledged_before_the_choice_is_made(shop: Workshop) -> None:
    own = AfterAnchor(anchor("example.applied"), Period.parse("P1Y"))
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.publish(said(own), deadlines=[deadline(taken_up=GRANTED)])
    await shop.live_until(date(2026, 4, 1))
    shop.turn_to(date(2026, 4, 2))
    await shop.note("example.applied")
    await shop.live_until(date(2026, 4, 2))
    assert await shop.briefs() == [(A, "announcement", None)]
    assert await owed(shop) == {A: ("waiting-for-fact", date(2027, 4, 2))}


async def test_an_authority_to_which_nothing_was_said_owes_nothing(shop: Workshop) -> None:
    duty = deadline(parties=(Party.MUNICIPALITY,))
    await shop.publish(said(by(JUNE), authority=CITY), deadlines=[duty])
    await shop.live_until(date(2026, 4, 1))
    assert [each.party for each in await shop.said("unreachable")] == [f"authority/{CITY}"]


async def test_a_cohort_about_which_nothing_is_known_any_more_is_left_as_it_is(shop: Workshop) -> None:
    await shop.publish(said(by(JUNE), authority=CITY))
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.run()
    (kept,) = await shop.all(CohortRow)
    stray = {name: getattr(kept, name) for name in kept._fields if name != "id"}
    await shop.write(CohortRow, **{**stray, "municipality": "000000", "prefecture": "000000"})
    shop.turn_to(date(2026, 4, 2))
    await shop.publish(said(by(JULY), date(2026, 4, 2), authority=CITY))
    await shop.run()
    assert [row.latest for row in await shop.all(CohortRow)] == [JULY, JUNE]
