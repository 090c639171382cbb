"""Which of the files that a scan did not meet lie on a disk that is not mounted.

A disk that is not mounted leaves the folder behind in which it was, and that folder is empty. So is
one from which somebody took the last file; but what lay in that one was on the folder's own disk.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from autodedup.engine.names import from_bytes
from autodedup.engine.roots import Root
from autodedup.engine.store import files
from autodedup.engine.store.database import Database
from autodedup.engine.store.files import FileRow, Standing


def left_behind(
    db: Database, gone: Iterable[FileRow], empty: Mapping[tuple[int, str], int]
) -> dict[tuple[int, str], list[FileRow]]:
    """Return the files that are not gone but away with their disk, by root and empty folder.

    `empty` has the device on which each folder without an entry is now. What a scan found must not
    be recorded yet.
    """
    below: defaultdict[tuple[int, str], list[FileRow]] = defaultdict(list)
    for row in gone if empty else ():
        places = ((row.root_id, place) for place in places_above(row.path))
        folder = next((place for place in places if place in empty), None)
        if folder is not None and row.stat.device != empty[folder]:
            below[folder].append(row)
    if not below:
        return {}
    standing = files.standing(db)
    return {place: rows for place, rows in below.items() if _had_a_disk(place, rows, standing)}


def _had_a_disk(
    place: tuple[int, str], rows: Sequence[FileRow], standing: Iterable[Standing]
) -> bool:
    """Say whether no file elsewhere in the root was on the disk of these.

    Devices may get other numbers when a machine starts, so what was recorded together is compared.
    """
    devices = {row.stat.device for row in rows}
    return not any(
        root_id == place[0] and device in devices and place[1] not in places_above(from_bytes(name))
        for root_id, name, _, _, device, _ in standing
    )


def emptied(root: Root, row: FileRow) -> Path | None:
    """Return the empty folder in which the disk of a file was that was there a moment ago."""
    for place in places_above(row.path):
        folder = root.path / place
        try:
            with os.scandir(folder) as entries:
                empty = next(entries, None) is None
            device = folder.stat().st_dev
        except (FileNotFoundError, NotADirectoryError):
            continue  # it went with its disk, or is the file itself
        except OSError:
            return None
        return folder if empty and device != row.stat.device else None
    return None


def places_above(path: str) -> Iterator[str]:
    """Yield a path, and every folder above it up to the root, which is ""."""
    yield path
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
    yield ""
