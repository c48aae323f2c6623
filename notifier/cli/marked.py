"""A read notice as one self-contained page: its text with the expressions marked, and their list.

What a mark means is written beside it and drawn by its frame; colour only repeats it.
"""

from collections.abc import Iterator, Sequence
from html import escape

from notifier.cli.page import STYLE
from notifier.reading.expressions import Expression, Reading

_STYLE = (
    STYLE
    + """
.text { font-size: 1rem; line-height: 2.1; border-top: 1px solid #949494; border-bottom: 1px solid #949494; }
.line { display: grid; grid-template-columns: 4rem 1fr; }
.line > a { color: #595959; text-align: right; padding-right: 1rem; text-decoration: none; user-select: none; }
.line > span { white-space: pre-wrap; overflow-wrap: anywhere; }
mark { background: #f1f1f4; color: inherit; border: 1px solid #6b6b70; border-radius: 0.2rem; padding: 0.1rem 0.2rem; }
mark.deadline { background: #fff3d6; border: 2px solid #7a4100; font-weight: 700; }
mark.tentative { border-style: dashed; }
mark.unclear { border-style: double; border-width: 3px; }
mark small { font-size: 0.75rem; font-weight: 400; margin-left: 0.25rem; }
th a, .line > a { text-underline-offset: 0.2em; }
td a, th a { color: #0017c1; }
a:focus-visible { outline: 3px solid #0017c1; outline-offset: 2px; }
@media print { .line { break-inside: avoid; } }
"""
)


def marked_page(
    reading: Reading, title: str, summary: str, columns: Sequence[str], rows: Sequence[Sequence[str]]
) -> str:
    """Return the page as HTML, in Japanese. `rows` describe the expressions in order; everything is escaped."""
    heads = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    body = "\n".join(
        "<tr>" + "".join(_cell(cell, number, index) for index, cell in enumerate(row)) + "</tr>"
        for number, row in enumerate(rows, 1)
    )
    lines = "\n".join(_lines(reading))
    return f"""<!DOCTYPE html>
<html lang="ja">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{escape(title)}</h1>
<p>{escape(summary)}</p>
<h2>凡例</h2>
<p><mark class="deadline">太枠<small>期限</small></mark>　期限・期間など、守る日や使える期間<br>
<mark class="tentative">破線<small>予定</small></mark>　予定・見込み<br>
<mark class="unclear">二重線<small>要確認</small></mark>　見つけたが読み取れない、または文書の中で食い違う<br>
<mark>細枠</mark>　そのほかの日付・期間</p>
<h2>一覧</h2>
<table>
<thead><tr>{heads}</tr></thead>
<tbody>
{body}
</tbody>
</table>
<h2>本文</h2>
<div class="text">
{lines}
</div>
</main>
</body>
</html>"""


def _cell(cell: str, number: int, index: int) -> str:
    if index == 0:
        return f'<th scope="row"><a href="#e{number}">{escape(cell)}</a></th>'
    return f"<td>{escape(cell)}</td>"


def labels(expression: Expression) -> list[str]:
    """Return what is written beside the mark of an expression."""
    unclear = {"not-understood", "weekday-mismatch", "past-at-issue", "conflict", "ocr-suspect"}
    said = [
        ("期限", expression.is_deadline),
        ("予定", expression.tentative),
        ("要確認", bool(unclear & set(expression.flags))),
    ]
    return [label for label, holds in said if holds]


def _lines(reading: Reading) -> Iterator[str]:
    """Yield the lines of the text with their numbers; an expression over a line break is marked on both lines."""
    waiting = list(enumerate(reading.expressions, 1))[::-1]
    offset = 0
    carried: tuple[int, Expression] | None = None
    for number, line in enumerate(reading.text.split("\n"), 1):
        end, pieces, here = offset + len(line), [], offset
        while carried or (waiting and waiting[-1][1].offset < end):
            index, expression = carried or waiting.pop()
            opens, closes = max(expression.offset, offset), expression.offset + len(expression.text)
            pieces += [
                escape(reading.text[here:opens]),
                _mark(reading.text[opens : min(closes, end)], index, expression, is_first=carried is None),
            ]
            here = min(closes, end)
            carried = (index, expression) if closes > end else None
            if carried:
                break
        pieces.append(escape(reading.text[here:end]))
        yield f'<div class="line" id="L{number}"><a href="#L{number}">{number}</a><span>{"".join(pieces)}</span></div>'
        offset = end + 1


def _mark(text: str, number: int, expression: Expression, *, is_first: bool) -> str:
    names = {"期限": "deadline", "予定": "tentative", "要確認": "unclear"}
    said = labels(expression)
    classes = " ".join(names[label] for label in said)
    identity = f' id="e{number}"' if is_first else ""
    note = f"<small>{'・'.join(said)}</small>" if said and is_first else ""
    return f'<mark{identity} class="{classes}">{escape(text)}{note}</mark>'
