"""Style sheets: served under an address that carries their hash, so that a browser may keep them for ever."""

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha384
from pathlib import Path

from aiohttp import web

STATIC = Path(__file__).parent / "static"
FILES = {
    "tokens.css": STATIC / "vendor" / "digital-go-jp-design-tokens-1.1.9" / "tokens.css",
    "notifier.css": STATIC / "notifier.css",
    "staff.css": STATIC / "staff.css",
    "office.css": STATIC / "office.css",
    "deadlines.css": STATIC / "deadlines.css",
    "letters.css": STATIC / "letters.css",
}
FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One style sheet: where it is found, and its hash as an `integrity` attribute wants it."""

    address: str
    integrity: str


class Shelf:
    """The style sheets, read once."""

    def __init__(self) -> None:
        """Read the files. Raises OSError if one is missing: the installation is broken."""
        self._content: dict[str, bytes] = {}
        self.sheets: list[Sheet] = []
        for name, path in FILES.items():
            content = path.read_bytes()
            digest = sha384(content).digest()
            address = f"/static/{digest.hex()[:12]}/{name}"
            self._content[address] = content
            self.sheets.append(Sheet(address, f"sha384-{b64encode(digest).decode('ascii')}"))

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer with a style sheet, or 404."""
        content = self._content.get(request.path)
        if content is None:
            raise web.HTTPNotFound
        answer = web.Response(body=content, content_type="text/css", charset="utf-8")
        answer.headers["Cache-Control"] = FOR_EVER
        answer.enable_compression()
        return answer
