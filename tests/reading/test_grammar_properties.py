"""Expressions made from days are read back; and whatever stands in a text, reading it does no harm."""

import sys
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.dates import (
    Half,
    Part,
    era_name_and_year,
    fiscal_year,
    half_year,
    month,
    month_end,
    part_of_month,
    wareki,
    weekday_ja,
)
from notifier.reading.expressions import Expression, read

WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
KANJI = "〇一二三四五六七八九"
ISSUED = date(2026, 4, 20)

days = st.dates(date(1990, 1, 1), date(2060, 12, 31))
near_days = st.dates(ISSUED, ISSUED + timedelta(days=270))
years = st.integers(2001, 2050)


def kanji(number: int) -> str:
    """Write a number below 100 as statutes do: 二十三."""
    tens, ones = divmod(number, 10)
    return ("" if tens == 0 else "十" if tens == 1 else f"{KANJI[tens]}十") + (KANJI[ones] if ones else "")


def ways_to_write(day: date) -> list[str]:
    era, year = era_name_and_year(day)
    letter = {"令和": "R", "平成": "H", "昭和": "S"}[era]
    plain = f"{era}{year}年{day.month}月{day.day}日"
    return [
        wareki(day),
        plain.translate(WIDE),
        f"{era} {year} 年 {day.month} 月 {day.day} 日",
        f"{era}{kanji(year)}年{kanji(day.month)}月{kanji(day.day)}日",
        f"{letter}{year}.{day.month}.{day.day}",
        f"{letter}{year}年{day.month}月{day.day}日",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}.{day.month:02}.{day.day:02}",
        day.isoformat(),
        f"{wareki(day)}（{weekday_ja(day)}）",
        f"{day.year}年{day.month}月{day.day}日({weekday_ja(day)}曜日)",
        f"{era}{year}年{day.month}月\n{day.day}日",
    ]


ENDINGS = {
    "": (True, True),
    "まで": (False, True),
    "以前": (False, True),
    "から": (True, False),
    "より": (True, False),
    "以降": (True, False),
    "～": (True, False),
    "時点": (True, True),
    "現在": (True, True),
    "付け": (True, True),
}


def only(text: str, issued: date | None = ISSUED) -> Expression:
    found = read(text, issued).expressions
    assert len(found) == 1, [each.text for each in found]
    return found[0]


@given(day=days, way=st.integers(0, 12), ending=st.sampled_from(sorted(ENDINGS)))
def test_a_day_is_read_back_from_every_way_to_write_it(day: date, way: int, ending: str) -> None:
    surface = ways_to_write(day)[way] + ending
    found = only(f"書類は{surface}、とする。")
    has_start, has_end = ENDINGS[ending]
    assert (found.text, found.kind) == (surface, "date")
    assert (found.start, found.end) == (day if has_start else None, day if has_end else None)
    assert "weekday-mismatch" not in found.flags


@given(
    first=days, length=st.integers(1, 700), joint=st.sampled_from(["から", "～", "〜", " ~ ", "－", "より"])
)
def test_a_range_is_read_back_with_what_its_end_leaves_out(first: date, length: int, joint: str) -> None:
    last = first + timedelta(days=length)
    ways = [f"{wareki(first)}{joint}{wareki(last)}"]
    if last.year == first.year:
        ways += [
            f"{wareki(first)}{joint}{last.month}月{last.day}日",
            f"{first:%Y/%-m/%-d}{joint}{last:%-m月%-d日}",
        ]
    if (last.year, last.month) == (first.year, first.month):
        ways += [f"{wareki(first)}{joint}{last.day}日まで", f"{wareki(first)}{joint}同月{last.day}日まで"]
    for way in ways:
        found = only(f"期間は{way}とする。")
        assert (found.text.strip(), found.kind, found.start, found.end) == (way, "range", first, last)


@given(day=near_days)
def test_a_day_without_a_year_lies_in_the_months_after_the_issue_date(day: date) -> None:
    for surface in (f"{day.month}月{day.day}日", f"{day.month}/{day.day}({weekday_ja(day)})"):
        found = only(f"提出は{surface}まで。")
        assert (found.end, found.flags) == (day, ("year-inferred",))


@given(day=days, wrong=st.sampled_from("月火水木金土日"))
def test_a_weekday_that_contradicts_is_flagged_and_never_repaired(day: date, wrong: str) -> None:
    found = only(f"{wareki(day)}（{wrong}）必着")
    assert found.end == day
    assert ("weekday-mismatch" in found.flags) == (wrong != weekday_ja(day))


@given(year=years, number=st.integers(1, 12), part=st.sampled_from(list(Part)))
def test_months_their_parts_halves_and_fiscal_years_become_their_days(
    year: int, number: int, part: Part
) -> None:
    name = {Part.EARLY: "上旬", Part.MIDDLE: "中旬", Part.LATE: "下旬", Part.END: "末"}[part]
    expected = {
        f"{year}年{number}月": ("month", month(year, number)),
        f"{year}年{number}月{name}": ("part_of_month", part_of_month(year, number, part)),
        f"{year}年度": ("fiscal_year", fiscal_year(year)),
        f"{year}年度上期": ("half_year", half_year(year, Half.FIRST)),
        f"{year}年度下半期中": ("half_year", half_year(year, Half.SECOND)),
    }
    for surface, (kind, whole) in expected.items():
        found = only(f"対象は{surface}です。")
        assert (found.text, found.kind, found.start, found.end) == (surface, kind, whole.start, whole.end)
    last = month_end(year, number)
    assert only(f"{year}年{number}月末日までに提出する。").end == last


WORDS = """令和 平成 昭和 元 8 31 ３ 十 二十 年 月 日 度 年度 上旬 末 から まで までに ～ - / . ( ) （ ） 、 。 の 翌月
毎月 各 同 今年度 第 回 以内 以前 以降 間 3か月 半年 いずれか早い 予定 提出 申請 統合 後 前 時点 付け 最初の 速やかに 9:00
正午 R8 H31 ㋿ | ** ※ 令 和 10/10 第3条 2026 2026/ 99 0 ① ⑳ 12345678901234567890 http://a.jp/3/3 予算 法律第"""
PIECES = st.sampled_from([*WORDS.split(), " ", "\n", "\f", "\t", "\u3000", "\r\n"])


@given(
    text=st.one_of(st.text(max_size=120), st.lists(PIECES, max_size=60).map("".join)), issued=st.none() | days
)
def test_whatever_stands_in_a_text_its_expressions_are_quoted_in_order(
    text: str, issued: date | None
) -> None:
    here = 0
    lines = text.split("\n")
    for found in read(text, issued).expressions:
        assert found.offset >= here
        assert found.text
        assert text[found.offset : found.offset + len(found.text)] == found.text
        assert lines[found.line - 1][found.column :].startswith(found.text.split("\n")[0])
        assert found.start is None or found.end is None or found.start <= found.end
        here = found.offset + len(found.text)


def calls_made(text: str) -> int:
    """How many calls reading `text` takes: work that no other load on the machine can change."""
    count = 0

    def watch(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        read(text, ISSUED)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(
    "unit",
    [
        "申請は令和8年6月1日から30日までに行い、実績報告は事業完了後30日以内とする。\n",
        "3月",
        "翌月の",
        "から",
        "毎月1日と",
        "提出まで",
        "9",
        "(予定)",
    ],
)
def test_twice_the_text_takes_twice_the_work(unit: str) -> None:
    read(unit)  # what is compiled once does not count
    once, twice = (calls_made(unit * (size // len(unit))) for size in (6_000, 12_000))
    assert twice <= 2.2 * once + 100
