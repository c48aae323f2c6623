"""Accounts: who may use these pages, in which role; made, changed and disabled by whoever may administer."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from aiohttp import web

from notifier.domain.accounts import User
from notifier.domain.roles import DEEDS, Deed, Role
from notifier.errors import AccountRefusedError, UnknownError
from notifier.gatehouse import Gatehouse, fresh_password
from notifier.personnel import Personnel
from notifier.store.users import Account
from notifier.web import forms, staff, wording
from notifier.web.figures import quick_response
from notifier.web.forms import Form, Question
from notifier.web.pages import answer
from notifier.web.staff import Staff

HERE: Final = "settings/users"
ROOT: Final = "/settings/users"
ROLES: Final = [
    (
        role.value,
        wording.ROLES[role],
        "できること：" + "、".join(wording.DEEDS[each] for each in Deed if each in DEEDS[role]),
    )
    for role in Role
]
FIELDS: Final = {
    "name": "利用者名は、半角の小文字・数字と . _ @ - で、2文字から64文字までにしてください。",
    "taken": "この利用者名は使われています。別の利用者名にしてください。",
    "label": "氏名と所属を入力してください。",
    "email": "メールアドレスは hanako@example.jp の形で入力してください。",
    "linked": "このアドレスは、ほかの利用者に登録されています。",
    "disabled": "この利用者は無効です。使うときは、別の利用者名で登録し直してください。",
    "own": "自分自身は無効にできません。ほかの管理者に頼んでください。",
    "last": "管理者がほかにいないため、変更できません。先に、ほかの利用者を管理者にしてください。",
    "authority": "団体コードは6桁の数字で入力してください。",
}
_PLACES: Final = {"taken": "name", "linked": "email", "own": "", "last": "role", "disabled": ""}


def _personnel(request: web.Request) -> tuple[Staff, Personnel]:
    looking = staff.requiring(request, Deed.ADMINISTER)
    supplies = looking.supplies
    house = supplies.gatehouse or Gatehouse(looking.tools, supplies.secret, secrets.token_bytes)
    return looking, Personnel(house, looking.tenant, looking.user.name, looking.actor)


async def _found(request: web.Request) -> tuple[Staff, Personnel, Account]:
    looking, personnel = _personnel(request)
    try:
        return looking, personnel, await personnel.find(request.match_info["name"])
    except UnknownError:
        raise web.HTTPNotFound from None


@contextmanager
def _noting(form: Form) -> Iterator[None]:
    """Note in a form why an account may not be made or changed as it says."""
    try:
        yield
    except AccountRefusedError as fault:
        form.wrong(_PLACES.get(fault.about, fault.about), FIELDS.get(fault.about, str(fault)))


# ---- looking ----------------------------------------------------------------------------------------------


async def show_list(request: web.Request) -> web.Response:
    """Show all accounts, those in use first."""
    looking, personnel = _personnel(request)
    law = await looking.law()
    found = sorted(await personnel.every(), key=lambda each: (each.disabled_at is not None, each.user.name))
    return answer.page(
        request,
        "users.html",
        HERE,
        accounts=found,
        roles=wording.ROLES,
        names={code: each.name for code, each in law.authorities.items()},
        is_nation=looking.tenant.is_nation,
        asks=looking.supplies.gatehouse is not None,
    )


async def show_one(request: web.Request) -> web.Response:
    """Show one account and what can be done with it."""
    _, _, account = await _found(request)
    form = Form.filled(role=account.user.role.value, email=account.email or "")
    return _page(request, account, form)


def _page(request: web.Request, account: Account, form: Form) -> web.Response:
    looking = staff.of(request)
    return answer.page(
        request,
        "user.html",
        HERE,
        status=forms.status_of(form),
        form=form,
        account=account,
        role_names=wording.ROLES,
        roles=ROLES,
        is_own=account.user.name == looking.user.name,
        has_provider=looking.supplies.oidc is not None,
    )


# ---- making -----------------------------------------------------------------------------------------------


async def show_new(request: web.Request) -> web.Response:
    """Show the form for a new account."""
    looking, _ = _personnel(request)
    return _form(request, looking, Form.filled(role=Role.EDITOR.value))


def _form(request: web.Request, looking: Staff, form: Form) -> web.Response:
    return answer.page(
        request,
        "user_form.html",
        HERE,
        status=forms.status_of(form),
        form=form,
        roles=ROLES,
        is_nation=looking.tenant.is_nation,
    )


async def create(request: web.Request) -> web.Response:
    """Make an account and show its first password, this once."""
    looking, personnel = _personnel(request)
    form = await forms.read(request)
    name = form.text("name", "利用者名", needed=True, longest=64).lower()
    label = form.text("label", "氏名と所属", needed=True)
    role = form.one_of("role", "役割", [each.value for each in Role])
    authority = form.text("authority", "団体コード", longest=6) if looking.tenant.is_nation else ""
    password = fresh_password(secrets.token_bytes)
    if form.is_right:
        with _noting(form):
            await personnel.create(User(name, Role(role), authority, label), password)
    if not form.is_right:
        return _form(request, looking, form)
    return _password(request, name, label, password, is_new=True)


def _password(request: web.Request, name: str, label: str, password: str, *, is_new: bool) -> web.Response:
    return answer.page(
        request, "user_password.html", HERE, account_name=name, label=label, password=password, is_new=is_new
    )


# ---- changing ---------------------------------------------------------------------------------------------


async def set_role(request: web.Request) -> web.Response:
    """Give an account another role."""
    _, personnel, account = await _found(request)
    form = await forms.read(request)
    role = form.one_of("role", "役割", [each.value for each in Role])
    if form.is_right:
        with _noting(form):
            await personnel.set_role(account.user.name, Role(role))
    if not form.is_right:
        return _page(request, account, form)
    told = f"{account.user.label}さんの役割を「{wording.ROLES[Role(role)]}」にしました。ログインし直すと有効になります。"
    return forms.done(request, f"{ROOT}/{account.user.name}", told)


async def reset_password(request: web.Request) -> web.Response:
    """Give an account another password and show it, this once; before that say what that means."""
    _, personnel, account = await _found(request)
    form = await forms.read(request)
    if not form.is_ticked("confirmed"):
        return _ask(
            request,
            account,
            "password",
            (
                "パスワードを作り直します",
                "いまのパスワードは使えなくなり、ログイン中なら、ログアウトになります。新しいパスワードは次の画面で一度だけ表示します。",
                "作り直す",
            ),
        )
    password = fresh_password(secrets.token_bytes)
    with _noting(form):
        await personnel.set_password(account.user.name, password)
    if not form.is_right:
        return _page(request, account, form)
    return _password(request, account.user.name, account.user.label, password, is_new=False)


async def disable(request: web.Request) -> web.Response:
    """Disable an account for good; before that say whose it is."""
    _, personnel, account = await _found(request)
    form = await forms.read(request)
    if not form.is_ticked("confirmed"):
        return _ask(
            request,
            account,
            "disable",
            (
                "利用者を無効にします",
                "すぐにログアウトになり、二度とログインできません。記録は残ります。元に戻すことはできません。",
                "無効にする",
            ),
        )
    with _noting(form):
        await personnel.disable(account.user.name)
    if not form.is_right:
        return _page(request, account, form)
    return forms.done(request, ROOT, f"{account.user.label}さんを無効にしました。")


async def demand_factor(request: web.Request) -> web.Response:
    """Ask for a second factor from now on, and show what sets an authenticator up, this once."""
    _, personnel, account = await _found(request)
    form = await forms.read(request)
    if not form.is_ticked("confirmed"):
        return _ask(
            request,
            account,
            "factor",
            (
                "2段階認証を求めます",
                "ログインに、認証アプリの6桁の確認コードも要るようになります。次の画面で設定用のQRコードを一度だけ表示します。本人の端末を手元に用意してください。",
                "次へ",
            ),
            warning="いま使っている認証アプリの設定は使えなくなります。" if account.factor_salt else "",
        )
    with _noting(form):
        address = await personnel.demand_factor(account.user.name)
    if not form.is_right:
        return _page(request, account, form)
    return answer.page(
        request,
        "user_factor.html",
        HERE,
        account=account,
        address=address,
        picture=quick_response(address),
    )


async def drop_factor(request: web.Request) -> web.Response:
    """Ask for no second factor any more."""
    _, personnel, account = await _found(request)
    form = await forms.read(request)
    with _noting(form):
        await personnel.drop_factor(account.user.name)
    if not form.is_right:
        return _page(request, account, form)
    return forms.done(request, f"{ROOT}/{account.user.name}", "2段階認証を求めないようにしました。")


async def link(request: web.Request) -> web.Response:
    """Let the user sign in by the provider of identities under an address, or no more."""
    _, personnel, account = await _found(request)
    form = await forms.read(request)
    email = form.text("email", "メールアドレス", longest=254)
    if form.is_right:
        with _noting(form):
            await personnel.link(account.user.name, email)
    if not form.is_right:
        return _page(request, account, form)
    told = (
        "組織アカウントでログインできるようにしました。"
        if email
        else "組織アカウントとのつながりを外しました。"
    )
    return forms.done(request, f"{ROOT}/{account.user.name}", told)


def _ask(
    request: web.Request, account: Account, deed: str, said: tuple[str, str, str], warning: str = ""
) -> web.Response:
    """Ask before a deed about an account: `said` are title, explanation and what the button says."""
    place = f"{ROOT}/{account.user.name}"
    counts = [
        ("利用者", f"{account.user.label}（{account.user.name}）"),
        ("役割", wording.ROLES[account.user.role]),
    ]
    return forms.ask(request, HERE, Question(*said, f"{place}/{deed}", place, counts=counts, warning=warning))


_ONE: Final = f"{ROOT}/{{name:[a-z0-9][a-z0-9._@-]{{1,63}}}}"
ROUTES: Final = (
    web.get(ROOT, show_list),
    web.get(f"{ROOT}/-/new", show_new),
    web.post(f"{ROOT}/-/new", create),
    web.get(_ONE, show_one),
    web.post(f"{_ONE}/role", set_role),
    web.post(f"{_ONE}/password", reset_password),
    web.post(f"{_ONE}/disable", disable),
    web.post(f"{_ONE}/factor", demand_factor),
    web.post(f"{_ONE}/factor/drop", drop_factor),
    web.post(f"{_ONE}/link", link),
)
