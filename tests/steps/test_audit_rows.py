"""Every step that changes something says so in the audit, in the transaction that it records."""

import ast
from datetime import date
from pathlib import Path

from notifier.domain.actors import Actor
from notifier.steps.accept import accept
from notifier.steps.approve import approve
from notifier.steps.claim import claim, conclude
from notifier.steps.enrol import enrol
from notifier.steps.record import record
from notifier.steps.settle import settle
from notifier.store.audit import check
from notifier.store.tables import AuditRow, LetterRow
from tests.builders import CITY, by, deadline, said
from tests.steps.workshop import A, B, Workshop, enrolled

STEPS = Path(__file__).resolve().parents[2] / "notifier" / "steps"
OWN_RECORD = {
    "herald.herald": "what is put into a feed stands in the feed, round by round",
    "vouch.contact_of": "it only looks, and holds the contact while it does",
    "inform.inform": "a memo keeps every try and what came of it",
    "collect.collect": "a mail that came in says itself when and how it came",
    "hear.hear": "a mail says what it was found to be; what follows is audited in `answering` and `bouncing`",
}
"""Steps that change nothing, or only rows that say themselves when they were made and what came of them."""


def calls(function: ast.AST) -> set[str]:
    """The names that a function calls, as far as they are written out."""
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Call | ast.Attribute | ast.Name):
            found.add(ast.unparse(node.func if isinstance(node, ast.Call) else node))
    return found


def reached(name: str, functions: dict[str, set[str]]) -> set[str]:
    """All names that a function calls, directly or through others of its module."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for each in functions.get(waiting.pop(), set()) - found:
            found.add(each)
            waiting.append(each.removeprefix("self."))
    return found


def test_every_step_that_opens_a_transaction_writes_an_audit_row() -> None:
    silent = []
    for path in sorted(STEPS.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = {
            node.name: calls(node)
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        }
        public = [node.name for node in tree.body if isinstance(node, ast.AsyncFunctionDef)]
        for name in (each for each in public if not each.startswith("_")):
            names = reached(name, functions)
            changes = any(each.endswith(".transaction") for each in names)
            says = bool({"audit.append", "audit.append_all", "audit.append_run"} & names)
            if changes and not says and f"{path.stem}.{name}" not in OWN_RECORD:
                silent.append(f"{path.stem}.{name}")
    assert silent == []


async def test_from_a_notice_to_a_receipt_the_audit_tells_each_step(shop: Workshop) -> None:
    clerk = Actor("a clerk", "192.0.2.7", CITY)
    statement = said(by(date(2026, 6, 30)))
    await enrol(shop.tools, [enrolled(A, "a@example.jp"), enrolled(B)], clerk)
    await accept(shop.tools, [statement.notice], [statement], [deadline()], Actor("one", "command line"))
    await approve(shop.tools, [statement.notice.id], Actor("another", "command line"))
    await shop.live_until(date(2026, 4, 1))
    told = [(row.who, row.origin, row.authority, row.action) for row in await shop.all(AuditRow)]
    assert told == [
        ("a clerk", "192.0.2.7", CITY, "offices.enrolled"),
        ("one", "command line", "", "notice.accepted"),
        ("another", "command line", "", "notice.approved"),
        ("derive", "", "", "derive.done"),
        ("dispatch", "", "", "dispatch.done"),
        ("deliver", "", "", "letters.recorded"),
        ("deliver", "", "", "letters.recorded"),
    ]
    details = [row.detail for row in await shop.all(AuditRow)][-2:]
    assert details == [{"unreachable": 1}, {"accepted": 1}]
    async with shop.database.reading() as conn:
        assert (await check(conn)).broken is None


async def test_events_are_told_by_sender_and_type(shop: Workshop) -> None:
    await shop.enrol(enrolled(A))
    mine = shop.event("example.applied", A)
    await record(shop.tools, [mine, mine, shop.event("example.applied", A, on=date(2026, 3, 2))])
    await record(shop.tools, [mine])
    (row,) = (await shop.all(AuditRow))[1:]
    assert (row.who, row.origin, row.detail) == ("test", "events", {"example.applied": 2})


async def test_what_is_claimed_and_set_aside_is_told(shop: Workshop) -> None:
    event = shop.event("example.applied", A)
    await claim(shop.tools, event)
    await conclude(shop.tools, event, "it broke")
    await claim(shop.tools, event)
    await conclude(shop.tools, event)
    told = [row.action for row in await shop.all(AuditRow)]
    assert told == ["event.claimed", "event.set-aside", "event.claimed", "event.applied"]


async def test_letters_that_are_freed_are_told(shop: Workshop) -> None:
    now = shop.tools.now()
    claimed = {"state": "claimed", "lease_until": now, "created_at": now, "next_try_at": now}
    await shop.write(LetterRow, channel="email", recipient="a@example.jp", gathered="a", run=1, **claimed)
    await settle(shop.tools)
    assert [(row.action, row.detail) for row in await shop.all(AuditRow)] == [("letters.freed", {"count": 1})]
