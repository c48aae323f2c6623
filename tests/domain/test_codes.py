"""Codes: what they withstand on paper, on the telephone and in mail programs."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.codes import OFFICES, SIGNS, Codes, codes_in, fold, read_code

CODES = Codes((b"a key of this installation",))
OFFICE = st.integers(0, OFFICES - 1)
DEADLINE = st.sampled_from(["free-pass/apply", "platform-subsidy/apply", "tech-grant-r8/effect-report"])


@given(OFFICE, DEADLINE, st.integers(0, 5))
def test_a_code_has_nine_signs_that_nobody_confuses(office: int, deadline: str, occurrence: int) -> None:
    code = CODES.of_office(office, deadline, occurrence)
    assert len(code) == 10
    assert code[4] == "-"
    assert set(code.replace("-", "")) <= set(SIGNS)
    assert CODES.of_office(office, deadline, occurrence) == code
    assert CODES.fits(code, office, deadline, occurrence)


@given(OFFICE, DEADLINE)
def test_a_code_leads_back_to_its_office(office: int, deadline: str) -> None:
    assert CODES.offices(CODES.of_office(office, deadline, 0)) == (office,)


def test_offices_beyond_the_last_beginning_share_one() -> None:
    far = CODES.of_office(OFFICES + 7, "free-pass/apply", 0)
    assert CODES.offices(far) == (7,)
    assert not CODES.fits(far, 7, "free-pass/apply", 0)
    assert CODES.fits(far, OFFICES + 7, "free-pass/apply", 0)


def test_codes_of_one_office_begin_alike_and_those_of_others_do_not() -> None:
    first, second = (CODES.of_office(12, name, 0) for name in ("free-pass/apply", "free-pass/renew"))
    assert first[:4] == second[:4]
    assert first != second
    assert CODES.of_office(12, "free-pass/apply", 1) != first
    assert len({CODES.of_office(each, "free-pass/apply", 0)[:4] for each in range(10_000)}) == 10_000


def test_another_key_gives_other_codes_and_an_old_key_still_reads_its_own() -> None:
    old, new = Codes((b"old",)), Codes((b"new", b"old"))
    code = old.of_office(3, "free-pass/apply", 0)
    assert new.of_office(3, "free-pass/apply", 0) != code
    assert new.fits(code, 3, "free-pass/apply", 0)
    assert 3 in new.offices(code)
    assert not Codes((b"new",)).fits(code, 3, "free-pass/apply", 0)


def test_secrets_become_keys() -> None:
    assert Codes.of_secrets("a", "b").keys == (*Codes.of_secrets("a").keys, *Codes.of_secrets("b").keys)
    assert "keys" not in repr(Codes.of_secrets("a"))


def test_an_authority_has_a_code_too_which_is_no_offices() -> None:
    code = CODES.of_party("authority/121002", "prefecture/inform", 0)
    assert read_code(code) == code
    assert not any(
        CODES.fits(code, office, "prefecture/inform", 0) for office in (*CODES.offices(code), 121002)
    )


@given(OFFICE, DEADLINE, st.data())
def test_one_wrong_sign_is_noticed(office: int, deadline: str, data: st.DataObject) -> None:
    code = CODES.of_office(office, deadline, 0)
    place = data.draw(st.sampled_from([*range(4), *range(5, 10)]))
    wrong = data.draw(st.sampled_from([sign for sign in SIGNS if sign != code[place]]))
    assert read_code(code[:place] + wrong + code[place + 1 :]) is None


@given(OFFICE, DEADLINE, st.data())
def test_two_signs_that_changed_places_are_noticed(office: int, deadline: str, data: st.DataObject) -> None:
    signs = list(CODES.of_office(office, deadline, 0))
    one, other = data.draw(
        st.lists(st.sampled_from([*range(4), *range(5, 10)]), min_size=2, max_size=2, unique=True)
    )
    code = "".join(signs)
    signs[one], signs[other] = signs[other], signs[one]
    changed = "".join(signs)
    assert changed == code or read_code(changed) is None


@pytest.mark.parametrize("joint", ["", "-", " ", "－", "ー", "−", "‐", "–", "　"])
@pytest.mark.parametrize("width", [str, str.lower, lambda text: "".join(map(_wide, text))])
def test_a_code_is_read_however_it_is_typed(joint: str, width: object) -> None:
    code = CODES.of_office(4711, "free-pass/apply", 0)
    assert callable(width)
    typed = width(code[:4]) + joint + width(code[5:])
    assert read_code(typed) == code
    assert [each.code for each in codes_in(fold(f"整理番号：{typed}です"))] == [code]


def _wide(sign: str) -> str:
    return chr(ord(sign) + 0xFEE0)


def test_signs_that_are_misread_are_taken_for_what_they_must_be() -> None:
    code = next(
        each
        for number in range(999)
        if {"8", "V"} <= set(each := CODES.of_office(number, "free-pass/apply", 0))
    )
    assert read_code(code.replace("8", "B").replace("V", "u")) == code


@given(st.text())
def test_whatever_is_typed_is_read_or_refused(typed: str) -> None:
    found = read_code(typed)
    assert found is None or unicodedata.is_normalized("NFKC", found)
    assert all(each.code == fold(each.code) for each in codes_in(fold(typed)))


@pytest.mark.parametrize(
    "text", ["1270000001", "2026-03-13", "電話 043-234-5678", "https://example.jp/23456789A"]
)
def test_other_numbers_are_no_codes(text: str) -> None:
    assert list(codes_in(fold(text))) == []


def test_a_code_inside_a_longer_word_is_none() -> None:
    code = CODES.of_office(4711, "free-pass/apply", 0)
    assert list(codes_in(f"X{code}")) == []
    assert list(codes_in(f"{code}7")) == []
