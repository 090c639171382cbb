"""Photographs to train on: those in some of Debian's packages, with what their licences say.

Only packages whose pictures are under Creative Commons licences or in the public domain: those
that offer theirs under the GPL alone are left out, so that nobody need ask what it means for the
weights. Only Debian and its kin have the two commands that this needs; anywhere else, training
goes on with drawn pictures alone.
"""

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# Package -> where in it the photographs lie: wallpapers, and the landscapes of a game.
PACKAGES: Final = {
    "endless-sky-data": "usr/share/games/endless-sky/images/land",
    "gnome-backgrounds": "usr/share/backgrounds",
    "lomiri-wallpapers-16.04": "usr/share/backgrounds",
    "lomiri-wallpapers-20.04": "usr/share/backgrounds",
    "ukui-wallpapers": "usr/share/backgrounds",
}
_LEAST_BYTES = 20_000  # what is smaller is a preview or a plain colour


@dataclass(frozen=True, slots=True)
class Photograph:
    """A picture file; those of one `subject` show the same thing in other sizes or colours."""

    path: Path
    subject: str


@dataclass(frozen=True, slots=True)
class Permission:
    """What a package says about passing its pictures on."""

    package: str
    version: str
    licences: tuple[str, ...]
    holders: tuple[str, ...]


class PackageManagerMissingError(Exception):
    """This system has no `apt-get` or no `dpkg-deb`."""


def fetch(folder: Path, packages: Iterable[str] = PACKAGES) -> None:
    """Download and unpack the packages under `folder`; what is there already stays.

    Raises:
        PackageManagerMissingError: This is no Debian.
        subprocess.CalledProcessError: A package cannot be had.
    """
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise PackageManagerMissingError("apt-get and dpkg-deb are needed to fetch photographs")
    folder.mkdir(parents=True, exist_ok=True)
    for package in packages:
        if (folder / package).is_dir():
            continue
        subprocess.run(["apt-get", "download", package], cwd=folder, check=True)
        (archive,) = folder.glob(f"{package}_*.deb")
        unpacking = folder / f"{package}.part"
        subprocess.run(["dpkg-deb", "-x", str(archive), str(unpacking)], check=True)
        unpacking.rename(folder / package)


def photographs(folder: Path) -> Iterator[Photograph]:
    """List the pictures of all unpacked packages, in a fixed order."""
    for package, inside in PACKAGES.items():
        for path in sorted((folder / package / inside).rglob("*")):
            wanted = path.suffix.lower() in {".jpg", ".jpeg", ".png", ".webp"} and path.is_file()
            if wanted and path.stat().st_size >= _LEAST_BYTES:
                yield Photograph(path, _subject(path.relative_to(folder)))


def permissions(folder: Path) -> tuple[Permission, ...]:
    """Read every unpacked package's `copyright` file."""
    found = []
    for path in sorted(folder.glob("*/usr/share/doc/*/copyright")):
        package = path.relative_to(folder).parts[0]
        archives = sorted(folder.glob(f"{package}_*.deb"))
        version = archives[0].name.split("_")[1].replace("%3a", ":") if archives else "unknown"
        text = path.read_text(encoding="utf-8", errors="replace")
        found.append(Permission(package, version, _licences(text), _holders(text)))
    return tuple(found)


def _subject(inside: Path) -> str:
    """Name what a picture shows: its light and its dark version differ after the first hyphen."""
    return f"{inside.parts[0]}/{re.split(r'[-_ .]', inside.stem)[0].lower()}"


def _licences(text: str) -> tuple[str, ...]:
    named = set(re.findall(r"^License: *(\S+)", text, re.MULTILINE))
    # The older form of the file writes sentences.
    named |= set(re.findall(r"Licensed under (Creative Commons [^.\n]+\.\d)", text))
    if not named and "GNU General Public License" in text:
        named = {"GPL-2+"}
    return tuple(sorted(named))


def _holders(text: str) -> tuple[str, ...]:
    """Return who is named, without addresses; a name goes with a year in all these files."""
    lines = re.findall(r"^ *Copyright:? *(?:©|\(C\))? *(.*?\d{4}.*?) *$", text, re.MULTILINE)
    named = {re.sub(r" *<[^>]*>.?|^Copyright ", "", line) for line in lines}
    return tuple(sorted(each for each in named if "PACKAGE" not in each))
