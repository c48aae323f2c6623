"""One office: what is registered of it, where it is reached, and changing both."""

from typing import Any, Final

from aiohttp import web

from notifier.domain.roles import Deed
from notifier.errors import SubscriptionRefusedError, UnknownError
from notifier.steps import vouch
from notifier.steps.amend import amend_office
from notifier.steps.vouch import Entry
from notifier.store import agendas, contacts, office_records
from notifier.store.contacts import Contact
from notifier.store.office_records import OfficeRecord
from notifier.web import forms, hours, staff, wording
from notifier.web.forms import Form
from notifier.web.pages import answer, office
from notifier.web.staff import Staff

ROLES: Final = (
    ("", "区別なし"),
    ("manager", "管理者"),
    ("clerk", "事務"),
    ("headquarters", "法人本部"),
)
REASONS: Final = {
    "refused": "受け取りを断られています",
    "unverified": "本人の確認待ち",
    "lapsed": "確認の期限切れ",
    "bounced": "メールが届きません（不達）",
    "stopped": "止めています",
    "left": "指定が終わったため使っていません",
    "replaced": "新しい宛先に替わりました",
}
LAST: Final = "取り除くと、この事業所に届くメールの宛先がなくなります。期限は電話かFAXで知らせてください。"
TEXTS: Final = (
    ("name", "事業所名", 100),
    ("kana", "事業所名（かな）", 100),
    ("corporation", "法人名", 100),
    ("location", "所在地", 200),
    ("telephone", "電話番号", 30),
    ("fax", "FAX番号", 30),
)


async def show(request: web.Request) -> web.Response:
    """Show what is registered of an office and where it is reached."""
    return await page(request, staff.of(request))


async def page(
    request: web.Request, looking: Staff, entering: Form | None = None, amending: Form | None = None
) -> web.Response:
    """Return the page; `entering` is the form for a new contact, `amending` that for the record, as they were sent."""
    head = await office.head_of(request, looking, "record")
    async with looking.reading() as conn:
        designations = await office_records.designations_of(conn, looking.tenant, head.record.id)
        reached = await office_records.contacts_of(conn, looking.tenant, head.record.id)
    async with looking.overview() as conn:
        calendars = await agendas.of_office(conn, head.record.number)
    law = await looking.law()
    wrong = entering or amending
    return answer.page(
        request,
        "office_record.html",
        "offices",
        status=forms.status_of(wrong or Form()),
        head=head,
        designations=designations,
        contacts=reached,
        calendars=[
            each for each in calendars if looking.tenant.is_nation or each.authority == looking.tenant.code
        ],
        entering=entering or Form(),
        amending=amending or filled(head.record),
        is_amending=amending is not None,
        names=looking.supplies.service_names,
        towns={code: each.name for code, each in law.authorities.items()},
        channels=wording.CHANNELS,
        roles=ROLES,
        reasons=REASONS,
        role_names=dict(ROLES),
        has_page=looking.supplies.counter is not None,
        promise=hours.PROMISE,
    )


def filled(record: OfficeRecord) -> Form:
    """Return the form for the record, with what is kept in its fields."""
    values = {name: getattr(record, name) for name, _, _ in TEXTS}
    return Form.filled(**values, staff="" if record.staff is None else str(record.staff))


# ---- the record ----


async def amend(request: web.Request) -> web.Response:
    """Correct what is written about the office; services and closing have a page of their own: duties follow from them."""
    looking = staff.requiring(request, Deed.EDIT)
    form = await forms.read(request)
    wanted: dict[str, Any] = {
        name: form.text(name, label, needed=name == "name", longest=longest) for name, label, longest in TEXTS
    }
    wanted["staff"] = form.number("staff", "職員数", high=100_000)
    if not form.is_right:
        return await page(request, looking, amending=form)
    number = request.match_info["number"]
    try:
        await amend_office(looking.tools, looking.tenant, number, wanted, looking.actor, lambda _: None)
    except UnknownError:
        raise web.HTTPNotFound from None
    return forms.done(request, f"/offices/{number}/record", "登録内容を直しました。")


# ---- contacts ----


async def enter(request: web.Request) -> web.Response:
    """Enter a contact; letters go there from now on."""
    looking = staff.requiring(request, Deed.EDIT)
    form = await forms.read(request)
    address = form.text("address", "メールアドレス", needed=True, longest=254)
    role = form.one_of("role", "だれの宛先か", [value for value, _ in ROLES], needed=False)
    wanted = hours.chosen(form)
    if not form.is_right:
        return await page(request, looking, entering=form)
    number = request.match_info["number"]
    entry = Entry(
        address,
        role,
        text_only=form.is_ticked("text_only"),
        weekdays=wanted.weekdays,
        hours=wanted.kept_hours,
    )
    try:
        entered = await vouch.enter(looking.tools, looking.tenant, number, entry, looking.actor)
    except UnknownError:
        raise web.HTTPNotFound from None
    except SubscriptionRefusedError as refusal:
        form.wrong("address", str(refusal))
        return await page(request, looking, entering=form)
    told = f"宛先 {entered.address} を登録しました。"
    if not entered.active:
        told = f"宛先 {entered.address} を登録しましたが、受け取りを断られているため送りません。"
    return forms.done(request, f"/offices/{number}/record", told)


async def show_contact(request: web.Request) -> web.Response:
    """Show how a contact is written to, to be changed."""
    _, contact = await _contact(request)
    text_only = forms.YES if contact.text_only else ""
    form = Form.filled(role=contact.role, text_only=text_only, **hours.typed(contact.wanted_hours))
    return _contact_page(request, contact, form)


def _contact_page(request: web.Request, contact: Contact, form: Form) -> web.Response:
    return answer.page(
        request,
        "contact.html",
        "offices",
        status=forms.status_of(form),
        contact=contact,
        form=form,
        roles=ROLES,
        promise=hours.PROMISE,
    )


async def change(request: web.Request) -> web.Response:
    """Change whose a contact is, in which form mail goes there, and when."""
    looking, contact = await _contact(request)
    form = await forms.read(request)
    role = form.one_of("role", "だれの宛先か", [value for value, _ in ROLES], needed=False)
    when = hours.chosen(form)
    if not form.is_right:
        return _contact_page(request, contact, form)
    wanted = {"role": role, "text_only": form.is_ticked("text_only")}
    wanted |= {"weekdays": when.weekdays, "hours": when.kept_hours}
    await vouch.amend(looking.tools, looking.tenant, contact.id, wanted, looking.actor)
    return forms.done(
        request, f"/offices/{contact.office}/record", f"宛先 {contact.address} の設定を変えました。"
    )


async def remove(request: web.Request) -> web.Response:
    """Remove a contact, after it was asked whether that is meant."""
    looking, contact = await _contact(request)
    form = await forms.read(request)
    back = f"/offices/{contact.office}/record"
    if not form.is_ticked("confirmed"):
        return forms.ask(request, "offices", await _question(looking, contact, request.path, back))
    try:
        await vouch.remove(looking.tools, looking.tenant, contact.id, looking.actor)
    except SubscriptionRefusedError as refusal:
        return forms.done(request, back, str(refusal))
    return forms.done(request, back, f"宛先 {contact.address} を取り除きました。")


async def _question(looking: Staff, contact: Contact, action: str, back: str) -> forms.Question:
    async with looking.reading() as conn:
        record = await office_records.office(conn, looking.tenant, contact.office)
        others = await office_records.contacts_of(conn, looking.tenant, record.id) if record else ()
    left = sum(each.active and each.id != contact.id for each in others)
    return forms.Question(
        "宛先を取り除きますか",
        f"{contact.office_name}（{contact.office}）の宛先 {contact.address} には、もう送りません。送った記録は残ります。",
        "取り除く",
        action,
        back,
        counts=[("残る宛先", f"{left}件")],
        warning=""
        if left
        else "取り除くと、この事業所に届くメールの宛先がなくなります。期限は電話かFAXで知らせてください。",
    )


async def _contact(request: web.Request) -> tuple[Staff, Contact]:
    """Return who looks, and the contact in the address. 404 if it is not one of this office that the tenant owns."""
    looking = staff.requiring(request, Deed.EDIT)
    async with looking.reading() as conn:
        found = await contacts.find(conn, looking.tenant, int(request.match_info["contact"]))
    if found is None or found.office != request.match_info["number"]:
        raise web.HTTPNotFound
    return looking, found


_OFFICE: Final = "/offices/{number}/record"
_CONTACT: Final = "/offices/{number}/contacts/{contact:[0-9]{1,12}}"
ROUTES = (
    web.get(_OFFICE, show),
    web.post(_OFFICE, amend),
    web.post("/offices/{number}/contacts", enter),
    web.get(_CONTACT, show_contact),
    web.post(_CONTACT, change),
    web.post(f"{_CONTACT}/remove", remove),
)
