"""What a change would do, as a page shows it: effects, letters by day, samples, and whom no letter reaches."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from notifier.domain.changes import ChangeKind
from notifier.domain.impacts import Impact, Leaving
from notifier.domain.law import Party
from notifier.web import wording

CHANGES: Final[Mapping[str, str]] = {each.value: each.label for each in ChangeKind}
PARTIES: Final[Mapping[Party, str]] = {
    Party.OFFICE: "事業所",
    Party.MUNICIPALITY: "市区町村",
    Party.PREFECTURE: "都道府県",
    Party.EDITOR: "編集担当",
}
WHY: Final = {"no-address": "宛先の登録がありません", "not-subscribed": "配信しないと決められています"}
MOST_DAYS: Final = 40


@dataclass(frozen=True, slots=True)
class Day:
    """What leaves on one day: (title, what it is, to whom, how many, without address)."""

    on: date
    lines: tuple[tuple[str, str, str, int, int], ...]
    letters: int


@dataclass(frozen=True, slots=True)
class ShownImpact:
    """An impact with its days grouped and its reasons in words."""

    impact: Impact
    days: tuple[Day, ...]
    unreached: tuple[tuple[str, str, str], ...]


def shown(impact: Impact) -> ShownImpact:
    """Return `impact` as a page shows it."""
    by_day: dict[date, list[Leaving]] = {}
    for each in impact.days:
        by_day.setdefault(each.on, []).append(each)
    days = tuple(
        Day(on, tuple(map(_line, found)), impact.by_day.get(on, sum(each.letters for each in found)))
        for on, found in sorted(by_day.items())[:MOST_DAYS]
    )
    unreached = tuple((each.number, each.name, WHY.get(each.why, each.why)) for each in impact.unreached)
    return ShownImpact(impact, days, unreached)


def _line(each: Leaving) -> tuple[str, str, str, int, int]:
    said = wording.OCCASIONS[each.occasion.value].text
    days = each.rung.removeprefix("T-") if each.rung else ""
    what = f"{said}（{days}日前）" if days and days != "0" else said
    return (each.title, what, PARTIES[each.party], each.letters, each.no_address)
