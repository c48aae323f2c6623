"""Lists of offices are taken over in sets, and what they do not speak of stays."""

from dataclasses import replace
from datetime import UTC, date, datetime

from sqlalchemy import func, insert, select, update
from sqlmodel import col

from notifier.store.database import Database, table
from notifier.store.differences import Change, Enrolled, difference, folded
from notifier.store.enrolment import close, enrol, enrolled
from notifier.store.tables import ContactRow, DesignationRow, OfficeRow, OfficeServiceRow, SubscriptionRow

NOON = datetime(2026, 3, 13, 3, tzinfo=UTC)
A = Enrolled("1270000001", "ケアプラン　ヶ丘", ("43",), "121002", "120006", ("a@example.jp",), staff=4)
B = Enrolled("1270000002", "訪問介護B", ("11", "A2"), "121002", "120006", ("b@example.jp", "b2@example.jp"))


async def begin_with(database: Database, *offices: Enrolled) -> None:
    async with database.transaction() as conn:
        await enrol(conn, offices, NOON)
        await conn.execute(update(OfficeRow).values(derived=True))


async def not_derived(database: Database) -> list[str]:
    async with database.reading() as conn:
        found = select(col(OfficeRow.number)).where(col(OfficeRow.derived).is_(False))
        return list((await conn.execute(found.order_by(col(OfficeRow.number)))).scalars())


async def test_an_office_comes_back_as_it_was_enrolled(database: Database) -> None:
    async with database.transaction() as conn:
        done = await enrol(conn, [A, B], NOON)
        found = [await enrolled(conn, each.number) for each in (A, B)]
        assert await enrolled(conn, "9999999999") is None
        designated = (
            await conn.execute(select(table(DesignationRow).c.authority, table(DesignationRow).c.service))
        ).all()
    assert (done.added, done.changed, done.unchanged) == (("1270000001", "1270000002"), {}, 0)
    assert found == [A, B]
    assert sorted(map(tuple, designated)) == [("121002", "11"), ("121002", "43"), ("121002", "A2")]
    assert await not_derived(database) == [A.number, B.number]


async def test_an_office_listed_again_as_it_is_known_is_not_touched(database: Database) -> None:
    await begin_with(database, A, B)
    async with database.transaction() as conn:
        done = await enrol(conn, [replace(A, addresses=None), B], NOON)
    assert (done.added, done.changed, done.unchanged) == ((), {}, 2)
    assert await not_derived(database) == []


async def test_only_what_decides_about_duties_is_worked_out_anew(database: Database) -> None:
    await begin_with(database, A, B)
    async with database.transaction() as conn:
        await enrol(
            conn,
            [replace(A, services=("43", "46")), replace(B, name="訪問介護ビー", addresses=("c@example.jp",))],
            NOON,
        )
        found = [await enrolled(conn, each.number) for each in (A, B)]
    assert [each and (each.name, each.services, each.addresses) for each in found] == [
        ("ケアプラン　ヶ丘", ("43", "46"), ("a@example.jp",)),
        ("訪問介護ビー", ("11", "A2"), ("c@example.jp",)),
    ]
    assert await not_derived(database) == [A.number]


async def test_a_dry_run_names_each_difference_and_changes_nothing(database: Database) -> None:
    await begin_with(database, A, B)
    listed = [replace(A, name="ケアプランA", services=("46", "43")), replace(A, number="1270000003")]
    async with database.reading() as conn:
        found = await difference(conn, listed, "121002")
        here = await difference(conn, [B], "120006")
        elsewhere = await difference(conn, [B], "131016")
    assert found.added == ("1270000003",)
    assert found.changed == {
        A.number: (Change("name", "ケアプラン　ヶ丘", "ケアプランA"), Change("services", "43", "43、46"))
    }
    assert (found.unchanged, found.gone) == (0, (B.number,))
    assert (here.unchanged, here.gone, elsewhere.gone) == (1, (A.number,), ())


async def test_a_list_does_not_undo_that_an_address_was_refused(database: Database) -> None:
    await begin_with(database, B)
    async with database.transaction() as conn:
        await conn.execute(
            update(ContactRow).where(col(ContactRow.address) == "b2@example.jp").values(active=False)
        )
        again = await enrol(conn, [B], NOON)
        dropped = await enrol(conn, [replace(B, addresses=())], NOON)
        back = await enrol(conn, [B], NOON)
        kept = await enrolled(conn, B.number)
    assert (again.unchanged, list(dropped.changed), list(back.changed)) == (1, [B.number], [B.number])
    assert kept
    assert kept.addresses == ("b@example.jp",)


async def test_chosen_families_stay_unless_the_list_speaks_of_them(database: Database) -> None:
    async def families() -> list[str]:
        async with database.reading() as conn:
            return list(
                (await conn.execute(select(table(SubscriptionRow).c.topic).order_by("topic"))).scalars()
            )

    await begin_with(database, replace(A, subscriptions=("free-pass", "platform")))
    await begin_with(database, replace(A, name="ケアプランA"))
    assert await families() == ["*", "free-pass", "platform"]
    await begin_with(database, replace(A, subscriptions=("platform",)))
    assert await families() == ["*", "platform"]
    await begin_with(database, replace(A, subscriptions=()))
    assert await families() == []


async def test_designations_by_other_authorities_stay(database: Database) -> None:
    await begin_with(database, A)
    async with database.transaction() as conn:
        mine = (await conn.execute(select(col(OfficeRow.id)))).scalar_one()
        await conn.execute(insert(DesignationRow).values(office_id=mine, authority="131016", service="43"))
        await enrol(conn, [replace(A, municipality="122033", services=("46",))], NOON)
        found = await conn.execute(select(table(DesignationRow).c.authority, table(DesignationRow).c.service))
        assert sorted(map(tuple, found)) == [("122033", "46"), ("131016", "43")]


async def test_a_closed_office_that_is_listed_again_is_open(database: Database) -> None:
    await begin_with(database, A)
    async with database.transaction() as conn:
        assert await close(conn, A.number, date(2026, 4, 1))
        assert not await close(conn, "9999999999", date(2026, 4, 1))
        done = await enrol(conn, [A], NOON)
    assert done.changed == {A.number: (Change("closed_on", "2026-04-01", ""),)}
    assert await not_derived(database) == [A.number]


async def test_of_two_lines_about_one_office_the_last_counts(database: Database) -> None:
    async with database.transaction() as conn:
        done = await enrol(conn, [A, replace(A, name="ケアプランA")], NOON)
        found = await enrolled(conn, A.number)
    assert (done.added, found and found.name) == ((A.number,), "ケアプランA")


def test_names_are_compared_without_the_ways_of_writing() -> None:
    assert folded("ｹｱﾌﾟﾗﾝ　龍ヶ崎 Ａ") == folded("ケアプラン龍ケ﨑a")


async def test_a_long_list_is_taken_over_whole_and_changes_nothing_when_it_comes_again(
    database: Database,
) -> None:
    offices = [
        replace(B, number=f"12{number:08}", addresses=(f"{number}@example.jp",)) for number in range(6_000)
    ]
    async with database.transaction() as conn:
        await enrol(conn, offices, NOON)
        services = (await conn.execute(select(func.count()).select_from(OfficeServiceRow))).scalar_one()
        again = await enrol(conn, offices, NOON)
    assert (services, again.unchanged) == (12_000, 6_000)
