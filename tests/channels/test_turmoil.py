"""Whatever relay and gate do, in any order: every letter is accounted for, once and truly."""

import asyncio
from collections.abc import Sequence
from random import Random

import pytest

from notifier.channels.relay import Timeouts
from notifier.domain.receipts import Phase, Verdict
from tests.channels.letters import channel, parcels
from tests.channels.relays import ANSWERS, DROP, Act, FakeRelay, Moment, Thinking, running, silence

pytestmark = pytest.mark.timeout(60)
STEPS = ("MAIL", "RCPT", "DATA", "DOT")


def turmoil(fate: Random) -> FakeRelay:
    """A relay for which one step in twelve goes wrong, in a way drawn by lot."""

    def plan(moment: Moment) -> Act:
        if moment.step == "CONNECT":
            return b"421 4.7.0 too many\r\n" if moment.connection > 1 and fate.random() < 0.1 else None
        if moment.step not in STEPS or fate.random() > 0.08:
            return None
        wrongs: list[Act] = [
            b"450 4.2.0 later\r\n",
            b"550-5.1.1 no\r\n550 5.1.1 never\r\n",
            b"421 4.3.0 closing\r\n",
            DROP,
            b"25",
            b"nonsense\r\n",
            Thinking(0.05, ANSWERS[moment.step]),
            silence,
        ]
        return fate.choice(wrongs)

    return FakeRelay(plan, ("PIPELINING",) if fate.random() < 0.5 else ())


@pytest.mark.parametrize("seed", range(10))
async def test_every_letter_is_accounted_for_once_and_truly(seed: int) -> None:
    fate = Random(seed)
    withheld: set[str] = set()
    permitted: set[str] = set()

    async def gate(keys: Sequence[str]) -> set[str]:
        await asyncio.sleep(fate.choice([0, 0, 0.01]))
        withheld.update(key for key in keys if fate.random() < 0.05)
        permitted.update(answer := set(keys) - withheld)
        return answer

    brief = Timeouts(connect=0.5, command=0.3, attempt=0.8, idle=0.1)
    receipts = {}
    async with running(turmoil(fate)) as relay, channel(relay, connections=4, timeouts=brief) as way:
        for start in range(0, 90, 30):
            async for key, receipt in way.send(parcels(90)[start : start + 30], gate):
                assert key not in receipts
                receipts[key] = receipt
    taken = [letter.recipients[0].partition("@")[0] for letter in relay.taken]
    whole = {letter.recipients[0].partition("@")[0] for letter in relay.whole if letter.recipients}
    assert set(receipts) | withheld == {letter.key for letter in parcels(90)}
    assert len(taken) == len(set(taken))
    assert whole <= permitted
    for key, receipt in receipts.items():
        match receipt.verdict:
            case Verdict.ACCEPTED:
                assert key in taken
            case Verdict.UNKNOWN:
                assert receipt.phase is Phase.DOT
            case _:
                assert key not in taken
    assert set(taken) <= {
        key for key, each in receipts.items() if each.verdict in {Verdict.ACCEPTED, Verdict.UNKNOWN}
    }
