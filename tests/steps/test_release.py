"""Letters that come back in masses are held back until a person lets them leave again."""

from datetime import date, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from notifier.domain.callers import NATION, Tenant
from notifier.domain.halts import FEWEST, is_storm
from notifier.errors import UnknownError
from notifier.steps.deliver import deliver
from notifier.steps.derive import derive
from notifier.steps.dispatch import dispatch
from notifier.steps.release import release
from notifier.store import bounces, halts, incoming
from notifier.store.incoming import Arrived
from notifier.store.memos import MemoRow
from notifier.store.tables import AuditRow, ContactRow, LetterRow
from tests.builders import CITY, REPORT, by, city, deadline, notice, said
from tests.channels.letters import channel
from tests.channels.relays import FakeRelay, Moment, running
from tests.steps.test_deliver import JULY, JUNE, TODAY
from tests.steps.workshop import OTHER_CITY, Workshop, enrolled

HERE = Tenant(CITY)
MANY = FEWEST + 5
NEXT = TODAY + timedelta(days=1)
NUMBERS = [f"99700{number:05}" for number in range(MANY)]


def test_a_storm_is_five_percent_of_two_hundred_letters_and_no_fewer() -> None:
    assert not is_storm(199, 199)
    assert not is_storm(200, 9)
    assert is_storm(200, 10)


async def written(shop: Workshop, duty: str, day: date, on: date = TODAY) -> None:
    """Everybody has a letter about a duty that waits to be sent at nine."""
    shop.turn_to(on, 8)
    await shop.publish(said(by(day), deadline=duty, notice=notice(on, id=duty)), deadlines=[deadline(duty)])
    await derive(shop.tools)
    shop.turn_to(on, 9)
    await dispatch(shop.tools)


async def states(shop: Workshop) -> dict[str, set[str]]:
    rows = await shop.all(LetterRow)
    return {
        side: {row.state for row in rows if row.recipient.endswith(side)}
        for side in ("@example.jp", "@other.example")
    }


@pytest.fixture
async def storm(shop: Workshop) -> Workshop:
    """A relay has refused every address of one city; another city's letter has arrived."""
    await shop.keep(city(), address="shi@example.jp")
    await shop.enrol(
        *(enrolled(each, f"a{each}@example.jp") for each in NUMBERS),
        enrolled("9980000001", "b@other.example", municipality=OTHER_CITY),
    )
    await written(shop, REPORT, JUNE)

    def refuse(moment: Moment) -> bytes | None:
        ours = moment.step == "RCPT" and "@example.jp" in moment.line
        return b"550 5.7.1 sender is blocked\r\n" if ours else None

    async with running(FakeRelay(refuse)) as relay, channel(relay) as way:
        await deliver(shop.with_channel(way).tools)
    assert await states(shop) == {"@example.jp": {"refused"}, "@other.example": {"accepted"}}
    return shop


async def test_s13_a_bounce_storm_stops_the_letters_of_its_authority_and_of_nobody_else(
    storm: Workshop,
) -> None:
    async with storm.database.reading() as conn:
        (halt,) = await halts.in_force(conn, HERE)
        assert await halts.in_force(conn, Tenant(OTHER_CITY)) == []
        assert await halts.in_force(conn, NATION) == [halt]
        ((answer, many),) = await halts.answers(conn, CITY, halt.since - timedelta(days=1), 5)
    assert (halt.authority, halt.answered >= FEWEST) == (CITY, True)
    assert (answer, many) == ("5.7.1 sender is blocked", MANY)
    assert [row.action for row in await storm.all(AuditRow)].count("letters.halted") == 1
    assert [row.recipient for row in await storm.all(MemoRow)] == ["shi@example.jp"]
    await written(storm, "example/other", JULY, NEXT)
    await deliver(storm.tools)
    found = await states(storm)
    assert found == {"@example.jp": {"refused", "planned"}, "@other.example": {"accepted"}}
    async with storm.database.reading() as conn:
        assert await halts.waiting(conn, CITY) == MANY


async def test_a_person_lets_the_letters_leave_and_addresses_be_used_again(storm: Workshop) -> None:
    await written(storm, "example/other", JULY, NEXT)
    await deliver(storm.tools)
    lost = f"a{NUMBERS[0]}@example.jp"
    async with storm.database.transaction() as conn:
        (halt,) = await halts.in_force(conn)
        await incoming.keep(conn, Arrived("1", "lmtp", "", "r", "mx", "", b"x"), storm.tools.now())
        await incoming.note(conn, 1, {"state": "heard", "about": lost, "failure": "hard"})
        await bounces.give_up(conn, lost)
        await conn.execute(
            update(ContactRow)
            .where(col(ContactRow.address) == f"a{NUMBERS[1]}@example.jp")
            .values(active=False, reason="refused")
        )
    with pytest.raises(UnknownError):
        await release(storm.tools, Tenant(OTHER_CITY), halt.id, "理由", "ito")
    assert await release(storm.tools, HERE, halt.id, "SPFを直した", "sato", restoring=True) == 1
    with pytest.raises(UnknownError):
        await release(storm.tools, HERE, halt.id, "SPFを直した", "sato")
    idle = {row.address for row in await storm.all(ContactRow) if not row.active}
    assert idle == {f"a{NUMBERS[1]}@example.jp"}
    assert "planned" in (await states(storm))["@example.jp"]
    await storm.run()
    assert (await states(storm))["@example.jp"] == {"refused", "accepted", "cancelled"}
    async with storm.database.reading() as conn:
        assert await halts.in_force(conn) == []


async def test_a_release_without_restoring_leaves_addresses_as_they_are(storm: Workshop) -> None:
    async with storm.database.reading() as conn:
        (halt,) = await halts.in_force(conn)
    assert await release(storm.tools, NATION, halt.id, "確かめた", "root") == 0
    (row,) = [each for each in await storm.all(AuditRow) if each.action == "letters.released"]
    assert (row.authority, row.detail["words"]) == (CITY, "確かめた")
