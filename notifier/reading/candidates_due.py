"""What day a passage names, as the law as data writes it: from an expression of the notice to a due expression."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Final

from notifier.domain import dates
from notifier.domain.dates import Half, Interval, Part, Period
from notifier.domain.expressions import (
    DUE_SET,
    AfterAnchor,
    Anchor,
    BeforeFact,
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
from notifier.domain.facts import FactPattern
from notifier.reading.candidates_known import Knowledge, KnownDuty, KnownEvent
from notifier.reading.candidates_passages import Passage
from notifier.reading.candidates_setters import NATION, left_to
from notifier.reading.expressions import Expression as Found
from notifier.reading.normalising import normalised

_LENGTH = re.compile(r"([0-9]{1,3})[ ]?(年|[かヶカヵケ箇]月|月|週間|日)")
_NUMERALS: Final = str.maketrans("一二三四五六七八九", "123456789")
_EVENT = re.compile(r"([一-龥ァ-ヶーA-Z]{2,20})(?:日)?(?:の提出)?[*※]?(?:まで|前)")
_OWN_DAY = re.compile(r"更新時|更新の際|満了時|満了の際")
_UNTIL_BRACKET = re.compile(r"([一-龥]{2,12})(?:日)?$")
_SUBMIT = re.compile(r"提出(?:する|し|すること)|報告(?:する|を?行う|することと)|申請(?:する|を?行う)")
_UNDECIDED = re.compile(r"未定|検討(?:して|され|中|を進め)|未公表|後日")
_CONDITION = re.compile(
    r"すること(?=。|$|と|\()|要件|に限|(?:設置|宣言|周知|協力)する|ものとする|なければなら|必要(?:です|であ|があ|にな|とな)"
)
_REQUEST = re.compile(r"お願い|願います|ください|推奨|公表(?:する|を行う)")
NO_DAY: Final = "期日の定めはありません"
CONDITION: Final = "要件（日付の定めなし）"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What day is meant; `due` None where the passage adds something without a date. `open` says what to ask."""

    due: Expression | None
    tentative: bool = False
    open: tuple[str, ...] = ()
    is_sure: bool = True


def meaning_of(  # noqa: PLR0911 -- one line a form, read as a table
    passage: Passage,
    found: Found | None,
    duty: KnownDuty | None,
    knowledge: Knowledge,
    family: str,
    issued: date | None,
) -> Meaning:
    """Return what day `found` (None: no expression) names for `duty`, or for a new duty of `family` if None."""
    if found is None:
        return _without_date(passage, duty, knowledge, family)
    if "not-understood" in found.flags:
        return Meaning(None, open=(f"「{_flat(found.text)}」の意味",), is_sure=False)
    if duty is not None and isinstance(duty.due, OnAnchor) and _OWN_DAY.search(passage.text) is not None:
        return Meaning(duty.due, found.tentative)
    due = _plain(found)
    if isinstance(due, InFiscalYear | InMonth | Fixed | Months) and _is_over(found, issued):
        return _unclear(found, due)
    bracketed = _in_brackets(passage, found, knowledge)
    if bracketed is not None:
        return Meaning(bracketed, tentative=True, open=("その日がいつか",))
    if due is not None:
        return Meaning(due, found.tentative)
    return _relative(passage, found, duty, knowledge, family)


def _flat(text: str) -> str:
    return "".join(text.split())


def _is_over(found: Found, issued: date | None) -> bool:
    return (
        issued is not None and found.end is not None and found.end < issued and "past-at-issue" in found.flags
    )


def _unclear(found: Found, due: Expression) -> Meaning:
    probable = dates.fiscal_year(due.year + 1) if isinstance(due, InFiscalYear) and due.half is None else None
    label = dates.day_label_with_western(found.end) if found.end else _flat(found.text)
    question = f"「{_flat(found.text)}」は{label}までとなり、通知の日より前に終わっています。正しい期日はいつですか。"
    return Meaning(
        Unclear(Interval(found.start, found.end), probable, question), open=("正しい期日",), is_sure=False
    )


def _plain(found: Found) -> Expression | None:  # noqa: PLR0911 -- one line a form, read as a table
    """Return the form of an expression whose days the document fixes by itself."""
    start, end = found.start, found.end
    if start is None and end is None:
        return None
    if end is None or start is None:
        return Fixed(end, start)
    whole_months = start.day == 1 and end.day == monthrange(end.year, end.month)[1]
    match found.kind:
        case "fiscal_year":
            return InFiscalYear(start.year)
        case "half_year" if start.month in {4, 10} and start.day == 1:
            return InFiscalYear(start.year, Half.FIRST if start.month == 4 else Half.SECOND)
        case "month":
            return InMonth(start.year, start.month)
        case "part_of_month" if (start.year, start.month) == (end.year, end.month):
            return _part(start, end)
        case "range" if whole_months and "日" not in found.text and "/" not in found.text:
            return Months(Interval(start, end))
        case "relative" if dates.fiscal_year(dates.fiscal_year_of(start)) == Interval(start, end):
            return InFiscalYear(start.year)
        case _:
            return Fixed(end) if start == end else Fixed(end, start)


def _part(start: date, end: date) -> Expression:
    for part in Part:
        if dates.part_of_month(start.year, start.month, part) == Interval(start, end):
            return InMonth(start.year, start.month, part)
    return Fixed(end, start)


def _in_brackets(passage: Passage, found: Found, knowledge: Knowledge) -> Expression | None:
    """Return an event whose expected time stands in brackets behind it: 統合(2026年度下期中を予定)まで."""
    text = normalised(passage.text).text
    surface = normalised(found.text).text
    at = text.find(surface)
    if at < 1 or not found.tentative or not re.search(r"[(（][^()（）]{0,4}$", text[:at]):
        return None
    if re.match(r"[^()（）]{0,20}[)）][ ]?まで", text[at + len(surface) :]) is None:
        return None
    noun = _UNTIL_BRACKET.search(re.split(r"[(（]", text[:at])[-2])
    events = _national(noun[1] if noun else "", knowledge)
    if not events:
        return None
    expected = Interval(found.start, found.end)
    return UntilEvent(_event_name(events), events, expected, _flat(found.text))


def _national(noun: str, knowledge: Knowledge) -> tuple[str, ...]:
    """Return the types of national event whose label names what `noun` ends in."""
    words = [noun[-size:] for size in (4, 3, 2) if len(noun) >= size]
    for word in words:
        found = [each.type for each in knowledge.events if each.subject == "nation" and word in each.label]
        if found:
            return tuple(found)
    return ()


def _event_name(events: tuple[str, ...]) -> str:
    return events[0].rpartition(".")[0].rpartition(".")[2] + "-day"


def _relative(  # noqa: PLR0911 -- one line a form, read as a table
    passage: Passage, found: Found, duty: KnownDuty | None, knowledge: Knowledge, family: str
) -> Meaning:
    """Return the form of what hangs on an event or on a day of the office's own."""
    surface = _flat(normalised(found.text).text)
    set_by = _left_to_authority(passage, duty, knowledge, family) if _IS_SET.search(surface) else None
    if set_by is not None:
        return set_by
    if found.kind == "until_event":
        return _until(passage, found, surface, duty, knowledge, family)
    years = next((each for each in passage.expressions if each.kind == "fiscal_year"), None)
    if found.kind == "period" and years is not None and years.start is not None:
        return Meaning(InFiscalYear(years.start.year), found.tentative or years.tentative)
    period = _period(surface)
    for each in duty.said if duty is not None else ():
        if isinstance(each, AfterAnchor | OuterLimit) and each.period == period:
            return Meaning(each, found.tentative)
    if "翌年度" in surface:
        return _years_after(surface, duty, knowledge, family)
    anchor = _own_anchor(surface, knowledge, family)
    if period is not None and anchor is not None:
        return Meaning(AfterAnchor(anchor, period), found.tentative, ("起算日を数えるか",))
    if found.kind == "period":
        return Meaning(None, found.tentative, is_sure=False)
    return Meaning(
        Unknown(f"{surface}（起点の登録がありません）"), found.tentative, ("起点となる日",), is_sure=False
    )


def _until(
    passage: Passage, found: Found, surface: str, duty: KnownDuty | None, knowledge: Knowledge, family: str
) -> Meaning:
    if duty is not None and isinstance(duty.due, BeforeFact | OnAnchor):
        return Meaning(duty.due, found.tentative)
    noun = _EVENT.search(surface)
    name = noun[1] if noun else surface
    events = _national(name.removesuffix("日"), knowledge)
    if events:
        near = (*passage.expressions, *passage.notes)
        beside = next((each for each in near if each.kind in {"half_year", "fiscal_year", "month"}), None)
        expected = Interval(beside.start, beside.end) if beside is not None else None
        wording = _flat(beside.text) if beside is not None else ""
        return Meaning(UntilEvent(_event_name(events), events, expected, wording), tentative=True)
    own = _own_event(name, "office", knowledge, family)
    setter = _own_event(name, "authority", knowledge, family)
    if own is not None:
        setter = setter or _setting(" ".join((passage.text, *passage.headings)), knowledge, family)
    if own is not None and setter is not None:
        latest = SetByAuthority(_setter(setter), setter.type)
        wording = f"自事業所の{name}{'を出すまで' if re.search('報告|申請|計画|届', name) else 'まで'}"
        anchor = Anchor(FactPattern((own.type,)), earliest=True)
        return Meaning(BeforeFact(anchor, wording, latest), open=("期日",))
    return Meaning(
        Unknown(f"{surface}（日は示されていません）"), found.tentative, (f"{name}の日",), is_sure=False
    )


def _setter(event: KnownEvent | None) -> str:
    return "designation-authority" if event is not None and "加算" in event.label else "prefecture"


def _own_event(name: str, subject: str, knowledge: Knowledge, family: str) -> KnownEvent | None:
    """Return the type of event of the programme whose label names what `name` says: 実績報告."""
    head = re.sub(r"(?:の提出|書|日|実施)+$", "", name)
    near = [
        each for each in knowledge.events if each.subject == subject and each.type.startswith(f"{family}.")
    ]
    return next((each for each in near if len(head) > 1 and head in each.label), None)


def _setting(text: str, knowledge: Knowledge, family: str) -> KnownEvent | None:
    """Return the type of event by which an authority sets a day, for what the text names: 業務改善計画の提出期日の決定."""
    near = [
        each
        for each in knowledge.events
        if each.subject == "authority" and each.type.startswith(f"{family}.")
    ]
    return next((each for each in near if (noun := each.label.partition("の")[0]) and noun in text), None)


def _own_anchor(surface: str, knowledge: Knowledge, family: str) -> Anchor | None:
    verb = re.search(r"申請|申込|交付決定|加入|登録|指定|更新", surface)
    event = _own_event(verb[0], "office", knowledge, family) if verb is not None else None
    return Anchor(FactPattern((event.type,))) if event is not None else None


def _period(surface: str) -> Period | None:
    found = _LENGTH.search(surface.translate(_NUMERALS))
    if found is None or int(found[1]) == 0:
        return None
    number, unit = int(found[1]), found[2]
    if unit == "年":
        return Period(years=number)
    return (
        Period(days=number * (7 if unit == "週間" else 1))
        if unit in {"日", "週間"}
        else Period(months=number)
    )


def _years_after(surface: str, duty: KnownDuty | None, knowledge: Knowledge, family: str) -> Meaning:
    number = re.search(r"([0-9]{1,2})年間", surface)
    years = int(number[1]) if number is not None else 1
    if duty is not None and isinstance(duty.due, FiscalYearsAfter) and duty.due.years == years:
        return Meaning(duty.due)
    granted = _own_event("交付決定", "office", knowledge, family)
    setter = _own_event("報告", "authority", knowledge, family)
    if granted is None or setter is None:
        asked = ("起点となる年度", "各年の期日")
        return Meaning(Unknown(f"{surface}（起点の登録がありません）"), open=asked, is_sure=False)
    anchor = Anchor(FactPattern((granted.type,)))
    return Meaning(
        FiscalYearsAfter(anchor, years, SetByAuthority("prefecture", setter.type)), open=("各年の期日",)
    )


def _left_to_authority(
    passage: Passage, duty: KnownDuty | None, knowledge: Knowledge, family: str
) -> Meaning | None:
    """Return that an authority sets the day, if the passage says so; by an event of the programme where it has one."""
    text = normalised(passage.text).text
    setter = left_to(text)
    if setter is None:
        return None
    if setter == NATION:
        return Meaning(Unknown("期日は国が別に示します（未公表）"), open=("期日",), is_sure=False)
    known = duty.due if duty is not None else None
    if isinstance(known, SetByAuthority) or (
        isinstance(known, BeforeFact | FiscalYearsAfter) and known.latest.by == setter
    ):
        return Meaning(known, open=("期日",))
    own = _setting(text, knowledge, family) if duty is None else None
    return Meaning(SetByAuthority(setter, own.type if own is not None else DUE_SET), open=("期日",))


_IS_SET = re.compile("(?:定め|指定す|指定し|設定す|示す|決め)(?:る|た)?(?:日|期日|期限|締切)")


def _without_date(  # noqa: PLR0911 -- one line a form, read as a table
    passage: Passage, duty: KnownDuty | None, knowledge: Knowledge, family: str
) -> Meaning:
    """Return what is said instead of a day: a condition, a request, a day that somebody else sets, or nothing."""
    text = passage.text
    if re.search(r"受けた翌年度に", text) is not None and "報告" in text:
        return _years_after(text, duty, knowledge, family)
    set_by = _left_to_authority(passage, duty, knowledge, family)
    if set_by is not None:
        return set_by
    if _UNDECIDED.search(text) is not None:
        if duty is not None and duty.due is not None and not isinstance(duty.due, Unknown):
            return Meaning(None, open=("今後の扱い",), is_sure=False)
        wording = "検討中です" if "検討" in text else "まだ決まっていません"
        return Meaning(Unknown(wording), open=("期日",), is_sure=False)
    submitted = _SUBMIT.search(text)
    if submitted is not None:
        if duty is not None and isinstance(duty.due, SetByAuthority):
            return Meaning(duty.due, open=("期日",))
        setter = _setting(text, knowledge, family)
        if setter is not None:
            return Meaning(SetByAuthority(_setter(setter), setter.type), open=("期日",))
    if _REQUEST.search(text) is not None:
        return Meaning(Unknown(NO_DAY), open=(), is_sure=False)
    if _CONDITION.search(text) is not None and duty is None:
        return Meaning(Standing(CONDITION), is_sure=False)
    return Meaning(None, is_sure=False)
