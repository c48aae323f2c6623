"""Letters as their readers get them, made from the shipped law and the shipped templates."""

import re
import time
from dataclasses import fields, replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notifier.catalogue import load
from notifier.catalogue.holidays import national_calendar
from notifier.domain.changes import ChangeKind
from notifier.domain.codes import Codes
from notifier.domain.ladders import Occasion
from notifier.domain.law import Law, Party
from notifier.domain.letters import Content, Contradiction, Member, content_of
from notifier.domain.obligations import CohortKey, decide
from notifier.domain.wrapping import WIDTH, columns
from notifier.errors import RenderingError
from notifier.rendering import Composed, Composer, ItemView, LetterView, Pages, SectionView, check_templates

CALENDAR = national_calendar(2025, 2029)
LAW = load().law(CALENDAR)
COMPOSER = Composer()
PAGE = "https://notifier.example.jp/o/1270000001"


def law_on(day: date) -> Law:
    return LAW.as_known(day)


def said(
    deadline: str,
    day: date,
    occasion: Occasion,
    *,
    taken_up: bool = True,
    kind: ChangeKind | None = None,
    fact: tuple[str, date] | None = None,
    settled: bool = False,
    party: Party = Party.OFFICE,
) -> Content:
    law = law_on(day)
    decision = decide(law, CohortKey(deadline, 0, "121002", "120006", taken_up, None), day)
    assert decision is not None
    return content_of(
        law,
        law.deadlines[deadline],
        0,
        decision,
        occasion=occasion,
        rung=None,
        on=day,
        calendar=CALENDAR,
        kind=kind,
        fact=fact,
        settled=settled,
        party=party,
    )


def item(content: Content, number: int = 1, progress: tuple[int, int] | None = None) -> ItemView:
    return ItemView(content, number, Codes().of_office(1, content.deadline, 0), progress)


def letter(*items: ItemView, name: str = "ケアプランA", **rest: object) -> LetterView:
    section = SectionView("1270000001", name, items, PAGE)
    view = LetterView(
        "a@example.jp",
        (section,),
        items[0].content.on,
        "千葉市 介護保険事業課",
        "電話 043-000-0000（平日9時から17時）\nkaigo@example.jp",
        "https://notifier.example.jp",
        "https://notifier.example.jp/u/abc",
    )
    return replace(view, **rest)  # type: ignore[arg-type]  # each test names the fields it sets


MARCH_6 = date(2026, 3, 6)
REMINDER = said("platform-subsidy/apply", MARCH_6, Occasion.REMINDER)


class Reader(HTMLParser):
    """What a browser would see of an HTML text: tags with their attributes, and the text between them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[tuple[str, object]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        self.seen.append(("end", tag))

    def handle_data(self, data: str) -> None:
        self.seen.append(("text", data))


def read(html: str) -> list[tuple[str, object]]:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader.seen


def text_of(html: str) -> str:
    return "".join(str(each) for kind, each in read(html) if kind == "text")


def same(left: Composed, right: Composed) -> bool:
    return (left.subject, left.text, read(left.html)) == (right.subject, right.text, read(right.html))


# ---- frames ----

NASTY = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            "B&C \"訪問\" 'ケア'",
            "㈱髙﨑　訪問介護",
            "👵🏻‍🦳デイ",
            "{{ 7 * 7 }}{% raw %}",
            f"{'0' * 24}n0z",
            "n1z\\1\\g<0>",
            "&lt;&amp;&#39;",
            "改行\r\nBcc: x@example.jp",
            "",
        ]
    ),
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    names=st.lists(NASTY, min_size=1, max_size=3),
    recipient=NASTY,
    page=st.one_of(st.none(), st.just(f"{PAGE}?a=1&b=\"'<>")),
    progress=st.one_of(st.none(), st.tuples(st.integers(0, 9), st.integers(1, 9))),
    settled=st.one_of(st.none(), st.dates(date(2025, 1, 1), date(2027, 12, 31))),
)
def test_a_letter_from_a_frame_equals_the_letter_rendered_as_a_whole(
    names: list[str],
    recipient: str,
    page: str | None,
    progress: tuple[int, int] | None,
    settled: date | None,
) -> None:
    receipt = said("platform-subsidy/apply", MARCH_6, Occasion.ACKNOWLEDGEMENT, settled=True)
    items = (item(REMINDER, 1, progress), replace(item(receipt, 2), settled_on=settled))
    sections = tuple(SectionView("1270000001", name, items, page) for name in names)
    view = letter(items[0], sections=sections, recipient=recipient, unsubscribe_url=page)
    COMPOSER.compose(letter(items[0], sections=sections, recipient="first", unsubscribe_url=page))
    assert same(COMPOSER.compose(view), COMPOSER.render(view))


def test_joining_a_letter_is_far_cheaper_than_rendering_it() -> None:
    view = letter(item(REMINDER))
    COMPOSER.compose(view)
    started = time.perf_counter()
    for _ in range(200):
        COMPOSER.compose(view)
    joined = time.perf_counter()
    for _ in range(20):
        COMPOSER.render(view)
    assert (joined - started) / 200 * 10 < (time.perf_counter() - joined) / 20


def test_frames_are_forgotten_when_there_are_too_many() -> None:
    composer = Composer(kept=1)
    first = composer.compose(letter(item(REMINDER)))
    other = said("free-pass/apply", MARCH_6, Occasion.REMINDER)
    composer.compose(letter(item(other, 2)))
    assert composer.compose(letter(item(REMINDER))) == first


def test_another_content_under_the_same_number_is_not_mistaken_for_the_first() -> None:
    composer = Composer()
    composer.compose(letter(item(REMINDER)))
    changed = replace(REMINDER, title="まったく別の手続")
    assert "まったく別の手続" in composer.compose(letter(item(changed))).text


# ---- what every letter says ----


def flat(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("occasion", Occasion)
def test_every_duty_can_be_said_on_every_occasion_in_text_and_html(occasion: Occasion) -> None:
    day = date(2026, 4, 7)
    for name in sorted(LAW.deadlines):
        for taken_up in (True, False):
            content = said(
                name,
                day,
                occasion,
                taken_up=taken_up,
                kind=ChangeKind.EXTENDED if occasion is Occasion.CHANGE else None,
                fact=("記録", day),
            )
            composed = COMPOSER.compose(letter(item(content, hash((name, occasion, taken_up)), (3, 5))))
            for word in (content.title, content.due.wording, content.action, content.silence, content.why):
                assert flat(word) in flat(composed.text)
                assert flat(word) in flat(text_of(composed.html))
            for words in (composed.text, text_of(composed.html)):
                assert not re.search(r"None|Undefined|\{\{|\{%|<|\[\]", words)


def test_the_plain_text_alone_says_all_a_reader_needs() -> None:
    composed = COMPOSER.compose(letter(item(REMINDER)))
    text = flat(composed.text)
    expected = [
        "ケアプランA　御中",
        "事業所番号1270000001",
        "令和8年3月13日（金）［2026-03-13］まで（予定）",
        "あと7日",
        "安全のため、令和8年3月10日（火）［2026-03-10］まで",
        "【希望する場合にすること】",
        "【何もしないと】",
        "介護保険最新情報Vol.1460",
        "【お届けした理由】",
        "【問い合わせ先】",
        Codes().of_office(1, "platform-subsidy/apply", 0),
    ]
    assert [words for words in expected if flat(words) not in text] == []
    assert composed.subject == "【期限3/13(金)・予定】助成金申請｜ケアプランA"


def test_html_says_the_same_as_the_text() -> None:
    composed = COMPOSER.compose(letter(item(REMINDER)))
    marks = str.maketrans("", "", "【】─■・※→　（）")
    html = flat(text_of(composed.html)).translate(marks)
    lines = [flat(line).translate(marks) for line in composed.text.splitlines()]
    unsaid = [line for line in lines if line and line not in html]
    # The day on which the countdown holds, and the address behind a link, stand elsewhere in HTML.
    assert [line for line in unsaid if "現在" not in line and "https" not in line] == []


def test_no_line_of_text_is_wider_than_a_mail_window() -> None:
    contents = [said(name, date(2026, 4, 7), Occasion.ANNOUNCEMENT) for name in sorted(LAW.deadlines)]
    text = COMPOSER.compose(letter(*map(item, contents, range(100)))).text
    assert [line for line in text.splitlines() if columns(line) > WIDTH and "http" not in line] == []


def test_blocks_follow_each_other_without_gaps_and_the_letter_ends_with_one_line() -> None:
    text = COMPOSER.compose(letter(item(REMINDER))).text
    assert "\n\n\n" not in text
    assert not text.startswith("\n")
    assert not any(line.endswith(" ") for line in text.splitlines())


# ---- what each occasion says ----


def text_for(content: Content, **rest: object) -> str:
    view = letter(item(content, id(content)))
    return flat(Composer().compose(replace(view, **rest)).text)  # type: ignore[arg-type]  # fields by name


def test_a_letter_of_many_items_begins_with_a_list_of_them_in_order_of_urgency() -> None:
    day = date(2026, 4, 7)
    names = [name for name in sorted(LAW.deadlines) if name.startswith("tech-grant-r8/")]
    news = [said(name, day, Occasion.ANNOUNCEMENT, taken_up=False) for name in names]
    urgent = said("platform-subsidy/apply", MARCH_6, Occasion.REMINDER)
    contents = [*news, urgent]
    composed = COMPOSER.compose(letter(*map(item, contents, range(200, 300))))
    listed, _, details = composed.text.partition("─" * 38)
    assert composed.subject.endswith(f"ほか{len(contents) - 1}件")
    assert re.findall(r"^ ?1\. .*", listed, re.MULTILINE) == [f" 1. ［期限］{urgent.title}"]
    assert all(flat(each.title) in flat(listed) and flat(each.title) in flat(details) for each in contents)


def test_a_duty_that_follows_from_a_choice_says_that_it_may_not_concern_the_reader() -> None:
    content = said("tech-grant-r8/five-links", date(2026, 4, 7), Occasion.ANNOUNCEMENT, taken_up=False)
    assert f"これは「{content.condition}」に当てはまる場合の要件です。" in text_for(content)
    assert "何もする必要はありません" in text_for(content)
    assert "ここまでの登録" not in text_for(content)


def test_what_is_being_clarified_says_that_nobody_is_late() -> None:
    content = said("tech-grant-r8/start-cpdl", date(2026, 4, 7), Occasion.ANNOUNCEMENT)
    assert "今の時点で遅れている事業所はありません" in text_for(content)
    assert "［確認中］" in flat(COMPOSER.compose(letter(item(content, 401), item(REMINDER, 402))).text)


def test_a_change_shows_the_old_beside_the_new() -> None:
    content = said("free-pass/apply", date(2026, 3, 17), Occasion.CHANGE, kind=ChangeKind.EXTENDED)
    assert content.change is not None
    content = replace(content, change=replace(content.change, old="令和8年5月31日（日）まで"))
    assert "これまで：令和8年5月31日（日）まで" in text_for(content)
    assert f"これから：{flat(content.due.wording)}" in text_for(content)


def test_a_due_day_on_which_offices_are_closed_is_said_with_the_last_open_day() -> None:
    content = replace(REMINDER, due=replace(REMINDER.due, closed_day=True, last_open="令和8年3月12日（木）"))
    assert "この日は閉庁日です" in text_for(content)
    assert "令和8年3月12日（木）までに" in text_for(content)


def test_an_acknowledgement_says_what_was_recorded_and_that_it_is_done() -> None:
    fact = ("助成金の申請受付", date(2026, 1, 28))
    content = said(
        "platform-subsidy/apply", date(2026, 1, 28), Occasion.ACKNOWLEDGEMENT, fact=fact, settled=True
    )
    view = letter(replace(item(content, 501), settled_on=date(2026, 1, 28)))
    text = flat(COMPOSER.compose(view).text)
    assert "「助成金の申請受付」（令和8年1月28日（水））を記録しました。この件は完了です。" in text
    assert "【完了した日】令和8年1月28日（水）" in text


def test_a_duty_that_a_fact_opened_is_not_called_received() -> None:
    content = said("platform-subsidy/apply", date(2026, 1, 28), Occasion.ACKNOWLEDGEMENT)
    composed = COMPOSER.compose(letter(item(content, 551)))
    assert composed.subject.startswith("【対象・予定3/13(金)】")
    assert "登録された内容により、次のことが当てはまるようになりました。" in flat(composed.text)


def test_the_end_of_counting_is_said_as_reached() -> None:
    content = said("tech-grant-r7/five-links", date(2025, 10, 2), Occasion.REMINDER)
    first = COMPOSER.compose(letter(item(content, 601, (3, 5)))).text
    last = COMPOSER.compose(letter(item(content, 601, (5, 5)))).text
    assert "5件中3件（あと2件）" in first
    assert "5件中5件（達成）" in last


def test_a_municipality_is_told_which_offices_missed_the_end() -> None:
    content = said("platform-subsidy/apply", date(2026, 3, 16), Occasion.CLOSING, party=Party.MUNICIPALITY)
    content = replace(content, members=(Member("1270000002", "訪問介護B"),), count=128)
    section = SectionView("", "千葉市", (item(content, 701),))
    text = text_for(content, sections=(section,))
    assert text.startswith("千葉市　御中".replace("　", ""))
    assert "128件・訪問介護B（1270000002）・ほか127件" in text
    assert "【事業所がすること】" in text
    assert "事業所番号" not in text


def test_offices_that_share_a_mailbox_get_one_letter_with_a_section_each() -> None:
    sections = tuple(
        SectionView(f"127000000{number}", f"事業所{number}", (item(REMINDER),)) for number in (1, 2, 3)
    )
    composed = COMPOSER.compose(letter(item(REMINDER), sections=sections))
    assert composed.subject == "【期限3/13(金)・予定】助成金申請｜事業所1（3事業所分）"
    assert composed.text.startswith("事業所1　ほか2事業所　御中")
    assert all(f"■ 事業所{number}（事業所番号 127000000{number}）" in composed.text for number in (1, 2, 3))
    assert "下の問い合わせ先へお知らせください" in flat(composed.text)


# ---- HTML ----


def test_html_is_japanese_and_fetches_nothing() -> None:
    html = COMPOSER.compose(letter(item(REMINDER))).html
    assert '<html lang="ja">' in html
    assert not re.search(r"<(img|link|script|iframe|object|svg)|url\(|@import|src=|var\(", html)
    assert re.search(r'<body style="[^"]*background:\s?#f2f2f2', html)


def test_nothing_from_the_law_or_an_editor_can_become_markup() -> None:
    evil = "<script>alert('&')</script>"
    words = {field.name: evil for field in fields(Content) if field.type is str and field.name != "deadline"}
    content = replace(
        REMINDER,
        **words,  # type: ignore[arg-type]  # only fields of text
        due=replace(REMINDER.due, wording=evil, target_label=evil, last_open=evil, closed_day=True),
        unknown=(evil,),
        remarks=(evil,),
        related=(evil,),
        contradiction=(Contradiction(evil, evil),),
        sources=tuple(replace(each, title=evil, number="1", place=evil) for each in REMINDER.sources),
        members=(Member(evil, evil),),
        count=1,
    )
    for number, occasion in enumerate(Occasion):
        view = letter(item(replace(content, occasion=occasion), number), item(REMINDER, 99), name=evil)
        html = Composer().compose(replace(view, sender_name=evil, sender_contact=evil)).html
        assert "script" not in {kind for kind, _ in read(html)}
        assert evil in text_of(html)


# ---- templates of one's own ----


def override(folder: Path, name: str, text: str) -> Path:
    path = folder / "email" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder


def test_a_template_in_the_override_folder_wins(tmp_path: Path) -> None:
    folder = override(tmp_path, "reminder/subject.txt", "【千葉市】{{ subject }}\n")
    subject = Composer(folder).compose(letter(item(REMINDER))).subject
    assert subject == "【千葉市】【期限3/13(金)・予定】助成金申請｜ケアプランA"


def test_a_template_that_cuts_a_name_is_rendered_whole_for_each_letter(tmp_path: Path) -> None:
    folder = override(tmp_path, "letter.txt", "{{ addressee.name[:3] }}様\n")
    composer = Composer(folder)
    names = ("ケアプランA", "訪問介護B", "デイC")
    texts = [composer.compose(letter(item(REMINDER), name=name)).text for name in names]
    assert [text.strip() for text in texts] == ["ケアプ様", "訪問介様", "デイC様"]


def test_a_misspelt_variable_is_named_with_its_template_and_line(tmp_path: Path) -> None:
    folder = override(tmp_path, "reminder/body.html", "<p>\n{{ item.content.titel }}</p>")
    with pytest.raises(RenderingError, match=r"email/reminder/body\.html, line 2 .*titel"):
        Composer(folder).compose(letter(item(REMINDER)))


def test_a_template_that_cannot_be_read_is_named_with_its_line(tmp_path: Path) -> None:
    folder = override(tmp_path, "reminder/body.txt", "a\n{% if %}")
    with pytest.raises(RenderingError, match=r"email/reminder/body\.txt cannot be read, line 2"):
        Composer(folder).compose(letter(item(REMINDER)))
    with pytest.raises(RenderingError, match=r"email/reminder/body\.txt cannot be read, line 2"):
        check_templates(folder)


def test_a_template_that_includes_a_missing_one_says_which(tmp_path: Path) -> None:
    folder = override(tmp_path, "letter.txt", '{% include "email/gone.txt" %}')
    with pytest.raises(RenderingError, match=r"letter\.txt, line 1 .*email/gone\.txt"):
        Composer(folder).compose(letter(item(REMINDER)))


def test_a_missing_override_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(RenderingError, match="gone does not exist"):
        Composer(tmp_path / "gone")


def test_a_letter_without_items_is_refused() -> None:
    with pytest.raises(RenderingError, match=r"a@example\.jp holds no item"):
        COMPOSER.compose(replace(letter(item(REMINDER)), sections=()))


def test_all_shipped_templates_compile() -> None:
    assert check_templates() >= 9 * 3


def test_a_page_escapes_values_and_names_itself_when_it_fails(tmp_path: Path) -> None:
    page = tmp_path / "pages" / "board.html"
    page.parent.mkdir()
    page.write_text("{{ town }}{{ office }}", encoding="utf-8")
    pages = Pages(tmp_path, town="千葉市")
    assert pages.render("board.html", office="<B>") == "千葉市&lt;B&gt;"
    with pytest.raises(RenderingError, match=r"board\.html .*office"):
        pages.render("board.html")
