"""`notifier explain`: why an office owes what it owes."""

import asyncio
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from notifier.cli.output import civil_date
from notifier.cli.simulation import OCCASIONS

if TYPE_CHECKING:
    from notifier.domain.obligations import Decision
    from notifier.domain.statements import Statement
    from notifier.explaining import Explained, Explanation

STATES = {
    "waiting-for-fact": "登録待ち",
    "waiting-for-date": "期日待ち",
    "open": "受付中・未了",
    "settled": "済み",
    "lapsed": "期限切れ",
    "withdrawn": "取り下げ",
    "not-applicable": "対象外",
    "needs-clarification": "確認中",
}


def explain(
    office: Annotated[str, typer.Argument(metavar="OFFICE", help="The ten characters of its 事業所番号.")],
    deadline: Annotated[
        str | None, typer.Argument(metavar="[DEADLINE]", help="One deadline, or one family of them.")
    ] = None,
    on: Annotated[
        date | None,
        typer.Option(
            "--on", parser=civil_date, metavar="DATE", help="What held on that day; default: today."
        ),
    ] = None,
    known_on: Annotated[
        date | None,
        typer.Option(
            "--known-on", parser=civil_date, metavar="DATE", help="By what was known then; default: today."
        ),
    ] = None,
) -> None:
    """Show each obligation of an office: rule, layers, citation, arithmetic, ladder, what was sent."""
    from notifier.settings import load_settings

    settings = load_settings()

    async def look() -> "Explained":
        from notifier.clock import SystemClock
        from notifier.service import Service

        async with Service.open(settings, clock=SystemClock()) as service:
            return await service.explain(office, deadline, on, known_on)

    explained = asyncio.run(look())
    print("\n".join(lines_of(explained)))


def lines_of(explained: "Explained") -> Iterator[str]:
    """Yield the explanation in lines, in Japanese."""
    office = explained.office
    services = "、".join(sorted(office.services))
    yield f"{office.number} {office.name}（サービス {services}、市町村 {office.municipality}）"
    yield f"{explained.on} の状態を、{explained.known_on} までに分かっていたことから説明します。"
    for each in explained.explanations:
        yield ""
        yield from _obligation(each, explained)


def _obligation(each: "Explanation", explained: "Explained") -> Iterator[str]:
    obligation, deadline = each.obligation, each.deadline
    year = f" {obligation.occurrence}年目" if obligation.occurrence else ""
    settled = f"（{obligation.settled_on}）" if obligation.settled_on else ""
    yield f"{deadline.id}{year}  {deadline.title}: {STATES[obligation.state]}{settled}"
    if obligation.reason is not None:
        yield f"  理由　　{obligation.reason}"
        return
    yield f"  対象　　{deadline.concerns_wording or 'すべての事業所'}"
    if deadline.taken_up is not None and obligation.key is not None:
        found = "登録あり" if obligation.key.taken_up else "登録なし"
        yield f"  前提　　{deadline.taken_up_wording}（{found}）"
    if obligation.needed:
        yield f"  進み　　{obligation.progress}/{obligation.needed}"
    if obligation.decision is not None:
        yield from _decision(obligation.decision, each, explained)
    for line in each.said:
        what = OCCASIONS.get(line.occasion, line.occasion)
        yield f"  送信　　{line.on} {what} {line.channel} {line.recipient or '（宛先なし）'} {line.state}"


def _decision(decision: "Decision", each: "Explanation", explained: "Explained") -> Iterator[str]:
    due, resolution = decision.due, decision.resolution
    yield f"  期日　　{due.wording}"
    if due.target is not None and due.target != due.latest:
        yield f"  目安　　{due.target}（この日までに済ませれば安全です）"
    yield from _arithmetic(decision, each)
    layers = [_layer(code, explained) for code in resolution.layers]
    yield f"  階層　　{' → '.join(layers)}"
    yield f"  根拠　　{_cited(resolution.prevailing)}"
    if resolution.inherited:
        yield "  　　　　予定の印は、先の文書から引き継いでいます。"
    for label, statements in (
        ("食い違い", resolution.against),
        ("以前　", resolution.superseded),
        ("補足　", resolution.remarks),
    ):
        for statement in statements:
            yield f"  {label}　{_cited(statement)}"
    if decision.rungs:
        days = "、".join(f"{rung.name or OCCASIONS[rung.occasion]} {rung.on}" for rung in decision.rungs)
        yield f"  予告　　{days}"


def _arithmetic(decision: "Decision", each: "Explanation") -> Iterator[str]:
    from notifier.catalogue import dump_due

    said, due = decision.resolution.prevailing.due, decision.due
    if said is not None:
        written = "、".join(f"{name}={value}" for name, value in dump_due(said).items())
        yield f"  計算　　文書の書き方: {written}"
    key = each.obligation.key
    if key is not None and key.anchor is not None:
        yield f"  　　　　起算日: {key.anchor}（事業所の登録による）"
    if decision.set_by is not None:
        yield f"  　　　　定めた機関: {decision.set_by or '国'}"
    if due.earliest is not None or due.latest is not None:
        yield f"  　　　　結果: {due.earliest or ''}～{due.latest or ''}"
    if due.later_reading is not None:
        yield f"  　　　　起算日を算入しない読み方では {due.later_reading}（使っていません）"
    if decision.estimate:
        yield "  　　　　祝日がまだ公示されていない年のため、閉庁日は見込みです。"


def _layer(code: str, explained: "Explained") -> str:
    if not code:
        return "国"
    authority = explained.authorities.get(code)
    return authority.name if authority else code


def _cited(statement: "Statement") -> str:
    from notifier.domain.deadlines import due_of

    due = ""
    if statement.due is not None:
        due = f"{due_of(statement.due, tentative=statement.tentative).wording} ／ "
    notice = statement.notice
    return f"{due}{notice.id} {statement.place}（{notice.dated}、{notice.rank.label}）{statement.remark}"
