"""Care offices (介護事業所) as the rules see them."""

import re
from dataclasses import dataclass

from notifier.domain.facts import Fact


@dataclass(frozen=True, slots=True)
class Office:
    """One office number with the services it is designated for.

    `number` is the ten-character 介護保険事業所番号 (text: position 3 may be a letter), `services` the
    two-character 介護サービス種類コード, `municipality` and `prefecture` six-digit 団体コード, `staff` a head
    count or None.
    """

    number: str
    name: str
    services: frozenset[str]
    municipality: str
    prefecture: str
    staff: int | None = None
    facts: tuple[Fact, ...] = ()

    @property
    def authorities(self) -> tuple[str, str]:
        """Return the authorities that may set dates for this office, the nearest first."""
        return (self.municipality, self.prefecture)


def with_check_digit(digits: str) -> str:
    """Return the first five digits of a 団体コード with the sixth.

    Source: 総務省, 全国地方公共団体コード: modulus 11 with the weights 6 to 2.
    """
    weighted = sum(int(digit) * weight for digit, weight in zip(digits, (6, 5, 4, 3, 2), strict=True))
    return f"{digits}{(11 - weighted % 11) % 10}"


def is_authority_code(code: str) -> bool:
    """Tell whether `code` is the 団体コード of a prefecture or municipality: six digits with their check digit."""
    is_number = len(code) == 6 and code.isascii() and code.isdigit()
    return is_number and 1 <= int(code[:2]) <= 47 and with_check_digit(code[:5]) == code


def prefecture_code(code: str) -> str:
    """Return the 団体コード of the prefecture in which the authority `code` lies; its own for a prefecture."""
    return with_check_digit(f"{code[:2]}000")


DESIGNATED_CITIES = (
    "011002", "041009", "111007", "121002", "141003", "141305", "141500", "151009", "221007", "221309",
    "231002", "261009", "271004", "271403", "281000", "331007", "341002", "401005", "401307", "431001",
)  # fmt: skip
"""The 政令指定都市 (地方自治法252条の19, twenty since 2012), by code: their wards (区) have codes of their own."""
_TOKYO = "13"


def city_of(code: str) -> str:
    """Return the 団体コード of the city to which the ward `code` belongs; `code` itself if it is no ward.

    The wards of a 政令指定都市 are numbered after it; those of Tokyo (特別区) are municipalities themselves.
    """
    if code[:2] == _TOKYO or code[2] != "1":
        return code
    before = [city for city in DESIGNATED_CITIES if city[:2] == code[:2] and city[:5] <= code[:5]]
    return before[-1] if before else code


def is_plausible_number(number: str) -> bool:
    """Tell whether the check digit of a 介護保険事業所番号 (ten characters) is right by one of the two rules.

    Source: 厚生労働省, 介護保険事業所番号の設定: modulus 10 with the weights 2, 1, 2 … over nine characters, sums of
    digits, A as 10, B as 11. Numbers taken over from medical institutions in the prefectures 11 to 14 keep the digit of
    their seven: weights 1, 2 … over the characters 4 to 9. A few real numbers (26 of 40,420) follow neither.
    """
    values = [int(each, 36) for each in number]
    first = _check_digit(values[:9], (2, 1))
    second = _check_digit(values[3:9], (1, 2)) if "11" <= number[:2] <= "14" else None
    return values[9] in (first, second)


def _check_digit(values: list[int], weights: tuple[int, int]) -> int:
    weighted = [value * weights[place % 2] for place, value in enumerate(values)]
    return -sum(sum(divmod(each, 10)) for each in weighted) % 10


def is_corporate_number(text: str) -> bool:
    """Tell whether `text` is a 法人番号: thirteen digits, the first of them the check digit.

    Source: 法人番号の指定等に関する省令2条: nine minus the remainder by nine of the twelve others, weighted 1, 2 … from
    the right.
    """
    if not re.fullmatch(r"[1-9][0-9]{12}", text):
        return False
    weighted = sum(int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(text[1:])))
    return int(text[0]) == 9 - weighted % 9
