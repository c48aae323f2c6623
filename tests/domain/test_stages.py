from itertools import pairwise

import pytest

from notifier.domain.stages import MOVES, Stage, why_not


def test_a_notice_goes_from_received_to_approved_by_three_moves_and_two_people() -> None:
    way = (Stage.RECEIVED, Stage.READ, Stage.REVIEWED)
    assert [why_not(one, two, "a", "a", "") for one, two in pairwise(way)] == ["", ""]
    assert why_not(Stage.REVIEWED, Stage.APPROVED, "a", "b", "") == ""
    assert "別の人" in why_not(Stage.REVIEWED, Stage.APPROVED, "a", "a", "")


@pytest.mark.parametrize("stage", [Stage.RECEIVED, Stage.READ, Stage.REJECTED, Stage.WITHDRAWN])
def test_what_was_not_reviewed_cannot_be_approved(stage: Stage) -> None:
    assert "できません" in why_not(stage, Stage.APPROVED, "a", "b", "")


def test_a_refused_move_names_what_to_do_first() -> None:
    for stage, to, first in (
        (Stage.RECEIVED, Stage.REVIEWED, "読み取り"),
        (Stage.READ, Stage.APPROVED, "確認を終えて"),
        (Stage.READ, Stage.WITHDRAWN, "却下か対象外"),
        (Stage.APPROVED, Stage.REJECTED, "取下げを始めて"),
        (Stage.NOT_RELEVANT, Stage.REVIEWED, "取り上げて"),
        (Stage.WITHDRAWN, Stage.READ, "取下げの文書を取り下げて"),
        (Stage.REVIEWED, Stage.REVIEWED, "すでに"),
    ):
        assert first in why_not(stage, to, "a", "b", "")


def test_whoever_turns_a_notice_away_says_why() -> None:
    assert "理由" in why_not(Stage.READ, Stage.REJECTED, "a", "a", " ")
    assert why_not(Stage.READ, Stage.NOT_RELEVANT, "a", "a", "道路の工事") == ""
    assert "理由" in why_not(Stage.APPROVED, Stage.WITHDRAWN, "a", "a", "")


def test_every_stage_has_a_name_and_its_moves() -> None:
    assert set(MOVES) == set(Stage)
    assert len({each.label for each in Stage}) == len(Stage)
