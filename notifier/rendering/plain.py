"""Letters as plain data: how a letter travels to the limited process and its frame back."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from notifier.domain.sayings import Content
from notifier.rendering.frames import Frame, Part
from notifier.rendering.views import ItemView, LetterView, SectionView


def letter_data(letter: LetterView) -> dict[str, Any]:
    """Return a letter as JSON."""
    return {
        "recipient": letter.recipient,
        "sections": [_section_data(each) for each in letter.sections],
        "day": letter.day.isoformat(),
        "sender_name": letter.sender_name,
        "sender_contact": letter.sender_contact,
        "base_url": letter.base_url,
        "unsubscribe_url": letter.unsubscribe_url,
        "can_reply": letter.can_reply,
    }


def _section_data(section: SectionView) -> dict[str, Any]:
    return {
        "office_number": section.office_number,
        "office_name": section.office_name,
        "page_url": section.page_url,
        "page_code": section.page_code,
        "items": [
            {
                "content": each.content.as_data(),
                "saying_id": each.saying_id,
                "code": each.code,
                "progress": each.progress,
                "settled_on": each.settled_on.isoformat() if each.settled_on else None,
            }
            for each in section.items
        ],
    }


def read_letter(written: Mapping[str, Any]) -> LetterView:
    """Read what `letter_data` wrote."""
    sections = tuple(
        SectionView(**{**each, "items": tuple(_item(item) for item in each["items"])})
        for each in written["sections"]
    )
    return LetterView(**{**written, "sections": sections, "day": date.fromisoformat(written["day"])})


def _item(written: Mapping[str, Any]) -> ItemView:
    progress, settled = written["progress"], written["settled_on"]
    return ItemView(
        Content.from_data(written["content"]),
        written["saying_id"],
        written["code"],
        None if progress is None else (progress[0], progress[1]),
        date.fromisoformat(settled) if settled else None,
    )


def frame_data(frame: Frame) -> list[dict[str, Any]] | None:
    """Return a frame as JSON, None for one that has to be rendered whole; its contents are known to who asked."""
    if frame.parts is None:
        return None
    return [{"pieces": each.pieces, "holes": each.holes} for each in frame.parts]


def read_frame(written: Sequence[Mapping[str, Any]] | None, contents: tuple[Content, ...]) -> Frame:
    """Read what `frame_data` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    if written is None:
        return Frame(contents, None)
    subject, text, html = (
        Part(
            tuple(str(piece) for piece in each["pieces"]),
            tuple((int(position), int(number)) for position, number in each["holes"]),
        )
        for each in written
    )
    return Frame(contents, (subject, text, html))


def renamed(letter: LetterView, name: str, number: str) -> LetterView:
    """Return the letter with its first office called otherwise: a sample for somebody who wants to see it."""
    first, *rest = letter.sections
    return replace(letter, sections=(replace(first, office_name=name, office_number=number), *rest))
