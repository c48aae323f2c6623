"""Papers, their parts and how much they weigh."""

from datetime import date

from notifier.domain.notices import Rank
from tests.builders import notice


def test_a_paper_without_a_date_is_ordered_by_the_day_it_became_known() -> None:
    assert notice(None, known_from=date(2026, 1, 20)).dated == date(2026, 1, 20)
    assert notice(date(2026, 1, 13), known_from=date(2026, 1, 20)).dated == date(2026, 1, 13)


def test_a_part_belongs_to_its_paper() -> None:
    assert notice(id="example-2026-01/flyer").paper == "example-2026-01"
    assert notice(id="example-2026-01").paper == "example-2026-01"


def test_a_law_weighs_more_than_a_notice_and_a_flyer_least() -> None:
    assert sorted(Rank) == [
        Rank.ADVERTISEMENT,
        Rank.EXPLANATION,
        Rank.LOCAL_MATERIAL,
        Rank.NOTICE,
        Rank.LAW,
        Rank.DECISION,
    ]


def test_every_rank_has_a_name_for_readers() -> None:
    assert len({each.label for each in Rank}) == len(Rank)
