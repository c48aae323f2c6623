"""The grammar against invented notices of every kind, whose expressions were marked before it was written."""

import pytest

from notifier.reading.expressions import Expression, read
from tests.reading.labelled import UNSEEN, Label, Labelled, labelled

SEEN = labelled("seen")
LATER = [notice for folders in UNSEEN.values() for folder in folders for notice in labelled(folder)]


def overlapping(label: Label, found: tuple[Expression, ...]) -> Expression | None:
    """The expression that shares most signs with the label."""
    shared = {
        index: min(each.offset + len(each.text), label.offset + len(label.text))
        - max(each.offset, label.offset)
        for index, each in enumerate(found)
    }
    best = max(shared, key=lambda index: shared[index], default=None)
    return found[best] if best is not None and shared[best] > 0 else None


@pytest.mark.parametrize("notice", SEEN, ids=lambda notice: notice.name)
def test_every_marked_expression_is_read_as_its_author_meant_it(notice: Labelled) -> None:
    reading = read(notice.text, notice.issued)
    wanted = [(each.text, each.kind, each.start, each.end) for each in notice.labels]
    assert [(each.text, each.kind, each.start, each.end) for each in reading.expressions] == wanted


def test_on_notices_the_grammar_was_not_built_on_the_aims_are_met() -> None:
    marked = found = understood = read_in_all = deadlines = told = 0
    for notice in LATER:
        reading = read(notice.text, notice.issued)
        read_in_all += len(reading.expressions)
        for label in notice.labels:
            expression = overlapping(label, reading.expressions)
            marked += 1
            deadlines += label.is_deadline
            if expression is not None:
                found += 1
                is_right = (expression.kind, expression.start, expression.end) == (
                    label.kind,
                    label.start,
                    label.end,
                )
                understood += is_right
                told += is_right and label.is_deadline and expression.is_deadline
    assert marked > 725
    assert found >= 0.97 * marked
    assert found >= 0.97 * read_in_all
    assert understood >= 0.97 * found
    assert told >= 0.95 * deadlines
