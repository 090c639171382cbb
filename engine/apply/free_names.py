"""Which names to try for a file when its own is taken."""

import os
from collections.abc import Iterator

from autodedup.engine.store.journal import Spot

LONGEST_NAME = 255  # bytes, not characters: what file systems count
MOST_TRIES = 999
_LONGEST_EXTENSION = 20  # bytes; a longer "extension" is a part of the name


def names_to_try(spot: Spot) -> Iterator[Spot]:
    """Give the name itself, then "name (2).ext", "name (3).ext" and so on, each short enough."""
    yield spot
    for number in range(2, MOST_TRIES + 1):
        yield spot.beside(numbered(spot.name, number))


def numbered(name: str, number: int) -> str:
    """Return the name with a number before its extension, cut to `LONGEST_NAME` bytes."""
    stem, extension = os.path.splitext(name)  # noqa: PTH122  # a name, not a path
    if len(os.fsencode(extension)) > _LONGEST_EXTENSION:
        stem, extension = name, ""
    ending = f" ({number}){extension}"
    # Whole characters are dropped, so that a cut name stays valid UTF-8 where it was.
    while stem and len(os.fsencode(stem + ending)) > LONGEST_NAME:
        stem = stem[:-1]
    return stem + ending
