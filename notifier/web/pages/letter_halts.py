"""Letters that are held back because too many came back: what servers answered, and letting them leave again."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from notifier.domain.halts import SPAN
from notifier.domain.roles import Deed
from notifier.errors import UnknownError
from notifier.steps.release import release
from notifier.store import halts
from notifier.store.halts import Halt
from notifier.web import forms, staff
from notifier.web.forms import Form, Question
from notifier.web.pages import answer
from notifier.web.staff import Staff

HERE: Final = "letters"
ADDRESS: Final = "/letters/halt"
SHOWN: Final = 8
LONGEST: Final = 1000


@dataclass(frozen=True, slots=True)
class Held:
    """A halt as the page shows it: `waiting` letters, `answers` of servers with how often, addresses `given_up`."""

    halt: Halt
    name: str
    waiting: int
    answers: list[tuple[str, int]]
    given_up: int


async def show(request: web.Request) -> web.Response:
    """Show the halts that are in force."""
    return await page(request, staff.of(request), Form.filled(restoring=forms.YES))


async def page(request: web.Request, looking: Staff, form: Form) -> web.Response:
    """Return the page; `form` is the one that releases, as it was sent."""
    return answer.page(
        request,
        "letter_halts.html",
        HERE,
        status=forms.status_of(form),
        found=await _held(looking),
        form=form,
        may_release=looking.may(Deed.EDIT),
    )


async def _held(looking: Staff) -> list[Held]:
    law = await looking.law()
    found = []
    async with looking.overview() as conn:
        for halt in await halts.in_force(conn, looking.tenant):
            since = halt.since - SPAN
            known = law.authorities.get(halt.authority)
            found.append(
                Held(
                    halt,
                    known.name if known else halt.authority,
                    await halts.waiting(conn, halt.authority),
                    await halts.answers(conn, halt.authority, since, SHOWN),
                    len(await halts.given_up(conn, halt.authority, since)),
                )
            )
    return found


async def let_go(request: web.Request) -> web.Response:
    """Let the letters leave again, after it was said how many those are."""
    looking = staff.requiring(request, Deed.EDIT)
    form = await forms.read(request)
    number = form.number("halt", "停止", high=2**31 - 1, needed=True)
    words = form.lines("words", "確かめたこと", needed=True, longest=LONGEST)
    held = next((each for each in await _held(looking) if each.halt.id == number), None)
    if number is not None and held is None:
        return forms.done(request, "/letters", "送信は、もう再開されています。")
    if held is None or not form.is_right:
        return await page(request, looking, form)
    restoring = form.is_ticked("restoring")
    if not form.is_ticked("confirmed"):
        kept = [
            ("halt", str(held.halt.id)),
            ("words", words),
            *([("restoring", forms.YES)] if restoring else []),
        ]
        return forms.ask(request, HERE, _question(held, kept, restoring=restoring))
    try:
        restored = await release(
            looking.tools, looking.tenant, held.halt.id, words, looking.actor, restoring=restoring
        )
    except UnknownError:
        return forms.done(request, "/letters", "送信は、もう再開されています。")
    told = f"宛先{restored}件を戻しました。" if restored else ""
    return forms.done(request, "/letters", f"送信を再開しました。{told}")


def _question(held: Held, kept: list[tuple[str, str]], *, restoring: bool) -> Question:
    restored = held.given_up if restoring else 0
    return Question(
        "送信を再開しますか",
        f"{held.name}の、止めていたお知らせを送ります。内容が変わったものは、送る前に取りやめます。",
        f"{held.waiting:,}通の送信を再開する",
        ADDRESS,
        ADDRESS,
        counts=[("待っているお知らせ", f"{held.waiting:,}通"), ("使えるように戻す宛先", f"{restored:,}件")],
        kept=kept,
        warning="原因が残っていると、また戻ってきます。そのときは、もう一度自動で止まります。",
    )


ROUTES = (web.get(ADDRESS, show), web.post(ADDRESS, let_go))
