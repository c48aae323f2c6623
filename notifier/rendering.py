"""Rendering: the only door to Jinja2, and letters joined from frames that were rendered once.

Letters of one morning differ in little: the same sayings go to thousands of offices. So the templates are
rendered once for a tuple of sayings, with marks where the office's own values belong; the result is cut at
the marks, and each letter is the pieces joined with its own values. A mark is the digest of all that is
rendered, so nothing rendered can contain it; values are never searched for marks.
"""

import re
import traceback
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from html import escape
from pathlib import Path
from typing import Any

from css_inline import CSSInliner, InlineError
from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
    select_autoescape,
)

from notifier import assets
from notifier.domain import dates
from notifier.domain.letters import Content, name_in_subject, one_line, order_of, subject_of
from notifier.domain.wrapping import wrap
from notifier.errors import RenderingError


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item of a letter: a content shared by many, and the office's own values.

    `saying_id` names the content; `progress` is (reached, needed); `settled_on` a civil date.
    """

    content: Content
    saying_id: int
    code: str
    progress: tuple[int, int] | None = None
    settled_on: date | None = None


@dataclass(frozen=True, slots=True)
class SectionView:
    """What concerns one office: its items, in any order. For an authority or the editor the name is theirs.

    `page_url` is the absolute address of the office's own page, or None; `page_code` is typed where links do not arrive.
    """

    office_number: str
    office_name: str
    items: tuple[ItemView, ...]
    page_url: str | None = None
    page_code: str = ""


@dataclass(frozen=True, slots=True)
class LetterView:
    """One letter to one recipient: `day` is its civil date in Japan, addresses are absolute.

    `sender_contact` is free text and may have several lines.
    """

    recipient: str
    sections: tuple[SectionView, ...]
    day: date
    sender_name: str
    sender_contact: str
    base_url: str
    unsubscribe_url: str | None = None


@dataclass(frozen=True, slots=True)
class Composed:
    """A letter as it leaves: the subject on one line, complete plain text, HTML that says the same."""

    subject: str
    text: str
    html: str


KEPT_FRAMES = 256
"""Frames kept at most; the frame of a long letter takes about a hundred kilobytes."""

_FAULTS = (TemplateError, InlineError, TypeError, ValueError, LookupError, ArithmeticError)


@dataclass(frozen=True, slots=True)
class _Item:
    """An item as templates see it; the last three are the office's own values, as text."""

    content: Content
    code: str
    progress: str | None
    settled: str | None


@dataclass(frozen=True, slots=True)
class _Section:
    """A section as templates see it, its items in order of urgency.

    All but `items` are the office's own values.
    """

    name: str
    number: str
    page_url: str | None
    page_code: str
    subject_name: str
    items: tuple[_Item, ...]


@dataclass(frozen=True, slots=True)
class _Letter:
    """A letter as templates see it; `recipient` and `unsubscribe_url` are the recipient's own values."""

    recipient: str
    unsubscribe_url: str | None
    sections: tuple[_Section, ...]
    day: date
    sender_name: str
    sender_contact: str
    base_url: str


@dataclass(frozen=True, slots=True)
class _Part:
    """A text with holes: its pieces in order, and for each hole its position and the number of its value."""

    pieces: tuple[str, ...]
    holes: tuple[tuple[int, int], ...]

    def fill(self, values: Sequence[str]) -> str:
        pieces = list(self.pieces)
        for position, number in self.holes:
            pieces[position] = values[number]
        return "".join(pieces)


@dataclass(frozen=True, slots=True)
class _Frame:
    """A letter with holes, and the contents it was rendered from.

    `parts` is None where a template asks for each letter to be rendered as a whole.
    """

    contents: tuple[Content, ...]
    parts: tuple[_Part, _Part, _Part] | None


class Composer:
    """Turns letters into text. Templates are looked for in `overrides` first, then among those shipped.

    They are read once: a changed template needs a new composer. In a template the office's own values may
    only be printed, never tested or cut. Where the first letter shows that a template does more, it is
    rendered whole for each.
    """

    def __init__(self, overrides: Path | None = None, kept: int = KEPT_FRAMES) -> None:
        """Open the templates and keep at most `kept` frames.

        Raises RenderingError if `overrides` is no folder.
        """
        if overrides is not None and not overrides.is_dir():
            raise RenderingError(f"the folder of templates {overrides} does not exist; create it or unset it")
        folders = [*([overrides] if overrides else []), assets.folder("templates")]
        self._environment = _environment(folders)
        self._version = _version(folders)
        self._inliner = CSSInliner(
            load_remote_stylesheets=False, keep_at_rules=True, minify_css=True, resolve_css_variables=True
        )
        self._frames: OrderedDict[Any, _Frame] = OrderedDict()
        self._kept = kept
        # What the shipped templates do with an office's own values is held by tests; others are watched.
        self._watched = overrides is not None

    def compose(self, letter: LetterView) -> Composed:
        """Return the letter, joined from its frame.

        Raises RenderingError naming the template and the variable.
        """
        key, contents, values = _read(letter)
        frame = self._frames.get(key)
        if frame is None or frame.contents != contents:
            frame = self._compile(letter, key, contents, values)
            self._frames[key] = frame
            if len(self._frames) > self._kept:
                self._frames.popitem(last=False)
        self._frames.move_to_end(key)
        if frame.parts is None:
            return self._render(letter, values)
        subject, text, html = frame.parts
        return Composed(
            subject.fill(values), text.fill(values), html.fill([escape(value) for value in values])
        )

    def render(self, letter: LetterView) -> Composed:
        """Return the same letter rendered as a whole, slowly.

        Its HTML may write quotation marks in another way, but reads the same.
        """
        return self._render(letter, _read(letter)[2])

    def _compile(
        self, letter: LetterView, key: object, contents: tuple[Content, ...], values: Sequence[str]
    ) -> _Frame:
        mark = blake2b(repr((self._version, key, contents)).encode(), digest_size=12).hexdigest()
        marked = self._render(letter, [f"{mark}n{number}z" for number in range(len(values))])
        subject, text, html = (_cut(part, mark) for part in (marked.subject, marked.text, marked.html))
        if not self._watched:
            return _Frame(contents, (subject, text, html))
        joined = Composed(
            subject.fill(values), text.fill(values), html.fill([escape(value) for value in values])
        )
        whole = self._render(letter, values)
        same = (joined.subject, joined.text) == (whole.subject, whole.text)
        if not same or self._inliner.inline(joined.html) != self._inliner.inline(whole.html):
            return _Frame(contents, None)
        return _Frame(contents, (subject, text, html))

    def _render(self, letter: LetterView, values: Sequence[str]) -> Composed:
        seen = _seen(letter, iter(values))
        ordered = sorted(
            ((item, section) for section in seen.sections for item in section.items),
            key=lambda pair: order_of(pair[0].content),
        )
        if not ordered:
            raise RenderingError(
                f"the letter to {letter.recipient} holds no item; send only what says something"
            )
        lead, section = ordered[0]
        said = list(dict.fromkeys(item.content for item, _ in ordered))
        subject = subject_of(said, section.subject_name, len(seen.sections))
        known = {"letter": seen, "addressee": section, "subject": subject, "count": len(ordered)}
        line = self._template(f"email/{lead.content.occasion}/subject.txt", known)
        html = self._template("email/letter.html", known)
        return Composed(one_line(line), self._template("email/letter.txt", known), self._inliner.inline(html))

    def _template(self, name: str, known: Mapping[str, object]) -> str:
        try:
            return self._environment.get_template(name).render(known)
        except _FAULTS as error:
            raise RenderingError(_fault(name, error)) from error


class Pages:
    """Turns values into pages (`templates/pages/`), escaped. Overrides and reading once: as for letters."""

    def __init__(self, overrides: Path | None = None, **shared: object) -> None:
        """Open the templates; `shared` is known to every page."""
        folders = [*([overrides] if overrides else []), assets.folder("templates")]
        self._environment = _environment(folders)
        self._environment.globals |= shared

    def render(self, name: str, **values: object) -> str:
        """Return the page `name` (`board.html`). Raises RenderingError naming the page and the fault."""
        try:
            return self._environment.get_template(f"pages/{name}").render(values)
        except _FAULTS as error:
            message = f"the page {name} cannot be rendered: {error}; mend the template or remove the override"
            raise RenderingError(message) from error


def check_templates(overrides: Path | None = None) -> int:
    """Compile every template and return how many there are. Raises RenderingError naming a faulty one."""
    environment = _environment([*([overrides] if overrides else []), assets.folder("templates")])
    names = environment.list_templates(extensions=["txt", "html"])
    for name in names:
        try:
            environment.get_template(name)
        except _FAULTS as error:
            raise RenderingError(_fault(name, error)) from error
    return len(names)


def _environment(folders: Sequence[Path]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folders),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {"day": dates.day_label, "wrap": wrap}
    return environment


def _version(folders: Sequence[Path]) -> str:
    digest = blake2b(digest_size=12)
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _read(letter: LetterView) -> tuple[object, tuple[Content, ...], list[str]]:
    """Return what a frame depends on, as a key and as contents, and the values that fill it, in order."""
    contents: list[Content] = []
    values = [one_line(letter.recipient), letter.unsubscribe_url or ""]
    shape: list[object] = []
    for section in letter.sections:
        name = section.office_name
        values += (
            one_line(name),
            one_line(section.office_number),
            section.page_url or "",
            section.page_code,
            name_in_subject(name),
        )
        shape.append((section.office_number == "", section.page_url is None))
        for item in section.items:
            settled = item.settled_on
            values += (item.code, _progress(item.progress), dates.day_label(settled) if settled else "")
            shape.append((item.saying_id, item.progress is None, settled is None))
            contents.append(item.content)
    sender = (
        letter.day,
        letter.sender_name,
        letter.sender_contact,
        letter.base_url,
        letter.unsubscribe_url is None,
    )
    return (sender, tuple(shape)), tuple(contents), values


def _progress(progress: tuple[int, int] | None) -> str:
    if progress is None:
        return ""
    reached, needed = progress
    left = f"あと{needed - reached}件" if reached < needed else "達成"
    return f"{needed}件中{reached}件（{left}）"


def _seen(letter: LetterView, values: Iterator[str]) -> _Letter:
    """Return the letter as templates see it, with `values` in the order of `_read`."""
    recipient, unsubscribe = next(values), next(values)
    return _Letter(
        recipient,
        unsubscribe if letter.unsubscribe_url is not None else None,
        tuple(_section(section, values) for section in letter.sections),
        letter.day,
        letter.sender_name,
        letter.sender_contact,
        letter.base_url,
    )


def _section(section: SectionView, values: Iterator[str]) -> _Section:
    name, number, page_url, page_code, subject_name = (next(values) for _ in range(5))
    items = [_item(item, values) for item in section.items]
    return _Section(
        name,
        number if section.office_number else "",
        page_url if section.page_url is not None else None,
        page_code,
        subject_name,
        tuple(sorted(items, key=lambda item: order_of(item.content))),
    )


def _item(item: ItemView, values: Iterator[str]) -> _Item:
    code, progress, settled = (next(values) for _ in range(3))
    return _Item(
        item.content,
        code,
        progress if item.progress is not None else None,
        settled if item.settled_on is not None else None,
    )


def _cut(marked: str, mark: str) -> _Part:
    pieces = re.split(f"{mark}n([0-9]+)z", marked)
    holes = tuple((position, int(pieces[position])) for position in range(1, len(pieces), 2))
    return _Part(tuple(pieces), holes)


def _fault(name: str, error: Exception) -> str:
    """Say in which template and line, and on which variable, the work stopped."""
    if isinstance(error, TemplateSyntaxError):
        return (
            f"the template {error.name or name} cannot be read, line {error.lineno}: {error.message}; mend it"
        )
    lines = [
        each
        for each in traceback.extract_tb(error.__traceback__)
        if each.filename.endswith((".txt", ".html"))
    ]
    place = (
        f"{Path(lines[-1].filename).as_posix().rpartition('/email/')[2]}, line {lines[-1].lineno}"
        if lines
        else name
    )
    return f"the template email/{place} cannot be rendered: {error}; mend the template or remove the override"
