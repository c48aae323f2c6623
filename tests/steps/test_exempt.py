"""A duty that does not apply to an office, as its authority has agreed, and what follows when that is taken back."""

from datetime import timedelta

import pytest

from notifier.domain.callers import NATION, Tenant
from notifier.domain.obligations import State
from notifier.errors import UnknownError
from notifier.explaining import explain
from notifier.steps.answer import Answer, answer
from notifier.steps.exempt import exempt, restore
from notifier.store import coverage, exemptions
from notifier.store.coverage import Asked, Why
from notifier.store.tables import AuditRow, FactRow, ObligationRow
from notifier.tools import law_on
from tests.builders import CITY, REPORT
from tests.steps.test_answer import asked
from tests.steps.test_declare import DUE, TODAY, owing
from tests.steps.workshop import OTHER_CITY, A, B, Workshop

HERE = Tenant(CITY)


async def whys(shop: Workshop) -> dict[str, tuple[Why, str]]:
    async with shop.database.reading() as conn:
        duty = (await law_on(conn, shop.tools, shop.tools.today())).deadlines[REPORT]
        lines = await coverage.offices(conn, HERE, Asked(duty, 0, shop.tools.today()))
    return {each.number: (each.why, each.decision) for each in lines}


async def test_what_an_authority_agrees_does_not_apply_is_derived_from_a_fact_and_covered_so(
    shop: Workshop,
) -> None:
    number = await asked(shop)
    await answer(shop.tools, HERE, number, Answer(upheld=True, words="確認しました。"), "sato")
    await shop.run()
    assert [(row.type, row.on, row.values["deadline"]) for row in await shop.all(FactRow)] == [
        ("duty.exempted", TODAY, REPORT)
    ]
    assert len(await shop.all(ObligationRow)) == 1
    found = await whys(shop)
    assert found[A] == (Why.EXEMPTED, "事業所の申出を認めた：確認しました。（2026-04-01から、sato）")
    assert found[B][0] is Why.TOLD_NOW
    (told,) = (await explain(shop.tools, A, REPORT)).explanations
    assert told.obligation.state is State.NOT_APPLICABLE
    assert "対象外と認められています" in (told.obligation.reason or "")
    before = TODAY - timedelta(days=1)
    (told,) = (await explain(shop.tools, A, REPORT, on=before)).explanations
    assert told.obligation.state is State.OPEN
    actions = [row.action for row in await shop.all(AuditRow)]
    assert actions.count("office.exempted") == 1


async def test_an_exemption_that_is_taken_back_lets_the_duty_apply_and_be_told_again(shop: Workshop) -> None:
    await owing(shop)
    assert await exempt(shop.tools, HERE, A, REPORT, "窓口で確かめた", "sato")
    assert not await exempt(shop.tools, HERE, A, REPORT, "もう一度", "sato")
    await shop.live_until(TODAY + timedelta(days=1))
    assert await restore(shop.tools, HERE, A, REPORT, "休止の届けが取り下げられた", "suzuki")
    assert not await restore(shop.tools, HERE, A, REPORT, "もう一度", "suzuki")
    await shop.live_until(DUE)
    brief = [each.brief for each in await shop.said() if each.on > TODAY]
    assert (A, "acknowledgement", None) in brief
    assert {party for party, occasion, _ in brief if occasion == "reminder"} == {A, B}
    assert (await whys(shop))[A][0] is Why.TOLD_NOW
    async with shop.database.reading() as conn:
        (office,) = [row.office_id for row in await shop.all(FactRow)][:1]
        assert office is not None
        assert await exemptions.of_office(conn, office) == []


async def test_nobody_exempts_what_is_not_theirs_or_does_not_exist(shop: Workshop) -> None:
    await owing(shop)
    for tenant, number, deadline in (
        (Tenant(OTHER_CITY), A, REPORT),
        (NATION, A, "x/y"),
        (HERE, A, "example"),
    ):
        with pytest.raises(UnknownError):
            await exempt(shop.tools, tenant, number, deadline, "理由", "sato")
    assert await shop.all(FactRow) == []


async def test_an_exemption_ends_nothing_but_itself(shop: Workshop) -> None:
    await owing(shop)
    await exempt(shop.tools, NATION, A, REPORT, "国の確認", "root")
    await shop.run()
    async with shop.database.reading() as conn:
        assert [each.deadline for each in await exemptions.of_office(conn, 1)] == [REPORT]
        assert dict(await exemptions.among_offices(conn, "other/duty", [1])) == {}
    (other,) = (await explain(shop.tools, B, REPORT)).explanations
    assert other.obligation.state is State.OPEN
