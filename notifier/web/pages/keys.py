"""Keys: what programs show at the door. They are made here, shown once, and taken back."""

import secrets
from datetime import date
from typing import Final

from aiohttp import web

from notifier.domain.callers import LOCAL_ROLES, NATIONAL_ROLES, Caller
from notifier.domain.origins import source_of_user
from notifier.domain.roles import Deed
from notifier.errors import KeyRefusedError
from notifier.intake import Inbound
from notifier.keyring import SCOPES, WantedKey, create_key, grantable
from notifier.reception import Reception
from notifier.steps.entrust import take_back
from notifier.store import keys
from notifier.store.keys import ApiKey
from notifier.web import forms, settings_words, staff, wording
from notifier.web.forms import Form, Question
from notifier.web.pages import answer
from notifier.web.staff import Staff
from notifier.web.wording import Chip

TESTED: Final = "connection.tested"
HERE: Final = "settings/keys"
ROOT: Final = "/settings/keys"
ROLES: Final = {
    "office": "事業所（またはその代わりのシステム）",
    "municipality": "市町村",
    "prefecture": "都道府県",
    "operator": "運用担当者",
    "ministry": "国",
    "editor": "規則の担当者",
}


async def show_list(request: web.Request) -> web.Response:
    """Show all keys, the newest first."""
    looking = staff.requiring(request, Deed.ADMINISTER)
    found = await _every(looking)
    today = looking.today()
    lines = [(each, standing_of(each, today), _scopes(each)) for each in reversed(found)]
    return answer.page(
        request,
        "keys.html",
        HERE,
        lines=lines,
        roles=ROLES,
        user_roles=wording.ROLES,
        tested={key.prefix for key, _, _ in lines if _sends_events(key, today)},
    )


def _sends_events(key: ApiKey, today: date) -> bool:
    """Tell whether a key opens the door to events, on behalf of an authority that a test can be about."""
    return key.is_good(today) and "events:write" in key.scopes and bool(key.authority)


async def _every(looking: Staff) -> list[ApiKey]:
    async with looking.reading() as conn:
        return list(await keys.every(conn, None if looking.tenant.is_nation else looking.tenant.code))


def standing_of(key: ApiKey, today: date) -> Chip:
    """Return whether a key opens anything on a civil date."""
    if key.revoked_at is not None:
        return Chip("取り消し済み")
    return Chip("使えます", "good") if key.is_good(today) else Chip("期限切れ", "warning")


def _scopes(key: ApiKey) -> list[str]:
    return [settings_words.SCOPES[each][0] if each in settings_words.SCOPES else each for each in key.scopes]


async def show_new(request: web.Request) -> web.Response:
    """Show the form for a new key."""
    looking = staff.requiring(request, Deed.ADMINISTER)
    return _form(request, looking, Form.filled(role=_roles(looking)[0]))


async def create(request: web.Request) -> web.Response:
    """Make a key and show it, this once."""
    looking = staff.requiring(request, Deed.ADMINISTER)
    form = await forms.read(request)
    label = form.text("label", "渡す相手と用途", needed=True)
    role = form.one_of("role", "立場", _roles(looking))
    scopes = form.some_of("scopes", "できること", grantable(looking.user.role), needed=True)
    expires = form.day("expires_on", "最後の日")
    if expires is not None and expires < looking.today():
        form.wrong("expires_on", "最後の日は、今日以後の日にしてください。")
    if form.is_right:
        wanted = WantedKey(looking.tenant.code, role, scopes, label, expires)
        try:
            token = await create_key(looking.tools, wanted, secrets.token_bytes, looking.actor)
        except KeyRefusedError as fault:
            form.wrong("", f"この鍵は作れません：{fault}")
        else:
            return answer.page(request, "key_made.html", HERE, token=token, label=label)
    return _form(request, looking, form)


def _roles(looking: Staff) -> list[str]:
    """Return as whom a key may speak: for an authority as itself or its offices, for the nation as its own."""
    if looking.tenant.is_nation:
        return list(NATIONAL_ROLES)
    own = "prefecture" if looking.tenant.is_prefecture else "municipality"
    return [own, *(each for each in LOCAL_ROLES if each == "office")]


def _form(request: web.Request, looking: Staff, form: Form) -> web.Response:
    usable = grantable(looking.user.role)
    return answer.page(
        request,
        "key_form.html",
        HERE,
        status=forms.status_of(form),
        form=form,
        roles=[(each, ROLES[each]) for each in _roles(looking)],
        scopes=[(each, *settings_words.SCOPES[each]) for each in SCOPES if each in usable],
    )


async def revoke(request: web.Request) -> web.Response:
    """Take a key back for good; before that say whose it is and when it was used."""
    looking = staff.requiring(request, Deed.ADMINISTER)
    form = await forms.read(request)
    prefix = request.match_info["prefix"]
    found = next((each for each in await _every(looking) if each.prefix == prefix), None)
    if found is None:
        raise web.HTTPNotFound
    if found.revoked_at is None and not form.is_ticked("confirmed"):
        used = wording.western(found.last_used) if found.last_used else "まだ使われていません"
        question = Question(
            "鍵を取り消します",
            "取り消すと1秒以内に使えなくなり、元に戻せません。",
            "取り消す",
            f"{ROOT}/{prefix}/revoke",
            ROOT,
            counts=[("渡した相手", found.label), ("最後に使われた日", used)],
            warning="使っているシステムがあれば、つながらなくなります。" if found.last_used else "",
        )
        return forms.ask(request, HERE, question)
    await take_back(looking.tools, prefix, looking.actor)
    return forms.done(request, ROOT, f"「{found.label}」の鍵を取り消しました。")


async def try_out(request: web.Request) -> web.Response:
    """Take in one event from which nothing follows, in the role of a key: as its holder's system would send it."""
    looking = staff.requiring(request, Deed.ADMINISTER)
    prefix = request.match_info["prefix"]
    found = next((each for each in await _every(looking) if each.prefix == prefix), None)
    if found is None or not _sends_events(found, looking.today()):
        raise web.HTTPNotFound
    event = Inbound(
        source_of_user(looking.user.name),
        f"test-{secrets.token_hex(8)}",
        TESTED,
        looking.tools.now(),
        None,
        found.authority,
        {"note": prefix},
        sender=found.authority,
    )
    entrance = looking.supplies.entrance
    reception = entrance.reception if entrance else Reception(looking.tools)
    (told,) = await reception.take(Caller("", found.role, found.authority), [event])
    outcome = (
        "受け取り、保管しました。何も変わりません"
        if not told.code
        else f"受け取れませんでした（{told.code}）"
    )
    return forms.done(request, ROOT, f"「{found.label}」の立場で試しの出来事を1件送りました：{outcome}。")


ROUTES: Final = (
    web.get(ROOT, show_list),
    web.get(f"{ROOT}/new", show_new),
    web.post(f"{ROOT}/new", create),
    web.post(f"{ROOT}/{{prefix:ntf_[0-9a-f]{{12}}}}/revoke", revoke),
    web.post(f"{ROOT}/{{prefix:ntf_[0-9a-f]{{12}}}}/test", try_out),
)
