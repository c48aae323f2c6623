"""Invented notices and what they propose against the shipped law as known the day before them."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from notifier.catalogue import lint, load
from notifier.catalogue.findings import Level
from notifier.catalogue.holidays import national_calendar
from notifier.domain.changes import ChangeKind
from notifier.domain.expressions import Fixed, InFiscalYear, SetByAuthority
from notifier.domain.notices import Rank
from notifier.proposing import LawAtHand, as_json, law_at_hand, propose, written
from notifier.reading.candidates_proposals import Proposal, Proposals
from notifier.reading.expressions import read

SUBSIDY = "platform-subsidy/apply"
CALENDAR = national_calendar(2023, 2030)


def notice(body: str, day: str = "令和8年1月16日", *, number: str = "老高発0116第2号") -> str:
    return f"""{number}
{day}

各都道府県介護保険主管部局長 殿

厚生労働省老健局高齢者支援課長

介護情報基盤に関する助成金等の取扱いについて

{body}
"""


@pytest.fixture(scope="module")
def at_hand() -> LawAtHand:
    return law_at_hand(load(), CALENDAR)


def proposed(at_hand: LawAtHand, text: str, given: date | None = None) -> Proposals:
    return propose(read(text, given), at_hand, given)


def about(proposals: Proposals, deadline: str) -> list[Proposal]:
    return [
        each for each in proposals.proposals if any(one.match.duty.id == deadline for one in each.amendments)
    ]


def kinds(proposals: Proposals) -> list[str]:
    return [each.kind for each in proposals.anomalies]


def test_a_notice_says_what_it_is_and_is_asked_where_it_does_not(at_hand: LawAtHand) -> None:
    found = proposed(at_hand, notice("本件について、特段の連絡事項はない。"))
    assert found.notice == "rokohatsu-0116-2"
    assert found.identity.issuer.value == "厚生労働省老健局高齢者支援課長"
    assert found.identity.number.value == "老高発0116第2号"
    assert found.identity.title.value == "介護情報基盤に関する助成金等の取扱いについて"
    assert found.identity.issued.value == "2026-01-16"
    assert found.identity.rank is Rank.NOTICE
    bare = proposed(at_hand, "お知らせ\n\n助成金の申請をお忘れなく。\n")
    named = (bare.identity.issuer, bare.identity.number, bare.identity.issued, bare.identity.volume)
    assert [each.value for each in named] == [None] * 4
    assert bare.day is None


def test_an_extension_is_proposed_as_old_and_new(at_hand: LawAtHand) -> None:
    body = "介護情報基盤の助成金の申請受付については、令和8年3月13日までの予定としていたが、令和8年4月30日まで延長する。"
    (each,) = about(proposed(at_hand, notice(body)), SUBSIDY)
    amendment = each.amendments[0]
    assert amendment.change is ChangeKind.EXTENDED
    assert (amendment.old_day, amendment.new_day) == (date(2026, 3, 13), date(2026, 4, 30))
    assert amendment.due == Fixed(date(2026, 4, 30))
    assert "助成金" in "".join(amendment.match.reasons)
    assert each.candidate.move == "moved"
    assert each.candidate.line == 10


def test_an_advance_is_proposed_as_such(at_hand: LawAtHand) -> None:
    body = "介護情報基盤の助成金の申請受付の締切を、令和8年2月27日に繰り上げる。"
    (each,) = about(proposed(at_hand, notice(body)), SUBSIDY)
    assert each.amendments[0].change is ChangeKind.ADVANCED
    assert each.amendments[0].new_day == date(2026, 2, 27)


def test_a_withdrawal_takes_the_duty_away(at_hand: LawAtHand) -> None:
    body = "介護情報基盤の助成金の申請の受付は、予算の上限に達したため中止します。"
    (each,) = about(proposed(at_hand, notice(body)), SUBSIDY)
    assert each.amendments[0].change is ChangeKind.WITHDRAWN
    assert each.candidate.move == "withdrawn"
    assert each.amendments[0].due is None


def test_a_planned_date_is_confirmed(at_hand: LawAtHand) -> None:
    body = "予定としていた介護情報基盤の助成金の申請受付の期限は、令和8年3月13日までと正式に決定しました。"
    (each,) = about(proposed(at_hand, notice(body)), SUBSIDY)
    assert each.amendments[0].change is ChangeKind.CONFIRMED
    assert not each.candidate.tentative


def test_what_is_said_again_changes_nothing(at_hand: LawAtHand) -> None:
    body = "介護情報基盤の助成金の申請は、令和8年3月13日まで（予定）に行ってください。"
    found = proposed(at_hand, notice(body))
    (each,) = about(found, SUBSIDY)
    assert each.amendments[0].change is None
    assert "contradiction" not in kinds(found)


def test_another_day_without_a_word_of_change_is_a_contradiction(at_hand: LawAtHand) -> None:
    body = "介護情報基盤の助成金の申請は、令和8年2月20日までに行ってください。"
    found = proposed(at_hand, notice(body))
    assert kinds(found) == ["contradiction"]
    assert found.anomalies[0].proposals == (about(found, SUBSIDY)[0].number,)
    assert "2026-02-20" in found.anomalies[0].message


def test_a_lower_paper_contradicts_and_moves_nothing(at_hand: LawAtHand) -> None:
    slides = "介護情報基盤の使い方 説明資料\n\n- 助成金の申請は令和8年2月20日まで\n"
    (each,) = about(proposed(at_hand, slides, date(2026, 1, 16)), SUBSIDY)
    assert each.amendments[0].change is ChangeKind.CONTRADICTED


def test_a_decision_of_the_editor_keeps_its_date_and_the_reviewer_is_told(at_hand: LawAtHand) -> None:
    body = "介護情報基盤の助成金の申請受付は、令和8年4月30日まで延長する。"
    found = proposed(at_hand, notice(body, "令和8年2月16日"))
    (each,) = about(found, SUBSIDY)
    assert each.amendments[0].change is ChangeKind.CONTRADICTED
    assert kinds(found) == ["outranked"]
    assert "運用担当者の判断" in found.anomalies[0].message


def test_a_title_is_no_item_of_an_agenda(at_hand: LawAtHand) -> None:
    agenda = proposed(at_hand, "会議の記録\n\n議題1 指定更新について\n\n令和8年6月30日までに届出を行う。\n")
    assert agenda.identity.title.value is None
    mail = proposed(at_hand, "件名：研修の受講について\n\n事 務 連 絡\n")
    assert mail.identity.title.value == "研修の受講について"


def test_a_window_with_both_ends_apart_is_one_candidate(at_hand: LawAtHand) -> None:
    body = "介護情報基盤の助成金の申請は、令和8年5月11日から受け付け、令和8年6月30日までとする。"
    found = about(proposed(at_hand, notice(body)), SUBSIDY)
    assert [each.amendments[0].due for each in found] == [Fixed(date(2026, 6, 30), date(2026, 5, 11))]


def test_what_cannot_be_right_is_told_on_top(at_hand: LawAtHand) -> None:
    body = (
        "介護情報基盤の助成金の申請は、令和7年12月26日までに行ってください。\n\n"
        "介護情報基盤の助成金の申請期限は、令和9年2月28日まで延長します。\n"
    )
    found = proposed(at_hand, notice(body))
    assert {"due-before-issue", "closed-day", "long-shift"} <= set(kinds(found))


def test_two_days_for_one_deadline_in_one_document_are_told(at_hand: LawAtHand) -> None:
    body = (
        "介護情報基盤の助成金の申請は、令和8年2月20日までに行ってください。\n\n"
        "（参考）介護情報基盤の助成金の申請期限：令和8年2月25日\n"
    )
    assert "two-dates" in kinds(proposed(at_hand, notice(body)))


def test_a_new_duty_is_drafted_in_the_catalogues_own_form(at_hand: LawAtHand, tmp_path: Path) -> None:
    body = (
        "事業者は、災害時の受入体制に関する調査票を令和8年6月30日（火）までに市町村に提出すること。\n\n"
        "法人は、研修の受講の記録を令和8年度中に作成すること。\n\n"
        "名簿の届出は、令和8年7月上旬までに行うこと。"
    )
    found = proposed(at_hand, notice(body))
    assert [each.is_new for each in found.proposals] == [True] * 3
    first = found.proposals[0].candidate
    assert (first.verb, first.due, first.object) == (
        "提出",
        Fixed(date(2026, 6, 30)),
        "災害時の受入体制に関する調査票",
    )
    assert found.proposals[1].candidate.due == InFiscalYear(2026)
    assert found.proposals[2].candidate.object == "名簿"

    folder = shutil.copytree(Path(load.__code__.co_filename).parent, tmp_path / "law")
    for place, text in written(found, at_hand):
        with (folder / place).open("a", encoding="utf-8") as file:
            file.write(f"\n{text}\n")
    catalogue = load(folder)
    drafts = [each for each in catalogue.statements if each.notice.id == found.notice]
    days = sorted(str(each.due.by) for each in drafts if isinstance(each.due, Fixed))
    assert (len(drafts), days) == (3, ["2026-06-30", "2026-07-10"])
    assert [each for each in lint(catalogue, CALENDAR) if each.level is Level.ERROR] == []


def test_a_duty_whose_day_an_authority_sets_stays_without_a_day(at_hand: LawAtHand) -> None:
    body = "賃上げ支援を受けた事業所は、実績報告を都道府県に提出すること。"
    (each,) = about(proposed(at_hand, notice(body)), "wage-support/report")
    assert isinstance(each.amendments[0].due, SetByAuthority)
    assert each.amendments[0].change is None


def test_a_day_left_to_an_authority_is_drafted_as_set_by_it_and_asked_of_others(at_hand: LawAtHand) -> None:
    found = proposed(at_hand, notice("防災計画は、都道府県知事が別に定める日までに提出すること。"))
    (draft,) = (text for place, text in written(found, at_hand) if place != "notices.toml")
    assert 'title = "防災計画の提出"' in draft
    assert 'due = { set_by = "prefecture", event = "duty.due.set" }' in draft
    assert 'parties = ["office"]' in draft


def test_nothing_that_became_known_later_is_matched(at_hand: LawAtHand) -> None:
    body = "介護情報基盤の助成金の申請は、令和6年3月29日までに行ってください。"
    found = proposed(at_hand, notice(body, "令和6年2月1日"))
    assert [each.is_new for each in found.proposals] == [True]


def test_the_lines_for_programs_have_the_promised_keys(at_hand: LawAtHand) -> None:
    body = "介護情報基盤の助成金の申請は、令和8年2月20日までに行ってください。"
    lines = list(as_json(proposed(at_hand, notice(body))))
    assert [each["type"] for each in lines] == ["notice", "anomaly", "candidate"]
    paper = Path("ops/candidates.md").read_text(encoding="utf-8")
    promised = [
        key.strip("`")
        for row in paper.partition("| key | what |")[2].split("\n\n")[0].splitlines()[2:]
        for key in row.split("|")[1].replace(",", " ").split()
    ]
    assert list(lines[2])[1:] == promised
