"""Whether a sentence looks back: what it says of a day without a year tells whether the day is over.

5月の総会で承認された規約 is over, 5月に申請された方 may still come; 10月1日現在の登録者は52人 was counted.
"""

import re

_DONE = re.compile(
    r"(?:[、,・と][ ]?[0-9]{1,2}月(?:[0-9]{1,2}日)?)*[^、。\n]{0,16}?"
    r"(?:ました|でした|った(?!場合)|した(?![いが分額後]|場合|うえ|上で)|されたところ|済(?:み|。|$))"
)
_THEN_DONE = re.compile(
    r"に?[^、。\n]{0,12}[しりきみえけめせれてでい]、[^。\n]{0,60}(?:した|[れっ]た|ました|でした)。"
)
_THERE_WAS = re.compile(
    r"の[^、。\n]{1,14}(?:では|で|には|時は|際は)、?[^。\n]{0,60}(?<!お)(?:ました|でした|であった|かった)。"
)
"""What is told of something that took place: 11月16日の監査では、指摘が1件ありました."""
_TOLD = re.compile(r"(?:ました|でした|した|った)(?:が|が、|、)?\($")
_GOES_ON = re.compile(
    r"(?:から|より)(?![^、。\n]{0,16}(?:想定|検討|予定|考え|目指|期待|見込))[^、。\n]{0,16}?[しめっえけいれ来出得](?:て|で)(?:いる(?!場合|者|方|とき)|います|おり)"
)
"""What began and still goes on: 10月1日から実施している臨時便."""

_SETS_DAY = re.compile(
    r"(?:延長|変更|決定|設定|改め|繰り?[上下]げ|順延|延期|決ま|定め|見直|と(?:し|いた|され)|に(?:し|なり)(?:た|ま))"
)
"""What was done to the day itself says nothing of when it is: 6月12日から6月19日に延長しました."""

# 12月に支払った給与: what a rule speaks of may still lie ahead.
_OF_A_RULE = re.compile(
    "(?:に|まで(?:に)?)(?:支払|徴収|提供|購入|利用|取得|支給|受領|発生|納付)[しっ]?た(?=[一-龥も])"
    "(?!火災|地震|豪雨|大雨|台風|大雪|災害|水害|停電|事件|障害)"
)
# 12月31日以前に退職した方: whoever it will be.
_OF_A_CASE = re.compile(
    "に?[^、。\\n]{0,14}(?:した|った|[れめけえ]た)(?:方|者|人|場合|とき|法人|事業[所者]|世帯|施設|団体|会員|児童|職員)"
)
_SOMETHING_OF_A_RULE = (
    "場合|方|者|人|事業|施設|法人|団体|児|子|世帯|時|際|後|日|月|年|期|分|額|書類|経費|費用|上|職員|住宅|機器|車|医療|サービス|給与|賃金"
    "|所得|契約|届|申請|請求|家屋|土地|備品|設備|利用|保険|学生|住民|会員|受講|作品|写真|領収|証明|訓練|労働|機械|物品|工事|作業"
)
_HAPPENED = re.compile(
    r"[^、。\n]{0,16}?(?:成立|公布|発出|通知|開催|策定|改正|改訂|発生|設立|開設|公表|決定|送付|施行|実施|告示|答申|諮問)された"
    rf"|(?!まで|以降)[^、。\n]{{0,16}}?(?:[れえけめきい]た|った|んだ|した)(?=[一-龥ァ-ヶ])(?!{_SOMETHING_OF_A_RULE})"
)
_REACHED_BACK = re.compile(
    "に(?:さかのぼ|遡)|の[^、。\n]{0,6}(?:豪雨|大雨|地震|台風|大雪|災害|火災|水害|停電)(?!に(?:備|向)|への|訓練|対策)"
)
"""Disasters are not foretold, and what reaches back begins before."""
_OF_RESULTS = re.compile(r"分?(?:における)?の[^、。\n]{0,6}(?:実績(?!報告)|平均|推移|件数)")
_COUNTED = re.compile(
    r"[でのに]?、?[^、。\n0-9]{0,20}[はがをも]?(?:約|延べ|計|、)?[0-9][0-9,.]{0,9}(?:億|万|千)?[人名件%円台床戸か団社世]"
)
"""What stands behind 現在 where something was counted: 10月1日現在の登録者は52人です."""
_AS_OF = ("現在", "時点")


_TOLD_OF = (_OF_RESULTS, _REACHED_BACK, _THEN_DONE, _THERE_WAS)


def looks_back(text: str, start: int, end: int, suffix: str) -> bool:
    """Say whether what is said around the expression `text[start:end]`, which ends in `suffix`, speaks of it as over."""
    if suffix.endswith(("以降", "以後")):
        return False
    if suffix.endswith(_AS_OF):
        return _COUNTED.match(text, end) is not None
    is_told = _TOLD.search(text, max(0, start - 8), start) is not None
    if is_told or any(each.match(text, end) is not None for each in _TOLD_OF):
        return True
    return _OF_A_RULE.match(text, end) is None and _is_done(text, end, suffix)


def _is_done(text: str, end: int, suffix: str) -> bool:
    if suffix.endswith(("以前", "まで")) and _OF_A_CASE.match(text, end) is not None:
        return False
    done = _DONE.match(text, end, end + 40)
    if done is not None and _SETS_DAY.search(done[0]) is not None:
        return False
    is_going_on = suffix.endswith(("から", "より")) and _GOES_ON.match(text, end - 2) is not None
    return done is not None or is_going_on or _HAPPENED.match(text, end, end + 40) is not None


_WILL_BE = re.compile(r"[^。\n]{0,24}(?:見込|予定|ください|(?<![てで]い)ます。)")


def looks_ahead(text: str, end: int) -> bool:
    """Say whether what follows the expression that ends at `end` is still to come."""
    return _WILL_BE.match(text, end) is not None


_OF_MONTH = re.compile(r"[一-龥ァ-ヶー]{0,6}分の")


def is_counted(text: str, end: int, suffix: str) -> bool:
    """Say whether the day is one as of which something is counted, or the month one that is accounted for.

    Such a day is more often behind than ahead.
    """
    return suffix.endswith(_AS_OF) or (not suffix and _OF_MONTH.match(text, end) is not None)
