"""How much a file's name tells a person: the last keep rule, where all else is equal."""

import re
from functools import lru_cache
from pathlib import PurePosixPath

_COPY_MARKS = re.compile(
    r"""(?ix)
    (?: \b (?: copy | copie | kopie | copia | kopia | cópia | duplicate | backup | bak ) \b
      | \(\d{1,3}\) \s* $          # name (1)
      | ^copy\ of\b | ^kopie\ von\b | ^copie\ de\b
      | \s-\s\d{1,2}$ | ~\d?$
    )"""
)
_MACHINE_NAMES = re.compile(
    r"""(?ix) ^ (?:
        [0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}   # a UUID
      | [0-9a-f]{16,}                                                   # a hash
      | (?: img | dsc[fn]? | mvi | mov | vid | pxl | gopr | gh0?1 | gx0?1 | dji | wp | p )
        [_-]? \d{3,} .*                                                  # a camera's counter
      | (?: tmp | temp | untitled | unnamed | output | video | videoplayback | download | file
          | new\ ?(?:recording|video|file) | screen\ ?rec(?:ording)? ) [\s_\-.\d()]*
      | [\d\s_\-.:]+                                                     # numbers alone
    ) $"""
)
_WORD = re.compile(r"[^\W\d_]{3,}")
_VOWELS = frozenset("aeiouyäöüåéèêëáàâíìîïóòôúùûøæœ")
_MOST_WORDS = 6  # more words make a name longer, not clearer

NameRank = tuple[int, int, int, int, int, int, str]


@lru_cache(maxsize=1 << 16)  # a grouping asks for the same names again and again
def readability(path: str) -> NameRank:
    """Return a key that sorts the most telling name first.

    In order: nothing unprintable, no mark of a copy, no name a machine gave, more words, fewer
    folders above it, a shorter name, the alphabet. `path` is relative to its root, with forward
    slashes.
    """
    pure = PurePosixPath(path)
    stem = pure.stem.strip()
    return (
        int(not stem.isprintable()),
        len(_COPY_MARKS.findall(stem)),
        int(bool(_MACHINE_NAMES.match(stem))),
        -min(_words(stem), _MOST_WORDS),
        len(pure.parts),
        len(stem),
        path,
    )


def _words(stem: str) -> int:
    """Count the words a person could read aloud; scripts without our vowels count as read."""
    return sum(
        1
        for word in _WORD.findall(stem.lower())
        if not word.isascii() or _VOWELS.intersection(word)
    )
