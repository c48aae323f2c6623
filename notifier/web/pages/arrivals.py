"""Events that came in from other systems: how each stands, why one was set aside, and having it tried again."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from notifier.arrears import try_again
from notifier.domain.law import Law
from notifier.domain.roles import Deed
from notifier.errors import UnknownError
from notifier.store import event_records
from notifier.store.event_records import EventRecord, Wanted
from notifier.web import event_words, forms, staff
from notifier.web.forms import Form
from notifier.web.pages import answer
from notifier.web.staff import Staff
from notifier.web.wording import Chip

LIST: Final = "/settings/events"
HERE: Final = "settings/events"
PAGE_SIZE: Final = 50
AGAIN: Final = "もう一度試します。少したってから、この画面で状態を確かめてください。"
GONE: Final = "この出来事は、もう保留ではありません。"


@dataclass(frozen=True, slots=True)
class Line:
    """One event as the page shows it: what happened, how it stands, what is to be said about that, and its data."""

    record: EventRecord
    label: str
    chip: Chip
    told: str
    written: str


async def show_list(request: web.Request) -> web.Response:
    """Show what came in, the newest first."""
    looking = staff.of(request)
    form = Form({name: [value] for name, value in request.query.items()})
    state = form.one_of("state", "状態", event_words.STATES, needed=False)
    before = form.number("before", "続き", low=1, high=2**31 - 1)
    async with looking.reading() as conn:
        found = await event_records.events(conn, looking.tenant, Wanted(state or None), before, PAGE_SIZE + 1)
    shown = found[:PAGE_SIZE]
    law = await looking.law()
    return answer.page(
        request,
        "arrivals.html",
        HERE,
        lines=_lines(looking, law, shown),
        names={code: each.name for code, each in law.authorities.items()},
        choices=[(name, chip.text) for name, chip in event_words.STATES.items()],
        form=form,
        state=state,
        following=shown[-1].id if len(found) > PAGE_SIZE else None,
        is_first=before is None,
        may_edit=looking.may(Deed.EDIT),
    )


def _lines(looking: Staff, law: Law, shown: Sequence[EventRecord]) -> list[Line]:
    labels = looking.supplies.fact_labels
    lines = []
    for each in shown:
        held_up = event_words.awaits(law, each.type, each.subject, each.data.get("deadline"))
        told = event_words.told(each.state, each.problem, held_up)
        written = json.dumps(dict(each.data), ensure_ascii=False, indent=1)
        chip = event_words.STATES[each.state]
        if held_up == "law" and each.state == "applied":
            chip = Chip("効き目なし", "warning")
        lines.append(Line(each, labels.get(each.type, each.type), chip, told, written))
    return lines


async def replay(request: web.Request) -> web.Response:
    """Have one that was set aside tried again."""
    looking = staff.requiring(request, Deed.EDIT)
    if not forms.from_here(request):
        raise web.HTTPForbidden
    number = int(request.match_info["number"])
    async with looking.reading() as conn:
        if await event_records.event(conn, looking.tenant, number) is None:
            raise web.HTTPNotFound
    try:
        await try_again(looking.tools, number, looking.actor)
    except UnknownError:
        return forms.done(request, LIST, GONE)
    return forms.done(request, LIST, AGAIN)


ROUTES = (web.get(LIST, show_list), web.post(f"{LIST}/{{number:[0-9]{{1,12}}}}/replay", replay))
