"""Facts on an office's page: the fields in which they are asserted follow from the JSON Schema of their data."""

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from notifier.catalogue.vocabulary import FactType
from notifier.domain import dates
from notifier.domain.facts import FactPattern, Value
from notifier.web.forms import Form
from notifier.web.office.asking import Field
from notifier.web.wording import VALUES

EARLIEST: Final = date(2000, 4, 1)
"""Care insurance began on this day (介護保険法 附則 1)."""
YES_NO: Final = (("true", "はい"), ("false", "いいえ"))
CHOICES: Final = {
    "cpdl": "ケアプランデータ連携システム",
    "web-service": "介護保険資格確認等WEBサービス",
    "kanamic": "カナミック",
    "fujitsu-shikoku": "富士通四国インフォテック",
    "dendenmushi": "でんでん虫",
    "mamenet": "まめネット",
}
HINTS: Final = {
    "partner": "相手の事業所の、10桁の番号です。",
    "licence_until": "わかるときだけ入力してください。",
    "certificate_until": "わかるときだけ入力してください。",
    "tier": "届け出た区分を、そのまま入力してください。",
}


def may_assert(kinds: Mapping[str, FactType], names: Sequence[str]) -> list[FactType]:
    """Return those of the types that an office may assert about itself, in order."""
    known = [kinds[name] for name in dict.fromkeys(names) if name in kinds]
    return [kind for kind in known if "office" in kind.asserted_by and kind.subject == "office"]


def fields_of(kind: FactType, given: Mapping[str, Value]) -> tuple[Field, ...]:
    """Return the fields for what a fact's data still need; what is `given` is not asked for."""
    required = set(kind.schema.get("required", ()))
    # Of what year a duty is done follows from the duty, where it comes every year; no office is asked for it.
    known = {*given, *({"fiscal_year"} - required)}
    wanted = {name: said for name, said in kind.schema.get("properties", {}).items() if name not in known}
    return tuple(_field(name, said, needed=name in required) for name, said in wanted.items())


def _field(name: str, said: Mapping[str, Any], *, needed: bool) -> Field:
    label, hint = VALUES.get(name, name), HINTS.get(name, "")
    first = said.get("default")
    if said.get("type") == "boolean":
        shown = "" if first is None else str(first).lower()
        return Field("radios", name, label, hint, needed, YES_NO, shown)
    if "enum" in said:
        options = tuple((each, CHOICES.get(each, each)) for each in said["enum"])
        return Field("choice", name, label, hint, needed, options, str(first or ""))
    if said.get("format") == "date":
        return Field("day", name, label, hint, needed)
    return Field("text", name, label, hint, needed, first=str(first or ""))


def read(kind: FactType, form: Form, on: date, given: Mapping[str, Value]) -> Mapping[str, Value]:
    """Return the checked data that were typed; what is wrong is noted in the form, by field."""
    data: dict[str, Any] = {name: _plain(value) for name, value in given.items()}
    for field in fields_of(kind, given):
        found = _read(kind.schema["properties"][field.name], field, form)
        if found is not None:
            data[field.name] = found
    if not form.is_right:
        return {}
    faults = kind.faults(data)
    for fault in faults:
        name = fault.path[0] if fault.path else ""
        form.wrong(
            name, f"{VALUES.get(name, '内容')}の形が違います。{HINTS.get(name, '')}もう一度入力してください。"
        )
    return {} if faults else kind.check(data, on)


def _read(said: Mapping[str, Any], field: Field, form: Form) -> object:
    if said.get("format") == "date":
        day = form.day(field.name, field.label, needed=field.needed)
        return None if day is None else day.isoformat()
    if said.get("type") == "integer":
        low, high = int(said.get("minimum", 0)), int(said.get("maximum", 1_000_000))
        return form.number(field.name, field.label, low=low, high=high, needed=field.needed)
    if field.options:
        chosen = form.one_of(
            field.name, field.label, [value for value, _ in field.options], needed=field.needed
        )
        return chosen == "true" if said.get("type") == "boolean" and chosen else chosen or None
    written = form.text(field.name, field.label, needed=field.needed)
    # What has a pattern is a number of some kind: typed full-width it is the same.
    return (unicodedata.normalize("NFKC", written).upper() if "pattern" in said else written) or None


def _plain(value: Value) -> object:
    return value.isoformat() if isinstance(value, date) else value


def span_of(pattern: FactPattern, today: date) -> tuple[date, date]:
    """Return from when to when, both inclusive, the day of a fact may lie."""
    return max(pattern.since or EARLIEST, EARLIEST), min(pattern.until or today, today)


def told(kind: FactType, values: Mapping[str, Value]) -> list[tuple[str, str]]:
    """Return what will be recorded, as (name, value) for a reader."""
    return [
        (VALUES.get(name, name), _shown(value)) for name, value in values.items() if name in kind.value_names
    ]


def _shown(value: Value) -> str:
    match value:
        case bool():
            return "はい" if value else "いいえ"
        case date():
            return dates.day_label(value)
        case None:
            return "なし"
        case _:
            return CHOICES.get(str(value), str(value))
