"""What a length or a particle hangs on: 「申請いただいた日から」, 「事業完了後」, 「統合日」.

Japanese puts the anchor in front. It is sought backwards from the length, inside the clause, and trimmed to the
nearest phrase that carries the meaning.
"""

import re

_REACH = 44
"""Signs that are looked at in front; a clause that names its anchor is shorter."""

_WALL = re.compile(
    r"[、。，,…()「」『』【】\[\]\s:;|※・･*~○●◆■]|について|において|における|にあっては|の場合|及び|並びに|又は|若しくは|または|および"
)
_TOPIC = re.compile(r"(?:は|ては|には|とは|その|この|当該|各|が(?=[一-龥]))")
_LENGTH_ANCHOR = re.compile(
    r".{0,30}?(?:(?:日|とき|時|期限|時点|年度|月|年|[0-9]日\)?)(?:の翌日|の翌月|の翌年度|の翌年|以後|以降|後)?(?:から|より)(?:起算して?|数えて)?"
    r"|[一-龥ァ-ヶー]{2,12}(?:した)?(?:日)?の?(?:翌日)?(?:以後|以降|後)|[一-龥ァ-ヶー]{2,12}[しきりけれ]?(?:から|より)(?:起算して?|数えて)?|[^、。]{2,20}[てで]から|(?:日|[一-龥]{2,8})の)(?:約|概ね|おおむね|最長|原則)?$"
)
_LEAST = re.compile("(?:約|おおむね|概ね)?[0-9一二三四五六七八九十]{1,3}(?:年|[かヶカ]月|週間|日)から")
"""A length itself, of which the next one is the most: 1か月から2か月程度."""
_EVENT_WORD = (
    "報告|提出|申請|応募|申込|届出|届け出|統合|終了|完了|決定|施行|開始|交付|満了|更新|成立|公布|契約|締結|納品|検収|着手|着工|竣工|支払|支給|"
    "受領|到着|審査|認定|認可|承認|登録|加入|廃止|解除|解消|改正|改定|移行|整備|公表|通知|退職|就職|卒業|出生|死亡|完成|確定|返還|納付|"
    "入札|開札|開催|回復|収束|出産|転出|転入|入所|退所|入学|離職|復職|採用|発注|購入|導入|設置|実施|指定|休止|再開|適用|精算|引渡し?|"
    "運用開始|供用開始|募集|選定|初回|最終回|開講|閉会|終講|着任|受診|受講|来所|搬入|発送|採択|内示|公募|同意|承諾|可決|発効|失効|延長|休業|変更|利用|処分|予算に達す|なくな"
)
_EVENT = re.compile(
    rf"[一-龥ァ-ヶーA-Za-z々]{{0,12}}?(?:{_EVENT_WORD})(?:等|期間|予定)?(?:書|書類)?(?:の提出|の報告|の(?:完了|終了|決定|交付))?(?:の?[日時]|の際|式)?$"
    r"|[一-龥]{2,6}(?:期限|期日)$|(?:指定|別に定め|所定|別途指示|指示|追って通知)(?:の|する|された|した|る)?(?:期日|期限|日)?$"
    r"|[0-9一-龥ァ-ヶーをがに]{1,14}(?:する|される|した|された|とな|となる|できる|終わる|達する|届く|決まる|ある|経過する)(?:日|時)?$"
    r"|[一-龥][0-9一-龥ァ-ヶーぁ-ん]{0,16}[るたうくむつす](?:日|時|とき|間|際)$|[一-龥][一-龥ァ-ヶーをがに]{0,10}(?:受ける|受けた|行う|終える|始まる|決まる|出る|整う|示される)$"
)
_DAY_OF = re.compile(
    r".{0,24}?(?:[一-龥ァ-ヶー]{2,10}の?|[期度月年]の[初末]|[たるうくすむぶぐつぬ]|別に定める|定める)$"
)


def _clause(text: str, end: int) -> int:
    """Return where the clause begins that ends at `end`: after the last wall within reach."""
    start = max(0, end - _REACH)
    for wall in _WALL.finditer(text, start, end):
        start = wall.end()
    if text[start - 1 : start] == ")" and text.startswith("の", start):
        opens = text.rfind("(", max(0, start - _REACH), start)
        return _clause(text, opens) if opens > 0 else start  # 廃止(指定辞退)の日 hangs on 廃止
    return start


_NO_VERB = re.compile(
    "[一-龥ァ-ヶー]{1,10}(?:の[一-龥]{0,2}|[年月日]の?)?(?:[日時月]|から)?(?:から|より)?(?:起算して)?"
)


def _trimmed(text: str, start: int, end: int) -> int:
    """Return the start without a topic in front of the phrase: 「提出は契約の日から」 begins at 契約."""
    for topic in _TOPIC.finditer(text, start, max(start, end - 1)):
        start = topic.end()
    objects = [found.end() for found in re.finditer("を", text[start:end])]
    if objects and _NO_VERB.fullmatch(text, start + objects[-1], end):
        return start + objects[-1]  # 記録を完結の日から２年間 begins at 完結
    if len(objects) > 1:
        start += objects[-2]
    return start


def length_start(text: str, start: int, *, is_away: bool) -> int | None:
    """Return where the anchor of the length at `start` begins, or None if it stands bare.

    `is_away` says that the length is a distance (1か月前), which may hang on a noun: 満了日の1か月前.
    """
    clause = _clause(text, start)
    clause = _trimmed(text, clause, start)
    found = _LENGTH_ANCHOR.match(text[clause:start]) if clause < start else None
    if found is not None and _LEAST.fullmatch(found[0]):
        return None
    if found is None or (not is_away and found[0].endswith("の")):
        return None
    begin = clause + found.start()
    if found[0].endswith("後") and "を" in found[0]:
        begin += found[0].rindex("を") + 1
    return begin - 2 if found[0].startswith("日") and text[max(0, begin - 2) : begin] == "その" else begin


def day_start(text: str, start: int) -> int | None:
    """Return where the words begin that say which day 「…日から」 at `start` is; None if there are none."""
    clause = _trimmed(text, _clause(text, start), start)
    if clause >= start or _DAY_OF.match(text[clause:start]) is None:
        return None
    return clause


def event_start(text: str, start: int) -> int | None:
    """Return where the event begins that 「…まで」 or 「…前に」 at `start` waits for; None if it is no event."""
    clause = _trimmed(text, _clause(text, start), start)
    for begin in (clause, max(clause, start - 24)):
        found = _EVENT.search(text, begin, start)
        if found is not None:
            return found.start()
    return None


_OF_DAY = re.compile(r"(?![^、。]*[0-9][月日])[^、。()]{1,30}の$")


def away_start(text: str, start: int) -> int:
    """Return where 「算定を開始する月の前月」 or 「行事の前日」 begins if `start` is its 前月 or 前日; else `start`."""
    if text[start - 1 : start] != "の":
        return start
    clause = _trimmed(text, _clause(text, start), start)
    return clause if clause < start and _OF_DAY.fullmatch(text[clause:start]) else start


def year_word_start(text: str, start: int) -> int:
    """Return where 「補助を受けた翌年度」 begins if `start` is its 翌年度; `start` itself if nothing belongs to it."""
    clause = _trimmed(text, _clause(text, start), start)
    found = re.search(r"[^、。]{1,28}(?:た|る|の|した)$", text[clause:start])
    return clause + found.start() if found is not None else start
