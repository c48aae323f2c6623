"""Phrases: the few things people say when they answer that something is done, does not concern them, or was a mistake.

A phrase is a clause without spaces and punctuation, in lower case, with katakana as hiragana. It is one of the answers,
a courtesy (a greeting, a name, a line of a signature), or something that only a person can judge.
"""

import re
from enum import StrEnum
from typing import Final

LONGEST: Final = 80
"""Characters of a phrase; longer ones are sentences that say more."""


class Intent(StrEnum):
    """What an answer wants for an item."""

    DONE = "done"
    NOT_APPLICABLE = "not-applicable"
    UNDO = "undo"


def intent_in(phrase: str) -> Intent | None:
    """Return which answer a phrase is, as a whole; None if it is none, or if anything in it leaves a doubt."""
    if len(phrase) > LONGEST:
        return None
    if _NOT_OURS.fullmatch(phrase):
        return Intent.NOT_APPLICABLE
    if _TAKE_BACK.fullmatch(phrase):
        return Intent.UNDO
    if _DOUBTFUL.search(phrase):
        return None
    return Intent.DONE if any(each.fullmatch(phrase) for each in _DONE) else None


def is_courtesy(phrase: str) -> bool:
    """Tell whether a phrase says nothing about the matter: a greeting, a name, a line of a signature."""
    if len(phrase) > LONGEST:
        return False
    if any(each.fullmatch(phrase) for each in (_GREETING, _THANKS, _REQUEST, _REPORT, _DEVICE)):
        return True
    if _DOUBTFUL.search(phrase) or _ABOUT.search(phrase):
        return False
    if _REACH.search(phrase) or _INTRODUCTION.fullmatch(phrase):
        return True
    return not _SENTENCE.search(phrase)


def speaks_of_it(line: str) -> bool:
    """Tell whether a line under a signature's separator goes on about the matter, so that it is no signature."""
    return _ABOUT.search(line) is not None or _HEDGING.search(line) is not None


def _one(*alternatives: str) -> str:
    return f"(?:{'|'.join(alternatives)})"


# ---- answers ----

_WE = _one("当方", "当事業所", "弊社", "当社", "うち")
_THIS = _one(
    "本件", "この件", "その件", "こちらの件", "こちら", "上記", "標記", "表記", "左記", "下記", "当該", _WE
)
_ON = r"(?:の件名?|分|の分)?(?:には|は|も|(?:に関して|について|につきまして)は?)?"
_DAY = _one(
    r"\d{1,2}月\d{1,2}日",
    r"\d{1,2}/\d{1,2}",
    "先日",
    "先月",
    "先週",
    "昨日",
    "本日",
    "今日",
    "今朝",
    "昨年",
    "先ほど",
    "さきほど",
)
_ALREADY = _one(
    "既に", "すでに", "もう", "無事に?", "全て", "すべて", rf"{_DAY}(?:付けで|付で|付け|中に|に|は)?"
)
_BEFORE = rf"(?:{_THIS}{_ON}){{0,2}}{_ALREADY}{{0,3}}"
_DEED = _one(
    *(
        "申請",
        "提出",
        "報告",
        "届出",
        "届け出",
        "届け",
        "登録",
        "手続き",
        "手続",
        "実施",
        "対応",
        "送付",
        "郵送",
        "発送",
    ),
    *(
        "送信",
        "加入",
        "作成",
        "設置",
        "宣言",
        "更新",
        "導入",
        "利用開始",
        "連携",
        "回答",
        "入力",
        "記入",
        "処理",
    ),
)
_OF = r"(?:の?ほう)?(?:が|は|も|を|の|については)?"
_POLITELY = r"(?:し|いたし|致し)"
_IS = (
    r"(?:です|でした|だ|である|でございます|でございました|で?おります"
    r"|(?:に|と)(?:なります|なりました|なっています|なっております))?"
)
_HAVE = (
    rf"(?:{_POLITELY}(?:ました|ています|ております)|してあります|してございます"
    r"|させて(?:いただき|頂き)ました|した)"
)
_RECORD = r"ご?(?:処理|登録|記録)"
_PLEASE = (
    rf"(?:[とにで](?:(?:{_RECORD})?(?:して)?(?:ください|下さい)|(?:{_RECORD})?を?お願い{_POLITELY}ます))?"
)
_TELL = rf"ご?(?:報告|連絡){_POLITELY}ます"
_CLOSE = rf"(?:よ|ね|ので(?:{_TELL})?|旨{_TELL}|ことを?{_TELL})?"
_FINISHED = _one(
    rf"(?:済み|済|ずみ|すみ)(?:{_IS}|{_HAVE})",
    r"(?:済|す)(?:んで|ませて)(?:います|おります|いる|おる|ございます|あります)",
    r"(?:済|す)(?:み|ませ)ました",
)
_COMPLETED = _one(
    rf"(?:完了|終了)済?み?(?:{_HAVE}|{_IS})",
    r"(?:終え|終わり|でき|出来)ました",
    r"終(?:え|わっ)て(?:います|おります)",
)
_NO_SUCH_WORD = "返経救未決弁共"
"""返済, 経済, 救済, 未済, 決済, 弁済, 共済 end like an answer and are none."""

_DONE: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_BEFORE}(?:{_DEED}{{0,2}}{_OF})(?:{_FINISHED}|{_COMPLETED}){_PLEASE}{_CLOSE}",
        rf"[^済]{{1,40}}(?<![{_NO_SUCH_WORD}]){_FINISHED}{_PLEASE}{_CLOSE}",
        rf"[^済]{{0,40}}{_DEED}[はをも]?{_HAVE}{_CLOSE}",
    )
)
_IS_NOT = _one("なし", "無し", "無", "ありません", "ございません", "ない")
_CONCERNED = r"(?:該当|がいとう)"
_NOT_OURS: Final = re.compile(
    _BEFORE
    + _one(
        rf"{_CONCERNED}(?:する(?:もの|事業所|者|方|利用者|さーびす)?)?[はがも]?{_IS_NOT}",
        rf"{_CONCERNED}[はも]?(?:{_POLITELY}ません|しない|せず|していません|しておりません)",
        rf"非{_CONCERNED}",
        "対象外",
        "適用外",
        r"対象(?:では|じゃ)(?:ありません|ございません|ない)",
        r"対象[とに](?:なりません|ならない)",
        r"[当あ]て(?:はまりません|はまらない)",
        "無関係",
        rf"関係[はが]?{_IS_NOT}",
    )
    + _IS
    + _PLEASE
    + _CLOSE
)
_TAKE_BACK: Final = re.compile(
    rf"{_BEFORE}(?:(?:先日|前|前回|先ほど|さきほど)の)?(?:返信|回答|登録|連絡|報告|めーる)?[をは]?"
    rf"(?:取り?消し?|とりけし|取り?下げ|撤回|訂正|間違い|まちがい|誤り|きゃんせる)"
    rf"(?:で(?:す|した)|ます|{_POLITELY}ます|しました|を?お願い{_POLITELY}ます|して(?:ください|下さい))?"
)

# ---- what leaves a doubt ----

_DOUBTFUL: Final = re.compile(
    _one(
        *(
            "ない",
            "なく",
            "なかっ",
            "なし",
            "ません",
            "ませ[んぬ]",
            "まだ",
            "未",
            "不",
            "ず$",
            "ずに",
            "ぬ$",
            "ねば",
        ),
        *(
            "待ち",
            "待って",
            "予定",
            "検討",
            "準備",
            "これから",
            "今後",
            "後日",
            "後ほど",
            "のちほど",
            "次第",
            "つもり",
        ),
        *(
            "見込",
            "途中",
            "中です",
            "中で",
            "中$",
            "中の",
            "場合",
            "もし",
            "たら",
            "れば",
            "なら",
            "けど",
            "けれど",
        ),
        *(
            "しかし",
            "ただし",
            "ただ$",
            "だが",
            "ですが",
            "ましたが",
            "ところ",
            "のに",
            "でしょう",
            "かな",
            "か$",
        ),
        *("教えて", "どう", "なぜ", "いつ(?!も)", "どこ", "どれ", "何", "質問", "問い合わせ", "相談"),
        *("確認したい", "確認させて", "確認を?お願い", "間違", "まちが", "誤", "違い", "違う", "違って"),
        *("取り?消", "取り?下", "きゃんせる", "撤回", "変更", "延期", "延長", "一部", "以外", "除[いく]"),
        *(
            "のみ(?!に?て?$)",
            "だけ",
            "半分",
            "ほとんど",
            "ほぼ",
            "かも",
            "と思",
            "はず",
            "らしい",
            "ようです",
            "みたい",
        ),
        *(
            "却下",
            "差し?戻",
            "返戻",
            "受理",
            "受付",
            "受け付け",
            "辞退",
            "断",
            "止め",
            "停止",
            "廃止",
            "休止",
            "閉",
        ),
        *("退職", "移転", "合併", "別", "他の", "ほか", "代わり", "代理", "昨年度", "前年度", "去年"),
    )
)
_ABOUT: Final = re.compile(
    _one(
        *("済", "すみ", "ずみ", "完了", "終了", "該当", "対象", "申請", "提出", "届出"),
        *("了解", "承知", "把握", "拝見", "拝読"),
    )
)

_HEDGING: Final = re.compile(r"\?|まだ|未|ただし|しかし|後日|追伸|なお|別の|違い|違う|間違")

# ---- what is only polite ----

_GREETING: Final = re.compile(
    _one(
        r"(?:大変|いつも|平素より?|日頃より?|毎々){0,2}お?世話に?な(?:って|り|っ)(?:おり|い)?(?:ます|ました)",
        r"いつもお世話様です|お世話(?:様|さま)です|お疲れ(?:様|さま)?(?:です|でございます)",
        "こんにちは|こんばんは|おはようございます|はじめまして|拝啓|敬具|草々|前略",
        r"以上(?:です|となります|でございます)?|下記|上記|以下|記",
        r"(?:表題|標題|件名|首題|標記|掲題|上記|下記|お知らせ|ご案内|ご連絡)の件"
        r"(?:に?(?:ついて|つきまして|関して))?[はで]?",
    )
)
_THANKS: Final = re.compile(
    _one(
        r"(?:いつも|この度は|早速の|早々の)?(?:ご?(?:連絡|案内|通知|お知らせ|めーる|りまいんど|配信))?を?"
        r"(?:いただき|頂き)?(?:まして)?(?:誠に|本当に|どうも)?"
        r"(?:ありがとうございま(?:す|した)|有難うございま(?:す|した)|感謝(?:し|いたし|申し上げ)ます)",
        r"(?:ご?(?:返信|返答|回答|報告|連絡|対応)が)?(?:遅く?(?:なり|れ)(?:まして)?)?(?:大変|誠に)?"
        r"(?:申し訳(?:ありません|ございません)|失礼(?:し|いたし|致し)ま(?:す|した)|すみません|恐れ入ります(?:が)?)",
        r"(?:ご?(?:返信|返答|回答|報告|連絡|対応)が)?遅く?(?:なり|れ)(?:まして)?",
        r"お手数を?お?(?:かけ|掛け)(?:し|いたし)?ます(?:が)?|恐縮ですが",
    )
)
_REQUEST: Final = re.compile(
    r"(?:どうぞ|何卒|それでは|では|引き続き|今後とも|以上)?(?:ご?(?:確認|対応|処理|登録|手配|査収)(?:の?ほど|を)?)?"
    r"(?:(?:よろしく|宜しく)?お?(?:願い|ねがい)(?:し|いたし|致し|申し上げ)ます|(?:よろしく|宜しく)(?:どうぞ)?)"
)
_REPORT: Final = re.compile(
    r"(?:取り急ぎ|とりいそぎ|まずは)?(?:下記|以下|次|上記)?の?(?:とおり|通り)?ご?(?:報告|連絡|返信|返答|回答|お知らせ)"
    r"(?:まで|のみ(?:にて)?|(?:いた|致|申し上げ)?し?ます|です|させて(?:いただき|頂き)ます)?|取り急ぎ(?:まで)?"
)
_DEVICE: Final = re.compile(
    r"(?:sent|get)(?:from|outlook|yahoo).{0,40}|.{0,20}(?:から|で)(?:送信|そうしん)(?:(?:しま|されま)(?:した|す))?"
    r"|.{0,30}を入手(?:してください)?|.{0,20}(?:うぃるす|ういるす|virus).{0,40}|outlook(?:for|を).{0,20}"
)
_REACH: Final = re.compile(
    r"tel|fax|mail|めーる|電話|でんわ|ふぁっくす|携帯|内線|直通|url|http|www|〒|住所|担当"
    r"|[a-z0-9_.+-]+@[a-z0-9-]+|\d{2,5}-\d{1,4}-\d{3,4}|[都道府県市区町村郡].{0,30}\d"
)
_TRADE = _one(
    *(
        "けあ",
        "介護",
        "事業所",
        "せんたー",
        "ほーむ",
        "苑",
        "園",
        "荘",
        "会",
        "館",
        "すてーしょん",
        "さーびす",
        "支援",
    ),
    *(
        "訪問",
        "看護",
        "でい",
        "株式",
        "有限",
        "合同",
        "法人",
        "病院",
        "医院",
        "りはびり",
        "の里",
        "の家",
        "の郷",
    ),
)
_INTRODUCTION: Final = re.compile(
    _one(
        r".{1,40}(?:と申します|でございます|様|殿|御中|各位|さま|宛)",
        r".{1,40}の[^のをがは]{1,12}です",
        rf".{{0,30}}{_TRADE}.{{0,20}}です",
        r"ご?担当者?様?",
    )
)
_SENTENCE: Final = re.compile(
    r"ます|ました|です|でした|ください|下さい|ので|から|けれ|たい|って|した|して|する|される|られ|ある|いる|なる|が$|を|へ$|より$|よう"
)
