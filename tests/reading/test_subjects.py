from notifier.reading.subjects import folded, subject_of

SERVICES = {
    "11": "訪問介護",
    "13": "訪問看護",
    "43": "居宅介護支援",
    "76": "定期巡回・随時対応型訪問介護看護",
}


def test_one_name_written_in_several_ways_is_one_name() -> None:
    assert folded("フリーＰＡＳＳの申込み（〆切）") == "フリーパスの申込(締切)"


def test_the_longer_service_name_counts_where_it_contains_a_shorter_one() -> None:
    assert subject_of("定期巡回・随時対応型訪問介護看護と訪問看護の事業所", SERVICES).services == ("76", "13")


def test_a_sentence_says_who_has_to_do_what_under_which_programme_for_how_much() -> None:
    found = subject_of(
        "補助を受けた事業所は「機器導入支援事業」の実績を都道府県に報告し、21,000円/年を納付する。"
    )
    assert found.addressees == ("都道府県", "事業所")
    assert found.programmes == ("機器導入支援事業",)
    assert found.duties == ("報告", "納付")
    assert found.amounts == ("21,000円/年",)


def test_a_sentence_about_nothing_known_links_nothing() -> None:
    found = subject_of("天気のよい日には散歩に出る。", {})
    assert (found.services, found.addressees, found.programmes, found.duties, found.amounts) == (
        (),
        (),
        (),
        (),
        (),
    )
