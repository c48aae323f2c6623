"""Databases of tests stand in memory if there is room, and leave nothing behind."""

import os
from pathlib import Path

from tests.quick_places import PREFIX, quick_place


def test_a_place_is_taken_in_memory_and_removed(tmp_path: Path) -> None:
    with quick_place(memory=tmp_path, needed=0) as found:
        assert found.parent == tmp_path
    assert not found.exists()


def test_without_room_the_disk_is_taken(tmp_path: Path) -> None:
    for memory, needed in ((tmp_path / "none", 0), (tmp_path, 2**60)):
        disk = tmp_path / "disk"
        disk.mkdir(exist_ok=True)
        with quick_place(disk, memory, needed) as found:
            assert found.parent == disk


def test_what_a_killed_run_left_is_removed_and_what_a_living_one_uses_is_not(tmp_path: Path) -> None:
    dead, living = tmp_path / f"{PREFIX}4194999-a", tmp_path / f"{PREFIX}{os.getppid()}-b"
    young = tmp_path / f"{PREFIX}4194999-c"
    for folder in (dead, living, young):
        folder.mkdir()
    for folder in (dead, living):
        os.utime(folder, (0, 0))
    with quick_place(memory=tmp_path, needed=0):
        assert [each.exists() for each in (dead, living, young)] == [False, True, True]
