"""Confirmations: what goes back to whoever answered by mail: what was understood, and how to undo it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from notifier.domain.wrapping import wrap


class Outcome(StrEnum):
    """What came of an answer about one item."""

    RECORDED = "recorded"
    ALREADY = "already"
    ASKED = "asked"
    UNDONE = "undone"
    TOO_LATE = "too-late"
    MORE_NEEDED = "more-needed"
    NOT_OWED = "not-owed"


@dataclass(frozen=True, slots=True)
class Item:
    """An item that was answered: its code, the duty's title, and what came of the answer."""

    code: str
    office: str
    title: str
    outcome: Outcome


_SAID: Final = {
    Outcome.RECORDED: "「済」として受け付けました。登録が済むと、この件のご案内は止まります。",
    Outcome.ALREADY: "すでに受け付けています。今回の返信では、何も変わりません。",
    Outcome.ASKED: "「該当なし」として受け付けました。担当者が確認して、お返事します。それまでご案内は続きます。",
    Outcome.UNDONE: "さきほどの登録を取り消しました。この件のご案内は、これまでどおり続きます。",
    Outcome.TOO_LATE: "取消しのご希望を、担当者に伝えました。登録はすでに済んでいるため、担当者が確認します。",
    Outcome.MORE_NEEDED: "担当者に伝えました。登録には、ほかにも伺うことがあります。事業所のページでも登録できます。",
    Outcome.NOT_OWED: "担当者に伝えました。この件は、現在の登録では事業所の対象になっていません。",
}


def confirmation(items: Sequence[Item], minutes: int, contact: Sequence[str]) -> tuple[str, str]:
    """Return subject and text. What was recorded can be undone for so many `minutes`; `contact` says whom to ask."""
    lines = ["ご返信を受け取りました。次のとおり受け付けています。", ""]
    for each in items:
        lines += [
            f"■{each.title}",
            f"　{each.office}",
            f"　整理番号　{each.code}",
            wrap(_SAID[each.outcome], "　"),
            "",
        ]
    if any(each.outcome is Outcome.RECORDED for each in items):
        what = "「取消」とだけ" if len(items) == 1 else "取り消す件の整理番号と「取消」の2つだけを"
        undo = (
            f"まちがいのときは、{minutes}分以内に、{what}書いて、このメールにご返信ください。元に戻します。"
        )
        later = "そのあとに気づいたときも、同じように書いてご返信ください。担当者が確認します。"
        lines += ["【取り消すとき】", wrap(undo, "　"), wrap(later, "　"), ""]
    return f"【受付】ご返信を受け取りました（{len(items)}件）", _with(lines, contact)


def left_to_people(contact: Sequence[str]) -> tuple[str, str]:
    """Return subject and text for an answer that was not understood and waits for somebody to read it."""
    said = "ご返信は、担当者が読んでお返事します。自動では登録できなかったため、まだ何も登録していません。"
    how = "「済」を登録するだけのときは、整理番号と「済」の2つだけを書いてご返信いただくと、すぐに受け付けます。"
    return "【受付】ご返信を担当者に渡しました", _with([wrap(said), "", wrap(how), ""], contact)


def _with(lines: Sequence[str], contact: Sequence[str]) -> str:
    named = [f"　{each}" for each in contact if each]
    return "\n".join([*lines, "【問い合わせ先】", *named, ""])
