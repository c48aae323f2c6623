"""CloudEvents 1.0 over HTTP: structured, binary and batch mode become events as the reception takes them.

Source: CloudEvents 1.0.2, the specification, its JSON format, and its HTTP protocol binding.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal
from urllib.parse import unquote_to_bytes

from aiohttp import web
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from notifier.domain.offices import is_authority_code
from notifier.domain.traces import accepted
from notifier.intake import Inbound
from notifier.web.api.problems import RefusedError, Wrong, pointer
from notifier.web.api.reading import read_json

STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
JSON: Final = "application/json"
LONGEST_BATCH: Final = 1000
Mode = Literal["structured", "binary", "batch"]

_EXTENSION = re.compile(r"[a-z0-9]{1,64}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_SUBJECT = re.compile(r"(office|authority)/([0-9A-Z]{6,10})", re.ASCII)
_SOURCE = r"^[^\s<>\"{}|\\^`]+$"
_JSON_TYPE = re.compile(r"application/(?:[a-z0-9.-]+\+)?json(?:\s*;.*)?", re.IGNORECASE)


def _instant(written: object) -> object:
    """Read an RFC 3339 time; what is none is refused, whatever else Python would read as a time."""
    if not isinstance(written, str) or not _TIME.fullmatch(written):
        raise ValueError("no RFC 3339 time with an offset")
    try:
        return datetime.fromisoformat(written.upper()).astimezone(UTC)
    except OverflowError:
        raise ValueError("no RFC 3339 time with an offset") from None


class CloudEvent(BaseModel):
    """One event. Of extension attributes `traceparent` is passed on, the rest has no effect; other members are refused."""

    model_config = ConfigDict(strict=True, extra="allow", title="CloudEvent")

    specversion: Literal["1.0"]
    id: Annotated[
        str, Field(min_length=1, max_length=200, description="sourceと組で、いつまでも一つだけのもの")
    ]
    source: Annotated[
        str,
        Field(min_length=1, max_length=500, pattern=_SOURCE, description="どの仕組みが知らせるか（URI参照）"),
    ]
    type: Annotated[str, Field(min_length=1, max_length=200)]
    subject: Annotated[
        str | None,
        Field(
            default=None,
            pattern="^(office/[0-9A-Z]{10}|authority/[0-9]{6})$",
            description="office/事業所番号、authority/団体コード。全国のことならなし。",
        ),
    ]
    time: Annotated[
        datetime | None,
        BeforeValidator(_instant, json_schema_input_type=str),
        Field(
            default=None,
            description="起きた日時。なければ今。日は日本の日付で数えます。",
            json_schema_extra={"format": "date-time"},
        ),
    ]
    datacontenttype: Annotated[str | None, Field(default=None, pattern=r"^application/([a-z0-9.-]+\+)?json")]
    dataschema: Annotated[str | None, Field(default=None, max_length=500)]
    data: Annotated[dict[str, Any], Field(default_factory=dict)]


_ATTRIBUTES: Final = frozenset(CloudEvent.model_fields)


@dataclass(frozen=True, slots=True)
class Traced:
    """The id of the call in which events came, and the trace (W3C) it belongs to; an event's own goes before that."""

    request: str = ""
    parent: str = ""


UNTRACED: Final = Traced()


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event as it came: the event, or what is wrong with it."""

    event: Inbound | None
    wrongs: tuple[Wrong, ...] = ()


def mode_of(request: web.Request) -> Mode:
    """Return in which mode a call carries events. Refuses other media types, and texts not in UTF-8."""
    if (request.charset or "utf-8").lower() not in {"utf-8", "utf8"}:
        raise RefusedError("unsupported-media-type")
    kind = request.content_type
    if kind == BATCH:
        return "batch"
    if kind == STRUCTURED:
        return "structured"
    is_binary = any(name.lower().startswith("ce-") for name in request.headers)
    written = request.headers.get("Content-Type", JSON)
    if is_binary and not kind.startswith("application/cloudevents") and _JSON_TYPE.fullmatch(written):
        return "binary"
    raise RefusedError("unsupported-media-type")


def read_batch(body: bytes, now: datetime, traced: Traced = UNTRACED) -> list[Envelope]:
    """Read a batch; what is wrong with one event is told with that event. `now` is the instant of arrival."""
    found = read_json(body)
    if not isinstance(found, list):
        raise RefusedError("no-event", [Wrong("", "list_type")])
    if len(found) > LONGEST_BATCH:
        raise RefusedError("too-large")
    return [_read(each, now, traced) for each in found]


def read_structured(body: bytes, now: datetime, traced: Traced = UNTRACED) -> Envelope:
    """Read one event whose attributes stand beside its data."""
    return _read(read_json(body), now, traced)


def read_binary(
    headers: Mapping[str, str], body: bytes, now: datetime, traced: Traced = UNTRACED
) -> Envelope:
    """Read one event whose attributes are headers and whose data are the body."""
    written: dict[str, Any] = {}
    for name, value in headers.items():
        if name.lower().startswith("ce-"):
            try:
                written[name[3:].lower()] = _decoded(value)
            except UnicodeDecodeError:
                return Envelope(None, (Wrong(name.lower(), "encoding", "header"),))
    misplaced = {"data", "data_base64", "datacontenttype"} & set(written)
    if misplaced:
        return Envelope(None, tuple(Wrong(f"ce-{name}", "misplaced", "header") for name in sorted(misplaced)))
    written["data"] = read_json(body) if body else {}
    found = _read(written, now, traced)
    return Envelope(found.event, tuple(in_headers(each) for each in found.wrongs))


def in_headers(wrong: Wrong) -> Wrong:
    """Return the place of a fault as the sender of a binary event knows it: a header, or inside the body."""
    first, _, rest = wrong.place.removeprefix("/").partition("/")
    if first == "data":
        return Wrong(f"/{rest}" if rest else "", wrong.code)
    return Wrong(f"ce-{first}" if first else "ce-*", wrong.code, "header")


def _decoded(value: str) -> str:
    """Undo quoting and percent-encoding of a header, as the HTTP binding (3.1.3.2) asks for."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    return unquote_to_bytes(value.encode("utf-8", "surrogateescape")).decode("utf-8")


def _read(found: object, now: datetime, traced: Traced) -> Envelope:
    if not isinstance(found, dict):
        return Envelope(None, (Wrong("", "dict_type"),))
    # A null attribute counts as absent (JSON format, 2.2).
    written = found
    if None in found.values():
        written = {name: value for name, value in found.items() if value is not None}
    wrongs = _wrong_extensions(written)
    try:
        event = CloudEvent.model_validate(written)
    except ValidationError as fault:
        said = fault.errors(include_url=False, include_input=False, include_context=False)
        return Envelope(None, (*wrongs, *(Wrong(pointer(each["loc"]), each["type"]) for each in said)))
    kind, _, name = (event.subject or "").partition("/")
    if kind == "authority" and not is_authority_code(name):
        wrongs.append(Wrong("/subject", "check_digit"))
    if wrongs:
        return Envelope(None, tuple(wrongs))
    return Envelope(
        Inbound(
            event.source,
            event.id,
            event.type,
            event.time or now,
            name if kind == "office" else None,
            name if kind == "authority" else None,
            event.data,
            is_timed=event.time is not None,
            request=traced.request,
            traceparent=_accepted(written) or traced.parent,
        )
    )


def _accepted(written: Mapping[str, Any]) -> str:
    return accepted(str(written["traceparent"])) if "traceparent" in written else ""


def _wrong_extensions(written: Mapping[str, Any]) -> list[Wrong]:
    """Return what is wrong with members that are no attributes of CloudEvents; their names are not repeated."""
    if written.keys() <= _ATTRIBUTES:
        return []
    others = {name: value for name, value in written.items() if name not in _ATTRIBUTES}
    wrongs: list[Wrong] = []
    if "data_base64" in others:
        wrongs.append(Wrong("/data_base64", "unsupported"))
        del others["data_base64"]
    if any(not _EXTENSION.fullmatch(name) for name in others):
        wrongs.append(Wrong("", "extension_name"))
    if any(not isinstance(value, str | int | bool) for value in others.values()):
        wrongs.append(Wrong("", "extension_value"))
    return wrongs
