"""The addresses to which an office's mail goes, as its page lets it change them; what it owes stays as it is.

A new address gets one mail with a link, and the others only once somebody has said on the page behind it that it is right.
Addresses are shown with their beginning covered, as a page may be passed on.
"""

from http import HTTPStatus
from typing import Final

from aiohttp import web

from notifier.domain.callers import Tenant
from notifier.domain.hours import Hours
from notifier.errors import SubscriptionRefusedError
from notifier.steps import vouch
from notifier.steps.declare import Declared
from notifier.steps.vouch import Entry
from notifier.store import contacts
from notifier.store.contacts import UNVERIFIED, Contact
from notifier.web import hours
from notifier.web.forms import Form
from notifier.web.office.asking import Asked, Field, Ready, deed
from notifier.web.office.covering import covered
from notifier.web.office.deeds import declared_by
from notifier.web.office.door import Caller, let_in
from notifier.web.office.seeing import Seen, see

MOST_UNCONFIRMED: Final = 5
ROLES: Final = (("manager", "管理者"), ("clerk", "事務担当"), ("headquarters", "法人本部"), ("", "そのほか"))
ELSE: Final = "else"
ALL: Final = "all"
SENT: Final = "新しい宛先に確認のメールを送りました。メールのアドレスを開いてボタンを押すと、使い始めます。"
TOO_MANY: Final = "確認を待っている宛先が多すぎます。先に、届いている確認のメールに応えてください。"
LAST: Final = (
    "この宛先を止めると、使える宛先がなくなります。期限と義務はそのまま残り、"
    "市町村には「メールが届かない事業所」と表示されます。"
)


async def _contact(caller: Caller) -> Contact:
    number = int(caller.request.match_info["contact"])
    async with caller.counter.tools.database.reading() as conn:
        found = [each for each in await contacts.of_office(conn, caller.visit.guest.id) if each.id == number]
    if not found or not found[0].active:
        raise web.HTTPNotFound
    return found[0]


async def show(caller: Caller) -> web.Response:
    """Show what can be done about one address."""
    contact = await _contact(caller)
    wording = contact.wanted_hours.wording
    return caller.page("contact.html", contact=contact, shown=covered(contact.address), hours=wording)


async def add(caller: Caller, form: Form) -> Asked:
    """One more address."""
    note = "入力したアドレスに、確認のメールを1通お送りします。確認されるまで、お知らせは送りません。"
    return await _entering(caller, form, "宛先を追加する", note)


async def replace(caller: Caller, form: Form) -> Asked:
    """Another address in place of one."""
    contact = await _contact(caller)
    shown = covered(contact.address)
    note = f"新しい宛先が確認されると、{shown} への送信を止めます。それまでは、いままでどおり送ります。"
    return await _entering(caller, form, "宛先を変える", note, contact)


async def _entering(caller: Caller, form: Form, title: str, note: str, old: Contact | None = None) -> Asked:
    fields = (
        Field("email", "address", "新しいメールアドレス"),
        Field(
            "radios",
            "role",
            "だれのアドレスですか",
            options=tuple((each or ELSE, name) for each, name in ROLES),
        ),
        Field("ticks", "text_only", "メールの形", options=(("yes", "文字だけのメールにする"),), needed=False),
        *_hours_fields(old.wanted_hours if old else hours.ANY),
    )
    asked = Asked(title, caller.visit.guest.name, fields, note=note)
    if not form.typed:
        return asked
    address = form.text("address", "新しいメールアドレス", needed=True, longest=254)
    chosen = form.one_of("role", "だれのアドレスか", [each or ELSE for each, _ in ROLES])
    wanted = hours.chosen(form)
    if await _unconfirmed(caller) >= MOST_UNCONFIRMED:
        form.wrong("", TOO_MANY)
    if not form.is_right:
        return asked
    role = "" if chosen == ELSE else chosen
    entry = Entry(
        address,
        role,
        text_only=form.is_ticked("text_only"),
        by_office=True,
        replaces=old.id if old else None,
        weekdays=wanted.weekdays,
        hours=wanted.kept_hours,
    )

    async def perform(nonce: str) -> str | web.Response | None:
        kept = await declared_by(caller, Declared("address", nonce))
        if kept is None:
            return None
        if not kept.is_new:
            return SENT
        visit = caller.visit
        tenant = Tenant(old.authority) if old else visit.tenant
        try:
            await vouch.enter(
                caller.counter.tools, tenant, visit.guest.number, entry, visit.actor(caller.origin)
            )
        except SubscriptionRefusedError as fault:
            form.wrong("address", str(fault))
            return caller.page("ask.html", asked=asked, form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        return SENT

    lines = [("新しい宛先", address), ("だれのアドレス", dict(ROLES)[role])]
    lines += [("曜日と時間帯", hours.in_words(wanted))]
    lines += [("これまでの宛先", covered(old.address))] if old else []
    return Asked(title, asked.lead, fields, Ready(lines, note, "確認のメールを送る", perform), note=note)


def _hours_fields(begun: Hours) -> tuple[Field, Field]:
    kept = hours.typed(begun)
    every_day = "選ばなければ毎日です。"
    at_nine = f"選ばなければいつでもです。ふだんは、開庁日の朝9時に送ります。{hours.PROMISE}"
    return (
        Field("weekdays", "weekdays", "受け取る曜日", every_day, needed=False, firsts=kept["weekdays"]),
        Field("hours", "hours", "受け取る時間帯", at_nine, needed=False, firsts=kept["hours"]),
    )


async def _unconfirmed(caller: Caller) -> int:
    async with caller.counter.tools.database.reading() as conn:
        found = await contacts.of_office(conn, caller.visit.guest.id)
    return sum(each.reason == UNVERIFIED for each in found)


async def stop(caller: Caller, _: Form) -> Asked:
    """No more mail to an address."""
    contact, seen = await _contact(caller), await see(caller)
    others = sum(each.active for each in seen.contacts) - 1
    shown = covered(contact.address)
    follows = f"{shown} へは、すでに予定しているお知らせも送りません。期限と義務はそのまま残ります。"

    async def perform(nonce: str) -> str | None:
        kept = await declared_by(caller, Declared("stop", nonce))
        if kept is None:
            return None
        actor = caller.visit.actor(caller.origin)
        await vouch.stop(caller.counter.tools, Tenant(contact.authority), contact.id, actor)
        return f"{shown} への送信を止めました。"

    lines = [("止める宛先", shown), ("残る宛先", f"{others}件")]
    ready = Ready(lines, follows, "送信を止める", perform, "" if others else LAST)
    return Asked("この宛先への送信を止める", caller.visit.guest.name, ready=ready)


async def shape(caller: Caller, form: Form) -> Asked:
    """How mails look, which of them one address reads, and when. What the office is told of does not change by it."""
    contact, seen = await _contact(caller), await see(caller)
    families = families_of(seen)
    names = tuple((name, label) for name, label in families.items())
    fields = (
        Field(
            "radios",
            "text_only",
            "メールの形",
            "リンクや装飾が消える環境では、文字だけのメールが確実です。",
            options=(("no", "ふつう（文字と見やすい表示の両方）"), ("yes", "文字だけ")),
            first="yes" if contact.text_only else "no",
        ),
        Field(
            "radios",
            "scope",
            "この宛先に送る分野",
            "しぼっても、期限と義務は変わりません。ほかの宛先が受け取らない分野は、しぼっていてもこの宛先に届きます。",
            options=((ALL, "すべて"), ("some", "下で選んだ分野だけ")),
            first="some" if contact.topics else ALL,
        ),
        Field("ticks", "topics", "分野", options=names, needed=False, firsts=contact.topics),
        *_hours_fields(contact.wanted_hours),
    )
    asked = Asked("受け取り方を変える", covered(contact.address), fields)
    if not form.typed:
        return asked
    text_only = form.one_of("text_only", "メールの形", ["no", "yes"])
    scope = form.one_of("scope", "送る分野", [ALL, "some"])
    topics = form.some_of("topics", "分野", list(families), needed=scope == "some") if scope == "some" else ()
    when = hours.chosen(form)
    if not form.is_right:
        return asked

    async def perform(_: str) -> str:
        wanted = {"text_only": text_only == "yes", "topics": topics}
        wanted |= {"weekdays": when.weekdays, "hours": when.kept_hours}
        actor = caller.visit.actor(caller.origin)
        await vouch.amend(caller.counter.tools, Tenant(contact.authority), contact.id, wanted, actor)
        return "受け取り方を変えました。"

    told = "、".join(families[each] for each in topics) if topics else "すべて"
    lines = [
        ("宛先", asked.lead),
        ("メールの形", "文字だけ" if text_only == "yes" else "ふつう"),
        ("分野", told),
        ("曜日と時間帯", hours.in_words(when)),
    ]
    follows = "次のお知らせから変わります。期限と義務は変わりません。"
    return Asked(asked.title, asked.lead, fields, Ready(lines, follows, "変える", perform))


def families_of(seen: Seen) -> dict[str, str]:
    """Return the families of which the office may be told, with a name made of their duties."""
    found: dict[str, list[str]] = {}
    for card in seen.view.cards():
        titles = found.setdefault(card.said.deadline.partition("/")[0], [])
        if card.said.short not in titles:
            titles.append(card.said.short)
    return {
        family: "・".join(titles[:4]) + ("など" if len(titles) > 4 else "")
        for family, titles in found.items()
    }


CONTACT: Final = "contacts/{contact:[0-9]{1,9}}"
ROUTES: Final = (
    *deed("contacts/new", add),
    web.get(f"/o/{{token}}/{CONTACT}", let_in(show)),
    *deed(f"{CONTACT}/replace", replace),
    *deed(f"{CONTACT}/stop", stop),
    *deed(f"{CONTACT}/shape", shape),
)
