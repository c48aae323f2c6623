import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from notifier import log


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def fail(password: str) -> None:
    raise LookupError("office not found: " + "*" * len(password))


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_failure_is_logged_without_the_values_around_it(
    form: log.Form, capsys: pytest.CaptureFixture[str]
) -> None:
    log.set_up(form)
    secret = "hush"
    try:
        fail(secret)
    except LookupError:
        structlog.get_logger("worker").exception("a step failed", step="derive")
    said = capsys.readouterr()
    assert said.out == ""
    assert "a step failed" in said.err
    assert "LookupError" in said.err
    assert "hush" not in said.err


def test_a_line_for_programs_is_one_object_with_readable_japanese(capsys: pytest.CaptureFixture[str]) -> None:
    log.set_up("json")
    structlog.get_logger("worker").warning("届かない宛先", office="1270000001")
    written = json.loads(capsys.readouterr().err)
    assert (written["event"], written["level"], written["office"]) == (
        "届かない宛先",
        "warning",
        "1270000001",
    )
    assert written["timestamp"].endswith("Z")


def test_what_libraries_say_takes_the_same_form_and_their_chatter_is_dropped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log.set_up("json")
    logging.getLogger("apscheduler.scheduler").info("Added job")
    logging.getLogger("alembic.runtime.migration").info("Context impl SQLiteImpl.")
    logging.getLogger("apscheduler.scheduler").warning("Run time of job %s was missed", "sweep")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "Run time of job sweep was missed"


def test_what_is_below_the_level_is_not_said(capsys: pytest.CaptureFixture[str]) -> None:
    log.set_up("console", "warning")
    structlog.get_logger("worker").info("idle")
    logging.getLogger("aiohttp.server").info("idle")
    assert capsys.readouterr().err == ""
