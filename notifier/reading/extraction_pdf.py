"""The text of a PDF from its text layer, page by page; runs in the child process only.

Signs and ruled lines come from PDFium with their places; how they become lines is decided in `extraction_layout`.
"""

import ctypes
from collections.abc import Iterator
from typing import Any, Final
from unicodedata import normalize

import pypdfium2
from pypdfium2 import raw

from notifier.reading.extraction_layout import Rule, Sign, lines_of
from notifier.reading.extraction_lines import Extract, UnreadableError

MOST_PAGES: Final = 3000
MOST_SIGNS: Final = 200_000
"""Signs of one page."""
_SCAN: Final = 8
"""A page with a picture and fewer signs than this is a scan."""
_MOST_OBJECTS: Final = 20_000
_SHORTEST_RULE: Final = 8.0
_STRAIGHT: Final = 0.7
_DEPTH: Final = 4
_PRIVATE: Final = range(0xE000, 0xF900)
_HYPHENS: Final = {0x02: "-", 0xFFFE: "-", 0xAD: "-"}
GARBLED: Final = "文字の対応表がない部分があり、正しく読めていないおそれがあります。元のPDFも見てください。"
_RADICALS: Final = {code: normalize("NFKC", chr(code)) for code in range(0x2F00, 0x2FD6)}


def text_of_pdf(content: bytes, most: int) -> Extract:
    """Return the lines of a PDF with their pages. Raises UnreadableError if it is locked, broken or a scan."""
    found = Extract(most)
    try:
        with pypdfium2.PdfDocument(content) as document:
            if len(document) > MOST_PAGES:
                raise UnreadableError("too-large")
            found.title = str(document.get_metadata_value("Title") or "").strip()
            empty = [
                number for number in range(1, len(document) + 1) if not _add_page(document, number, found)
            ]
            if not found.lines:
                raise UnreadableError("scan")
            if empty:
                named = "、".join(map(str, empty[:20])) + ("ほか" if len(empty) > 20 else "")
                found.warn(f"{named}ページは画像で、文字の情報がありません。元のPDFも見てください。")
            return found
    except pypdfium2.PdfiumError as fault:
        is_locked = getattr(fault, "err_code", None) in {raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY}
        raise UnreadableError("locked" if is_locked else "broken") from fault


def _add_page(document: pypdfium2.PdfDocument, number: int, found: Extract) -> bool:
    """Add the lines of a page; False if it is the picture of one."""
    page = document[number - 1]
    try:
        signs, garbled = _signs(page)
        if sum(1 for each in signs if each.text.strip()) < _SCAN and _has_picture(page):
            return False
        if garbled > max(3, 0.02 * len(signs)):
            found.warn(GARBLED)
        standing, lying = _rules(page)
        for line in lines_of(signs, standing, lying):
            found.add(line, number)
        return True
    finally:
        page.close()


def _signs(page: pypdfium2.PdfPage) -> tuple[list[Sign], int]:
    """Return the signs of a page as it is seen, and how many of them have no known meaning."""
    text = page.get_textpage()
    turned = _turn(page)
    box = raw.FS_RECTF()
    signs: list[Sign] = []
    garbled = 0
    after_space = False
    count = raw.FPDFText_CountChars(text.raw)
    if count > MOST_SIGNS:
        raise UnreadableError("too-large")
    for index in range(count):
        code = raw.FPDFText_GetUnicode(text.raw, index)
        if raw.FPDFText_IsGenerated(text.raw, index) == 1:
            after_space = code == 0x20
            continue
        if code < 0x20 and code not in _HYPHENS:
            continue
        garbled += code in _PRIVATE or code == 0xFFFD
        raw.FPDFText_GetLooseCharBox(text.raw, index, ctypes.byref(box))
        sign = _HYPHENS.get(code) or _RADICALS.get(code) or chr(code)
        first, second = turned(box.left, box.bottom), turned(box.right, box.top)
        left, right = sorted((first[0], second[0]))
        bottom, top = sorted((first[1], second[1]))
        if after_space and signs and sign.isascii() and signs[-1].text.isascii():
            signs.append(Sign(" ", signs[-1].right, bottom, left, top))
        after_space = False
        signs.append(Sign(sign, left, bottom, right, top))
    text.close()
    return signs, garbled


def _turn(page: pypdfium2.PdfPage) -> Any:
    """Return what takes a place of the file to the place where it is seen: pages may be shown turned."""
    width, height = page.get_size()
    match page.get_rotation():
        case 90:
            return lambda x, y: (y, height - x)
        case 180:
            return lambda x, y: (width - x, height - y)
        case 270:
            return lambda x, y: (width - y, x)
    return lambda x, y: (x, y)


def _has_picture(page: pypdfium2.PdfPage) -> bool:
    pictures = page.get_objects(filter=(raw.FPDF_PAGEOBJ_IMAGE,), max_depth=_DEPTH)
    return next(iter(pictures), None) is not None


def _rules(page: pypdfium2.PdfPage) -> tuple[list[Rule], list[Rule]]:
    """Return the ruled lines of a page, standing and lying: also the edges of what is filled."""
    turned = _turn(page)
    standing: list[Rule] = []
    lying: list[Rule] = []
    for count, shape in enumerate(page.get_objects(filter=(raw.FPDF_PAGEOBJ_PATH,), max_depth=_DEPTH)):
        if count > _MOST_OBJECTS:
            return [], []
        for start, end in _strokes(shape):
            (left, bottom), (right, top) = turned(*start), turned(*end)
            if abs(left - right) <= _STRAIGHT and abs(top - bottom) >= _SHORTEST_RULE:
                standing.append(Rule((left + right) / 2, min(bottom, top), max(bottom, top)))
            elif abs(top - bottom) <= _STRAIGHT and abs(left - right) >= _SHORTEST_RULE:
                lying.append(Rule((top + bottom) / 2, min(left, right), max(left, right)))
    return standing, lying


def _strokes(shape: pypdfium2.PdfObject) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """Yield the straight strokes of a path; a curve has none."""
    matrix = shape.get_matrix()
    x, y = ctypes.c_float(), ctypes.c_float()
    first = here = None
    for index in range(min(raw.FPDFPath_CountSegments(shape.raw), _MOST_OBJECTS)):
        segment = raw.FPDFPath_GetPathSegment(shape.raw, index)
        if not raw.FPDFPathSegment_GetPoint(segment, ctypes.byref(x), ctypes.byref(y)):
            continue
        place = matrix.on_point(x.value, y.value)
        match raw.FPDFPathSegment_GetType(segment):
            case raw.FPDF_SEGMENT_MOVETO:
                first = place
            case raw.FPDF_SEGMENT_LINETO if here is not None:
                yield here, place
        here = place
        if first is not None and raw.FPDFPathSegment_GetClose(segment):
            yield here, first
