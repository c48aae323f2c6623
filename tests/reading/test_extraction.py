import asyncio
from pathlib import Path

import pytest

from notifier.reading.expressions import read
from notifier.reading.extraction import Document, ExtractionError, Kind, Limits, Reason, extract
from tests.reading.papers import (
    Line,
    bomb,
    downwards,
    endless,
    locked,
    paragraph,
    pdf,
    ruled,
    scan,
    text_operators,
    word,
)

BRIEF = Limits(seconds=3)
SENTENCE = "報告は令和８年５月11日までに行う。髙﨑①㈱"


async def refused(content: bytes, name: str = "通知.pdf", limits: Limits = BRIEF) -> ExtractionError:
    with pytest.raises(ExtractionError) as caught:
        await extract(content, name, limits)
    return caught.value


# --- text --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp932", "euc_jp", "iso2022_jp"]
)
async def test_a_text_is_read_in_the_encodings_that_offices_use(encoding: str) -> None:
    text = "期限\r\n報告は令和８年５月11日までに行う。\r\n"
    found = await extract(text.encode(encoding), "通知.txt")
    assert found == Document("期限\n報告は令和８年５月11日までに行う。\n", Kind.TEXT)


async def test_signs_that_only_cp932_knows_are_kept() -> None:
    assert (await extract(SENTENCE.encode("cp932"), "通知.txt")).text == SENTENCE


async def test_a_form_feed_in_a_text_begins_a_page() -> None:
    found = await extract("一\n\f二\n三".encode(), "通知.txt")
    assert [found.page_of(line) for line in (1, 2, 3, 4)] == [1, 2, 2, None]


@pytest.mark.parametrize(
    "content, reason",
    [
        (b"", Reason.EMPTY),
        (b" \n\n", Reason.EMPTY),
        (b"\x89PNG\r\n\x1a\n\0\0", Reason.UNKNOWN),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", Reason.UNKNOWN),
        (bytes(range(256)) * 4, Reason.UNKNOWN),
        (b"\x81\xff\xfe\xfd" * 9, Reason.UNKNOWN),
        (b"x" * 300, Reason.TOO_LARGE),
    ],
)
async def test_what_holds_no_text_is_refused_with_its_reason(content: bytes, reason: Reason) -> None:
    fault = await refused(content, "通知.txt", Limits(size=299 if reason is Reason.TOO_LARGE else 5000))
    assert fault.reason is reason
    assert str(fault).startswith("通知.txt: ")


# --- web pages ---------------------------------------------------------------------------------------------

PAGE = """<!doctype html><html><head><meta charset="{charset}"><title>お知らせ（例）</title><style>p {{}}</style></head>
<body>
<header>サイトの名前</header><nav>メニュー 令和元年</nav><main><h1>申請の受付（例）</h1>
<p>締切は<ruby>令和<rt>れいわ</rt></ruby>８年<b>３月13日</b>まで。<del>２月１日</del></p>
<ul><li>訪問介護</li></ul><ol><li>申込</li><li>提出</li></ol>
<table><tr><th>区分</th><th>受付</th><th>備考</th></tr>
<tr><td rowspan="2">甲</td><td>４月<br>１日</td><td></td></tr>
<tr><td>５月１日から</td><td>予定</td></tr></table><script>var x = "令和9年"</script>
</main><footer>所在地</footer></body></html>"""


@pytest.mark.parametrize(
    "charset, encoding", [("utf-8", "utf-8"), ("Shift_JIS", "cp932"), ("EUC-JP", "euc_jp")]
)
async def test_a_web_page_gives_its_main_part_with_a_line_for_each_row(charset: str, encoding: str) -> None:
    found = await extract(PAGE.format(charset=charset).encode(encoding), "news.html")
    assert found.text.splitlines() == [
        "申請の受付（例）",
        "締切は令和８年３月13日まで。",
        "・訪問介護",
        "1. 申込",
        "2. 提出",
        "区分\t受付\t備考",
        "甲\t４月 １日",
        "\t５月１日から\t予定",
    ]
    assert (found.kind, found.title) == (Kind.HTML, "お知らせ（例）")
    assert found.warnings == ("取り消し線の文字は除きました。",)


async def test_a_web_page_without_a_main_part_loses_only_its_frame() -> None:
    page = (
        '<html><head><title>題</title></head><body><div id="header">上</div>本文<br>二行目'
        "<table><tr><td><p>枠の中</p></td></tr></table><pre>字\n下げ</pre><footer>下</footer></body></html>"
    )
    found = await extract(page.encode(), "x")
    assert found.text.splitlines() == ["題", "本文", "二行目", "枠の中", "字", "下げ"]


async def test_a_web_page_nested_beyond_reason_is_read_all_the_same() -> None:
    assert (await extract(("<html><div>" * 5_000 + "深い").encode(), "x.html")).text == "深い\n"


async def test_a_web_page_in_a_wrong_encoding_is_read_with_a_warning() -> None:
    found = await extract(b"<html><body>ok \x81\xff\xfe</body></html>", "x.html")
    assert found.text.startswith("ok ")
    assert found.warnings


# --- Word --------------------------------------------------------------------------------------------------


async def test_a_word_document_gives_paragraphs_and_rows() -> None:
    struck = "<w:r><w:rPr><w:strike/></w:rPr><w:t>旧</w:t></w:r>"
    kept = '<w:r><w:rPr><w:strike w:val="0"/></w:rPr><w:t>新</w:t></w:r>'
    wide = f"<w:tc><w:tcPr><w:gridSpan w:val='2'/></w:tcPr>{paragraph('区分')}</w:tc>"
    two = f"<w:tc>{paragraph('甲')}{paragraph('乙')}</w:tc>"
    rows = (f"{wide}<w:tc>{paragraph('備考')}</w:tc>", f"{two}<w:tc>{paragraph('５月１日')}</w:tc>")
    table = f"<w:tbl>{''.join(f'<w:tr>{each}</w:tr>' for each in rows)}</w:tbl>"
    reading = "<w:rt><w:r><w:t>れいわ</w:t></w:r></w:rt>"
    ruby = (
        f"<w:p><w:r><w:ruby>{reading}<w:rubyBase><w:r><w:t>令和</w:t></w:r></w:rubyBase></w:ruby></w:r></w:p>"
    )
    deleted = "<w:p><w:del><w:r><w:delText>消</w:delText></w:r></w:del>"
    after = "<w:r><w:t>残</w:t><w:br/><w:t>次</w:t></w:r></w:p>"
    body = f"{paragraph('報告の提出')}<w:p>{struck}{kept}</w:p>{table}{ruby}{deleted}{after}"
    title = b'<p xmlns:dc="d"><dc:title>\xe9\xa1\x8c</dc:title></p>'
    found = await extract(word(body, **{"docProps/core.xml": title}), "通知.docx")
    assert found.text.splitlines() == [
        "報告の提出",
        "新",
        "区分\t\t備考",
        "甲 乙\t５月１日",
        "令和",
        "残",
        "次",
    ]
    assert (found.kind, found.title) == (Kind.WORD, "題")
    assert found.warnings == ("取り消し線の文字は除きました。", "変更履歴で削除された文字は除きました。")


@pytest.mark.parametrize(
    "content, reason, word_of_it",
    [
        (word(paragraph("x"))[:-30], Reason.BROKEN, "壊れている"),
        (word("<w:p>"), Reason.BROKEN, "壊れている"),
        (word("<w:p>" * 600 + "</w:p>" * 600), Reason.BROKEN, "壊れている"),
        (
            word("").replace(b"word/document.xml", b"xlxx/document.xml"),
            Reason.UNKNOWN,
            "圧縮ファイル",
        ),
    ],
    ids=["cut", "no XML", "deep", "archive"],
)
async def test_an_archive_that_lies_is_refused(content: bytes, reason: Reason, word_of_it: str) -> None:
    fault = await refused(content, "通知.docx", Limits(seconds=20))
    assert (fault.reason, word_of_it in str(fault)) == (reason, True)


async def test_a_small_archive_that_unpacks_to_200_mb_is_refused() -> None:
    fault = await refused(bomb(), "通知.docx", Limits(seconds=20))
    assert (fault.reason, "大きすぎます" in str(fault)) == (Reason.TOO_LARGE, True)


# --- PDF ---------------------------------------------------------------------------------------------------


async def test_a_pdf_gives_its_lines_with_their_pages() -> None:
    first = text_operators([Line("令和８年３月17日", 400, 780), Line(SENTENCE[:18], 60, 740)])
    found = await extract(pdf([first, text_operators([Line("２頁目", 60, 780)])]), "通知.pdf")
    assert found.text.splitlines() == ["令和８年３月17日", "報告は令和８年５月11日までに行う。", "２頁目"]
    assert [found.page_of(line) for line in (1, 2, 3)] == [1, 1, 2]
    assert [each.end and each.end.isoformat() for each in read(found.text).expressions][1] == "2026-05-11"


async def test_the_rows_of_a_ruled_table_are_one_line_each_however_its_cells_are_wrapped() -> None:
    lines = [
        Line("区分", 65, 705), Line("受付期間", 165, 705), Line("備考", 265, 705),
        Line("訪問介護", 65, 675), Line("令和８年４月１", 165, 680), Line("日から", 165, 665), Line("予定", 265, 675),
        Line("枠の外", 60, 620),
    ]  # fmt: skip
    grid = ruled([60, 160, 260, 360], [720, 700, 655])
    found = await extract(pdf([grid + "\n" + text_operators(lines)]), "通知.pdf")
    assert found.text.splitlines() == [
        "区分\t受付期間\t備考",
        "訪問介護\t令和８年４月１日から\t予定",
        "枠の外",
    ]


async def test_cells_without_rules_are_parted_where_the_gap_is_wide() -> None:
    lines = [Line("申請期限", 60, 700), Line("３月13日", 200, 700), Line("担当", 60, 680)]
    found = await extract(pdf([text_operators(lines)]), "通知.pdf")
    assert found.text.splitlines() == ["申請期限\t３月13日", "担当"]


async def test_vertical_text_is_read_down_its_columns() -> None:
    lines = [*downwards("令和八年五月十一日までに", 500, 780), *downwards("報告を提出すること。", 470, 780)]
    found = await extract(pdf([text_operators(lines)]), "通知.pdf")
    assert found.text.splitlines() == ["令和八年五月十一日までに", "報告を提出すること。"]


async def test_a_text_in_two_columns_is_read_one_column_after_the_other() -> None:
    left = [Line("あいうえおかきくけこさしすせそた", 60, 780 - 16 * index) for index in range(10)]
    right = [Line("なにぬねのはひふへほまみむめもや", 300, 772 - 16 * index) for index in range(10)]
    rows = sorted([*left, *right], key=lambda each: -each.y)
    found = await extract(pdf([text_operators(rows)]), "広報.pdf")
    assert found.text.splitlines() == [each.text for each in (*left, *right)]


@pytest.mark.parametrize("turned", [90, 180, 270])
async def test_a_page_that_is_shown_turned_is_read_as_it_is_seen(turned: int) -> None:
    way = {90: "0 1 -1 0 595 0", 180: "-1 0 0 -1 595 842", 270: "0 -1 1 0 0 842"}[turned]
    lines = text_operators([Line("一行目の文", 60, 500), Line("二行目", 60, 480), Line("の続き", 96, 480)])
    found = await extract(pdf([f"{way} cm\n{lines}"], turned=turned), "通知.pdf")
    assert found.text.splitlines() == ["一行目の文", "二行目の続き"]


async def test_pages_that_are_pictures_are_named() -> None:
    page = text_operators([Line("本文は十分な長さがある。", 60, 780)])
    found = await extract(pdf([page, "500 0 0 800 0 0 cm /P Do"]), "通知.pdf")
    assert found.warnings == ("2ページは画像で、文字の情報がありません。元のPDFも見てください。",)


@pytest.mark.parametrize(
    "content, reason",
    [
        (scan(), Reason.SCAN),
        (pdf([""]), Reason.SCAN),
        (locked(), Reason.LOCKED),
        (b"%PDF-1.7\nnothing", Reason.BROKEN),
        (pdf([text_operators([Line("x", 1, 1)])])[:200], Reason.BROKEN),
        (endless(), Reason.TOO_SLOW),
    ],
    ids=["scan", "empty", "locked", "nothing", "cut", "endless"],
)
async def test_a_pdf_without_readable_text_is_refused_with_its_reason(content: bytes, reason: Reason) -> None:
    fault = await refused(content)
    assert fault.reason is reason


async def test_a_file_that_wants_more_memory_than_it_may_have_ends_the_child_only() -> None:
    swollen = pdf(["q Q " * (64 * 1024 * 1024)])
    assert len(swollen) < 2_000_000
    fault = await refused(swollen, limits=Limits(seconds=20, memory=160 * 1024 * 1024))
    assert fault.reason in {Reason.TOO_SLOW, Reason.TOO_LARGE}


async def test_a_text_longer_than_allowed_is_refused() -> None:
    fault = await refused(("<html>" + "あ" * 2000).encode(), "x.html", Limits(characters=1000))
    assert fault.reason is Reason.TOO_LARGE


# --- the founding notices ----------------------------------------------------------------------------------


def test_the_founding_notices_come_through_as_they_stand(notices_folder: Path) -> None:
    for file in sorted(notices_folder.glob("*.txt")):
        content = file.read_bytes()
        found = asyncio.run(extract(content, file.name))
        assert (found.kind, found.text) == (Kind.TEXT, content.decode("utf-8").replace("\r\n", "\n"))
