"""Simulation: 2,000 offices of one city through two fiscal years, with the facts that such a city reports."""

import asyncio
from collections.abc import Iterator
from datetime import date
from itertools import count as numbers
from itertools import islice
from string import ascii_uppercase

from notifier.catalogue.loader import load
from notifier.demonstration.city import MUNICIPALITY, PREFECTURE, CityOffice, city
from notifier.demonstration.history import happenings
from notifier.scenario import Contact, Scenario, ScenarioAuthority, ScenarioEvent, ScenarioOffice
from notifier.simulation import run_scenario
from ops.bench.figures import line, measured, peak_megabytes

FIRST, LAST = date(2025, 4, 1), date(2027, 3, 31)


def scenario(count: int) -> Scenario:
    """Return a city of `count` offices: the demonstration's, as often as needed, each time under other numbers."""
    chosen = list(islice(_again(), count))
    twins: dict[str, list[str]] = {}
    for original, office in chosen:
        twins.setdefault(original, []).append(office.number)
    authorities = [
        ScenarioAuthority(code=PREFECTURE, name="例示県", kind="prefecture"),
        ScenarioAuthority(code=MUNICIPALITY, name="例示市", kind="municipality", prefecture=PREFECTURE),
    ]
    return Scenario.model_validate(
        {
            "from": FIRST,
            "to": LAST,
            "authorities": authorities,
            "offices": [office for _, office in chosen],
            "events": list(_events(twins)),
        }
    )


def _again() -> Iterator[tuple[str, ScenarioOffice]]:
    for turn in numbers():
        for office in city():
            yield office.number, _office(office, turn)


def _office(office: CityOffice, turn: int) -> ScenarioOffice:
    return ScenarioOffice(
        number=f"{office.number[:-1]}{ascii_uppercase[turn - 1]}" if turn else office.number,
        name=office.name,
        services=list(office.services),
        municipality=MUNICIPALITY,
        staff=office.staff,
        contacts=[Contact(email=office.email)] if office.email else [],
    )


def _events(twins: dict[str, list[str]]) -> Iterator[ScenarioEvent]:
    known = load().facts
    for event in happenings():
        kind, number = known[event.type], event.subject.removeprefix("office/")
        if kind.subject == "office":
            for twin in twins.get(number, ()):
                yield ScenarioEvent(on=event.on, type=event.type, office=twin, data=dict(event.data))
        else:
            authority = event.subject.removeprefix("authority/") or None
            yield ScenarioEvent(on=event.on, type=event.type, authority=authority, data=dict(event.data))


def measure(count: int) -> None:
    """Simulate the city and print the seconds it took."""
    city = scenario(count)
    with measured() as taken:
        simulated = asyncio.run(run_scenario(city, load()))
    messages = len({each["message"] for each in simulated.lines})
    line(
        "   simulate, two fiscal years",
        f"{taken.elapsed:.1f} s",
        f"{count:,} offices, {len(city.events):,} events",
        "",
        f"{messages:,} letters, CPU {taken.cost:.1f} s; peak {peak_megabytes():.0f} MB; wanted well under 60 s",
    )
