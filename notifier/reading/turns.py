"""Turns of phrase around an expression: the few signs next to it, at the end of its label, topic and sentence.

What `words.toml` names by meaning covers most of the language, not all of it. How much each turn speaks for a deadline
was learnt with the words, from the same texts, and is kept in `turns.toml`.
"""

from collections.abc import Iterator

SHARE = 0.6
"""How much a turn counts beside a word with a meaning while the weights are learnt."""
_NEXT = 4
_BEFORE = 3
_ENDS = (2, 3, 4)
_FURTHER = 24
"""Signs behind the expression of which each pair counts; in front of it, a little fewer."""
_BACK = 20


def turns(label: str, topic: str, before: str, following: str, end: str) -> Iterator[str]:
    """Yield the turns: where each stands, and its signs. Nothing else is looked at, so the cost is always the same."""
    yield from (f"直後「{following[:length]}」" for length in range(1, min(_NEXT, len(following)) + 1))
    if not following:
        yield "直後「」"
    yield from (f"直前「{before[-length:]}」" for length in range(1, min(_BEFORE, len(before)) + 1))
    yield from (f"文末「{end[-length:]}」" for length in _ENDS if length <= len(end))
    for name, text in (("項目名", label), ("文の主題", topic)):
        yield from (f"{name}の末尾「{text[-length:]}」" for length in _ENDS if length <= len(text))
    parts = (("項目名", label), ("文の主題", topic), ("後", following[:_FURTHER]), ("前", before[-_BACK:]))
    for name, text in parts:
        pairs = dict.fromkeys(text[start : start + 2] for start in range(len(text) - 1))
        yield from (f"{name}の中「{pair}」" for pair in pairs)
