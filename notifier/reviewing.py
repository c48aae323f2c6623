"""Reviewing: from what a reviewer has kept of a notice to a bill, and what is wrong with it, in Japanese."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Any, Final

from notifier.catalogue.duties import deadline_as_data, deadline_from_data
from notifier.catalogue.findings import Level, lint
from notifier.catalogue.loader import Catalogue
from notifier.catalogue.sources import RANKS, statement_as_data, statement_from_data
from notifier.domain.assertions import names_another, own_word
from notifier.domain.dates import day_label
from notifier.domain.impacts import Bill
from notifier.domain.law import Deadline, Law, Party
from notifier.domain.notices import Notice
from notifier.domain.reviews import Objection, Verdict
from notifier.domain.statements import Statement
from notifier.errors import NoticeRefusedError
from notifier.objecting import in_japanese, of_finding
from notifier.reading.normalising import normalised
from notifier.store.reviews import Candidate, Review

UNSURE: Final = "確かめてください"
"""Stands in a draft wherever reading could not know."""
LOCAL: Final = "local-"
"""Begins the family of a deadline of one authority alone: local-121002/annual-plan."""
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*")
_IDENTITY: Final = {
    "title": "題名",
    "issuer": "発出者",
    "number": "文書番号",
    "issued": "発出日",
    "known_from": "使い始める日",
    "rank": "文書の格",
}


class ReviewRefusedError(NoticeRefusedError):
    """A review cannot go on; `objections` say where, what and how to mend it, in Japanese."""

    def __init__(self, message: str, objections: Sequence[Objection] = ()) -> None:
        """Say what was refused; the objections follow, one a line."""
        super().__init__("\n".join([message, *(f"・{each}" for each in objections)]))
        self.objections = tuple(objections)


@dataclass(frozen=True, slots=True)
class AtHand:
    """What a review is held against: the approved law as known on `today`, the vocabulary, whose notice it is."""

    law: Law
    catalogue: Catalogue
    authority: str = ""
    today: date = date.max


# ---- the notice itself ----


def read_identity(name: str, written: Mapping[str, Any]) -> Notice:
    """Return the notice `name` as its reviewer describes it. Raises ReviewRefusedError."""
    found = list(_identity_objections(written))
    if found:
        raise ReviewRefusedError(f"{name}: 文書の情報に誤りがあります。", found)
    issued = _day(written.get("issued"))
    known = _day(written.get("known_from")) or issued or date.max
    rank = RANKS[str(written["rank"])]
    texts = [str(written.get(key) or "").strip() for key in ("title", "issuer", "number")]
    return Notice(name, texts[0], texts[1], texts[2], issued, known, rank)


def _identity_objections(written: Mapping[str, Any]) -> Iterator[Objection]:
    for key in sorted(set(written) - set(_IDENTITY)):
        yield Objection("文書", f"「{key}」という項目はありません。", f"使えるのは{_listed(_IDENTITY)}です。")
    for key in ("title", "issuer", "number"):
        value = written.get(key)
        if value is not None and not isinstance(value, str):
            yield Objection(_IDENTITY[key], "文字ではありません。", "文字で書いてください。")
    if not str(written.get("title") or "").strip():
        yield Objection("題名", "空です。", "文書の題名を書いてください。")
    for key in ("issued", "known_from"):
        try:
            _day(written.get(key))
        except ValueError:
            yield Objection(_IDENTITY[key], "日付として読めません。", "2026-03-17 のように書いてください。")
    if written.get("rank") not in RANKS:
        labels = "、".join(f"{name}（{rank.label}）" for name, rank in RANKS.items())
        yield Objection("文書の格", "決められた値ではありません。", f"次のどれかにしてください: {labels}")


def _day(value: object) -> date | None:
    if value is None or value == "":
        return None
    if isinstance(value, date):
        return value
    return date.fromisoformat(str(value))


def _listed(labels: Mapping[str, str]) -> str:
    return "、".join(f"{key}（{label}）" for key, label in labels.items())


def identity_as_data(notice: Notice) -> dict[str, Any]:
    """Return the identity of a notice as JSON keeps it."""
    rank = next(name for name, each in RANKS.items() if each is notice.rank)
    return {
        "title": notice.title,
        "issuer": notice.issuer,
        "number": notice.number,
        "issued": notice.issued.isoformat() if notice.issued else None,
        "known_from": notice.known_from.isoformat(),
        "rank": rank,
    }


# ---- candidates ----


def read_said(
    said: Mapping[str, Any], number: int, notice: Notice, at_hand: AtHand
) -> tuple[Deadline | None, Statement]:
    """Return what a candidate says, and the deadline it defines if that is new. Raises ReviewRefusedError."""
    found = list(_form_objections(said, number))
    if found:
        raise ReviewRefusedError(f"候補{number}: 書き方に誤りがあります。", found)
    name = str(said["deadline"])
    deadline = None
    if said.get("definition") is not None:
        definition = {**said["definition"], "id": name}
        if "settled_by" in definition:
            definition["settled_by"] = own_word(definition["settled_by"], name)
        deadline = _read(
            number, "期限の定義", lambda: deadline_from_data(definition, at_hand.catalogue.groups)
        )
    written = {key: value for key, value in said["statement"].items() if key != "notice"}
    written |= {"id": f"{name}#{written.get('id') or f'{notice.id}-{number}'}"}
    written |= {"deadline": name, "notice": notice.id}
    if at_hand.authority:
        written.setdefault("authority", at_hand.authority)
    return deadline, _read(number, "記載", lambda: statement_from_data(written, notice))


def _form_objections(said: Mapping[str, Any], number: int) -> Iterator[Objection]:
    place = f"候補{number}"
    for key in sorted(set(said) - {"deadline", "definition", "statement"}):
        mend = "使えるのは deadline（期限）、definition（新しい期限の定義）、statement（記載）です。"
        yield Objection(place, f"「{key}」という項目はありません。", mend, number)
    name = said.get("deadline")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        mend = "「事業/すること」の形で、英小文字・数字・ハイフンで書いてください（例: platform-subsidy/apply）。"
        yield Objection(f"{place} 期限", "期限のidの形ではありません。", mend, number)
    if not isinstance(said.get("statement"), Mapping):
        mend = "place（記載箇所）とdue（期日）などを書いてください。"
        yield Objection(f"{place} 記載", "statement がありません。", mend, number)
    if not isinstance(said.get("definition"), Mapping | None):
        mend = "title、short、action などの表にするか、登録済みの期限なら除いてください。"
        yield Objection(f"{place} 期限の定義", "definition が表ではありません。", mend, number)


def _read(number: int, what: str, reading: Any) -> Any:
    try:
        return reading()
    except ValueError as fault:
        place, message, mend = in_japanese(str(fault))
        where = f"候補{number} {place or what}"
        raise ReviewRefusedError(
            f"候補{number}: {what}に誤りがあります。", [Objection(where, message, mend, number)]
        ) from None


# ---- the bill ----


def bill_of(review: Review, at_hand: AtHand) -> Bill:
    """Return what the kept candidates come to. Raises ReviewRefusedError for what cannot be read."""
    notice = read_identity(review.notice, review.identity)
    deadlines: dict[str, Deadline] = {}
    statements = []
    for each in review.candidates:
        if each.verdict.speaks:
            deadline, statement = read_said(each.said, each.number, notice, at_hand)
            statements.append(statement)
            if deadline is not None:
                deadlines[deadline.id] = deadline
    return Bill(notice, tuple(deadlines[name] for name in sorted(deadlines)), tuple(statements))


def content_digest(bill: Bill) -> str:
    """Return the digest of everything that approving the bill would write into the law."""
    written = {
        "notice": [bill.notice.id, identity_as_data(bill.notice)],
        "deadlines": [deadline_as_data(each) for each in bill.deadlines],
        "statements": [statement_as_data(each) for each in bill.statements],
    }
    return sha256(json.dumps(written, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:32]


# ---- objections ----


def objections(review: Review, at_hand: AtHand) -> list[Objection]:
    """Return what stands in the way of approval, errors first, then what is doubtful; each by its candidate."""
    found = list(_of_review(review))
    try:
        bill = bill_of(review, at_hand)
    except ReviewRefusedError as refused:
        return _sorted([*found, *refused.objections])
    numbers = _numbers(review, bill)
    for each, statement in zip(_speaking(review), bill.statements, strict=True):
        found += _of_statement(each, statement, bill, at_hand)
    for deadline in bill.deadlines:
        found += _of_definition(deadline, numbers, at_hand)
    return _sorted([*found, *_of_law(bill, numbers, at_hand)])


def _sorted(found: Sequence[Objection]) -> list[Objection]:
    return sorted(dict.fromkeys(found), key=lambda each: (not each.is_error, each.number or 0, each.place))


def _speaking(review: Review) -> list[Candidate]:
    return [each for each in review.candidates if each.verdict.speaks]


def _numbers(review: Review, bill: Bill) -> dict[str, int]:
    """Return by the id of a statement, and of a deadline, the candidate that says it."""
    pairs = list(zip(_speaking(review), bill.statements, strict=True))
    return {said.deadline: each.number for each, said in reversed(pairs)} | {
        said.id: each.number for each, said in pairs
    }


def _of_review(review: Review) -> Iterator[Objection]:
    waiting = [each.number for each in review.candidates if each.verdict is Verdict.OPEN]
    if waiting:
        numbers = "、".join(map(str, waiting))
        mend = "それぞれ採用するか除くか決めてください（残りをまとめて除くこともできます）。"
        yield Objection(f"候補{numbers}", "まだ判断されていません。", mend, waiting[0])
    if not _speaking(review):
        mend = "少なくとも1つ採用するか追加してください。関係のない文書なら「対象外」にしてください。"
        yield Objection("候補", "採用した候補がありません。", mend)
    for key in ("title", "issuer"):
        value = str(review.identity.get(key) or "")
        if UNSURE in value or not value.strip():
            yield Objection(_IDENTITY[key], "決まっていません。", "文書を見て書いてください。")
    for key in ("title", "issuer", "issued"):
        if _is_a_guess(review, key):
            message = f"読み取った「{review.identity[key]}」は確かではありません。"
            mend = "文書を見て、違えば書き直してください。"
            yield Objection(_IDENTITY[key], message, mend, is_error=False)
    if not review.identity.get("issued"):
        mend = "文書にあれば書いてください。ない文書は、使い始める日で順番が決まります。"
        yield Objection("発出日", "分かりません。", mend, is_error=False)


def _is_a_guess(review: Review, key: str) -> bool:
    """Tell whether the notice is still called what reading held to be likely only: a title, an issuer, a month."""
    read, value = review.suggested.get(key), review.identity.get(key)
    if not isinstance(read, Mapping) or read.get("certainty") != "likely" or not value:
        return False
    hint = str(read["hint"])
    return str(value) == f"{hint}-01" if key == "issued" else normalised(str(value)).text == hint


def _of_statement(candidate: Candidate, said: Statement, bill: Bill, at_hand: AtHand) -> Iterator[Objection]:
    number, place = candidate.number, f"候補{candidate.number}"
    known = at_hand.law.deadlines
    if said.deadline not in known and said.deadline not in {each.id for each in bill.deadlines}:
        mend = "登録済みの期限のidにするか、definition に新しい期限の定義を書いてください。"
        yield Objection(f"{place} 期限", f"{said.deadline} という期限はありません。", mend, number)
    if at_hand.authority and said.authority != at_hand.authority:
        mend = f"authority を {at_hand.authority} にするか、書かないでください。"
        yield Objection(f"{place} 自治体", "ほかの自治体、または全国についての記載です。", mend, number)
    if not (said.speaks_of_date or said.remark or said.effect or said.retracts):
        mend = "due（期日）か remark（補足）を書くか、除いてください。"
        yield Objection(f"{place} 期日", "期日も補足もなく、何も伝えません。", mend, number)
    if said.known_from < (said.notice.issued or said.known_from):
        mend = "発出日かそれより後の日にしてください。"
        yield Objection(f"{place} 使い始める日", "発出日より前です。", mend, number)
    if said.known_from > at_hand.today:
        # What is approved is worked out at once: what begins later would be told to nobody on its day.
        message = f"{day_label(said.known_from)}は、まだ来ていません。"
        mend = "今日までの日に直すか、その日になってから確認を終えてください。"
        yield Objection(f"{place} 使い始める日", message, mend, number)
    if UNSURE in f"{said.place}{said.remark}":
        yield Objection(place, f"「{UNSURE}」が残っています。", "確かめて書き直してください。", number)
    if said.unknown:
        points = "、".join(said.unknown)
        yield Objection(
            place,
            f"決まっていない点があります（{points}）。",
            "分かれば書いてください。",
            number,
            is_error=False,
        )
    if any(each.id == said.id for each in at_hand.law.said(said.deadline)):
        mend = "statement の id を変えてください。"
        yield Objection(f"{place} id", "同じidの記載がすでにあります。", mend, number)


def _of_definition(deadline: Deadline, numbers: Mapping[str, int], at_hand: AtHand) -> Iterator[Objection]:
    number = numbers.get(deadline.id)
    place = f"候補{number} 期限の定義"
    if deadline.id in at_hand.law.deadlines:
        mend = "登録済みの期限の定義はここでは変えられません。definition を除くか、別のidにしてください。"
        yield Objection(place, f"{deadline.id} は登録済みです。", mend, number)
    if names_another(deadline):
        mend = f"settled_by の deadline を {deadline.id} にしてください。"
        yield Objection(
            f"{place}（完了）", "ほかの期限が済んだときに完了することになっています。", mend, number
        )
    if Party.OFFICE in deadline.parties and not deadline.settled_by:
        message, mend = (
            "事業所が済ませても、完了を記録できません。",
            "「済んだことの申告で完了する」を選ぶこともできます。",
        )
        yield Objection(f"{place}（完了）", message, mend, number, is_error=False)
    own = f"{LOCAL}{at_hand.authority}"
    if at_hand.authority and deadline.family != own:
        mend = f"idを {own}/… にしてください。"
        yield Objection(place, "自治体独自の期限のidではありません。", mend, number)
    if not at_hand.authority and deadline.family.startswith(LOCAL):
        mend = f"{LOCAL} で始まらないidにしてください。"
        yield Objection(place, "自治体独自の期限のidです。", mend, number)
    for label, text in (
        ("すること", deadline.action),
        ("提出先", deadline.where),
        ("しなかったとき", deadline.silence),
        ("対象", deadline.concerns_wording),
        ("題名", deadline.title),
    ):
        if UNSURE in text:
            yield Objection(
                f"{place}（{label}）", f"「{UNSURE}」が残っています。", "書き直してください。", number
            )


def _of_law(bill: Bill, numbers: Mapping[str, int], at_hand: AtHand) -> Iterator[Objection]:
    """Hold the law with the bill against the law without it: what the catalogue's own check finds only then."""
    catalogue, known = at_hand.catalogue, at_hand.law
    said = [each for found in known.statements.values() for each in found]
    papers = {each.notice.id: each.notice for each in said}
    before = replace(
        catalogue,
        notices={**catalogue.notices, **papers},
        deadlines=known.deadlines,
        statements=tuple(said),
        authorities={**catalogue.authorities, **known.authorities},
        files={},
    )
    unsaid = [each for each in bill.statements if each.id not in {every.id for every in said}]
    after = replace(
        before,
        notices={**before.notices, bill.notice.id: bill.notice},
        deadlines={**known.deadlines, **{each.id: each for each in bill.deadlines}},
        statements=(*said, *unsaid),
    )
    old = {(each.id, each.place, each.message) for each in lint(before, known.calendar)}
    for each in lint(after, known.calendar):
        number = numbers.get(each.place)
        if (each.id, each.place, each.message) not in old and number is not None:
            message, mend = of_finding(each)
            yield Objection(f"候補{number}", message, mend, number, is_error=each.level is Level.ERROR)
