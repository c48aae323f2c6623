"""`notifier event`: what came in is listed, shown and tried again; and one can be sent."""

import asyncio
import json

import pytest

from notifier.clock import SystemClock
from notifier.domain.callers import Caller
from notifier.intake import Inbound
from notifier.reception import Reception
from notifier.service import Service
from notifier.settings import load_settings
from tests.cli.conftest import Typed


@pytest.fixture
def ready(typed: Typed, tables: None) -> Typed:
    """Commands on a database in which an event waits for its office."""
    asyncio.run(_told_early())
    return typed


async def _told_early() -> None:
    async with Service.open(load_settings(), clock=SystemClock()) as service:
        now = service.tools.now()
        event = Inbound("urn:example", "1", "office.changed", now, "1270000099", None, {"staff": 3})
        (answer,) = await Reception(service.tools).take(Caller("k", "editor"), [event])
        assert answer.code == ""


def test_what_waits_is_listed_and_shown_with_its_data(ready: Typed) -> None:
    listed = ready("event", "list").out
    assert all(each in listed for each in ("office.changed", "office/1270000099", "待ち"))
    assert "office.changed" not in ready("event", "list", "--state", "failed").out
    shown = json.loads(ready("event", "show", "1").out)
    assert (shown["type"], shown["state"], shown["data"]["staff"]) == ("office.changed", "waiting", 3)


def test_what_was_not_set_aside_is_not_tried_again(ready: Typed) -> None:
    for arguments in (("replay", "1"), ("replay", "9"), ("show", "9")):
        refused = ready("event", *arguments)
        assert (refused.code, "notifier event list" in refused.err) == (1, True)
    assert ready("event", "list", "--state", "lost").code == 2


def test_an_event_for_a_service_that_does_not_run_says_so(ready: Typed) -> None:
    sending = ("event", "send", "cpdl.left", "office/1270000099", "--key", "k")
    away = ready(*sending, "--to", "http://127.0.0.1:9")
    assert (away.code, "is the service running there" in away.err) == (1, True)
    assert ready(*sending, "--data", "{").code == 2
