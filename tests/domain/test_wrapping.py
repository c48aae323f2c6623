"""Lines of plain text that a Japanese reader finds well set."""

from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.wrapping import WIDTH, columns, wrap

JAPANESE = st.text("あいう漢字カナ。、（）「」ーっ1234 ABCabc/%", max_size=300)


def test_a_line_holds_thirty_eight_full_width_signs() -> None:
    assert wrap("あ" * 40) == f"{'あ' * 38}\nああ"


def test_a_full_stop_never_begins_a_line_nor_does_an_opening_bracket_end_one() -> None:
    assert wrap("あああ。", width=6) == "ああ\nあ。"
    assert wrap("ああ「あ」", width=6) == "ああ\n「あ」"


def test_numbers_words_and_addresses_stay_whole() -> None:
    assert wrap("期限は2026-03-13です", width=14) == "期限は\n2026-03-13です"
    assert wrap("https://example.jp/a/very/long/path", width=10) == "https://example.jp/a/very/long/path"


def test_a_space_at_a_break_is_not_printed() -> None:
    assert wrap("abc def", width=4) == "abc\ndef"


def test_every_line_is_indented_and_the_first_may_differ() -> None:
    assert wrap("ああああ", "　", "・", width=6) == "・ああ\n　ああ"


def test_line_breaks_of_the_text_stay() -> None:
    assert wrap("電話\n\n番号", "　") == "　電話\n\n　番号"


def test_a_combining_sign_takes_no_column() -> None:
    assert columns("か\u3099") == 2


@given(JAPANESE)
def test_wrapping_loses_nothing_but_spaces(text: str) -> None:
    assert wrap(text).replace("\n", "").replace(" ", "") == text.replace(" ", "")


@given(st.text("あいうえお漢字", max_size=300), st.integers(4, WIDTH))
def test_no_line_is_wider_than_asked_where_a_break_is_possible(text: str, width: int) -> None:
    assert all(columns(line) <= width for line in wrap(text, width=width).split("\n"))
