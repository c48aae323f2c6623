"""Numbers as notices write them: in figures, in 漢数字 (二十三, 二〇二六), and 元 for the first year of an era."""

_DIGITS = {sign: value for value, sign in enumerate("〇一二三四五六七八九")}
_UNITS = {"十": 10, "百": 100, "千": 1000}


def number(text: str) -> int:
    """Return the number that `text` writes; 元 is 1. Raises ValueError for anything else.

    Figures are taken in any width; 漢数字 with units (二十三) and without (二三, 二〇二六).
    """
    if text == "元":
        return 1
    if not set(text) <= _DIGITS.keys() | _UNITS.keys():
        return int(text)
    if not _UNITS.keys() & set(text):
        return int("".join(str(_DIGITS[sign]) for sign in text))
    total, digit = 0, None
    for sign in text:
        if sign in _UNITS:
            total += _UNITS[sign] * (1 if digit is None else digit)
            digit = None
        else:
            digit = _DIGITS[sign]
    return total + (digit or 0)
