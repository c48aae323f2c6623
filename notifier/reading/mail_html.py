"""The text of a mail in HTML: lines as a reader sees them, with quotations marked by >. One pass, no tree, nothing raised.

The parser for notices opens a process for each file; a mail is read as it arrives, so this one does less: it splits at
the signs < and >, and knows what breaks a line, what is quoted and what is never shown.
"""

import re
from html import unescape
from typing import Final

LONGEST: Final = 500_000
"""Characters of HTML that are read."""
_BREAKS: Final = frozenset(
    {
        *(
            "address",
            "article",
            "blockquote",
            "br",
            "center",
            "dd",
            "div",
            "dl",
            "dt",
            "fieldset",
            "footer",
            "form",
        ),
        *(
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "header",
            "hr",
            "li",
            "main",
            "ol",
            "p",
            "pre",
            "section",
            "table",
        ),
        *("tbody", "td", "tfoot", "th", "thead", "title", "tr", "ul"),
    }
)
_HIDDEN: Final = frozenset({"head", "script", "style", "template", "title", "noscript"})
_EMPTY: Final = frozenset({"br", "hr", "img", "input", "meta", "link", "wbr", "col", "area", "base"})
_QUOTING: Final = re.compile(
    r"""(?:class|id)\s*=\s*["']?[^"'>]*(?:gmail_quote|moz-cite-prefix|yahoo_quoted|protonmail_quote|zmail_extra"""
    r"""|divrplyfwdmsg|appendonsend|mail-editor-reference-message|ms-outlook-mobile-reference)""",
    re.IGNORECASE,
)
_ENDING: Final = re.compile(r"""id\s*=\s*["']?(?:x_)*(?:divRplyFwdMsg|appendonsend)""", re.IGNORECASE)
_TAG: Final = re.compile(r"/?([A-Za-z][A-Za-z0-9]{0,15})")
_SPACES: Final = re.compile(r"\s+")
_COMMENT: Final = "!--"
_DEEPEST: Final = 1_000


def text_of_html(html: str) -> str:
    """Return the lines of a mail in HTML; those in a quotation begin with >."""
    return _Page().read(html[:LONGEST])


class _Page:
    """Lines as they come, and how deep in quotations we are."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._hidden = ""
        self._quoted = 0
        self._boxes: list[tuple[str, bool]] = []
        self._is_over = False

    def read(self, html: str) -> str:
        """Go through `html` once."""
        place, size = 0, len(html)
        while place < size:
            start = html.find("<", place)
            if start < 0:
                self._say(html[place:])
                break
            self._say(html[place:start])
            if html.startswith(_COMMENT, start + 1):
                end = html.find("-->", start)
                place = end + 3 if end >= 0 else size
                continue
            end = html.find(">", start)
            if end < 0:
                break
            self._tag(html[start + 1 : end])
            place = end + 1
        self._break()
        return "\n".join(self._lines)

    def _say(self, text: str) -> None:
        if text and not self._hidden:
            self._line.append(_SPACES.sub(" ", unescape(text)))

    def _break(self) -> None:
        line = "".join(self._line).strip()
        self._line = []
        if line:
            self._lines.append(f"> {line}" if self._quoted or self._is_over else line)

    def _tag(self, tag: str) -> None:
        found = _TAG.match(tag)
        if found is None:
            return
        name, closing = found[1].lower(), tag.startswith("/")
        if self._hidden:
            self._hidden = "" if closing and name == self._hidden else self._hidden
            return
        if name in _BREAKS:
            self._break()
        if name in _HIDDEN and not closing and not tag.endswith("/"):
            self._hidden = name
        elif closing:
            self._close(name)
        elif name not in _EMPTY and not tag.endswith("/"):
            self._open(name, tag)

    def _open(self, name: str, tag: str) -> None:
        quotes = name == "blockquote" or _QUOTING.search(tag[:500]) is not None
        if _ENDING.search(tag[:500]):
            self._break()
            self._is_over = True  # Outlook puts what it quotes behind this, not into it
        if name in {"blockquote", "div"} and len(self._boxes) < _DEEPEST:
            self._boxes.append((name, quotes))
            self._quoted += quotes

    def _close(self, name: str) -> None:
        if name not in {"blockquote", "div"}:
            return
        while self._boxes:
            opened, quotes = self._boxes.pop()
            self._quoted -= quotes
            if opened == name:
                break
