"""Returning what arrived in the wrong place, and saying why a place cannot be reached."""

import errno

from autodedup.engine.apply.faults import refused
from autodedup.engine.apply.folder import Folder
from autodedup.engine.apply.free_names import names_to_try
from autodedup.engine.errors import FileError
from autodedup.engine.names import shown
from autodedup.engine.store.journal import Spot


def put_back(folder: Folder, name: str, home: Folder, place: Spot) -> Spot:
    """Return a name to its place, or beside it if the place is taken, and say where it lies.

    Raises:
        OSError: FileNotFoundError when the name shows nothing; others when the disk refuses.
    """
    if _has_it_already(folder, name, home, place):
        folder.remove_for_good(name)
        return place
    for spot in names_to_try(place):
        try:
            folder.move(name, home, spot.name)
        except FileExistsError:
            continue
        return spot
    raise FileExistsError(errno.EEXIST, f"every name like {shown(place.name)} is taken")


def _has_it_already(folder: Folder, name: str, home: Folder, place: Spot) -> bool:
    """Return whether a rename by link and unlink was cut in two: one file, two names."""
    one, other = folder.look(name), home.look(place.name)
    if one is None or other is None:
        return False
    return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino) and one.st_nlink > 1


def no_way_to(target: Spot, error: OSError) -> FileError:
    """Return what to tell of a target whose folder cannot be opened or made."""
    problem = refused(error, doing=f"{shown(target.path)} cannot be reached")
    if problem.code == "FILE_CHANGED":  # a file or a link stands where a folder should
        detail = f"A file or link stands in the way to {shown(target.path)}. Nothing was moved."
        return FileError("NAME_TAKEN", detail)
    return problem
