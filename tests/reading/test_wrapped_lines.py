"""Lines that were broken because they were full: what stands across the break is read as if it stood on one line."""

from datetime import date

from notifier.reading.expressions import Expression, read
from tests.reading.labelled import labelled

ISSUED = date(2026, 6, 1)
WIDTH = 38


def wrapped(text: str) -> str:
    """The text as a printer of 38 signs a line would set it; lines of tables stay whole."""
    rows: list[str] = []
    for line in text.split("\n"):
        is_table = any(sign in line for sign in "|｜\t")
        rows += (
            [line]
            if is_table or not line
            else [line[begin : begin + WIDTH] for begin in range(0, len(line), WIDTH)]
        )
    return "\n".join(rows)


def test_breaks_in_the_middle_of_expressions_change_nothing() -> None:
    before: list[Expression] = []
    after: list[Expression] = []
    for folder in ("twentyfourth", "twentyfifth", "twentysixth", "twentyseventh"):
        for notice in labelled(folder):
            before += read(notice.text, notice.issued).expressions
            after += read(wrapped(notice.text), notice.issued).expressions
    pairs = list(zip(before, after, strict=True))
    assert len(pairs) > 500
    alike = [(first.start, first.end, first.is_deadline) for first, _ in pairs]
    same = sum(
        each == (second.start, second.end, second.is_deadline)
        for each, (_, second) in zip(alike, pairs, strict=True)
    )
    assert same >= 0.99 * len(pairs)


def test_the_expression_is_quoted_with_its_break() -> None:
    text = (
        "補助金の交付を受けようとする事業者は、交付申請書に関係書類を添えて、12月2\n"
        "0日（日）までに市長へ提出しなければならない。"
    )
    (found,) = read(text, ISSUED).expressions
    assert (found.text, found.line, found.end) == ("12月2\n0日（日）まで", 1, date(2026, 12, 20))


def test_short_lines_and_fields_stay_apart() -> None:
    text = (
        "説明会に参加される事業所は次の日までに電子メールで申し込むこと\n申込期限：６月30日\n６月12日　説明会"
    )
    assert [each.text for each in read(text, ISSUED).expressions] == ["６月30日", "６月12日"]


def test_columns_set_with_spaces_are_no_prose() -> None:
    text = (
        "区分　　申込期間　　　　利用期間　　　抽選日\n前期　　6/1～6/20　　　　7/1～9/30　　　　6/25(木)\n"
    )
    assert [each.text for each in read(text, ISSUED).expressions] == ["6/1～6/20", "7/1～9/30", "6/25(木)"]


def test_the_head_of_a_column_set_with_spaces_says_what_a_day_is() -> None:
    text = (
        "区分　　申込期間　　　　抽選日\n前期　　6/1～6/19　　　6/25(木)\n後期　　9/1～9/18　　　9/25(金)\n"
    )
    found = read(text, ISSUED).expressions
    assert [each.is_deadline for each in found] == [True, False, True, False]
    assert found[3].sentence.startswith("抽選日 後期｜")
