"""Drawing by lot, for a whole batch at once and on any device, so that a seed repeats a run."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Lots:
    """A source of random numbers: (n,) float32 each time, on its generator's device."""

    generator: torch.Generator

    def between(self, n: int, low: float, high: float) -> Tensor:
        """Draw evenly from `low` to `high`."""
        return low + (high - low) * self._even(n)

    def log_between(self, n: int, low: float, high: float) -> Tensor:
        """Draw so that every factor between `low` and `high` is as likely as its double."""
        return torch.exp(self.between(n, math.log(low), math.log(high)))

    def normal(self, n: int, spread: float) -> Tensor:
        """Draw around 0."""
        return spread * torch.randn(n, generator=self.generator, device=self.generator.device)

    def chance(self, n: int, share: float) -> Tensor:
        """Say yes for about this share: (n,) bool."""
        return self._even(n) < share

    def pick(self, n: int, weights: tuple[float, ...]) -> Tensor:
        """Pick indexes by weight: (n,) int64."""
        scale = torch.tensor(weights, device=self.generator.device)
        return torch.multinomial(scale, n, replacement=True, generator=self.generator)

    def index(self, n: int, count: int) -> Tensor:
        """Pick from 0 to `count` - 1: (n,) int64."""
        return torch.randint(count, (n,), generator=self.generator, device=self.generator.device)

    def noise_like(self, pictures: Tensor) -> Tensor:
        """Return grain of the pictures' shape, spread 1."""
        return torch.randn(pictures.shape, generator=self.generator, device=self.generator.device)

    def _even(self, n: int) -> Tensor:
        return torch.rand(n, generator=self.generator, device=self.generator.device)
