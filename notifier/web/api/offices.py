"""Offices under /v1: the list, one office, and what is written about it."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from pydantic import Field

from notifier.domain.callers import Tenant
from notifier.errors import UnknownError
from notifier.steps.amend import amend_office
from notifier.steps.designate import Terms, set_terms
from notifier.store import authorities, office_records
from notifier.store.database import Connection
from notifier.store.office_records import OfficeRecord, Wanted
from notifier.web.api.calls import JSON, MERGE, Call, Route
from notifier.web.api.fields import (
    AuthorityCode,
    Body,
    Inside,
    Instant,
    OfficeNumber,
    Page,
    Paging,
    Query,
    Shown,
    Text,
    page_of,
)
from notifier.web.api.problems import RefusedError, Wrong

ServiceCode = Annotated[str, Field(pattern=r"^[0-9A-Z]{2}$", description="介護サービス種類コード")]


class OfficePath(Inside):
    """Which office."""

    number: OfficeNumber


class OfficeQuery(Paging):
    """Which offices."""

    q: Annotated[
        Text | None,
        Field(max_length=100, description="番号・名称・法人名に含まれる語。空白で区切るとすべてを含むもの。"),
    ] = None
    municipality: Annotated[AuthorityCode | None, Field(description="所在地の市区町村")] = None
    service: ServiceCode | None = None
    open: Annotated[bool | None, Field(description="trueは営業中、falseは廃止")] = None
    reachable: Annotated[bool | None, Field(description="使える宛先があるかどうか")] = None


class Office(Shown, title="事業所"):
    """One office."""

    number: OfficeNumber
    name: str
    kana: str
    corporation: Annotated[str, Field(description="法人名")]
    corporate_number: Annotated[str, Field(description="法人番号")]
    location: Annotated[str, Field(description="所在地")]
    telephone: str
    fax: str
    municipality: AuthorityCode
    prefecture: AuthorityCode
    staff: Annotated[int | None, Field(description="職員数")]
    services: Annotated[list[str], Field(description="介護サービス種類コード")]
    registered_at: Instant
    closed_on: Annotated[date | None, Field(description="廃止日。営業中はnull。")]
    reachable: Annotated[bool, Field(description="使える宛先があるかどうか")]


class Offices(Page[Office], title="事業所の一覧"):
    """Offices, by number."""


class OfficeChange(Body, title="事業所の訂正"):
    """What is to be corrected; what is left out stays. Services and closures come as events."""

    name: Annotated[Text, Field(min_length=1, max_length=200)] = ""
    kana: Annotated[Text, Field(max_length=200)] = ""
    corporation: Annotated[Text, Field(max_length=200)] = ""
    location: Annotated[Text, Field(max_length=300)] = ""
    telephone: Annotated[str, Field(max_length=30, pattern=r"^[0-9()+ -]*$")] = ""
    fax: Annotated[str, Field(max_length=30, pattern=r"^[0-9()+ -]*$")] = ""
    staff: Annotated[int | None, Field(ge=0, le=100_000)] = None


class Designation(Shown, title="指定"):
    """A service for which an office answers to an authority."""

    authority: AuthorityCode
    service: ServiceCode
    since: date | None
    until: date | None


class Designations(Shown, title="指定の一覧"):
    """All of them."""

    items: list[Designation]


class DesignationsQuery(Query):
    """By whom."""

    authority: Annotated[
        AuthorityCode | None,
        Field(
            description="全国の鍵で、どの自治体による指定か。事業所の所在地でない自治体の指定（区域外指定）も、これで登録します。"
        ),
    ] = None


class DesignationTerm(Body, title="指定とその期間"):
    """A service for which the office answers to the authority, and for how long."""

    service: ServiceCode
    since: Annotated[date | None, Field(description="指定の最初の日。今日より後にはできません。")] = None
    until: Annotated[
        date | None,
        Field(description="指定の最後の日（その日を含む）。次の日に、自治体から見えなくなります。"),
    ] = None


class DesignationsWanted(Body, title="指定の書き換え"):
    """All services for which the office is to answer to the authority; what is left out ends now."""

    items: Annotated[list[DesignationTerm], Field(max_length=100)]
    reason: Annotated[Text, Field(max_length=500, description="なぜ変えるか。監査記録に残ります。")] = ""


class Contact(Shown, title="宛先"):
    """An address at which an office is reached."""

    id: int
    authority: Annotated[str, Field(description="登録した自治体")]
    channel: str
    address: str
    active: Annotated[bool, Field(description="使っているかどうか。受け取りを断られた宛先はfalse。")]
    role: Annotated[str, Field(description="誰のものか（manager、clerk、headquarters、空）")]
    topics: Annotated[list[str], Field(description="受け取る期限の系列。空はすべて。")]
    text_only: Annotated[bool, Field(description="文字だけのメールを送る")]
    weekdays: Annotated[
        list[int], Field(description="お知らせを受け取る曜日（月曜日が1、日曜日が7）。空は毎日。")
    ]
    hours: Annotated[
        str,
        Field(description="お知らせを受け取る時間帯（日本時間。13-17は13時から17時まで）。空はいつでも。"),
    ]
    origin: Annotated[str, Field(description="登録したのは自治体（authority）か事業所（office）か")]
    reason: Annotated[str, Field(description="使っていない理由（refused、unverified、lapsed、空）")]
    verified_at: Annotated[Instant | None, Field(description="持ち主が最後に確かめた時")]


class Contacts(Shown, title="宛先の一覧"):
    """All of them."""

    items: list[Contact]


class FactShown(Shown, title="事実"):
    """Something that holds from a day on."""

    id: int
    type: str
    on: Annotated[date, Field(description="いつから")]
    values: Annotated[dict[str, Any], Field(description="出来事のdata")]
    recorded_at: Annotated[Instant | None, Field(description="この仕組みが知った時")]
    source: Annotated[str, Field(description="知らせた仕組み")]


class Facts(Page[FactShown], title="事実の一覧"):
    """Facts in the order in which they were recorded."""


def shown(record: OfficeRecord) -> Office:
    """Return an office as it is answered."""
    kept = asdict(record)
    del kept["id"]
    return Office(**kept | {"services": list(record.services)})


async def seen(call: Call, conn: Connection) -> OfficeRecord:
    """Return the office in the path. Raises UnknownError if the tenant sees none of it."""
    number = call.inside(OfficePath).number
    found = await office_records.office(conn, call.tenant, number)
    if found is None:
        raise UnknownError(f"no office {number} that the caller sees")
    return found


async def show_list(call: Call) -> Offices:
    """Answer with a page of offices."""
    query = call.query(OfficeQuery)
    wanted = Wanted(query.q or "", query.municipality, query.service, query.open, query.reachable)
    (after,) = query.after(str) or ("",)
    async with call.reading() as conn:
        found = await office_records.offices(conn, call.tenant, wanted, after, query.limit + 1)
    items, following = page_of(found, query.limit, lambda each: (each.number,))
    return Offices(items=[shown(each) for each in items], next=following)


async def show(call: Call) -> Office:
    """Answer with one office."""
    async with call.reading() as conn:
        return shown(await seen(call, conn))


async def change(call: Call) -> Office:
    """Correct an office."""
    wanted = (await call.body(OfficeChange)).model_dump(exclude_unset=True)
    amended = await amend_office(
        call.tools,
        call.tenant,
        call.inside(OfficePath).number,
        wanted,
        call.actor,
        lambda record: call.check(shown(record)),
    )
    return shown(amended)


async def show_designations(call: Call) -> Designations:
    """Answer with the tenant's own designations of an office; to the nation with those by all, or by one."""
    async with call.reading() as conn:
        whose = Tenant(await _designator(call, conn) or call.tenant.code)
        office = await seen(call, conn)
        found = await office_records.designations_of(conn, whose, office.id)
    return _shown(found)


async def _designator(call: Call, conn: Connection) -> str:
    """Return on whose behalf the nation asks, "" for nobody's; refuse it to others, and for authorities nobody knows."""
    named = call.query(DesignationsQuery).authority or ""
    if named and not call.tenant.is_nation and named != call.tenant.code:
        raise RefusedError("another-authority")
    if named and named not in await authorities.load_authorities(conn):
        raise UnknownError(f"no authority {named}")
    return named


async def set_designations(call: Call) -> Designations:
    """Let the office answer to the tenant for these services and no others."""
    wanted = await call.body(DesignationsWanted)
    _refuse_wrong_terms(call, wanted)
    async with call.reading() as conn:
        designator = await _designator(call, conn)
    days = {each.service: (each.since, each.until) for each in wanted.items}
    terms = Terms(days, wanted.reason, designator)
    number = call.inside(OfficePath).number
    kept = await set_terms(
        call.tools, call.tenant, number, terms, call.actor, lambda found: call.check(_shown(found))
    )
    return _shown(kept)


def _shown(found: Sequence[office_records.Designation]) -> Designations:
    return Designations(items=[Designation(**asdict(each)) for each in found])


def _refuse_wrong_terms(call: Call, wanted: DesignationsWanted) -> None:
    """Raise RefusedError for services that are none or named twice, and for days outside which today lies."""
    today, named = call.today(), set[str]()
    wrongs = []
    for place, each in enumerate(wanted.items):
        if each.service not in call.tools.catalogue.services:
            wrongs.append(Wrong(f"/items/{place}/service", "unknown"))
        if each.service in named:
            wrongs.append(Wrong(f"/items/{place}/service", "twice"))
        named.add(each.service)
        if each.since is not None and each.since > today:
            wrongs.append(Wrong(f"/items/{place}/since", "in-the-future"))
        if each.until is not None and each.until < today:
            wrongs.append(Wrong(f"/items/{place}/until", "over"))
    if wrongs:
        raise RefusedError("designation-unfit", wrongs)


async def show_contacts(call: Call) -> Contacts:
    """Answer with the tenant's own contacts of an office."""
    async with call.reading() as conn:
        office = await seen(call, conn)
        found = await office_records.contacts_of(conn, call.tenant, office.id)
    return Contacts(
        items=[
            Contact(
                **asdict(each) | {"topics": each.topics.split(), "weekdays": list(each.wanted_hours.weekdays)}
            )
            for each in found
        ]
    )


async def show_facts(call: Call) -> Facts:
    """Answer with a page of facts about an office."""
    query = call.query(Paging)
    (after,) = query.after(int) or (0,)
    async with call.reading() as conn:
        office = await seen(call, conn)
        found = await office_records.facts_of(conn, office.id, after, query.limit + 1)
    rows, following = page_of(found, query.limit, lambda each: (each[0],))
    items = [
        FactShown(
            id=number,
            type=fact.type,
            on=fact.on,
            values=dict(fact.values),
            recorded_at=fact.recorded,
            source=fact.source,
        )
        for number, fact in rows
    ]
    return Facts(items=items, next=following)


def _of_office(rest: str, summary: str, answering: Any, model: Any, **more: Any) -> Route:
    return Route(
        "GET",
        f"/offices/{{number}}{rest}",
        summary,
        answering,
        "offices:read",
        answers={200: model},
        inside=OfficePath,
        group="事業所",
        **more,
    )


ROUTES = (
    Route(
        "GET",
        "/offices",
        "事業所の一覧（番号順）",
        show_list,
        "offices:read",
        answers={200: Offices},
        query=OfficeQuery,
        group="事業所",
    ),
    _of_office("", "事業所", show, Office),
    Route(
        "PATCH",
        "/offices/{number}",
        "事業所の名称や連絡先を訂正する（サービスと廃止は出来事として知らせます）",
        change,
        "offices:write",
        takes={MERGE: OfficeChange, JSON: OfficeChange},
        answers={200: Office},
        inside=OfficePath,
        guarded=True,
        group="事業所",
    ),
    _of_office(
        "/designations",
        "事業所の指定（自分の自治体によるもの）",
        show_designations,
        Designations,
        query=DesignationsQuery,
        problems=("another-authority",),
    ),
    Route(
        "PUT",
        "/offices/{number}/designations",
        "事業所の指定（自分の自治体によるもの）を、期間とともに書き換える",
        set_designations,
        "offices:write",
        takes={JSON: DesignationsWanted},
        answers={200: Designations},
        problems=("designation-unfit", "another-authority"),
        inside=OfficePath,
        query=DesignationsQuery,
        guarded=True,
        group="事業所",
    ),
    _of_office("/contacts", "事業所の宛先（自分の自治体が登録したもの）", show_contacts, Contacts),
    _of_office("/facts", "事業所について知らされた事実（古い順）", show_facts, Facts, query=Paging),
)
