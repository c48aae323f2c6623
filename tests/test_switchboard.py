"""Endpoints are proved before anything is posted to them, and what makes no sense is refused."""

from datetime import timedelta

import pytest

from notifier.domain.receipts import Verdict
from notifier.errors import EndpointRefusedError, UnknownError
from notifier.steps.attach import Fresh
from notifier.steps.post import post
from notifier.store import audit, listeners
from notifier.store.endpoints import Wanted
from notifier.store.listeners import ListenerOfficeRow
from notifier.store.postings import AttemptRow
from notifier.store.tables import AuditRow
from tests.builders import CITY, PREFECTURE
from tests.receivers import Receiver, accept, attached, exchange, fails_with, receiving, switchboard, wanted
from tests.steps.test_post import happen
from tests.steps.workshop import A, B, Workshop


async def test_an_endpoint_that_repeats_the_challenge_is_enabled(shop: Workshop) -> None:
    receiver = Receiver()
    async with receiving(receiver), exchange() as way:
        board = switchboard(shop.tools, way)
        added, secret = await board.add(wanted(receiver, CITY))
        assert (added.state, secret[:6]) == ("unproved", "whsec_")
        enabled, _ = await board.enable(added.id)
    assert enabled.state == "enabled"
    assert enabled.proved_at == shop.tools.now()
    actions = [row.action for row in await shop.all(AuditRow) if row.action.startswith("endpoint.")]
    assert actions == ["endpoint.added", "endpoint.proved", "endpoint.enabled"]
    async with shop.database.reading() as conn:
        assert await audit.first_broken(conn) is None


async def test_an_endpoint_that_answers_options_as_cloudevents_asks_is_enabled(shop: Workshop) -> None:
    receiver = Receiver(proves=False, origin="notifier.example.jp")
    async with receiving(receiver), exchange() as way:
        added, _ = await attached(shop.tools, way, receiver, CITY)
    assert added.state == "enabled"
    assert receiver.posts == []


async def test_an_endpoint_that_says_yes_to_everything_or_reflects_everything_is_not_proved(
    shop: Workshop,
) -> None:
    yes, mirror, closed = Receiver(proves=False), Receiver(reflects=True), Receiver(proves=False)
    closed.status = 403
    async with receiving(yes, mirror, closed), exchange() as way:
        board = switchboard(shop.tools, way)
        for each in (yes, mirror, closed):
            added, _ = await board.add(wanted(each, CITY))
            with pytest.raises(EndpointRefusedError, match="did not answer its challenge"):
                await board.enable(added.id)
        await happen(shop, "office/1")
        await post(shop.tools, way)
        with pytest.raises(EndpointRefusedError, match="has not answered"):
            await board.ping(1)
    assert [each.events for each in (yes, mirror, closed)] == [[], [], []]


async def test_what_happened_before_it_was_proved_is_kept_for_it(shop: Workshop) -> None:
    receiver = Receiver()
    async with receiving(receiver), exchange() as way:
        board = switchboard(shop.tools, way)
        added, _ = await board.add(wanted(receiver, CITY))
        await happen(shop, "office/1")
        await post(shop.tools, way)
        assert receiver.events == []
        await board.enable(added.id)
        await post(shop.tools, way)
    assert [each["subject"] for each in receiver.events] == ["office/1"]


async def test_a_new_address_must_be_proved_anew(shop: Workshop) -> None:
    receiver, other = Receiver(), Receiver()
    async with receiving(receiver, other), exchange() as way:
        added, _ = await attached(shop.tools, way, receiver, CITY)
        board = switchboard(shop.tools, way)
        described = await board.amend(added.id, {"description": "another", "types": ["reminder.sent"]})
        assert (described.state, described.wanted.types) == ("enabled", ("reminder.sent",))
        moved = await board.amend(added.id, {"url": other.url})
    assert (moved.state, moved.proved_at, moved.version > added.version) == ("unproved", None, True)


async def test_a_ping_says_what_was_answered_and_stands_in_no_feed(shop: Workshop) -> None:
    receiver = Receiver()
    async with receiving(receiver), exchange() as way:
        added, _ = await attached(shop.tools, way, receiver, CITY)
        board = switchboard(shop.tools, way)
        receipt, milliseconds = await board.ping(added.id)
        receiver.answer = fails_with(500)
        failed, _ = await board.ping(added.id)
    assert (receipt.verdict, failed.code, milliseconds >= 0) == (Verdict.ACCEPTED, 500, True)
    assert receiver.types == ["endpoint.ping"]
    assert [row.code for row in await shop.all(AttemptRow)] == [200, 204, 500]


async def test_a_replay_says_first_how_much_it_is_and_sends_it_under_the_same_ids(shop: Workshop) -> None:
    receiver = Receiver()
    async with receiving(receiver), exchange() as way:
        added, _ = await attached(shop.tools, way, receiver, CITY)
        await happen(shop, "office/1")
        shop.clock.turn_to(shop.tools.now() + timedelta(hours=1))
        since = shop.tools.now()
        await happen(shop, "office/2", "office/3")
        await post(shop.tools, way)
        board = switchboard(shop.tools, way)
        assert await board.count_since(added.id, since) == 2
        assert await board.replay(added.id, since) == 2
        await post(shop.tools, way)
    ids = [each["id"] for each in receiver.events]
    assert (len(ids), len(set(ids))) == (5, 3)
    assert receiver.events[1:3] == receiver.events[3:]


async def test_a_replay_also_sends_what_was_not_wanted_before(shop: Workshop) -> None:
    receiver = Receiver()
    async with receiving(receiver), exchange() as way:
        added, _ = await attached(shop.tools, way, receiver, CITY, types=("reminder.sent",))
        await happen(shop, "office/1")
        board = switchboard(shop.tools, way)
        await board.amend(added.id, {"types": []})
        assert await board.replay(added.id, shop.tools.now()) == 1
        await post(shop.tools, way)
    assert [each["subject"] for each in receiver.events] == ["office/1"]


async def test_a_tenant_finds_its_own_endpoints_only(shop: Workshop) -> None:
    receiver = Receiver()
    async with receiving(receiver), exchange() as way:
        added, _ = await attached(shop.tools, way, receiver, CITY)
        other = switchboard(shop.tools, way, PREFECTURE)
        assert await other.every() == []
        with pytest.raises(UnknownError, match="no such endpoint"):
            await other.standing(added.id)
        with pytest.raises(EndpointRefusedError, match="belongs to"):
            await other.add(wanted(receiver, CITY))
        assert [each.id for each in await switchboard(shop.tools, way, CITY).every()] == [added.id]
        assert [each.id for each in await switchboard(shop.tools, way).every()] == [added.id]


async def test_a_vendor_hears_of_the_offices_that_its_endpoints_name(shop: Workshop) -> None:
    receiver = Receiver()
    async with receiving(receiver), exchange() as way:
        added, _ = await attached(shop.tools, way, receiver, "", vendor="a vendor", offices=(A,))
        assert [row.number for row in await shop.all(ListenerOfficeRow)] == [A]
        board = switchboard(shop.tools, way)
        await board.amend(added.id, {"offices": [A, B]})
        assert [row.number for row in await shop.all(ListenerOfficeRow)] == [A, B]
        await board.remove(added.id)
    assert await shop.all(ListenerOfficeRow) == []
    async with shop.database.reading() as conn:
        assert [each.vendor for each in await listeners.every(conn)] == ["a vendor"]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.jp/",
        "example.jp",
        "https://",
        "https://user:secret@example.jp/",
        "https://example.jp/#part",
        "https://[::1",
        "https://example.jp:99999/",
        "https://example.jp/" + "x" * 2000,
    ],
)
async def test_an_address_that_cannot_be_posted_to_is_refused(shop: Workshop, url: str) -> None:
    async with exchange() as way:
        with pytest.raises(EndpointRefusedError) as refused:
            await switchboard(shop.tools, way).add(Fresh(CITY, url, Wanted(), "", "", 4))
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "fresh",
    [
        Fresh(CITY, "https://example.jp/", Wanted(types=("endpoint.ping",)), "", "", 4),
        Fresh(CITY, "https://example.jp/", Wanted(deadlines=("no/such",)), "", "", 4),
        Fresh(CITY, "https://example.jp/", Wanted(offices=("123",)), "", "", 4),
        Fresh(CITY, "https://example.jp/", Wanted(), "", "no address", 4),
        Fresh(CITY, "https://example.jp/", Wanted(), "", "", 0),
        Fresh("", "https://example.jp/", Wanted(), "", "", 4, "a vendor without offices"),
    ],
)
async def test_what_makes_no_sense_is_refused(shop: Workshop, fresh: Fresh) -> None:
    async with exchange() as way:
        with pytest.raises(EndpointRefusedError):
            await switchboard(shop.tools, way).add(fresh)


async def test_a_secret_follows_from_the_key_and_is_never_kept(shop: Workshop) -> None:
    receiver = Receiver(accept)
    async with receiving(receiver), exchange() as way:
        added, secret = await attached(shop.tools, way, receiver, CITY)
        assert way.written(added.salt) == secret
        assert secret not in repr(added)
        assert "a key of the installation" not in repr(way)
        fresh = await switchboard(shop.tools, way).rotate(added.id)
    assert fresh != secret
