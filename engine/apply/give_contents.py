"""Giving a name that became a link contents of its own again, as they were before.

Only exact copies are ever replaced by links, so what the link leads to holds the same bytes; the
mode, owner, times and attributes that the old file had are in the journal. If the contents were
edited through the link since, the old ones no longer exist anywhere, and nothing is done.
"""

import dataclasses
import os

from autodedup.engine.apply.duplicate import duplicate
from autodedup.engine.apply.errand import Errand, private_name
from autodedup.engine.apply.faults import refused
from autodedup.engine.apply.linking import points_to
from autodedup.engine.apply.replace import put_in_place
from autodedup.engine.apply.witness import identity, is_same, look_at
from autodedup.engine.errors import FileError
from autodedup.engine.names import shown
from autodedup.engine.store.journal import Entry, Identity, Spot


def give_contents_again(errand: Errand, entry: Entry) -> None:
    """Undo a hard or symbolic link.

    Raises:
        FileError: The name or the contents are not what the link left there.
        ApplyUnfinishedError: The disk failed in mid-step; recovery will decide.
    """
    intent = entry.intent
    if intent.other is None or intent.other_seen is None:
        raise ValueError("a link leads somewhere")
    link = _link_as_left(errand, entry)
    # A hard link is the contents; a symbolic link only says where they are.
    contents = intent.source if intent.action == "hardlink" else intent.other
    with look_at(errand.places, contents, None) as original:
        if not is_same(_stat(errand, contents), intent.other_seen):
            raise FileError(
                "FILE_CHANGED",
                f"{shown(contents.path)} was edited after the link was made; the old contents "
                f"of {shown(intent.source.path)} exist no longer. Nothing was done.",
            )
        back = dataclasses.replace(
            intent, seen=link, private=private_name(), other=contents, freed=0
        )
        with errand.places.open(intent.source.root, intent.source.folder) as home:
            put_in_place(
                errand,
                back,
                home,
                make=lambda name: duplicate(
                    original, home, name, stop=errand.stop, attributes=intent.attributes
                )[0],
                confirm=lambda: None,
            )


def _link_as_left(errand: Errand, entry: Entry) -> Identity:
    """Return what the name shows, if that is still the link that we made.

    Raises:
        FileError: The name is gone, or another program has put something else there.
    """
    intent = entry.intent
    place, found = intent.source, _stat(errand, intent.source)
    if found is None:
        detail = f"{shown(place.path)} is no longer there; nothing was put in its place."
        raise FileError("FILE_VANISHED", detail)
    if intent.action == "symlink":
        with errand.places.open(place.root, place.folder) as home:
            ours = intent.other is not None and points_to(home, place.name, place, intent.other)
    else:
        landed = entry.report.landed if entry.report else None
        ours = landed is not None and found.st_ino == landed.inode
    if not ours:
        detail = f"{shown(place.path)} was replaced after it became a link. It was left alone."
        raise FileError("NAME_TAKEN", detail)
    return identity(found)


def _stat(errand: Errand, spot: Spot) -> os.stat_result | None:
    try:
        return errand.places.look(spot)
    except OSError as error:
        raise refused(error, doing=f"{shown(spot.path)} cannot be looked at") from error
