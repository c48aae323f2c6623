"""The vocabulary of facts and events: what may be asserted, about whom, by whom, with which data.

It is data (facts.toml), so a new duty brings its facts with it. Source: the project's contract on events.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, SchemaError
from jsonschema.exceptions import ValidationError

from notifier.catalogue.fitting import Fits, surely_fits
from notifier.catalogue.tables import Table, Written
from notifier.domain.dates import fiscal_year_of
from notifier.domain.facts import Value

SUBJECTS = ("office", "authority", "nation")
ASSERTERS = ("office", "prefecture", "municipality", "operator", "ministry", "editor")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in the data of an event: the steps that lead to the value, and the keyword it breaks."""

    path: tuple[str, ...]
    keyword: str


@dataclass(frozen=True)
class FactType:
    """One type of fact or event.

    `subject` says whom it is about (office, authority, nation), `asserted_by` who may assert it, `schema` is
    the JSON Schema (2020-12) of its data. `in_order` names days of which none may lie before the one named before it,
    which no schema can say.
    """

    type: str
    label: str
    subject: str
    asserted_by: tuple[str, ...]
    schema: Mapping[str, Any] = field(default_factory=dict, hash=False)
    in_order: tuple[str, ...] = ()

    @cached_property
    def _validator(self) -> Draft202012Validator:
        return Draft202012Validator(self.schema, format_checker=FormatChecker(["date"]))

    @cached_property
    def _surely_fits(self) -> Fits:
        return surely_fits(self.schema)

    @cached_property
    def value_names(self) -> frozenset[str]:
        """Return the names of the values that the data may carry."""
        return frozenset(self.schema.get("properties", {}))

    @cached_property
    def date_names(self) -> frozenset[str]:
        """Return the names of the values that are civil dates."""
        properties = self.schema.get("properties", {})
        return frozenset(name for name, said in properties.items() if said.get("format") == "date")

    def problems(self, data: object) -> list[str]:
        """Return what is wrong with `data`, in Japanese for who sent it; empty if nothing is."""
        errors = self._errors(data)
        if errors:
            return [line for error in errors for line in _in_japanese(error)]
        return [
            f"{late} は {early} と同じ日か、それより後の日にしてください"
            for early, late in self._crossed(data)
        ]

    def faults(self, data: object) -> list[Fault]:
        """Return where `data` breaks the schema and how, without repeating what was found; empty if it does not."""
        errors = self._errors(data)
        if errors:
            return list(dict.fromkeys(fault for error in errors for fault in _faults(error)))
        return [Fault((late,), "order") for _, late in self._crossed(data)]

    def _errors(self, data: object) -> list[ValidationError]:
        if self._surely_fits(data):
            return []
        return sorted(self._validator.iter_errors(data), key=lambda error: error.json_path)

    def _crossed(self, data: Any) -> list[tuple[str, str]]:
        """Return the pairs of days in data that fit the schema of which the later one lies before the earlier."""
        given = [name for name in self.in_order if name in data]
        return [(early, late) for early, late in pairwise(given) if data[late] < data[early]]

    def check(self, data: Mapping[str, Any], on: date | None = None) -> Mapping[str, Value]:
        """Return the values that a fact keeps: checked, defaults filled in, dates as dates.

        Where a fiscal year may be given and is not, it is the one in which the fact's day `on` lies. Lists
        and tables (contacts, services) stay with the event. Raises ValueError with every problem.
        """
        plain = {
            name: value.isoformat() if isinstance(value, date) else value for name, value in data.items()
        }
        problems = self.problems(plain)
        if problems:
            raise ValueError(f"{self.label}（{self.type}）: {'。'.join(problems)}")
        return self.values_of(plain, on)

    def values_of(self, data: Mapping[str, Any], on: date | None = None) -> Mapping[str, Value]:
        """Return the values that a fact keeps, as `check` does, of data in which `faults` has found none."""
        if "fiscal_year" in self.value_names and on is not None:
            data = {"fiscal_year": fiscal_year_of(on), **data}
        return dict(self._values(data))

    def _values(self, data: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
        for name, said in self.schema.get("properties", {}).items():
            value = data.get(name, said.get("default"))
            if value is None or isinstance(value, list | dict):
                continue
            yield name, date.fromisoformat(value) if said.get("format") == "date" else value


def _faults(error: ValidationError) -> list[Fault]:
    path = tuple(str(step) for step in error.absolute_path)
    keyword = str(error.validator)
    if keyword == "required":
        wanted: Any = error.validator_value
        found: Any = error.instance
        return [Fault((*path, name), keyword) for name in wanted if name not in found]
    # Of an unknown name only the place is told: the name is the sender's own text.
    return [Fault(path, keyword)]


_TYPE_NAMES = {
    "boolean": "true か false",
    "integer": "整数",
    "string": "文字列",
    "array": "一覧",
    "object": "項目と値の組",
}


def _in_japanese(error: ValidationError) -> list[str]:  # noqa: PLR0911 -- one line a keyword, read as a table
    where = ".".join(str(step) for step in error.absolute_path) or "データ"
    wanted: Any = error.validator_value
    found: Any = error.instance
    match error.validator:
        case "required":
            return [
                f"{name} がありません"
                for name in wanted
                if name not in found and f"'{name}'" in error.message
            ]
        case "additionalProperties":
            schema: Any = error.schema
            known = schema.get("properties", {})
            return [f"{name} という項目はありません" for name in found if name not in known]
        case "type":
            return [f"{where} は{_TYPE_NAMES.get(wanted, wanted)}で書いてください"]
        case "format":
            return [f"{where} は 2026-04-20 の形の日付で書いてください"]
        case "enum":
            return [f"{where} は {'、'.join(map(str, wanted))} のいずれかです"]
        case "pattern":
            return [f"{where} の形が違います（{found}）"]
        case _:
            return [f"{where}: {error.message}"]


def read_fact_type(written: Written) -> FactType:
    """Read one `[[fact]]`. Raises ValueError with the key and the mend."""
    table = Table(written, "the fact")
    schema = dict(table.raw("schema") or {})
    schema = {"type": "object", "additionalProperties": False, "properties": {}, **schema}
    found = FactType(
        table.text("type"),
        table.text("label"),
        table.text("subject"),
        table.texts("asserted_by"),
        schema,
        table.texts("in_order"),
    )
    table.finish()
    if not set(found.in_order) <= found.date_names:
        raise ValueError(f"`in_order` must name days of the data; found {list(found.in_order)}")
    if found.subject not in SUBJECTS:
        raise ValueError(f"`subject` must be one of {list(SUBJECTS)}; found {found.subject!r}")
    if not found.asserted_by or not set(found.asserted_by) <= set(ASSERTERS):
        raise ValueError(
            f"`asserted_by` must name some of {list(ASSERTERS)}; found {list(found.asserted_by)}"
        )
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise ValueError(f"`schema` is no JSON Schema: {error.message}") from error
    return found
