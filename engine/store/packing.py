"""The frames of one content as one blob: what changes from frame to frame, compressed.

Frames of one scene share most bits of their hashes, so each is kept as its difference (exclusive
or) from the one before. Measured on real clips, half of the bytes are left, and one row instead
of a hundred is read and written many times faster.

The blob is zlib's; inside, for N frames of V views, little-endian: N seconds (float64), N
qualities (float32), N wavelet hashes (uint64), N * V * 32 bytes of differences. The wavelet
hashes are zeros, which take no room: only anchors have one, and the content's row keeps those.
"""

import zlib
from dataclasses import dataclass

import apsw
import numpy as np
from numpy.typing import NDArray

from autodedup.engine.errors import DatabaseDamagedError
from autodedup.engine.signature.model import HASH_BYTES

_PLAIN_BYTES = 8 + 4 + 8  # of a frame, beside its hashes
_LEVEL = 6


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """The frames of one content; shapes as in `engine.signature.model`."""

    times_seconds: NDArray[np.float64]
    quality: NDArray[np.float32]
    whashes: NDArray[np.uint64]
    hashes: NDArray[np.uint8]


def packed(frames: Frames) -> bytes:
    """Return the blob of some frames."""
    changes = frames.hashes.copy()
    changes[1:] ^= frames.hashes[:-1]
    plain = (
        frames.times_seconds.astype("<f8"),
        frames.quality.astype("<f4"),
        frames.whashes.astype("<u8"),
        changes,
    )
    return zlib.compress(b"".join(array.tobytes() for array in plain), _LEVEL)


def unpacked(blob: bytes, count: int) -> Frames:
    """Return the frames of a blob.

    Raises:
        DatabaseDamagedError: The blob is not that of so many frames.
    """
    try:
        plain = zlib.decompress(blob)
    except zlib.error as error:
        raise DatabaseDamagedError(f"The frames of a content cannot be read: {error}.") from error
    views, rest = divmod(len(plain) - _PLAIN_BYTES * count, HASH_BYTES * max(1, count))
    if rest or views < 1:
        raise DatabaseDamagedError("The frames of a content are of another number than is said.")
    changes = np.frombuffer(plain, np.uint8, offset=_PLAIN_BYTES * count)
    # Copies: a view would keep the whole of the plain bytes, which are many times as large.
    return Frames(
        times_seconds=np.frombuffer(plain, "<f8", count).copy(),
        quality=np.frombuffer(plain, "<f4", count, offset=8 * count).copy(),
        whashes=np.frombuffer(plain, "<u8", count, offset=12 * count).copy(),
        hashes=np.bitwise_xor.accumulate(changes.reshape(count, views, HASH_BYTES), axis=0),
    )


class PackFrames:
    """The SQL aggregate `pack_frames(timestamp_s, whash, hash, views, quality)` of a migration."""

    def __init__(self) -> None:
        self._rows: list[tuple[float, int, bytes, float]] = []

    def step(self, *values: "apsw.SQLiteValue") -> None:
        """Take one frame in; they come in the order of time."""
        moment, whash, whole, views, quality = values
        if (
            isinstance(moment, float)
            and isinstance(whash, int)
            and isinstance(whole, bytes)
            and isinstance(views, bytes)
            and isinstance(quality, float)
        ):
            self._rows.append((moment, whash, whole + views, quality))

    def final(self) -> bytes:
        """Return the blob of all frames taken in."""
        moments, whashes, hashes, qualities = zip(*self._rows, strict=True)
        return packed(
            Frames(
                times_seconds=np.array(moments, dtype=np.float64),
                quality=np.array(qualities, dtype=np.float32),
                whashes=np.array(whashes, dtype=np.int64).view(np.uint64),
                hashes=np.frombuffer(b"".join(hashes), np.uint8).reshape(
                    len(hashes), -1, HASH_BYTES
                ),
            )
        )
