"""Whether a leftover may be removed: only if every byte of it is also in a file that stays."""

from autodedup.engine.apply.places import Places
from autodedup.engine.apply.witness import look_at, read_fully
from autodedup.engine.errors import FileError
from autodedup.engine.store.journal import Spot


def adds_nothing(places: Places, leftover: Spot, standing: Spot) -> bool:
    """Return whether a regular file is the beginning, or the whole, of another's bytes.

    A copy that was interrupted is such a beginning. Two names of one file agree as well. A file
    that cannot be opened, or is no regular file, adds something as far as we know.
    """
    try:
        with look_at(places, leftover, None) as part, look_at(places, standing, None) as whole:
            while chunk := read_fully(part.descriptor):
                if read_fully(whole.descriptor, len(chunk)) != chunk:
                    return False
            return True
    except FileError:
        return False
