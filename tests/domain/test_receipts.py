"""What became of one attempt to deliver."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notifier.domain.receipts import (
    LONGEST_TEXT,
    LONGEST_WAIT,
    SHORTEST_WAIT,
    Phase,
    Receipt,
    Verdict,
    judge_smtp,
    judge_webhook,
)

NOW = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)
BEFORE_THE_DOT = [Phase.CONNECT, Phase.MAIL, Phase.RCPT, Phase.DATA]
CODES = st.none() | st.integers(-1, 999)

# ---- SMTP ----


def test_a_message_taken_after_the_dot_is_accepted_and_the_exchange_done() -> None:
    assert judge_smtp(Phase.DOT, 250, "2.0.0 queued as 4F1") == Receipt(
        Verdict.ACCEPTED, 250, "2.0.0 queued as 4F1", Phase.DONE
    )


@pytest.mark.parametrize("code", [421, 450, 451, 452, 454])
@pytest.mark.parametrize("phase", Phase)
def test_a_temporary_refusal_at_any_step_is_tried_again(phase: Phase, code: int) -> None:
    assert judge_smtp(phase, code, "4.7.1 later").verdict is Verdict.DEFERRED


@pytest.mark.parametrize("phase", [Phase.RCPT, Phase.DATA, Phase.DOT])
def test_a_permanent_refusal_of_recipient_or_message_is_final(phase: Phase) -> None:
    receipt = judge_smtp(phase, 550, "5.1.1 User unknown")
    assert receipt == Receipt(Verdict.REFUSED, 550, "5.1.1 User unknown", phase)
    assert not receipt.disable


@pytest.mark.parametrize("phase", [Phase.CONNECT, Phase.MAIL])
@pytest.mark.parametrize("code", [535, 550, 554])
def test_a_permanent_refusal_of_the_sender_is_no_fault_of_the_recipient(phase: Phase, code: int) -> None:
    assert judge_smtp(phase, code, "5.7.8 no").verdict is Verdict.SENDER_FAULT


@pytest.mark.parametrize("phase", [Phase.RCPT, Phase.DATA, Phase.DOT])
def test_a_relay_that_wants_us_to_log_in_refuses_no_recipient(phase: Phase) -> None:
    assert judge_smtp(phase, 530, "5.7.0 Authentication required").verdict is Verdict.SENDER_FAULT


@pytest.mark.parametrize("phase", BEFORE_THE_DOT)
def test_a_connection_lost_before_the_dot_is_safely_tried_again(phase: Phase) -> None:
    assert judge_smtp(phase, None, "connection reset").verdict is Verdict.DEFERRED


@pytest.mark.parametrize("phase", [Phase.DOT, Phase.DONE])
def test_a_connection_lost_at_the_dot_leaves_the_outcome_unknown(phase: Phase) -> None:
    assert judge_smtp(phase, None, "connection reset") == Receipt(
        Verdict.UNKNOWN, None, "connection reset", phase
    )


@pytest.mark.parametrize("code", [-1, 0, 100, 354, 600])
def test_an_answer_to_the_dot_that_is_neither_yes_nor_no_leaves_the_outcome_unknown(code: int) -> None:
    assert judge_smtp(Phase.DOT, code, "").verdict is Verdict.UNKNOWN


@given(st.sampled_from(BEFORE_THE_DOT), CODES)
def test_nothing_said_before_the_dot_makes_a_message_accepted_or_unknown(
    phase: Phase, code: int | None
) -> None:
    assert judge_smtp(phase, code, "").verdict not in {Verdict.ACCEPTED, Verdict.UNKNOWN}


@given(st.sampled_from(Phase), CODES)
def test_only_a_permanent_answer_ends_the_hope_for_a_recipient(phase: Phase, code: int | None) -> None:
    if judge_smtp(phase, code, "").verdict is Verdict.REFUSED:
        assert code is not None
        assert 500 <= code <= 599


# ---- webhooks ----


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_an_endpoint_takes_a_message_with_any_status_of_success(status: int) -> None:
    assert judge_webhook(status, "ok", now=NOW) == Receipt(Verdict.ACCEPTED, status, "ok", Phase.DONE)


def test_an_endpoint_that_is_gone_is_disabled() -> None:
    assert judge_webhook(410, now=NOW) == Receipt(Verdict.REFUSED, 410, "", Phase.DONE, disable=True)


@pytest.mark.parametrize("status", [101, 301, 302, 307, 308, 400, 401, 404, 429, 500, 502, 503, 504])
def test_every_other_answer_is_a_failure_that_is_tried_again(status: int) -> None:
    assert judge_webhook(status, now=NOW) == Receipt(Verdict.DEFERRED, status, "", Phase.DONE)


def test_an_endpoint_that_does_not_answer_is_tried_again() -> None:
    assert judge_webhook(None, "timed out", now=NOW) == Receipt(
        Verdict.DEFERRED, None, "timed out", Phase.CONNECT
    )


@pytest.mark.parametrize(
    "header, wait",
    [
        ("120", timedelta(seconds=120)),
        (" 0060 ", timedelta(seconds=60)),
        ("0", SHORTEST_WAIT),
        ("-5", SHORTEST_WAIT),
        ("86401", LONGEST_WAIT),
        ("9" * 60, LONGEST_WAIT),
        ("Sun, 22 Nov 2026 00:10:00 GMT", timedelta(minutes=10)),
        ("Sun, 22 Nov 2026 00:10:00 -0000", timedelta(minutes=10)),
        ("Sun, 22 Nov 2026 09:10:00 +0900", timedelta(minutes=10)),
        ("Sat, 21 Nov 2026 00:00:00 GMT", SHORTEST_WAIT),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_WAIT),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
        ("Sun, 22 Nov 2026 00:10:00 +99999999999999999999", None),
        ("soon", None),
        ("1.5", None),
        ("９", None),
        ("9" * 65, None),
        ("", None),
        (None, None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_that_an_endpoint_asks_for_is_kept_between_a_second_and_a_day(
    status: int, header: str | None, wait: timedelta | None
) -> None:
    assert wait == judge_webhook(status, now=NOW, retry_after=header).retry_after


@pytest.mark.parametrize("status", [None, 200, 302, 404, 410])
def test_a_wait_asked_for_counts_only_where_an_endpoint_is_overloaded(status: int | None) -> None:
    assert judge_webhook(status, now=NOW, retry_after="60").retry_after is None


@given(CODES, st.text(), st.text(max_size=80))
@example(503, "", ",")
@example(503, "", "\x00")
def test_whatever_an_endpoint_answers_there_is_a_verdict(status: int | None, text: str, header: str) -> None:
    receipt = judge_webhook(status, text, now=NOW, retry_after=header)
    assert receipt.retry_after is None or SHORTEST_WAIT <= receipt.retry_after <= LONGEST_WAIT
    assert receipt.disable is (status == 410)


# ---- the words of an answer ----


def test_an_answer_is_kept_as_one_printable_line() -> None:
    receipt = judge_smtp(Phase.RCPT, 550, "5.1.1 no\r\nsuch \x00\x1b[31m user\udc80　です")
    assert receipt.text == "5.1.1 no such [31m user です"


@given(st.text(st.characters(), max_size=3 * LONGEST_TEXT))
def test_no_answer_can_break_a_log_line_or_fill_the_store(text: str) -> None:
    kept = judge_smtp(Phase.RCPT, 550, text).text
    assert len(kept) <= LONGEST_TEXT
    assert kept.isprintable()


def test_an_endless_answer_is_cut() -> None:
    assert judge_webhook(500, "x" * 10_000_000, now=NOW).text == "x" * LONGEST_TEXT
