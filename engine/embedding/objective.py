"""What the network is asked for: edits of one picture close together, all else far and spread out.

Sources: T. Chen et al., SimCLR, 2020 (the contrast); E. Pizzi et al., A Self-Supervised Descriptor
for Image Copy Detection, CVPR 2022 (contrast with a spread term); A. Sablayrolles et al.,
Spreading Vectors for Similarity Search, ICLR 2019 (KoLeo).
"""

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

SPREAD_WEIGHT: Final = 3.0
_NEVER = -1e4  # a logit that has no say


def copy_loss(answers: Tensor, sources: Tensor, temperature: float) -> Tensor:
    """Return the loss of a batch: answers (2B, 128), the second half edits of the first.

    Pictures of one source, other than the two edits, may overlap: they count neither as near
    nor as far.
    """
    total = len(answers)
    partner = torch.arange(total, device=answers.device).roll(total // 2)
    cosines = answers @ answers.T
    kin = sources[:, None] == sources[None]
    apart = kin.clone()
    apart[torch.arange(total), partner] = False
    logits = (cosines / temperature).masked_fill(apart, _NEVER)
    contrast = functional.cross_entropy(logits, partner)

    nearest = cosines.detach().masked_fill(kin, -2).argmax(1)
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
