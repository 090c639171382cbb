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


def test_a_dark_and_a_light_version_are_one_subject(tmp_path: Path) -> None:
    walls = tmp_path / "gnome-backgrounds" / "usr" / "share" / "backgrounds"
    put(walls / "gnome" / "dune-light.jpg")
    put(walls / "gnome" / "dune-dark.jpg")
    put(walls / "forest.webp")

    found = list(photographs(tmp_path))

    assert len(found) == 3
    assert {photo.subject for photo in found} == {
        "gnome-backgrounds/dune",
        "gnome-backgrounds/forest",
    }


def test_previews_other_files_and_other_packages_are_left_out(tmp_path: Path) -> None:
    walls = tmp_path / "gnome-backgrounds" / "usr" / "share" / "backgrounds"
    put(walls / "tiny.png", size=100)
    put(walls / "readme.txt")
    put(tmp_path / "some-wallpapers" / "usr" / "share" / "backgrounds" / "lake.jpg")

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
