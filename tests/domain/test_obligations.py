"""What an office owes: a pure function of the law as known, its place, its facts and the day."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain import dates
from notifier.domain.applicability import Recorded, Services
from notifier.domain.calendar import Roll
from notifier.domain.dates import Half, Part, Period
from notifier.domain.deadlines import Due, Shape
from notifier.domain.expressions import (
    AfterAnchor,
    Anchor,
    BeforeFact,
    Expression,
    FiscalYearsAfter,
    Fixed,
    InFiscalYear,
    InMonth,
    OnAnchor,
    Standing,
    Unclear,
    Unknown,
    UntilEvent,
)
from notifier.domain.facts import Fact, FactPattern
from notifier.domain.ladders import Occasion
from notifier.domain.law import Deadline, Law, Modality, Party, Setting, Settlement
from notifier.domain.notices import Rank
from notifier.domain.obligations import (
    Decision,
    Obligation,
    State,
    anchor_day,
    decide,
    facts_for,
    keys_of,
    obligations_of,
    progress_of,
    settled_on,
    shape_of,
)
from notifier.domain.offices import Office
from notifier.domain.statements import Statement
from tests.builders import (
    CITY,
    ISSUED,
    PREFECTURE,
    REPORT,
    anchor,
    by,
    city,
    deadline,
    fact,
    key,
    law,
    office,
    pattern,
    prefecture,
    said,
    set_by_prefecture,
    setting,
    settlement,
)

TODAY = date(2026, 4, 1)
FRIDAY, SUNDAY = date(2026, 7, 31), date(2026, 5, 31)
BEFORE_REPORT = BeforeFact(anchor("report.filed"), "自事業所の報告を出すまで", set_by_prefecture())
THREE_REPORTS = FiscalYearsAfter(anchor("granted"), 3, set_by_prefecture())
EXPECTED = UntilEvent("day", ("announced",), dates.half_year(2026, Half.SECOND), "2026年度下期中")
GRANTED = Recorded(pattern("granted"))


def decided(
    *statements: Statement,
    today: date = TODAY,
    entry: Deadline | None = None,
    own: date | None = None,
    **more: object,
) -> Decision:
    """What holds for the cohort of the invented city whose own day is `own`."""
    whole = law(*statements, deadlines=[entry or deadline()], **more)  # type: ignore[arg-type] # as law() takes them
    found = decide(whole, key(own), today)
    assert found is not None
    return found


def only(whole: Law, who: Office, today: date = TODAY) -> Obligation:
    """The office's only obligation."""
    (found,) = obligations_of(whole, who, today)
    return found


# ---- states ----


@pytest.mark.parametrize(
    "due, today, state",
    [
        (by(FRIDAY), FRIDAY, State.OPEN),
        (by(FRIDAY), FRIDAY + timedelta(days=1), State.LAPSED),
        (InMonth(2026, 7, Part.EARLY), date(2026, 7, 10), State.OPEN),
        (InMonth(2026, 7, Part.EARLY), date(2026, 7, 11), State.LAPSED),
        (InFiscalYear(2026), date(2027, 4, 1), State.LAPSED),
        (set_by_prefecture(), TODAY, State.WAITING_FOR_DATE),
        (Unknown("未定"), TODAY, State.WAITING_FOR_DATE),
        (Standing("ずっと"), TODAY, State.OPEN),
        (Fixed(None, TODAY), TODAY, State.OPEN),
        (EXPECTED, date(2027, 6, 1), State.WAITING_FOR_DATE),
    ],
)
def test_a_duty_is_open_until_its_last_day_has_passed(due: Expression, today: date, state: State) -> None:
    assert decided(said(due), today=today).state is state


def test_what_may_be_claimed_until_an_event_is_open() -> None:
    entry = deadline(modality=Modality.OPTIONAL)
    assert decided(said(EXPECTED), entry=entry).state is State.OPEN


@pytest.mark.parametrize("today", [TODAY, date(2030, 1, 1)])
def test_a_year_that_cannot_be_meant_is_never_overdue_and_never_reminded(today: date) -> None:
    found = decided(said(Unclear(dates.fiscal_year(2025), dates.fiscal_year(2026), "?")), today=today)
    assert (found.state, found.rungs) == (State.NEEDS_CLARIFICATION, ())


def test_a_withdrawn_duty_is_withdrawn_and_silent() -> None:
    found = decided(said(by(FRIDAY)), said(None, date(2026, 4, 2), withdraws=True))
    assert (found.state, found.rungs, found.due.wording) == (State.WITHDRAWN, (), "取り下げられました")


def test_a_duty_of_which_no_date_is_said_says_so() -> None:
    found = decided(said(None))
    assert (found.state, found.due.wording) == (State.WAITING_FOR_DATE, "期日は示されていません")


def test_nothing_is_decided_about_what_nobody_has_said() -> None:
    assert decide(law(), key(), TODAY) is None


# ---- choice and duty ----


def test_a_duty_that_follows_from_a_choice_waits_for_it_and_is_not_reminded() -> None:
    entry = deadline(taken_up=GRANTED, settled_by=(settlement("filed"),))
    whole = law(said(by(FRIDAY)), deadlines=[entry])
    waiting = only(whole, office(fact("filed", TODAY)))
    assert (waiting.state, waiting.settled_on) == (State.WAITING_FOR_FACT, None)
    assert waiting.decision is not None
    assert waiting.decision.rungs == ()
    assert only(whole, office(fact("granted", TODAY))).state is State.OPEN


def test_an_office_that_is_not_concerned_is_told_why() -> None:
    entry = deadline(concerns=Services(frozenset({"43"})), concerns_wording="居宅介護支援事業所")
    found = only(law(said(by(FRIDAY)), deadlines=[entry]), office(services=["11"]))
    assert found.state is State.NOT_APPLICABLE
    assert found.reason == "対象は居宅介護支援事業所です。この事業所は当てはまりません"
    plain = replace(entry, concerns_wording="")
    assert only(law(said(by(FRIDAY)), deadlines=[plain]), office()).reason == "この事業所は対象ではありません"


def test_an_office_that_declined_is_told_why() -> None:
    entry = deadline(excluded=Recorded(pattern("declined")))
    whole = law(said(by(FRIDAY)), deadlines=[entry])
    found = only(whole, office(fact("declined", TODAY)))
    assert found.state is State.NOT_APPLICABLE
    assert found.reason == "辞退または不要の登録があるため、対象ではありません"
    assert only(whole, office()).state is State.OPEN


def test_what_only_authorities_owe_is_no_obligation_of_an_office() -> None:
    entry = deadline(parties=(Party.MUNICIPALITY,))
    assert obligations_of(law(said(by(FRIDAY)), deadlines=[entry]), office(), TODAY) == []


def test_what_nobody_has_said_yet_is_no_obligation() -> None:
    assert obligations_of(law(), office(), TODAY) == []


def test_what_only_another_city_has_said_is_no_obligation_here() -> None:
    whole = law(said(by(FRIDAY), authority="999024"))
    assert obligations_of(whole, office(), TODAY) == []
    assert only(whole, office(municipality="999024")).state is State.OPEN


def test_obligations_come_in_the_order_of_their_names() -> None:
    names = ["example/b", "example/a", "another/c"]
    whole = law(
        *(said(by(FRIDAY), deadline=name) for name in names), deadlines=[deadline(name) for name in names]
    )
    assert [each.deadline for each in obligations_of(whole, office(), TODAY)] == sorted(names)


# ---- what discharges a duty ----


def linked(*partners: str, since: date = TODAY) -> list[Fact]:
    """Links with partners on days one after the other."""
    return [fact("linked", since + timedelta(days=i), partner=each) for i, each in enumerate(partners)]


FIVE = deadline(settled_by=(settlement("linked", distinct="partner", count=5, inside=True),))


def five_links(*facts: Fact) -> Obligation:
    """How far an office has come that needs five partners in fiscal 2026."""
    whole = law(said(InFiscalYear(2026)), deadlines=[FIVE])
    return only(whole, office(*facts), date(2026, 12, 1))


def test_the_fifth_distinct_partner_settles_the_five_links_duty_on_its_day() -> None:
    found = five_links(*linked("a", "b", "c", "d", "e", "f"))
    assert (found.state, found.settled_on) == (State.SETTLED, date(2026, 4, 5))
    assert (found.progress, found.needed) == (6, 5)


def test_a_repeated_partner_does_not_settle_the_five_links_duty() -> None:
    found = five_links(*linked("a", "b", "c", "d", "d"))
    assert (found.state, found.progress) == (State.OPEN, 4)


def test_a_link_that_names_no_partner_does_not_count() -> None:
    assert five_links(fact("linked", TODAY)).progress == 0


def test_partners_of_the_year_before_do_not_count_unless_linked_again() -> None:
    before = linked("a", "b", "c", "d", "e", since=date(2026, 3, 1))
    assert five_links(*before).progress == 0
    assert five_links(*before, *linked("a")).progress == 1


@given(st.lists(st.sampled_from("abcdef"), max_size=8), st.sampled_from("abcdef"))
def test_a_repeated_partner_never_adds_progress(partners: list[str], again: str) -> None:
    once, twice = five_links(*linked(*partners)), five_links(*linked(*partners, again))
    assert twice.progress - once.progress == (0 if again in partners else 1)


def test_a_condition_before_the_own_report_is_broken_by_the_report_even_before_the_set_day() -> None:
    entry = deadline(settled_by=(settlement("joined", inside=True),))
    posted = [setting("example.due.set", TODAY, due=FRIDAY)]
    whole = law(said(BEFORE_REPORT), deadlines=[entry], settings=posted)
    filed, joined = fact("report.filed", date(2026, 7, 10)), fact("joined", date(2026, 7, 20))
    assert only(whole, office(), date(2026, 7, 11)).state is State.OPEN
    assert only(whole, office(filed), date(2026, 7, 10)).state is State.OPEN
    assert only(whole, office(filed), date(2026, 7, 11)).state is State.LAPSED
    assert only(whole, office(filed, joined), date(2026, 7, 21)).state is State.LAPSED
    in_time = only(whole, office(filed, fact("joined", date(2026, 7, 10))), date(2026, 7, 21))
    assert (in_time.state, in_time.settled_on) == (State.SETTLED, date(2026, 7, 10))


def test_a_report_filed_late_does_not_open_the_condition_again() -> None:
    entry = deadline(settled_by=(settlement("joined", inside=True),))
    posted = [setting("example.due.set", TODAY, due=FRIDAY)]
    whole = law(said(BEFORE_REPORT), deadlines=[entry], settings=posted)
    late = office(fact("joined", date(2026, 8, 3)), fact("report.filed", date(2026, 8, 5)))
    assert only(whole, late, date(2026, 8, 5)).state is State.LAPSED


def test_one_of_several_settlements_is_enough_and_the_first_day_counts() -> None:
    ways = (settlement("joined"), settlement("started", distinct="system", count=2))
    facts = [fact("joined", FRIDAY), *(fact("started", TODAY, system=each) for each in "ab")]
    assert settled_on(ways, facts, None) == TODAY
    assert settled_on(ways, facts[:2], None) == FRIDAY
    assert settled_on(ways, [], None) is None
    assert settled_on((), facts, None) is None


def test_progress_is_that_of_the_counted_settlement() -> None:
    ways = (settlement("joined"), settlement("linked", count=3))
    facts = [fact("linked", TODAY), fact("linked", TODAY), fact("joined", TODAY)]
    assert progress_of(ways, facts, None) == (2, 3)
    assert progress_of(ways[:1], facts, None) == (0, 0)


def test_inside_an_end_without_days_everything_counts() -> None:
    way = (settlement("joined", inside=True),)
    assert settled_on(way, [fact("joined", TODAY)], Due(Shape.UNSET, "未公表")) == TODAY


# ---- recurring duties ----


def reports(*facts: Fact, today: date = TODAY, settings: tuple[Setting, ...] = ()) -> list[Obligation]:
    """An office's reports in the three years after its grant of fiscal 2026."""
    entry = deadline(taken_up=GRANTED, settled_by=(settlement("filed"),), ladder="recurring")
    whole = law(said(THREE_REPORTS), deadlines=[entry], settings=settings)
    return obligations_of(whole, office(*facts), today)


GRANT = fact("granted", date(2026, 8, 1))


def test_the_years_of_a_report_are_counted_from_the_grant() -> None:
    found = reports(GRANT)
    opens = [each.decision.due.opens for each in found if each.decision]
    assert [each.occurrence for each in found] == [1, 2, 3]
    assert opens == [date(2027, 4, 1), date(2028, 4, 1), date(2029, 4, 1)]


def test_before_the_grant_a_recurring_report_appears_once() -> None:
    (found,) = reports()
    assert (found.occurrence, found.state) == (1, State.WAITING_FOR_FACT)
    assert found.decision is not None
    assert found.decision.set_by is None


def test_a_report_settles_only_its_own_fiscal_year() -> None:
    found = reports(GRANT, fact("filed", date(2028, 4, 20), fiscal_year=2027), today=date(2028, 4, 21))
    assert [each.state for each in found] == [
        State.SETTLED,
        State.WAITING_FOR_DATE,
        State.WAITING_FOR_DATE,
    ]


def test_a_day_set_for_one_fiscal_year_leaves_the_others_waiting() -> None:
    posted = (setting("example.due.set", date(2027, 4, 5), fiscal_year=2027, due=date(2027, 6, 30)),)
    found = reports(GRANT, today=date(2027, 4, 5), settings=posted)
    assert [each.state for each in found] == [State.OPEN, State.WAITING_FOR_DATE, State.WAITING_FOR_DATE]
    first = found[0].decision
    assert first is not None
    assert (first.due.latest, first.set_by) == (date(2027, 6, 30), PREFECTURE)


def test_facts_that_settle_nothing_count_for_every_year() -> None:
    entry = deadline(settled_by=(settlement("filed"),))
    who = office(GRANT, fact("filed", TODAY, fiscal_year=2028), fact("filed", TODAY, fiscal_year=2027))
    kept = facts_for(entry, who, key(date(2026, 8, 1), occurrence=1))
    assert kept == [GRANT, who.facts[2]]
    assert facts_for(entry, who, key()) == list(who.facts)


# ---- the office's own day ----


def test_the_newest_fact_gives_the_day_or_the_oldest_where_that_is_meant() -> None:
    facts = [fact("joined", date(2026, 5, 1)), fact("joined", date(2026, 4, 1))]
    assert anchor_day(anchor("joined"), facts) == date(2026, 5, 1)
    assert anchor_day(anchor("joined", earliest=True), facts) == date(2026, 4, 1)
    assert anchor_day(anchor("started"), facts) is None


def test_a_value_of_the_fact_gives_the_day_and_facts_without_it_are_passed_over() -> None:
    named = anchor("joined", value="licence_until")
    facts = [fact("joined", date(2026, 4, 1), licence_until=FRIDAY), fact("joined", date(2026, 5, 1))]
    assert anchor_day(named, facts) == FRIDAY
    assert anchor_day(named, facts[1:]) is None


def test_a_posted_licence_end_wins_over_the_computed_one() -> None:
    lasting = anchor("joined", value="licence_until", lasting=Period(years=1))
    assert anchor_day(lasting, [fact("joined", date(2025, 4, 21))]) == date(2026, 4, 20)
    posted = fact("joined", date(2025, 4, 21), licence_until=date(2026, 4, 30))
    assert anchor_day(lasting, [posted]) == date(2026, 4, 30)


def test_offices_with_equal_inputs_share_a_cohort() -> None:
    whole = law(said(AfterAnchor(anchor("joined"), Period(years=1))))
    entry = whole.deadlines[REPORT]
    one = office(fact("joined", TODAY), services=["11"])
    other = office(fact("joined", TODAY), fact("declined", TODAY), services=["43"])
    assert keys_of(whole, entry, one) == keys_of(whole, entry, other) == [key(TODAY)]


def test_the_shape_of_a_duty_is_that_of_the_layer_that_prevails() -> None:
    whole = law(said(OnAnchor(anchor("joined"))), said(by(FRIDAY), authority=CITY))
    assert shape_of(whole, REPORT, []) == (anchor("joined"), (0,))
    assert shape_of(whole, REPORT, [CITY, PREFECTURE]) == (None, (0,))
    assert shape_of(law(said(None)), REPORT, []) == (None, (0,))
    assert shape_of(law(), REPORT, []) == (None, (0,))


# ---- layers, calendars, rolls, ladders ----


def test_a_city_sets_its_own_day_for_its_offices_only() -> None:
    whole = law(said(by(FRIDAY)), said(by(date(2026, 8, 14)), authority=CITY))
    assert only(whole, office()).decision.due.latest == date(2026, 8, 14)  # type: ignore[union-attr] # it applies
    assert only(whole, office(municipality="999024")).decision.due.latest == FRIDAY  # type: ignore[union-attr] # same


def test_an_exception_of_a_year_reaches_a_duty_whose_end_lies_in_that_year() -> None:
    exception = said(by(date(2026, 9, 30)), fiscal_year=2026)
    assert decided(said(by(FRIDAY)), exception).due.latest == date(2026, 9, 30)
    other = said(by(date(2027, 9, 30)), fiscal_year=2027)
    assert decided(said(by(FRIDAY)), other).due.latest == FRIDAY
    assert decided(said(Unknown("未定")), exception).due.latest is None


def test_an_exception_of_a_year_reaches_that_year_of_a_recurring_duty() -> None:
    exception = said(by(date(2028, 6, 30)), fiscal_year=2028)
    whole = law(said(THREE_REPORTS), exception)
    ends = [
        found.due.latest
        for i in (1, 2, 3)
        if (found := decide(whole, key(date(2026, 8, 1), occurrence=i), TODAY))
    ]
    assert ends == [date(2028, 3, 31), date(2028, 6, 30), date(2030, 3, 31)]


@pytest.mark.parametrize(
    "roll, last", [(Roll.NONE, SUNDAY), (Roll.PREVIOUS, date(2026, 5, 29)), (Roll.NEXT, date(2026, 6, 1))]
)
def test_a_day_on_a_sunday_stays_or_moves_as_its_rule_says(roll: Roll, last: date) -> None:
    found = decided(said(by(SUNDAY)), entry=deadline(roll=roll))
    assert (found.due.latest, found.due.ladder_day) == (last, last)
    assert ("閉庁日" in found.due.wording) is (roll is not Roll.NONE)


def test_the_nearest_authority_with_a_rule_of_its_own_for_closed_days_is_followed() -> None:
    there = prefecture(rolls={REPORT: Roll.PREVIOUS}, ladders={REPORT: "short"})
    found = decided(said(by(SUNDAY)), authorities=[city(), there])
    assert found.due.latest == date(2026, 5, 29)
    assert [rung.name for rung in found.rungs] == ["T-7", "T-0", None]
    here = city(rolls={REPORT: Roll.NEXT}, ladders={REPORT: "none"})
    nearer = decided(said(by(SUNDAY)), authorities=[here, there])
    assert (nearer.due.latest, nearer.rungs) == (date(2026, 6, 1), ())


def test_a_rule_for_closed_days_may_hold_in_one_fiscal_year_only() -> None:
    in_2026 = city(rolls={REPORT: Roll.NEXT, f"{REPORT}@2026": Roll.PREVIOUS})
    assert decided(said(by(SUNDAY)), authorities=[in_2026]).due.latest == date(2026, 5, 29)
    in_2027 = city(rolls={f"{REPORT}@2027": Roll.PREVIOUS})
    assert decided(said(by(SUNDAY)), authorities=[in_2027]).due.latest == SUNDAY


def test_a_day_that_the_prefecture_set_moves_by_the_prefectures_calendar() -> None:
    posted = [setting("example.due.set", TODAY, due=SUNDAY)]
    places = [city(closed=frozenset({date(2026, 6, 1)})), prefecture()]
    found = decided(
        said(set_by_prefecture()), entry=deadline(roll=Roll.NEXT), authorities=places, settings=posted
    )
    assert (found.due.latest, found.set_by) == (date(2026, 6, 1), PREFECTURE)


def test_reminders_keep_off_the_citys_own_closed_days() -> None:
    found = decided(said(by(FRIDAY)), authorities=[city(closed=frozenset({date(2026, 7, 30)}))])
    assert date(2026, 7, 30) not in {rung.on for rung in found.rungs}


def test_the_end_of_a_fiscal_year_does_not_move_off_a_weekend() -> None:
    found = decided(said(InFiscalYear(2027)), entry=deadline(roll=Roll.NEXT))
    assert found.due.latest == date(2028, 3, 31)
    weekend = decided(said(InFiscalYear(2023)), entry=deadline(roll=Roll.NEXT))
    assert weekend.due.latest == date(2024, 3, 31)


def test_the_day_of_an_own_report_does_not_move_off_a_weekend() -> None:
    found = decided(said(BEFORE_REPORT), entry=deadline(roll=Roll.NEXT), own=SUNDAY)
    assert (found.due.latest, found.set_by) == (SUNDAY, None)


def test_a_day_in_a_year_without_proclaimed_holidays_is_an_estimate() -> None:
    assert not decided(said(by(FRIDAY))).estimate
    assert decided(said(by(date(2028, 7, 31)))).estimate


def test_a_prefectures_own_cohort_follows_its_prefecture() -> None:
    posted = [
        setting("example.due.set", TODAY, "", due=FRIDAY),
        setting("example.due.set", TODAY, due=date(2026, 8, 14)),
    ]
    whole = law(said(set_by_prefecture()), settings=posted, authorities=[prefecture()])
    found = decide(whole, key(municipality=""), TODAY)
    assert found is not None
    assert (found.due.latest, found.set_by) == (date(2026, 8, 14), PREFECTURE)


def test_a_set_day_is_no_plan_even_if_the_notice_called_it_one() -> None:
    posted = [setting("example.due.set", TODAY, due=FRIDAY)]
    assert not decided(said(set_by_prefecture(), tentative=True), settings=posted).due.tentative


# ---- contradictions ----

EARLIER = said(InMonth(2026, 7, Part.EARLY), date(2026, 4, 10), Rank.EXPLANATION)


def test_while_a_contradiction_is_undecided_the_ladder_runs_to_the_earlier_day() -> None:
    found = decided(said(by(FRIDAY)), EARLIER)
    assert found.due.latest == FRIDAY
    assert found.due.ladder_day == found.due.target == date(2026, 7, 10)
    assert [each.latest for each in found.contradicting] == [date(2026, 7, 10)]
    closing = [rung.on for rung in found.rungs if rung.occasion is Occasion.CLOSING]
    assert closing == [date(2026, 8, 3)]


def test_a_later_day_that_contradicts_moves_nothing() -> None:
    found = decided(said(by(FRIDAY)), said(by(date(2026, 8, 31)), date(2026, 4, 10), Rank.EXPLANATION))
    assert found.due.ladder_day == FRIDAY


@pytest.mark.parametrize("other", [by(date(2025, 7, 31)), by(date(2026, 4, 9)), Unknown("未定"), EXPECTED])
def test_a_day_that_was_over_when_it_was_said_silences_nothing(other: Expression) -> None:
    found = decided(said(by(FRIDAY)), said(other, date(2026, 4, 10), Rank.EXPLANATION))
    assert found.due.ladder_day == FRIDAY
    assert found.resolution.against


def test_an_earlier_day_before_the_opening_is_nothing_to_run_to() -> None:
    found = decided(
        said(Fixed(FRIDAY, date(2026, 7, 1))),
        said(by(date(2026, 6, 30)), date(2026, 4, 10), Rank.EXPLANATION),
    )
    assert found.due.ladder_day == FRIDAY


def test_an_editors_decision_keeps_the_day_and_names_a_safe_one() -> None:
    verdict = said(by(FRIDAY), date(2026, 4, 11), Rank.DECISION, target=date(2026, 7, 10))
    found = decided(said(by(FRIDAY)), EARLIER, verdict)
    assert (found.due.ladder_day, found.due.target) == (FRIDAY, date(2026, 7, 10))
    assert found.contradicting == ()


def test_what_contradicts_a_decision_later_is_run_to_until_it_is_decided_again() -> None:
    verdict = said(by(FRIDAY), date(2026, 4, 11), Rank.DECISION, target=date(2026, 7, 20))
    later = said(by(date(2026, 7, 15)), date(2026, 5, 1))
    found = decided(said(by(FRIDAY)), verdict, later)
    assert (found.due.ladder_day, found.due.target) == (date(2026, 7, 15), date(2026, 7, 15))


def test_a_decision_may_name_a_safe_day_where_there_is_no_day() -> None:
    verdict = said(InMonth(2026, 7), date(2026, 4, 11), Rank.DECISION, target=date(2026, 7, 1))
    found = decided(verdict)
    assert (found.due.ladder_day, found.due.target) == (None, date(2026, 7, 1))


def test_what_contradicts_by_another_day_of_the_office_is_not_counted_from_the_wrong_one() -> None:
    licence, applied = OnAnchor(anchor("joined")), AfterAnchor(anchor("applied"), Period(years=1))
    found = decided(said(licence), said(applied, date(2026, 4, 10), Rank.EXPLANATION), own=FRIDAY)
    assert found.due.ladder_day == FRIDAY
    assert [each.shape for each in found.contradicting] == [Shape.UNKNOWN]


def test_a_withdrawal_that_contradicts_has_no_day_to_run_to() -> None:
    found = decided(said(by(FRIDAY)), said(None, date(2026, 4, 10), Rank.EXPLANATION, withdraws=True))
    assert found.resolution.against
    assert (found.contradicting, found.due.ladder_day) == ((), FRIDAY)


@given(st.lists(st.dates(TODAY, date(2026, 12, 31)), max_size=4))
def test_the_ladder_runs_to_the_earliest_of_the_days_that_stand_against_each_other(days: list[date]) -> None:
    slides = [said(by(day), ISSUED, Rank.EXPLANATION, id=f"slide-{day}") for day in days]
    found = decided(said(by(FRIDAY)), *slides)
    assert found.due.ladder_day == min([FRIDAY, *days])
    assert found.due.latest == FRIDAY


# ---- rules with a shape ----

FACTS = st.lists(
    st.builds(
        lambda kind, on, partner: fact(kind, on, partner=partner, fiscal_year=dates.fiscal_year_of(on)),
        st.sampled_from(["granted", "linked", "filed", "joined", "report.filed", "declined"]),
        st.dates(TODAY, date(2028, 12, 31)),
        st.sampled_from("abc"),
    ),
    max_size=6,
)
RULES = law(
    said(by(FRIDAY)),
    said(THREE_REPORTS, deadline="example/reports"),
    said(BEFORE_REPORT, deadline="example/join"),
    said(OnAnchor(Anchor(FactPattern(("joined",)))), deadline="example/renew"),
    deadlines=[
        deadline(settled_by=(settlement("linked", distinct="partner", count=2, inside=True),)),
        deadline("example/reports", taken_up=GRANTED, settled_by=(settlement("filed"),)),
        deadline("example/join", settled_by=(Settlement(pattern("joined"), inside=True),)),
        deadline("example/renew", excluded=Recorded(pattern("declined"))),
    ],
    settings=[setting("example.due.set", TODAY, due=date(2027, 6, 30))],
)
LATER = st.dates(TODAY, date(2029, 12, 31))


@given(FACTS, LATER)
def test_working_it_out_again_gives_the_same(facts: list[Fact], today: date) -> None:
    who = office(*facts)
    assert obligations_of(RULES, who, today) == obligations_of(RULES, office(*facts), today)
    for entry in RULES.deadlines.values():
        assert keys_of(RULES, entry, who) == keys_of(RULES, entry, who)


@given(FACTS, LATER, LATER)
def test_a_fact_that_nothing_depends_on_changes_nothing(facts: list[Fact], on: date, today: date) -> None:
    with_more = office(*facts, fact("unheard-of", on))
    assert obligations_of(RULES, with_more, today) == obligations_of(RULES, office(*facts), today)


@given(FACTS, LATER)
def test_every_obligation_rests_on_a_cohort_that_decides_it(facts: list[Fact], today: date) -> None:
    for each in obligations_of(RULES, office(*facts), today):
        assert (each.key is None) is (each.state is State.NOT_APPLICABLE) is (each.reason is not None)
        if each.key is not None:
            assert each.decision == decide(RULES, each.key, today)
            assert each.state in {State.SETTLED, each.decision and each.decision.state}


@given(FACTS, LATER)
def test_no_occurrence_of_a_duty_appears_twice(facts: list[Fact], today: date) -> None:
    found = [(each.deadline, each.occurrence) for each in obligations_of(RULES, office(*facts), today)]
    assert len(found) == len(set(found))
    assert found == sorted(found)


@given(FACTS, LATER)
def test_whoever_has_not_chosen_hears_no_reminder(facts: list[Fact], today: date) -> None:
    for each in obligations_of(RULES, office(*facts), today):
        if each.state is State.WAITING_FOR_FACT:
            assert each.decision is not None
            assert each.decision.rungs == ()
