"""Notices and statements as data: what may be cited, and what each place in it says.

`statement_as_data` and `statement_from_data` are inverse to each other; the store keeps statements so.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from notifier.catalogue.forms import dump_due, parse_due
from notifier.catalogue.tables import Table, Written
from notifier.domain.notices import Notice, Rank
from notifier.domain.statements import Statement

RANKS: Mapping[str, Rank] = {rank.name.lower().replace("_", "-"): rank for rank in Rank}
_FLAGS = ("confirms", "withdraws", "silent", "beside")


def read_notices(written: Written) -> list[Notice]:
    """Read one `[[notice]]` with its separately dated parts. Raises ValueError with the key and the mend."""
    table = Table(written, "the notice")
    issued = table.day_or_none("issued")
    whole = Notice(
        id=table.text("id"),
        title=table.text("title"),
        issuer=table.text("issuer"),
        number=table.text("number", ""),
        issued=issued,
        known_from=_known_from(table, issued),
        rank=_rank(table),
        in_hand=table.flag("in_hand", default=True),
    )
    table.text("addressed_to", "")
    table.text("url", "")
    parts = [_part(each, whole) for each in table.tables("part")]
    table.finish()
    return [whole, *parts]


def _part(written: object, whole: Notice) -> Notice:
    table = Table(written, "the part")
    issued = table.day_or_none("issued")
    part = Notice(
        id=f"{whole.id}/{table.text('id')}",
        title=table.text("title"),
        issuer=table.text("issuer", whole.issuer),
        number=table.text("number", ""),
        issued=issued,
        known_from=_known_from(table, issued),
        rank=_rank(table),
        in_hand=table.flag("in_hand", default=whole.in_hand),
    )
    table.finish()
    return part


def _known_from(table: Table, issued: date | None) -> date:
    known = table.day_or_none("known_from") or issued
    if known is None:
        raise ValueError("a notice without a date needs `known_from`: the day from which it may be used")
    return known


def _rank(table: Table) -> Rank:
    written = table.text("rank")
    if written not in RANKS:
        raise ValueError(f"`rank` must be one of {list(RANKS)}; found {written!r}")
    return RANKS[written]


def statement_as_data(statement: Statement) -> dict[str, Any]:
    """Return `statement` as JSON can keep it, with its notice by id."""
    data: dict[str, Any] = {
        "id": statement.id,
        "deadline": statement.deadline,
        "notice": statement.notice.id,
        "place": statement.place,
        "remark": statement.remark,
        "known_from": statement.known_from.isoformat(),
    }
    if statement.due is not None:
        data["due"] = dump_due(statement.due)
    data.update({name: True for name in ("tentative", *_FLAGS) if getattr(statement, name)})
    data.update(
        {name: value for name in ("effect", "authority", "retracts") if (value := getattr(statement, name))}
    )
    if statement.target is not None:
        data["target"] = statement.target.isoformat()
    if statement.unknown:
        data["unknown"] = list(statement.unknown)
    if statement.fiscal_year is not None:
        data["fiscal_year"] = statement.fiscal_year
    return data


def statement_from_data(data: Written, notice: Notice) -> Statement:
    """Read what `statement_as_data` has written; `notice` is the one named. Raises ValueError."""
    table = Table(data, "the statement")
    if table.text("notice") != notice.id:
        raise ValueError(f"the statement rests on {data['notice']!r}, not on {notice.id!r}")
    return _statement(table, table.text("id"), table.text("deadline"), notice)


def read_statement(written: Written, deadline: str, notices: Mapping[str, Notice]) -> Statement:
    """Read one `[[deadline.statement]]` of a family file. Raises ValueError with the key and the mend."""
    table = Table(written, "the statement")
    cited = table.text("notice")
    if cited not in notices:
        raise ValueError(f"`notice` {cited!r} is not in notices.toml; add it there or name one that is")
    return _statement(table, f"{deadline}#{table.text('id')}", deadline, notices[cited])


def _statement(table: Table, name: str, deadline: str, notice: Notice) -> Statement:
    due, tentative = parse_due(table.raw("due")) if "due" in table else (None, False)
    statement = Statement(
        id=name,
        deadline=deadline,
        notice=notice,
        place=table.text("place"),
        due=due,
        remark=table.text("remark", ""),
        tentative=table.flag("tentative") or tentative,
        confirms=table.flag("confirms"),
        withdraws=table.flag("withdraws"),
        silent=table.flag("silent"),
        beside=table.flag("beside"),
        effect=table.text("effect", ""),
        target=table.day_or_none("target"),
        unknown=table.texts("unknown"),
        authority=table.text("authority", ""),
        fiscal_year=table.number("fiscal_year") if "fiscal_year" in table else None,
        known_from=table.day_or_none("known_from") or notice.known_from,
        retracts=table.text("retracts", ""),
    )
    table.finish()
    return statement


def read_decision(written: Written) -> Statement:
    """Read one `[[decision]]` of the rule editor: a statement with a paper of its own. Raises ValueError."""
    table = Table(written, "the decision")
    on, reason = table.day("on"), table.text("reason")
    notice = Notice(
        id=f"decision-{on.isoformat()}",
        title="運用担当者の判断",
        issuer="運用担当者",
        number="",
        issued=on,
        known_from=on,
        rank=Rank.DECISION,
    )
    deadline = table.text("deadline")
    due, tentative = parse_due(table.raw("due")) if "due" in table else (None, False)
    statement = Statement(
        id=f"{deadline}#{table.text('id')}",
        deadline=deadline,
        notice=notice,
        place="判断の記録",
        due=due,
        remark=reason,
        tentative=tentative,
        withdraws=table.flag("withdraws"),
        target=table.day_or_none("target"),
        unknown=table.texts("unknown"),
        known_from=on,
    )
    table.finish()
    return statement
