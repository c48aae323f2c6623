"""Contacts under /v1: entered, changed and removed by whom they belong to."""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field

from notifier.errors import SubscriptionRefusedError, UnknownError
from notifier.steps import vouch
from notifier.steps.vouch import Entry
from notifier.store import contacts
from notifier.store.contacts import Contact as KeptContact
from notifier.web.api.calls import JSON, MERGE, Call, Reply, Route
from notifier.web.api.fields import Body, Inside, Name, RowNumber
from notifier.web.api.offices import Contact, OfficePath
from notifier.web.api.problems import RefusedError, Wrong

Role = Annotated[str, Field(pattern="^(manager|clerk|headquarters|)$", description="誰のものか")]
Topics = Annotated[list[Name], Field(max_length=50, description="受け取る期限の系列。空はすべて。")]


def _distinct(weekdays: list[int]) -> list[int]:
    if len(set(weekdays)) != len(weekdays):
        raise ValueError("a weekday twice")
    return weekdays


Weekdays = Annotated[
    list[Annotated[int, Field(ge=1, le=7)]],
    AfterValidator(_distinct),
    Field(
        max_length=7,
        description="お知らせを受け取る曜日（月曜日が1、日曜日が7）。空は毎日。期限に間に合わなくなるお知らせは待ちません。",
        json_schema_extra={"uniqueItems": True},
    ),
]
HoursOfDay = Annotated[
    str,
    Field(
        pattern=r"^(([01][0-9]|2[0-3])-([01][0-9]|2[0-4]))?$",
        description="お知らせを受け取る時間帯（日本時間。13-17は13時から17時まで）。終わりは始まりより後。空はいつでも。",
    ),
]


class ContactPath(Inside):
    """Which contact."""

    id: RowNumber


class NewContact(Body, title="新しい宛先"):
    """An address to be entered."""

    address: Annotated[
        str,
        Field(max_length=254, pattern=r"^[!-?A-~]+@[^@\s\x00-\x1f\x7f]+$", description="メールアドレス"),
    ]
    role: Role = ""
    topics: Topics = Field(default_factory=list)
    text_only: Annotated[bool, Field(description="文字だけのメールを送る")] = False
    weekdays: Weekdays = Field(default_factory=list)
    hours: HoursOfDay = ""


class ContactChange(Body, title="宛先の変更"):
    """What is to be changed; what is left out stays."""

    role: Role = ""
    topics: Topics = Field(default_factory=list)
    text_only: Annotated[bool, Field(description="文字だけのメールを送る")] = False
    weekdays: Weekdays = Field(default_factory=list)
    hours: HoursOfDay = ""


def shown(kept: KeptContact) -> Contact:
    """Return a contact as it is answered."""
    return Contact(
        id=kept.id,
        authority=kept.authority,
        channel=kept.channel,
        address=kept.address,
        active=kept.active,
        role=kept.role,
        topics=list(kept.topics),
        text_only=kept.text_only,
        weekdays=list(kept.weekdays),
        hours=kept.hours,
        origin=kept.origin,
        reason=kept.reason,
        verified_at=kept.verified_at,
    )


async def enter(call: Call) -> Reply:
    """Enter a contact; one that an office enters is used once its owner has confirmed it."""
    new = await call.body(NewContact)
    entry = Entry(
        new.address,
        new.role,
        tuple(new.topics),
        new.text_only,
        by_office=call.who.role == "office",
        weekdays=tuple(new.weekdays),
        hours=new.hours,
    )
    try:
        entered = await vouch.enter(
            call.tools, call.tenant, call.inside(OfficePath).number, entry, call.actor
        )
    except SubscriptionRefusedError as fault:
        raise RefusedError("contact-unfit", [Wrong(f"/{fault.about}", "unfit")]) from None
    return Reply(shown(entered), 201, f"/v1/contacts/{entered.id}")


async def show(call: Call) -> Contact:
    """Answer with one contact."""
    async with call.reading() as conn:
        found = await contacts.find(conn, call.tenant, call.inside(ContactPath).id)
    if found is None:
        raise UnknownError("no contact that belongs to the caller")
    return shown(found)


async def change(call: Call) -> Contact:
    """Change the role, the topics, the form or the hours of a contact."""
    sent = (await call.body(ContactChange)).model_dump(exclude_unset=True)
    wanted: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in sent.items()
    }
    try:
        amended = await vouch.amend(
            call.tools,
            call.tenant,
            call.inside(ContactPath).id,
            wanted,
            call.actor,
            lambda each: call.check(shown(each)),
        )
    except SubscriptionRefusedError as fault:
        raise RefusedError("contact-unfit", [Wrong(f"/{fault.about}", "unfit")]) from None
    return shown(amended)


async def remove(call: Call) -> Contact:
    """Remove a contact, and answer with what it was."""
    seen: list[Contact] = []

    def check(each: KeptContact) -> None:
        seen.append(shown(each))
        call.check(seen[0])

    try:
        await vouch.remove(call.tools, call.tenant, call.inside(ContactPath).id, call.actor, check)
    except SubscriptionRefusedError:
        raise RefusedError("not-possible") from None
    return seen[0]


GROUP: Final = "宛先"
UNFIT: Final = ("contact-unfit",)
ROUTES = (
    Route(
        "POST",
        "/offices/{number}/contacts",
        "事業所の宛先を登録する（事業所の鍵では、本人の確認を経て使い始める）",
        enter,
        "offices:write",
        takes={JSON: NewContact},
        answers={201: Contact},
        problems=UNFIT,
        inside=OfficePath,
        creates=True,
        group=GROUP,
    ),
    Route(
        "GET",
        "/contacts/{id}",
        "宛先",
        show,
        "offices:read",
        answers={200: Contact},
        inside=ContactPath,
        group=GROUP,
    ),
    Route(
        "PATCH",
        "/contacts/{id}",
        "宛先の役割、受け取る分野、形式、曜日と時間帯を変える",
        change,
        "offices:write",
        takes={MERGE: ContactChange, JSON: ContactChange},
        answers={200: Contact},
        problems=UNFIT,
        inside=ContactPath,
        guarded=True,
        group=GROUP,
    ),
    Route(
        "DELETE",
        "/contacts/{id}",
        "宛先を取り除く（受け取りを断られた宛先は残る）",
        remove,
        "offices:write",
        answers={200: Contact},
        problems=("not-possible",),
        inside=ContactPath,
        guarded=True,
        group=GROUP,
    ),
)
