"""Enlisting: a municipality's list of offices is read, compared with what is known, taken over whole."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import TypeAlias

from notifier.channels.envelope import envelope_address
from notifier.channels.parcel import UnsendableError
from notifier.domain.offices import prefecture_code, with_check_digit
from notifier.errors import ImportRefusedError
from notifier.reading.office_cells import AddressForm, Vocabulary
from notifier.reading.office_columns import ROLES
from notifier.reading.office_list import ListedOffice, OfficeList, RowFault, read_office_list
from notifier.steps.enrol import enrol
from notifier.store import enrolment
from notifier.store.enrolment import Difference, Enrolled
from notifier.tools import Tools

OPTIONAL = ("addresses", "staff", "kana", "corporation", "telephone", "fax")
"""Columns a list may lack; what is known of them stays."""


class Stage(StrEnum):
    """What is being done with a list."""

    READING = "reading"
    COMPARING = "comparing"
    TAKING_OVER = "taking over"


Progress: TypeAlias = Callable[[Stage, float], None]
"""Is told which stage runs, and the share of it that is done, from 0 to 1."""


def _silently(_: Stage, __: float) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Enlisted:
    """What a list would change, or has changed; nothing was taken over if there are `faults`."""

    difference: Difference
    faults: tuple[RowFault, ...]
    taken_over: bool


async def enlist(
    tools: Tools,
    content: bytes,
    municipality: str,
    who: str,
    *,
    dry_run: bool,
    progress: Progress = _silently,
) -> Enlisted:
    """Take over the offices in `content` (see `read_office_list`) of `municipality` (six-digit 団体コード).

    All of them or, if any row is faulty or it is a `dry_run`, none. Offices that the list does not name stay.
    Raises ImportRefusedError if `municipality` is no municipality.
    """
    prefecture = prefecture_of(municipality)
    listed = read_office_list(content, vocabulary_of(tools), municipality, partial(progress, Stage.READING))
    if listed.faults:
        return Enlisted(Difference((), {}, 0), listed.faults, taken_over=False)
    offices = [_enrolled(each, municipality, prefecture, listed) for each in listed.offices]
    offices = await _completed(tools, offices, listed)
    async with tools.database.reading() as conn:
        comparing = partial(progress, Stage.COMPARING)
        difference = await enrolment.difference(conn, offices, municipality, comparing)
    if dry_run:
        return Enlisted(difference, (), taken_over=False)
    if difference.added or difference.changed:
        await enrol(tools, offices, who, partial(progress, Stage.TAKING_OVER))
    return Enlisted(difference, (), taken_over=True)


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


def prefecture_of(municipality: str) -> str:
    """Return the 団体コード of the prefecture in which `municipality` lies.

    Raises ImportRefusedError if the code is not six digits, its check digit (総務省, 全国地方公共団体コード:
    modulus 11 with the weights 6 to 2) is wrong, or it is a prefecture's own.
    """
    if not re.fullmatch(r"[0-9]{6}", municipality):
        message = f"団体コード「{municipality}」は6桁の数字ではありません。例: 千葉市は121002です。"
        raise ImportRefusedError(message)
    if with_check_digit(municipality[:5]) != municipality:
        message = f"団体コード「{municipality}」の検査数字（6桁目）が合いません。番号を確かめてください。"
        raise ImportRefusedError(message)
    prefecture = prefecture_code(municipality)
    if not 1 <= int(municipality[:2]) <= 47 or municipality == prefecture:
        message = (
            f"団体コード「{municipality}」は市町村のものではありません。市町村の番号を指定してください。"
        )
        raise ImportRefusedError(message)
    return prefecture


def _enrolled(office: ListedOffice, municipality: str, prefecture: str, listed: OfficeList) -> Enrolled:
    return Enrolled(
        office.number,
        office.name,
        tuple(office.services),
        municipality,
        prefecture,
        tuple(office.addresses) if not listed.columns.isdisjoint(("addresses", *ROLES)) else None,
        office.staff,
        office.text("kana"),
        office.text("corporation"),
        office.text("telephone"),
        office.text("fax"),
    )


async def _completed(tools: Tools, offices: Sequence[Enrolled], listed: OfficeList) -> list[Enrolled]:
    """Return the offices with what is known of those columns that the list lacks."""
    lacking = [name for name in OPTIONAL if name not in listed.columns and name != "addresses"]
    async with tools.database.reading() as conn:
        changed = (await enrolment.difference(conn, offices)).changed
        completed = []
        for office in offices:
            known = await enrolment.enrolled(conn, office.number) if office.number in changed else None
            kept = {name: getattr(known, name) for name in lacking} if known else {}
            completed.append(replace(office, **kept))
    return completed
