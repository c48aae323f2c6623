"""Calendars under /v1: secret addresses are given out to calendar programs, and taken back."""

import secrets
from datetime import date
from typing import Annotated, Final, Literal

from pydantic import Field

from notifier.almanac import WantedCalendar, Whose, open_calendar, renew_calendar
from notifier.errors import CalendarRefusedError, UnknownError
from notifier.steps.lend import recall
from notifier.store import agendas
from notifier.store.agendas import CalendarAddress
from notifier.web.api.calls import JSON, Call, Reply, Route
from notifier.web.api.fields import (
    Body,
    Inside,
    Instant,
    OfficeNumber,
    Page,
    Paging,
    Shown,
    Text,
    page_of,
    wrong_cursor,
)
from notifier.web.api.problems import RefusedError

LENDERS: Final = frozenset({"municipality", "prefecture", "operator", "editor"})
GROUP: Final = "カレンダー"
Owner = Annotated[
    Literal["office", "contact", "authority"],
    Field(description="だれの暦か。事業所、宛先（そこへ届くすべての事業所）、自治体（期限ごとの件数）"),
]
Subject = Annotated[
    str,
    Field(pattern=r"^[0-9A-Z]{1,10}$", description="事業所番号、宛先のid、または団体コード"),
]


class CalendarPath(Inside):
    """Which calendar."""

    name: Annotated[str, Field(pattern=r"^cal_[0-9a-f]{12}$")]


class CalendarQuery(Paging):
    """Which calendars."""

    office: Annotated[OfficeNumber | None, Field(description="この事業所の暦だけ")] = None


class Calendar(Shown, title="カレンダー"):
    """A calendar that was given out. Its secret is not kept and cannot be read."""

    name: str
    whose: Owner
    subject: Annotated[str, Field(description="事業所番号、宛先のid、または団体コード")]
    label: Annotated[str, Field(description="渡した相手")]
    created: Instant
    revoked: Annotated[Instant | None, Field(description="取り消した時刻。使えるときはnull")]
    last_read: Annotated[date | None, Field(description="最後に読まれた日")]


class Calendars(Page[Calendar], title="カレンダーの一覧"):
    """Calendars, oldest first."""


class NewCalendar(Body, title="新しいカレンダー"):
    """A calendar to be given out."""

    whose: Owner
    subject: Subject
    label: Annotated[Text, Field(max_length=200, description="渡す相手（1行）")] = ""


class Address(Shown, title="カレンダーのアドレス"):
    """The secret address, shown this once."""

    address: Annotated[
        str, Field(description="暦を読むアドレス。知っている人はだれでも読めます。この1回だけ示します。")
    ]


def shown(found: CalendarAddress) -> Calendar:
    """Return a calendar as it is answered."""
    return Calendar(
        name=found.name,
        whose=Whose(found.kind).value,
        subject=found.subject,
        label=found.label,
        created=found.created_at,
        revoked=found.revoked_at,
        last_read=found.last_read,
    )


async def _kept(call: Call, name: str) -> CalendarAddress | None:
    async with call.reading() as conn:
        return await agendas.find(conn, name, call.tenant)


async def _found(call: Call, name: str) -> CalendarAddress:
    kept = await _kept(call, name)
    if kept is None:
        raise UnknownError("no calendar that the caller's authority gave out")
    return kept


async def show_list(call: Call) -> Calendars:
    """Answer with a page of calendars."""
    query = call.query(CalendarQuery)
    after = None
    if (place := query.after(str)) is not None:
        after = await _kept(call, place[0])
        if after is None:
            raise wrong_cursor()
    async with call.reading() as conn:
        found = await agendas.page(conn, call.tenant, query.office, after, query.limit + 1)
    rows, following = page_of(found, query.limit, lambda each: (each.name,))
    return Calendars(items=[shown(each) for each in rows], next=following)


async def show(call: Call) -> Calendar:
    """Answer with one calendar."""
    return shown(await _found(call, call.inside(CalendarPath).name))


async def create(call: Call) -> Reply:
    """Give out a calendar. Its address is asked for by a call of its own, so that no kept answer holds it."""
    body = await call.body(NewCalendar)
    wanted = WantedCalendar(Whose(body.whose), body.subject, body.label, call.tenant.code)
    try:
        token = await open_calendar(call.tools, wanted, secrets.token_bytes, call.actor)
    except CalendarRefusedError:
        raise RefusedError("calendar-unfit") from None
    made = await _found(call, token.partition(".")[0])
    return Reply(shown(made), 201, f"/v1/calendars/{made.name}")


async def renew(call: Call) -> Address:
    """Give a calendar a new secret, and answer with its address."""
    name = call.inside(CalendarPath).name
    token = await renew_calendar(call.tools, call.tenant, name, secrets.token_bytes, call.actor)
    if token is None:
        raise RefusedError("not-possible")
    return Address(address=f"{call.tools.correspondent.base_url}/calendar/{token}.ics")


async def revoke(call: Call) -> Calendar:
    """Revoke a calendar for good; one that was revoked before stays so."""
    name = call.inside(CalendarPath).name
    await recall(call.tools, call.tenant, name, call.actor)
    return shown(await _found(call, name))


ROUTES = (
    Route(
        "GET",
        "/calendars",
        "渡したカレンダーの一覧（古い順）",
        show_list,
        "calendars:read",
        answers={200: Calendars},
        query=CalendarQuery,
        group=GROUP,
    ),
    Route(
        "POST",
        "/calendars",
        "カレンダーを作る（アドレスは/addressで受け取る）",
        create,
        "calendars:write",
        takes={JSON: NewCalendar},
        answers={201: Calendar},
        problems=("calendar-unfit", "not-found"),
        roles=LENDERS,
        creates=True,
        group=GROUP,
    ),
    Route(
        "GET",
        "/calendars/{name}",
        "カレンダー",
        show,
        "calendars:read",
        answers={200: Calendar},
        inside=CalendarPath,
        group=GROUP,
    ),
    Route(
        "POST",
        "/calendars/{name}/address",
        "秘密のアドレスを作り直して受け取る（この1回だけ示す。前のアドレスは使えなくなる）",
        renew,
        "calendars:write",
        answers={200: Address},
        problems=("not-possible",),
        inside=CalendarPath,
        roles=LENDERS,
        group=GROUP,
    ),
    Route(
        "DELETE",
        "/calendars/{name}",
        "カレンダーを取り消す（アドレスは410を返すようになる）",
        revoke,
        "calendars:write",
        answers={200: Calendar},
        inside=CalendarPath,
        roles=LENDERS,
        group=GROUP,
    ),
)
