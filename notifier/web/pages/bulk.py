"""Many offices at once: what they are told is decided for all that were chosen, after their number was shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from notifier.domain.law import Law
from notifier.domain.roles import Deed
from notifier.errors import SubscriptionRefusedError, UnknownError
from notifier.steps.subscribe import Subscription, subscribe
from notifier.store import selections
from notifier.store.differences import EVERYTHING
from notifier.store.selections import OfficeLine, Selected
from notifier.store.subscriptions import Selection
from notifier.web import forms, staff
from notifier.web.forms import Form
from notifier.web.pages import answer, offices
from notifier.web.staff import Staff

DEEDS: Final = {"told": "配信を始める", "untold": "配信を止める", "export": "CSVに書き出す"}
SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which offices were chosen: all of a selection, or single ones of it; with the first few of them."""

    selected: Selected
    numbers: Sequence[str]
    sample: Sequence[OfficeLine]
    everything: bool

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Return what a form carries on, so that the same offices are chosen again."""
        filters = offices.written(self.selected)
        if self.everything:
            return [("everything", forms.YES), ("q", self.selected.words), *filters]
        return [("office", number) for number in self.numbers]


async def act(request: web.Request) -> web.StreamResponse:
    """Do with the chosen offices what was asked for: first show how many they are, then do it."""
    looking = staff.of(request)
    form = await forms.read(request)
    deed = form.one_of("deed", "すること", DEEDS)
    chosen = await _chosen(looking, form)
    if deed and not chosen.numbers:
        form.wrong("everything", "事業所を選ぶか、「条件に合うすべての事業所」に印を付けてください。")
    if not form.is_right:
        return await offices.page(request, form)
    if deed == "export":
        return await offices.as_file(request, looking, chosen.selected)
    looking.require(Deed.APPROVE if deed == "untold" else Deed.EDIT)
    if looking.tenant.is_nation:
        form.wrong("deed", "配信を決めるのは自治体です。自治体の利用者でログインしてください。")
        return await offices.page(request, form)
    if form.is_ticked("confirmed"):
        return await _decide(request, looking, form, chosen, told=deed == "told")
    return await _ask(request, looking, form, chosen)


async def _chosen(looking: Staff, form: Form) -> Chosen:
    everything = form.is_ticked("everything")
    single = Selected(among=tuple(form.many("office")))
    selected = offices.selected_in(form) if everything else single
    if not everything and not single.among:
        return Chosen(selected, (), (), everything=False)
    today = looking.today()
    async with looking.reading() as conn:
        numbers = await selections.numbers(conn, looking.tenant, selected, today)
        sample = await selections.offices(conn, looking.tenant, selected, today, limit=SHOWN)
    return Chosen(selected, numbers, sample, everything)


async def _decide(
    request: web.Request, looking: Staff, form: Form, chosen: Chosen, *, told: bool
) -> web.StreamResponse:
    topic = form.value("topic") or EVERYTHING
    since = form.day("since", "いつから")
    reason = form.text("reason", "理由", needed=not told)
    if form.number("count", "件数") != len(chosen.numbers):
        form.wrong("", f"対象の事業所が{len(chosen.numbers):,}件に変わりました。件数を確かめてください。")
    if not form.is_right:
        return await _ask(request, looking, form, chosen)
    wanted = Subscription(told, (topic,), since, reason)
    selection = Selection(looking.user.authority, tuple(chosen.numbers))
    try:
        count = await subscribe(looking.tools, selection, wanted, looking.actor)
    except (SubscriptionRefusedError, UnknownError) as refusal:
        form.wrong("", str(refusal))
        return await _ask(request, looking, form, chosen)
    done = "始めました" if told else "止めました"
    return forms.done(request, "/offices", f"{count:,}件の事業所への配信を{done}。期限と義務は変わりません。")


async def _ask(request: web.Request, looking: Staff, form: Form, chosen: Chosen) -> web.Response:
    return answer.page(
        request,
        "bulk.html",
        "offices",
        status=forms.status_of(form),
        form=form,
        deed=form.value("deed"),
        label=DEEDS[form.value("deed")],
        chosen=chosen,
        topics=topics_of(await looking.law()),
    )


def topics_of(law: Law) -> list[tuple[str, str]]:
    """Return what can be told or not: everything, or one deadline, as (value, label)."""
    duties = [(each.id, each.title) for each in law.deadlines.values() if "office" in each.parties]
    said = sorted((each for each in duties if law.said(each[0])), key=lambda each: each[1])
    return [(EVERYTHING, "すべてのお知らせ"), *said]


ROUTES = (web.post("/offices/bulk", act),)
