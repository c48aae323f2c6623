"""Forms: what staff type is read with its limits, kept when something is wrong, and answered by another page.

A POST is read with `read`, which refuses forms from elsewhere. What is wrong is noted by field, in words that say how to
mend it; the page is then shown again with what was typed (422). What was done is answered by `done`: 303 to a page
that begins with a sentence about it.
"""

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from notifier.web import frame
from notifier.web.pages import answer

LONGEST: Final = 200
LONGEST_LINES: Final = 4000
YES: Final = "yes"
DAY: Final = "2026-12-01"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent with a form: its name as the browser gave it, and its content."""

    name: str
    content: bytes


@dataclass
class Form:
    """What was typed, by field, and what is wrong with it. A template gets it to show both again."""

    typed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, Upload] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    @classmethod
    def filled(cls, **values: str | Sequence[str]) -> "Form":
        """Return a form that is shown for the first time, with `values` in its fields."""
        return cls({name: [each] if isinstance(each, str) else list(each) for name, each in values.items()})

    @property
    def is_right(self) -> bool:
        """Tell whether nothing wrong was found so far."""
        return not self.problems

    def wrong(self, name: str, problem: str) -> None:
        """Note what is wrong with a field, the first thing only; "" for what concerns the form as a whole."""
        self.problems.setdefault(name, problem)

    def value(self, name: str) -> str:
        """Return what stands in a field, as it was typed; "" if nothing does."""
        found = self.typed.get(name, ())
        return found[0] if found else ""

    def many(self, name: str) -> list[str]:
        """Return all that was ticked or sent under a name."""
        return list(dict.fromkeys(self.typed.get(name, ())))

    def is_ticked(self, name: str, value: str = YES) -> bool:
        """Tell whether a box was ticked."""
        return value in self.typed.get(name, ())

    def text(self, name: str, label: str, *, needed: bool = False, longest: int = LONGEST) -> str:
        """Return a line of text, trimmed and composed (NFC)."""
        return self._checked(name, " ".join(_plain(self.value(name)).split("\n")), label, needed, longest)

    def lines(self, name: str, label: str, *, needed: bool = False, longest: int = LONGEST_LINES) -> str:
        """Return text of several lines, trimmed and composed (NFC), lines ended by a line feed."""
        return self._checked(name, _plain(self.value(name)), label, needed, longest)

    def day(self, name: str, label: str, *, needed: bool = False) -> date | None:
        """Return a civil date; None if the field is empty or wrong."""
        written = unicodedata.normalize("NFKC", self._checked(name, _plain(self.value(name)), label, needed))
        if not written or name in self.problems:
            return None
        try:
            return date(*map(int, written.replace("/", "-").split("-")))
        except (ValueError, TypeError):
            self.wrong(name, f"{label}は {DAY} の形で入力してください。")
            return None

    def number(
        self, name: str, label: str, *, low: int = 0, high: int = 1_000_000, needed: bool = False
    ) -> int | None:
        """Return a whole number from `low` to `high`; None if the field is empty or wrong."""
        written = unicodedata.normalize("NFKC", self._checked(name, _plain(self.value(name)), label, needed))
        if not written or name in self.problems:
            return None
        plain = written.replace(",", "")
        if not (plain.isascii() and plain.isdigit()) or not low <= int(plain[:12]) <= high:
            self.wrong(name, f"{label}は{low}から{high}までの数字で入力してください。")
            return None
        return int(plain)

    def one_of(self, name: str, label: str, among: Collection[str], *, needed: bool = True) -> str:
        """Return which of the offered values was chosen, "" for none."""
        written = self.value(name)
        if written in among:
            return written
        if written or needed:
            self.wrong(name, f"{label}を一覧から選んでください。")
        return ""

    def some_of(
        self, name: str, label: str, among: Collection[str], *, needed: bool = False
    ) -> tuple[str, ...]:
        """Return which of the offered values were chosen."""
        chosen = tuple(each for each in self.many(name) if each in among)
        if needed and not chosen:
            self.wrong(name, f"{label}を1つ以上選んでください。")
        return chosen

    def _checked(self, name: str, written: str, label: str, needed: bool, longest: int = LONGEST) -> str:  # noqa: FBT001 - passed on
        if needed and not written:
            self.wrong(name, f"{label}を入力してください。")
        if len(written) > longest:
            self.wrong(name, f"{label}は{longest:,}文字までで入力してください（いま{len(written):,}文字）。")
        return written


def from_here(request: web.Request) -> bool:
    """Tell whether the form was sent from our own page: by the browser's word, else by the origin."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return urlsplit(request.headers.get("Origin", "")).netloc == request.host


async def read(request: web.Request, largest: int | None = None) -> Form:
    """Return the form that was sent. Refuses one from elsewhere (403) and one larger than `largest` bytes (413).

    Without `largest` a form may have 16 KiB; a page that takes files says how large they may be.
    """
    if not from_here(request):
        raise web.HTTPForbidden
    sized = request if largest is None else request.clone(client_max_size=largest)
    try:
        sent = await web.BaseRequest.post(sized)
    except (ValueError, LookupError):  # no form, or in no encoding that there is
        raise web.HTTPBadRequest from None
    typed: dict[str, list[str]] = {}
    files: dict[str, Upload] = {}
    for name, value in sent.items():
        if isinstance(value, web.FileField):
            files[name] = Upload(value.filename, value.file.read())
            value.file.close()
        elif isinstance(value, str):
            typed.setdefault(name, []).append(value)
    return Form(typed, files)


def done(request: web.Request, to: str, told: str = "") -> web.Response:
    """Return what leads to our own page `to`, which begins with the sentence `told`. Raises ValueError for others'."""
    if not is_ours(to):
        raise ValueError(f"{to}: no address of ours")
    response = web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": to})
    if told:
        frame.tell(request, response, told)
    return response


def is_ours(address: str) -> bool:
    """Tell whether an address leads to a page of ours, whatever else somebody has made of it."""
    parts = urlsplit(address) if address.isprintable() else None
    starts = address.startswith("/") and not address.startswith(("//", "/\\"))
    return starts and parts is not None and not parts.scheme and not parts.netloc


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked before something leaves the house or cannot be undone.

    `counts` are (what, how many), `kept` is sent along with the answer, `button` says what will be done. `warning` is
    what to think of, `sample` a few names of those concerned. `confirmed` is the name of the field that says yes.
    """

    title: str
    explanation: str
    button: str
    action: str
    back: str
    counts: Sequence[tuple[str, str]] = ()
    kept: Iterable[tuple[str, str]] = ()
    warning: str = ""
    sample: Sequence[str] = ()
    confirmed: str = "confirmed"


def ask(request: web.Request, here: str, question: Question) -> web.Response:
    """Return the page on which something is confirmed; the answer comes as a POST with `confirmed` = yes."""
    return answer.page(request, "question.html", here, question=question, kept=list(question.kept))


def status_of(form: Form) -> HTTPStatus:
    """Return with which status a page with this form is answered: 422 if something is wrong with it."""
    return HTTPStatus.OK if form.is_right else HTTPStatus.UNPROCESSABLE_ENTITY


def _plain(written: str) -> str:
    composed = unicodedata.normalize("NFC", written).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        each for each in composed if each == "\n" or each.isprintable() or each == "\u3000"
    ).strip()
