"""Intake: an event is checked against the vocabulary and reaches the step that deals with its type."""

from dataclasses import replace
from datetime import date

import pytest
import pytest_asyncio

from notifier.clock import japan_time
from notifier.errors import UnknownError
from notifier.intake import Inbound, receive, receive_facts
from notifier.publishing import publish
from notifier.store.enrolment import Enrolled, enrolled
from notifier.store.facts import Intake
from notifier.store.tables import AuditRow, FactRow, NoticeRow, OfficeRow, StatementRow
from notifier.tools import LawBook
from tests.catalogue.offices import shipped
from tests.steps.workshop import Workshop

OFFICE, CITY, PREFECTURE = "1270000001", "121002", "120006"
REGISTERED = {
    "name": "ケアプランA",
    "services": ["43"],
    "municipality": CITY,
    "staff": 4,
    "contacts": [
        {"channel": "email", "address": "a@example.jp"},
        {"channel": "webhook", "address": "https://a.example.jp/hook"},
    ],
}
NOON = japan_time(date(2026, 4, 8), 12)


@pytest_asyncio.fixture
async def town(shop: Workshop) -> Workshop:
    """A workshop with the shipped vocabulary and authorities, at noon."""
    shop.clock.turn_to(NOON)
    await shop.keep(*shipped().authorities.values())
    tools = replace(shop.tools, catalogue=shipped(), book=LawBook(shipped().groups))
    return replace(shop, tools=tools)


def inbound(kind: str, name: str = "1", **more: object) -> Inbound:
    """An event that happens at noon."""
    values: dict[str, object] = {"source": "test", "office": None, "authority": None, "data": {}, **more}
    return Inbound(id=name, type=kind, at=NOON, **values)  # type: ignore[arg-type]  # the tests choose the fields


async def known(town: Workshop) -> Enrolled | None:
    async with town.database.reading() as conn:
        return await enrolled(conn, OFFICE)


async def register(town: Workshop) -> Intake:
    return await receive(town.tools, inbound("office.registered", office=OFFICE, data=REGISTERED))


# ---- offices ----


async def test_an_office_is_registered_with_its_mail_addresses_and_its_citys_prefecture(
    town: Workshop,
) -> None:
    assert await register(town) is Intake.RECORDED
    assert await known(town) == Enrolled(
        OFFICE, "ケアプランA", ("43",), CITY, PREFECTURE, ("a@example.jp",), 4
    )


async def test_a_change_changes_what_it_speaks_of_and_nothing_else(town: Workshop) -> None:
    await register(town)
    await receive(town.tools, inbound("office.changed", "2", office=OFFICE, data={"services": ["43", "46"]}))
    await receive(town.tools, inbound("office.changed", "3", office=OFFICE, data={"name": "新しい名"}))
    assert await known(town) == Enrolled(
        OFFICE, "新しい名", ("43", "46"), CITY, PREFECTURE, ("a@example.jp",), 4
    )


async def test_new_addresses_take_the_place_of_the_old_ones(town: Workshop) -> None:
    await register(town)
    contacts = [{"channel": "email", "address": "new@example.jp"}]
    await receive(town.tools, inbound("office.changed", "2", office=OFFICE, data={"contacts": contacts}))
    found = await known(town)
    assert found is not None
    assert found.addresses == ("new@example.jp",)


async def test_a_change_of_an_office_nobody_registered_makes_it_known_by_its_number(town: Workshop) -> None:
    await receive(town.tools, inbound("office.changed", office=OFFICE, data={"services": ["11"]}))
    assert await known(town) == Enrolled(OFFICE, OFFICE, ("11",), "", "", ())


async def test_a_prefecture_that_is_named_counts(town: Workshop) -> None:
    data = {**REGISTERED, "municipality": "131016", "prefecture": "130001"}
    await receive(town.tools, inbound("office.registered", office=OFFICE, data=data))
    found = await known(town)
    assert found is not None
    assert (found.municipality, found.prefecture) == ("131016", "130001")


async def test_an_office_that_closes_is_closed_on_the_day_of_the_event(town: Workshop) -> None:
    await register(town)
    await receive(town.tools, inbound("office.closed", "2", office=OFFICE))
    assert [row.closed_on for row in await town.all(OfficeRow)] == [date(2026, 4, 8)]
    assert (await town.all(AuditRow))[-1].who == "test"


# ---- facts ----


async def test_a_fact_is_kept_with_its_checked_values_and_defaults(town: Workshop) -> None:
    await register(town)
    assert await receive(town.tools, inbound("cpdl.started", "2", office=OFFICE)) is Intake.RECORDED
    (kept,) = await town.all(FactRow)
    assert (kept.type, kept.on, kept.values, kept.authority) == (
        "cpdl.started",
        date(2026, 4, 8),
        {"system": "cpdl"},
        None,
    )


async def test_a_repeat_gets_the_same_answer_and_another_text_under_its_name_is_a_conflict(
    town: Workshop,
) -> None:
    await register(town)
    linked = inbound("cpdl.linked", "2", office=OFFICE, data={"partner": "1270000011"})
    other = inbound("cpdl.linked", "2", office=OFFICE, data={"partner": "1270000012"})
    assert [await receive(town.tools, each) for each in (linked, linked, other)] == [
        Intake.RECORDED,
        Intake.REPEATED,
        Intake.CONFLICTING,
    ]


async def test_what_an_authority_or_the_nation_sets_is_kept_under_its_code(town: Workshop) -> None:
    data = {"due": date(2026, 7, 31)}
    await receive(town.tools, inbound("wage-support.report-due.set", authority=PREFECTURE, data=data))
    day = {"date": "2027-02-01"}
    await receive(town.tools, inbound("platform.integration.announced", "2", data=day))
    assert [(row.authority, row.office_id) for row in await town.all(FactRow)] == [
        (PREFECTURE, None),
        ("", None),
    ]


async def test_many_facts_are_kept_together_or_not_at_all(town: Workshop) -> None:
    await register(town)
    good = inbound("cpdl.linked", "2", office=OFFICE, data={"partner": "1270000011"})
    bad = inbound("cpdl.linked", "3", office=OFFICE, data={})
    with pytest.raises(ValueError, match="partner がありません"):
        await receive_facts(town.tools, [good, bad])
    assert await town.all(FactRow) == []
    day = inbound("platform.integration.announced", "4", data={"date": "2027-02-01"})
    assert await receive_facts(town.tools, [good, good, day]) == [
        Intake.RECORDED,
        Intake.REPEATED,
        Intake.RECORDED,
    ]


@pytest.mark.parametrize(
    "event, problem",
    [
        (inbound("cpdl.applied", office=OFFICE, data={"paid": "ja"}), "paid はtrue か falseで書いてください"),
        (
            inbound("cpdl.applied", office=OFFICE, data={"paid": True, "licence_until": "2026-02-30"}),
            "日付で書いて",
        ),
        (inbound("cpdl.started"), "事業所番号"),
        (inbound("office.closed"), "事業所番号"),
        (inbound("wage-support.report-due.set", data={"due": "2026-07-31"}), "団体コード"),
    ],
)
async def test_an_event_that_cannot_be_meant_is_refused_and_nothing_is_kept(
    town: Workshop, event: Inbound, problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        await receive(town.tools, event)
    assert await town.all(FactRow) == []


async def test_an_unknown_type_of_event_is_named(town: Workshop) -> None:
    with pytest.raises(UnknownError, match="no such type of event; the catalogue's vocabulary lists them"):
        await receive(town.tools, inbound("cpdl.flown"))


# ---- notices and decisions ----


async def test_a_shipped_notice_that_is_received_speaks_from_that_day_on(town: Workshop) -> None:
    await receive(town.tools, inbound("notice.received", data={"notice": "rohatsu-0407-3"}))
    kept = {row.id: (row.known_from, row.approved_by is not None) for row in await town.all(NoticeRow)}
    assert kept == {
        name: (date(2026, 4, 8), True)
        for name in (
            "rohatsu-0407-3",
            "rohatsu-0407-3/annex-1",
            "rohatsu-0407-3/annex-2",
            "rohatsu-0407-3/annex-3",
        )
    }
    assert {row.known_from for row in await town.all(StatementRow)} == {date(2026, 4, 8)}


async def test_a_part_of_a_notice_may_be_received_alone(town: Workshop) -> None:
    await receive(town.tools, inbound("notice.received", data={"notice": "rohatsu-0407-3/annex-1"}))
    assert [row.id for row in await town.all(NoticeRow)] == ["rohatsu-0407-3/annex-1"]


async def test_a_new_notice_is_kept_and_says_nothing_until_it_is_reviewed(town: Workshop) -> None:
    data = {
        "notice": "new-1",
        "title": "新しい通知",
        "issuer": "例の省",
        "number": "例発第2号",
        "issued": "2026-04-06",
    }
    await receive(town.tools, inbound("notice.received", data=data))
    await receive(town.tools, inbound("notice.received", "2", data={"notice": "new-2"}))
    kept = {row.id: row for row in await town.all(NoticeRow)}
    first, second = kept["new-1"], kept["new-2"]
    assert (first.title, first.issued, first.known_from) == ("新しい通知", date(2026, 4, 6), date(2026, 4, 8))
    assert (second.title, second.issued) == ("new-2", None)
    assert {row.approved_at for row in kept.values()} == {None}
    assert {row.accepted_by for row in kept.values()} == {"test"}


async def test_a_decision_of_the_editor_is_a_statement_with_a_paper_of_its_own(town: Workshop) -> None:
    await publish(town.tools, date(2026, 4, 8))
    data = {
        "deadline": "platform-subsidy/apply",
        "due": "2026-03-13",
        "target": "2026-03-06",
        "reason": "例の理由",
    }
    await receive(town.tools, inbound("deadline.decided", "d1", data=data))
    (kept,) = [row for row in await town.all(StatementRow) if row.notice == "decision-2026-04-08-d1"]
    assert kept.content["target"] == "2026-03-06"
    written = (await town.all(AuditRow))[-1]
    assert (written.action, written.subject) == ("notice.approved", "notice/decision-2026-04-08-d1")
    assert written.detail == {"deadlines": ["platform-subsidy/apply"]}


async def test_a_decision_may_name_a_safe_day_alone(town: Workshop) -> None:
    await publish(town.tools, date(2026, 4, 8))
    data = {"deadline": "platform-subsidy/apply", "target": "2026-03-06", "reason": "例の理由"}
    await receive(town.tools, inbound("deadline.decided", "d2", data=data))
    assert [row for row in await town.all(StatementRow) if row.notice == "decision-2026-04-08-d2"]


async def test_a_decision_about_no_known_deadline_is_refused(town: Workshop) -> None:
    data = {"deadline": "no/such", "reason": "例の理由"}
    with pytest.raises(UnknownError, match="no/such: no such deadline; `notifier catalogue list` names them"):
        await receive(town.tools, inbound("deadline.decided", data=data))
    assert await town.all(NoticeRow) == []
