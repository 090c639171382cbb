"""How a file name is kept, and how it is shown: names are hostile until proven otherwise.

A name on disk is bytes. Inside the engine it is a `str` in which bytes that are not UTF-8 are
lone surrogates (PEP 383), so nothing is lost. What a client reads goes through `shown`.
"""

import os
import unicodedata

LONGEST_SHOWN = 300  # characters; a name that is longer is cut in the middle

# Joiners that scripts and pictographs are written with: invisible, but part of the word.
_JOINERS = frozenset("\u200c\u200d")


def shown(name: str, longest: int = LONGEST_SHOWN) -> str:
    r"""Return the name as text that is safe to print, log and put into JSON.

    What is not printable (control characters, line separators, direction marks that disguise a
    name, characters that mean nothing yet) becomes `\xNN`, `\uNNNN` or `\UNNNNNNNN`, undecodable
    bytes `\xNN`; a backslash that is part of the name stays. Names longer than `longest`
    characters keep their two ends. The file's id addresses it all the same.
    """
    # Nearly every name is printable throughout, and that is told many times faster.
    text = name if name.isprintable() else "".join(_shown_character(one) for one in name)
    if len(text) <= longest:
        return text
    half = (longest - 1) // 2
    return f"{text[:half]}…{text[-half:]}"


def _shown_character(character: str) -> str:
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:  # noqa: PLR2004  # a byte that is not UTF-8 (PEP 383)
        return f"\\x{number - 0xDC00:02x}"
    if character.isprintable() or character in _JOINERS or _is_space(character):
        return character
    if number <= 0xFF:  # noqa: PLR2004  # the widths of Python's own escapes
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"  # noqa: PLR2004


def _is_space(character: str) -> bool:
    return unicodedata.category(character) == "Zs"


def to_bytes(name: str) -> bytes:
    """Return the name as the file system knows it."""
    return os.fsencode(name)


def from_bytes(name: bytes) -> str:
    """Return the name as the engine keeps it."""
    return os.fsdecode(name)
