"""What to do about a move, a copy or a removal that was interrupted."""

from autodedup.engine.apply.folder import Folder
from autodedup.engine.apply.places import Places
from autodedup.engine.apply.put_back import put_back
from autodedup.engine.apply.redundant import adds_nothing
from autodedup.engine.apply.verdict import (
    Verdict,
    keeper_stands,
    nothing_there,
    reached,
    returned,
)
from autodedup.engine.apply.witness import identity, is_same
from autodedup.engine.store.journal import Entry, Intent, Spot

_NOT_BEGUN = Verdict("rolled_back", "The file had not been touched.")


def after_move(places: Places, entry: Entry) -> Verdict:
    """Settle a move: it is done where the witnessed file lies at the target alone."""
    intent = entry.intent
    target = _target(intent)
    with reached(places, intent.source) as home, reached(places, target) as shelf:
        first = home.look(intent.source.name) if home else None
        second = shelf.look(target.name) if shelf else None
        if first is not None and second is not None and home and shelf:
            linked = (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)
            if linked and first.st_nlink > 1:
                # Linked, but not yet unlinked: the second name is ours.
                shelf.remove_for_good(target.name)
                shelf.sync()
                return Verdict("rolled_back", "The second name was taken away again.")
        if is_same(first, intent.seen) or (first is not None and second is None):
            return _NOT_BEGUN
        if second is None or shelf is None:
            return nothing_there(places, entry)
        if is_same(second, intent.seen) and keeper_stands(places, intent):
            shelf.sync()
            return Verdict("done", "The file had arrived.", target, identity(second))
        if first is not None:
            return Verdict("rolled_back", "Both names show other files; both were left alone.")
        with places.open_or_make(intent.source.root, intent.source.folder)[0] as remade:
            return returned(shelf, target.name, remade, intent, "What had arrived was put back.")


def after_remove(places: Places, entry: Entry) -> Verdict:
    """Settle a removal: what still has the private name gets its own back."""
    intent = entry.intent
    with reached(places, intent.source) as home:
        if home is None:
            return nothing_there(places, entry)
        if intent.private is not None and home.look(intent.private) is not None:
            return returned(home, intent.private, home, intent, "The file was put back.")
        if home.look(intent.source.name) is not None:
            return _NOT_BEGUN
        nothing_there(places, entry)
        home.sync()
        return Verdict("done", "The file had been removed.")


def after_copy(places: Places, entry: Entry) -> Verdict:
    """Settle a move across devices: finish it where the copy is whole, else take the copy away."""
    intent = entry.intent
    target, private = _target(intent), intent.source.beside(intent.private or "")
    with reached(places, intent.source) as home, reached(places, target) as shelf:
        original = None
        if home is not None:
            original = next((s for s in (private, intent.source) if home.look(s.name)), None)
        if shelf is not None:
            _clear_arriving(places, shelf, entry, original)
        if home is None or original is None:
            if shelf is not None and shelf.look(target.name) is not None:
                return _arrived(shelf, target)
            return nothing_there(places, entry)
        whole = shelf is not None and _are_same_bytes(places, original, target)
        if original == private and whole and shelf is not None and keeper_stands(places, intent):
            home.remove_for_good(private.name)
            home.sync()
            return _arrived(shelf, target)
        if whole and shelf is not None:
            shelf.remove_for_good(target.name)
            shelf.sync()
        if original == private:
            return returned(home, private.name, home, intent, "The original was put back.")
        return _NOT_BEGUN


def _clear_arriving(places: Places, shelf: Folder, entry: Entry, original: Spot | None) -> None:
    """Remove an unfinished copy; if not all of it is in the original, give it a proper name."""
    target = _target(entry.intent)
    arriving = target.beside(entry.intent.arriving or "")
    if shelf.look(arriving.name) is None:
        return
    if original is not None and adds_nothing(places, arriving, original):
        shelf.remove_for_good(arriving.name)
    else:
        put_back(shelf, arriving.name, shelf, target)
    shelf.sync()


def _arrived(shelf: Folder, target: Spot) -> Verdict:
    found = shelf.look(target.name)
    landed = None if found is None else identity(found)
    return Verdict("done", "The copy was whole.", target, landed)


def _are_same_bytes(places: Places, one: Spot, other: Spot) -> bool:
    """Return whether two names show the same bytes in two files that are not one."""
    first, second = places.look(one), places.look(other)
    if first is None or second is None or first.st_size != second.st_size:
        return False
    if (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino):
        return False
    return adds_nothing(places, one, other)


def _target(intent: Intent) -> Spot:
    if intent.target is None:
        raise ValueError(f"a {intent.operation} has a target")
    return intent.target
