"""Covering: what a page that may be passed on shows of a mail address."""


def covered(address: str) -> str:
    """Return the first sign of the name, and the host."""
    name, at, host = address.rpartition("@")
    return f"{name[:1]}•••{at}{host}"
