"""Asking: every deed on an office's page goes the same way: a form, a page that asks once more, then it is done.

What can be undone, and was filled in beforehand, is done from the form, unless there is something to think of.

Each works without JavaScript. What was typed stays when something is wrong, or when the visitor goes back to change it.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeAlias

from aiohttp import web

from notifier.web import forms
from notifier.web.forms import Form
from notifier.web.office.door import MARK, STEP, Caller, let_in

ONWARD = "確認へ進む"
TICKED = ("ticks", "weekdays")
"""Fields of which nothing is sent where nothing is ticked."""
CROWDED = "この1時間の登録が多すぎます。しばらくしてから、もう一度お試しください。"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form.

    `kind`: text, email, day, area, choice, radios, ticks, weekdays, hours, hidden. `options` are (value, label). It begins
    with `first`, or with `firsts` ticked.
    """

    kind: str
    name: str
    label: str
    hint: str = ""
    needed: bool = True
    options: tuple[tuple[str, str], ...] = ()
    first: str = ""
    firsts: tuple[str, ...] = ()

    @property
    def beginning(self) -> tuple[str, ...]:
        """Return what stands in the field before anything was typed."""
        return self.firsts or ((self.first,) if self.first else ())


@dataclass(frozen=True, slots=True)
class Ready:
    """What will be done: `lines` are (name, value), `follows` what comes of it, `warning` what to think of.

    `perform` is given what makes the form count once; it answers with a sentence, None if there was too much, or a page.
    """

    lines: Sequence[tuple[str, str]]
    follows: str
    button: str
    perform: Callable[[str], Awaitable[str | web.Response | None]]
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A form: what it is about, its fields, and, once it is filled in rightly, what will be done.

    `at_once` tells that its button does it, without asking once more; `button` is then named after what it does.
    """

    title: str
    lead: str
    fields: tuple[Field, ...] = ()
    ready: Ready | None = None
    about: str = ""
    note: str = ""
    button: str = ONWARD
    at_once: bool = False


Prepare: TypeAlias = Callable[[Caller, Form], Awaitable[Asked]]
"""Reads the form (nothing is typed in it when it is shown first), notes what is wrong, and says what it would do."""


def deed(path: str, prepare: Prepare) -> tuple[web.RouteDef, web.RouteDef]:
    """Return the routes of a deed under the office's page."""

    async def show(caller: Caller) -> web.Response:
        asked = await prepare(caller, Form())
        if asked.ready is not None:  # there is nothing to fill in
            return caller.page("confirm.html", asked=asked, ready=asked.ready, kept=())
        filled = Form.filled(**{each.name: each.beginning for each in asked.fields if each.beginning})
        return caller.page("ask.html", asked=asked, form=filled)

    async def send(caller: Caller) -> web.Response:
        form, nonce = await caller.form()
        asked = await prepare(caller, form)
        # Fields that have just appeared, because something was chosen, begin as they would on a first sight.
        new = [each for each in asked.fields if each.name not in form.typed and each.kind not in TICKED]
        form.typed = {**form.typed, **{each.name: each.beginning for each in new if each.beginning}}
        if not form.is_right or asked.ready is None or form.value(STEP) == "change":
            if form.value(STEP) == "change":
                form.problems.clear()
            return caller.page("ask.html", asked=asked, form=form, status=forms.status_of(form))
        is_asked = form.value(STEP) == "do" or (form.value(STEP) == "once" and not asked.ready.warning)
        if not is_asked:
            kept = [(name, each) for name, found in form.typed.items() for each in found]
            kept = [(name, each) for name, each in kept if name not in {MARK, STEP}]
            return caller.page("confirm.html", asked=asked, ready=asked.ready, kept=kept)
        told = await asked.ready.perform(nonce)
        if told is None:
            form.wrong("", CROWDED)
            return caller.page("ask.html", asked=asked, form=form, status=HTTPStatus.TOO_MANY_REQUESTS)
        return told if isinstance(told, web.Response) else caller.done(told)

    address = f"/o/{{token}}/{path}"
    return web.get(address, let_in(show)), web.post(address, let_in(send))
