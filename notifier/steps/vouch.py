"""vouch: contacts are entered by authorities and offices, confirmed by their owners, and asked again each year.

What an authority enters it answers for, and letters go there at once. What an office enters gets nothing but one mail
with a link, until whoever reads the mail says on the page behind it that it is right.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from notifier.channels.envelope import envelope_address
from notifier.channels.parcel import UnsendableError
from notifier.clock import civil_date, japan_time
from notifier.domain.actors import Who
from notifier.domain.callers import Tenant
from notifier.domain.hours import Hours
from notifier.domain.wrapping import wrap
from notifier.errors import SubscriptionRefusedError, UnknownError
from notifier.store import audit, authorities, contacts, memos, office_records, outbox, subscriptions
from notifier.store import hours as store_hours
from notifier.store.contacts import REFUSED, REPLACED, STOPPED, UNVERIFIED, Contact, written_topics
from notifier.store.database import Connection
from notifier.telling import leaves_at
from notifier.tools import Tools

ROLES: Final = ("", "manager", "clerk", "headquarters")
VALID: Final = timedelta(days=14)
"""How long the link in the first mail works; one that asks again works as long as is waited for an answer."""
CONFIRMED_FOR: Final = timedelta(days=365)
"""After so long a confirmed contact is asked again."""
PATIENCE: Final = timedelta(days=60)
"""So long after it was asked again a contact that an office entered stays in use without an answer."""
HOUR: Final = 10
"""Mails that ask leave when somebody is there to answer (Japan)."""
MOMENT: Final = timedelta(minutes=10)
"""So long an office waits before the same address is asked once more."""
LONGEST: Final = 10
"""Digits of an id, and one more."""
AT_ONCE: Final = 500
"""Contacts that are asked in one go; the rest has its turn on the next day."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A contact to be entered. `by_office` tells that the office itself enters it, not the authority.

    `weekdays` (ISO, () for every day) and `hours` (09-17, "" for any) tell when its letters are to come. It `replaces`
    another contact of the office (its id) once its owner has confirmed it.
    """

    address: str
    role: str = ""
    topics: tuple[str, ...] = ()
    text_only: bool = False
    by_office: bool = False
    replaces: int | None = None
    weekdays: tuple[int, ...] = ()
    hours: str = ""


async def enter(tools: Tools, tenant: Tenant, number: str, entry: Entry, who: Who) -> Contact:
    """Enter a contact of the office `number`; what an office enters is in use once its owner has confirmed it.

    Raises UnknownError if the tenant sees no such office, SubscriptionRefusedError for what cannot be a contact.
    """
    now = tools.now().replace(microsecond=0)
    async with tools.database.transaction() as conn:
        office = await office_records.office(conn, tenant, number)
        if office is None:
            raise UnknownError(f"no office {number} that the caller sees")
        await _check(conn, {"address": entry.address, "role": entry.role, "topics": entry.topics})
        hours = Hours.of(entry.weekdays, entry.hours)
        refused = await contacts.is_refused(conn, entry.address)
        reason = REFUSED if refused else UNVERIFIED if entry.by_office else ""
        values = {
            "authority": tenant.code or office.municipality,
            "channel": "email",
            "address": entry.address,
            "role": entry.role,
            "topics": written_topics(entry.topics),
            "text_only": entry.text_only,
            "weekdays": hours.kept_weekdays,
            "hours": hours.kept_hours,
            "origin": "office" if entry.by_office else "authority",
            "active": not reason,
            "reason": reason,
            "replaces": entry.replaces,
        }
        added = await contacts.add(conn, office.id, values)
        if added is None:
            added = await _again(conn, office.id, values, now)
        contact = await _seen(conn, tenant, added)
        if reason == UNVERIFIED:
            await _ask(conn, tools, contact, now, again=False)
        detail = {"contact": added, "role": entry.role, "origin": values["origin"], "reason": reason}
        detail |= {"hours": hours.wording} if hours.wording else {}
        await audit.append(conn, now, who, "contact.entered", f"office/{number}", detail)
        return await _seen(conn, tenant, added)


async def _again(conn: Connection, office_id: int, values: Mapping[str, Any], now: datetime) -> int:
    """Return the contact at an address that an office enters once more, to be confirmed anew.

    Raises SubscriptionRefusedError if it is in use, or was asked only a moment ago.
    """
    known = await contacts.at(conn, office_id, values["authority"], values["address"])
    is_free = known is not None and not known.active and known.reason != REFUSED
    if known is None or not is_free or values["origin"] != "office":
        message = "このアドレスは、この事業所の連絡先としてすでに登録されています。"
        raise SubscriptionRefusedError(message, "address")
    if known.asked_at is not None and now - known.asked_at < MOMENT:
        raise SubscriptionRefusedError(
            "確認のメールをお送りしたばかりです。届かないときは、10分後にもう一度お試しください。", "address"
        )
    await contacts.change(conn, known.id, values)
    return known.id


async def stop(tools: Tools, tenant: Tenant, contact_id: int, who: Who) -> None:
    """Send no more mail to a contact because its office wants none there; what the office owes stays.

    Raises UnknownError if it is not the tenant's. One that is not in use stays as it is.
    """
    async with tools.database.transaction() as conn:
        contact = await _seen(conn, tenant, contact_id)
        if contact.active:
            await contacts.take_out(conn, contact.id, STOPPED)
            detail = {"contact": contact.id, "role": contact.role, "origin": contact.origin}
            await audit.append(conn, tools.now(), who, "contact.stopped", f"office/{contact.office}", detail)


async def amend(
    tools: Tools,
    tenant: Tenant,
    contact_id: int,
    wanted: Mapping[str, Any],
    who: Who,
    check: Callable[[Contact], None] = lambda _: None,
) -> Contact:
    """Write the `wanted` role, topics, text_only, weekdays or hours of a contact.

    `check` may refuse, having seen it as it is.
    Raises UnknownError if it is not the tenant's, SubscriptionRefusedError for what makes no sense.
    """
    async with tools.database.transaction() as conn:
        contact = await _seen(conn, tenant, contact_id)
        check(contact)
        await _check(conn, wanted)
        hours = Hours.of(wanted.get("weekdays", contact.weekdays), wanted.get("hours", contact.hours))
        kept = {name: _kept(name, value, hours) for name, value in wanted.items()}
        if kept:
            await contacts.change(conn, contact_id, kept)
            if hours != contact.wanted_hours:
                await _reconsider(conn, tools, contact)
            before = {name: getattr(contact, name) for name in wanted}
            detail = {"contact": contact_id, "before": _json(before), "after": _json(wanted)}
            await audit.append(conn, tools.now(), who, "contact.amended", f"office/{contact.office}", detail)
        return await _seen(conn, tenant, contact_id)


async def remove(
    tools: Tools,
    tenant: Tenant,
    contact_id: int,
    who: Who,
    check: Callable[[Contact], None] = lambda _: None,
) -> None:
    """Remove a contact. Raises UnknownError if it is not the tenant's; one whose owner wants no mail cannot be removed.

    It would otherwise come back with the next list, and get mail. What is planned for it goes to the contact that was
    entered last, if it does not go there anyway.
    """
    async with tools.database.transaction() as conn:
        contact = await _seen(conn, tenant, contact_id)
        check(contact)
        if contact.reason == REFUSED:
            message = "受け取りを断られたアドレスです。記録を残すため、取り除けません。"
            raise SubscriptionRefusedError(message)
        heir = await contacts.heir(conn, contact)
        if heir is not None:
            await _hand_over(conn, tools, contact_id, heir)
        await contacts.take_out(conn, contact_id, "")
        await contacts.remove(conn, contact_id)
        detail = {"contact": contact_id, "role": contact.role, "origin": contact.origin}
        await audit.append(conn, tools.now(), who, "contact.removed", f"office/{contact.office}", detail)


async def contact_of(tools: Tools, proof: str) -> Contact | None:
    """Return the contact whose owner was sent `proof`; None if it is none, not the last, or too old."""
    async with tools.database.transaction() as conn:
        return await _proved(conn, tools, proof)


async def confirm(tools: Tools, proof: str) -> Contact | None:
    """Note that the owner of a contact has confirmed it, and use it; None where `contact_of` returns None."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        contact = await _proved(conn, tools, proof)
        if contact is None:
            return None
        await contacts.change(conn, contact.id, {"verified_at": now, "active": True, "reason": ""})
        detail = {"contact": contact.id}
        if contact.replaces is not None:
            await _hand_over(conn, tools, contact.replaces, contact)
            await contacts.take_out(conn, contact.replaces, REPLACED)
            detail["replaces"] = contact.replaces
        await _come_back(conn, now + CONFIRMED_FOR)
        await audit.append(conn, now, "recipient", "contact.confirmed", f"office/{contact.office}", detail)
    return contact


async def ask_again(tools: Tools) -> None:
    """Ask the owners of contacts that were confirmed a year ago; take out of use what nobody confirmed again."""
    now = tools.now().replace(microsecond=0)
    async with tools.database.transaction() as conn:
        lapsed = await contacts.lapse(conn, now - PATIENCE)
        if lapsed:
            detail = {"count": len(lapsed), "offices": lapsed[:AT_ONCE]}
            await audit.append(conn, now, "vouch", "contacts.lapsed", "offices", detail)
        for contact in await contacts.to_ask(conn, now - CONFIRMED_FOR, now - CONFIRMED_FOR, AT_ONCE):
            await _ask(conn, tools, contact, now, again=True)
            await _come_back(conn, now + PATIENCE)


async def _come_back(conn: Connection, over: datetime) -> None:
    """Look again on the morning after `over`, whether or not anything ticks: one message for all of that day."""
    day = civil_date(over) + timedelta(days=1)
    await outbox.enqueue(conn, "vouch", japan_time(day, HOUR), key=f"vouch {day}")


async def _seen(conn: Connection, tenant: Tenant, contact_id: int) -> Contact:
    found = await contacts.find(conn, tenant, contact_id, to_change=True)
    if found is None:
        raise UnknownError(f"no contact {contact_id} that belongs to the caller")
    return found


async def _check(conn: Connection, wanted: Mapping[str, Any]) -> None:
    if "address" in wanted:
        try:
            envelope_address(wanted["address"])
        except UnsendableError as fault:
            message = f"「{wanted['address']}」はメールを送れるアドレスではありません。"
            raise SubscriptionRefusedError(message, "address") from fault
    if wanted.get("role", "") not in ROLES:
        raise SubscriptionRefusedError(f"役割は{'、'.join(filter(None, ROLES))}のどれかです。", "role")
    known = await subscriptions.topics(conn)
    for place, topic in enumerate(wanted.get("topics", ())):
        if topic not in known or not topic.replace("-", "").isalnum():
            raise SubscriptionRefusedError(f"「{topic}」という分野はありません。", f"topics/{place}")


async def _hand_over(conn: Connection, tools: Tools, contact_id: int, to: Contact) -> None:
    """Let what is planned for a contact go to another one, at the hours at which that one wants its letters."""
    await contacts.hand_over(conn, contact_id, to)
    await _reconsider(conn, tools, to)


async def _reconsider(conn: Connection, tools: Tools, contact: Contact) -> None:
    """Let what waits for the hours that a contact had leave as if it was said now; its new hours are looked at then."""
    known = await authorities.load_authorities(conn)
    calendar = tools.calendar_of(known.get(contact.authority))
    at = leaves_at(tools.now(), calendar, urgent=False)
    if await store_hours.reconsider(conn, contact.id, at):
        await outbox.enqueue(conn, "dispatch", at)


def _kept(name: str, value: Any, hours: Hours) -> Any:
    """Return a wanted value as its column keeps it."""
    written = {"weekdays": hours.kept_weekdays, "hours": hours.kept_hours}
    return written_topics(value) if name == "topics" else written.get(name, value)


def _json(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


# ---- the mail that asks ----


def _proof(contact: Contact, asked_at: datetime) -> str:
    return f"{contact.id}.{int(asked_at.timestamp())}"


async def _proved(conn: Connection, tools: Tools, proof: str) -> Contact | None:
    number, _, asked = proof.partition(".")
    if not (number.isdecimal() and asked.isdecimal() and len(number) < LONGEST):
        return None
    contact = await contacts.find(conn, Tenant(), int(number), to_change=True)
    if contact is None or contact.asked_at is None or contact.reason == REFUSED:
        return None
    is_last = int(contact.asked_at.timestamp()) == int(asked)
    valid = _valid(again=contact.verified_at is not None)
    return contact if is_last and tools.now() <= contact.asked_at + valid else None


def _valid(*, again: bool) -> timedelta:
    return PATIENCE if again else VALID


async def _ask(conn: Connection, tools: Tools, contact: Contact, now: datetime, *, again: bool) -> None:
    """Send the owner of a contact a link to a page on which it is confirmed; without pages there is nothing to ask."""
    address = tools.confirmation(_proof(contact, now))
    if address is None:
        return
    await contacts.change(conn, contact.id, {"asked_at": now})
    await memos.write(conn, contact.address, *_mail(tools, contact, address, again=again), now)
    await outbox.enqueue(conn, "inform", now)


def _mail(tools: Tools, contact: Contact, address: str, *, again: bool) -> tuple[str, str]:
    if again:
        asked = "期限のお知らせを、これからもこのメールアドレスへお送りしてよいか、年に一度お尋ねしています。"
        otherwise = (
            f"何もしないでください。{PATIENCE.days}日間お返事がなく、ほかに宛先があるときは、"
            "このアドレスへお送りするのを止めることがあります。"
        )
    else:
        asked = (
            "期限のお知らせの宛先として、このメールアドレスが登録されました。お送りしてよいかお尋ねします。"
        )
        otherwise = "何もしないでください。お知らせはお送りしません。"
    lines = [
        f"{contact.office_name}（事業所番号 {contact.office}）　ご担当者様",
        "",
        wrap(asked),
        "",
        "【メールアドレス】",
        f"　{contact.address}",
        "【受け取るとき】",
        wrap(
            "次のページを開き、「このアドレスで受け取る」を押してください。開くだけでは何も変わりません。",
            "　",
        ),
        f"　{address}",
        wrap(f"このページは{_valid(again=again).days}日間使えます。", "　"),
        "【心当たりがないとき】",
        wrap(otherwise, "　"),
        "【問い合わせ先】",
        f"　{tools.correspondent.name}",
        wrap(tools.correspondent.contact, "　"),
    ]
    return f"【ご確認】{contact.office_name}の連絡先メールアドレス", "\n".join(lines).rstrip() + "\n"
