"""Views: a letter as it is handed in, and as templates see it, with the office's own values as text in one order."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from notifier.domain import dates
from notifier.domain.letters import Content, name_in_subject, one_line, order_of


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item of a letter: a content shared by many, and the office's own values.

    `saying_id` names the content; `progress` is (reached, needed); `settled_on` a civil date.
    """

    content: Content
    saying_id: int
    code: str
    progress: tuple[int, int] | None = None
    settled_on: date | None = None


@dataclass(frozen=True, slots=True)
class SectionView:
    """What concerns one office: its items, in any order. For an authority or the editor the name is theirs.

    `page_url` is the absolute address of the office's own page, or None; `page_code` is typed where links do not arrive.
    """

    office_number: str
    office_name: str
    items: tuple[ItemView, ...]
    page_url: str | None = None
    page_code: str = ""


@dataclass(frozen=True, slots=True)
class LetterView:
    """One letter to one recipient: `day` is its civil date in Japan, addresses are absolute.

    `sender_contact` is free text and may have several lines. `can_reply` tells whether answers by mail are taken.
    """

    recipient: str
    sections: tuple[SectionView, ...]
    day: date
    sender_name: str
    sender_contact: str
    base_url: str
    unsubscribe_url: str | None = None
    can_reply: bool = False


@dataclass(frozen=True, slots=True)
class Composed:
    """A letter as it leaves: the subject on one line, complete plain text, HTML that says the same."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class SeenItem:
    """An item as templates see it; the last three are the office's own values, as text."""

    content: Content
    code: str
    progress: str | None
    settled: str | None


@dataclass(frozen=True, slots=True)
class SeenSection:
    """A section as templates see it, its items in order of urgency.

    All but `items` are the office's own values.
    """

    name: str
    number: str
    page_url: str | None
    page_code: str
    subject_name: str
    items: tuple[SeenItem, ...]


@dataclass(frozen=True, slots=True)
class SeenLetter:
    """A letter as templates see it; `recipient` and `unsubscribe_url` are the recipient's own values."""

    recipient: str
    unsubscribe_url: str | None
    sections: tuple[SeenSection, ...]
    day: date
    sender_name: str
    sender_contact: str
    base_url: str
    can_reply: bool


def read(letter: LetterView) -> tuple[object, tuple[Content, ...], list[str]]:
    """Return what a frame depends on, as a key and as contents, and the values that fill it, in order."""
    contents: list[Content] = []
    values = [one_line(letter.recipient), letter.unsubscribe_url or ""]
    shape: list[object] = []
    for section in letter.sections:
        name = section.office_name
        values += (
            one_line(name),
            one_line(section.office_number),
            section.page_url or "",
            section.page_code,
            name_in_subject(name),
        )
        shape.append((section.office_number == "", section.page_url is None))
        for item in section.items:
            settled = item.settled_on
            values += (item.code, _progress(item.progress), dates.day_label(settled) if settled else "")
            shape.append((item.saying_id, item.progress is None, settled is None))
            contents.append(item.content)
    sender = (
        letter.day,
        letter.sender_name,
        letter.sender_contact,
        letter.base_url,
        letter.unsubscribe_url is None,
        letter.can_reply,
    )
    return (sender, tuple(shape)), tuple(contents), values


def _progress(progress: tuple[int, int] | None) -> str:
    if progress is None:
        return ""
    reached, needed = progress
    left = f"あと{needed - reached}件" if reached < needed else "達成"
    return f"{needed}件中{reached}件（{left}）"


def seen(letter: LetterView, values: Iterator[str]) -> SeenLetter:
    """Return the letter as templates see it, with `values` in the order of `read`."""
    recipient, unsubscribe = next(values), next(values)
    return SeenLetter(
        recipient,
        unsubscribe if letter.unsubscribe_url is not None else None,
        tuple(_section(section, values) for section in letter.sections),
        letter.day,
        letter.sender_name,
        letter.sender_contact,
        letter.base_url,
        letter.can_reply,
    )


def _section(section: SectionView, values: Iterator[str]) -> SeenSection:
    name, number, page_url, page_code, subject_name = (next(values) for _ in range(5))
    items = [_item(item, values) for item in section.items]
    return SeenSection(
        name,
        number if section.office_number else "",
        page_url if section.page_url is not None else None,
        page_code,
        subject_name,
        tuple(sorted(items, key=lambda item: order_of(item.content))),
    )


def _item(item: ItemView, values: Iterator[str]) -> SeenItem:
    code, progress, settled = (next(values) for _ in range(3))
    return SeenItem(
        item.content,
        code,
        progress if item.progress is not None else None,
        settled if item.settled_on is not None else None,
    )
