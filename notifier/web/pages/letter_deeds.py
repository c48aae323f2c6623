"""Sending letters once more, after it was said how many that are and which cannot be."""

from collections.abc import Sequence
from typing import Final

from aiohttp import web

from notifier.domain.roles import Deed
from notifier.errors import UnknownError
from notifier.steps.resend import resend
from notifier.store import delivery_records
from notifier.store.delivery_records import DeliveryRecord
from notifier.web import forms, staff
from notifier.web.forms import Form, Question
from notifier.web.pages import answer
from notifier.web.pages.letters import HERE, asked_for, line_of
from notifier.web.staff import Staff

MOST: Final = 500
"""Letters that are sent again at once at most."""
LARGEST: Final = 65_536
SAMPLE: Final = 5
NAMED = "id"


class _NotPossibleError(Exception):
    """A delivery cannot be sent again as it stands now."""


async def send_again(request: web.Request) -> web.Response:
    """Ask whether the chosen letters shall be sent again, with counts; do it once that is confirmed."""
    looking = staff.requiring(request, Deed.EDIT)
    form = await forms.read(request, LARGEST)
    back = form.value("back")
    back = back if forms.is_ours(back) else "/letters"
    records = await _chosen(looking, form)
    possible = [each for each in records if each.can_repeat]
    if not possible:
        return _nothing(request, back, records)
    if not form.is_ticked("confirmed"):
        return await _ask(request, looking, records, possible, back)
    sent = await _repeat(looking, possible)
    left = len(records) - sent
    told = f"{sent}件を送り直します。まもなく発送されます。"
    return forms.done(
        request, back, told + (f"{left}件は送り直せない状態のため、そのままです。" if left else "")
    )


async def _chosen(looking: Staff, form: Form) -> Sequence[DeliveryRecord]:
    async with looking.reading() as conn:
        if form.is_ticked("all"):
            wanted, _ = asked_for(form, await looking.law())
            return await delivery_records.deliveries(conn, looking.tenant, wanted, None, MOST)
        written = [each for value in form.many(NAMED) for each in value.split()]
        numbers = [int(each) for each in dict.fromkeys(written) if each.isascii() and each.isdigit()][:MOST]
        return await delivery_records.chosen(conn, looking.tenant, [each for each in numbers if each < 2**31])


def _nothing(request: web.Request, back: str, records: Sequence[DeliveryRecord]) -> web.Response:
    told = (
        "選んだお知らせの中に、いま送り直せるものはありません。送信待ちのもの、内容が古くなったもの、宛先のないものは送り直せません。"
        if records
        else "送り直すお知らせを選んでください。"
    )
    return answer.page(request, "letters_none.html", HERE, told=told, back=back)


async def _ask(
    request: web.Request,
    looking: Staff,
    records: Sequence[DeliveryRecord],
    possible: Sequence[DeliveryRecord],
    back: str,
) -> web.Response:
    law = await looking.law()
    addresses = {each.recipient for each in possible}
    again = sum(1 for each in possible if each.state == "accepted")
    counts = [("送り直すお知らせ", f"{len(possible)}件"), ("宛先", f"{len(addresses)}か所")]
    if len(records) > len(possible):
        counts.append(("送り直せないもの", f"{len(records) - len(possible)}件"))
    lines = [line_of(each, law) for each in possible[:SAMPLE]]
    return forms.ask(
        request,
        HERE,
        Question(
            "同じ内容をもう一度送ります",
            "前の記録は残り、送り直しは新しい記録になります。同じ宛先のものは1通にまとめます。",
            f"{len(possible)}件を送り直す",
            "/letters/resend",
            back,
            counts=counts,
            kept=[(NAMED, " ".join(str(each.id) for each in possible)), ("back", back)],
            warning=f"このうち{again}件は、相手がすでに受け取っています。同じお知らせが二度届きます。"
            if again
            else "",
            sample=[f"{each.whom}｜{each.title}（{each.record.recipient}）" for each in lines],
        ),
    )


async def _repeat(looking: Staff, records: Sequence[DeliveryRecord]) -> int:
    sent = 0
    async with looking.tools.database.together():
        for each in records:
            try:
                await resend(looking.tools, looking.tenant, each.id, looking.actor, _check)
                sent += 1
            except (_NotPossibleError, UnknownError):
                continue
    entrance = looking.supplies.entrance
    if entrance is not None:
        entrance.reception.wake()
    return sent


def _check(record: DeliveryRecord) -> None:
    if not record.can_repeat:
        raise _NotPossibleError


ROUTES: Final = (web.post("/letters/resend", send_again),)
