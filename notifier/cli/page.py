"""One self-contained page with one table: it can be saved, mailed and printed; nothing is fetched."""

from collections.abc import Iterable, Sequence
from html import escape

STYLE = """
body { font-family: "Noto Sans JP", "Hiragino Sans", "Yu Gothic", Meiryo, sans-serif; line-height: 1.6;
  color: #1a1a1c; background: #fff; margin: 2rem auto; max-width: 80rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; }
th, td { text-align: left; vertical-align: top; padding: 0.4rem 0.6rem; border-bottom: 1px solid #949494; }
th { background: #f1f1f4; position: sticky; top: 0; }
tr { break-inside: avoid; }
"""


def page(title: str, summary: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return the page as HTML, in Japanese; all texts are escaped."""
    heads = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    body = "\n".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"""<!DOCTYPE html>
<html lang="ja">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<h1>{escape(title)}</h1>
<p>{escape(summary)}</p>
<table>
<thead><tr>{heads}</tr></thead>
<tbody>
{body}
</tbody>
</table>
</body>
</html>"""
