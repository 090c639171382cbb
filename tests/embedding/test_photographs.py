"""Which photographs are trained on, and what is told of their licences."""

from pathlib import Path

import pytest

from autodedup.engine.embedding.photographs import (
    PackageManagerMissingError,
    fetch,
    permissions,
    photographs,
)

COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: dune.jpg
Copyright: 2007, Ada Example <ada@example.org>
License: CC-BY-SA-3.0

Files: *
Copyright: 2009, Ben Example
License: GPL-2+
"""


def put(path: Path, size: int = 30_000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)


def test_sizes_and_colours_of_one_wallpaper_are_one_subject(tmp_path: Path) -> None:
    walls = tmp_path / "some-wallpapers" / "usr" / "share"
    put(walls / "wallpapers" / "Lake" / "contents" / "images" / "1080x1920.png")
    put(walls / "wallpapers" / "Lake" / "contents" / "images_dark" / "5120x2880.png")
    put(walls / "backgrounds" / "dune-light.jpg")
    put(walls / "backgrounds" / "dune-dark.jpg")
    put(walls / "backgrounds" / "forest.webp")

    found = list(photographs(tmp_path))

    assert len(found) == 5
    assert {photo.subject for photo in found} == {
        "lake",
        "some-wallpapers/dune",
        "some-wallpapers/forest",
    }


def test_previews_and_other_files_are_left_out(tmp_path: Path) -> None:
    walls = tmp_path / "some-wallpapers" / "usr" / "share" / "backgrounds"
    put(walls / "screenshot.png")
    put(walls / "tiny.png", size=100)
    put(walls / "readme.txt")

    assert list(photographs(tmp_path)) == []


def test_licences_and_holders_come_from_the_package_itself(tmp_path: Path) -> None:
    put(tmp_path / "some-wallpapers_1.2-3_all.deb")
    doc = tmp_path / "some-wallpapers" / "usr" / "share" / "doc" / "some-wallpapers"
    doc.mkdir(parents=True)
    (doc / "copyright").write_text(COPYRIGHT)

    (found,) = permissions(tmp_path)

    assert (found.package, found.version) == ("some-wallpapers", "1.2-3")
    assert found.licences == ("CC-BY-SA-3.0", "GPL-2+")
    assert found.holders == ("2007, Ada Example", "2009, Ben Example")


def test_a_system_without_apt_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(PackageManagerMissingError):
        fetch(tmp_path / "photographs")
