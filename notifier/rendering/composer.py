"""Composing letters from templates: rendered once for a tuple of sayings, joined with each office's own values.

Letters of one morning differ in little: the same sayings go to thousands of offices. So the templates are
rendered once for a tuple of sayings, with marks where the office's own values belong; the result is cut at
the marks, and each letter is the pieces joined with its own values.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path

from css_inline import CSSInliner
from jinja2 import Environment

from notifier import assets
from notifier.domain.letters import Content, one_line, order_of, subject_of
from notifier.errors import RenderingError
from notifier.rendering.environments import FAULTS, environment, fault, version_of
from notifier.rendering.frames import KEPT_FRAMES, Frame, Shelf, cut
from notifier.rendering.views import Composed, LetterView, read, seen


class Compiler:
    """Renders letters from one set of templates, as a whole or with holes.

    With `watched` it is found out of each frame whether it may be used: what the shipped templates do with an office's
    own values is held by tests, of others it is not known.
    """

    def __init__(self, templates: Environment, version: str, *, watched: bool) -> None:
        """Use these `templates`; `version` changes whenever they do."""
        self._environment = templates
        self._version = version
        self._watched = watched
        self._inliner = CSSInliner(
            load_remote_stylesheets=False, keep_at_rules=True, minify_css=True, resolve_css_variables=True
        )

    def compile(
        self, letter: LetterView, key: object, contents: tuple[Content, ...], values: Sequence[str]
    ) -> Frame:
        """Return the frame of a letter; `key`, `contents` and `values` are those that `read` gave."""
        mark = blake2b(repr((self._version, key, contents)).encode(), digest_size=12).hexdigest()
        marked = self.render(letter, [f"{mark}n{number}z" for number in range(len(values))])
        subject, text, html = (cut(part, mark) for part in (marked.subject, marked.text, marked.html))
        frame = Frame(contents, (subject, text, html))
        if not self._watched:
            return frame
        joined, whole = frame.fill(values), self.render(letter, values)
        same = joined is not None and (joined.subject, joined.text) == (whole.subject, whole.text)
        if (
            joined is None
            or not same
            or self._inliner.inline(joined.html) != self._inliner.inline(whole.html)
        ):
            return Frame(contents, None)
        return frame

    def render(self, letter: LetterView, values: Sequence[str]) -> Composed:
        """Return the letter rendered as a whole. Raises RenderingError naming the template and the variable."""
        shown = seen(letter, iter(values))
        ordered = sorted(
            ((item, section) for section in shown.sections for item in section.items),
            key=lambda pair: order_of(pair[0].content),
        )
        if not ordered:
            raise RenderingError(
                f"the letter to {letter.recipient} holds no item; send only what says something"
            )
        lead, section = ordered[0]
        said = list(dict.fromkeys(item.content for item, _ in ordered))
        subject = subject_of(said, section.subject_name, len(shown.sections))
        known = {"letter": shown, "addressee": section, "subject": subject, "count": len(ordered)}
        line = self._template(f"email/{lead.content.occasion}/subject.txt", known)
        html = self._template("email/letter.html", known)
        return Composed(one_line(line), self._template("email/letter.txt", known), self._inliner.inline(html))

    def _template(self, name: str, known: Mapping[str, object]) -> str:
        try:
            return self._environment.get_template(name).render(known)
        except FAULTS as error:
            raise fault(name, error) from error


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
        self.folders = (*([overrides] if overrides else []), assets.folder("templates"))
        self._compiler = Compiler(
            environment(self.folders), version_of(self.folders), watched=overrides is not None
        )
        self._frames = Shelf(kept)

    def compose(self, letter: LetterView) -> Composed:
        """Return the letter, joined from its frame.

        Raises RenderingError naming the template and the variable.
        """
        key, contents, values = read(letter)
        frame = self._frames.find(key, contents)
        if frame is None:
            frame = self._compiler.compile(letter, key, contents, values)
            self._frames.keep(key, frame)
        return frame.fill(values) or self._compiler.render(letter, values)

    def render(self, letter: LetterView) -> Composed:
        """Return the same letter rendered as a whole, slowly.

        Its HTML may write quotation marks in another way, but reads the same.
        """
        return self._compiler.render(letter, read(letter)[2])
