"""Which files are one picture, and so no film: told by how they begin.

Whether a GIF or a PNG moves is seen only further on; their demuxers say so.
"""

from autodedup.engine.errors import FileError

BEGINNING = 21  # bytes of a file that are looked at
STILL = "It is a still picture, not a film."

_PNG = b"\x89PNG\r\n\x1a\n"
_BRANDS = frozenset({b"avif", b"heic", b"heix", b"mif1"})  # of ISO/IEC 23008-12, one image each
_MOVES = 0x02  # the flag of an extended WebP


def refuse_still(beginning: bytes) -> None:
    """Refuse a file that is one picture by its first bytes, or whose pictures nobody here reads.

    Raises:
        FileError: TOO_FEW_FRAMES (one picture), UNSUPPORTED_CODEC (an animated WebP).
    """
    if beginning[:4] == b"RIFF" and beginning[8:12] == b"WEBP":
        if beginning[12:16] == b"VP8X" and beginning[20:21] and beginning[20] & _MOVES:
            # FFmpeg's libraries read the first picture of one at most.
            raise FileError(
                "UNSUPPORTED_CODEC", "An animated WebP cannot be decoded here; a GIF of it can."
            )
        raise FileError("TOO_FEW_FRAMES", STILL)
    if beginning[4:8] == b"ftyp" and beginning[8:12] in _BRANDS:
        raise FileError("TOO_FEW_FRAMES", STILL)


def is_png(beginning: bytes) -> bool:
    """Say whether it is a PNG, of which only an animated one is opened."""
    return beginning.startswith(_PNG)
