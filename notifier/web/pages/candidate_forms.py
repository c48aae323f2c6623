"""A candidate as a form: the usual ways of saying when something is due, and everything else as data."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from notifier.catalogue.forms import parse_due
from notifier.domain.deadlines import Known, due_of
from notifier.domain.law import Law
from notifier.web.forms import Form
from notifier.web.pages import duty_forms
from notifier.web.pages.duty_forms import Choices

HOWS: Final = (
    ("by", "日付まで"),
    ("month", "月または月の一部（上旬・下旬など）"),
    ("fiscal_year", "年度または半期のうち"),
    ("none", "期日には触れていない"),
    ("withdrawn", "期限の取下げ"),
    ("kept", "いまの読み取りのまま変えない"),
)
PARTS: Final = (
    ("", "月全体"),
    ("early", "上旬（1日から10日）"),
    ("middle", "中旬（11日から20日）"),
    ("late", "下旬（21日から月末）"),
    ("end", "月末ごろ"),
)
HALVES: Final = (("", "年度全体"), ("first", "上半期"), ("second", "下半期"))
NEW: Final = "new"


def form_of(said: Mapping[str, Any]) -> Form:
    """Return the form that shows what a candidate says."""
    statement = said.get("statement", {})
    due = statement.get("due", {})
    how = next((name for name in ("by", "month", "fiscal_year") if name in due), "kept" if due else "none")
    plain = set(due) <= {"by", "opens", "month", "part", "fiscal_year", "half", "tentative"}
    values: dict[str, Any] = {
        "deadline": NEW if said.get("definition") else said.get("deadline", ""),
        "id": said.get("deadline", ""),
        "how": "withdrawn" if statement.get("withdraws") else how if plain else "kept",
        **{name: str(due.get(name, "")) for name in ("by", "opens", "month", "part", "fiscal_year", "half")},
        "place": statement.get("place", ""),
        "remark": statement.get("remark", ""),
        "unknown": "\n".join(statement.get("unknown", ())),
        "marks": [
            name
            for name, holds in (
                ("tentative", statement.get("tentative") or due.get("tentative")),
                ("confirms", statement.get("confirms")),
            )
            if holds
        ],
        "data": json.dumps(said, ensure_ascii=False, indent=2),
    }
    return Form.filled(**values, **duty_forms.values_of(said.get("definition") or {}))


def said_of(form: Form, known: Mapping[str, Any], law: Law, offered: Choices) -> Mapping[str, Any] | None:
    """Return what the form says, starting from what was `known`; None with what is wrong noted in it.

    `offered` is what may be chosen for a new duty.
    """
    if form.value("as") == "data":
        return _from_data(form)
    statement = {
        name: value
        for name, value in known.get("statement", {}).items()
        if name not in {"due", "tentative", "confirms", "withdraws", "remark", "unknown", "place"}
    }
    statement["place"] = form.text("place", "記載箇所", needed=True)
    remark = form.lines("remark", "補足", longest=1000)
    unknown = [
        each.strip() for each in form.lines("unknown", "わかっていないこと").split("\n") if each.strip()
    ]
    statement |= {name: value for name, value in (("remark", remark), ("unknown", unknown)) if value}
    due = _due(form, known.get("statement", {}).get("due"))
    if form.value("how") == "withdrawn":
        statement["withdraws"] = True
    elif due is not None:
        marked = {"tentative": True} if form.is_ticked("marks", "tentative") else {}
        statement["due"] = due | marked
    if form.is_ticked("marks", "confirms"):
        statement["confirms"] = True
    said: dict[str, Any] = {"deadline": form.value("deadline"), "statement": statement}
    if form.value("deadline") == NEW:
        said["deadline"] = form.text("id", "期限の記号", needed=True, longest=100)
        old = known.get("definition") or {}
        said["definition"] = duty_forms.definition_of(form, old, said["deadline"], offered)
    elif form.value("deadline") not in law.deadlines:
        form.wrong("deadline", "期限を一覧から選んでください。")
    return said if form.is_right else None


def _from_data(form: Form) -> Mapping[str, Any] | None:
    try:
        said = json.loads(form.value("data"))
    except ValueError as fault:
        form.wrong("data", f"データの書き方に誤りがあります（{fault}）。かっこと引用符を確かめてください。")
        return None
    if not isinstance(said, dict):
        form.wrong("data", "データは { で始まり } で終わる形で書いてください。")
        return None
    return said


def due_of_form(form: Form) -> dict[str, Any] | None:
    """Return the due day that the form names, as the law as data writes it; None if it names none."""
    due = _due(form, None)
    if due is not None and form.is_ticked("marks", "tentative"):
        due["tentative"] = True
    return due


def _due(form: Form, known: Mapping[str, Any] | None) -> dict[str, Any] | None:
    how = form.one_of("how", "期日", [value for value, _ in HOWS])
    match how:
        case "by":
            by, opens = form.day("by", "期日", needed=True), form.day("opens", "受付開始日")
            if by and opens and opens > by:
                form.wrong("opens", "受付開始日は期日と同じ日か、それより前の日にしてください。")
            return {name: day.isoformat() for name, day in (("opens", opens), ("by", by)) if day}
        case "month":
            return _with_part(form, "month", form.value("month"), "part")
        case "fiscal_year":
            year = form.number("fiscal_year", "年度（西暦）", low=2000, high=2199, needed=True)
            found: dict[str, Any] = {"fiscal_year": year}
            return found | ({"half": form.value("half")} if form.value("half") else {})
        case "kept":
            return {name: value for name, value in (known or {}).items() if name != "tentative"} or None
    return None


def _with_part(form: Form, name: str, written: str, part: str) -> dict[str, Any]:
    try:
        date.fromisoformat(f"{written}-01")
    except ValueError:
        form.wrong(name, "月は 2026-12 の形で入力してください。")
    return {name: written} | ({part: form.value(part)} if form.value(part) else {})


def due_in_words(statement: Mapping[str, Any]) -> str:
    """Return what a statement says about the due day, in words."""
    if statement.get("withdraws"):
        return "期限の取下げ"
    if "due" not in statement:
        return "期日には触れていません"
    try:
        expression, tentative = parse_due(statement["due"])
    except ValueError:
        return "読めない期日です"
    known = Known()
    return due_of(expression, known, tentative=tentative or bool(statement.get("tentative"))).wording
