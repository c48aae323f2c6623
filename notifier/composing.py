"""Composing: from a letter with its items to what leaves, in the same words on every try."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from notifier.channels.parcel import Parcel
from notifier.clock import civil_date
from notifier.domain.letters import Content
from notifier.domain.returns import Sent
from notifier.errors import RenderingError
from notifier.rendering import Composed, ItemView, LetterView, SectionView, TemplateFaultError
from notifier.store.claims import ClaimedItem, ClaimedLetter
from notifier.store.letters import key_of
from notifier.store.wordings import Wording
from notifier.tools import Tools


@dataclass(frozen=True, slots=True)
class Written:
    """What came of writing letters: parcels, or why there is none, by letter.

    `failed` says by version of an authority's templates what was wrong with it, `fallen` names the letters that were
    written as shipped because of that.
    """

    parcels: Mapping[int, Parcel]
    problems: Mapping[int, str]
    failed: Mapping[int, str]
    fallen: Sequence[int]


async def write(tools: Tools, letters: Sequence[ClaimedLetter], versions: Mapping[int, Wording]) -> Written:
    """Write letters, each by its version of its authority's templates, or as shipped.

    A version that fails never keeps a letter back: it is written as shipped, unless it may have been sent before by that
    version; then a repeat would not say the same.
    """
    parcels: dict[int, Parcel] = {}
    problems: dict[int, str] = {}
    failed: dict[int, str] = {}
    fallen: list[int] = []
    for number, version in versions.items():
        mine = [each for each in letters if each.wording == number]
        try:
            parcels |= await _by_version(tools, mine, version)
        except TemplateFaultError as fault:
            failed[number] = str(fault)
        except OSError as fault:  # no process could be started: that is not the version's fault
            problems |= {each.id: str(fault) for each in mine if each.is_repeat}
    for letter in letters:
        if letter.id in parcels or letter.id in problems:
            continue
        if letter.is_repeat and letter.wording is not None:
            problems[letter.id] = failed.get(letter.wording, "its version of the templates is gone")
            continue
        if letter.wording is not None:
            fallen.append(letter.id)
        try:
            parcels[letter.id] = composed(tools, letter)
        except RenderingError as fault:
            problems[letter.id] = str(fault)
    return Written(parcels, problems, failed, fallen)


async def written_by(tools: Tools, letter: ClaimedLetter, version: Wording | None) -> Parcel:
    """Return what a letter says by a version of its authority's templates, or as shipped. Raises RenderingError."""
    if version is None:
        return composed(tools, letter)
    return (await _by_version(tools, [letter], version))[letter.id]


async def _by_version(
    tools: Tools, letters: Sequence[ClaimedLetter], version: Wording
) -> Mapping[int, Parcel]:
    composer = tools.stationery.of(version.id, version.files, tools.composer.folders)
    views = [view_of(tools, each) for each in letters]
    said = await composer.compose(views)
    return {
        letter.id: _parcel(tools, letter, view, each)
        for letter, view, each in zip(letters, views, said, strict=True)
    }


def composed(tools: Tools, letter: ClaimedLetter) -> Parcel:
    """Return what a letter says as shipped, dated as it is. Raises RenderingError if it cannot be written."""
    view = view_of(tools, letter)
    return _parcel(tools, letter, view, tools.composer.compose(view))


def _parcel(tools: Tools, letter: ClaimedLetter, view: LetterView, said: Composed) -> Parcel:
    return Parcel(
        key_of(letter.id, letter.gathered),
        letter.recipient,
        said.subject,
        said.text,
        said.html,
        letter.dated,
        view.unsubscribe_url,
        None if tools.returns is None else tools.returns.path(Sent.LETTER, letter.id),
    )


def body_hash(parcel: Parcel) -> str:
    """Return the digest by which a letter's text and HTML are known again."""
    return blake2b((parcel.text + (parcel.html or "")).encode(), digest_size=16).hexdigest()


def view_of(tools: Tools, letter: ClaimedLetter) -> LetterView:
    """Return the letter as the templates want it: its items by office, in the order in which they were planned."""
    by_party: dict[tuple[str, str, str], list[ItemView]] = {}
    for item in letter.items:
        name = item.name or "運用担当者"
        # An authority has a code, and no number that it could be asked for on the telephone.
        number = item.number if item.party.startswith("office/") else ""
        by_party.setdefault((item.party, number, name), []).append(_item(tools, item))
    sections = tuple(
        _section(tools, letter, party, SectionView(number, name, tuple(items)))
        for (party, number, name), items in by_party.items()
    )
    return LetterView(
        recipient=letter.recipient,
        sections=sections,
        day=civil_date(letter.dated),
        sender_name=tools.correspondent.name,
        sender_contact=tools.correspondent.contact,
        base_url=tools.correspondent.base_url,
        unsubscribe_url=tools.unsubscribe(letter.recipient) if letter.recipient else None,
        can_reply=tools.returns is not None,
    )


def _section(tools: Tools, letter: ClaimedLetter, party: str, section: SectionView) -> SectionView:
    """Add the way to the office's own page: the same on every try, as the letter's date is."""
    way = tools.page(section.office_number, letter.dated, None) if party.startswith("office/") else None
    return section if way is None else replace(section, page_url=way.url, page_code=way.code)


def _item(tools: Tools, item: ClaimedItem) -> ItemView:
    first, content = tools.book.content(item.saying_id, item.content)
    needed = tools.book.needed(content.deadline)
    progress = (item.progress, needed) if needed else None
    return ItemView(content, first, _code(tools, item, content), progress, item.settled_on)


def _code(tools: Tools, item: ClaimedItem, content: Content) -> str:
    if item.office_id is None:
        return tools.codes.of_party(item.party, content.deadline, content.occurrence)
    return tools.codes.of_office(item.office_id, content.deadline, content.occurrence)
