"""Small pictures for the page: the same instants of every file of a group, taken in workers."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from autodedup.engine.comparing.claims import Claims
from autodedup.engine.comparing.facing import instants
from autodedup.engine.comparing.looking import Looker
from autodedup.engine.library import LibraryFile
from autodedup.engine.media.shots import Shots, Wanted
from autodedup.engine.roots import Roots
from autodedup.engine.settings import Settings
from autodedup.engine.store import results
from autodedup.engine.store.database import Database

INSTANTS = 3
PICTURED_FILES = 6  # of a group
_WIDE, _QUALITY = 240, 68


@dataclass(frozen=True, slots=True)
class Pictured:
    """JPEGs by file number; `waiting` groups had their turn neither in time nor in space."""

    of_file: dict[int, tuple[bytes, ...]]
    waiting: int


def pictures(
    db: Database,
    roots: Roots,
    settings: Settings,
    groups: Sequence[tuple[str, Sequence[LibraryFile]]],
    *,
    patience_s: float,
    most_bytes: int,
) -> Pictured:
    """Return pictures of the files of these groups, in their order, until time or space is out.

    A page is to be had in any case: what cannot be decoded, or not in time, goes without.

    Args:
        db: Where the matches are stored.
        roots: Where the files lie.
        settings: Of the workers.
        groups: Id and files, the kept one first.
        patience_s: Seconds to spend.
        most_bytes: Of all pictures together.
    """
    wanted: dict[LibraryFile, Wanted] = {}
    for group_id, files in groups:
        wanted |= _wanted(db, settings, group_id, files[:PICTURED_FILES])
    stop = threading.Event()
    timer = threading.Timer(patience_s, stop.set)
    timer.daemon = True
    timer.start()
    found: dict[int, tuple[bytes, ...]] = {}
    spent = 0
    try:
        for number, shots in Looker(roots, settings).looks(wanted, stop):
            if not isinstance(shots, Shots):
                found[number] = ()
                continue
            found[number] = tuple(_jpeg(shots, place) for place in range(len(shots.rows)))
            spent += sum(map(len, found[number]))
            if spent > most_bytes:
                break
    finally:
        timer.cancel()
    waiting = sum(
        any(file in wanted and file.row.id not in found for file in files) for _, files in groups
    )
    return Pictured(found, waiting)


def _wanted(
    db: Database, settings: Settings, group_id: str, files: Sequence[LibraryFile]
) -> dict[LibraryFile, Wanted]:
    if len(files) < 2:  # noqa: PLR2004  # nothing stands beside it
        return {}
    stored = results.group(db, int(group_id[1:]))
    claims = Claims(db, settings, None if stored is None else stored[1], known_only=True)
    kept, *others = files
    facings = [claims.of(file, kept, threading.Event()).facing for file in others]
    seconds = instants(facings, INSTANTS)
    if not seconds:
        return {}
    wanted = {kept: Wanted(seconds, wide=_WIDE)}
    for file, facing in zip(others, facings, strict=True):
        faced = tuple(
            max(0.0, second) for s in seconds if (second := facing.in_file(s)) is not None
        )
        if faced:
            wanted[file] = Wanted(faced, wide=_WIDE)
    return wanted


def _jpeg(shots: Shots, place: int) -> bytes:
    out = BytesIO()
    Image.fromarray(shots.pictures[place]).save(out, "JPEG", quality=_QUALITY, optimize=True)
    return out.getvalue()
