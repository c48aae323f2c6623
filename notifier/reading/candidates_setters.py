"""Who a passage leaves the day to: 提出期限は市町村が別に定める, 知事が指定する日まで, 締切は指定権者により異なります."""

import re
from typing import Final

NATION: Final = "nation"
"""The nation itself; the law as data knows no such setter, for what it sets comes by a notice of its own."""

_WHO: Final = (
    ("designation-authority", r"指定権者|指定(?:等)?を行(?:う|った)(?:都道府県|市区?町村|自治体|者)"),
    ("prefecture", r"都道府県(?:知事)?|(?<![一-龥])(?:[一-龥]{1,3})?県(?:知事)?|知事"),
    ("municipality", r"市区?町村長?|保険者|(?<![一-龥])[一-龥]{0,4}(?:市|町|村|特別区|区)長|(?<![一-龥])市"),
    (NATION, r"国|厚生労働省|厚生労働大臣|[一-龥]{2,6}大臣"),
)
_NAMED: Final = "|".join(f"(?P<{setter.partition('-')[0]}>{names})" for setter, names in _WHO)
_SETS: Final = (
    r"(?:等)?(?:が|の|において|で|により|によって|ごとに|から|より)、?"
    r"(?:別に|別途|それぞれ|個別に|あらかじめ|改めて|後日|、)*(?:公示により|通知により|書面で)?"
)
_DAY: Final = (
    r"(?:期限|期日|締め?切り?|[〆]切|提出日|申請日|(?:受付|申請|募集|提出|申込)(?:の)?期間|時期|日程)"
)
_DAY_OF_WHOM = re.compile(
    rf"(?:{_NAMED}){_SETS}(?:定め|指定し|指定す|設定し|設定す|示し|示す|決め)(?:る|た)?(?:日|{_DAY})"
)
"""知事が別に定める日."""
_LEFT_TO = re.compile(
    rf"{_DAY}(?:等|など)?(?:は|については|に関しては|につきましては|(?:及び|・)[^。、]{{1,10}}は)、?[^。]{{0,20}}?"
    rf"(?:{_NAMED}){_SETS}(?:定め|指定|設定|決め|示|通知|お知らせ|案内|公表|異な)(?!額|単価)"
)
"""提出期限は、市町村が別に定める."""


def left_to(text: str) -> str | None:
    """Return who sets the day according to a normalised passage, None if it leaves it to nobody.

    `prefecture`, `municipality`, `designation-authority`, as the law as data writes them, or `nation`.
    """
    for pattern in (_DAY_OF_WHOM, _LEFT_TO):
        found = pattern.search(text)
        if found is not None:
            return next(setter for setter, _ in _WHO if found[setter.partition("-")[0]] is not None)
    return None
