"""`notifier read --candidates`: what a notice would change in the law, for a person to approve."""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from notifier.cli.output import json_lines, table

if TYPE_CHECKING:
    from notifier.proposing import LawAtHand
    from notifier.reading.candidates import Candidate
    from notifier.reading.candidates_identity import Identity
    from notifier.reading.candidates_proposals import Amendment, Proposal, Proposals
    from notifier.reading.extraction import Document

COLUMNS = ("番号", "行", "表現", "すること", "期限", "変更", "期日", "確かさ")
CERTAINTIES = {"sure": "確か", "likely": "おそらく", "doubtful": "要確認"}
IDENTITY = {"issuer": "発出者", "number": "番号", "title": "件名", "issued": "発出日", "volume": "号数"}
_SHOWN = 26


def show(document: "Document", issued: date | None, form: str, *, why: bool = False) -> None:
    """Read the text, hold it against the shipped law and print the proposals as `table`, `jsonl` or `toml`."""
    from notifier.catalogue import load
    from notifier.catalogue.holidays import national_calendar
    from notifier.checks import years_of
    from notifier.clock import SystemClock, civil_date
    from notifier.proposing import as_json, law_at_hand, propose
    from notifier.reading.expressions import read

    catalogue = load()
    years = years_of(catalogue, civil_date(SystemClock().now()))
    at_hand = law_at_hand(catalogue, national_calendar(*years))
    proposals = propose(read(document.text, issued), at_hand, issued, document.title)
    if form == "jsonl":
        json_lines(as_json(proposals, document.page_of))
    elif form == "toml":
        print("\n".join(toml_lines(proposals, at_hand)))
    else:
        _table(proposals, document, why=why)


def toml_lines(proposals: "Proposals", at_hand: "LawAtHand") -> Iterator[str]:
    """Yield the proposals in the catalogue's own form, each part under the name of the file into which it belongs."""
    from notifier.proposing import written

    for place, text in written(proposals, at_hand):
        yield f"# ---- {place} ----\n"
        yield text + "\n"


def _table(proposals: "Proposals", document: "Document", *, why: bool) -> None:
    print("\n".join(_identity(proposals.identity)))
    if proposals.anomalies:
        print("\n確かめてください:")
        for each in proposals.anomalies:
            numbers = "、".join(map(str, each.proposals))
            print(f"  {each.line}行: {each.message}（候補 {numbers}）")
    every = proposals.proposals
    known = [each for each in every if not each.is_new]
    dated = [each for each in every if each.is_new and each.candidate.is_dated]
    rest = [each for each in every if each.is_new and not each.candidate.is_dated]
    for heading, rows in (
        ("登録済みの期限に関する候補", known),
        ("新しい期限の候補", dated),
        ("日付のない要件・依頼の候補", rest),
    ):
        if rows:
            print(f"\n{heading}: {len(rows)}件")
            lines = (line for each in rows for line in _lines(each, document, why=why))
            table(COLUMNS, lines, flexible="期日")
    if not every:
        print("\n候補はありませんでした。")
    print("候補は自動の読み取りです。承認するまで、何も登録されず、だれにも送られません。")


def _identity(identity: "Identity") -> Iterator[str]:
    for name, label in IDENTITY.items():
        named = getattr(identity, name)
        if named.value is not None:
            yield f"{label}: {named.value}"
        elif named.hint:
            yield f"{label}: 不明（{named.hint} ？ {named.why}）"
        elif name != "volume":
            yield f"{label}: 不明（{named.why}）"
    yield f"文書の格: {identity.rank.label}（{identity.rank_why}）"


def _lines(proposal: "Proposal", document: "Document", *, why: bool) -> Iterator[tuple[str, ...]]:
    """Yield a line for each known deadline that a candidate would change, or one for a new duty."""
    candidate = proposal.candidate
    page = document.page_of(candidate.line)
    place = f"{page}頁 {candidate.line}" if page is not None else str(candidate.line)
    what = "の".join(filter(None, (candidate.object[:12], candidate.verb)))
    first = (str(proposal.number), place, _short(candidate.surface or candidate.passage.text), what)
    certainty = CERTAINTIES[candidate.certainty]
    for each, left in zip(proposal.amendments, (first, *[("", "", "", "")] * 2), strict=False):
        yield (*left, each.match.duty.id, _kind(each), "\n".join(_days(each, candidate, why=why)), certainty)
    if proposal.is_new:
        yield (
            *first,
            f"新規（{candidate.family or '事業は不明'}）",
            "",
            "\n".join(_new(candidate, why=why)),
            certainty,
        )


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _SHOWN else f"{plain[: _SHOWN - 1]}…"


def _kind(amendment: "Amendment") -> str:
    if amendment.change is not None:
        return amendment.change.label
    return "変更なし" if amendment.new else "補足"


def _days(amendment: "Amendment", candidate: "Candidate", *, why: bool) -> Iterator[str]:
    if amendment.change is not None and amendment.new:
        yield f"{amendment.old or '（これまで期日なし）'} → {amendment.new}"
    elif amendment.new:
        yield amendment.new
    if why:
        yield f"一致 {amendment.match.score}: {'、'.join(amendment.match.reasons)}"
        yield from _asked(candidate)


def _new(candidate: "Candidate", *, why: bool) -> Iterator[str]:
    from notifier.domain.deadlines import Known, due_of

    due = due_of(candidate.due, Known(), tentative=candidate.tentative) if candidate.due is not None else None
    yield due.wording if due is not None else "期日なし"
    if why:
        yield from _asked(candidate)


def _asked(candidate: "Candidate") -> Iterator[str]:
    """Yield who is addressed, and what the notice leaves open."""
    for label, values in (("宛て", candidate.subject.addressees), ("未確定", candidate.open)):
        if values:
            yield f"{label}: {'、'.join(values)}"
