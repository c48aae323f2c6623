"""Constructions around a time: each stands in its own example, and what it settles is no deadline."""

import re

import pytest

from notifier.reading.constructions import Construction, constructions
from notifier.reading.duties import judge
from notifier.reading.evidence import form_of
from notifier.reading.expressions import Standing, standings
from notifier.reading.normalising import normalised

_MARKED = re.compile("(.*)⟦(.*)⟧(.*)")


def _standing(example: str) -> Standing:
    found = _MARKED.fullmatch(example)
    assert found is not None, example
    copy = normalised(found[1] + found[2] + found[3])
    row, _ = standings(copy, None)
    (here,) = [
        each
        for each in row
        if each.phrase.start < len(found[1] + found[2]) and each.phrase.end > len(found[1])
    ]
    return here


def _named(each: Construction) -> str:
    return each.example


@pytest.mark.parametrize(
    "construction", [*constructions(settling=True), *constructions(settling=False)], ids=_named
)
def test_a_construction_stands_in_its_own_example(construction: Construction) -> None:
    here = _standing(construction.example)
    form = form_of(here.phrase)
    assert construction.stands(here.place), here.place
    assert not construction.forms or form in construction.forms, form


@pytest.mark.parametrize("construction", constructions(settling=True), ids=_named)
def test_what_a_construction_settles_is_no_deadline_and_the_reason_is_told(
    construction: Construction,
) -> None:
    here = _standing(construction.example)
    verdict = judge(here.phrase, here.meaning, here.place, None, here.reach)
    assert not verdict.is_deadline
    assert verdict.reasons == (construction.reason,)


def test_the_same_words_still_set_a_deadline_where_the_construction_is_another() -> None:
    for example in (
        "令和８年８月の豪雨で被災した事業所は、⟦令和９年３月31日まで⟧減免を申請できます。",
        "⟦16日以降⟧の届出は、翌々月からの算定となります。",
        "証明書は、⟦１月29日（金）まで⟧に窓口へお持ちください。",
        "申請は、⟦40日⟧以内に行うこと。",
        "改修のため、⟦３月31日まで⟧に荷物を撤去してください。",
        "荒天で中止した場合は、⟦10月30日まで⟧に返金を申し出てください。",
        "⟦６月30日まで⟧、休業補償を申請できます。",
        "報告の締切りは⟦６月30日まで⟧とし、様式を改めた。",
        "第２期は⟦10月末日⟧を納期とする。",
    ):
        here = _standing(example)
        assert judge(here.phrase, here.meaning, here.place, None, here.reach).is_deadline, example
