"""Calendars from the law and the facts to the text that four other programs read."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from notifier.almanac import Almanac, Gone, Served, WantedCalendar, Whose, open_calendar
from notifier.domain.callers import NATION, Tenant
from notifier.domain.dates import Part
from notifier.domain.expressions import InMonth, OnAnchor, Unknown
from notifier.domain.law import Party
from notifier.errors import CalendarRefusedError, UnknownError
from notifier.steps.designate import Terms, set_terms
from notifier.steps.enrol import close
from notifier.steps.lend import recall
from notifier.store import agendas
from notifier.store.agendas import CalendarAddressRow, CalendarVersionRow
from notifier.store.database import table
from notifier.store.tables import AuditRow, ContactRow
from tests.builders import CITY, PREFECTURE, anchor, by, deadline, said, settlement
from tests.calendars import READERS, Seen, by_ical
from tests.steps.workshop import A, B, C, Workshop, enrolled

DAY = date(2026, 7, 31)
REPORT = deadline("example/annual-report", settled_by=(settlement("example.report.filed"),))
OTHERS = (
    deadline("example/plan", title="計画書（例）", ladder="until-event"),
    deadline("example/licence", title="有効期限の更新（例）"),
    deadline("example/form", title="様式の公表（例）"),
    deadline("example/list", title="一覧の確認（例）", parties=(Party.MUNICIPALITY,)),
)
STATEMENTS = (
    said(by(DAY)),
    said(InMonth(2026, 9, Part.MIDDLE), deadline="example/plan"),
    said(OnAnchor(anchor("example.granted", value="licence_until")), deadline="example/licence"),
    said(Unknown("未定"), deadline="example/form"),
    said(by(date(2026, 5, 29)), deadline="example/list"),
)


def chance(length: int) -> bytes:
    return bytes(range(length))


async def opened(shop: Workshop, whose: Whose, subject: str, **more: str) -> str:
    made = iter((bytes([len(await shop.all(CalendarAddressRow))]) * 6, b"x" * 32))
    wanted = WantedCalendar(whose, subject, **more)
    return await open_calendar(shop.tools, wanted, lambda _: next(made), "a clerk")


async def read(shop: Workshop, token: str) -> str:
    served = await Almanac(shop.tools).read(token)
    assert isinstance(served, Served)
    return served.text


async def events(shop: Workshop, token: str) -> dict[str, Seen]:
    return {each.uid.removesuffix("@notifier"): each for each in by_ical(await read(shop, token))}


@pytest.fixture
async def town(shop: Workshop) -> Workshop:
    """Three offices, five deadlines; A has a licence of its own."""
    await shop.enrol(
        enrolled(A, "a@example.jp", "both@example.jp"),
        enrolled(B, "both@example.jp", name="訪問;介護,\\B\n「二」"),
        enrolled(C, municipality="999024"),
    )
    await shop.publish(*STATEMENTS, deadlines=(REPORT, *OTHERS))
    await shop.note("example.granted", A, licence_until=date(2026, 12, 31))
    await shop.run()
    return shop


async def test_an_offices_calendar_shows_what_it_owes(town: Workshop) -> None:
    token = await opened(town, Whose.OFFICE, A)
    found = await events(town, token)
    assert {uid: (each.start, each.end, each.status) for uid, each in found.items()} == {
        f"{A}/example/annual-report/0": (DAY, DAY + timedelta(days=1), "CONFIRMED"),
        f"{A}/example/plan/0": (date(2026, 9, 11), date(2026, 9, 21), "TENTATIVE"),
        f"{A}/example/licence/0": (date(2026, 12, 31), date(2027, 1, 1), "CONFIRMED"),
    }
    text = re.sub(r"\r\n ", "", await read(town, token))
    assert "X-WR-CALNAME:介護事業所の期限｜事業所1\r\n" in text
    assert "・様式の公表（例）｜事業所1：未定" in text


@pytest.mark.parametrize("reader", READERS)
async def test_four_other_programs_read_the_same_in_it(town: Workshop, reader: str) -> None:
    tokens = [
        await opened(town, Whose.OFFICE, B),
        await opened(town, Whose.CONTACT, "both@example.jp"),
        await opened(town, Whose.AUTHORITY, CITY),
        await opened(town, Whose.OFFICE, C),
    ]
    for token in tokens:
        text = await read(town, token)
        assert READERS[reader](text) == by_ical(text) != []
    await close(town.tools, C, town.tools.today() - timedelta(days=1), "a clerk")
    closed = await read(town, tokens[-1])
    assert {each.status for each in READERS[reader](closed)} == {"CANCELLED"}


async def test_an_empty_calendar_is_read_by_all_of_them(shop: Workshop) -> None:
    await shop.enrol(enrolled(A))
    text = await read(shop, await opened(shop, Whose.OFFICE, A))
    assert [reader(text) for reader in READERS.values()] == [[], [], [], []]


async def test_a_contacts_calendar_holds_all_offices_reached_there(town: Workshop) -> None:
    token = await opened(town, Whose.CONTACT, "both@example.jp")
    assert {uid.partition("/")[0] for uid in await events(town, token)} == {A, B}
    assert "both@example.jp" not in await read(town, token)
    # Nobody's address is kept beside the secret.
    assert "both" not in repr(await town.all(CalendarAddressRow))
    async with town.database.transaction() as conn:
        await conn.execute(table(ContactRow).update().values(active=False))
    assert await events(town, token) == {}


async def test_an_authoritys_calendar_counts_its_offices(town: Workshop) -> None:
    token = await opened(town, Whose.AUTHORITY, CITY)
    found = await events(town, token)
    assert {uid: each.summary for uid, each in found.items()} == {
        f"{CITY}/example/annual-report/0/2026-07-31": "【期限】年次報告書の提出（例）（未完了 2／2事業所）",
        f"{CITY}/example/plan/0/2026-09-11": "【時期】計画書（例）（未完了 2／2事業所）",
        f"{CITY}/example/licence/0/2026-12-31": "【期限】有効期限の更新（例）（未完了 1／1事業所）",
        f"{CITY}/example/list/own": "【期限】一覧の確認（例）｜例の市",
    }
    await town.note("example.report.filed", A)
    await town.run()
    again = (await events(town, token))[f"{CITY}/example/annual-report/0/2026-07-31"]
    assert (again.summary.partition("（未")[2], again.sequence) == ("完了 1／2事業所）", 1)
    whole = await events(town, await opened(town, Whose.AUTHORITY, PREFECTURE))
    assert "2／3" in whole[f"{PREFECTURE}/example/annual-report/0/2026-07-31"].summary


async def test_a_moved_day_is_a_new_version_of_the_same_event(town: Workshop) -> None:
    token = await opened(town, Whose.OFFICE, A)
    uid = f"{A}/example/annual-report/0"
    before, first = await events(town, token), await read(town, token)
    assert await read(town, token) == first
    town.turn_to(date(2026, 5, 1))
    await town.publish(said(by(date(2026, 8, 31)), date(2026, 5, 1)), deadlines=(REPORT,))
    await town.run()
    after = await events(town, token)
    assert (before[uid].sequence, after[uid].sequence, after[uid].start) == (0, 1, date(2026, 8, 31))
    assert {each: after[each] for each in after if each != uid} == {
        each: before[each] for each in before if each != uid
    }
    assert "LAST-MODIFIED:20260430T230000Z" in await read(town, token)


async def test_what_is_settled_is_cancelled_for_those_who_saw_it(town: Workshop) -> None:
    token = await opened(town, Whose.OFFICE, A)
    uid = f"{A}/example/annual-report/0"
    await read(town, token)
    await town.note("example.report.filed", A)
    done = (await events(town, token))[uid]
    assert (done.status, done.summary, done.sequence, done.alarms) == (
        "CANCELLED",
        "【完了】年次報告書の提出（例）｜事業所1",
        1,
        0,
    )
    town.turn_to(date(2026, 7, 1))
    assert uid not in await events(town, token)


async def test_a_restart_changes_no_version(town: Workshop) -> None:
    token = await opened(town, Whose.OFFICE, A)
    first = await Almanac(town.tools).read(token)
    town.turn_to(date(2026, 4, 20))
    again = await Almanac(town.named("another process")).read(token)
    assert again == first
    assert isinstance(first, Served)
    assert first.file_name == "office-deadlines.ics"


async def test_two_readers_at_once_agree_on_the_version(town: Workshop) -> None:
    token = await opened(town, Whose.OFFICE, A)
    await read(town, token)
    [row] = await town.all(CalendarVersionRow)
    async with town.database.transaction() as conn:
        assert not await agendas.keep_versions(conn, row.subject, row.version + 1, {})
        assert not await agendas.keep_versions(conn, row.subject, 0, {})
    await town.note("example.report.filed", A)
    await read(town, token)
    async with town.database.reading() as conn:
        assert (await agendas.versions_of(conn, [row.subject]))[row.subject].version == row.version + 1


async def test_an_address_is_shown_once_kept_as_a_digest_and_written_into_the_audit(town: Workshop) -> None:
    token = await opened(town, Whose.OFFICE, A, label="管理者の電話")
    [row] = await town.all(CalendarAddressRow)
    name, _, secret = token.partition(".")
    assert (row.name, len(secret)) == (name, 43)
    assert secret not in repr(row)
    about = table(AuditRow)
    [written] = await town.rows(select(about).where(about.c.action == "calendar.created"))
    assert (written.who, written.subject) == ("a clerk", f"calendar/{name}")
    assert (written.detail["subject"], written.detail["label"]) == (A, "管理者の電話")
    await read(town, token)
    assert (await town.all(CalendarAddressRow))[0].last_read == town.tools.today()


async def test_a_revoked_address_is_gone_and_a_wrong_one_was_never_there(town: Workshop) -> None:
    token = await opened(town, Whose.OFFICE, A)
    almanac = Almanac(town.tools)
    for wrong in ("", "cal_000000000000", token[:-1] + "A", token.replace("cal_00", "cal_0f"), f"{token}x"):
        assert await almanac.read(wrong) is None
    assert await recall(town.tools, NATION, token.partition(".")[0], "a clerk")
    assert isinstance(await almanac.read(token), Gone)
    assert await almanac.read(token[:-1] + "A") is None
    assert not await recall(town.tools, NATION, token.partition(".")[0], "a clerk")
    about = table(AuditRow)
    assert len(await town.rows(select(about).where(about.c.action == "calendar.revoked"))) == 1


async def test_a_calendar_ends_with_what_its_authority_has_to_do_with_the_office(town: Workshop) -> None:
    theirs = replace(enrolled(A), addresses=None, services=("43",), authority=PREFECTURE)
    await town.enrol(theirs)
    token = await opened(town, Whose.OFFICE, A, authority=PREFECTURE)
    own = await opened(town, Whose.OFFICE, A, authority=CITY)
    assert "VEVENT" in await read(town, token)
    await set_terms(town.tools, Tenant(PREFECTURE), A, Terms({}, "指定の取消し"), "ken", lambda _: None)
    assert isinstance(await Almanac(town.tools).read(token), Gone)
    assert "VEVENT" in await read(town, own)


async def test_a_calendar_of_nobody_is_refused(town: Workshop) -> None:
    for whose, subject in (
        (Whose.OFFICE, "9970000009"),
        (Whose.CONTACT, "nobody@example.jp"),
        (Whose.AUTHORITY, "000000"),
    ):
        with pytest.raises(UnknownError):
            await opened(town, whose, subject)
    with pytest.raises(CalendarRefusedError, match="one line"):
        await opened(town, Whose.OFFICE, A, label="a\nb")
    with pytest.raises(UnknownError):
        await opened(town, Whose.CONTACT, "a@example.jp", authority="999024")


async def test_what_vanished_from_the_tables_leaves_an_empty_calendar(town: Workshop) -> None:
    office, place = await opened(town, Whose.OFFICE, A), await opened(town, Whose.AUTHORITY, CITY)
    async with town.database.transaction() as conn:
        await conn.execute(table(CalendarAddressRow).update().values(subject="gone"))
    assert await events(town, office) == {}
    assert await events(town, place) == {}
