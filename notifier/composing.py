"""Composing: from a letter with its items to what leaves, in the same words on every try."""

from dataclasses import replace
from hashlib import blake2b

from notifier.channels.parcel import Parcel
from notifier.clock import civil_date
from notifier.domain.letters import Content
from notifier.rendering import ItemView, LetterView, SectionView
from notifier.store.claims import ClaimedItem, ClaimedLetter
from notifier.store.letters import key_of
from notifier.tools import Tools


def composed(tools: Tools, letter: ClaimedLetter) -> Parcel:
    """Return what a letter says to its recipient, dated as it is. Raises RenderingError if it cannot be written."""
    view = view_of(tools, letter)
    said = tools.composer.compose(view)
    return Parcel(
        key_of(letter.id, letter.gathered),
        letter.recipient,
        said.subject,
        said.text,
        said.html,
        letter.dated,
        view.unsubscribe_url,
    )


def body_hash(parcel: Parcel) -> str:
    """Return the digest by which a letter's text and HTML are known again."""
    return blake2b((parcel.text + (parcel.html or "")).encode(), digest_size=16).hexdigest()


def view_of(tools: Tools, letter: ClaimedLetter) -> LetterView:
    """Return the letter as the templates want it: its items by office, in the order in which they were planned."""
    by_party: dict[tuple[str, str, str], list[ItemView]] = {}
    for item in letter.items:
        name = item.name or "運用担当者"
        by_party.setdefault((item.party, item.number, name), []).append(_item(tools, item))
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
