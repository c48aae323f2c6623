"""No letter leaves without leave: `before_dot` is heard before the content of every letter."""

import asyncio
from collections.abc import Sequence

import pytest

from notifier.channels import run
from notifier.channels.email import EmailChannel
from notifier.channels.recorder import RecorderChannel
from notifier.channels.relay import Timeouts
from notifier.domain.receipts import Phase, Verdict
from tests.channels.letters import Gate, channel, parcel, parcels, send
from tests.channels.relays import ANSWERS, DROP, Act, FakeRelay, Letter, Moment, Thinking, running

pytestmark = pytest.mark.timeout(30)


async def test_a_withheld_letter_is_not_sent_and_gets_no_receipt() -> None:
    async with running(FakeRelay()) as relay:
        receipts = await send(channel(relay), parcels(5), Gate(lambda key, _: key in {"k2", "k5"}))
    assert relay.keys == sorted(receipts) == ["k1", "k3", "k4"]


async def test_if_all_letters_are_withheld_nothing_is_sent() -> None:
    async with running(FakeRelay()) as relay:
        assert await send(channel(relay, connections=3), parcels(700), Gate(lambda *_: True)) == {}
    assert relay.whole == []


async def test_every_letter_asks_before_its_content_starts() -> None:
    gate = Gate()

    def plan(moment: Moment) -> Act:
        if moment.step == "RCPT":
            key = moment.line.partition("<")[2].partition("@")[0]
            assert any(key in keys for keys in gate.asked)
        return None

    async with running(FakeRelay(plan)) as relay:
        assert len(await send(channel(relay, connections=2), parcels(50), gate)) == 50


async def test_letters_ask_in_groups_that_grow_with_the_speed_of_the_relay() -> None:
    gate = Gate()
    async with running(FakeRelay()) as relay:
        await send(channel(relay, connections=4), parcels(1500), gate)
    sizes = [len(keys) for keys in gate.asked]
    assert sum(sizes) == 1500
    assert sizes[0] == 16
    assert max(sizes) <= run.LARGEST_GROUP
    assert len(sizes) < 100


async def test_a_slow_relay_gets_small_groups_and_no_letter_on_an_old_permission() -> None:
    loop = asyncio.get_running_loop()
    permitted: dict[str, float] = {}
    ages: list[float] = []

    async def gate(keys: Sequence[str]) -> set[str]:
        permitted.update(dict.fromkeys(keys, loop.time()))
        return set(keys)

    class Watched(FakeRelay):
        def note(self, letter: Letter) -> None:
            super().note(letter)
            ages.append(loop.time() - permitted[letter.recipients[0].partition("@")[0]])

    def plan(moment: Moment) -> Act:
        return Thinking(0.25, ANSWERS["DOT"]) if moment.step == "DOT" else None

    async with running(Watched(plan)) as relay, channel(relay, connections=1) as way:
        outcomes = [receipt async for _, receipt in way.send(parcels(8), gate)]
    assert len(outcomes) == len(ages) == 8
    assert max(ages) < 1


def slow_at(step: str, seconds: float, answer: bytes) -> FakeRelay:
    """A relay that thinks before it answers this step, once, and then goes on as usual."""
    relay = FakeRelay()

    def plan(moment: Moment) -> Act:
        return Thinking(seconds, answer) if moment.place == (1, 1, step) else None

    relay.plan = plan
    return relay


@pytest.mark.parametrize("extensions", [("PIPELINING",), ()], ids=["pipelined", "stepwise"])
async def test_r2_a_letter_withdrawn_while_the_relay_thinks_is_not_sent(extensions: tuple[str, ...]) -> None:
    relay = slow_at("RCPT", run.FRESH + 0.2, ANSWERS["RCPT"])
    relay.extensions = extensions
    gate = Gate(lambda key, asking: key == "k1" and asking > 1)
    async with running(relay):
        receipts = await send(channel(relay), parcels(3), gate)
    assert sorted(receipts) == ["k2", "k3"] == relay.keys
    assert sum("k1" in keys for keys in gate.asked) == 2


async def test_a_permission_that_grew_old_is_asked_for_again_and_then_good() -> None:
    relay = slow_at("RCPT", run.FRESH + 0.2, ANSWERS["RCPT"])
    gate = Gate()
    async with running(relay):
        receipts = await send(channel(relay), parcels(2), gate)
    assert {receipt.verdict for receipt in receipts.values()} == {Verdict.ACCEPTED}
    assert sum("k1" in keys for keys in gate.asked) == 2
    assert relay.connections == 1


async def test_a_letter_whose_session_broke_asks_again() -> None:
    gate = Gate()

    def plan(moment: Moment) -> Act:
        return DROP if moment.place == (1, 2, "DATA") else None

    async with running(FakeRelay(plan)) as relay:
        await send(channel(relay), parcels(3), gate)
    assert relay.keys == ["k1", "k2", "k3"]
    assert sum("k2" in keys for keys in gate.asked) == 2


async def test_a_failing_gate_stops_the_sending_after_the_receipts_of_what_is_on_the_wire() -> None:
    asked = 0

    async def gate(keys: Sequence[str]) -> set[str]:
        nonlocal asked
        asked += 1
        if asked == 2:
            message = "the database is gone"
            raise ConnectionError(message)
        return set(keys)

    receipts: list[str] = []

    async def listen(way: EmailChannel) -> None:
        async for key, _ in way.send(parcels(100), gate):
            receipts.append(key)

    async with running(FakeRelay()) as relay, channel(relay, connections=2) as way:
        with pytest.raises(ConnectionError, match="the database is gone"):
            await listen(way)
        assert 0 < len(receipts) <= 8
        assert sorted(receipts) == relay.keys


async def test_a_gate_that_fails_at_once_sends_nothing() -> None:
    async def gate(keys: Sequence[str]) -> set[str]:
        raise ConnectionError(len(keys))

    async with running(FakeRelay()) as relay, channel(relay) as way:
        with pytest.raises(ConnectionError):
            [key async for key, _ in way.send(parcels(3), gate)]
        assert relay.whole == []


async def test_a_gate_that_answers_after_the_relay_is_gone_leaves_no_letter_without_receipt() -> None:
    async with running(FakeRelay()) as relay:

        async def gate(keys: Sequence[str]) -> set[str]:
            relay.plan = lambda _moment: b"421 4.3.2 closing\r\n"
            for task in list(relay.open):
                task.cancel()
            await asyncio.sleep(0.1)
            return set(keys)

        async with channel(relay) as way:
            receipts = {key: receipt async for key, receipt in way.send(parcels(30), gate)}
    assert len(receipts) == 30
    assert {receipt.verdict for receipt in receipts.values()} == {Verdict.DEFERRED}


async def test_a_session_that_breaks_while_permission_is_asked_again_sends_and_counts_nothing_twice() -> None:
    relay = slow_at("RCPT", run.FRESH + 0.1, ANSWERS["RCPT"])
    asked: list[list[str]] = []

    async def gate(keys: Sequence[str]) -> set[str]:
        asked.append(list(keys))
        if len(asked) == 2:
            for task in list(relay.open):
                task.cancel()
            await asyncio.sleep(0.1)
        return set() if len(asked) > 1 else set(keys)

    async with running(relay), channel(relay) as way:
        receipts = {key: receipt async for key, receipt in way.send(parcels(2), gate)}
    assert relay.whole == []
    assert [key for key in receipts if receipts[key].verdict is not Verdict.DEFERRED] == []


async def test_a_gate_that_fails_when_asked_again_lets_no_content_start() -> None:
    asked = 0

    async def gate(keys: Sequence[str]) -> set[str]:
        nonlocal asked
        asked += 1
        if asked > 1:
            message = "the database is gone"
            raise ConnectionError(message)
        return set(keys)

    def plan(moment: Moment) -> Act:
        slow = {(1, 1): run.FRESH + 0.1, (2, 1): run.FRESH + 0.3}.get((moment.connection, moment.letter))
        return Thinking(slow, ANSWERS["RCPT"]) if slow and moment.step == "RCPT" else None

    async with running(FakeRelay(plan)) as relay, channel(relay, connections=2) as way:
        with pytest.raises(ConnectionError, match="the database is gone"):
            [key async for key, _ in way.send(parcels(2), gate)]
    assert relay.whole == []


async def test_a_relay_that_tires_of_waiting_for_permission_gets_the_letter_on_a_new_session() -> None:
    async def gate(keys: Sequence[str]) -> set[str]:
        if relay.connections == 1 and relay.taken:
            for task in list(relay.open):
                task.cancel()
            await asyncio.sleep(0.1)
        return set(keys)

    async with running(FakeRelay()) as relay, channel(relay) as way:
        for letters in (parcels(3), [parcel("later1"), parcel("later2")]):
            receipts = [receipt async for _, receipt in way.send(letters, gate)]
            assert {receipt.verdict for receipt in receipts} == {Verdict.ACCEPTED}
    assert relay.connections == 2
    assert len(relay.taken) == 5


async def test_who_stops_listening_stops_the_sending() -> None:
    quick = Timeouts(connect=1, command=1, attempt=2)
    async with running(FakeRelay()) as relay, channel(relay, connections=2, timeouts=quick) as way:
        sending = way.send(parcels(400), Gate())
        async for _ in sending:
            break
        await sending.aclose()  # type: ignore[attr-defined]  # an async generator in fact
        taken = len(relay.taken)
        assert 0 < taken < 400
        assert len([key async for key, _ in way.send([parcel("again")], Gate())]) == 1


async def test_nothing_to_send_asks_nobody() -> None:
    gate = Gate()
    async with running(FakeRelay()) as relay:
        assert await send(channel(relay), [], gate) == {}
    assert gate.asked == []
    assert relay.connections == 0


async def test_the_recorder_asks_too_and_keeps_what_may_leave() -> None:
    gate, recorder = Gate(lambda key, _: key == "k2"), RecorderChannel()
    receipts = dict([pair async for pair in recorder.send(parcels(3), gate)])
    assert [kept.key for kept in recorder.parcels] == ["k1", "k3"] == list(receipts)
    assert gate.asked == [["k1", "k2", "k3"]]
    assert {(receipt.verdict, receipt.phase) for receipt in receipts.values()} == {
        (Verdict.ACCEPTED, Phase.DONE)
    }
