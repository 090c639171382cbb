"""All pairs of frames within a number of bits, as tiled products of +-1 vectors on a device.

The product of two such vectors of 256 is 256 - 2 * distance: whole numbers that half precision
holds exactly, so the answer is the CPU's to the pair. Thresholding is done on the device; only the
places of the pairs that are near come back.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from autodedup.engine.match.looks import WHOLE_VIEW
from autodedup.engine.signature.model import HASH_BITS
from autodedup.engine.signature.views import TURNS, turned

ROWS = {"cuda": 16_384, "cpu": 1024}  # of a tile
COLUMNS = {"cuda": 16_384, "cpu": 4096}
_SMALLEST = 256  # rows of a tile that is not made smaller any more


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """What is searched: (M,) clip of each frame, rising, and (M, V, 32) uint8 hashes."""

    owner: NDArray[np.int64]
    hashes: NDArray[np.uint8]


class AllPairs:
    """Compares whole pictures, in every turn, with every stored view."""

    def __init__(self, frames: Frames, near_bits: int, device: str) -> None:
        self._frames = frames
        self._least = HASH_BITS - 2 * near_bits
        self._device = torch.device(device)
        self._number = torch.float16 if device.startswith("cuda") else torch.float32
        kind = self._device.type
        self._rows, self._columns = ROWS[kind], COLUMNS[kind]

    def rows(
        self, wholes: NDArray[np.int64], viewed: NDArray[np.int64]
    ) -> Iterator[tuple[float, NDArray[np.int64]]]:
        """Yield the share that is done, and (H, 4) whole, viewed, view, turn of pairs of two clips.

        Args:
            wholes: The frames looked up, as places in the table.
            viewed: The frames among which they are looked up.
        """
        views = self._frames.hashes.shape[1]
        owners = self._on(self._frames.owner[viewed])
        own = self._on(self._frames.owner[wholes])
        for turn, name in enumerate(TURNS):
            # Packed, a million hashes are 32 MB: they lie on the device and are unpacked by tiles.
            left = self._on(turned(self._frames.hashes[wholes, WHOLE_VIEW], name))
            for view in range(views):
                right = self._on(self._frames.hashes[viewed, view])
                for found in self._near(left, right, own, owners):
                    pairs = np.empty((len(found), 4), dtype=np.int64)
                    pairs[:, 0], pairs[:, 1] = wholes[found[:, 0]], viewed[found[:, 1]]
                    pairs[:, 2], pairs[:, 3] = view, turn
                    yield (turn + view / views) / len(TURNS), pairs

    def _near(
        self, left: Tensor, right: Tensor, own: Tensor, owners: Tensor
    ) -> Iterator[NDArray[np.int64]]:
        """Yield (H, 2) places of pairs that are near and of two clips, tile by tile."""
        for column in range(0, len(right), self._columns):
            across = self._signs(right[column : column + self._columns])
            theirs = owners[column : column + self._columns]
            row = 0
            while row < len(left):
                end = row + self._rows
                try:
                    near = (self._signs(left[row:end]) @ across.T) >= self._least
                    near &= own[row:end, None] != theirs[None, :]
                    found: NDArray[np.int64] = torch.nonzero(near).cpu().numpy()
                except torch.OutOfMemoryError:
                    if self._rows <= _SMALLEST:
                        raise
                    self._rows //= 2
                    torch.cuda.empty_cache()
                    continue
                found += np.array([row, column])
                yield found
                row = end

    def _signs(self, packed: Tensor) -> Tensor:
        places = torch.arange(7, -1, -1, dtype=torch.uint8, device=self._device)
        bits = (packed[:, :, None] >> places) & 1
        return bits.reshape(len(packed), HASH_BITS).to(self._number) * 2 - 1

    def _on(self, array: "NDArray[np.uint8] | NDArray[np.int64]") -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self._device)
