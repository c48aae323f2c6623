"""Scenarios: what is wrong with one is said in a line that names the place and the mend."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from notifier.errors import ScenarioError
from notifier.scenario import Scenario, read_scenario
from tests.catalogue.offices import shipped

GOOD = """
from: 2026-01-01
to: 2026-03-31
authorities:
  - {code: "120006", name: 千葉県, kind: prefecture}
  - {code: "121002", name: 千葉市, kind: municipality, prefecture: "120006", contacts: [{email: city@example.jp}]}
offices:
  - number: "1270000001"
    name: ケアプランA
    services: ["43"]
    municipality: "121002"
    subscriptions: [free-pass]
events:
  - {on: 2026-01-20, type: cpdl.applied, office: "1270000001", data: {paid: true, licence_until: 2027-01-19}}
  - {on: 2026-01-21T10:30:00+09:00, type: platform.integration.announced, data: {date: 2027-02-01}}
"""

Read = Callable[[str], Scenario]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read a scenario that is written in a file."""

    def reading(text: str) -> Scenario:
        file = tmp_path / "city.yaml"
        file.write_text(text, encoding="utf-8")
        return read_scenario(file, shipped())

    return reading


def refused(read: Read, old: str, new: str) -> str:
    """What is said of the good scenario with one thing in it spoiled."""
    assert old in GOOD
    with pytest.raises(ScenarioError) as raised:
        read(GOOD.replace(old, new))
    message = str(raised.value)
    assert "\n" not in message
    _, found, after = message.partition("city.yaml: ")
    assert found
    return after


def test_a_scenario_is_read_with_its_days_and_instants(read: Read) -> None:
    scenario = read(GOOD)
    assert (scenario.first, scenario.last) == (date(2026, 1, 1), date(2026, 3, 31))
    assert [event.instant for event in scenario.events] == [
        datetime(2026, 1, 19, 23, 0, tzinfo=UTC),
        datetime(2026, 1, 21, 1, 30, tzinfo=UTC),
    ]
    assert scenario.events[0].data == {"paid": True, "licence_until": date(2027, 1, 19)}
    assert scenario.authorities[1].contacts[0].email == "city@example.jp"


def test_an_office_may_be_registered_by_an_event_and_have_events_of_its_own(read: Read) -> None:
    registered = """
  - on: 2026-02-01
    type: office.registered
    office: "1270000009"
    data: {name: 遅れて来た事業所, services: ["11"], municipality: "121002"}
  - {on: 2026-02-02, type: cpdl.started, office: "1270000009"}
"""
    assert len(read(GOOD + registered.removeprefix("\n")).events) == 4


@pytest.mark.parametrize(
    "old, new, place, mend",
    [
        ("2026-03-31", "2025-03-31", "to: ", "2025-03-31 lies before from: 2026-01-01"),
        ("to: 2026-03-31", "", "to: ", "Field required"),
        ('"120006", name: 千葉県', '"12000", name: 千葉県', "authorities.0.code: ", "String should match"),
        ('{code: "120006"', '{code: "121002"', "authorities: ", "121002 appears twice"),
        ("kind: prefecture", "kind: ministry", "authorities.0.kind: ", "'municipality' or 'prefecture'"),
        ('services: ["43"]', 'services: ["99"]', "offices.0.services: ", "unknown service code '99'"),
        ('services: ["43"]', "services: []", "offices.0.services: ", "at least 1 item"),
        (
            '    municipality: "121002"',
            '    municipality: "131016"',
            "offices.0.municipality: ",
            "131016 is not",
        ),
        ("[free-pass]", "[free-lunch]", "offices.0.subscriptions: ", "there are care-manager-caseload, coo"),
        ("name: ケアプランA", "nmae: ケアプランA", "offices.0.", "name"),
        ("city@example.jp", "city", "authorities.1.contacts.0.email: ", "String should match"),
        ("cpdl.applied", "cpdl.aplied", "events.0.type: ", "facts.toml lists them"),
        (
            'office: "1270000001", ',
            "",
            "events.0.office: ",
            "cpdl.applied is about an office; name its number",
        ),
        ('office: "1270000001", ', 'office: "1270000009", ', "events.0.office: ", "1270000009 is not among"),
        ("paid: true", "paid: yes", "events.0.data: ", "paid はtrue か falseで書いてください"),
        ("paid: true, ", "", "events.0.data: ", "paid がありません"),
        ("paid: true", "payed: true, paid: true", "events.0.data: ", "payed という項目はありません"),
        ("2027-01-19", "someday", "events.0.data: ", "licence_until は 2026-04-20 の形の日付で"),
        ("+09:00", "", "events.1.on: ", "a time needs an offset, such as 2026-06-01T10:00:00+09:00"),
        ("on: 2026-01-20", "on: yesterday", "events.0.on", "valid date"),
        ("on: 2026-01-20", "on: 2026-02-30", "is not YAML", "2026-02-30 is not a date of the calendar"),
        (
            "licence_until: 2027-01-19",
            "licence_until: 2027-13-19",
            "is not YAML",
            "2027-13-19 is not a date of the calendar",
        ),
        ("from: 2026-01-01", "from: [", "is not YAML in UTF-8", "line"),
    ],
)
def test_every_error_names_its_place_and_the_mend(
    read: Read, old: str, new: str, place: str, mend: str
) -> None:
    message = refused(read, old, new)
    assert message.startswith(place)
    assert mend in message


@pytest.mark.parametrize(
    "event, place, mend",
    [
        ("type: wage-support.report-due.set, data: {due: 2026-07-31}", "authority: ", "name its code"),
        (
            'type: wage-support.report-due.set, authority: "130001", data: {due: 2026-07-31}',
            "authority: ",
            "130001 is not among the authorities",
        ),
        (
            'type: office.registered, office: "1270000009", data: {name: 例, services: ["11"], municipality: "131016"}',
            "data.municipality: ",
            "131016 is not among the authorities",
        ),
        (
            "type: deadline.decided, data: {deadline: no/such, due: 2026-07-31, reason: 例}",
            "data.deadline: ",
            "`notifier catalogue list` names them",
        ),
    ],
)
def test_an_event_that_cannot_be_dealt_with_is_found_before_anything_runs(
    read: Read, event: str, place: str, mend: str
) -> None:
    with pytest.raises(ScenarioError) as raised:
        read(f"{GOOD}  - {{on: 2026-02-01, {event}}}\n")
    assert f"events.2.{place}" in str(raised.value)
    assert mend in str(raised.value)


def test_two_offices_may_not_share_a_number(read: Read) -> None:
    office = '  - {number: "1270000001", name: もう一つ, services: ["11"], municipality: "121002"}\nevents:'
    assert refused(read, "events:", office) == "offices.1.number: 1270000001 appears twice"


def test_what_is_no_table_is_told_which_keys_a_scenario_has(read: Read) -> None:
    with pytest.raises(ScenarioError, match="a scenario has the keys from, to, authorities, offices, events"):
        read("- nothing\n")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"No such file or directory.*name a scenario file in YAML"):
        read_scenario(tmp_path / "nowhere.yaml", shipped())
    file = tmp_path / "cp932.yaml"
    file.write_bytes(GOOD.encode("cp932"))
    with pytest.raises(ScenarioError, match="is not YAML in UTF-8"):
        read_scenario(file, shipped())


def test_the_key_on_is_no_truth_value(read: Read) -> None:
    assert read(GOOD.replace("name: ケアプランA", "name: off")).offices[0].name == "off"
