"""The files of others that the pages serve are exactly those of the pinned packages."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from ops.npm.vendor import TARGET, WANTED

TOP = Path(__file__).resolve().parents[1]
FOLDERS = sorted(path.parent for path in TARGET.glob("*/vendor.json"))


def described(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "vendor.json").read_text(encoding="utf-8"))
    return content


def test_exactly_the_wanted_packages_are_vendored() -> None:
    assert sorted(WANTED) == sorted(described(folder)["package"] for folder in FOLDERS)
    assert sorted(path.name for path in TARGET.iterdir()) == [folder.name for folder in FOLDERS]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_vendored_file_has_the_hash_it_is_served_with(folder: Path) -> None:
    files = [path for path in folder.iterdir() if path.name != "vendor.json"]
    hashes = {
        path.name: "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()
        for path in files
    }
    assert hashes == described(folder)["files"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_vendored_package_is_in_the_pinned_version_with_its_licence(folder: Path) -> None:
    lock = json.loads((TOP / "ops" / "npm" / "package-lock.json").read_text(encoding="utf-8"))
    description = described(folder)
    pinned = lock["packages"][f"node_modules/{description['package']}"]

    assert (description["version"], description["licence"]) == (pinned["version"], pinned["license"])
    assert folder.name.endswith(f"-{pinned['version']}")
    assert any(name.upper().startswith("LICEN") for name in description["files"])
