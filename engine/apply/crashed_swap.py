"""What to do about an exchange of two names that was interrupted: always back, never forth.

While the old contents exist under either name, rolling back needs no space and no trust in the
new ones, and the step can be taken anew. Once they are gone the step was verified, and is done.
"""

import os
import stat

from autodedup.engine.apply.folder import Folder
from autodedup.engine.apply.linking import points_to
from autodedup.engine.apply.places import Places
from autodedup.engine.apply.redundant import adds_nothing
from autodedup.engine.apply.verdict import Verdict, nothing_there, reached, returned
from autodedup.engine.apply.witness import identity, is_same
from autodedup.engine.store.journal import Entry, Identity, Intent


def after_swap(places: Places, entry: Entry) -> Verdict:
    """Settle an exchange by what the file's name and the private name show."""
    intent = entry.intent
    private, name = intent.private or "", intent.source.name
    with reached(places, intent.source) as home:
        if home is None:
            return nothing_there(places, entry)
        hidden, visible = home.look(private), home.look(name)
        if hidden is None:
            return _without_private(places, home, visible, entry)
        if visible is None:
            if _is_old(hidden, intent):
                return returned(home, private, home, intent, "The old contents were put back.")
        elif _is_new(visible, entry) and not _is_old(visible, intent):
            # Exchanged but not confirmed: back, whatever it was that got the private name.
            home.exchange(private, name)
            home.sync()
        elif _is_old(hidden, intent) and not _is_old(visible, intent):
            return returned(home, private, home, intent, "The old contents were put back.")
        return _clear_private(places, home, entry)


def _without_private(
    places: Places, home: Folder, visible: os.stat_result | None, entry: Entry
) -> Verdict:
    if visible is None:
        return nothing_there(places, entry)
    if _is_old(visible, entry.intent) or not _is_new(visible, entry):
        return Verdict("rolled_back", "The name shows no contents of ours; it was left alone.")
    home.sync()
    return Verdict(
        "done", "The new contents were in place.", entry.intent.source, identity(visible)
    )


def _clear_private(places: Places, home: Folder, entry: Entry) -> Verdict:
    """Remove the new contents from the private name; anything else there gets a proper name."""
    intent = entry.intent
    private = intent.source.beside(intent.private or "")
    if _is_our_symlink(home, private.name, intent) or (
        intent.other is not None and adds_nothing(places, private, intent.other)
    ):
        home.remove_for_good(private.name)
        home.sync()
        return Verdict("rolled_back", "The name shows the old contents.")
    return returned(home, private.name, home, intent, "What had the private name was put back.")


def _is_our_symlink(home: Folder, name: str, intent: Intent) -> bool:
    return intent.other is not None and points_to(home, name, intent.source, intent.other)


def _is_old(found: os.stat_result, intent: Intent) -> bool:
    # The inode decides: keeper and file may agree in size and time. The device may be renumbered.
    return _but_device(identity(found)) == _but_device(intent.seen)


def _but_device(seen: Identity) -> tuple[int, int, int]:
    return seen.inode, seen.size, seen.mtime_ns


def _is_new(found: os.stat_result, entry: Entry) -> bool:
    intent = entry.intent
    if entry.direction == "apply" and intent.action == "symlink":
        return stat.S_ISLNK(found.st_mode)
    if entry.direction == "apply" and intent.action == "hardlink":
        return intent.other_seen is not None and is_same(found, intent.other_seen)
    wanted, size = intent.attributes, (intent.other_seen or intent.seen).size
    if wanted is None:
        return False
    return (found.st_size, found.st_mtime_ns) == (size, wanted.mtime_ns)
