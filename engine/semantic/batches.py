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
            found = self._tried(frames[start : start + self._at_once])
            if found is None:
                self._at_once //= 2
                # The pieces left by the attempt are of the wrong size. Only now are they free: the
                # error held on to what had been computed.
                if torch.cuda.is_available():
                    torch.cuda.empty_cache()
                continue
            done.append(found)
            start += self._at_once
        return torch.cat(done)

    def _tried(self, frames: Tensor) -> Tensor | None:
        """Return the work on some frames, None where they do not fit but fewer may."""
        try:
            return self._work(frames)
        except torch.OutOfMemoryError as error:
            if self._at_once > 1:
                return None
            raise GpuOutOfMemoryError(
                "One frame does not fit into the GPU's memory. What was embedded before is kept.",
                hint="Free memory on the GPU, raise --gpu-memory-share, choose a smaller "
                "--semantic-model, or start the server with --device cpu.",
            ) from error
