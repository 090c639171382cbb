"""Fixtures of the tests that move files."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from apply.library import Library

MEMORY = Path("/dev/shm")  # noqa: S108  # where it exists, syncing costs nothing


@pytest.fixture
def swift_path(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system in memory, for tests that build hundreds of libraries."""
    if not os.access(MEMORY, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        yield Path(folder)


@pytest.fixture
def library(swift_path: Path) -> Iterator[Library]:
    made = Library(swift_path)
    yield made
    made.db.close()


@pytest.fixture
def library_on_disk(tmp_path: Path) -> Iterator[Library]:
    made = Library(tmp_path)
    yield made
    made.db.close()


@pytest.fixture(params=["xfs", "btrfs"])
def sharing_library(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Library]:
    """A library on a real file system that shares blocks, in a file of its own."""
    kind: str = request.param
    image, mount = tmp_path / "disk", tmp_path / "mounted"
    mount.mkdir()
    make = shutil.which(f"mkfs.{kind}")
    if make is None or os.geteuid() != 0:
        pytest.skip(f"mkfs.{kind} and the right to mount are needed")
    with image.open("wb") as disk:
        disk.truncate(400 << 20)
    subprocess.run([make, "-q", image], check=True, capture_output=True)
    if subprocess.run(["mount", "-o", "loop", image, mount], check=False).returncode:
        pytest.skip("loop devices cannot be mounted here")
    try:
        made = Library(mount)
        yield made
        made.db.close()
    finally:
        subprocess.run(["umount", mount], check=True)


@pytest.fixture
def small_disk(library: Library) -> Iterator[Path]:
    """The library's trash on a file system of its own with one mebibyte."""
    with mounted(library.root / "__TRASH_BIN__", "1m") as mount:
        yield mount


@pytest.fixture
def small_state(swift_path: Path) -> Iterator[Path]:
    """A folder for the database on a file system of its own, large enough until it is filled."""
    with mounted(swift_path / "state", "16m") as mount:
        yield mount


@contextmanager
def mounted(mount: Path, size: str) -> Iterator[Path]:
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(mount)]
    if os.geteuid() != 0 or subprocess.run(command, check=False).returncode:
        pytest.skip("the right to mount a small disk is needed")
    try:
        yield mount
    finally:
        subprocess.run(["umount", mount], check=True)
