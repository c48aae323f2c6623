"""The simulation: the real steps on a turned clock; what became known on a day speaks from that day on."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from notifier.catalogue.vocabulary import FactType
from notifier.clock import TurnedClock, japan_time
from notifier.errors import ScenarioError
from notifier.scenario import Scenario
from notifier.simulation import Happening, Run, Simulated, run_scenario, simulate
from notifier.store import outbox
from notifier.tools import Tools
from tests.builders import by, deadline, notice, said
from tests.steps.workshop import A, Workshop, enrolled, example_catalogue

MARCH = notice(date(2026, 3, 2), id="march-paper")
APRIL = notice(date(2026, 4, 8), id="april-paper")
CATALOGUE = example_catalogue(
    said(by(date(2026, 6, 30)), notice=MARCH),
    said(by(date(2026, 7, 31)), notice=APRIL),
    deadlines=[deadline()],
)


def scenario(*events: dict[str, object], **more: object) -> Scenario:
    """Office A in the invented city, from April to June."""
    written: dict[str, object] = {
        "from": date(2026, 4, 1),
        "to": date(2026, 6, 5),
        "authorities": [
            {"code": "999008", "name": "例の県", "kind": "prefecture"},
            {"code": "999016", "name": "例の市", "kind": "municipality", "prefecture": "999008"},
        ],
        "offices": [
            {
                "number": A,
                "name": "事業所A",
                "services": ["11"],
                "municipality": "999016",
                "contacts": [{"email": "a@example.jp"}],
            }
        ],
        "events": list(events),
        **more,
    }
    return Scenario.model_validate(written)


def told(simulated: Simulated) -> list[tuple[str, str, str | None, str | None]]:
    return [
        (line["on"], line["occasion"], line["rung"], line["due"]["latest"])
        for line in simulated.lines
        if line["to"]["kind"] == "office"
    ]


async def test_what_was_known_at_the_beginning_is_said_at_once_and_the_rest_on_its_day() -> None:
    assert told(await run_scenario(scenario(), CATALOGUE)) == [
        ("2026-04-01", "announcement", None, "2026-06-30"),
        ("2026-04-08", "change", None, "2026-07-31"),
        ("2026-06-01", "reminder", "T-60", "2026-07-31"),
    ]


async def test_a_notice_that_is_received_by_an_event_speaks_from_that_day_on() -> None:
    event = {"on": date(2026, 5, 11), "type": "notice.received", "data": {"notice": "april-paper"}}
    kinds = {"notice.received": example_kind("notice.received"), **CATALOGUE.facts}
    late = example_catalogue(*CATALOGUE.statements, deadlines=[deadline()])
    late = type(late)(**{**vars(late), "facts": kinds})
    assert [each[:2] for each in told(await run_scenario(scenario(event), late))] == [
        ("2026-04-01", "announcement"),
        ("2026-05-01", "reminder"),
        ("2026-05-11", "change"),
        ("2026-06-01", "reminder"),
    ]


def example_kind(name: str) -> FactType:
    return FactType(name, "通知の受領（例）", "nation", ("editor",), {"type": "object"})


async def test_only_the_days_asked_for_are_shown_but_everything_before_has_happened() -> None:
    shown = await run_scenario(scenario(), CATALOGUE, date(2026, 4, 2), date(2026, 5, 31))
    assert told(shown) == [("2026-04-08", "change", None, "2026-07-31")]


async def test_events_of_one_instant_happen_in_the_order_written_before_the_days_letters() -> None:
    events = [
        {"on": date(2026, 4, 1), "type": "example.report.filed", "office": A},
        {"on": date(2026, 4, 1), "type": "example.applied", "office": A},
    ]
    assert [each[:2] for each in told(await run_scenario(scenario(*events), CATALOGUE))][:1] == [
        ("2026-04-01", "announcement")
    ]


async def test_an_office_without_an_address_still_has_its_lines() -> None:
    silent = {"number": A, "name": "事業所A", "services": ["11"], "municipality": "999016"}
    shown = await run_scenario(scenario(offices=[silent]), CATALOGUE)
    assert {line["to"]["address"] for line in shown.lines if line["to"]["kind"] == "office"} == {None}
    assert len(told(shown)) == 3


async def test_a_city_without_offices_is_simulated_too() -> None:
    shown = await run_scenario(scenario(offices=[]), CATALOGUE)
    assert told(shown) == []


async def test_the_progress_goes_from_the_first_day_to_the_last() -> None:
    seen: list[date] = []

    def progress(first: date, today: date, last: date) -> None:
        assert (first, last) == (date(2026, 4, 1), date(2026, 6, 6))
        seen.append(today)

    await run_scenario(scenario(), CATALOGUE, progress=progress)
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (date(2026, 4, 1), date(2026, 6, 5))


async def test_a_scenario_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read"):
        await simulate(tmp_path / "nowhere.yaml")


# ---- a run ----


async def test_what_happens_outside_is_dealt_with_in_its_turn_and_nothing_after_the_end(
    shop: Workshop,
) -> None:
    happened: list[str] = []

    def happening(name: str, hour: int) -> Happening:
        async def act(tools: Tools) -> None:
            happened.append(f"{name} at {(tools.now() - midnight) // timedelta(hours=1)}")

        return Happening(midnight + timedelta(hours=hour), act)

    midnight = japan_time(date(2026, 4, 2), 0)
    run = Run(shop.tools, shop.clock, date(2026, 4, 2), midnight + timedelta(hours=12))
    await run.through([happening("second", 9), happening("first", 3), happening("never", 12)])
    assert happened == ["first at 3", "second at 9"]
    assert shop.tools.now() == midnight + timedelta(hours=12) - timedelta(seconds=1)


async def test_what_was_due_long_ago_is_dealt_with_now(shop: Workshop) -> None:
    await shop.publish(said(by(date(2026, 6, 30))))
    await shop.enrol(enrolled(A, "a@example.jp"))
    shop.turn_to(date(2026, 4, 3), 12)
    await Run(shop.tools, shop.clock, date(2026, 4, 3), japan_time(date(2026, 4, 3), 13)).through([])
    assert [each.on for each in await shop.said()] == [date(2026, 4, 3)]
    assert await outbox.next_due(shop.database) is not None


def test_a_clock_is_never_turned_back() -> None:
    clock = TurnedClock(japan_time(date(2026, 4, 2), 0))
    with pytest.raises(ValueError, match="cannot be turned back"):
        clock.turn_to(japan_time(date(2026, 4, 1), 0))
