"""Who a passage leaves the day to, and what is drafted of it."""

from datetime import date

import pytest

from notifier.domain.expressions import DUE_SET, SetByAuthority, Unknown
from notifier.reading.candidates import candidates_of
from notifier.reading.candidates_known import Knowledge, KnownDuty
from notifier.reading.candidates_setters import left_to
from notifier.reading.expressions import read

HEAD = "介福第12号\n令和8年6月1日\n各介護事業所 管理者 様\n青葉県福祉部介護課長\n防災計画の提出について\n\n"


@pytest.mark.parametrize(
    "text, setter",
    [
        ("提出期限は、市町村が別に定める。", "municipality"),
        ("防災計画は、市長が指定する日までに提出してください。", "municipality"),
        ("計画書の提出の期限は都道府県知事が別に定める日とする。", "prefecture"),
        ("受付期間は、各都道府県において設定します。", "prefecture"),
        ("申請の締切は、指定権者ごとに異なりますので、各指定権者に御確認ください。", "designation-authority"),
        ("報告の期日は、国が別途示す。", "nation"),
        ("補助額は都道府県が設定する額とする。", None),
        ("市が開催する説明会の日程をお知らせします。", None),
        ("提出期限は７月31日とし、提出先は市町村とする。", None),
    ],
)
def test_who_sets_the_day_is_read_from_who_is_said_to_set_it(text: str, setter: str | None) -> None:
    assert left_to(text) == setter


def _dues(body: str, *duties: KnownDuty) -> list[object]:
    reading = read(HEAD + body, date(2026, 6, 1))
    found = candidates_of(reading, Knowledge(duties), date(2026, 6, 1))
    return [each.due for each in found.candidates]


def test_a_day_left_to_an_authority_is_drafted_as_set_by_it() -> None:
    assert _dues("防災計画は、市長が指定する日までに提出してください。") == [
        SetByAuthority("municipality", DUE_SET)
    ]
    assert _dues("防災計画の提出の期限は、知事が別に定める日とする。") == [
        SetByAuthority("prefecture", DUE_SET)
    ]


def test_a_known_duty_keeps_the_event_by_which_its_day_is_set() -> None:
    own = SetByAuthority("prefecture", "plan.due.set")
    duty = KnownDuty("plan/submit", "防災計画の提出", ("office",), ("防災計画",), ("提出",), due=own)
    assert _dues("防災計画の提出の期限は、知事が別に定める日とする。", duty) == [own]


def test_what_the_nation_is_still_to_say_stays_unknown_and_takes_no_day_away() -> None:
    (due,) = _dues("防災計画の提出の期日は、国が別途示すので、御留意ください。", _dated())
    assert due is None
    duty = KnownDuty("plan/submit", "防災計画の提出", ("office",), ("防災計画",), ("提出",))
    (asked,) = _dues("防災計画の提出の期日は、国が別途示すので、御留意ください。", duty)
    assert isinstance(asked, Unknown)


def _dated() -> KnownDuty:
    due = SetByAuthority("prefecture", DUE_SET)
    return KnownDuty("plan/submit", "防災計画の提出", ("office",), ("防災計画",), ("提出",), due=due)
