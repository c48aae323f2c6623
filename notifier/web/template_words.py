"""Words of the templates' pages: what each file is for, which names may be used, and what is wrong with a template."""

import re
from typing import Final

from notifier.rendering.limited import TOO_SLOW
from notifier.web.wording import OCCASIONS

OPENING: Final = "email/opening.txt"
CLOSING: Final = "email/closing.txt"
WHOLE: Final = {
    OPENING: ("はじめの文", "宛名のすぐ後に入る、課からのひとこと。テキストとHTMLの両方に入ります。"),
    CLOSING: ("おわりの文", "問い合わせ先の前に入る、課からのひとこと。テキストとHTMLの両方に入ります。"),
    "email/letter.txt": ("全体の組み立て（テキスト）", "宛名、一覧、1件ずつの内容、問い合わせ先の並び。"),
    "email/letter.html": ("全体の組み立て（HTML）", "同じ並びのHTML。"),
    "email/blocks.txt": ("部品（テキスト）", "期限、すること、根拠などの1つずつの書き方。"),
    "email/blocks.html": ("部品（HTML）", "同じ部品のHTML。"),
    "email/style.css": ("見た目（HTML）", "HTMLの色や文字の大きさ。"),
}
_PARTS: Final = {"subject.txt": "件名", "body.txt": "本文（テキスト）", "body.html": "本文（HTML）"}
NAMES: Final = (
    ("{{ addressee.name }}", "事業所（または自治体）の名称"),
    ("{{ addressee.number }}", "事業所番号"),
    ("{{ letter.day|day }}", "送る日（元号と曜日つき）"),
    ("{{ letter.sender_name }}", "差出人の名称"),
    ("{{ letter.sender_contact }}", "差出人の連絡先"),
    ("{{ letter.recipient }}", "宛先のアドレス"),
    ("{{ count }}", "お知らせの件数"),
    ("{{ subject }}", "標準の件名"),
    ("{{ item.content.title }}", "期限の名前（1件ごとの文面で）"),
    ("{{ item.content.due.wording }}", "期日の言い方（1件ごとの文面で）"),
    ("{{ item.content.action }}", "すること（1件ごとの文面で）"),
    ("{{ item.content.silence }}", "何もしないとどうなるか（1件ごとの文面で）"),
    ("{{ item.code }}", "整理番号（1件ごとの文面で）"),
)
_UNDEFINED: Final = re.compile(r"'([^']+)' is undefined")
_ATTRIBUTE: Final = re.compile(r"has no attribute '([^']+)'")


def label_of(name: str) -> str:
    """Return what a template is called."""
    if name in WHOLE:
        return WHOLE[name][0]
    _, occasion, part = name.split("/")
    told = OCCASIONS[occasion].text if occasion in OCCASIONS else occasion
    return f"{told}：{_PARTS.get(part, part)}"


def problem_of(file: str, line: int, problem: str) -> str:
    """Return in Japanese what is wrong with a template, where, and how to mend it."""
    place = f"{label_of(file)}の{line}行目：" if file and line else f"{label_of(file)}：" if file else ""
    if found := _UNDEFINED.search(problem):
        return f"{place}「{found[1]}」という名前はありません。下の「使える名前」の中から選んでください。"
    if found := _ATTRIBUTE.search(problem):
        return f"{place}「{found[1]}」という項目はありません。下の「使える名前」の中から選んでください。"
    if "unsafe" in problem:
        return f"{place}安全のため、この書き方は使えません。"
    if problem in {TOO_SLOW, "too large"}:
        return f"{place}大きすぎるか、時間がかかりすぎます。くり返しの回数や、文字を増やす書き方を減らしてください。"
    if "includes itself" in problem:
        return f"{place}自分自身を取り込んでいるため、終わりません。"
    return f"{place}書き方に誤りがあります。閉じていない {{% … %}} や {{{{ … }}}} がないか確かめてください（{problem}）。"
