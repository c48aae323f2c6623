"""The text of a web page: headings, paragraphs, lists, and tables row by row, without what surrounds them.

Menus, headers and footers of the site, scripts and forms are left out, and so are words that are struck through. The
links of a list page are found here, too.
"""

from collections.abc import Iterator
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from notifier.reading.extraction_lines import Extract, UnreadableError, row, squeezed
from notifier.reading.extraction_text import declared_encoding, decoded

_DROPPED: Final = (
    "script, style, noscript, template, iframe, object, svg, canvas, nav, button, select, dialog, rt, rp, head > *, "
    "[hidden], [aria-hidden=true], [role=navigation], [role=search], [role=banner], [role=contentinfo], .breadcrumb, "
    ".breadcrumbs, #breadcrumb, #topicpath, .topicpath, #pankuzu, .pankuzu, .skip, .skiplink, #skip, .sr-only"
)
_OF_THE_SITE: Final = (
    "body > header, body > footer, body > div > header, body > div > footer, #header, #footer, aside"
)
_MAIN: Final = ("main", "[role=main]", "#main", "#contents", "#content", ".main", ".contents", "article")
_MAIN_SHARE: Final = 0.2
"""A main part that holds less than this share of the text is none."""
_STRUCK: Final = "del, s, strike"
STRUCK: Final = "取り消し線の文字は除きました。"
ENCODING: Final = "文字コードが正しくないため、読めない文字を「\ufffd」としました。"
_BLOCKS: Final = frozenset(
    {
        "address", "article", "blockquote", "body", "caption", "center", "dd", "details", "div", "dl", "dt",
        "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr",
        "html", "legend", "li", "main", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th",
        "thead", "tr", "ul",
    }
)  # fmt: skip
_MOST_NODES: Final = 2_000_000
_MOST_SPAN: Final = 50
_MOST_LINKS: Final = 2000


def text_of_html(content: bytes, most: int) -> Extract:
    """Return the lines of a page. Raises UnreadableError if it is too large."""
    found = Extract(most)
    tree = LexborHTMLParser(_text(content, found))
    title = tree.css_first("title")
    found.title = squeezed(title.text()) if title else ""
    body = tree.body
    if body is None:
        return found
    for node in tree.css(_DROPPED):
        node.decompose()
    struck = tree.css(_STRUCK)
    if any(each.text(strip=True) for each in struck):
        found.warn(STRUCK)
    for node in struck:
        node.decompose()
    main = _main(tree, body)
    if found.title and main.css_first("h1") is None:
        found.add(found.title)
    _Flow(found).read(main)
    while found.lines and not found.lines[-1]:
        found.lines.pop()
    return found


def links_of_html(content: bytes, selector: str) -> list[dict[str, str]]:
    """Return address and words of the links that `selector` (CSS) finds, or of those inside what it finds.

    `around` holds the words of the element around the link: dates often stand there.
    """
    tree = LexborHTMLParser(_text(content, Extract(len(content) + 1)))
    try:
        chosen = tree.css(selector)
    except (SelectolaxError, ValueError) as fault:
        raise UnreadableError("broken", f"セレクタ「{selector}」が正しくありません。") from fault
    found: dict[str, dict[str, str]] = {}
    base = tree.css_first("base[href]")
    for node in chosen:
        for link in [node] if node.tag == "a" else node.css("a[href]"):
            address = (link.attributes.get("href") or "").strip()
            around = node if node.tag != "a" else (link.parent or link)
            if address and not address.startswith(("#", "javascript:", "mailto:", "tel:")):
                words = squeezed(link.text()) or squeezed(around.text())
                found.setdefault(
                    address, {"link": address, "title": words[:500], "around": squeezed(around.text())[:1000]}
                )
        if len(found) > _MOST_LINKS:
            raise UnreadableError("too-large")
    of = (base.attributes.get("href") or "") if base else ""
    return [each | {"base": of} for each in found.values()]


def _text(content: bytes, found: Extract) -> str:
    text = decoded(content, declared_encoding(content))
    if text is None:
        found.warn(ENCODING)
        text = content.decode("utf-8", "replace")
    return text


def _main(tree: LexborHTMLParser, body: LexborNode) -> LexborNode:
    """Return the main part: what the page calls so, if it holds a fair share of the text; else all but its frame."""
    whole = len(body.text(strip=True)) or 1
    for selector in _MAIN:
        parts = tree.css(selector)
        if len(parts) == 1 and len(parts[0].text(strip=True)) >= _MAIN_SHARE * whole:
            return parts[0]
    for node in tree.css(_OF_THE_SITE):
        node.decompose()
    return tree.body or body


class _Flow:
    """Walks through the elements, without recursion: pages may be nested deeply."""

    def __init__(self, found: Extract) -> None:
        self._found = found
        self._text: list[str] = []
        self._left = _MOST_NODES
        self._numbers: dict[int, int] = {}
        """By list, the number of its last item so far."""

    def read(self, top: LexborNode) -> None:
        """Add the lines of what stands inside `top`."""
        waiting: list[tuple[LexborNode, bool]] = [(top, False)]
        preformatted = 0
        while waiting:
            node, is_done = waiting.pop()
            tag = node.tag or ""
            if is_done:
                self._break()
                preformatted -= tag == "pre"
                continue
            self._count()
            if tag == "-text":
                self._say(node.text_content or "", preformatted > 0)
            elif tag == "br":
                self._break()
            elif tag == "table" and _is_data(node):
                self._break()
                self._table(node)
            elif not tag.startswith(("-", "_")):
                if tag in _BLOCKS:
                    self._break()
                    waiting.append((node, True))
                    preformatted += tag == "pre"
                    self._mark(node, tag)
                waiting.extend((child, False) for child in reversed(list(_children(node))))

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise UnreadableError("too-large")

    def _say(self, text: str, is_preformatted: bool) -> None:  # noqa: FBT001 -- told by the walk, in one place
        if not is_preformatted:
            self._text.append(text)
            return
        first, *others = text.split("\n")
        self._text.append(first)
        for line in others:
            self._break()
            self._text.append(line)

    def _mark(self, node: LexborNode, tag: str) -> None:
        """Begin an item of a list as it is shown: by a dot, or by its number."""
        if tag != "li" or node.parent is None:
            return
        if node.parent.tag != "ol":
            self._text.append("・")
            return
        number = self._numbers[node.parent.mem_id] = self._numbers.get(node.parent.mem_id, 0) + 1
        self._text.append(f"{number}. ")

    def _break(self) -> None:
        line = squeezed("".join(self._text))
        self._text = []
        if line and line != "・":
            self._found.add(line)

    def _table(self, table: LexborNode) -> None:
        """Add a line for each row; a cell that reaches down leaves its place in the rows below empty."""
        caption = table.css_first("caption")
        if caption is not None:
            self._found.add(squeezed(caption.text()))
        reaching: dict[int, int] = {}
        for line in table.css("tr"):
            cells: list[str] = []
            for cell in (each for each in _children(line) if each.tag in {"td", "th"}):
                self._count()
                self._pass_over(cells, reaching)
                width, height = _span(cell, "colspan"), _span(cell, "rowspan")
                if height > 1:
                    reaching.update(dict.fromkeys(range(len(cells), len(cells) + width), height))
                cells += [cell.text(separator=" ") if cell.css_first("br, p, div, li") else cell.text()]
                cells += [""] * (width - 1)
            reaching = {column: left - 1 for column, left in reaching.items() if left > 1}
            if written := row(cells):
                self._found.add(written)

    @staticmethod
    def _pass_over(cells: list[str], reaching: dict[int, int]) -> None:
        while len(cells) in reaching and len(cells) < 1000:
            cells.append("")


def _children(node: LexborNode) -> Iterator[LexborNode]:
    child = node.child
    while child is not None:
        yield child
        child = child.next


def _is_data(table: LexborNode) -> bool:
    """Tell a table of data from one that only arranges a page: that holds tables, or one cell in each row."""
    if len(table.css("table")) > 1:
        return False
    return any(sum(each.tag in {"td", "th"} for each in _children(line)) > 1 for line in table.css("tr"))


def _span(cell: LexborNode, name: str) -> int:
    said = (cell.attributes.get(name) or "").strip()
    return min(max(int(said), 1), _MOST_SPAN) if said.isascii() and said.isdigit() and len(said) < 6 else 1
