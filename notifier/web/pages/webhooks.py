"""Webhooks: where messages for other systems are posted, how each place stands, and every deed about them."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from aiohttp import web

from notifier.clock import japan_time
from notifier.domain.law import Law
from notifier.domain.receipts import Verdict
from notifier.domain.remedies import remedy, remedy_of
from notifier.domain.roles import Deed
from notifier.errors import EndpointRefusedError, UnknownError
from notifier.steps.attach import Fresh
from notifier.store.endpoints import Endpoint, Wanted
from notifier.switchboard import CHOSEN_TYPES, MOST_IN_FLIGHT, Switchboard
from notifier.web import forms, settings_words, staff
from notifier.web.forms import Form, Question
from notifier.web.pages import answer
from notifier.web.staff import Staff
from notifier.web.wording import moment

HERE: Final = "settings/webhooks"
ROOT: Final = "/settings/webhooks"
LARGEST: Final = 131_072
SHOWN: Final = 30
LONGEST_URL: Final = 2000
OVERLAPS: Final = (
    ("0", "すぐに切り替える（古い鍵は使えなくなる）"),
    ("24", "24時間は両方の鍵で署名する"),
    ("168", "7日間は両方の鍵で署名する"),
)
UNPROVED: Final = "送信先の所有をまだ確認していません。先に「所有を確認して送信を始める」を押してください。"


def _board(request: web.Request) -> tuple[Staff, Switchboard]:
    looking = staff.requiring(request, Deed.ADMINISTER)
    exchange = looking.supplies.exchange
    if exchange is None:
        raise web.HTTPNotFound
    authority = None if looking.tenant.is_nation else looking.tenant.code
    board = Switchboard(looking.tools, exchange, secrets.token_bytes, looking.actor, authority)
    return looking, board


async def _found(request: web.Request) -> tuple[Staff, Switchboard, Endpoint]:
    looking, board = _board(request)
    try:
        return looking, board, await board.find(int(request.match_info["number"]))
    except UnknownError:
        raise web.HTTPNotFound from None


# ---- looking ----------------------------------------------------------------------------------------------


async def show_list(request: web.Request) -> web.Response:
    """Show all places to which messages are posted."""
    _, board = _board(request)
    return answer.page(
        request,
        "webhooks.html",
        HERE,
        endpoints=await board.every(),
        states=settings_words.ENDPOINTS,
        types=settings_words.MESSAGES,
    )


async def show_one(request: web.Request) -> web.Response:
    """Show one place: how it stands, the last tries, what was given up."""
    _, board, found = await _found(request)
    return await _page(request, board, found, Form.filled(overlap="24"))


async def _page(request: web.Request, board: Switchboard, found: Endpoint, form: Form) -> web.Response:
    looking = staff.of(request)
    law = await looking.law()
    return answer.page(
        request,
        "webhook.html",
        HERE,
        status=forms.status_of(form),
        form=form,
        found=found,
        standing=await board.standing(found.id, SHOWN),
        state=settings_words.ENDPOINTS[found.state],
        tries=settings_words.TRIES,
        remedy=remedy,
        remedy_of=remedy_of,
        types=settings_words.MESSAGES,
        titles=[_title(law, each) for each in found.wanted.deadlines],
        overlaps=OVERLAPS,
        has_old_secret=found.previous_until is not None and looking.now() < found.previous_until,
        is_resting=found.breaker.open_until is not None and looking.now() < found.breaker.open_until,
    )


def _title(law: Law, name: str) -> str:
    return law.deadlines[name].title if name in law.deadlines else f"{name}（分野全体）"


# ---- adding and changing ----------------------------------------------------------------------------------


async def show_new(request: web.Request) -> web.Response:
    """Show the form for a new place."""
    looking, _ = _board(request)
    return await _form(request, looking, Form.filled(in_flight="4"), None)


async def add(request: web.Request) -> web.Response:
    """Add a place and show its secret, this once."""
    looking, board = _board(request)
    form = await forms.read(request, LARGEST)
    values = _values(form)
    if form.is_right:
        wanted = Wanted(*(tuple(values[name]) for name in ("types", "offices", "deadlines")))
        fresh = Fresh(
            looking.tenant.code,
            values["url"],
            wanted,
            values["description"],
            values["owner"],
            values["in_flight"],
        )
        try:
            made, secret = await board.add(fresh)
        except EndpointRefusedError as fault:
            settings_words.refuse(form, fault, settings_words.ENDPOINT_FIELDS)
        else:
            return _secret(request, made, secret, is_new=True)
    return await _form(request, looking, form, None)


async def show_change(request: web.Request) -> web.Response:
    """Show the form with a place as it is."""
    looking, _, found = await _found(request)
    form = Form.filled(
        url=found.url,
        types=found.wanted.types,
        offices="\n".join(found.wanted.offices),
        deadlines=found.wanted.deadlines,
        description=found.description,
        owner=found.owner,
        in_flight=str(found.in_flight),
    )
    return await _form(request, looking, form, found)


async def change(request: web.Request) -> web.Response:
    """Change a place; a new address has to be proved anew."""
    looking, board, found = await _found(request)
    form = await forms.read(request, LARGEST)
    values = _values(form)
    if form.is_right:
        try:
            changed = await board.amend(found.id, values)
        except EndpointRefusedError as fault:
            settings_words.refuse(form, fault, settings_words.ENDPOINT_FIELDS)
        else:
            moved = (
                "アドレスが変わったため、所有の確認からやり直してください。"
                if changed.state == "unproved"
                else ""
            )
            return forms.done(request, f"{ROOT}/{found.id}", f"送信先を変更しました。{moved}")
    return await _form(request, looking, form, found)


def _values(form: Form) -> dict[str, Any]:
    return {
        "url": form.text("url", "アドレス", needed=True, longest=LONGEST_URL),
        "types": list(form.some_of("types", "知らせる種類", CHOSEN_TYPES)),
        "offices": form.lines("offices", "事業所番号", longest=60_000).upper().split(),
        "deadlines": form.many("deadlines"),
        "description": form.text("description", "説明"),
        "owner": form.text("owner", "知らせる宛先", longest=254),
        "in_flight": form.number("in_flight", "同時に送る件数", low=1, high=MOST_IN_FLIGHT, needed=True) or 1,
    }


async def _form(request: web.Request, looking: Staff, form: Form, found: Endpoint | None) -> web.Response:
    law = await looking.law()
    return answer.page(
        request,
        "webhook_form.html",
        HERE,
        status=forms.status_of(form),
        form=form,
        found=found,
        types=[(name, settings_words.MESSAGES[name]) for name in CHOSEN_TYPES],
        deadlines=_deadlines(law, form),
    )


def _deadlines(law: Law, form: Form) -> Sequence[tuple[str, str]]:
    named = sorted(((each.id, each.title) for each in law.deadlines.values()), key=lambda each: each[1])
    families = [(each, f"{each}（分野全体）") for each in form.many("deadlines") if each not in law.deadlines]
    return [*families, *named]


def _secret(request: web.Request, found: Endpoint, secret: str, *, is_new: bool) -> web.Response:
    return answer.page(request, "webhook_secret.html", HERE, found=found, secret=secret, is_new=is_new)


# ---- deeds ------------------------------------------------------------------------------------------------


async def enable(request: web.Request) -> web.Response:
    """Begin posting, or begin again; a place that is not proved is asked to prove itself first."""
    _, board, found = await _found(request)
    form = await forms.read(request)
    try:
        _, passed = await board.enable(found.id, latest_only=form.is_ticked("latest_only"))
    except EndpointRefusedError as fault:
        tries = (await board.standing(found.id, 1)).attempts
        meant = remedy(tries[0].code, tries[0].answer) if tries else ""
        form.wrong("", f"所有を確認できませんでした。送信先の応答：{_answered(str(fault))}　{meant}".strip())
        return await _page(request, board, await board.find(found.id), form)
    left = f"たまっていた{passed}件の古い状態は飛ばします。" if passed else ""
    return forms.done(request, f"{ROOT}/{found.id}", f"送信を始めました。{left}")


def _answered(told: str) -> str:
    """Return what stands in brackets: what the place has answered."""
    return told.partition("(")[2].partition(");")[0].replace("no answer", "応答なし")


async def disable(request: web.Request) -> web.Response:
    """Post nothing more; what happens meanwhile is kept."""
    _, board, found = await _found(request)
    form = await forms.read(request)
    reason = form.text("reason", "理由")
    if not form.is_right:
        return await _page(request, board, found, form)
    await board.disable(found.id, reason)
    return forms.done(request, f"{ROOT}/{found.id}", "送信を止めました。止めている間の分は保管します。")


async def ping(request: web.Request) -> web.Response:
    """Post a test message now, and say what was answered."""
    _, board, found = await _found(request)
    form = await forms.read(request)
    try:
        receipt, milliseconds = await board.ping(found.id)
    except EndpointRefusedError:
        form.wrong("", UNPROVED)
        return await _page(request, board, found, form)
    code = f"{receipt.code}" if receipt.code else "応答なし"
    told = f"応答は{code}でした（{milliseconds:,}ミリ秒）。{receipt.text[:120]}"
    if receipt.verdict is Verdict.ACCEPTED:
        return forms.done(request, f"{ROOT}/{found.id}", f"試しの送信が受け取られました。{told}")
    form.wrong("", f"試しの送信は受け取られませんでした。{remedy(receipt.code, receipt.text)}{told}")
    return await _page(request, board, found, form)


async def rotate(request: web.Request) -> web.Response:
    """Give the place a new secret and show it, this once; before that say what that means."""
    _, board, found = await _found(request)
    form = await forms.read(request)
    overlap = form.one_of("overlap", "切り替え方", [value for value, _ in OVERLAPS])
    if not form.is_right:
        return await _page(request, board, found, form)
    if not form.is_ticked("confirmed"):
        question = Question(
            "署名の鍵を作り直します",
            "新しい鍵は、次の画面で一度だけ表示します。受け取る側の設定も変えてください。",
            "鍵を作り直す",
            f"{ROOT}/{found.id}/rotate",
            f"{ROOT}/{found.id}",
            counts=[("送信先", found.description or found.url), ("切り替え方", dict(OVERLAPS)[overlap])],
            kept=[("overlap", overlap)],
        )
        return forms.ask(request, HERE, question)
    secret = await board.rotate(found.id, timedelta(hours=int(overlap)))
    return _secret(request, found, secret, is_new=False)


async def replay(request: web.Request) -> web.Response:
    """Send again what happened since a day; before that say how many messages that is."""
    _, board, found = await _found(request)
    form = await forms.read(request)
    since = form.day("since", "いつから", needed=True)
    if since is None:
        return await _page(request, board, found, form)
    instant = japan_time(since, 0)
    back = f"{ROOT}/{found.id}"
    count = await board.count_since(found.id, instant)
    if not count:
        form.wrong("since", f"{moment(instant)}からあとに、送り直すものはありません。")
        return await _page(request, board, found, form)
    if not form.is_ticked("confirmed"):
        question = Question(
            "まとめて送り直します",
            "同じIDで送り直すため、受け取る側が正しく作られていれば、二重に扱われません。",
            f"{count:,}件を送り直す",
            f"{back}/replay",
            back,
            counts=[("送り直すもの", f"{count:,}件"), ("いつから", moment(instant))],
            kept=[("since", since.isoformat())],
        )
        return forms.ask(request, HERE, question)
    sent = await board.replay(found.id, instant)
    return forms.done(request, back, f"{sent:,}件を送り直します。")


async def remove(request: web.Request) -> web.Response:
    """Remove a place for good; before that say what is given up with it."""
    _, board, found = await _found(request)
    form = await forms.read(request)
    if not form.is_ticked("confirmed"):
        standing = await board.standing(found.id, 1)
        waiting = standing.counts["waiting"]
        question = Question(
            "送信先を取り除きます",
            "取り除くと元に戻せません。一時的に止めるだけなら「送信を止める」を使ってください。",
            "取り除く",
            f"{ROOT}/{found.id}/remove",
            f"{ROOT}/{found.id}",
            counts=[("送信先", found.description or found.url), ("送られずに捨てるもの", f"{waiting:,}件")],
        )
        return forms.ask(request, HERE, question)
    await board.remove(found.id)
    return forms.done(request, ROOT, "送信先を取り除きました。")


_ONE: Final = f"{ROOT}/{{number:[0-9]{{1,9}}}}"
ROUTES: Final = (
    web.get(ROOT, show_list),
    web.get(f"{ROOT}/new", show_new),
    web.post(f"{ROOT}/new", add),
    web.get(_ONE, show_one),
    web.get(f"{_ONE}/change", show_change),
    web.post(f"{_ONE}/change", change),
    web.post(f"{_ONE}/enable", enable),
    web.post(f"{_ONE}/disable", disable),
    web.post(f"{_ONE}/ping", ping),
    web.post(f"{_ONE}/rotate", rotate),
    web.post(f"{_ONE}/replay", replay),
    web.post(f"{_ONE}/remove", remove),
)
