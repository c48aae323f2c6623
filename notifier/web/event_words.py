"""Words on events that came in: how they stand, why one was set aside and what to do, and what one has to wait for."""

from collections.abc import Sequence
from typing import Final, Literal

from notifier.arrears import NOT_THEIRS
from notifier.domain.expressions import DUE_SET
from notifier.domain.law import Law
from notifier.editorial import DECIDED
from notifier.web.wording import Chip

Awaits = Literal["approval", "law"]
"""For what an event has to wait that was taken: a second person, or a law that leaves the day to who set it."""

STATES: Final = {
    "received": Chip("処理中", "busy"),
    "waiting": Chip("待っています", "busy"),
    "applied": Chip("受け付けました", "good"),
    "failed": Chip("保留", "bad"),
}
UNHEEDED: Final = (
    "いまの規則では、この期限の日を決めるのはこの自治体ではないため、効き目がありません。"
    "記録は残り、この自治体に任せる通知が承認されれば、その日から使います。期限の名前を書き誤っていないか、確かめてください。"
)
_SAID: Final[Sequence[tuple[str, str]]] = (
    (
        NOT_THEIRS,
        "この番号の事業所は、送り手の自治体の事業所ではありません。番号を確かめ、登録の誤りなら直してから、もう一度試してください。",
    ),
    (
        "no such deadline",
        "名指された期限がありません。期限の名前を確かめて送り直すか、その期限の通知が承認されてから、もう一度試してください。",
    ),
    (
        "UnknownError:",
        "名指されたものが見つかりませんでした。登録を確かめてから、もう一度試してください。",
    ),
    (
        "NoticeRefusedError:",
        "通知として受け付けられません。同じ名前（notice）の別の内容がないか確かめ、別の通知なら、別の名前とidで送り直してください。",
    ),
)
_OTHERWISE: Final = (
    "処理の途中で問題が起きました。もう一度試しても同じときは、下の「記録」の文を運用担当者に伝えてください。"
)


def awaits(law: Law, kind: str, subject: str, deadline: object) -> Awaits | None:
    """Return for what an event of the type `kind` has to wait once it was taken; None if it has its effect."""
    if kind == DECIDED:
        return "approval"
    code = subject.removeprefix("authority/")
    is_unheeded = kind == DUE_SET and not law.may_set(str(deadline), code)
    return "law" if is_unheeded else None


def told(state: str, problem: str, waits_for: Awaits | None = None) -> str:
    """Return what is to be said about how an event stands, and what to do; "" if all is as it should be."""
    if state == "failed":
        return next((words for mark, words in _SAID if mark in problem), _OTHERWISE)
    if state == "waiting" and problem:
        return "もう一度試しています。"
    if state == "waiting":
        return "事業所が登録されるか、出来事の日が来ると、反映します。"
    return UNHEEDED if waits_for == "law" else ""
