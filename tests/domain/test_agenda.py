"""What a calendar shows: days on their day, spans as spans, and nothing that is no day as one."""

from datetime import date, timedelta

import pytest

from notifier.domain.agenda import REDATED, SETTLED, WITHDRAWN, Agenda, Desk, Entry, Tally, authority_agenda
from notifier.domain.agenda import office_agenda as agenda_of
from notifier.domain.applicability import Recorded, Services
from notifier.domain.calendar import Roll
from notifier.domain.dates import Half, Interval, Part, Period
from notifier.domain.expressions import (
    Expression,
    FiscalYearsAfter,
    Fixed,
    InFiscalYear,
    InMonth,
    Months,
    OnAnchor,
    OuterLimit,
    SetByAuthority,
    Standing,
    Unclear,
    Unknown,
    UntilEvent,
)
from notifier.domain.law import Law, Modality, Party
from notifier.domain.offices import Office
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

DESK = Desk("例の係", "電話 000-0000\n内線 1", "https://n.example")
UID = f"9970000001/{REPORT}/0@notifier"
DAY = date(2026, 7, 31)


def agenda(*, of: Law, whose: Office | None = None, today: date = ISSUED) -> Agenda:
    return agenda_of(of, whose or office(), today, DESK)


def only(found: Agenda) -> Entry:
    assert len(found.entries) == 1
    return found.entries[0]


def one(due: Expression, **more: object) -> Entry:
    return only(agenda(of=law(said(due, **more))))  # type: ignore[arg-type] # by name


def test_a_day_is_shown_on_its_day_with_everything_a_letter_says() -> None:
    entry = one(by(DAY), unknown=("様式",))
    assert (entry.uid, entry.first, entry.last) == (UID, DAY, DAY)
    assert entry.summary == "【期限】年次報告書の提出（例）｜訪問介護 例"
    assert entry.description.split("\n") == [
        "事業所：訪問介護 例（9970000001）",
        "すること：様式1を提出してください。（必須）",
        "いつまで：令和8年7月31日（金）［2026-07-31］まで",
        "確かさ：確定",
        "方法・提出先：都道府県に提出します。",
        "何もしないと：提出しないと、確認の連絡があります。",
        "わかっていないこと：様式",
        "根拠：年次報告について（例）、例発第1号、令和8年4月1日、1(1)",
        "問い合わせ先：例の係 電話 000-0000 内線 1",
    ]
    assert entry.url == "https://n.example/code"
    assert not entry.tentative


def test_reminders_ring_on_the_days_on_which_letters_leave() -> None:
    assert one(by(DAY)).alarms == (60, 30, 14, 7, 3, 1, 0)
    # Before a Monday, T-1 and T-3 move to Friday and meet; T-14 falls on the holiday of 20 July.
    assert one(by(date(2026, 8, 3))).alarms == (60, 31, 17, 7, 3, 0)


def test_what_is_planned_says_so_and_is_tentative() -> None:
    entry = one(by(DAY), tentative=True)
    assert entry.tentative
    assert entry.summary.startswith("【期限・予定】")
    assert "確かさ：予定です。変わることがあります。" in entry.description


@pytest.mark.parametrize(
    "due, first, last",
    [
        (InMonth(2026, 9, Part.EARLY), date(2026, 9, 1), date(2026, 9, 10)),
        (InMonth(2026, 9), date(2026, 9, 1), date(2026, 9, 30)),
        (
            UntilEvent(
                "連携", ("example.day.announced",), Interval(date(2026, 10, 1), date(2027, 3, 31)), "下期中"
            ),
            date(2026, 10, 1),
            date(2027, 3, 31),
        ),
    ],
)
def test_what_is_no_day_is_shown_as_the_span_it_is_and_never_rings(
    due: Expression, first: date, last: date
) -> None:
    entry = one(due)
    assert (entry.first, entry.last, entry.tentative, entry.alarms) == (first, last, True, ())
    assert entry.summary.startswith("【時期")
    assert "日は決まっていません。" in entry.description


@pytest.mark.parametrize(
    "due",
    [
        Unknown("未定"),
        set_by_prefecture(),
        InMonth(2026, 9, Part.END),
        UntilEvent("連携", ("example.day.announced",), None, ""),
        Unclear(Interval(date(2027, 2, 1), date(2027, 2, 28)), None, "2月か"),
    ],
)
def test_what_has_no_days_to_be_shown_on_is_only_named(due: Expression) -> None:
    found = agenda(of=law(said(due)))
    assert (found.entries, found.over) == ((), {UID: REDATED})
    [named] = found.undated
    assert named.startswith("年次報告書の提出（例）｜訪問介護 例：")


@pytest.mark.parametrize(
    "due, mark, last",
    [
        (Months(Interval(date(2026, 4, 1), date(2026, 9, 30))), "対象期間の末日", date(2026, 9, 30)),
        (
            OuterLimit(date(2026, 4, 1), Period(years=1), "example.day.announced"),
            "遅くとも",
            date(2027, 3, 31),
        ),
        (InFiscalYear(2026, Half.FIRST), "期限", date(2026, 9, 30)),
    ],
)
def test_the_mark_says_what_kind_of_day_it_is(due: Expression, mark: str, last: date) -> None:
    entry = one(due)
    assert (entry.summary.split("】")[0], entry.first) == (f"【{mark}", last)


def test_a_licence_is_shown_on_its_last_day() -> None:
    until = anchor("example.granted", value="licence_until")
    whose = office(fact("example.granted", ISSUED, licence_until=DAY))
    assert only(agenda(of=law(said(Standing("有効である", until))), whose=whose)).summary.startswith(
        "【有効期限】"
    )


def test_the_first_day_of_a_window_is_shown_until_the_window_is_over() -> None:
    window = law(said(Fixed(DAY, date(2026, 6, 1))))
    opening, end = agenda(of=window).entries
    assert (opening.uid, opening.first, opening.last, opening.alarms) == (
        f"9970000001/{REPORT}/0/opening@notifier",
        date(2026, 6, 1),
        date(2026, 6, 1),
        (),
    )
    assert opening.summary.startswith("【受付開始】")
    assert end.first == DAY
    assert [each.uid for each in agenda(of=window, today=DAY + timedelta(days=1)).entries] == [UID]
    assert len(agenda(of=law(said(Fixed(DAY, DAY)))).entries) == 1


def test_while_sources_contradict_each_other_the_earlier_day_is_shown_and_called_uncertain() -> None:
    against = law(said(by(DAY)), said(by(date(2026, 7, 10)), beside=True))
    entry = only(agenda(of=against))
    assert (entry.first, entry.tentative) == (date(2026, 7, 10), True)
    assert "資料が食い違っています" in entry.description
    assert "食い違う資料：" in entry.description
    assert "安全な日：令和8年7月10日（金）までに済ませると確実です。" in entry.description


def test_a_closed_day_and_a_year_without_proclaimed_holidays_are_said() -> None:
    sunday = one(by(date(2026, 7, 26)))
    assert (
        "休日：閉庁日に当たります。直前の開庁日は令和8年7月24日（金）［2026-07-24］です。"
        in sunday.description
    )
    assert "この年の祝日は未公布" in one(by(date(2029, 7, 31))).description


def test_a_recurring_duty_names_its_year() -> None:
    every = FiscalYearsAfter(anchor("example.granted"), 2, SetByAuthority("prefecture", "example.due.set"))
    set_day = setting("example.due.set", ISSUED, due=date(2027, 5, 31))
    found = agenda(
        of=law(said(every), settings=[set_day], authorities=[prefecture()]),
        whose=office(fact("example.granted", ISSUED)),
    )
    day = next(each for each in found.entries if each.first == date(2027, 5, 31))
    assert day.uid == f"9970000001/{REPORT}/1@notifier"
    assert "年次報告書の提出（例）（令和9年度分）" in day.summary
    assert "日を定めた者：例の県" in day.description
    year = next(each for each in found.entries if each.uid == f"9970000001/{REPORT}/2@notifier")
    assert (year.first, year.last) == (date(2028, 4, 1), date(2029, 3, 31))


def test_what_is_settled_or_withdrawn_is_over() -> None:
    settled = law(said(by(DAY)), deadlines=[deadline(settled_by=(settlement("example.report.filed"),))])
    done = office(fact("example.report.filed", ISSUED))
    assert agenda(of=settled, whose=done) == Agenda(over={UID: SETTLED})
    withdrawn = law(said(by(DAY)), said(None, ISSUED + timedelta(days=1), withdraws=True))
    assert agenda(of=withdrawn) == Agenda(over={UID: WITHDRAWN})


def test_what_does_not_bind_yet_or_not_at_all_is_not_shown() -> None:
    waiting = law(said(by(DAY)), deadlines=[deadline(taken_up=Recorded(pattern("example.applied")))])
    assert agenda(of=waiting) == Agenda()
    others = law(said(by(DAY)), deadlines=[deadline(concerns=Services(frozenset({"43"})))])
    assert agenda(of=others) == Agenda()


def test_a_day_that_is_over_stays_for_a_year() -> None:
    past = law(said(by(DAY)))
    assert len(agenda(of=past, today=DAY + timedelta(days=366)).entries) == 1
    assert agenda(of=past, today=DAY + timedelta(days=367)) == Agenda()


# ---- an authority ----


def counted(of: Law, *tallies: Tally, today: date = ISSUED, prefectural: bool = False) -> Agenda:
    return authority_agenda(of, prefecture() if prefectural else city(), tallies, today, DESK)


def test_an_authority_sees_one_entry_for_each_deadline_and_day_with_the_numbers() -> None:
    own_day = law(said(OnAnchor(anchor("example.granted"))))
    near, far = date(2026, 6, 1), date(2026, 6, 2)
    found = counted(
        own_day, Tally(key(near), 10, 4), Tally(key(near, municipality="999024"), 2, 1), Tally(key(far), 3, 0)
    )
    assert [(each.uid, each.first) for each in found.entries] == [
        (f"{CITY}/{REPORT}/0/2026-06-01@notifier", near),
        (f"{CITY}/{REPORT}/0/2026-06-02@notifier", far),
    ]
    assert found.entries[0].summary == "【期限】年次報告書の提出（例）（未完了 7／12事業所）"
    assert "管内の対象：12事業所（うち未完了 7）" in found.entries[0].description
    assert found.entries[0].url == f"https://n.example/deadlines/{REPORT}"
    assert found.otherwise == REDATED


def test_what_all_offices_have_done_is_over_for_the_authority() -> None:
    found = counted(law(said(by(DAY))), Tally(key(), 2, 2))
    assert (found.entries, found.over) == ((), {f"{CITY}/{REPORT}/0/{DAY}@notifier": SETTLED})


def test_an_authority_sees_nothing_of_what_does_not_bind_or_is_not_in_the_law() -> None:
    found = counted(
        law(said(by(DAY))),
        Tally(key(taken_up=False), 5, 0),
        Tally(key(deadline="example/gone"), 5, 0),
    )
    assert found.entries == ()
    assert counted(law(said(Unknown("未定"))), Tally(key(), 5, 0)).undated != ()
    assert counted(law(), Tally(key(), 5, 0)).entries == ()


@pytest.mark.parametrize("prefectural", [False, True])
def test_an_authority_sees_what_it_owes_itself(prefectural: bool) -> None:
    party = Party.PREFECTURE if prefectural else Party.MUNICIPALITY
    own = deadline(parties=(party, Party.EDITOR), modality=Modality.RECOMMENDED)
    code = PREFECTURE if prefectural else CITY
    entry = only(counted(law(said(by(DAY)), deadlines=[own]), prefectural=prefectural))
    assert entry.uid == f"{code}/{REPORT}/own@notifier"
    assert "（推奨）" in entry.description
    assert counted(law(deadlines=[own]), prefectural=prefectural) == Agenda(otherwise=REDATED)
    withdrawn = law(said(None, withdraws=True), deadlines=[own])
    assert list(counted(withdrawn, prefectural=prefectural).over.values()) == [WITHDRAWN]
    # It is not told twice of what its offices owe.
    both = deadline(parties=(Party.OFFICE, party))
    assert counted(law(said(by(DAY)), deadlines=[both]), prefectural=prefectural).entries == ()


def test_a_day_rolls_by_the_calendar_of_the_authority() -> None:
    closed = city(closed=frozenset({DAY}))
    rolled = law(said(by(DAY)), deadlines=[deadline(roll=Roll.PREVIOUS)], authorities=[closed])
    assert only(agenda(of=rolled)).first == date(2026, 7, 30)
    assert "閉庁日" in only(agenda(of=law(said(by(DAY)), authorities=[closed]))).description


def test_an_entry_says_the_same_every_day_until_something_changes() -> None:
    steady = law(said(by(DAY)), said(by(date(2026, 7, 10)), beside=True))
    days = [ISSUED + timedelta(days=each) for each in range(0, 300, 7)]
    assert len({repr(agenda(of=steady, today=each).entries) for each in days}) == 1
