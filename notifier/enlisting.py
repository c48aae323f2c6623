"""Enlisting: a list of offices is read and put beside what is known; what that comes to is told line by line."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import partial
from typing import Any, Final, TypeAlias

from notifier.channels.envelope import envelope_address
from notifier.channels.parcel import UnsendableError
from notifier.domain.offices import prefecture_code, with_check_digit
from notifier.errors import ImportRefusedError
from notifier.reading.office_cells import TEXTS, AddressForm, Vocabulary
from notifier.reading.office_columns import HEADINGS, ROLES, Layout
from notifier.reading.office_list import ListedOffice, OfficeList, RowFault, read_office_list
from notifier.reading.office_table import export, lines_of
from notifier.store import registry
from notifier.store.database import Connection
from notifier.store.differences import Change, Difference, Enrolled
from notifier.tools import Tools

CLOSED_FREELY: Final = 5
"""So many offices that a list does not name are closed on request; for more, their number must be given."""
OTHER_COLUMNS: Final = {
    "prefecture": "都道府県",
    "closed_on": "廃止日",
    "designated": "指定しているサービス",
    "service_names": "サービスごとの名称",
    "roles": "連絡先の役割",
    "subscriptions": "配信する分野",
}


class Stage(StrEnum):
    """What is being done with a list."""

    READING = "reading"
    COMPARING = "comparing"
    TAKING_OVER = "taking over"


Progress: TypeAlias = Callable[[Stage, float], None]
"""Is told which stage runs, and the share of it that is done, from 0 to 1."""


def silently(_: Stage, __: float) -> None:
    """Tell nobody how far the work has come."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to do with a list.

    `municipality` (six-digit 団体コード) is whose offices it lists; None if its rows say so. With `dry_run` nothing is
    changed. A list with faults is taken over only `without_refused`: all offices but those with a fault in any row.
    `close_gone` closes the offices that the list does not name, on the civil date `closed_on` (today if None); for more
    than CLOSED_FREELY their number must be given as `gone_count`. `authority` is who lists them, if not the municipality.
    With `is_bound` offices that are known in another municipality are refused: a tenant cannot take them from another.
    """

    municipality: str | None
    dry_run: bool = False
    without_refused: bool = False
    close_gone: bool = False
    gone_count: int | None = None
    closed_on: date | None = None
    authority: str = ""
    is_bound: bool = False


@dataclass(frozen=True, slots=True)
class Enlisted:
    """What a list would change, or has changed. `closed` were closed because it does not name them."""

    listed: OfficeList
    difference: Difference
    taken_over: bool
    closed: tuple[str, ...] = ()

    @property
    def faults(self) -> tuple[RowFault, ...]:
        """Return all that is wrong with the list."""
        return self.listed.faults


def vocabulary_of(tools: Tools) -> Vocabulary:
    """Return what lists may say: the services of the catalogue, the types of the national register, sendable addresses."""
    catalogue = tools.catalogue
    return Vocabulary.of(
        {code: (kind.name, kind.short) for code, kind in catalogue.services.items()},
        {code: (kind.service, kind.names) for code, kind in catalogue.register.items()},
        _form_of,
    )


def _form_of(address: str) -> AddressForm:
    try:
        written = envelope_address(address)
    except UnsendableError:
        return AddressForm.UNSENDABLE
    return AddressForm.CARRIER if written.startswith('"') else AddressForm.ORDINARY


@dataclass(frozen=True, slots=True)
class Read:
    """A list as it was read, and the offices in it that are to be taken over."""

    listed: OfficeList
    offices: list[Enrolled]


async def read(tools: Tools, content: bytes, wanted: Wanted, progress: Progress = silently) -> Read:
    """Return the list in `content`, and the offices to be taken over; other work goes on meanwhile.

    Raises ImportRefusedError if `wanted.municipality` is no municipality.
    """
    if wanted.municipality is not None:
        check_municipality(wanted.municipality)
    reading = partial(progress, Stage.READING)
    listed = await asyncio.to_thread(
        read_office_list, content, vocabulary_of(tools), wanted.municipality, reading
    )
    lacking = _lacking(listed)
    return Read(listed, [_enrolled(each, listed, lacking, wanted.authority) for each in listed.offices])


def check_municipality(code: str) -> None:
    """Raise ImportRefusedError if `code` is not the 団体コード of a municipality.

    It has six digits, the last of them its check digit (総務省, 全国地方公共団体コード: modulus 11 with the weights
    6 to 2), and is not a prefecture's own.
    """
    if not re.fullmatch(r"[0-9]{6}", code):
        message = f"団体コード「{code}」は6桁の数字ではありません。例: 千葉市は121002です。"
        raise ImportRefusedError(message)
    if with_check_digit(code[:5]) != code:
        message = f"団体コード「{code}」の検査数字（6桁目）が合いません。番号を確かめてください。"
        raise ImportRefusedError(message)
    if not 1 <= int(code[:2]) <= 47 or code == prefecture_code(code):
        message = f"団体コード「{code}」は市町村のものではありません。市町村の番号を指定してください。"
        raise ImportRefusedError(message)


async def without_foreign(conn: Connection, found: Read, wanted: Wanted) -> Read:
    """Return the list with a fault for each office that is known in another municipality, and the others."""
    if not wanted.is_bound:
        return found
    foreign = await registry.lying_elsewhere(conn, {each.number: each.municipality for each in found.offices})
    if not foreign:
        return found
    reason = (
        "ほかの市町村の事業所として登録されています。移転なら、先に今の市町村で廃止にしてもらってください。"
        "区域外指定なら、一覧から除き、運用担当者（全国）に指定の登録を頼んでください。"
    )
    listed = found.listed
    faults = [
        RowFault(each.row, HEADINGS["number"][0], each.number, reason)
        for each in listed.offices
        if each.number in foreign
    ]
    marked = replace(
        listed,
        faults=(*listed.faults, *faults),
        refused=listed.refused | {each.row for each in faults},
        withheld=listed.withheld | foreign.keys(),
        offices=tuple(each for each in listed.offices if each.number not in foreign),
    )
    return Read(marked, [each for each in found.offices if each.number not in foreign])


def check_closing(gone: tuple[str, ...], listed: OfficeList, wanted: Wanted) -> None:
    """Raise ImportRefusedError if the offices that a list does not name may not be closed as things stand."""
    if wanted.authority and wanted.authority != wanted.municipality:
        message = "事業所を廃止にできるのは、所在地の市町村だけです。"
        raise ImportRefusedError(message)
    if listed.faults:
        message = (
            "誤りのある行があるため、一覧にない事業所を廃止にできません。誤りを直してから取り込んでください。"
        )
        raise ImportRefusedError(message)
    if wanted.gone_count is not None and wanted.gone_count != len(gone):
        message = f"一覧にない事業所は{len(gone)}件で、指定された{wanted.gone_count}件と違います。何も変えていません。"
        raise ImportRefusedError(message)
    if len(gone) > CLOSED_FREELY and wanted.gone_count is None:
        message = (
            f"一覧にない事業所が{len(gone)}件あります。{CLOSED_FREELY}件を超えて廃止にするには、"
            f"件数を確かめて --gone-count {len(gone)} と指定してください。何も変えていません。"
        )
        raise ImportRefusedError(message)


def _lacking(listed: OfficeList) -> frozenset[str]:
    """Return what a list does not speak of: columns it lacks, and names by service if it gives none."""
    spoken = set(listed.columns) | ({"location"} if "building" in listed.columns else set())
    lacking = {*TEXTS, "staff"} - spoken
    named = any(name for office in listed.offices for name in office.services.values())
    return frozenset(lacking if named else {*lacking, "service_names"})


def _enrolled(office: ListedOffice, listed: OfficeList, lacking: frozenset[str], authority: str) -> Enrolled:
    has_addresses = not listed.columns.isdisjoint(("addresses", *ROLES))
    return Enrolled(
        office.number,
        office.name,
        tuple(office.services),
        office.municipality,
        prefecture_code(office.municipality),
        tuple(office.addresses) if has_addresses else None,
        office.staff,
        kana=office.text("kana"),
        corporation=office.text("corporation"),
        corporate_number=office.text("corporate_number"),
        location=office.text("location"),
        telephone=office.text("telephone"),
        fax=office.text("fax"),
        service_names={code: name for code, name in office.services.items() if name},
        roles={address: role for address, role in office.addresses.items() if role},
        lacking=lacking,
        adds_services=listed.layout is Layout.NATIONAL,
        authority=authority,
    )


def as_listed(office: Enrolled) -> ListedOffice:
    """Return an office that is enrolled as a list would hold it."""
    return ListedOffice(
        0,
        office.number,
        office.name,
        {code: office.service_names.get(code, "") for code in office.services},
        office.municipality,
        {address: office.roles.get(address, "") for address in office.addresses or ()},
        office.staff,
        {column: text for column in TEXTS if (text := getattr(office, column))},
    )


async def exported(tools: Tools, authority: str) -> AsyncIterator[bytes]:
    """Yield the offices of an authority as a list in our layout, piece by piece; importing it changes nothing."""
    yield b"".join(export(()))
    async with tools.database.reading() as conn:
        async for part in registry.offices_of(conn, authority):
            yield lines_of(map(as_listed, part))


# ---- told line by line ----


def column_label(column: str) -> str:
    """Return what a column is called in Japanese."""
    return HEADINGS[column][0] if column in HEADINGS else OTHER_COLUMNS[column]


def counts(enlisted: Enlisted) -> dict[str, Any]:
    """Return the numbers of an import: offices by what becomes of them, rows that were refused or passed over."""
    difference, listed = enlisted.difference, enlisted.listed
    return {
        "added": len(difference.added),
        "changed": len(difference.changed),
        "unchanged": difference.unchanged,
        "gone": len(difference.gone),
        "closed": len(enlisted.closed),
        "warned": len({fault.row for fault in listed.warnings}),
        "refused": len(listed.refused) or len({fault.row for fault in listed.faults}),
        "elsewhere": listed.elsewhere,
        "without_duties": listed.without_duties,
        "taken_over": enlisted.taken_over,
    }


def outcomes(enlisted: Enlisted) -> Iterator[dict[str, Any]]:
    """Yield what becomes of each office and what is to be said of each row, for programs; the numbers come last."""
    rows: Mapping[str, ListedOffice] = {each.number: each for each in enlisted.listed.offices}
    for number in enlisted.difference.added:
        office = rows[number]
        yield {"outcome": "added", "row": office.row, "office": number, "name": office.name}
    for number, changes in enlisted.difference.changed.items():
        for change in changes:
            yield {"outcome": "changed", "row": rows[number].row, "office": number} | _change(change)
    for number in enlisted.difference.gone:
        yield {"outcome": "closed" if number in enlisted.closed else "gone", "office": number}
    for outcome, faults in (("warned", enlisted.listed.warnings), ("refused", enlisted.listed.faults)):
        for fault in faults:
            yield {
                "outcome": outcome,
                "row": fault.row,
                "column": fault.column,
                "value": fault.value,
                "reason": fault.reason,
            }
    yield {"outcome": "summary"} | counts(enlisted)


def _change(change: Change) -> dict[str, str]:
    return {"column": column_label(change.column), "old": change.old, "new": change.new}


MOST_KEPT: Final = 10_000
"""Outcomes that a report keeps line by line; what needs a person comes first, and the numbers count them all."""
_URGENT: Final = ("refused", "warned", "gone", "closed", "changed", "added")


def report_of(enlisted: Enlisted) -> dict[str, Any]:
    """Return what is kept of an import: its numbers, and what is to be said of rows and offices, the urgent first."""
    told = sorted(
        (each for each in outcomes(enlisted) if each["outcome"] != "summary"),
        key=lambda each: _URGENT.index(each["outcome"]),
    )
    return {"counts": counts(enlisted), "lines": told[:MOST_KEPT]}
