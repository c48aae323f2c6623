"""A short run of the kill harness in every test run; the long one is `make chaos`."""

import random

import pytest

from tests.chaos.kill import OFFICES, Chaos, preload


@pytest.mark.slow
async def test_processes_killed_while_they_work_lose_no_letter_and_repeat_only_what_was_in_doubt(
    migrated_url: str,
) -> None:
    preload()
    chaos = Chaos(migrated_url, OFFICES, random.Random("short"))
    await chaos.run(4)
    assert chaos.ledger.kills > 0
