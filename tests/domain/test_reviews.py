import pytest

from notifier.domain.reviews import Objection, Verdict, as_kept


def test_what_is_kept_is_told_apart_from_what_was_changed_or_added() -> None:
    assert as_kept({"a": 1}, {"a": 1}) is Verdict.KEPT
    assert as_kept({"a": 2}, {"a": 1}) is Verdict.CHANGED
    assert as_kept({"a": 1}, None) is Verdict.ADDED


@pytest.mark.parametrize("verdict", Verdict)
def test_a_candidate_speaks_once_somebody_has_decided_for_it(verdict: Verdict) -> None:
    assert verdict.speaks == (verdict not in {Verdict.OPEN, Verdict.DROPPED})
    assert verdict.label


def test_an_objection_says_where_what_and_how_in_one_line() -> None:
    said = Objection("候補1 期日", "日付として読めません。", "2026-03-13 のように書いてください。", 1)
    assert str(said) == "候補1 期日: 日付として読めません。2026-03-13 のように書いてください。"
