"""What the network is asked for: edits of one picture close together, all else far and spread out.

Sources: T. Chen et al., SimCLR, 2020 (the contrast); E. Pizzi et al., A Self-Supervised Descriptor
for Image Copy Detection, CVPR 2022 (contrast with a spread term); A. Sablayrolles et al.,
Spreading Vectors for Similarity Search, ICLR 2019 (KoLeo); X. Wang et al., Cross-Batch Memory for
Embedding Learning, CVPR 2020 (strangers remembered from earlier batches).
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

SPREAD_WEIGHT: Final = 3.0
REMEMBERED: Final = 2048  # answers: a false pair in thousands is met in no batch of a few hundred
_NEVER = -1e4  # a logit that has no say


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """Answers (M, 128) to the pictures of the last batches, and their sources (M,)."""

    answers: Tensor
    sources: Tensor

    def with_more(self, answers: Tensor, sources: Tensor) -> "Memory":
        """Return the memory with these answers, and without the oldest if there are too many."""
        return Memory(
            torch.cat([self.answers, answers.detach()])[-REMEMBERED:],
            torch.cat([self.sources, sources])[-REMEMBERED:],
        )


def copy_loss(answers: Tensor, sources: Tensor, temperature: float, memory: Memory) -> Tensor:
    """Return the loss of a batch: answers (2B, 128), the second half edits of the first.

    Pictures of one source, other than the two edits, may overlap: they count neither as near
    nor as far. What is remembered is strange to all but its own source.
    """
    total = len(answers)
    partner = torch.arange(total, device=answers.device).roll(total // 2)
    cosines = answers @ torch.cat([answers, memory.answers]).T
    kin = sources[:, None] == torch.cat([sources, memory.sources])[None]
    apart = kin.clone()
    apart[torch.arange(total), partner] = False
    logits = (cosines / temperature).masked_fill(apart, _NEVER)
    contrast = functional.cross_entropy(logits, partner)

    # Only those of the batch: to flee from what is remembered, all answers would drift together.
    nearest = cosines[:, :total].detach().masked_fill(kin[:, :total], -2).argmax(1)
    # The nearest stranger is pushed away the harder the nearer it is.
    spread = -torch.log((answers - answers[nearest]).norm(dim=1) + 1e-6).mean()
    return contrast + SPREAD_WEIGHT * spread


def found_share(answers: Tensor, sources: Tensor) -> float:
    """Return how many edits are nearer to their picture than any other of the batch."""
    total = len(answers)
    partner = torch.arange(total, device=answers.device).roll(total // 2)
    cosines = answers @ answers.T
    kin = sources[:, None] == sources[None]
    strangers = cosines.masked_fill(kin, -2).amax(1)
    own = cosines.gather(1, partner[:, None])[:, 0]
    return float((own > strangers).float().mean())
