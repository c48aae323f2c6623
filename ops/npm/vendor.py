"""Copy the files of others that the pages serve, with their licences, into notifier/web/static/vendor.

Each goes into NAME-VERSION/ beside a vendor.json that names version, licence and the SHA-384 of every file.
Run by `make vendor`; the result is committed, so that running the product needs no npm.
"""

import base64
import hashlib
import json
import shutil
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
MODULES = TOP / ".cache" / "npm" / "node_modules"
TARGET = TOP / "notifier" / "web" / "static" / "vendor"
# Package → the files the pages serve. What no page uses is not vendored.
WANTED = {"@digital-go-jp/design-tokens": ("dist/tokens.css",)}


def main() -> None:
    """Replace the folder of vendored files by what package-lock.json pins."""
    shutil.rmtree(TARGET, ignore_errors=True)
    for package, files in WANTED.items():
        source = MODULES / package
        described = json.loads((source / "package.json").read_text(encoding="utf-8"))
        name = package.removeprefix("@").replace("/", "-")
        target = TARGET / f"{name}-{described['version']}"
        target.mkdir(parents=True)
        licence = next(path for path in sorted(source.iterdir()) if path.name.upper().startswith("LICEN"))
        hashes = {}
        for path in (*(source / file for file in files), licence):
            copied = target / path.name
            shutil.copyfile(path, copied)
            digest = hashlib.sha384(copied.read_bytes()).digest()
            hashes[copied.name] = f"sha384-{base64.b64encode(digest).decode()}"
        description = {
            "package": package,
            "version": described["version"],
            "licence": described["license"],
            "files": hashes,
        }
        text = json.dumps(description, ensure_ascii=False, indent=2)
        (target / "vendor.json").write_text(text + "\n", encoding="utf-8")
        print(f"{package} {described['version']} ({described['license']}) -> {target.relative_to(TOP)}")


if __name__ == "__main__":
    main()
