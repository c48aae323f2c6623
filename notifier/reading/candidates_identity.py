"""What a notice is: its issuer, number, title, issue date and volume, each only where that is certain.

What is not certain is left None, with the likely answer as a hint: a person is asked.
"""

import re
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Final

from notifier.domain.notices import Rank
from notifier.reading.expressions import Reading
from notifier.reading.normalising import normalised

_TOP: Final = 60
"""Lines from the top within which a paper names itself."""
_SHORT: Final = 40
"""Signs of a line that may carry a number beside other words."""
_LEAST_TITLE: Final = 3
_RULE_WITHIN: Final = 12
"""Lines from the top among which a rule or a guide bears its name."""
_SIGNED_WITHIN: Final = 8
"""Lines above the title within which the issuer signs."""
_NUMBER = re.compile(
    r"((?:(?:R|令和?)?[0-9]{1,2})?[一-龥]{1,10}(?:[0-9]{2,4})?(?:第|発第|-)[ ]?"
    r"[0-9]{1,5}(?:-[0-9]{1,3})?[ ]?号(?:の[0-9]{1,2})?"
    r"|第[0-9]{1,5}号)"
)
_MEMO = re.compile(r"事[ ]?務[ ]?連[ ]?絡")
_VOLUME = re.compile(r"(?:Vol|VOL|vol)[.]?[ ]?([0-9]{1,5})")
_SERIES = re.compile(r"([一-龥]{2,8}最新情報)")
_TITLE = re.compile(r"^.{3,160}(?:について|に関する件|の件|の(?:お知らせ|[ご御]案内))(?:\([^()。]{1,14}\))?$")
_DAY = re.compile(r"^[^0-9]{0,6}(?:[0-9]{1,4}|元)[ ]?年[ ]?[0-9]{1,2}[ ]?月[ ]?(?:[0-9]{1,2}[ ]?日)?$")
_FULL_DAY = re.compile(
    r"^[^0-9]{0,6}(?:[0-9]{1,4}|元)[ ]?年[ ]?[0-9]{1,2}[ ]?月[ ]?[0-9]{1,2}[ ]?日(?:付け?)?$"
    r"|^[0-9]{4}[./-][0-9]{1,2}[./-][0-9]{1,2}$"
)
_SIGN = re.compile(r"[一-龥ァ-ヶ]")
_HEADING, _LEAST_SIGNS = (8, 80), 4
_NO_TITLE = re.compile(r"^(?:議題|次第|[◎○●■□◆・]|[0-9]{1,2}(?:[ .、)]|$)|\(?[0-9一二三四五六七八九十]+\))")
_SUBJECT = re.compile(r"^(?:件名|題名|標題)[ ]?:[ ]?")
_BEGINS_TITLE = re.compile(r"^[「『]|等$|[、・及び]$")
_ISSUER = re.compile(
    r"^(?:[^。、「」:0-9]{0,28}(?:[省庁府県都道市町村区]|連合|機構|協会|法人|委員会)[^。、「」:0-9]{0,24}"
    r"(?:長|知事|課|室|局|部|会|係|班|機構|本部|センター|事務所|担当|グループ)"
    r"|[^。、「」:0-9]{2,28}(?:中央会|協議会|協会|連合会|[務]省|庁))$"
)
_CHIEF = re.compile(r"(?:[課室部局所会市町村区]長|知事|大臣)$")
_ROOM = re.compile(r"^[^。、「」:0-9 ]{2,20}(?:課|室)$")
_ADDRESSEE = re.compile(
    r"御中|殿$|様$|各|宛|あて|[主担][管当]課|関係団体|関係機関|都道府県知事|市区?町村長|区長|事業者|管理者|\("
)
_TO = re.compile(r"(?:殿|様|御中|宛|あて)")
_NAME = re.compile(r"(?<=[長事])[ ]+[一-龥]{1,4}(?:[ ][一-龥ぁ-ん]{1,4})?$")
"""The name of who signs behind the office: 青葉市長 佐野 一成."""
_SEAL = re.compile(r"[ ]*\((?:公[ ]?印[ ]?省[ ]?略|写し?|契印省略|押印省略)\)$|^写$")
_TITLE_KEY = re.compile(r"^(?:件名|題名|標題|表題|Subject)$")
_FROM_KEY = re.compile(r"^(?:発出元|発出者|発信元|発信者|発行元|発行者|差出人|通知者|送信元|From)$")
_APART = re.compile(
    r"[ ]*(?:(?:令和|平成)[ ]?)?(?:[0-9]{1,4}|元)[ ]?年[ ]?[0-9]{1,2}[ ]?月[ ]?[0-9]{1,2}[ ]?日(?:付け?)?[ ]*"
    r"|[ ]*[Vv][Oo][Ll][.]?[ ]?[0-9]{1,5}[ ]*|[ ]*[|\t/][ ]*|[ ]{2,}|(?<=[^ 0-9])[ ]*:[ ]*"
)
_RULE_NAME = re.compile(
    r"^.{4,60}(?:要綱|要領|要項|実施要項|指針|ガイドライン|手引き?|Q&A)(?:\([^()。]{1,14}\))?$"
)
_SLIDES = re.compile(r"^[-▶✓•]|説明資料|パンフレット|リーフレット|スライド")
_ACT = re.compile(r"^(?:[^。、]{2,60}(?:法律|政令|省令|条例|規則))$")


@dataclass(frozen=True, slots=True)
class Named:
    """One thing a notice says of itself: `value` if that is certain, else None with the likely answer as `hint`.

    `line` counts from 1; `why` says in Japanese how it was found, or what to ask.
    """

    value: str | None
    hint: str
    line: int | None
    why: str

    @property
    def is_certain(self) -> bool:
        """Tell whether nobody needs to be asked."""
        return self.value is not None

    def as_json(self) -> dict[str, Any]:
        """Return it as `notifier read --candidates` prints it."""
        certainty = "certain" if self.is_certain else "likely" if self.hint else "unknown"
        return {
            "value": self.value,
            "certainty": certainty,
            "hint": self.hint,
            "line": self.line,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class Identity:
    """What a notice is. `day` is the civil date by which it is ordered, if any is known; `rank` how much it weighs."""

    issuer: Named
    number: Named
    title: Named
    issued: Named
    volume: Named
    day: date | None
    rank: Rank
    rank_why: str

    def as_json(self) -> dict[str, Any]:
        """Return it as `notifier read --candidates` prints it, its keys in the promised order."""
        named = ("issuer", "number", "title", "issued", "volume")
        values = {name: getattr(self, name).as_json() for name in named}
        return {**values, "rank": self.rank.name.lower().replace("_", "-"), "rank_why": self.rank_why}


def identity_of(reading: Reading, given: date | None = None, file_title: str = "") -> Identity:
    """Return what the notice says it is. `given` is the issue date a person named, `file_title` what the file says."""
    lines = [line.strip(" #*>←→\t") for line in normalised(reading.text).text.split("\n")[:_TOP]]
    parts = [(index, part) for index, line in enumerate(lines, 1) for part in _parts(line)]
    volume = _volume(lines)
    number = _number(parts, lines)
    if not number.is_certain and volume.is_certain:
        number = _series(lines, volume) or number
    title = _title(lines, parts, file_title, has_number=number.is_certain)
    rank, why = _rank(lines, number, title)
    issued = _issued(reading, given)
    return Identity(
        _issuer(parts, title.line), number, title, issued, volume, given or reading.issued, rank, why
    )


def _parts(line: str) -> list[str]:
    """Return what a line of the head says one beside the other: 青葉市 介護保険課 / 事務連絡 第118号."""
    if _TITLE.match(line) is not None:
        return [line]
    found = [part for each in _APART.split(line) if (part := _SEAL.sub("", each.strip(" *#-")))]
    if len(found) > 1 and _TO.fullmatch(found[-1]) is not None:
        found[-2:] = [f"{found[-2]} {found[-1]}"]  # the name and its 殿, set apart by a gap
    return [each for part in found for each in _numbered(part)]


_BOUNDED_NUMBER = re.compile(rf"(?:^|(?<=[ ])){_NUMBER.pattern}(?=[ ]|$)")


def _numbered(part: str) -> list[str]:
    """Return a number apart from the day or the office that stands beside it with no more than a space."""
    tight = re.sub(r"(?<=[一-龥])[ ](?=第[ ]?[0-9])|(?<=[0-9第])[ ](?=[0-9]|号|第)", "", part)
    found = _BOUNDED_NUMBER.search(tight) if len(tight) < _SHORT else None
    if found is None:
        return [part]
    rest = [tight[: found.start()].strip(), tight[found.end() :].strip()]
    is_head = all(not each or _DAY.match(each) or _ISSUER.match(_closed(each)) for each in rest)
    return [found[0], *(each for each in rest if each)] if is_head else [part]


def _closed(text: str) -> str:
    return re.sub(r"(?<=[一-龥])[ ](?=[一-龥])", "", text)


def _number(parts: list[tuple[int, str]], lines: list[str]) -> Named:
    for index, part in parts:
        found = _NUMBER.fullmatch(re.sub(r"(?<=[一-龥0-9])[ ](?=[一-龥0-9])", "", part))
        if found is not None:
            return Named(re.sub("[ ]", "", found[1]), "", index, "文書番号だけの行・欄")
    for index, part in parts:
        if _MEMO.fullmatch(part) is not None:
            return Named("事務連絡", "", index, "番号のない事務連絡")
    for index, line in enumerate(lines[:20], 1):
        inside = _NUMBER.search(line) if len(line) < _SHORT else None
        if inside is not None:
            found = inside
            return Named(None, re.sub("[ ]", "", found[1]), index, "本文の中の番号です。確かめてください")
    return Named(None, "", None, "文書番号が見つかりません")


def _series(lines: list[str], volume: Named) -> Named | None:
    """Return the series and its volume as the number of a paper that has no other: 介護保険最新情報Vol.1460."""
    found = next((found for each in lines if (found := _SERIES.search(each)) is not None), None)
    return found and Named(f"{found[1]}{volume.value}", "", volume.line, "号数の行")


def _volume(lines: list[str]) -> Named:
    for index, line in enumerate(lines, 1):
        found = _VOLUME.fullmatch(line) or (_VOLUME.search(line) if "最新情報" in line else None)
        if found is not None:
            return Named(f"Vol.{found[1]}", "", index, "号数の行")
    return Named(None, "", None, "号数はありません")


def _title(lines: list[str], parts: list[tuple[int, str]], file_title: str, *, has_number: bool) -> Named:
    for (_, key), (index, part) in pairwise(parts):
        if _TITLE_KEY.match(_closed(key)) and len(part) > _LEAST_TITLE:
            return Named(part, "", index, f"「{_closed(key)}」の欄")
    subject = _subject(lines, parts, has_number=has_number)
    if subject is not None:
        return subject
    for index, line in enumerate(lines[:_RULE_WITHIN], 1):
        plain = line.lstrip("○◎● ")
        if _RULE_NAME.match(plain) is not None and _ADDRESSEE.search(plain) is None:
            return Named(plain, "", index, "要綱・要領などの題名の行")
    if file_title.strip():
        return Named(None, file_title.strip(), None, "ファイルに付いた題名です。確かめてください")
    for index, line in enumerate(lines, 1):
        if 8 <= len(line) <= 60 and not (_ADDRESSEE.search(line) or _DAY.match(line) or line.endswith("。")):
            return Named(None, line, index, "先頭に近い見出しです。確かめてください")
    return Named(None, "", None, "件名が見つかりません")


def _subject(lines: list[str], parts: list[tuple[int, str]], *, has_number: bool) -> Named | None:
    """Return the first line in the form of a subject; where nothing around it is a paper's head, only as a likely one."""
    for index, line in enumerate(lines, 1):
        if _TITLE.match(line) is None or _NO_TITLE.match(line) is not None:
            continue
        before = lines[index - 2] if index > 1 else ""
        joined = before + line if before and _BEGINS_TITLE.search(before) and len(before) < 60 else line
        found = _SUBJECT.sub("", joined)
        if has_number or _has_head(lines, parts, index):
            return Named(found, "", index, "件名の形の行")
        at = next((place for place, each in enumerate(lines[: index - 1], 1) if _heads(each)), 0)
        why = "番号も日付も宛先もない題名です。確かめてください"
        return Named(None, lines[at - 1] if at else found, at or index, why)
    return None


def _has_head(lines: list[str], parts: list[tuple[int, str]], line: int) -> bool:
    """Tell whether a paper with a subject in `line` has a day or an addressee near it, as a page of slides has not."""
    last = line + _SIGNED_WITHIN
    near = [*lines[:last], *(part for index, part in parts if index <= last)]
    return any(_FULL_DAY.match(each) or _TO.search(each[-4:]) for each in near)


def _heads(line: str) -> bool:
    """Tell whether a line may be what is written large on the first page: words enough, and neither an office nor a day."""
    is_long = _HEADING[0] <= len(line) <= _HEADING[1] and len(_SIGN.findall(line)) >= _LEAST_SIGNS
    plain = _closed(line)
    return is_long and not (
        _ADDRESSEE.search(line)
        or _DAY.match(line)
        or _ISSUER.match(plain)
        or _CHIEF.search(plain)
        or "。" in line
    )


def _issuer(parts: list[tuple[int, str]], title_line: int | None) -> Named:
    """Return who signs: whom a key names, else the first office above the title, with the room on the next line."""
    named = _by_key(parts)
    if named is not None:
        return named
    found: list[tuple[int, str]] = []
    for place, (index, part) in enumerate(parts):
        plain = _closed(_NAME.sub("", part))
        if _ISSUER.match(plain) and not _ADDRESSEE.search(part) and not _NUMBER.search(plain):
            following = parts[place + 1][1] if place + 1 < len(parts) else ""
            rooms = f"・{following}" if _ROOM.match(following) and plain.endswith("課") else ""
            found.append((index, plain + rooms))
    if not found:
        return Named(None, "", None, "発出者が見つかりません")
    near = [each for each in found if title_line is None or each[0] < title_line]
    at, name = near[-1] if near and title_line is not None else found[0]
    if title_line is not None and near and title_line - at <= _SIGNED_WITHIN:
        return Named(name, "", at, "件名のすぐ上の発出者名")
    return Named(None, name, at, "発出者らしい行です。確かめてください")


def _by_key(parts: list[tuple[int, str]]) -> Named | None:
    """Return whom 発出元, 差出人 or another such key names beside or below it."""
    for (_, key), (index, part) in pairwise(parts):
        if _FROM_KEY.match(_closed(key)) and not _TO.search(part) and len(part) < _SHORT:
            return Named(_closed(_NAME.sub("", part)), "", index, f"「{_closed(key)}」の欄")
    return None


def _issued(reading: Reading, given: date | None) -> Named:
    if given is not None:
        return Named(given.isoformat(), "", None, "指定された発出日")
    if reading.issued is None:
        return Named(None, "", None, "発出日が見つかりません（--issued で指定できます）")
    day = reading.issued
    for each in reading.expressions:
        if each.line <= _TOP and each.kind == "date" and each.start == day == each.end:
            return Named(day.isoformat(), "", each.line, "文書の上にある日付")
    month = next((each for each in reading.expressions if each.start == day and each.kind == "month"), None)
    line = month.line if month is not None else None
    return Named(None, f"{day:%Y-%m}", line, "月までしか書かれていません。発出日を確かめてください")


def _rank(lines: list[str], number: Named, title: Named) -> tuple[Rank, str]:
    if any(_ACT.match(line) for line in lines[:6]) and not title.is_certain:
        return Rank.LAW, "法令の題名で始まる"
    if number.is_certain:
        return Rank.NOTICE, "文書番号または事務連絡の表示がある"
    if any(re.search("[市町村]", line) and "課" in line for line in lines[:12]):
        return Rank.LOCAL_MATERIAL, "自治体の課の名で始まり、文書番号がない"
    if title.is_certain and not any(_SLIDES.search(line) for line in lines):
        return Rank.NOTICE, "件名の形が通知と同じ"
    return Rank.EXPLANATION, "文書番号も事務連絡の表示もない"
