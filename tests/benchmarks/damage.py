"""Ways to damage a media file, each a pure function of its bytes and a source of chance."""

import random
import struct
from collections.abc import Callable, Sequence

_ODD_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_HEADER_BYTES = 4096  # where containers keep what allocates and loops
_LONGEST_SPAN = 4096


def flipped(data: bytes, _others: Sequence[bytes], chance: random.Random) -> bytes:
    """Flip single bits anywhere."""
    out = bytearray(data)
    for _ in range(chance.choice((1, 4, 32, 256))):
        out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
    return bytes(out)


def header_flipped(data: bytes, _others: Sequence[bytes], chance: random.Random) -> bytes:
    """Replace bytes near the beginning or the end, where the indexes are."""
    out = bytearray(data)
    reach = min(_HEADER_BYTES, len(out))
    for _ in range(chance.choice((1, 2, 8, 32))):
        at = chance.randrange(reach)
        out[at if chance.random() < 0.6 else -1 - at] = chance.randrange(256)
    return bytes(out)


def misnumbered(data: bytes, _others: Sequence[bytes], chance: random.Random) -> bytes:
    """Put extreme numbers where a size, a count or an offset may stand."""
    out = bytearray(data)
    reach = len(out) if chance.random() < 0.5 else min(_HEADER_BYTES, len(out))
    for _ in range(chance.choice((1, 2, 8))):
        number = struct.pack(chance.choice((">I", "<I")), chance.choice(_ODD_NUMBERS))
        at = chance.randrange(max(1, reach - 4))
        out[at : at + 4] = number
    return bytes(out)


def truncated(data: bytes, _others: Sequence[bytes], chance: random.Random) -> bytes:
    """Cut the end off."""
    return data[: max(1, int(len(data) * chance.random()))]


def spliced(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """Join the beginning of one file with the rest of another."""
    other = chance.choice(others)
    share = chance.random()
    return data[: max(1, int(len(data) * share))] + other[int(len(other) * share) :]


def lacking(data: bytes, _others: Sequence[bytes], chance: random.Random) -> bytes:
    """Leave a stretch out."""
    start = chance.randrange(len(data))
    return data[:start] + data[start + chance.randrange(1, _LONGEST_SPAN) :] or b"\0"


def repeated(data: bytes, _others: Sequence[bytes], chance: random.Random) -> bytes:
    """Say a stretch many times."""
    start = chance.randrange(len(data))
    span = data[start : start + chance.randrange(1, _LONGEST_SPAN)]
    return data[:start] + span * chance.choice((2, 16, 64)) + data[start:]


def blanked(data: bytes, _others: Sequence[bytes], chance: random.Random) -> bytes:
    """Put zeros, as a disk that lost a sector does, or noise over a stretch."""
    start = chance.randrange(len(data))
    span = min(chance.randrange(1, _LONGEST_SPAN), len(data) - start)
    filling = bytes(span) if chance.random() < 0.5 else chance.randbytes(span)
    return data[:start] + filling + data[start + span :]


Damage = Callable[[bytes, Sequence[bytes], random.Random], bytes]
DAMAGES: tuple[Damage, ...] = (
    flipped,
    header_flipped,
    misnumbered,
    truncated,
    spliced,
    lacking,
    repeated,
    blanked,
)
