"""The description of the API (OpenAPI 3.1), made from the calls as they are declared."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from notifier.catalogue.vocabulary import FactType
from notifier.domain.messages import MessageType
from notifier.web.api import messages, repeats
from notifier.web.api.calls import Route
from notifier.web.api.cloudevents import STRUCTURED
from notifier.web.api.fields import Paging
from notifier.web.api.problems import MEDIA_TYPE, TITLES, Problem

REFERENCE: Final = "#/components/schemas/{model}"
ALWAYS: Final = ("not-acceptable", "failed")
WITH_KEY: Final = ("unauthorized", "scope-missing", "too-many", "unavailable")
WITH_BODY: Final = (
    "no-json",
    "too-deep",
    "too-slow",
    "too-large",
    "unsupported-media-type",
    "body-does-not-fit",
)
ABOUT: Final = (
    "介護事業所の期限を扱う仕組みの、プログラム向けの窓口です。鍵（APIキー）が属する自治体のものだけが見えます。"
    "一覧はcursorとlimitで読み進めます。読み出した内容のETagをIf-Matchに付けて変更します。"
    "作る呼び出し（POST）にIdempotency-Keyを付けると、同じ内容を送り直しても一度しか行われません（7日間）。"
    "問題はapplication/problem+json（RFC 9457）で返り、codeで場合分けできます。"
    "すべての回答にX-Request-Idが付きます。"
    "出来事のdataは、種類ごとの形「data.<種類>」に合わせます。x-subjectは対象、x-asserted-byは知らせられる立場、"
    "x-in-orderは前後を入れ替えられない日です。"
)

Model: TypeAlias = type[BaseModel] | Any
Reference: TypeAlias = Mapping[tuple[Model, JsonSchemaMode], Any]


def describe(routes: Sequence[Route], kinds: Mapping[str, FactType], root: str) -> dict[str, Any]:
    """Return the document. `kinds` are the types of events; the schema of each one's data is a component."""
    references, schemas = _schemas(routes)
    paths: dict[str, Any] = {}
    for route in routes:
        operation = _Describing(references, schemas).operation(route)
        paths.setdefault(root + route.path, {})[route.method.lower()] = operation
    data = {
        f"data.{kind.type}": {
            **kind.schema,
            "title": kind.label,
            "x-subject": kind.subject,
            "x-asserted-by": list(kind.asserted_by),
            **({"x-in-order": list(kind.in_order)} if kind.in_order else {}),
        }
        for kind in kinds.values()
    }
    hooks = {
        kind.value: {"post": _hook(kind, references[model, "serialization"])}
        for kind, model in messages.DATA.items()
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "notifier", "version": "1", "description": ABOUT},
        "tags": [{"name": each} for each in dict.fromkeys(route.group for route in routes)],
        "paths": paths,
        "webhooks": hooks,
        "components": {
            "schemas": {**schemas, **data},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "bearerFormat": "prefix.secret"}},
        },
    }


def _hook(kind: MessageType, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return one type of message as OpenAPI has what a receiver is sent."""
    members = {
        **{name: {"type": "string"} for name in ("id", "source")},
        "specversion": {"const": "1.0"},
        "type": {"const": kind.value},
        "subject": {
            "type": "string",
            "description": "office/事業所番号、authority/団体コードなど。全体のことなら、ありません。",
        },
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"const": "application/json"},
        "sequence": {"type": "string", "description": "文字として大きいほど新しい。"},
        "traceparent": {"type": "string", "description": "もとになった呼び出しのトレース（W3C）"},
        "data": dict(data),
    }
    needed = ["id", "source", "specversion", "type", "time", "datacontenttype", "data"]
    schema = {"type": "object", "required": needed, "properties": members}
    return {
        "summary": messages.LABELS[kind],
        "description": messages.ABOUT,
        "requestBody": {"required": True, "content": {STRUCTURED: {"schema": schema}}},
        "responses": {
            "2XX": {"description": "受け取りました。"},
            "410": {"description": "もう送らないでください。"},
        },
    }


def _schemas(routes: Sequence[Route]) -> tuple[Reference, dict[str, Any]]:
    taken = _models(each for route in routes for each in (*route.takes.values(), route.query, route.inside))
    answered = [
        Problem,
        *messages.DATA.values(),
        *_models(each for route in routes for each in route.answers.values()),
    ]
    pairs: list[tuple[Model, JsonSchemaMode]] = [
        *((each, "validation") for each in sorted(set(taken), key=_name)),
        *((each, "serialization") for each in sorted(set(answered), key=_name)),
    ]
    return _definitions(tuple(pairs))


@cache
def _definitions(pairs: tuple[tuple[Model, JsonSchemaMode], ...]) -> tuple[Reference, dict[str, Any]]:
    """The schemas of models, to be read only: working them out takes a second, and models do not change."""
    references, found = models_json_schema(pairs, ref_template=REFERENCE)
    schemas = found.get("$defs", {})
    # What a docstring says is for those who work on the program.
    return references, {name: _without(schemas[name], "description") for name in schemas}


def _name(model: Model) -> str:
    return f"{model.__name__} {model.__module__}"


def _models(declared: Iterable[Any]) -> list[type[BaseModel]]:
    found = [each[0] if isinstance(each, list) else each for each in declared]
    return [each for each in found if isinstance(each, type) and issubclass(each, BaseModel)]


def _without(schema: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name not in names}


class _Describing:
    """Describes one call after another with the schemas of all models."""

    def __init__(self, references: Reference, schemas: Mapping[str, Any]) -> None:
        self._references = references
        self._schemas = schemas

    def operation(self, route: Route) -> dict[str, Any]:
        """Return one call as OpenAPI has it."""
        found: dict[str, Any] = {
            "tags": [route.group],
            "summary": route.summary,
            **({"description": route.note} if route.note else {}),
            "parameters": self._parameters(route),
            "responses": self._responses(route),
        }
        if route.takes:
            content = {
                kind: {"schema": self._schema(model, "validation")} for kind, model in route.takes.items()
            }
            found["requestBody"] = {"required": True, "content": content}
        if route.scope is not None:
            found["security"] = [{"key": []}]
            found["x-scope"] = route.scope
        if route.roles:
            found["x-roles"] = sorted(route.roles)
        return found

    def _parameters(self, route: Route) -> list[dict[str, Any]]:
        found = [*self._of_model(route.inside, "path"), *self._of_model(route.query, "query")]
        if route.guarded:
            schema = {"type": "string", "pattern": r'^(\*|"[!#-~]{1,64}"(, *"[!#-~]{1,64}")*)$'}
            found.append(_header("If-Match", "読み出したときのETag。", schema, required=True))
        if route.creates:
            schema = {"type": "string", "pattern": r"^[\x21\x23-\x7e]{1,200}$"}
            found.append(_header(repeats.HEADER, "送り直しを見分ける値。7日間覚えています。", schema))
        return found

    def _of_model(self, model: type[BaseModel] | None, place: str) -> list[dict[str, Any]]:
        if model is None:
            return []
        schema = self._schemas[_last(self._references[model, "validation"]["$ref"])]
        required = set(schema.get("required", []))
        found = []
        for name, said in schema.get("properties", {}).items():
            plain = _without_null(said)
            text = plain.pop("description", "")
            entry = {"name": name, "in": place, "required": name in required, "schema": plain}
            found.append(entry | ({"description": text} if text else {}))
        return found

    def _responses(self, route: Route) -> dict[str, Any]:
        responses: dict[str, Any] = {}
        for status, model in route.answers.items():
            kinds = {} if status == HTTPStatus.NO_CONTENT else dict.fromkeys(route.offers)
            content = {
                kind: {
                    "schema": self._schema(model, "serialization")
                    if kind.endswith("json")
                    else {"type": "string"}
                }
                for kind in kinds
            }
            described = {"description": HTTPStatus(status).phrase}
            responses[str(status)] = described | ({"content": content} if content else {})
        if route.method == "GET":
            responses["304"] = {"description": "If-None-Matchの内容から変わっていない。"}
        by_status: dict[int, list[str]] = {}
        for code in problems_of(route):
            by_status.setdefault(TITLES[code][0], []).append(code)
        for status, codes in sorted(by_status.items()):
            responses[str(status)] = {
                "description": "\n".join(f"{code}: {TITLES[code][1]}" for code in codes),
                "content": {MEDIA_TYPE: {"schema": self._schema(Problem, "serialization")}},
            }
        return responses

    def _schema(self, model: Any, mode: JsonSchemaMode) -> dict[str, Any]:
        if isinstance(model, list):
            # Each item is answered by itself: a list is taken whatever is wrong with some of them.
            item = self._schema(model[0], mode)
            return {"type": "array", "items": {"anyOf": [item, {}]}}
        if isinstance(model, type) and issubclass(model, BaseModel):
            return dict(self._references[model, mode])
        return {"type": "string", "format": "binary"} if model is bytes else {"type": "object"}


def problems_of(route: Route) -> list[str]:
    """Return the codes of every problem with which a call may be answered."""
    found = [*ALWAYS, *route.problems]
    found += WITH_KEY if route.scope is not None else ()
    found += ("role-may-not",) if route.roles else ()
    found += ("not-found",) if route.inside else ()
    is_list = route.query is not None and issubclass(route.query, Paging)
    found += ("no-such-page",) if is_list else ()
    found += ("wrong-parameters",) if route.query or route.creates or route.guarded else ()
    found += WITH_BODY if route.takes else ()
    found += ("condition-missing", "changed-meanwhile") if route.guarded else ()
    found += ("key-reused",) if route.creates else ()
    return list(dict.fromkeys(found))


def _header(name: str, text: str, schema: Mapping[str, Any], *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "schema": dict(schema), "description": text}


def _last(reference: str) -> str:
    return reference.rpartition("/")[2]


def _without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter: one that is left out is null inside, and cannot be sent as null."""
    found = _without(schema, "title", "anyOf", "default")
    if schema.get("default") is not None:
        found["default"] = schema["default"]
    choices = [each for each in schema.get("anyOf", []) if each != {"type": "null"}]
    return found | (dict(choices[0]) if len(choices) == 1 else {"anyOf": choices} if choices else {})
