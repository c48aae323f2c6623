"""Designations with a last day: after it the office answers to that authority no more, on either database."""

from datetime import timedelta

import pytest

from notifier.domain.callers import Tenant
from notifier.errors import UnknownError
from notifier.steps.designate import Terms, set_terms
from notifier.steps.enrol import enrol
from notifier.steps.lapse import lapse
from notifier.store import enrolment, office_records
from notifier.store.enrolment import Enrolled
from notifier.store.tables import AuditRow, ContactRow, DeliveryRow, OfficeServiceRow
from tests.builders import CITY, PREFECTURE
from tests.steps.test_declare import TODAY, owing
from tests.steps.workshop import A, Workshop

HERE, ABOVE = Tenant(CITY), Tenant(PREFECTURE)
LAST = TODAY + timedelta(days=3)


async def seen(shop: Workshop, tenant: Tenant) -> bool:
    async with shop.database.reading(tenant=tenant) as conn:
        return await office_records.office(conn, tenant, A) is not None


async def services(shop: Workshop) -> set[str]:
    async with shop.database.reading() as conn:
        found = await enrolment.enrolled(conn, A)
    assert found is not None
    return {row.service for row in await shop.all(OfficeServiceRow) if row.office_id == 1}


async def test_after_the_last_day_of_a_designation_the_office_answers_to_its_authority_no_more(
    shop: Workshop,
) -> None:
    await owing(shop)
    theirs = Enrolled(A, "A", ("43",), CITY, PREFECTURE, ("ken@example.jp",), authority=PREFECTURE)
    await enrol(shop.tools, [theirs], "ken")
    terms = Terms({"43": (None, LAST)}, "有効期間")
    await set_terms(shop.tools, ABOVE, A, Terms({"43": (TODAY, None)}, "指定"), "ken", lambda _: None)
    kept = await set_terms(shop.tools, ABOVE, A, terms, "ken", lambda _: None)
    assert [(each.service, each.until) for each in kept] == [("43", LAST)]
    assert await set_terms(shop.tools, ABOVE, A, terms, "ken", lambda _: None) == kept
    await enrol(
        shop.tools, [Enrolled(A, "A", ("43", "12"), CITY, PREFECTURE, None, authority=PREFECTURE)], "ken"
    )
    async with shop.database.reading() as conn:
        still = await office_records.designations_of(conn, ABOVE, 1)
    assert [(each.service, each.until) for each in still] == [
        ("12", None),
        ("43", LAST),
    ]  # a list tells no days
    await set_terms(shop.tools, ABOVE, A, terms, "ken", lambda _: None)
    await lapse(shop.tools)  # nothing is over yet
    await shop.live_until(LAST)
    assert await seen(shop, ABOVE)
    assert await services(shop) == {"11", "43"}
    await shop.live_until(LAST + timedelta(days=1))
    assert not await seen(shop, ABOVE)
    assert await seen(shop, HERE)
    assert await services(shop) == {"11"}
    resting = {row.address: (row.active, row.reason) for row in await shop.all(ContactRow)}
    assert resting["ken@example.jp"] == (False, "left")
    assert resting["a@example.jp"] == (True, "")
    waiting = [row for row in await shop.all(DeliveryRow) if row.authority == PREFECTURE]
    assert {row.state for row in waiting} <= {"accepted", "cancelled"}
    said = [row for row in await shop.all(AuditRow) if row.action == "office.designation-ended"]
    assert [(row.authority, row.detail["services"], row.detail["has_left"]) for row in said] == [
        (PREFECTURE, ["43"], True)
    ]
    with pytest.raises(UnknownError):
        await set_terms(shop.tools, ABOVE, A, terms, "ken", lambda _: None)
    theirs_by_us = Terms({"43": (None, None)}, "指定", PREFECTURE)
    with pytest.raises(UnknownError):
        await set_terms(shop.tools, HERE, A, theirs_by_us, "city", lambda _: None)
    await enrol(shop.tools, [theirs], "ken")  # designated anew, by a list that names the address
    assert {row.address for row in await shop.all(ContactRow) if row.active} >= {"ken@example.jp"}
