"""An invented notice that waits to be reviewed, so that a visitor can walk the whole way from a paper to letters."""

from datetime import date, timedelta
from typing import Final

from notifier.domain import dates

NAME: Final = "jimurenraku.txt"
MONTHS_LEFT: Final = 3
"""Months from the notice to the day it sets."""


def paper(today: date) -> bytes:
    """Return the text (UTF-8) of a notice issued two days before `today` that sets a planned last day of the free pass."""
    issued = today - timedelta(days=2)
    last = dates.shift_month(today, MONTHS_LEFT, "end")
    return f"""事務連絡
{dates.wareki(issued)}

各都道府県 介護保険主管課（室）御中

厚生労働省老健局高齢者支援課

ケアプランデータ連携システムのフリーパスの申込期限について（架空の通知）

　これは体験のために作った架空の通知です。標記について、下記のとおりとしますので、管内の介護事業所への周知をお願いします。

記

１ フリーパスの申込み
　フリーパスの申込期限は、これまで定めていませんでしたが、{dates.day_label(last)}までに変更します（予定）。

２ 申込みの方法
　電子請求受付システムから申し込んでください。
""".encode()
