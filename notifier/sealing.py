"""Sealing: files in one ZIP of which every byte is covered, to be checked without a database and without us.

A list names each file with its digest, and the list is signed (Ed25519). The ZIP itself holds nothing that does not
follow from list and files: it is made anew while it is checked, and must come out the same to the byte.
"""

import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from typing import Any, Final
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from notifier.channels.asymmetric import read_public_key, write_public_key
from notifier.errors import ChannelError, VerificationError

LIST, SIGNATURE = "MANIFEST.json", "SIGNATURE"
FORMAT: Final = "notifier-evidence/1"
_FIRST_DAY: Final = (1980, 1, 1, 0, 0, 0)
"""The day on which the time of ZIP begins: when a file was written into it says nothing."""


@dataclass(frozen=True)
class Seal:
    """What signs: it follows from the installation's secret, so that it stays the same as long as that does."""

    secret: str = field(repr=False)

    def _private(self) -> Ed25519PrivateKey:
        seed = hmac.digest(self.secret.encode(), b"notifier evidence", sha256)
        return Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public_key(self) -> str:
        """Return the public key by which what was sealed is known as ours: `whpk_` and base64."""
        return write_public_key(self._private().public_key().public_bytes_raw())

    def pack(self, about: Mapping[str, Any], files: Mapping[str, bytes]) -> bytes:
        """Return `files` by name, in their order, as one sealed ZIP; `about` says in JSON what they are."""
        listed = [
            {"name": name, "bytes": len(held), "sha256": sha256(held).hexdigest()}
            for name, held in files.items()
        ]
        said = {"format": FORMAT, **about, "public_key": self.public_key, "files": listed}
        written = (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode()
        signature = b64encode(self._private().sign(written)) + b"\n"
        return _zipped({**files, LIST: written, SIGNATURE: signature})


@dataclass(frozen=True, slots=True)
class Pack:
    """What a sealed ZIP holds, once nothing was found wrong with it."""

    about: Mapping[str, Any]
    files: Mapping[str, bytes]

    @property
    def public_key(self) -> str:
        """Return the public key of whoever sealed it."""
        return str(self.about["public_key"])


def unpack(sealed: bytes, public_key: str = "") -> Pack:
    """Return what a sealed ZIP holds. Raises VerificationError if one byte of it is not as it was sealed.

    That it was sealed by somebody in particular shows only against their `public_key`, known from elsewhere.
    """
    held = _unzipped(sealed)
    written, signature = held.pop(LIST), held.pop(SIGNATURE)
    try:
        said = json.loads(written)
        known = read_public_key(said["public_key"])
        listed = {each["name"]: (each["bytes"], each["sha256"]) for each in said["files"]}
        claimed = b64decode(signature.strip(), validate=True)
        is_of_us = said["format"] == FORMAT
    except (ValueError, KeyError, TypeError, AttributeError, ChannelError):
        raise VerificationError(f"{LIST} or {SIGNATURE} cannot be read: they were changed") from None
    if not is_of_us:
        raise VerificationError(f"{LIST} names another format than {FORMAT}: a newer version may know it")
    if public_key and public_key != said["public_key"]:
        raise VerificationError(f"it was sealed with another key: {said['public_key']}")
    try:
        Ed25519PublicKey.from_public_bytes(known).verify(claimed, written)
    except InvalidSignature:
        raise VerificationError(f"{LIST} was changed after it was signed") from None
    for name in sorted(listed.keys() ^ held.keys()):
        raise VerificationError(f"{name} was {'taken out' if name in listed else 'put in'}")
    for name, found in held.items():
        if (len(found), sha256(found).hexdigest()) != listed[name]:
            raise VerificationError(f"{name} was changed")
    if _zipped({**held, LIST: written, SIGNATURE: signature}) != sealed:
        raise VerificationError("the ZIP around the files was changed; the files themselves were not")
    return Pack({name: value for name, value in said.items() if name != "files"}, held)


def _zipped(files: Mapping[str, bytes]) -> bytes:
    made = BytesIO()
    with ZipFile(made, "w", ZIP_STORED) as archive:
        for name, held in files.items():
            entry = ZipInfo(name, _FIRST_DAY)
            entry.create_system = 3  # wherever it is made
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, held)
    return made.getvalue()


def _unzipped(sealed: bytes) -> dict[str, bytes]:
    try:
        with ZipFile(BytesIO(sealed)) as archive:
            entries = archive.infolist()
            if any(each.compress_type != ZIP_STORED for each in entries):
                raise VerificationError("it is no evidence pack: those are not compressed")
            held = {each.filename: archive.read(each) for each in entries}
    except (BadZipFile, EOFError, ValueError, RuntimeError, OSError) as fault:
        raise VerificationError(
            f"it cannot be opened: it was changed, cut off, or is no ZIP ({fault})"
        ) from None
    missing = [each for each in (LIST, SIGNATURE) if each not in held]
    if missing:
        raise VerificationError(
            f"{' and '.join(missing)} not in it: it is no evidence pack, or was taken apart"
        )
    return held
