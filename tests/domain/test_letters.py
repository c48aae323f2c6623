"""What a letter says about a deadline, under which subject, and in which order."""

import json
import unicodedata
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.applicability import EVERYBODY, Recorded
from notifier.domain.calendar import Calendar
from notifier.domain.changes import ChangeKind, Situation
from notifier.domain.dates import Half, Interval, Part, fiscal_year, half_year
from notifier.domain.deadlines import Shape
from notifier.domain.expressions import (
    Anchor,
    Expression,
    FiscalYearsAfter,
    Fixed,
    InFiscalYear,
    InMonth,
    Months,
    SetByAuthority,
    Unclear,
    Unknown,
    UntilEvent,
)
from notifier.domain.facts import Fact, FactPattern
from notifier.domain.ladders import Ladder, Occasion
from notifier.domain.law import Authority, AuthorityKind, Deadline, Law, Modality, Party, Setting
from notifier.domain.letters import (
    MOST_MEMBERS,
    Content,
    DueSaid,
    Member,
    Source,
    content_of,
    name_in_subject,
    one_line,
    order_of,
    subject_of,
)
from notifier.domain.notices import Notice, Rank
from notifier.domain.obligations import CohortKey, Decision, State, decide
from notifier.domain.statements import Statement

OPEN_YEARS = Interval(date(2025, 1, 1), date(2027, 12, 31))
CALENDAR = Calendar(frozenset({date(2026, 3, 20)}), OPEN_YEARS)
CITY, PREFECTURE = "121002", "120006"
GRANT = FactPattern(("grant.decided",))


def notice(name: str, issued: date | None, rank: Rank = Rank.NOTICE) -> Notice:
    return Notice(name, f"{name}について", "国", "第1号", issued, issued or date(2026, 1, 1), rank)


def statement(
    name: str,
    due: Expression | None = None,
    *,
    issued: date | None = date(2026, 1, 13),
    rank: Rank = Rank.NOTICE,
    **rest: object,
) -> Statement:
    paper = notice(name, issued, rank)
    said = Statement(name, "grant/apply", paper, "本文", due, f"{name}の説明", known_from=paper.known_from)
    return replace(said, **rest)  # type: ignore[arg-type]  # each test names the fields it sets


def duty(**rest: object) -> Deadline:
    entry = Deadline(
        "grant/apply",
        "助成金の申請",
        "助成金申請",
        Modality.OPTIONAL,
        "申請してください。",
        "窓口",
        "受けられません。",
        "5万円",
        "fixed",
    )
    return replace(entry, **rest)  # type: ignore[arg-type]  # each test names the fields it sets


def law_of(*said: Statement, deadline: Deadline | None = None, settings: tuple[Setting, ...] = ()) -> Law:
    entry = deadline or duty()
    other = duty(id="grant/report", title="実績の報告")
    cities = {
        CITY: Authority(CITY, "千葉市", AuthorityKind.MUNICIPALITY, PREFECTURE),
        PREFECTURE: Authority(PREFECTURE, "千葉県", AuthorityKind.PREFECTURE),
    }
    ladders = {"fixed": Ladder("fixed", (60, 30, 14, 7, 3, 1, 0))}
    return Law({entry.id: entry, other.id: other}, {entry.id: said}, ladders, CALENDAR, cities, settings)


def decided(
    law: Law, on: date, *, taken_up: bool = True, anchor: date | None = None, occurrence: int = 0
) -> Decision:
    decision = decide(law, CohortKey("grant/apply", occurrence, CITY, PREFECTURE, taken_up, anchor), on)
    assert decision is not None
    return decision


def told(
    law: Law,
    on: date,
    occasion: Occasion = Occasion.REMINDER,
    *,
    decision: Decision | None = None,
    occurrence: int = 0,
    **rest: object,
) -> Content:
    found = decision or decided(law, on)
    return content_of(
        law,
        law.deadlines["grant/apply"],
        occurrence,
        found,
        occasion=occasion,
        rung=None,
        on=on,
        calendar=CALENDAR,
        **rest,  # type: ignore[arg-type]  # each test names what it hands in
    )


MARCH_13 = statement("vol-1460", Fixed(date(2026, 3, 13)), tentative=True, unknown=("来年度の助成",))


# ---- what is said ----


def test_a_reminder_says_the_day_how_certain_it_is_and_how_many_days_are_left() -> None:
    content = told(law_of(MARCH_13), date(2026, 3, 6))
    assert content.due == DueSaid(
        wording="令和8年3月13日（金）［2026-03-13］まで（予定）",
        shape=Shape.DAY,
        short="3/13(金)",
        earliest=date(2026, 3, 13),
        latest=date(2026, 3, 13),
        target=date(2026, 3, 13),
        tentative=True,
        days_left=7,
    )
    assert content.unknown == ("来年度の助成",)
    assert content.remarks == ("vol-1460の説明",)
    assert content.sources == (Source("vol-1460", "vol-1460について", "第1号", "令和8年1月13日", "本文"),)


def test_a_paper_without_a_date_is_cited_without_one() -> None:
    content = told(law_of(statement("slides", Fixed(date(2026, 3, 13)), issued=None)), date(2026, 3, 6))
    assert [each.issued for each in content.sources] == [""]


def test_a_due_day_on_which_offices_are_closed_names_the_last_open_day_before() -> None:
    content = told(law_of(statement("a", Fixed(date(2026, 3, 22)))), date(2026, 3, 6))
    assert content.due.closed_day
    assert content.due.last_open == "令和8年3月19日（木）［2026-03-19］"


def test_a_due_day_in_a_year_without_proclaimed_holidays_is_marked_as_an_estimate() -> None:
    content = told(law_of(statement("a", Fixed(date(2028, 3, 13)))), date(2026, 3, 6))
    assert content.due.estimate


DECISION = statement(
    "decision",
    Fixed(date(2026, 3, 13)),
    issued=date(2026, 1, 21),
    rank=Rank.DECISION,
    target=date(2026, 3, 10),
)
EARLY_MARCH = statement(
    "slides", InMonth(2026, 3, Part.EARLY), issued=date(2026, 1, 20), rank=Rank.EXPLANATION
)


def test_the_editors_safe_day_is_named_beside_the_due_day_until_it_is_over() -> None:
    law = law_of(MARCH_13, EARLY_MARCH, DECISION)
    assert told(law, date(2026, 3, 6)).due.target_label == "令和8年3月10日（火）［2026-03-10］"
    assert told(law, date(2026, 3, 11)).due.target_label is None


def test_an_editors_decision_is_cited_with_the_papers_it_decides_between() -> None:
    content = told(law_of(MARCH_13, EARLY_MARCH, DECISION), date(2026, 3, 6))
    assert [each.notice for each in content.sources] == ["decision", "vol-1460", "slides"]
    assert content.contradiction == ()


def test_sources_that_disagree_undecided_are_both_told_with_the_earlier_day_as_the_safe_one() -> None:
    later = statement("page", Fixed(date(2026, 3, 9)), issued=date(2026, 1, 20), rank=Rank.EXPLANATION)
    content = told(law_of(MARCH_13, later), date(2026, 3, 6))
    assert [(each.wording, each.source) for each in content.contradiction] == [
        ("令和8年3月9日（月）［2026-03-09］まで", "pageについて 本文")
    ]
    assert (content.due.target_label, content.due.days_left) == ("令和8年3月9日（月）［2026-03-09］", 3)


def test_a_contradicting_paper_without_a_place_is_named_by_its_title() -> None:
    later = statement(
        "page", Fixed(date(2026, 3, 9)), issued=date(2026, 1, 20), rank=Rank.EXPLANATION, place=""
    )
    withdrawal = statement("stop", withdraws=True, issued=date(2026, 1, 21), rank=Rank.ADVERTISEMENT)
    content = told(law_of(MARCH_13, later, withdrawal), date(2026, 3, 6))
    assert [each.source for each in content.contradiction] == ["pageについて"]


def test_a_paper_that_only_repeats_does_not_hide_what_was_said_first() -> None:
    repeated = replace(MARCH_13, id="z", silent=True, remark="再掲")
    lone = statement("lone", Fixed(date(2026, 3, 13)), silent=True)
    assert told(law_of(MARCH_13, repeated), date(2026, 3, 6)).remarks == ("vol-1460の説明",)
    assert told(law_of(lone), date(2026, 3, 6)).remarks == ("loneの説明",)


def test_silent_additions_are_neither_told_nor_cited() -> None:
    aside = statement("aside", silent=True)
    content = told(law_of(MARCH_13, aside), date(2026, 3, 6))
    assert [each.notice for each in content.sources] == ["vol-1460"]


def test_a_change_shows_old_and_new_and_what_is_new_comes_first() -> None:
    before = law_of(MARCH_13, statement("aside"))
    moved = statement("vol-1500", Fixed(date(2026, 3, 27)), issued=date(2026, 3, 1))
    after = law_of(MARCH_13, statement("aside"), moved)
    content = told(
        after,
        date(2026, 3, 2),
        Occasion.CHANGE,
        old=Situation.of(decided(before, date(2026, 2, 27))),
        kind=ChangeKind.EXTENDED,
    )
    assert content.change is not None
    assert (content.change.label, content.change.old) == ("期限の延長", MARCH_13_WORDING)
    assert content.change.new == "令和8年3月27日（金）［2026-03-27］まで"
    assert content.remarks == ("vol-1500の説明", "asideの説明")


MARCH_13_WORDING = "令和8年3月13日（金）［2026-03-13］まで（予定）"


def test_news_has_no_old_wording() -> None:
    content = told(law_of(MARCH_13), date(2026, 1, 13), Occasion.ANNOUNCEMENT, kind=ChangeKind.ANNOUNCED)
    assert content.change is not None
    assert (content.change.old, content.change.new) == ("", MARCH_13_WORDING)


def test_an_acknowledgement_names_the_fact_and_counts_no_days_once_the_duty_is_settled() -> None:
    fact = ("助成金の申請受付", date(2026, 1, 28))
    content = told(law_of(MARCH_13), date(2026, 1, 28), Occasion.ACKNOWLEDGEMENT, fact=fact, settled=True)
    assert content.fact is not None
    assert (content.fact.label, content.fact.on) == ("助成金の申請受付", "令和8年1月28日（水）")
    assert (content.state, content.due.days_left) == (State.SETTLED, None)


def test_a_duty_that_follows_from_a_choice_not_made_says_whom_it_would_bind() -> None:
    entry = duty(
        taken_up=Recorded(GRANT), taken_up_wording="補助を受けた事業所", concerns_wording="訪問介護事業所"
    )
    law = law_of(MARCH_13, deadline=entry)
    waiting = told(
        law,
        date(2026, 3, 6),
        Occasion.ANNOUNCEMENT,
        decision=decided(law, date(2026, 3, 6), taken_up=False),
    )
    taken = told(law, date(2026, 3, 6))
    assert (waiting.condition, waiting.due.days_left) == ("補助を受けた事業所", None)
    assert waiting.why == "対象は訪問介護事業所です。貴事業所が当てはまるため、お送りしています。"
    assert taken.condition == ""
    assert taken.why == "貴事業所が「補助を受けた事業所」として登録されているためです。"


def test_every_reader_is_told_why_the_letter_comes() -> None:
    law = law_of(MARCH_13)
    assert told(law, date(2026, 3, 6)).why.startswith("対象はすべての介護事業所です。")
    assert "対応を求められ" in told(law, date(2026, 3, 6), Occasion.PROMPT, party=Party.PREFECTURE).why
    assert "運用担当者" in told(law, date(2026, 3, 6), Occasion.QUESTION, party=Party.EDITOR).why
    missed = told(law, date(2026, 3, 16), Occasion.CLOSING, party=Party.MUNICIPALITY)
    assert "確認できていない事業所" in missed.why
    unnamed = law_of(MARCH_13, deadline=duty(taken_up=EVERYBODY))
    assert "すべての介護事業所" in told(unnamed, date(2026, 3, 6)).why


def test_an_authority_is_told_how_many_offices_missed_the_end_and_the_first_of_them() -> None:
    members = [Member(f"12700{number:05}", f"事業所{number}") for number in range(MOST_MEMBERS + 1)]
    content = told(law_of(MARCH_13), date(2026, 3, 16), Occasion.CLOSING, members=members)
    assert (content.count, len(content.members)) == (MOST_MEMBERS + 1, MOST_MEMBERS)
    assert told(law_of(MARCH_13), date(2026, 3, 16), members=members[:2], count=128).count == 128


SET = SetByAuthority("prefecture", "grant.due.set")


@pytest.mark.parametrize(
    "authority, name", [(PREFECTURE, "千葉県"), ("", "国")], ids=["prefecture", "nation"]
)
def test_a_day_set_by_an_authority_names_it(authority: str, name: str) -> None:
    setting = Setting(authority, Fact("grant.due.set", date(2026, 2, 1), {"due": date(2026, 3, 31)}))
    law = law_of(statement("a", SET), settings=(setting,))
    assert told(law, date(2026, 3, 6)).set_by == name
    assert told(law_of(statement("a", SET)), date(2026, 3, 6)).set_by == ""


def test_a_recurring_duty_names_the_fiscal_year_it_is_for() -> None:
    law = law_of(statement("a", FiscalYearsAfter(Anchor(GRANT), 3, SET)))
    known = decided(law, date(2026, 3, 6), anchor=date(2025, 9, 10), occurrence=2)
    unknown = decided(law, date(2026, 3, 6), occurrence=1)
    assert told(law, date(2026, 3, 6), decision=known, occurrence=2).occurrence_label == "令和9年度分"
    assert told(law, date(2026, 3, 6), decision=unknown, occurrence=1).occurrence_label == ""


def test_related_duties_are_named_by_their_titles() -> None:
    law = law_of(MARCH_13, deadline=duty(related=("grant/report", "gone/duty")))
    assert told(law, date(2026, 3, 6)).related == ("実績の報告",)


# ---- no day is made to look like one ----

EVENT = UntilEvent("integration-day", ("integration.set",), half_year(2026, Half.SECOND), "2026年度下期中")
NO_DAYS: tuple[Expression, ...] = (
    EVENT,
    InMonth(2026, 3, Part.EARLY),
    SET,
    Unknown("期日の定めはありません"),
    Unclear(fiscal_year(2025), fiscal_year(2026), "何年度か"),
)


@given(st.sampled_from(NO_DAYS), st.sampled_from(Occasion), st.dates(date(2026, 1, 13), date(2027, 6, 30)))
def test_what_is_no_day_never_shows_a_date_nor_a_countdown(
    due: Expression, occasion: Occasion, on: date
) -> None:
    content = told(law_of(statement("a", due)), on, occasion)
    assert (content.due.short, content.due.days_left) == (None, None)
    assert not any(sign.isdigit() for sign in subject_of([content], "ケアプランA"))


# ---- subjects ----

MARCH_6 = date(2026, 3, 6)


def subject_for(
    due: Expression,
    occasion: Occasion,
    on: date = MARCH_6,
    *,
    tentative: bool = False,
    settled: bool = False,
) -> str:
    law = law_of(statement("a", due, tentative=tentative))
    return subject_of([told(law, on, occasion, settled=settled)], "訪問介護B")


WINDOW = Fixed(date(2026, 6, 12), date(2026, 5, 11))


@pytest.mark.parametrize(
    "expected, subject",
    [
        (
            "【期限3/13(金)・予定】助成金申請｜訪問介護B",
            subject_for(Fixed(date(2026, 3, 13)), Occasion.REMINDER, tentative=True),
        ),
        ("【期限3/13(金)】助成金申請｜訪問介護B", subject_for(Fixed(date(2026, 3, 13)), Occasion.REMINDER)),
        (
            "【本日締切3/13(金)予定】助成金申請｜訪問介護B",
            subject_for(Fixed(date(2026, 3, 13)), Occasion.LAST_CALL, date(2026, 3, 13), tentative=True),
        ),
        (
            "【期限3/15(日)】助成金申請｜訪問介護B",
            subject_for(Fixed(date(2026, 3, 15)), Occasion.LAST_CALL, date(2026, 3, 13)),
        ),
        (
            "【対象期間5/31(日)まで】助成金申請｜訪問介護B",
            subject_for(
                Months(Interval(date(2025, 12, 1), date(2026, 5, 31))),
                Occasion.LAST_CALL,
                date(2026, 5, 29),
            ),
        ),
        (
            "【変更→3/13(金)予定】助成金申請｜訪問介護B",
            subject_for(Fixed(date(2026, 3, 13)), Occasion.CHANGE, tentative=True),
        ),
        ("【変更】助成金申請｜訪問介護B", subject_for(EVENT, Occasion.CHANGE)),
        (
            "【受付開始〜6/12(金)】助成金申請｜訪問介護B",
            subject_for(WINDOW, Occasion.OPENING, date(2026, 5, 11)),
        ),
        (
            "【5/11(月)受付開始】助成金申請｜訪問介護B",
            subject_for(WINDOW, Occasion.OPENING, date(2026, 5, 8)),
        ),
        (
            "【期限3/31(水)】助成金申請｜訪問介護B",
            subject_for(InFiscalYear(2026), Occasion.OPENING, date(2026, 4, 1)),
        ),
        (
            "【期限3/31(水)・予定】助成金申請｜訪問介護B",
            subject_for(InFiscalYear(2026), Occasion.OPENING, date(2026, 4, 1), tentative=True),
        ),
        ("【お知らせ】助成金申請｜訪問介護B", subject_for(EVENT, Occasion.OPENING, date(2026, 10, 1))),
        ("【お知らせ】助成金申請｜訪問介護B", subject_for(EVENT, Occasion.REMINDER, date(2026, 9, 1))),
        (
            "【締切済3/13(金)】助成金申請｜訪問介護B",
            subject_for(Fixed(date(2026, 3, 13)), Occasion.CLOSING, date(2026, 3, 16)),
        ),
        ("【締切済】助成金申請｜訪問介護B", subject_for(EVENT, Occasion.CLOSING)),
        (
            "【受付済】助成金申請｜訪問介護B",
            subject_for(Fixed(date(2026, 3, 13)), Occasion.ACKNOWLEDGEMENT, settled=True),
        ),
        (
            "【対象・期限3/13(金)】助成金申請｜訪問介護B",
            subject_for(Fixed(date(2026, 3, 13)), Occasion.ACKNOWLEDGEMENT),
        ),
        (
            "【対象・予定3/13(金)】助成金申請｜訪問介護B",
            subject_for(Fixed(date(2026, 3, 13)), Occasion.ACKNOWLEDGEMENT, tentative=True),
        ),
        (
            "【お知らせ3/13(金)予定】助成金申請｜訪問介護B",
            subject_for(Fixed(date(2026, 3, 13)), Occasion.ANNOUNCEMENT, tentative=True),
        ),
        ("【お知らせ】助成金申請｜訪問介護B", subject_for(SET, Occasion.ANNOUNCEMENT)),
        ("【お願い】助成金申請｜訪問介護B", subject_for(SET, Occasion.PROMPT)),
        ("【確認のお願い】助成金申請｜訪問介護B", subject_for(NO_DAYS[-1], Occasion.QUESTION)),
        ("【確認中】助成金申請｜訪問介護B", subject_for(NO_DAYS[-1], Occasion.ANNOUNCEMENT)),
        (
            "【受付済】助成金申請｜訪問介護B",
            subject_for(NO_DAYS[-1], Occasion.ACKNOWLEDGEMENT, settled=True),
        ),
    ],
)
def test_the_subject_says_occasion_day_duty_and_office(expected: str, subject: str) -> None:
    assert subject == expected


def test_a_withdrawn_duty_is_called_that() -> None:
    law = law_of(MARCH_13, statement("stop", withdraws=True, issued=date(2026, 2, 1)))
    subject = subject_of([told(law, MARCH_6, Occasion.CHANGE)], "訪問介護B")
    assert subject == "【取下げ】助成金申請｜訪問介護B"


def test_a_window_whose_end_is_not_known_opens_without_an_end() -> None:
    content = told(law_of(statement("a", WINDOW)), date(2026, 5, 11), Occasion.OPENING)
    endless = replace(content, due=replace(content.due, short=None))
    assert subject_of([endless], "訪問介護B") == "【受付開始】助成金申請｜訪問介護B"


def test_a_subject_counts_what_else_the_letter_holds_and_who_shares_it() -> None:
    lead = told(law_of(MARCH_13), MARCH_6)
    assert subject_of([lead, lead, lead], "訪問介護B", 3) == (
        "【期限3/13(金)・予定】助成金申請｜訪問介護B ほか2件（3事業所分）"
    )


def test_a_long_name_of_a_duty_or_an_office_is_cut_in_the_subject() -> None:
    lead = replace(told(law_of(MARCH_13), MARCH_6), short="とても長い名前の手続の申請")
    assert subject_of([lead], "B") == "【期限3/13(金)・予定】とても長い名前の手…｜B"
    assert name_in_subject("社会福祉法人" * 10) == "社会福祉法人" * 3 + "社会福祉法…"


@given(st.dates(date(2026, 1, 14), date(2027, 12, 31)), st.booleans(), st.integers(0, 60))
def test_day_duty_and_office_stand_in_the_first_thirty_characters(
    day: date, tentative: bool, before: int
) -> None:
    law = law_of(statement("a", Fixed(day), tentative=tentative))
    content = told(law, max(day - timedelta(days=before), date(2026, 1, 13)))
    assert all(
        word in subject_of([content], "ケアプランA")[:30]
        for word in ("助成金申請", f"{day.month}/{day.day}", "ケアプランA")
    )


@given(st.text())
def test_a_name_stays_on_its_line_and_cannot_turn_the_direction_of_writing(text: str) -> None:
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert not any(unicodedata.bidirectional(sign) in {"LRO", "RLO", "LRE", "RLE", "PDF"} for sign in line)


def test_a_name_is_kept_as_it_is_written() -> None:
    assert one_line("株式会社　㈱髙橋 B&C 👵🏻‍🦳") == "株式会社　㈱髙橋 B&C 👵🏻‍🦳"


# ---- order ----


def test_what_is_urgent_comes_first_whatever_else_there_is_to_say() -> None:
    def at(occasion: Occasion, days: int | None) -> Content:
        content = told(law_of(MARCH_13), MARCH_6, occasion)
        return replace(content, due=replace(content.due, days_left=days))

    sorted_already = [
        at(Occasion.LAST_CALL, 0),
        at(Occasion.REMINDER, 7),
        at(Occasion.CHANGE, 20),
        at(Occasion.CHANGE, None),
        at(Occasion.OPENING, 30),
        at(Occasion.CLOSING, None),
        at(Occasion.ANNOUNCEMENT, 2),
        at(Occasion.ANNOUNCEMENT, None),
        at(Occasion.ACKNOWLEDGEMENT, None),
        at(Occasion.PROMPT, None),
        at(Occasion.QUESTION, None),
    ]
    shuffled = [*sorted_already[::2], *sorted_already[1::2]]
    assert sorted(shuffled, key=order_of) == sorted_already


# ---- keeping ----


@given(st.from_type(Content))
def test_what_is_kept_as_json_is_read_back_unchanged(content: Content) -> None:
    assert Content.from_data(json.loads(json.dumps(content.as_data()))) == content


def test_what_was_kept_before_a_field_was_added_can_still_be_read() -> None:
    content = told(law_of(statement("a", SET, unknown=())), MARCH_6)
    written = content.as_data()
    kept = {name: value for name, value in written.items() if name not in {"related", "members", "fact"}}
    assert Content.from_data(kept) == content
