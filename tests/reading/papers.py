"""Files as notices come in, made here: PDFs with and without a text layer, Word documents, archives that lie."""

import io
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

WORD = '<w:document xmlns:w="urn:word"><w:body>{}</w:body></w:document>'
SIZE = 12


@dataclass(frozen=True)
class Line:
    """Text at a place of a page, in points from the bottom left."""

    text: str
    x: float
    y: float


def text_operators(lines: Sequence[Line]) -> str:
    """What writes the lines, in the operators of a PDF."""
    return "\n".join(
        f"BT /F1 {SIZE} Tf {each.x} {each.y} Td <{''.join(map(_code, each.text))}> Tj ET" for each in lines
    )


def downwards(text: str, x: float, y: float) -> list[Line]:
    """A column of vertical text."""
    return [Line(sign, x, y - SIZE * index) for index, sign in enumerate(text)]


def ruled(verticals: Sequence[float], heights: Sequence[float]) -> str:
    """What draws the grid of a table."""
    low, high = min(heights), max(heights)
    left, right = min(verticals), max(verticals)
    lines = [f"{x} {low} m {x} {high} l S" for x in verticals]
    return "\n".join([*lines, *(f"{left} {y} m {right} {y} l S" for y in heights)])


SIGNS: dict[str, int] = {}
"""The code of each sign that was written so far, in the one font of all these files."""


def _code(sign: str) -> str:
    return f"{SIGNS.setdefault(sign, len(SIGNS) + 1):02x}"


def keep_font(keep: Callable[..., int]) -> int:
    """A font whose signs are all black squares; what each of them means stands in a table beside it."""
    square = keep("", "1000 0 0 -120 1000 880 d1 0 0 1000 800 re f")
    names = " ".join(f"/g{code}" for code in SIGNS.values())
    drawn = " ".join(f"/g{code} {square} 0 R" for code in SIGNS.values())
    meant = "\n".join(f"<{code:02x}> <{sign.encode('utf-16-be').hex()}>" for sign, code in SIGNS.items())
    table = keep(
        "",
        "/CIDInit /ProcSet findresource begin begincmap /CMapName /T def 1 begincodespacerange <00> <ff>"
        f" endcodespacerange {len(SIGNS)} beginbfchar\n{meant}\nendbfchar endcmap end",
    )
    widths = " ".join("1000" for _ in SIGNS)
    return keep(
        "<< /Type /Font /Subtype /Type3 /FontBBox [0 -120 1000 880] /FontMatrix [0.001 0 0 0.001 0 0]"
        f" /FirstChar 1 /LastChar {len(SIGNS)} /Widths [{widths}] /CharProcs << {drawn} >>"
        f" /Encoding << /Type /Encoding /Differences [1 {names}] >> /ToUnicode {table} 0 R >>"
    )


def pdf(pages: Sequence[str], *, trailer: str = "", forms: Sequence[str] = (), turned: int = 0) -> bytes:
    """A PDF of pages given in operators; X… are forms, P is a picture."""
    objects: list[bytes] = []

    def keep(body: str, stream: str | None = None) -> int:
        written = body.encode()
        if stream is not None:
            content = stream.encode("latin-1")
            if len(content) > 1_000_000:
                content, body = zlib.compress(content), f"{body} /Filter /FlateDecode"
            written = f"<< {body} /Length {len(content)} >>\nstream\n".encode() + content + b"\nendstream"
        objects.append(written)
        return len(objects)

    catalogue = keep("<< /Type /Catalog /Pages 2 0 R >>")
    keep("")
    across = keep_font(keep)
    picture = keep(
        "/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8", "x"
    )
    first_form = len(objects) + 1
    named = " ".join(f"/X{index} {first_form + index} 0 R" for index in range(len(forms)))
    resources = f"/Resources << /Font << /F1 {across} 0 R >> /XObject << /P {picture} 0 R {named} >> >>"
    for each in forms:
        keep(f"/Type /XObject /Subtype /Form /BBox [0 0 600 850] {resources}", each)
    numbers = []
    for each in pages:
        stream = keep("", each)
        numbers.append(
            keep(
                f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Rotate {turned}"
                f" /Contents {stream} 0 R {resources} >>"
            )
        )
    kids = " ".join(f"{each} 0 R" for each in numbers)
    objects[1] = f"<< /Type /Pages /Kids [{kids}] /Count {len(numbers)} >>".encode()
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += "".join(f"{place:010d} 00000 n \n" for place in places).encode()
    out += f"trailer << /Size {len(objects) + 1} /Root {catalogue} 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)


def scan() -> bytes:
    """A PDF of one page that is a picture."""
    return pdf(["500 0 0 800 0 0 cm /P Do"])


def locked() -> bytes:
    """A PDF that opens with a password only."""
    sealed = "".join(f"{number:02x}" for number in range(32))
    return pdf(
        [text_operators([Line("秘", 50, 800)])],
        trailer=f"/ID [<00><00>] /Encrypt << /Filter /Standard /V 1 /R 2 /O <{sealed}> /U <{sealed}> /P -4 >>",
    )


def endless() -> bytes:
    """A PDF whose page draws a form that draws the next one ten times over, and so on."""
    depth = 20
    forms = [f"/X{index + 1} Do " * 10 for index in range(depth)]
    return pdf(["/X0 Do"], forms=[*forms, text_operators([Line("終", 50, 800)])])


def word(body: str, **parts: bytes) -> bytes:
    """A Word document with this body; `parts` are further files in it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", WORD.format(body))
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def paragraph(text: str) -> str:
    """A paragraph of a Word document."""
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def bomb() -> bytes:
    """A small Word document whose body unpacks to 200 MB."""
    return word(f"<!--{' ' * (200 * 1024 * 1024)}-->")
