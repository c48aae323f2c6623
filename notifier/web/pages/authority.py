"""The authority itself: its name and address, its own closed days, and what it has set for deadlines."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from aiohttp import web

from notifier.channels.envelope import envelope_address
from notifier.channels.parcel import UnsendableError
from notifier.domain.law import AuthorityKind, Law
from notifier.domain.roles import Deed
from notifier.steps.amend import amend_authority
from notifier.store import authority_records
from notifier.store.authority_records import AuthorityRecord
from notifier.web import forms, staff, wording
from notifier.web.forms import Form, Question
from notifier.web.pages import answer, deadline_settings
from notifier.web.staff import Staff
from notifier.web.standing_words import LADDERS, ROLLS

ADDRESS: Final = "/settings/authority"
MOST_AT_ONCE: Final = 31
MOST_CLOSED: Final = 400
KINDS: Final = {
    AuthorityKind.MUNICIPALITY.value: "市区町村",
    AuthorityKind.UNION.value: "広域連合",
    AuthorityKind.PREFECTURE.value: "都道府県",
}
ALWAYS: Final = "土曜・日曜・祝日と、12月29日から1月3日までは、登録しなくても閉庁日です。"


async def show(request: web.Request) -> web.Response:
    """Show what is kept of the authority; who has none is told whose settings there are."""
    return await _page(request, staff.of(request))


async def _page(request: web.Request, looking: Staff, form: Form | None = None) -> web.Response:
    law = await looking.law()
    record = await _record(looking)
    if record is None:
        return answer.page(request, "authority.html", "settings/authority", record=None, form=Form())
    today = looking.today()
    closed = [date.fromisoformat(each) for each in record.closed]
    filled = form or Form.filled(name=record.name, address=record.address)
    return answer.page(
        request,
        "authority.html",
        "settings/authority",
        status=forms.status_of(filled),
        record=record,
        kind=KINDS.get(record.kind, record.kind),
        form=filled,
        closed=[day for day in closed if day >= today],
        past=len([day for day in closed if day < today]),
        always=ALWAYS,
        settable=_settable(looking, law, record),
        choices=_choices(law, record),
    )


async def _record(looking: Staff) -> AuthorityRecord | None:
    if looking.tenant.is_nation:
        return None
    async with looking.reading() as conn:
        return await authority_records.authority(conn, looking.tenant, looking.tenant.code)


def _settable(
    looking: Staff, law: Law, record: AuthorityRecord
) -> list[tuple[str, str, str, list[tuple[str, str]]]]:
    """Return (deadline, its title, which day, what is set) of the days that this authority may set."""
    found = []
    for name in sorted(law.deadlines):
        deadline = law.deadlines[name]
        for each in deadline_settings.settables(looking, law, deadline):
            if not each.is_ours:
                continue
            kept = [
                one.fact
                for one in law.set_about(name)
                if one.authority == record.code and one.fact.type == each.kind.type
            ]
            values = wording.values_of(max(kept, key=lambda fact: fact.on)) if kept else []
            found.append((name, deadline.title, each.kind.label, values))
    return found


def _choices(law: Law, record: AuthorityRecord) -> list[tuple[str, str, str]]:
    """Return (deadline, its title, what was chosen) of ladders and rolls of the authority's own."""
    found = []
    for kind, kept, names in (("知らせる日", record.ladders, LADDERS), ("閉庁日", record.rolls, ROLLS)):
        for name, value in sorted(kept.items()):
            deadline, _, year = name.partition("@")
            title = law.deadlines[deadline].title if deadline in law.deadlines else deadline
            told = f"{kind}：{names.get(value, value)}"
            found.append((deadline, title, f"{year}年度の{told}" if year else told))
    return found


async def name_it(request: web.Request) -> web.Response:
    """Write name and address of the authority."""
    looking = staff.requiring(request, Deed.ADMINISTER)
    record = await _known(looking)
    form = await forms.read(request)
    name = form.text("name", "名称", needed=True, longest=100)
    address = form.text("address", "自治体あてのお知らせの宛先", longest=254)
    if address and not _is_address(address):
        form.wrong("address", "メールアドレスの形になっていません。例：kaigo@city.example.jp")
    if not form.is_right:
        return await _page(request, looking, form)
    await _amend(looking, record, {"name": name, "address": address})
    return forms.done(request, ADDRESS, "名称と宛先を保存しました。")


async def close(request: web.Request) -> web.Response:
    """Add closed days, or take some away, after asking once more; all days are worked out anew."""
    looking = staff.requiring(request, Deed.ADMINISTER)
    record = await _known(looking)
    form = await forms.read(request)
    if form.value("deed") == "remove":
        days = [each for each in form.many("day") if each in record.closed]
        if not days:
            form.wrong("", "取り消す閉庁日を選んでください。")
        wanted = tuple(each for each in record.closed if each not in days)
        title, button = "閉庁日を取り消します", f"{len(days)}日を取り消す"
    else:
        days = [day.isoformat() for day in _span(form)]
        wanted = tuple(sorted({*record.closed, *days}))
        if len(wanted) > MOST_CLOSED:
            form.wrong(
                "until", f"閉庁日は{MOST_CLOSED}日までです。過ぎた日を取り消してから追加してください。"
            )
        title, button = "閉庁日を追加します", f"{len(days)}日を追加する"
    if not form.is_right:
        return await _page(request, looking, form)
    if not form.is_ticked("confirmed"):
        kept = [(name, value) for name in ("deed", "since", "until") if (value := form.value(name))]
        kept += [("day", each) for each in form.many("day")]
        return await _ask(request, looking, (title, button), days, kept)
    await _amend(looking, record, {"closed": wanted})
    return forms.done(request, ADDRESS, "閉庁日を変えました。期限と知らせる日を、まもなく計算し直します。")


def _span(form: Form) -> list[date]:
    since = form.day("since", "最初の日", needed=True)
    until = form.day("until", "最後の日") or since
    if since is None or until is None:
        return []
    if until < since:
        form.wrong("until", "最後の日は、最初の日と同じ日か、それより後の日にしてください。")
        return []
    if (until - since).days >= MOST_AT_ONCE:
        form.wrong("until", f"一度に追加できるのは{MOST_AT_ONCE}日までです。")
        return []
    return [since + timedelta(days=number) for number in range((until - since).days + 1)]


async def _ask(
    request: web.Request,
    looking: Staff,
    named: tuple[str, str],
    days: Sequence[str],
    kept: list[tuple[str, str]],
) -> web.Response:
    async with looking.overview() as conn:
        sums = await authority_records.sums(conn, looking.tenant.code, looking.today())
    still = sum(count for state, count in sums.obligations.items() if state in {"open", "waiting-for-date"})
    question = Question(
        named[0],
        "閉庁日が変わると、繰り上げ・繰り下げのある期日と、知らせる日が計算し直されます。",
        named[1],
        f"{ADDRESS}/closed",
        ADDRESS,
        counts=[
            ("閉庁日", f"{len(days):,}日"),
            ("事業所", f"{sums.offices:,}"),
            ("まだ終えていない期限（延べ）", f"{still:,}"),
        ],
        kept=kept,
        warning="期日が動いた事業所には、変更前と変更後を並べたお知らせが届きます。",
        sample=[wording.western(date.fromisoformat(each)) for each in days],
    )
    return forms.ask(request, "settings/authority", question)


async def _known(looking: Staff) -> AuthorityRecord:
    record = await _record(looking)
    if record is None:
        raise web.HTTPNotFound
    return record


async def _amend(looking: Staff, record: AuthorityRecord, wanted: dict[str, Any]) -> None:
    await amend_authority(looking.tools, looking.tenant, record.code, wanted, looking.actor, lambda _: None)


def _is_address(written: str) -> bool:
    try:
        envelope_address(written)
    except UnsendableError:
        return False
    return True


ROUTES = (
    web.get(ADDRESS, show),
    web.post(ADDRESS, name_it),
    web.post(f"{ADDRESS}/closed", close),
)
