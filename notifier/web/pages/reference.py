"""The reference of the API: one page to read, made from the same description that programs are given."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from notifier.web.api.problems import TITLES
from notifier.web.pages import answer

PREFIX: Final = "#/components/schemas/"
PLACES: Final = {"path": "アドレスの中", "query": "アドレスの後", "header": "ヘッダー"}
PLAIN: Final = {
    "string": "文字",
    "integer": "整数",
    "number": "数",
    "boolean": "true / false",
    "object": "表",
    "array": "並び",
    "null": "null",
}
FORMATS: Final = {"date": "日付", "date-time": "日時"}


@dataclass(frozen=True, slots=True)
class Kind:
    """What kind of value is meant: words, and the name of the shape they lead to, "" if it has none of its own."""

    words: str
    shape: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter, or one member of a shape."""

    name: str
    kind: Kind
    required: bool
    text: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it is shown."""

    anchor: str
    method: str
    path: str
    summary: str
    note: str
    scope: str | None
    roles: tuple[str, ...]
    fields: tuple[Field, ...]
    bodies: tuple[tuple[str, Kind], ...]
    answers: tuple[tuple[str, str, Kind], ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of a body or an answer."""

    name: str
    title: str
    fields: tuple[Field, ...]


def page_of(document: dict[str, Any]) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return what answers with the page for `document`, which is read once."""
    calls = list(_calls(document["paths"]))
    groups = {
        tag["name"]: [call for group, call in calls if group == tag["name"]] for tag in document["tags"]
    }
    schemas = document["components"]["schemas"]
    shapes = [_shape(name, said) for name, said in sorted(schemas.items()) if not name.startswith("data.")]
    hooks = [
        (name, said["post"]["summary"], _kind(_data_of(said["post"])))
        for name, said in document["webhooks"].items()
    ]
    told = next((said["post"]["description"] for said in document["webhooks"].values()), "")
    events = [_shape(name, said) for name, said in sorted(schemas.items()) if name.startswith("data.")]

    async def show(request: web.Request) -> web.Response:
        return answer.page(
            request,
            "reference.html",
            "",
            about=document["info"]["description"],
            groups=groups,
            shapes=shapes,
            events=events,
            hooks=hooks,
            told=told,
            problems=TITLES,
        )

    return show


def _data_of(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema of what a message carries."""
    (content,) = said["requestBody"]["content"].values()
    found: Mapping[str, Any] = content["schema"]["properties"]["data"]
    return found


def _calls(paths: Mapping[str, Mapping[str, Any]]) -> Iterable[tuple[str, Call]]:
    for path, methods in paths.items():
        for method, said in methods.items():
            answers = [(status, each) for status, each in said["responses"].items() if status < "300"]
            faults = [each["description"] for status, each in said["responses"].items() if status >= "400"]
            codes = [line.partition(":")[0] for each in faults for line in each.splitlines()]
            bodies = said.get("requestBody", {}).get("content", {})
            yield (
                said["tags"][0],
                Call(
                    f"{method}{path}".replace("/", "-").translate({ord(sign): None for sign in "{}"}),
                    method.upper(),
                    path,
                    said["summary"],
                    said.get("description", ""),
                    said.get("x-scope"),
                    tuple(said.get("x-roles", ())),
                    tuple(_parameter(each) for each in said["parameters"]),
                    tuple((kind, _kind(each["schema"])) for kind, each in bodies.items()),
                    tuple(
                        (status, kind, _kind(each["schema"]))
                        for status, response in answers
                        for kind, each in response.get("content", {}).items()
                    ),
                    tuple(code for code in codes if code in TITLES),
                ),
            )


def _parameter(said: Mapping[str, Any]) -> Field:
    return Field(
        said["name"],
        _kind(said["schema"]),
        said["required"],
        said.get("description", ""),
        PLACES[said["in"]],
    )


def _shape(name: str, schema: Mapping[str, Any]) -> Shape:
    required = set(schema.get("required", ()))
    fields = tuple(
        Field(member, _kind(said), member in required, said.get("description", ""))
        for member, said in schema.get("properties", {}).items()
    )
    return Shape(name, schema.get("title", name), fields)


def _kind(schema: Mapping[str, Any]) -> Kind:
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(PREFIX)
        return Kind(name, name)
    if "anyOf" in schema:
        kinds = [_kind(each) for each in schema["anyOf"] if each]
        return Kind(" または ".join(each.words for each in kinds), _first_shape(kinds))
    if "enum" in schema:
        return Kind("、".join(str(each) for each in schema["enum"]))
    if "const" in schema:
        return Kind(str(schema["const"]))
    if schema.get("type") == "array":
        item = _kind(schema.get("items", {}))
        return Kind(f"{item.words}の並び" if item.words else "並び", item.shape)
    written = FORMATS.get(schema.get("format", "")) or PLAIN.get(str(schema.get("type", "")), "")
    span = [f"{schema[name]}{word}" for name, word in _BOUNDS if name in schema]
    return Kind(f"{written}（{'、'.join(span)}）" if span else written)


_BOUNDS: Final = (
    ("minimum", "以上"),
    ("maximum", "以下"),
    ("minLength", "文字以上"),
    ("maxLength", "文字以下"),
    ("maxItems", "件以下"),
)


def _first_shape(kinds: Iterable[Kind]) -> str:
    return next((each.shape for each in kinds if each.shape), "")
