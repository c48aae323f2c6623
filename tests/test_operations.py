"""The files an operator takes over: what they name is there."""

import configparser
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from notifier.cli.program import app
from notifier.settings import PREFIX, Settings
from notifier.vitals import Monitor
from tests.steps.workshop import Workshop

OPS = Path(__file__).resolve().parents[1] / "ops"
COMMANDS = {each.name or getattr(each.callback, "__name__", "") for each in app.registered_commands}
SETTINGS = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
METRIC = re.compile(r"\b(notifier_[a-z_]+)")
UNITS = sorted((OPS / "systemd").glob("*.service"))


def rules() -> list[dict[str, Any]]:
    written = yaml.safe_load((OPS / "prometheus" / "rules.yaml").read_text(encoding="utf-8"))
    return [rule for group in written["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    written = json.loads((OPS / "grafana" / "notifier.json").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = written["panels"]
    return found


@pytest.fixture
async def metrics(shop: Workshop) -> dict[str, set[str]]:
    """The labels of every sample that a process shows once everything has happened in it."""
    monitor = Monitor(shop.tools)
    monitor.count_event("")
    monitor.count_letter("accepted")
    with monitor.step("sweep"):
        pass
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families((await monitor.exposition()).decode()):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    # Of a database in one file a process has no pool of connections.
    found |= {f"notifier_database_connections_{each}": set() for each in ("used", "limit")}
    return found


async def test_every_metric_that_an_alert_or_a_panel_names_exists(metrics: dict[str, set[str]]) -> None:
    asked = [rule["expr"] for rule in rules()]
    asked += [target["expr"] for panel in panels() for target in panel["targets"]]
    named = {name for expression in asked for name in METRIC.findall(expression)}
    assert named - set(metrics) == set()
    assert len(named) > 15
    for expression in asked:
        for name, chosen in re.findall(r"(notifier_[a-z_]+)\{([a-z]+)=", expression):
            assert chosen in metrics[name], expression
        assert expression.count("(") == expression.count(")"), expression


def test_every_alert_says_how_bad_it_is_and_stands_in_the_runbook() -> None:
    runbook = (OPS / "runbook.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| (Notifier\w+) \|", runbook, re.MULTILINE)
    assert told == [rule["alert"] for rule in rules()]
    assert {rule["labels"]["severity"] for rule in rules()} == {"critical", "warning", "info"}
    for rule in rules():
        assert rule["annotations"]["runbook"] == f"ops/runbook.md#{rule['alert'].lower()}"
        assert rule["annotations"]["summary"].endswith(".")


def test_the_panels_of_the_dashboard_do_not_cover_each_other() -> None:
    places = [
        (x, y)
        for panel in panels()
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(places) == len(set(places))
    assert max(x for x, _ in places) == 23
    assert len({panel["id"] for panel in panels()}) == len(panels())


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_every_unit_starts_a_command_that_exists_with_settings_that_exist(unit: Path) -> None:
    written = configparser.RawConfigParser(strict=False, interpolation=None)
    written.optionxform = str  # type: ignore[assignment,method-assign] # the names of systemd keep their case
    written.read_string(unit.read_text(encoding="utf-8"))
    service = written["Service"]
    for name in ("ExecStartPre", "ExecStart"):
        program, command, *_ = shlex.split(service[name])
        assert (Path(program).name, command in COMMANDS) == ("notifier", True)
    assert {each.partition("=")[0] for each in shlex.split(service["Environment"])} <= SETTINGS
    assert (service["Restart"], service["NoNewPrivileges"]) == ("always", "yes")
    # Longer than a worker's own patience.
    assert int(service["TimeoutStopSec"]) > 30


def test_the_host_of_containers_runs_every_part_with_settings_that_exist() -> None:
    written = yaml.safe_load((OPS / "compose.yaml").read_text(encoding="utf-8"))
    ours = {name: each for name, each in written["services"].items() if each.get("image") == "notifier"}
    assert {each["command"][0] for each in ours.values()} == {"migrate", "serve", "work"}
    for each in ours.values():
        assert each["command"][0] in COMMANDS
        assert set(each["environment"]) <= SETTINGS
        assert each["build"] == {"context": "..", "dockerfile": "ops/Dockerfile"}
    assert all(str(each).startswith("127.0.0.1:") for each in ours["web"]["ports"])


def test_the_image_is_made_of_files_that_exist_and_runs_as_nobody_special() -> None:
    text = (OPS / "Dockerfile").read_text(encoding="utf-8")
    copied = [
        name
        for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE)
        for name in line.split()[:-1]
    ]
    assert [name for name in copied if not (OPS.parent / name).exists()] == []
    assert set(re.findall(r"\b(NOTIFIER_\w+)=", text)) <= SETTINGS
    assert re.findall(r"^USER (\w+)$", text, re.MULTILINE) == ["notifier"]
    assert "--require-hashes" in text
    assert re.findall(r"^FROM \S+:(\S+)", text, re.MULTILINE) == ["3.13-slim-bookworm"] * 2
    # What the wheel is built from goes into the image before it is built.
    included = re.findall(
        r'^"(templates|migrations)" = ', (OPS.parent / "pyproject.toml").read_text("utf-8"), re.MULTILINE
    )
    assert set(included) <= set(copied)
