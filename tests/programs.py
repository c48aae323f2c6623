"""How mail programs of Japanese offices quote the letter they answer: one function for each, from the answer to a text."""

from collections.abc import Callable

WRITER = "例の市 介護保険課"
SENDER = "kigen@city.example.jp"
PROGRAMS: dict[str, Callable[[str, str], str]] = {}


def program(work: Callable[[str, str], str]) -> Callable[[str, str], str]:
    PROGRAMS[work.__name__] = work
    return work


def marked(letter: str, mark: str = "> ") -> str:
    return "\n".join(f"{mark}{line}".rstrip() for line in letter.splitlines())


@program
def gmail(answer: str, letter: str) -> str:
    return f"{answer}\n\n2026年4月1日(水) 9:00 {WRITER} <{SENDER}>:\n\n{marked(letter)}\n"


@program
def gmail_wrapped(answer: str, letter: str) -> str:
    return (
        f"{answer}\n\n2026年4月1日(水) 9:00 {WRITER} 介護保険最新情報担当\n<{SENDER}>:\n\n{marked(letter)}\n"
    )


@program
def outlook(answer: str, letter: str) -> str:
    return (
        f"{answer}\n\n-----Original Message-----\nFrom: {WRITER} <{SENDER}>\nSent: Wednesday, April 1, 2026 9:00 AM\n"
        f"To: a@example.jp\nSubject: 【期限6/1(月)】年次報告｜事業所1\n\n{letter}\n"
    )


@program
def outlook_in_japanese(answer: str, letter: str) -> str:
    return (
        f"{answer}\n\n________________________________\n差出人: {WRITER} <{SENDER}>\n送信日時: 2026年4月1日 9:00\n"
        f"宛先: a@example.jp <a@example.jp>\n件名: 【期限6/1(月)】年次報告｜事業所1\n\n{letter}\n"
    )


@program
def outlook_with_dashes(answer: str, letter: str) -> str:
    head = f"差出人: {WRITER}\n送信日時: 2026/04/01 9:00\n宛先: a@example.jp"
    return f"{answer}\n\n-----元のメッセージ-----\n{head}\n\n{letter}\n"


@program
def thunderbird(answer: str, letter: str) -> str:
    return f"On 2026/04/01 9:00, {WRITER} wrote:\n{marked(letter)}\n\n{answer}\n"


@program
def thunderbird_on_top(answer: str, letter: str) -> str:
    return f"{answer}\n\n2026/04/01 9:00 に {WRITER} さんは書きました:\n{marked(letter)}\n"


@program
def iphone(answer: str, letter: str) -> str:
    return f"{answer}\n\niPhoneから送信\n\n2026/04/01 9:00、{WRITER} <{SENDER}>のメール:\n\n﻿{letter}\n"


@program
def becky(answer: str, letter: str) -> str:
    return f"{answer}\n\nOn Wed, 01 Apr 2026 09:00:00 +0900\n{WRITER} <{SENDER}> wrote:\n\n{marked(letter)}\n"


@program
def full_width_marks(answer: str, letter: str) -> str:
    return f"{answer}\n\n{marked(letter, '＞')}\n"


@program
def carrier_phone(answer: str, letter: str) -> str:
    return f"{answer}\n\n{letter}\n"


@program
def yahoo(answer: str, letter: str) -> str:
    return f"{answer}\n\n----- Original Message -----\n>{WRITER}さん:\n{marked(letter, '>')}\n"


@program
def forwarded(answer: str, letter: str) -> str:
    return (
        f"{answer}\n\n---------- Forwarded message ---------\nFrom: {WRITER} <{SENDER}>\n"
        f"Date: 2026年4月1日(水) 9:00\n\n{letter}\n"
    )


@program
def signed(answer: str, letter: str) -> str:
    stars = "*" * 26
    signature = (
        f"{stars}\nケアプランA　管理者　山田太郎\n〒260-0000 千葉市中央区1-1\nTEL 043-000-0000\n{stars}"
    )
    greeting = "お世話になっております。\nケアプランAの山田です。"
    return (
        f"{greeting}\n\n{answer}\n\nよろしくお願いいたします。\n\n{signature}\n\n"
        f"{WRITER}さんは書きました:\n{marked(letter)}\n"
    )
