"""Drafts: what a notice proposes, written in the catalogue's own form, for a person to finish."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from notifier.catalogue.duties import LONGEST_SHORT
from notifier.catalogue.forms import dump_due
from notifier.catalogue.sources import RANKS
from notifier.domain.assertions import settled_by_word
from notifier.domain.expressions import (
    AfterAnchor,
    BeforeFact,
    Expression,
    FiscalYearsAfter,
    Fixed,
    InFiscalYear,
    InMonth,
    MonthFromAnchor,
    Months,
    OnAnchor,
    OuterLimit,
    SetByAuthority,
    Unclear,
    UntilEvent,
)
from notifier.domain.notices import Notice

_SERIES: Final = {"老発": "rohatsu", "老高発": "rokohatsu", "老認発": "roninhatsu", "老老発": "rorohatsu"}
_NUMBER = re.compile(r"([一-龥]+?)([0-9]{2,4})?第([0-9]+)号")
_SLUGS: Final = {
    "申請": "apply",
    "提出": "submit",
    "届出": "notify",
    "報告": "report",
    "納付": "pay",
    "利用開始": "start",
    "加入": "join",
    "保存": "keep",
    "更新": "renew",
    "周知": "publicity",
    "設置": "set-up",
    "宣言": "declare",
    "協力": "cooperate",
    "公表": "publish",
    "確認": "confirm",
    "相談": "consult",
    "作成": "draw-up",
}
_LADDERS: Final[Mapping[type, str]] = {
    Fixed: "fixed",
    InMonth: "fixed",
    InFiscalYear: "fiscal-year",
    Months: "last-day",
    UntilEvent: "until-event",
    AfterAnchor: "until-change",
    OnAnchor: "fixed",
    MonthFromAnchor: "fixed",
    SetByAuthority: "fixed",
    BeforeFact: "fixed",
    FiscalYearsAfter: "recurring",
    OuterLimit: "outer-limit",
    Unclear: "fiscal-year",
}
_DAYS = {"by", "opens", "from", "since", "until"}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class NewDuty:
    """What is known of a new duty. `family` is "" if its programme is not known; `line` is where it stands."""

    family: str
    verb: str
    object: str
    parties: tuple[str, ...]
    due: Expression | None
    tentative: bool
    amounts: tuple[str, ...]
    place: str
    line: int
    notice: str
    unknown: tuple[str, ...] = ()


def notice_id(number: str | None, volume: str | None, issued: date | None) -> str:
    """Return an id for a notice: by its volume, its number, or its issue date."""
    if volume:
        return f"kaigo-saishin-joho-{volume.removeprefix('Vol.')}"
    found = _NUMBER.fullmatch(number or "")
    if found is not None and found[1] in _SERIES:
        return "-".join(filter(None, (_SERIES[found[1]], found[2], found[3])))
    return f"notice-{issued.isoformat()}" if issued is not None else "notice-undated"


def draft_of(new: NewDuty, taken: Iterable[str] = ()) -> dict[str, Any]:
    """Return a `[[deadline]]` with one statement; its id is none of `taken`. What is not known says so in Japanese."""
    family = new.family or new.notice
    duty = _SLUGS.get(new.verb, "duty")
    known = set(taken)
    name = next(
        each
        for each in (f"{family}/{duty}", *(f"{family}/{duty}-{n}" for n in range(2, 999)))
        if each not in known
    )
    what = new.object or "通知に書かれたこと"
    verb = new.verb or "対応"
    is_open_ended = isinstance(new.due, Fixed) and new.due.by is None
    ladder = "none" if is_open_ended else _LADDERS.get(type(new.due), "none")
    return {
        "id": name,
        "title": what if what.endswith(verb) else f"{what}の{verb}",
        "short": (verb if len(what) + len(verb) > LONGEST_SHORT else f"{what}{verb}")[:LONGEST_SHORT],
        "modality": "optional" if new.verb == "申請" else "required",
        "action": f"{what}について、{verb}をしてください。",
        "where": "通知に書かれた方法で行います（確かめてください）。",
        "silence": "期日を過ぎた場合の扱いは、通知から読み取れていません（確かめてください）。",
        **({"money": "、".join(new.amounts)} if new.amounts else {}),
        "ladder": ladder,
        "parties": list(new.parties),
        **({"settled_by": settled_by_word(name)} if "office" in new.parties else {}),
        "concerns_wording": "対象を確かめてください",
        "statement": [
            statement_of(
                f"line-{new.line}", new.notice, new.place, new.due, new.unknown, tentative=new.tentative
            )
        ],
    }


def statement_of(  # noqa: PLR0913 -- one argument a key of the file
    name: str,
    notice: str,
    place: str,
    due: Expression | None,
    unknown: tuple[str, ...] = (),
    *,
    tentative: bool = False,
    withdraws: bool = False,
    confirms: bool = False,
) -> dict[str, Any]:
    """Return a `[[deadline.statement]]` as it is written in a family's file."""
    said = {} if due is None or withdraws else {"due": dump_due(due, tentative=tentative)}
    flags = {key: True for key, value in (("withdraws", withdraws), ("confirms", confirms)) if value}
    asked = {"unknown": list(unknown)} if unknown else {}
    return {"id": name, "notice": notice, "place": place, **said, **flags, **asked}


def notice_entry(notice: Notice) -> dict[str, Any]:
    """Return a `[[notice]]` as it is written in notices.toml."""
    rank = next(name for name, each in RANKS.items() if each is notice.rank)
    dated = {"issued": notice.issued} if notice.issued is not None else {}
    number = {"number": notice.number} if notice.number else {}
    return {
        "id": notice.id,
        "title": notice.title,
        "issuer": notice.issuer,
        **number,
        **dated,
        "rank": rank,
    }


def as_toml(key: str, entry: Mapping[str, Any]) -> str:
    """Write one entry `[[key]]`, its statements below it."""
    lines = [f"[[{key}]]"]
    nested: list[str] = []
    for name, value in entry.items():
        if name == "statement":
            nested.extend(as_toml(f"{key}.statement", each) for each in value)
        else:
            lines.append(f"{name} = {_value(name, value)}")
    return "\n".join(["\n".join(lines), *(f"\n{each}" for each in nested)])


def as_form(said: Mapping[str, Any]) -> str:
    """Write one candidate of a review as a form to be edited: plain keys first, then each table under its name."""
    lines = [
        f"{name} = {_value(name, value)}" for name, value in said.items() if not isinstance(value, Mapping)
    ]
    for name, table in said.items():
        if isinstance(table, Mapping):
            lines += ["", f"[{name}]", *(f"{key} = {_value(key, value)}" for key, value in table.items())]
    return "\n".join(lines)


def _value(name: str, value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | date():
            return str(value)
        case str() if name in _DAYS and _DAY.fullmatch(value):
            return value
        case str():
            return json.dumps(value, ensure_ascii=False)
        case Mapping():
            inner = ", ".join(f"{_key(each)} = {_value(each, said)}" for each, said in value.items())
            return f"{{ {inner} }}"
        case list() | tuple():
            return "[" + ", ".join(_value("", each) for each in value) + "]"
        case _:
            raise TypeError(f"{name}: {value!r} has no form in TOML")


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name)
