"""Work on many frames in batches that fit the memory: what does not fit is tried in halves."""

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from autodedup.engine.errors import GpuOutOfMemoryError

MOST: Final = 256  # frames at once: more gains nothing


class Batches:
    """Runs a function over frames, as many at once as the memory has been seen to hold."""

    def __init__(self, work: Callable[[Tensor], Tensor], *, at_once: int = MOST) -> None:
        self._work = work
        self._at_once = max(1, at_once)

    @property
    def at_once(self) -> int:
        """Return how many frames are tried at once."""
        return self._at_once

    def __call__(self, frames: Tensor) -> Tensor:
        """Return the work on (N, …) frames, (N, …); N is at least one.

        Raises:
            GpuOutOfMemoryError: Not even one frame fits.
        """
        done: list[Tensor] = []
        start = 0
        while start < len(frames):
            try:
                done.append(self._work(frames[start : start + self._at_once]))
            except torch.OutOfMemoryError as error:
                self._smaller(error)
                continue
            start += self._at_once
        return torch.cat(done)

    def _smaller(self, error: torch.OutOfMemoryError) -> None:
        if self._at_once == 1:
            raise GpuOutOfMemoryError(
                "One frame does not fit into the GPU's memory. What was embedded before is kept.",
                hint="Free memory on the GPU, raise --gpu-memory-share, choose a smaller "
                "--semantic-model, or start the server with --device cpu.",
            ) from error
        self._at_once = max(1, self._at_once // 2)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()  # the pieces left by the attempt are of the wrong size
