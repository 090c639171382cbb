"""Removing a name while its contents are still held open, so that even a late surprise is answered.

Between the last look at a keeper and the removal of its copy another program may change the
keeper. The removed file is still open then: its bytes are written again under the same name.
Only a crash in that very instant, together with the other program's edit, could lose them.
"""

import threading
from collections.abc import Callable

from autodedup.engine.apply.duplicate import duplicate
from autodedup.engine.apply.folder import Folder
from autodedup.engine.apply.witness import Sighting
from autodedup.engine.errors import FileError


def remove_then_look(
    held: Sighting | None, home: Folder, name: str, confirm: Callable[[], None]
) -> FileError | None:
    """Take a name away and look again at what justified it.

    Returns:
        None if all is well; else what `confirm` raised, with the contents under the name again.

    Raises:
        OSError: The disk refuses the removal, or the return.
        FileError: The contents cannot be read back as they were.
    """
    home.remove_for_good(name)
    if held is None or not held.is_open:
        return None  # nothing is held on systems that rename no open files
    try:
        confirm()
    except FileError as late:
        # Not to be cancelled: these may be the last bytes of their kind.
        duplicate(held, home, name, stop=threading.Event())
        return late
    return None
