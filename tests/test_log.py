import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from notifier import log
from tests.plain_log import log_plainly


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    log_plainly()


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


@pytest.mark.parametrize(
    "told, written",
    [
        ("sent to a.b+c@one.example.jp", "sent to (address)"),
        ("<介護@例.jp>, x@y", "<(address)>, x@y"),
        ("recipient=taro..yamada@docomo.ne.jp.", "recipient=(address)."),
        ("cal_0123456789ab.AAAAAAAAAAAAAAAAAAAAAAAAAAAA", "cal_0123456789ab.(covered)"),
        (
            "GET /calendar/ntf_0123456789ab.A_-AAAAAAAAAAAAAAAAAAAAAA.ics",
            "GET /calendar/ntf_0123456789ab.(covered).ics",
        ),
        ("whsec_AbC+/=", "whsec_(covered)"),
        ("https://n.example/unsubscribe/ImEi.abc?x", "https://n.example/unsubscribe/(covered)?x"),
        ("GET /o/IjEyNzAi.abc-_d/done/a/b/0", "GET /o/(covered)"),
        ("/confirm/IjEi.abc failed", "/confirm/(covered) failed"),
        ("Authorization: Bearer abcdefghijk", "Authorization: Bearer (covered)"),
        ("postgresql://me:hush-hush@db/x", "postgresql://me:(covered)@db/x"),
        ("9970000001/example/annual-report/0@notifier", "9970000001/example/annual-report/0@notifier"),
    ],
)
def test_what_looks_like_an_address_or_a_secret_is_covered(told: str, written: str) -> None:
    assert log.cover(told) == written


@pytest.mark.parametrize("form", ["console", "json"])
def test_what_a_library_says_of_an_address_is_covered_wherever_it_stands(
    form: log.Form, capsys: pytest.CaptureFixture[str]
) -> None:
    log.set_up(form)
    nobody: dict[str, str] = {}
    try:
        nobody["hanako@office.example.jp"]
    except KeyError:
        logging.getLogger("library").exception("failed for %s", ["jiro@office.example.jp"])
        structlog.get_logger("worker").warning("x", nested={"to": ["saburo@office.example.jp"]})
    said = capsys.readouterr().err
    assert "example.jp" not in said
    assert said.count("(address)") >= 3
    if form == "json":
        assert [json.loads(line)["level"] for line in said.splitlines()] == ["error", "warning"]
