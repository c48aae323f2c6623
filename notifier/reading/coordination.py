"""Times that share a predicate or a label: what is said of one member of a list holds for all.

納期は６月、８月及び10月の末日; 個人は７月15日、法人は10月15日まで.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

from notifier.reading.evidence import speaks_of
from notifier.reading.findings import Expression
from notifier.reading.phrases import Phrase, Shape

_ASIDE = r"(?:[ ]?\([^()\n]{0,24}\))?"
_AND = "、|,|・|及び|並びに|又は|または|および|若しくは|と|;"
_LISTED = re.compile(rf"{_ASIDE}[ ]?(?:{_AND})[ ]?(?:及び|又は)?[ ]?")
_NOUN = "[0-9一-龥ァ-ヶーA-Za-z()・々○]"
_COORDINATED = re.compile(
    rf"{_ASIDE}[、,;/][ ]?(?:{_NOUN}|の(?=[一-龥ァ-ヶー])){{1,20}}(?:には|にあっては|については|は|が|:)?[ ]?"
)
_SPELT_OUT = re.compile(r"[ ]?(?:\(|の)")
"""Between a range and its length: 令和9年4月1日～令和12年3月31日（3年間）."""
_TOPIC = re.compile(r"([^、。\n:]{1,16})(?:には|は|が|:)[ ]?$")
_DATED = frozenset((Shape.MOMENT, Shape.RANGE, Shape.FROM_LENGTH))
_REACH = 40


def is_listed(text: str, first: Phrase, second: Phrase) -> bool:
    """Say whether nothing but a conjunction, or a remark in brackets, stands between two phrases of one shape."""
    return first.shape is second.shape and _LISTED.fullmatch(text, first.end, second.start) is not None


def alike_in_lists(row: list[Expression], text: str, found: tuple[Phrase, ...]) -> list[Expression]:
    """Return the expressions; those that are coordinated are deadlines, or none is, by what speaks for all of them.

    What is ruled out for itself, such as an hour, stays as it is.
    """
    result = list(row)
    for members in _groups(len(row), _joined(text, found)):
        weighed = [(index, total) for index in members if (total := row[index].weighed) is not None]
        if len({row[index].is_deadline for index, _ in weighed}) < _BOTH:
            continue
        is_deadline = sum(total for _, total in weighed) > 0
        for index, _ in weighed:
            result[index] = _as_all(result[index], is_deadline=is_deadline)
    return result


_BOTH = 2


def _groups(size: int, pairs: Iterable[tuple[int, int]]) -> Iterator[list[int]]:
    """Yield the places that are joined with one another, each group in the order of the text."""
    first = list(range(size))
    for one, other in pairs:
        first[other] = first[one]
    groups: dict[int, list[int]] = {}
    for index, head in enumerate(first):
        groups.setdefault(head, []).append(index)
    return (members for members in groups.values() if len(members) > 1)


def _joined(text: str, found: tuple[Phrase, ...]) -> Iterator[tuple[int, int]]:
    for index, (first, second) in enumerate(pairwise(found)):
        if second.start - first.end > _REACH:
            continue
        is_length_of = second.shape is Shape.LENGTH and _SPELT_OUT.fullmatch(text, first.end, second.start)
        if is_listed(text, first, second) or is_length_of or _is_coordinated(text, first, second):
            yield index, index + 1
        # 第１四半期は７月15日、第２四半期は10月15日まで: what is between the two days only says of which.
        if index + 2 < len(found) and _is_coordinated(text, first, found[index + 2]):
            yield index, index + 2


def _is_coordinated(text: str, first: Phrase, second: Phrase) -> bool:
    if first.shape not in _DATED or second.shape not in _DATED or _is_whole(first) or _is_whole(second):
        return False
    if second.start - first.end > _REACH or _COORDINATED.fullmatch(text, first.end, second.start) is None:
        return False
    own = _TOPIC.search(text, max(0, first.start - 20), first.start)
    between = text[first.end : second.start]
    # 説明会は６月１日、申込期限は５月20日: the labels themselves tell of what kind each day is.
    return not (speaks_of(between, 1) or (own is not None and speaks_of(own[1], -1)))


def _is_whole(phrase: Phrase) -> bool:
    """Say whether the phrase names a whole year or half year: it says of which, not when."""
    moment = phrase.moment
    return phrase.shape is Shape.MOMENT and moment is not None and not moment.has_month and moment.day is None


def _as_all(expression: Expression, *, is_deadline: bool) -> Expression:
    if expression.is_deadline is is_deadline:
        return expression
    reason = "同じ並びの日付が期限" if is_deadline else "同じ並びの日付は期限でない"
    return replace(expression, is_deadline=is_deadline, reasons=(*expression.reasons, reason))
