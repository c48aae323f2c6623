"""Care offices (介護事業所) as the rules see them."""

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
