"""What an office does about a duty on its page: it is done, it is not ours, remind me, I have seen it; and asks."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from aiohttp import web

from notifier.catalogue.vocabulary import FactType
from notifier.domain import dates
from notifier.domain.facts import Fact
from notifier.domain.obligations import State
from notifier.domain.wishes import days_to_wish, last_safe_day
from notifier.steps.declare import GRACE, Asserted, Declared, Kept, declare, undo
from notifier.web.forms import Form
from notifier.web.office import facts
from notifier.web.office.asking import ONWARD, Asked, Field, Ready, deed
from notifier.web.office.door import STALE, Caller, let_in
from notifier.web.office.duties import Card, View, given_values, opening_types, pattern_for, settling_types
from notifier.web.office.seeing import see, view_of
from notifier.web.wording import full

REASONS: Final = (
    ("service", "このサービスを提供していない"),
    ("scale", "要件（規模、体制など）に当てはまらない"),
    ("closed", "休止・廃止した、またはする予定"),
    ("elsewhere", "法人や別の事業所がまとめて行う"),
    ("other", "そのほか"),
)
LONGEST_WORDS: Final = 500
KIND: Final = "kind"
RECORD: Final = "この内容で登録する"
TOLD: Final = "市町村に伝えました。回答は、このページとメールでお知らせします。"
UNDONE: Final = "取り消しました。"
TOO_LATE: Final = "もう取り消せません。直したいときは「市町村に伝える」からお知らせください。"


async def _card(caller: Caller) -> tuple[View, Card]:
    match = caller.request.match_info
    view = await view_of(caller)
    card = view.card(f"{match['family']}/{match['duty']}/{match['occurrence']}")
    if card is None:
        raise web.HTTPNotFound
    return view, card


def _title(card: Card) -> str:
    label = card.said.occurrence_label
    return f"{card.said.title}（{label}）" if label else card.said.title


async def declared_by(caller: Caller, declared: Declared) -> Kept | None:
    """Keep what the visitor declares; see `notifier.steps.declare`."""
    visit = caller.visit
    return await declare(
        caller.counter.tools, visit.guest, declared, visit.actor(caller.origin, caller.trace)
    )


# ---- it is done; it concerns us ----


async def done(caller: Caller, form: Form) -> Asked:
    """It is done: which fact, on which day, with which data."""
    return await _asserting(caller, form, opening=False)


async def concerns_us(caller: Caller, form: Form) -> Asked:
    """The duty concerns the office: the fact from which that follows."""
    return await _asserting(caller, form, opening=True)


async def _asserting(caller: Caller, form: Form, *, opening: bool) -> Asked:
    view, card = await _card(caller)
    deadline = view.law.deadlines[card.said.deadline]
    names = opening_types(deadline) if opening else settling_types(deadline)
    kinds = facts.may_assert(view.tools.catalogue.facts, names)
    if ("facts" if opening else "done") not in card.can:
        raise web.HTTPNotFound
    title = "当てはまることを登録する" if opening else "済んだことを登録する"
    chosen = form.value(KIND) or caller.request.query.get(KIND, "")
    kind = next((each for each in kinds if each.type == chosen), kinds[0] if len(kinds) == 1 else None)
    if kind is None:
        options = tuple((each.type, each.label) for each in kinds)
        if form.typed:
            form.one_of(KIND, "何をしたか", [value for value, _ in options])
        field = Field(
            "radios", KIND, "何をしましたか", "当てはまるものを1つ選んでください。", options=options
        )
        return Asked(title, _title(card), (field,), button="次へ")
    pattern = pattern_for(deadline, kind, opening=opening)
    given = given_values(pattern, kind, card.owed)
    first, last = facts.span_of(pattern, view.today)
    day = Field("day", "on", f"{kind.label}の日", _span(first, last), first=_start(first, last))
    hidden = (Field("hidden", KIND, "", first=kind.type),) if len(kinds) > 1 else ()
    minutes = int(GRACE.total_seconds() // 60)
    asked = Asked(
        title,
        _title(card),
        (*hidden, day, *facts.fields_of(kind, given)),
        about=kind.label,
        note=""
        if opening
        else f"登録は市町村にも伝わります。{minutes}分以内なら、このページで取り消せます。",
        button=ONWARD if opening else RECORD,
        at_once=not opening,
    )
    if not form.typed or "on" not in form.typed:
        return asked
    on = form.day("on", day.label, needed=True)
    if on is not None and not first <= on <= last:
        form.wrong("on", _span(first, last))
    values = facts.read(kind, form, on or view.today, given)
    if not form.is_right or on is None:
        return asked
    ready = _recording(caller, view, card, Fact(kind.type, on, values), kind, opening=opening)
    return replace(asked, ready=ready)


def _span(first: date, last: date) -> str:
    if first == facts.EARLIEST:
        return f"{full(last)}までの日を入力してください。"
    return f"{full(first)}から{full(last)}までの日を入力してください。"


def _start(first: date, last: date) -> str:
    return last.isoformat() if first <= last else ""


def _recording(caller: Caller, view: View, card: Card, fact: Fact, kind: FactType, *, opening: bool) -> Ready:
    after = view.with_fact(fact, card.path)
    follows, warning = _follows(card, after, opening=opening)
    lines = [
        ("登録すること", kind.label),
        ("日付", dates.day_label_with_western(fact.on)),
        *facts.told(kind, fact.values),
        ("登録する人", f"{caller.visit.guest.name}（事業所のページから）"),
    ]

    async def perform(nonce: str) -> str | None:
        said = Asserted(fact.type, fact.on, fact.values)
        declared = Declared(
            "facts" if opening else "done",
            nonce,
            card.said.deadline,
            card.said.occurrence,
            card.said.title,
            facts=(said,),
        )
        kept = await declared_by(caller, declared)
        minutes = int(GRACE.total_seconds() // 60)
        if kept is None:
            return None
        return f"「{kind.label}」を登録しました。{minutes}分以内なら、このページで取り消せます。"

    return Ready(lines, follows, RECORD, perform, warning)


def _follows(card: Card, after: Card | None, *, opening: bool) -> tuple[str, str]:
    """Return what comes of it, and what to think of."""
    if opening:
        owes = after is not None and after.state is not State.WAITING_FOR_FACT
        return ("「いま対応すること」などに加わり、期限の前にお知らせします。" if owes else ""), ""
    if after is None or after.state is State.SETTLED:
        return (
            "この期限は「済んだもの」に移り、以後のお知らせは届きません。市町村の画面にも済みと表示されます。",
            "",
        )
    if after.owed.needed and after.owed.progress > card.owed.progress:
        left = after.owed.needed - after.owed.progress
        return f"{after.progress}になります。あと{left}件で済みになります。", ""
    return "登録は残ります。", "この日付や内容では、この期限は済みになりません。日付を確かめてください。"


# ---- it is not ours ----


async def not_ours(caller: Caller, form: Form) -> Asked:
    """It does not apply to the office: the municipality decides, the duty stays until then."""
    _, card = await _card(caller)
    if "not-ours" not in card.can:
        raise web.HTTPNotFound
    fields = (
        Field("radios", "reason", "当てはまらない理由", options=REASONS),
        Field(
            "area",
            "words",
            "くわしい事情",
            "市町村の担当者が読みます。500文字まで。「そのほか」のときは必ず書いてください。",
            needed=False,
        ),
    )
    lead = "市町村の担当者が確かめて、回答します。回答があるまで、期限とお知らせはそのまま続きます。"
    asked = Asked("「対象ではない」と伝える", _title(card), fields, note=lead)
    if not form.typed:
        return asked
    reason = form.one_of("reason", "当てはまらない理由", [value for value, _ in REASONS])
    words = form.lines("words", "くわしい事情", needed=reason == "other", longest=LONGEST_WORDS)
    said = dict(REASONS).get(reason, "")

    async def perform(nonce: str) -> str | None:
        declared = Declared(
            "not-applicable",
            nonce,
            card.said.deadline,
            card.said.occurrence,
            card.said.title,
            reason=said,
            words=words,
        )
        kept = await declared_by(caller, declared)
        return None if kept is None else TOLD

    lines = [("期限", _title(card)), ("理由", said), *([("くわしい事情", words)] if words else [])]
    return Asked(asked.title, asked.lead, fields, Ready(lines, lead, "市町村に伝える", perform), note=lead)


# ---- remind me ----


async def remind(caller: Caller, form: Form) -> Asked:
    """Remind me on a day: from tomorrow to the last safe day."""
    view, card = await _card(caller)
    due = card.owed.decision.due if card.owed.decision else None
    span = days_to_wish(due, view.today) if due else None
    if "remind" not in card.can or span is None or span.start is None or span.end is None or due is None:
        raise web.HTTPNotFound
    safe = last_safe_day(due)
    hint = f"{full(span.start)}から{full(span.end)}までの日を選べます。" + (
        "それより後では、間に合わないおそれがあります。" if safe == span.end else ""
    )
    start = max(span.start, min(span.end, span.end - timedelta(days=7)))
    field = Field("day", "on", "お知らせする日", hint, first=(card.wish or start).isoformat())
    note = "いつものお知らせに加えて、この日の朝9時ごろにメールをお送りします。"
    asked = Asked("この日にもう一度知らせる", _title(card), (field,), note=note)
    if not form.typed:
        return asked
    on = form.day("on", field.label, needed=True)
    if on is not None and on not in span:
        form.wrong("on", f"{field.label}は、{hint}")
    if not form.is_right or on is None:
        return asked

    async def perform(nonce: str) -> str | None:
        declared = Declared(
            "reminder", nonce, card.said.deadline, card.said.occurrence, card.said.title, on=on
        )
        kept = await declared_by(caller, declared)
        return None if kept is None else f"{full(on)}にお知らせします。"

    lines = [
        ("期限", _title(card)),
        ("期日", card.said.due.wording),
        (field.label, dates.day_label_with_western(on)),
    ]
    ready = Ready(lines, note, "この日に知らせる", perform)
    return Asked(asked.title, asked.lead, (field,), ready, note=note)


# ---- I have seen it; a word to the municipality ----


async def seen(caller: Caller, _: Form) -> Asked:
    """The office has seen what is due; the municipality learns so. Nothing else changes."""
    card = (await _card(caller))[1]
    if "seen" not in card.can:
        raise web.HTTPNotFound
    note = "「内容を見た」ことだけを市町村に伝えます。済みにはならず、お知らせは続きます。"

    async def perform(nonce: str) -> str | None:
        declared = Declared("seen", nonce, card.said.deadline, card.said.occurrence, card.said.title)
        kept = await declared_by(caller, declared)
        return None if kept is None else "内容を見たことを伝えました。"

    ready = Ready(
        [("期限", _title(card)), ("期日", card.said.due.wording)], note, "見たことを伝える", perform
    )
    return Asked("内容を見たことを伝える", _title(card), ready=ready, note=note, button="確認へ進む")


async def message(caller: Caller, form: Form) -> Asked:
    """A question, or something to be corrected: it goes to the municipality's work list."""
    fields = (
        Field(
            "area",
            "words",
            "伝えたいこと・質問",
            "事業所の情報が違う、間違えて登録した、などもここからお知らせください。500文字まで。",
            first=await _begun(caller),
        ),
    )
    note = "市町村の担当者が読みます。回答は、このページとメールでお知らせします。急ぐときは電話でお問い合わせください。"
    asked = Asked("市町村に伝える・質問する", caller.visit.guest.name, fields, note=note)
    if not form.typed:
        return asked
    words = form.lines("words", "伝えたいこと・質問", needed=True, longest=LONGEST_WORDS)

    async def perform(nonce: str) -> str | None:
        kept = await declared_by(caller, Declared("message", nonce, words=words))
        return None if kept is None else TOLD

    return Asked(asked.title, asked.lead, fields, Ready([("内容", words)], note, "送る", perform), note=note)


async def _begun(caller: Caller) -> str:
    """Return the first words of a message about a fact that is wrong, if one is meant; the newest is number 0."""
    place = caller.request.query.get("fact", "")
    if not (place.isascii() and place.isdecimal()):
        return ""
    seen = await see(caller)
    lines = seen.record.facts[::-1][int(place[:4]) :][:1]
    kinds = seen.view.tools.catalogue.facts
    named = [(kinds[line.fact.type].label, line.fact.on) for line in lines if line.fact.type in kinds]
    return "".join(f"「{label}」（{full(on)}）の登録が違います。正しくは、" for label, on in named)


# ---- take back ----


async def take_back(caller: Caller) -> web.Response:
    """Take back what was declared; a button on the page does so at once, as it only restores what was."""
    form, _ = await caller.form()
    if not form.is_right:
        return caller.done(STALE)
    number = caller.request.match_info["declaration"]
    visit = caller.visit
    taken = await undo(
        caller.counter.tools, visit.guest, int(number), visit.actor(caller.origin, caller.trace)
    )
    return caller.done(UNDONE if taken else TOO_LATE)


DUTY: Final = "{family}/{duty}/{occurrence:[0-9]{1,2}}"
ROUTES: Final = (
    *deed(f"done/{DUTY}", done),
    *deed(f"ours/{DUTY}", concerns_us),
    *deed(f"not-ours/{DUTY}", not_ours),
    *deed(f"remind/{DUTY}", remind),
    *deed(f"seen/{DUTY}", seen),
    *deed("message", message),
    web.post("/o/{token}/undo/{declaration:[0-9]{1,9}}", let_in(take_back)),
)
