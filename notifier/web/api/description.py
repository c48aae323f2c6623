"""The description of the API (OpenAPI 3.1), made from the calls as they are declared."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from notifier.catalogue.vocabulary import FactType
from notifier.web.api.calls import Route
from notifier.web.api.events import Problem
from notifier.web.api.problems import MEDIA_TYPE, TITLES

REFERENCE = "#/components/schemas/{model}"
ALWAYS = ("not-acceptable", "failed")
WITH_KEY = ("unauthorized", "scope-missing", "too-many")


def describe(routes: Sequence[Route], kinds: Mapping[str, FactType], root: str) -> dict[str, Any]:
    """Return the document. `kinds` are the types of events; the schema of each one's data is a component."""
    models: set[type[BaseModel]] = {Problem}
    models.update(each for route in routes for each in _models(route))
    _, defined = models_json_schema(
        [(each, "validation") for each in sorted(models, key=lambda model: model.__name__)],
        ref_template=REFERENCE,
    )
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(root + route.path, {})[route.method.lower()] = _operation(route)
    data = {
        f"data.{kind.type}": {
            **kind.schema,
            "title": kind.label,
            "x-subject": kind.subject,
            "x-asserted-by": list(kind.asserted_by),
        }
        for kind in kinds.values()
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "notifier",
            "version": "1",
            "description": (
                "Events in. `data` of an event must fit the component `data.<type>` of its type; `x-subject` says"
                " whom it is about and `x-asserted-by` which roles of keys may assert it."
            ),
        },
        "paths": paths,
        "components": {
            "schemas": {**defined.get("$defs", {}), **data},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "bearerFormat": "prefix.secret"}},
        },
    }


def _models(route: Route) -> list[type[BaseModel]]:
    taken = [each[0] if isinstance(each, list) else each for each in route.takes.values()]
    answered = [each for each in route.answers.values() if each is not None]
    return [each for each in [*taken, *answered] if issubclass(each, BaseModel)]


def _operation(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = {"summary": route.summary, "responses": _responses(route)}
    if route.takes:
        content = {kind: {"schema": _schema(model)} for kind, model in route.takes.items()}
        found["requestBody"] = {"required": True, "content": content}
    if route.scope:
        found["security"] = [{"key": []}]
        found["x-scope"] = route.scope
    return found


def _responses(route: Route) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, model in route.answers.items():
        schema = {"type": "object"} if model is None else _schema(model)
        responses[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {"application/json": {"schema": schema}},
        }
    codes = [*ALWAYS, *(WITH_KEY if route.scope else ()), *route.problems]
    for code in codes:
        status, title = TITLES[code]
        responses[str(status)] = {
            "description": title,
            "content": {MEDIA_TYPE: {"schema": _schema(Problem)}},
        }
    return responses


def _schema(model: Any) -> dict[str, Any]:
    if isinstance(model, list):
        return {"type": "array", "items": _schema(model[0])}
    if issubclass(model, BaseModel):
        return {"$ref": REFERENCE.format(model=model.__name__)}
    return {"type": "object"}
