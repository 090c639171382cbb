"""What a file's name can lead to instead of a copy: a hard link, a clone, a symbolic link."""

import os
import posixpath
import stat

from autodedup.engine.apply.attributes import attributes_of, put_on
from autodedup.engine.apply.folder import Folder
from autodedup.engine.apply.reflink import clone
from autodedup.engine.apply.witness import Sighting, identity
from autodedup.engine.errors import FileError
from autodedup.engine.names import shown
from autodedup.engine.store.journal import Identity, Spot
from autodedup.schemas.vocabulary import ActionKind


def make_link(kind: ActionKind, victim: Sighting, keeper: Sighting, name: str) -> Identity:
    """Make a link to the keeper under a free name beside the victim; return what lies there.

    Raises:
        FileError: The keeper was replaced, or this file system has no such links. Nothing is
            left under the name.
        OSError: The disk refuses; nothing is left under the name.
    """
    if kind == "hardlink":
        victim.folder.link(name, keeper.folder, keeper.spot.name)
    elif kind == "reflink":
        _make_clone(victim, keeper, name)
    else:
        victim.folder.point(name, relative_link(victim.spot, keeper.spot))
    found = victim.folder.look(name)
    reached = victim.folder.look_through(name)
    leads_to_keeper = reached is not None and identity(reached) == keeper.seen
    if found is None or not (kind == "reflink" or leads_to_keeper):
        victim.folder.remove_for_good(name)
        detail = f"{shown(keeper.spot.path)} was replaced meanwhile. Nothing was linked to it."
        raise FileError("KEEPER_CHANGED", detail)
    return identity(found)


def relative_link(place: Spot, keeper: Spot) -> str:
    """Return the text of a symbolic link at `place` that leads to `keeper`.

    Raises:
        FileError: They are in different roots, which may be mounted apart tomorrow.
    """
    if place.root != keeper.root:
        detail = f"{shown(place.path)} and its keeper are in different library folders."
        raise FileError("LINK_UNSUPPORTED", f"{detail} No link was made.")
    return posixpath.relpath(f"/{keeper.path}", f"/{place.folder}")


def points_to(folder: Folder, name: str, place: Spot, keeper: Spot) -> bool:
    """Return whether a name shows the symbolic link that we would make from place to keeper."""
    found = folder.look(name)
    is_link = found is not None and stat.S_ISLNK(found.st_mode)
    return is_link and folder.pointed(name) == relative_link(place, keeper)


def _make_clone(victim: Sighting, keeper: Sighting, name: str) -> None:
    """Clone the keeper and give the clone all that the victim carries, its times included."""
    folder: Folder = victim.folder
    wanted = attributes_of(victim.descriptor)
    descriptor = folder.create_file(name)
    try:
        try:
            if not clone(keeper.descriptor, descriptor):
                detail = f"{shown(victim.spot.path)}: files cannot share blocks here. It stays."
                raise FileError("LINK_UNSUPPORTED", detail)
            keeper.confirm(keeper.seen)
            put_on(descriptor, wanted)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except (OSError, FileError):
        folder.remove_for_good(name)
        raise
