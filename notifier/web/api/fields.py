"""Fields: how numbers, codes, days and pages are written in calls and answers, declared once for all of them."""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Final, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from notifier.web.api.problems import RefusedError, Wrong

T = TypeVar("T")
MOST_ITEMS: Final = 200
MOST_NUMBER: Final = 2**31 - 1
LONGEST_CURSOR: Final = 600
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)
"""Care insurance began in 2000 (介護保険法 附則 1); days outside this span are slips of the pen."""

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Query(BaseModel):
    """What may stand behind the question mark; everything comes as text. Other names are refused."""

    model_config = ConfigDict(extra="forbid")


class Inside(BaseModel):
    """What stands inside the path. What does not fit cannot exist: it is not found."""

    model_config = ConfigDict(extra="forbid")


class Body(BaseModel):
    """What is sent. Types are taken as they are written, unknown members are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Shown(BaseModel):
    """What is answered."""

    model_config = ConfigDict(extra="forbid")


def _day(written: object) -> object:
    """Read a day as RFC 3339 writes it; numbers and times are none, whatever else pydantic would read as a day."""
    if isinstance(written, str):
        if not _DAY.fullmatch(written):
            raise ValueError("no day")
        return date.fromisoformat(written)
    if isinstance(written, date) and not isinstance(written, datetime):
        return written
    raise ValueError("no day")


def _in_range(day: date) -> date:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError("out of range")
    return day


def _is_plain(text: str) -> str:
    if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise ValueError("no text")
    return text


Text = Annotated[str, AfterValidator(_is_plain)]
"""Text as a database can keep it: no U+0000, no half surrogates."""
Day = Annotated[
    date,
    BeforeValidator(_day, json_schema_input_type=str),
    AfterValidator(_in_range),
    Field(json_schema_extra={"format": "date", "pattern": r"^2[01]\d\d-\d\d-\d\d$"}),
]
"""A civil date in Japan between 2000-01-01 and 2199-12-31, written 2026-03-31."""
Instant = Annotated[datetime, PlainSerializer(lambda at: at.isoformat(), return_type=str, when_used="json")]
"""An instant in an answer: RFC 3339, in UTC."""
OfficeNumber = Annotated[str, Field(pattern=r"^[0-9A-Z]{10}$", description="介護保険事業所番号（10桁）")]
AuthorityCode = Annotated[str, Field(pattern=r"^[0-9]{6}$", description="全国地方公共団体コード（6桁）")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,99}$")]
"""A name of the law as data: a family, a duty, a type of event."""
RowNumber = Annotated[int, Field(ge=1, le=MOST_NUMBER)]


class Paging(Query):
    """A list is read page by page."""

    limit: Annotated[int, Field(ge=1, le=MOST_ITEMS, description="1ページの件数（1～200）")] = 50
    cursor: Annotated[
        str | None,
        Field(max_length=LONGEST_CURSOR, description="前のページのnextの値。続きから読みます。"),
    ] = None

    def after(self, *kinds: type) -> tuple[Any, ...] | None:
        """Return behind which row the page begins: values of these `kinds`, or None for the first page."""
        return None if self.cursor is None else read_cursor(self.cursor, *kinds)


class Page(Shown, Generic[T]):
    """One page of a list."""

    items: list[T]
    next: Annotated[
        str | None, Field(description="続きがあるとき、次の呼び出しのcursorに渡す値。なければnull。")
    ]


def page_of(
    rows: Sequence[T], limit: int, place: Callable[[T], Sequence[str | int]]
) -> tuple[Sequence[T], str | None]:
    """Return the first `limit` of `rows`, and the cursor behind them if there are more: ask for one row more.

    `place` gives the values by which the list is ordered, of which no two rows have the same.
    """
    shown = rows[:limit]
    return shown, write_cursor(*place(shown[-1])) if len(rows) > limit else None


def write_cursor(*parts: str | int) -> str:
    """Write the place of a row in its list as one word."""
    written = json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()
    return urlsafe_b64encode(written).rstrip(b"=").decode("ascii")


def read_cursor(written: str, *kinds: type) -> tuple[Any, ...]:
    """Return the place that a cursor names: values of these `kinds`. Refuses what is none of this list."""
    try:
        found = json.loads(urlsafe_b64decode(written + "=" * (-len(written) % 4)))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or [type(each) for each in found] != list(kinds):
        raise wrong_cursor()
    for each in found:
        too_large = isinstance(each, int) and abs(each) > MOST_NUMBER
        if too_large or (isinstance(each, str) and _unclean(each)):
            raise wrong_cursor()
    return tuple(found)


def _unclean(text: str) -> bool:
    try:
        _is_plain(text)
    except ValueError:
        return True
    return False


def wrong_cursor() -> RefusedError:
    """Return what a call with a cursor of another list is answered."""
    return RefusedError("no-such-page", [Wrong("cursor", "cursor", "query")])
