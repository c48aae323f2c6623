"""Authorities are entered and changed; what follows from their settings is worked out anew."""

from dataclasses import replace
from datetime import date

import pytest

from notifier.domain.calendar import Roll
from notifier.domain.law import Authority, AuthorityKind
from notifier.errors import AuthorityRefusedError
from notifier.steps.establish import establish
from notifier.store import authorities
from notifier.store.tables import AuditRow, CohortRow, DeadlineRow, ObligationRow, OfficeRow
from tests.builders import REPORT, by, deadline, said
from tests.steps.workshop import A, B, Workshop, enrolled

CITY, NEIGHBOUR, UNION, PREFECTURE = "121002", "122033", "128007", "120006"
TOWN = Authority(CITY, "例の市", AuthorityKind.MUNICIPALITY, PREFECTURE)
NEXT_TOWN = Authority(NEIGHBOUR, "隣の市", AuthorityKind.MUNICIPALITY, PREFECTURE)
LEAGUE = Authority(UNION, "例の広域連合", AuthorityKind.UNION, PREFECTURE)
COUNTY = Authority(PREFECTURE, "例の県", AuthorityKind.PREFECTURE)
HERE = {"municipality": CITY, "prefecture": PREFECTURE}
MAY, JULY = date(2026, 5, 15), date(2026, 7, 31)


@pytest.fixture
def known(shop: Workshop) -> Workshop:
    """A workshop whose catalogue has the deadline that authorities choose for."""
    shop.tools.catalogue.deadlines.update({REPORT: deadline()})  # type: ignore[attr-defined]  # a plain dict here
    return shop


async def put(shop: Workshop, authority: Authority, *members: str, address: str = "") -> bool:
    return await establish(shop.tools, authority, address, members, "a clerk")


async def owed(shop: Workshop) -> dict[str, date | None]:
    """By office: the last day of its cohort."""
    offices = {row.id: row.number for row in await shop.all(OfficeRow)}
    last = {row.id: row.latest for row in await shop.all(CohortRow)}
    return {offices[row.office_id]: last[row.cohort_id] for row in await shop.all(ObligationRow)}


async def test_an_authority_is_entered_once_and_told_with_before_and_after(shop: Workshop) -> None:
    assert await put(shop, TOWN, address="city@example.jp")
    assert not await put(shop, TOWN, address="city@example.jp")
    assert await put(shop, replace(TOWN, name="別の市"), address="city@example.jp")
    first, second = await shop.all(AuditRow)
    assert (first.action, first.subject, first.authority) == ("authority.added", f"authority/{CITY}", CITY)
    assert (first.detail["before"], first.detail["after"]["address"]) == (None, "city@example.jp")
    assert (second.action, second.detail) == (
        "authority.changed",
        {"before": {"name": "例の市"}, "after": {"name": "別の市"}},
    )


async def test_another_name_moves_nothing_and_a_closed_day_has_everything_worked_out_anew(
    shop: Workshop,
) -> None:
    await put(shop, TOWN)
    await shop.publish(said(by(JULY)))
    await shop.live_until(date(2026, 4, 1))
    await put(shop, replace(TOWN, name="別の市"))
    assert [row.generation for row in await shop.all(DeadlineRow)] == [1]
    await put(shop, replace(TOWN, name="別の市", closed=frozenset({JULY})))
    assert [(row.generation, row.derived) for row in await shop.all(DeadlineRow)] == [(2, 1)]
    assert ("derive", shop.tools.now()) in await shop.waiting()


async def test_a_roll_of_its_own_moves_the_day_of_its_offices(known: Workshop) -> None:
    shop = known
    await put(shop, TOWN)
    await shop.enrol(enrolled(A, **HERE))
    await shop.publish(said(by(JULY)))
    await shop.live_until(date(2026, 4, 1))
    closed = replace(TOWN, closed=frozenset({JULY}), rolls={REPORT: Roll.PREVIOUS}, ladders={REPORT: "short"})
    await put(shop, closed)
    await shop.run()
    assert await owed(shop) == {A: date(2026, 7, 30)}


async def test_what_a_union_says_holds_for_the_offices_of_its_members(shop: Workshop) -> None:
    for each in (COUNTY, TOWN, NEXT_TOWN):
        await put(shop, each)
    await put(shop, LEAGUE, NEIGHBOUR)
    await shop.enrol(enrolled(A, **HERE), enrolled(B, municipality=NEIGHBOUR, prefecture=PREFECTURE))
    await shop.publish(said(by(JULY)), said(by(MAY), authority=UNION))
    await shop.run()
    assert await owed(shop) == {A: JULY, B: MAY}
    await put(shop, LEAGUE, NEIGHBOUR, CITY)
    await shop.run()
    assert await owed(shop) == {A: MAY, B: MAY}
    await put(shop, LEAGUE)
    await shop.run()
    assert await owed(shop) == {A: JULY, B: JULY}
    async with shop.database.reading() as conn:
        assert (await authorities.load_authorities(conn))[CITY].union is None


@pytest.mark.parametrize(
    "authority, members, told",
    [
        (replace(TOWN, code="121003"), (), "no 団体コード"),
        (replace(TOWN, code=PREFECTURE), (), "not the 団体コード of a municipality"),
        (replace(COUNTY, code=CITY), (), "not the 団体コード of a prefecture"),
        (replace(TOWN, name=" "), (), "needs a name"),
        (TOWN, (NEIGHBOUR,), "only a 広域連合"),
        (LEAGUE, ("131016",), "add it first"),
        (LEAGUE, (PREFECTURE,), "add it first"),
        (replace(LEAGUE, code="128015"), (NEIGHBOUR,), f"belongs to {UNION}"),
        (replace(TOWN, ladders={"example/other": "short"}), (), "no such deadline"),
        (replace(TOWN, rolls={"example/other@2027": Roll.NEXT}), (), "no such deadline"),
        (replace(TOWN, ladders={REPORT: "rope"}), (), "no such ladder"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    known: Workshop, authority: Authority, members: tuple[str, ...], told: str
) -> None:
    for each in (COUNTY, NEXT_TOWN):
        await put(known, each)
    await put(known, LEAGUE, NEIGHBOUR)
    with pytest.raises(AuthorityRefusedError, match=told):
        await put(known, authority, *members)
