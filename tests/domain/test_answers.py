"""Answers by mail: what is understood, and what is left to people."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.answers import LONGEST, Doubt, understand
from notifier.domain.codes import NAMELESS
from notifier.domain.phrases import Intent
from tests.programs import PROGRAMS, marked

ONE, TWO, THREE = (
    NAMELESS.of_office(1, name, 0) for name in ("free-pass/apply", "grant/apply", "grant/report")
)


def letter(*codes: str) -> str:
    """What our letter looks like: with the line that says how to answer, and the words that must not count."""
    items = "\n\n".join(
        f"■年次報告書の提出（例）\n【期限】\n　令和8年6月1日（月）まで\n【整理番号】{code}" for code in codes
    )
    return (
        f"ケアプランA　御中\n（事業所番号 1270000001）\n\n2026年4月1日\n例の市 介護保険課\n\n{items}\n"
        "【返信で登録するとき】\n　整理番号と「済」または「該当なし」の2つだけを書いて、ご返信ください。\n"
        "【問い合わせ先】\n　例の市 介護保険課 電話 043-000-0000\n"
    )


DONE = [
    "{} 済",
    "{}　済です。",
    "整理番号：{}\n済みです",
    "{} 提出済みです",
    "{}は完了しました",
    "{} 申請済",
    "{}、申請いたしました。",
    "【済】{}",
    "{} スミ",
    "{} ズミ",
    "{} ﾃｲｼｭﾂｽﾞﾐ",
    "{}、済んでいます",
    "済　{}",
    "1. {} 済",
    "・{}：済",
    "{}（助成金申請）済",
    "{} 助成金の申請　済みました。",
    "{}は済みでお願いします",
    "{} 4月1日に申請しました",
    "{} 手続き完了",
    "{} 済\niPhoneから送信",
    "いつもお世話になっております、ケアプランAです。標記の件、{} 完了いたしました。取り急ぎご報告まで。",
    "ご連絡ありがとうございます。{}は提出済みです。ご確認のほどよろしくお願いいたします。",
    "ｻｰﾋﾞｽ担当の佐藤です。{} 済みです",
    "{} 済\n居宅介護支援事業所ひなた 山田かおる",
    "{} 済\n――――――\n有限会社ひなた\n地域とともに歩んでいます\n――――――",
    "----------\n{} 済\n----------",
    "{} 既に終わっています",
    "{} 提出しましたので報告いたします",
]
NOT_OURS = [
    "{} 該当なし",
    "{}　該当なしです",
    "{} 対象外です",
    "{} 該当しません",
    "{} 当てはまりません。",
    "{} ガイトウナシ",
    "{}は当事業所には該当ありません",
    "{} 非該当",
    "{} 対象ではありません",
]
UNDONE = ["{} 取り消します", "{} 取消", "先ほどの返信は間違いです。{}", "{} 訂正をお願いします"]
UNSURE = [
    "{} まだ済んでいません",
    "{} 済ではない",
    "{} 済ではありません",
    "{} 未済",
    "{} 決済",
    "{} 済でしょうか？",
    "{} 済?",
    "{} 済にしてもよろしいでしょうか",
    "{} これから提出します",
    "{} 提出予定です",
    "{} 申請中です",
    "{} 一部済",
    "{} 済の場合はどうすればよいですか",
    "{} 済の場合",
    "{} 提出しましたが却下されました",
    "{} 受付は終了しました",
    "{} 閉鎖済です",
    "{} 別の事業所が済ませています",
    "{} 了解しました",
    "{} 承知しました。ありがとうございます。",
    "{} 申請しません",
    "担当者が不在のため分かりません {}",
    "{} 済／該当なし",
    "□済 ■該当なし {}",
    "{} 済\n----------\nただし、別紙は後日送ります。",
    "{} 該当なしではありません",
    "{}",
    "{} 済 " + "あ" * 100,
    "まだ{}済",
    "{} 提出書類の様式を送ってください",
]


@pytest.mark.parametrize("text", DONE)
def test_a_clear_answer_is_understood(text: str) -> None:
    assert understand(text.format(ONE)).intents == ((ONE, Intent.DONE),)


@pytest.mark.parametrize("text", NOT_OURS)
def test_that_it_does_not_concern_them_is_understood(text: str) -> None:
    assert understand(text.format(ONE)).intents == ((ONE, Intent.NOT_APPLICABLE),)


@pytest.mark.parametrize("text", UNDONE)
def test_a_mistake_taken_back_is_understood(text: str) -> None:
    assert understand(text.format(ONE)).intents == ((ONE, Intent.UNDO),)


@pytest.mark.parametrize("text", UNSURE)
def test_what_leaves_a_doubt_is_left_to_people(text: str) -> None:
    found = understand(text.format(ONE))
    assert found.intents == ()
    assert found.doubt is not None
    assert found.codes == (ONE,)


@pytest.mark.parametrize("text", ["済", "済です", "よろしくお願いします"])
def test_without_any_code_nobody_knows_what_is_meant(text: str) -> None:
    assert understand(text).doubt in {Doubt.NO_CODE, Doubt.NO_ANSWER}


def test_nothing_written_is_said_to_be_nothing() -> None:
    assert understand("").doubt is Doubt.NOTHING_WRITTEN
    assert understand(marked(letter(ONE))).doubt is Doubt.NOTHING_WRITTEN
    assert understand("\n\n  \n").doubt is Doubt.NOTHING_WRITTEN


# ---- several items ----


@pytest.mark.parametrize(
    "text", ["{} {} 済", "{}、{} 済みです", "{}\n{}\n済みです", "済\n{}\n{}", "1) {} 済\n2) {} 提出済み"]
)
def test_one_answer_counts_for_all_codes_that_were_written(text: str) -> None:
    assert understand(text.format(ONE, TWO)).intents == ((ONE, Intent.DONE), (TWO, Intent.DONE))


@pytest.mark.parametrize("text", ["{} 済\n{} 該当なし", "{}：済、{}：該当なし", "{}\n済\n{}\n該当なし"])
def test_each_code_gets_the_answer_behind_it(text: str) -> None:
    assert understand(text.format(ONE, TWO)).intents == ((ONE, Intent.DONE), (TWO, Intent.NOT_APPLICABLE))


@pytest.mark.parametrize(
    "text", ["{0} {1}\n済\n該当なし", "済 {0}\n該当なし {1}", "{0} 済\n{0} 該当なし", "{0} 済\n該当なし\n{1}"]
)
def test_different_answers_that_cannot_be_told_apart_are_left_to_people(text: str) -> None:
    assert understand(text.format(ONE, TWO)).doubt is Doubt.DIFFERENT_ANSWERS


# ---- quotations ----


@pytest.mark.parametrize("style", PROGRAMS)
@pytest.mark.parametrize("answer", [f"{ONE} 済", f"{ONE}　提出済みです"])
def test_a_reply_means_the_same_in_whatever_program_it_was_written(style: str, answer: str) -> None:
    found = understand(PROGRAMS[style](answer, letter(ONE, TWO)))
    assert found.intents == ((ONE, Intent.DONE),)


@pytest.mark.parametrize("style", PROGRAMS)
def test_the_only_item_that_is_quoted_needs_no_code(style: str) -> None:
    assert understand(PROGRAMS[style]("済です", letter(ONE))).intents == ((ONE, Intent.DONE),)
    assert understand(PROGRAMS[style]("済です", letter(ONE, TWO))).doubt is Doubt.SEVERAL_CODES


@pytest.mark.parametrize("style", PROGRAMS)
@pytest.mark.parametrize("answer", UNSURE[:6])
def test_a_doubt_is_a_doubt_in_whatever_program_it_was_written(style: str, answer: str) -> None:
    assert understand(PROGRAMS[style](answer.format(ONE), letter(ONE, TWO))).intents == ()


@pytest.mark.parametrize("style", PROGRAMS)
def test_a_letter_that_comes_back_unanswered_settles_nothing(style: str) -> None:
    assert understand(PROGRAMS[style]("", letter(ONE))).intents == ()


@given(
    st.sampled_from(sorted(PROGRAMS)), st.sampled_from(DONE[:20]), st.sampled_from(["NFC", "NFKC", "NFKD"])
)
def test_styles_and_wordings_mix(style: str, wording: str, form: str) -> None:
    text = PROGRAMS[style](unicodedata.normalize(form, wording.format(ONE)), letter(ONE, TWO))  # type: ignore[arg-type]  # one of the forms there are
    assert understand(text).intents == ((ONE, Intent.DONE),)


def test_an_answer_between_the_quoted_lines_belongs_to_the_code_above() -> None:
    text = f"> 【整理番号】{ONE}\n済\n> 次の件\n> 【整理番号】{TWO}\n該当なしです\n> 【整理番号】{THREE}\n"
    assert understand(text).intents == ((ONE, Intent.DONE), (TWO, Intent.NOT_APPLICABLE))


def test_an_answer_behind_a_quoted_code_counts() -> None:
    assert understand(f"> 【整理番号】{ONE}　済").intents == ((ONE, Intent.DONE),)
    assert understand(f"> 【整理番号】{ONE} 済ではありません").doubt is Doubt.OTHER_WORDS
    assert understand(f"> {ONE} よろしくお願いします").doubt is Doubt.NOTHING_WRITTEN


def test_an_answer_above_and_one_between_must_agree() -> None:
    assert understand(f"{ONE} 済\n> 【整理番号】{ONE}\n該当なし").doubt is Doubt.DIFFERENT_ANSWERS
    assert understand(f"済\n> 【整理番号】{ONE}\n済").intents == ((ONE, Intent.DONE),)


# ---- the subject ----


def test_a_code_in_the_subject_counts() -> None:
    assert understand("", f"{ONE} 済").intents == ((ONE, Intent.DONE),)
    assert understand("済みです", f"Re: {ONE}").intents == ((ONE, Intent.DONE),)
    assert understand(ONE, "済").intents == ((ONE, Intent.DONE),)


@pytest.mark.parametrize(
    "subject", ["Re: 【期限6/1(月)】年次報告｜事業所1", "RE: Re[2]: 済", "お世話になっております", ""]
)
def test_a_subject_that_answers_nothing_is_left_aside(subject: str) -> None:
    assert understand(f"{ONE} 済", subject).intents == ((ONE, Intent.DONE),)
    assert understand("", subject).intents == ()


# ---- limits ----


def test_a_long_letter_is_left_to_people_and_shown_in_part() -> None:
    found = understand("\n".join([f"{ONE} 済", *["お世話になっております"] * 500]))
    assert found.doubt is Doubt.TOO_LONG
    assert len(found.written) <= LONGEST


@given(st.text(alphabet=st.sampled_from("済該当なし§>＞ー-:、。？まだ\n 　" + ONE), max_size=400))
def test_whatever_is_written_is_understood_or_doubted(text: str) -> None:
    found = understand(text)
    assert (found.intents == ()) == (found.doubt is not None)


@pytest.mark.parametrize(
    "text",
    [
        "済" * 200_000,
        ">" * 200_000,
        f"{ONE} " * 20_000,
        "の" * 100_000 + "です",
        "2026/4/1 <a@" * 20_000,
        "\n" * 300_000,
    ],
)
def test_hostile_texts_do_not_hold_up_the_others(text: str) -> None:
    start = time.perf_counter()
    assert understand(text, text[:5_000]).intents == ()
    assert time.perf_counter() - start < 2


def test_a_mistyped_code_is_not_taken_for_the_item_that_is_quoted() -> None:
    wrong = TWO[:-1] + ("3" if TWO[-1] == "2" else "2")
    told = understand(f"{unicodedata.normalize('NFKC', wrong).lower()}　済\n\n{marked(letter(ONE))}")
    assert (told.doubt, told.intents) == (Doubt.UNKNOWN_CODE, ())
    assert understand(f"{ONE} 済\nTEL 0430-00000\n2026-04001 あおぞら荘").doubt is not Doubt.UNKNOWN_CODE
