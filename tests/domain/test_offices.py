"""Numbers and codes of offices: what their check digits say, and to which city a ward belongs."""

import pytest

from notifier.domain.offices import (
    DESIGNATED_CITIES,
    city_of,
    is_authority_code,
    is_corporate_number,
    is_plausible_number,
)


@pytest.mark.parametrize(
    "number,plausible",
    [
        ("1270000001", True),  # rule 1, in digits alone
        ("1270000002", False),
        ("12B0000002", True),  # B counts as eleven
        ("12B0000004", False),
        ("1110123455", True),  # rule 2: a medical institution in one of the prefectures 11 to 14
        ("2710123455", False),  # elsewhere there is no rule 2
    ],
)
def test_an_office_number_is_plausible_by_one_of_two_rules(number: str, plausible: bool) -> None:
    assert is_plausible_number(number) is plausible


@pytest.mark.parametrize(
    "text,right",
    [
        ("7000012050002", True),
        ("1180301018771", True),
        ("7000012050003", False),
        ("0000012050002", False),
        ("700001205000", False),
    ],
)
def test_the_first_digit_of_a_corporate_number_is_checked(text: str, right: bool) -> None:
    assert is_corporate_number(text) is right


@pytest.mark.parametrize(
    "code,city",
    [
        ("121011", "121002"),
        ("141313", "141305"),
        ("141518", "141500"),
        ("271403", "271403"),
        ("131016", "131016"),  # 千代田区 is a municipality
        ("122033", "122033"),
        ("321001", "321001"),  # numbered like a ward, in a prefecture without such a city
    ],
)
def test_a_ward_belongs_to_its_city(code: str, city: str) -> None:
    assert city_of(code) == city


def test_the_designated_cities_are_known_by_their_codes() -> None:
    assert len(set(DESIGNATED_CITIES)) == 20
    assert all(map(is_authority_code, DESIGNATED_CITIES))
