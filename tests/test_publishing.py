"""Publishing: the shipped law goes in through the same doors as any notice, on the day each paper becomes known."""

from datetime import date

from notifier.clock import japan_time
from notifier.publishing import OPERATOR, SHIPPED, notices_of, publish, publish_notices
from notifier.store.tables import DeadlineRow, NoticeRow, StatementRow
from tests.builders import by, deadline, notice, said
from tests.catalogue.offices import shipped
from tests.steps.workshop import example_catalogue, workshop

EARLY = notice(date(2026, 3, 2), id="early")
LATE = notice(date(2026, 4, 8), id="late")
CATALOGUE = example_catalogue(
    said(by(date(2026, 6, 30)), notice=EARLY),
    said(by(date(2026, 7, 31)), notice=LATE, deadline="example/other"),
    deadlines=[deadline(), deadline("example/other")],
)


async def test_only_what_is_known_by_the_day_is_published_and_by_two(migrated_url: str) -> None:
    async with workshop(migrated_url, japan_time(date(2026, 4, 1), 8), CATALOGUE) as shop:
        assert await publish(shop.tools, date(2026, 4, 7)) == [EARLY]
        (kept,) = await shop.all(NoticeRow)
        assert (kept.id, kept.accepted_by, kept.approved_by) == ("early", SHIPPED, OPERATOR)
        assert [row.deadline for row in await shop.all(StatementRow)] == ["example/annual-report"]
        assert [row.id for row in await shop.all(DeadlineRow)] == ["example/annual-report"]


async def test_publishing_again_adds_only_what_has_become_known(migrated_url: str) -> None:
    async with workshop(migrated_url, japan_time(date(2026, 4, 8), 8), CATALOGUE) as shop:
        await publish(shop.tools, date(2026, 4, 7))
        before = await shop.all(NoticeRow)
        assert await publish(shop.tools, date(2026, 4, 8)) == [EARLY, LATE]
        assert (await shop.all(NoticeRow))[:1] == before
        assert {row.id: row.generation for row in await shop.all(DeadlineRow)} == {
            "example/annual-report": 1,
            "example/other": 1,
        }


async def test_papers_that_arrive_by_themselves_are_left_out(migrated_url: str) -> None:
    async with workshop(migrated_url, japan_time(date(2026, 4, 8), 8), CATALOGUE) as shop:
        assert await publish(shop.tools, date(2026, 4, 8), without=frozenset({"early"})) == [LATE]


async def test_a_notice_may_be_published_with_other_statements_than_the_shipped(migrated_url: str) -> None:
    async with workshop(migrated_url, japan_time(date(2026, 4, 8), 8), CATALOGUE) as shop:
        await publish_notices(shop.tools, [EARLY], [])
        assert await shop.all(StatementRow) == []
        assert [row.id for row in await shop.all(NoticeRow)] == ["early"]


def test_the_parts_of_a_paper_go_with_it() -> None:
    ids = {each.id for each in notices_of(shipped(), frozenset({"kaigo-saishin-joho-1460"}))}
    assert not [each for each in ids if each.startswith("kaigo-saishin-joho-1460")]
    assert "rohatsu-0407-3/annex-1" in ids


def test_notices_come_in_the_order_in_which_they_become_known() -> None:
    days = [each.known_from for each in notices_of(shipped())]
    assert days == sorted(days)


async def test_everything_shipped_can_be_published(migrated_url: str) -> None:
    async with workshop(migrated_url, japan_time(date(2026, 4, 8), 8), shipped()) as shop:
        known = await publish(shop.tools, date(2026, 4, 8))
        assert {each.id for each in known} == set(shipped().notices)
        await publish(shop.tools, date(2026, 4, 8))
        assert {row.id for row in await shop.all(StatementRow)} == {each.id for each in shipped().statements}
        assert {row.generation for row in await shop.all(DeadlineRow)} == {1}
