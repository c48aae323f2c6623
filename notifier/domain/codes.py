"""Codes (整理番号): nine characters that name one item of one office, to be typed, told on the telephone or mailed back.

`K7MP-4XQT3`: four characters for the office, four for the deadline and its occurrence, one to check. The same item
has the same code in every letter, and the same office the same beginning. A code is worked out, never kept: the
office's number in the database goes through a small keyed permutation and can be read back, the rest is a keyed
digest. Without the installation's key nobody can make one that fits; with one code nobody can make another.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

SIGNS: Final = "23456789ACDEFGHJKMNPQRSTVWXYZ"
"""29 signs, a prime: no 0 and O, no 1, I and L, no U (V) and no B (8)."""

_HALF: Final = len(SIGNS) ** 2
OFFICES: Final = _HALF**2
"""How many offices have a beginning of their own; number n shares it with n + OFFICES."""
_ROUNDS: Final = 4
_PART = 4
_WEIGHTS: Final = (*range(1, 2 * _PART + 1), -1)
"""All different and none of them 0 modulo 29: one wrong sign, or two that changed places, never pass unseen."""

_CONFUSED: Final = str.maketrans("BU", "8V")
_JOINT = "[-\u2010-\u2015\u2212\u30fc\u2500 ]?"  # what keyboards and mail programs make of a hyphen
_WRITTEN: Final = re.compile(f"(?<![0-9A-Z])([{SIGNS}BU]{{4}}){_JOINT}([{SIGNS}BU]{{5}})(?![0-9A-Z])")


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes of one installation. Each of `keys` has 64 bytes at most: the first one writes, all of them read."""

    keys: tuple[bytes, ...] = field(default=(b"",), repr=False)

    @classmethod
    def of_secrets(cls, *secrets: str) -> "Codes":
        """Return the codes of an installation with these secrets, the present one first."""
        return cls(
            tuple(blake2b(each.encode(), digest_size=32, person=b"key of codes").digest() for each in secrets)
        )

    def of_office(self, office: int, deadline: str, occurrence: int) -> str:
        """Return the code of an item of the office with this id (≥ 0) in the database."""
        return _of_office(self.keys[0], office, deadline, occurrence)

    def of_party(self, party: str, deadline: str, occurrence: int) -> str:
        """Return the code of an item of somebody else, an authority say: a name for people, to be traced by no one."""
        key = self.keys[0]
        return _whole(_digest(key, "party", party) % OFFICES, _item(key, party, deadline, occurrence))

    def offices(self, code: str) -> tuple[int, ...]:
        """Return the ids below OFFICES to which `code` may belong, one for each key. `code` is as written here."""
        return tuple(dict.fromkeys(_reverse(key, _value(code[:_PART])) for key in self.keys))

    def fits(self, code: str, office: int, deadline: str, occurrence: int) -> bool:
        """Tell whether `code` is that of this item, under any of the keys."""
        return any(code == _of_office(key, office, deadline, occurrence) for key in self.keys)


NAMELESS: Final = Codes()
"""The codes of no installation, for simulations."""


@dataclass(frozen=True, slots=True)
class Found:
    """A code found in a text, and where: from `start` inclusive to `end` exclusive, in characters of the folded text."""

    code: str
    start: int
    end: int


def fold(text: str) -> str:
    """Return `text` as codes are sought in it: full-width and half-width alike (NFKC), in capitals."""
    return unicodedata.normalize("NFKC", text).upper()


def codes_in(folded: str) -> Iterator[Found]:
    """Yield the codes in a folded text whose check sign is right, in order."""
    for match in _WRITTEN.finditer(folded):
        signs = (match[1] + match[2]).translate(_CONFUSED)
        if _is_whole(signs):
            yield Found(_shown(signs), *match.span())


def read_code(typed: str) -> str | None:
    """Return the one code that somebody typed, in the form in which it is printed; None if it cannot be one."""
    match = _WRITTEN.fullmatch("".join(fold(typed).split()))
    signs = (match[1] + match[2]).translate(_CONFUSED) if match else ""
    return _shown(signs) if _is_whole(signs) else None


def _of_office(key: bytes, office: int, deadline: str, occurrence: int) -> str:
    return _whole(_permute(key, office % OFFICES), _item(key, office, deadline, occurrence))


def _item(key: bytes, whose: str | int, deadline: str, occurrence: int) -> int:
    return _digest(key, "item", whose, deadline, occurrence) % OFFICES


def _permute(key: bytes, number: int) -> int:
    """Return `number` under a Feistel network over two digits to the base of 841."""
    left, right = divmod(number, _HALF)
    for turn in range(_ROUNDS):
        left, right = right, (left + _digest(key, turn, right)) % _HALF
    return left * _HALF + right


def _reverse(key: bytes, number: int) -> int:
    left, right = divmod(number, _HALF)
    for turn in reversed(range(_ROUNDS)):
        left, right = (right - _digest(key, turn, left)) % _HALF, left
    return left * _HALF + right


def _digest(key: bytes, *parts: str | int) -> int:
    written = "\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(written, key=key, digest_size=8, person=b"item code").digest(), "big")


def _whole(office: int, item: int) -> str:
    signs = _signs(office) + _signs(item)
    check = sum(weight * SIGNS.index(sign) for weight, sign in zip(_WEIGHTS, signs, strict=False))
    return _shown(signs + SIGNS[check % len(SIGNS)])


def _signs(number: int) -> str:
    signs = ""
    for _ in range(_PART):
        number, index = divmod(number, len(SIGNS))
        signs = SIGNS[index] + signs
    return signs


def _value(signs: str) -> int:
    number = 0
    for sign in signs:
        number = number * len(SIGNS) + SIGNS.index(sign)
    return number


def _is_whole(signs: str) -> bool:
    return bool(signs) and not sum(
        weight * SIGNS.index(sign) for weight, sign in zip(_WEIGHTS, signs, strict=True)
    ) % len(SIGNS)


def _shown(signs: str) -> str:
    return f"{signs[:_PART]}-{signs[_PART:]}"
