"""Deadlines, ladders and authorities as data.

`deadline_as_data` and `deadline_from_data` are inverse to each other; the store keeps deadlines in that form.
"""

from collections.abc import Mapping
from typing import Any

from notifier.catalogue.conditions import condition_as_data, pattern_as_data, read_condition, read_pattern
from notifier.catalogue.tables import Table, Written, chosen
from notifier.domain.applicability import EVERYBODY, Condition
from notifier.domain.calendar import Roll
from notifier.domain.ladders import Ladder
from notifier.domain.law import Authority, AuthorityKind, Deadline, Modality, Party, Settlement

LONGEST_SHORT = 8
"""Characters that `short` may have: it stands in the subject of a letter."""

_PLAIN = (
    *("concerns_wording", "taken_up_wording", "occurrence_unit"),
    *("follow", "tell_when_dated", "prompt", "announce", "acknowledge"),
)


def deadline_from_data(data: Written, groups: Mapping[str, frozenset[str]]) -> Deadline:
    """Read one deadline; conditions may name `groups` of services. Raises ValueError with key and mend."""
    table = Table(data, "the deadline")
    deadline = Deadline(
        id=table.text("id"),
        title=table.text("title"),
        short=table.text("short"),
        modality=table.choice("modality", Modality),
        action=table.text("action"),
        where=table.text("where"),
        silence=table.text("silence"),
        money=table.text("money", ""),
        ladder=table.text("ladder"),
        parties=tuple(chosen(each, Party, "parties") for each in table.texts("parties")) or (Party.OFFICE,),
        concerns=_condition(table, "concerns", groups) or EVERYBODY,
        settled_by=tuple(_settlement(each) for each in table.tables("settled_by")),
        roll=table.choice("roll", Roll, Roll.NONE),
        related=table.texts("related"),
        concerns_wording=table.text("concerns_wording", ""),
        taken_up_wording=table.text("taken_up_wording", ""),
        occurrence_unit=table.text("occurrence_unit", ""),
        follow=table.flag("follow"),
        tell_when_dated=table.flag("tell_when_dated"),
        prompt=table.flag("prompt"),
        announce=table.flag("announce", default=True),
        acknowledge=table.flag("acknowledge", default=True),
        taken_up=_condition(table, "taken_up", groups),
        excluded=_condition(table, "excluded", groups),
    )
    table.finish()
    family, _, duty = deadline.id.partition("/")
    if not family or not duty:
        raise ValueError(f"`id` must be written family/duty; found {deadline.id!r}")
    return deadline


def _condition(table: Table, key: str, groups: Mapping[str, frozenset[str]]) -> Condition | None:
    written = table.raw(key)
    if written is None:
        return None
    if not isinstance(written, Mapping):
        raise ValueError(f"`{key}` must be a table; found {written!r}")  # noqa: TRY004 -- data
    try:
        return read_condition(written, groups)
    except ValueError as error:
        raise ValueError(f"`{key}`: {error}") from error


def _settlement(written: object) -> Settlement:
    table = Table(written, "`settled_by`")
    pattern = read_pattern(
        {key: table.raw(key) for key in ("fact", "where", "since", "until") if key in table}
    )
    distinct = table.text("distinct") if "distinct" in table else None
    settlement = Settlement(pattern, distinct, table.number("count", 1), inside=table.flag("inside"))
    table.finish()
    if settlement.count < 1:
        raise ValueError(f"`count` must be 1 or more; found {settlement.count}")
    return settlement


def deadline_as_data(deadline: Deadline) -> dict[str, Any]:
    """Return `deadline` as JSON can keep it, with codes of services instead of groups."""
    data: dict[str, Any] = {
        "id": deadline.id,
        "title": deadline.title,
        "short": deadline.short,
        "modality": deadline.modality.value,
        "action": deadline.action,
        "where": deadline.where,
        "silence": deadline.silence,
        "money": deadline.money,
        "ladder": deadline.ladder,
        "parties": [party.value for party in deadline.parties],
        "concerns": condition_as_data(deadline.concerns),
        "settled_by": [_settlement_as_data(each) for each in deadline.settled_by],
        "roll": deadline.roll.value,
        "related": list(deadline.related),
    }
    data.update({name: getattr(deadline, name) for name in _PLAIN})
    for name in ("taken_up", "excluded"):
        condition = getattr(deadline, name)
        if condition is not None:
            data[name] = condition_as_data(condition)
    return data


def _settlement_as_data(settlement: Settlement) -> dict[str, Any]:
    data = pattern_as_data(settlement.pattern)
    if settlement.distinct is not None:
        data["distinct"] = settlement.distinct
    return {**data, "count": settlement.count, "inside": settlement.inside}


def read_ladder(written: Written) -> Ladder:
    """Read one `[[ladder]]`; `days` are calendar days before the due day. Raises ValueError."""
    table = Table(written, "the ladder")
    days = table.tables("days")
    if not all(isinstance(each, int) and not isinstance(each, bool) and each >= 0 for each in days):
        raise ValueError(
            f"`days` must be whole numbers of days before the due day, 0 or more; found {days!r}"
        )
    ladder = Ladder(
        table.text("id"),
        tuple(sorted(days, reverse=True)),
        opening=table.flag("opening", default=True),
        before_window=table.number("before_window") if "before_window" in table else None,
        checks=table.flag("checks"),
        year_opening=table.flag("year_opening"),
        closing=table.flag("closing", default=True),
        editor=table.flag("editor"),
    )
    table.finish()
    return ladder


def read_authority(written: Written) -> Authority:
    """Read one `[[authority]]`; `closed` are its own closed days. Raises ValueError."""
    table = Table(written, "the authority")
    authority = Authority(
        code=table.text("code"),
        name=table.text("name"),
        kind=table.choice("kind", AuthorityKind),
        prefecture=table.text("prefecture") if "prefecture" in table else None,
        closed=frozenset(table.tables("closed")),
        ladders=dict(table.raw("ladders") or {}),
        rolls={name: chosen(roll, Roll, "rolls") for name, roll in (table.raw("rolls") or {}).items()},
    )
    table.finish()
    if not (len(authority.code) == 6 and authority.code.isdecimal()):
        raise ValueError(f"`code` must be a 団体コード of six digits; found {authority.code!r}")
    return authority
