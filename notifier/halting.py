"""Halting: when too many letters of an authority come back, no more of them leave until a person has looked.

Shared by what learns of refusals: `deliver`, where the relay refuses at once, and the hearing of bounces.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from notifier.clock import civil_date
from notifier.domain import dates
from notifier.domain.actors import Actor
from notifier.domain.callers import NATION
from notifier.domain.halts import SPAN, is_storm
from notifier.store import audit, authority_records, halts, memos, outbox
from notifier.store.database import Connection

WHO: Final = "deliver"


async def watch(conn: Connection, letters: Collection[int], now: datetime) -> None:
    """See whether the authorities of these refused letters are in a storm, and halt their sending if they are."""
    stopped = {each.authority for each in await halts.in_force(conn)}
    for authority in await halts.authorities_of(conn, letters):
        if authority in stopped:
            continue
        counted = await halts.count(conn, authority, now - SPAN)
        if is_storm(*counted) and await halts.begin(conn, authority, counted, now):
            await _tell(conn, authority, counted, now)


async def is_halted(conn: Connection, authority: str) -> bool:
    """Tell whether letters of an authority do not leave now."""
    return authority in {each.authority for each in await halts.in_force(conn)}


async def _tell(conn: Connection, authority: str, counted: tuple[int, int], now: datetime) -> None:
    answered, refused = counted
    detail = {"answered": answered, "refused": refused}
    who = Actor(WHO, "", authority)
    await audit.append(conn, now, who, "letters.halted", f"authority/{authority}", detail)
    known = await authority_records.authority(conn, NATION, authority)
    if known is None or not known.address:
        return
    lines = [
        f"{known.name}　介護保険担当　御中",
        "",
        f"{dates.day_label(civil_date(now))}、事業所へのお知らせが続けて戻ってきたため、送信を止めました。",
        f"　宛先のサーバーが答えた{answered}通のうち、{refused}通が受け取られませんでした。",
        "",
        "【していただくこと】",
        "　画面の「今日」にある「お知らせの送信を止めています」を開いてください。",
        "　相手のサーバーの答えを確かめてから、送信を再開してください。",
        "　それまで、期限のお知らせは送られません。急ぎのものは、電話かFAXで伝えてください。",
    ]
    await memos.write(
        conn, known.address, "【要対応】事業所へのお知らせの送信を止めました", "\n".join(lines) + "\n", now
    )
    await outbox.enqueue(conn, "inform", now)
