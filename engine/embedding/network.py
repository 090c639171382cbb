"""The copy network: a small residual network whose answer no mirror and no quarter turn changes.

Pictures of any shape go in as (N, 3, H, W) values of 0 … 1, with the parts of them that are to be
described, and come out as (N, V, 128) of unit length. The network runs once however many parts are
asked for: they are pooled from its last features, as by G. Tolias et al., Particular Object
Retrieval with Integral Max-Pooling of CNN Activations, 2016. Needs torch; the engine itself runs
the exported file (see `runtime`).
"""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from autodedup.engine.embedding.symmetry import POSITIONS, filter_table

CELL: Final = 16  # pixels of a side that one place of the last features stands for
DIMENSIONS: Final = 128
# Filters of each stage; every one of them stands in eight positions. Runtimes count channels in
# sixteens, so that odd numbers of filters cost as much as the next even one.
WIDTHS: Final = (2, 4, 8, 16)
LAST_WIDTH: Final = 128
# Brightness and two differences of colour, of red, green and blue (as in YCbCr, all scaled alike).
OPPONENTS: Final = ((0.299, 0.587, 0.114), (-0.25, -0.5, 0.75), (0.75, -0.5, -0.25))
FAINT: Final = 1e-4  # variance of brightness that is taken for noise
LEAST: Final = 1e-4  # keeps the root's slope finite where a feature is silent


class SymmetricConv(nn.Module):
    """A convolution whose filters stand in all eight positions; (N, 8·i, H, W) to (N, 8·o, …).

    With `lifted` false it reads a picture of `read` plain channels.
    """

    table: Tensor

    def __init__(
        self, read: int, write: int, side: int, *, stride: int = 1, lifted: bool = True
    ) -> None:
        super().__init__()
        self.side, self.stride, self.lifted = side, stride, lifted
        table = torch.from_numpy(filter_table(side, lifted=lifted))
        self.register_buffer("table", table, persistent=False)
        numbers = side * side * (POSITIONS if lifted else 1)
        spread = (2.0 / (read * numbers)) ** 0.5  # He initialisation
        self.learned = nn.Parameter(torch.randn(write, read, numbers) * spread)

    def filters(self) -> Tensor:
        """Return the plain filters (8·o, 8·i or i, side, side) that this stands for."""
        write, read, _ = self.learned.shape
        spread = self.learned.index_select(2, self.table.ravel())
        if not self.lifted:
            shaped = spread.view(write, read, POSITIONS, -1).transpose(1, 2)
            return shaped.reshape(write * POSITIONS, read, self.side, self.side)
        shaped = spread.view(write, read, POSITIONS, POSITIONS, -1).permute(0, 2, 1, 3, 4)
        return shaped.reshape(write * POSITIONS, read * POSITIONS, self.side, self.side)

    def forward(self, pictures: Tensor) -> Tensor:
        """Convolve; even sides stay symmetric only with an even filter, hence 4 at stride 2."""
        padding = (self.side - 1) // 2
        return functional.conv2d(pictures, self.filters(), None, self.stride, padding)


class SymmetricNorm(nn.Module):
    """Batch normalisation that is the same for all eight positions of a filter."""

    mean: Tensor
    variance: Tensor

    def __init__(self, width: int, *, momentum: float = 0.05, gain: float = 1.0) -> None:
        super().__init__()
        self.momentum = momentum
        self.gain = nn.Parameter(torch.full((width,), gain))
        self.shift = nn.Parameter(torch.zeros(width))
        self.register_buffer("mean", torch.zeros(width * POSITIONS))
        self.register_buffer("variance", torch.ones(width * POSITIONS))

    def forward(self, features: Tensor) -> Tensor:
        """Normalise by the batch in training, by what was seen in training otherwise."""
        gain, shift = (_for_each_position(each) for each in (self.gain, self.shift))
        if self.training:
            return functional.batch_norm(
                features, self.mean, self.variance, gain, shift, training=True,
                momentum=self.momentum,
            )  # fmt: skip
        scale, offset = self.as_affine()
        return features * scale.view(1, -1, 1, 1) + offset.view(1, -1, 1, 1)

    def as_affine(self) -> tuple[Tensor, Tensor]:
        """Return (8·o,) factors and offsets that do the same as this in use."""
        # What a batch showed of the eight positions differs by chance alone: their mean is exact.
        mean = _for_each_position(self.mean.view(-1, POSITIONS).mean(1))
        variance = _for_each_position(self.variance.view(-1, POSITIONS).mean(1))
        scale = _for_each_position(self.gain) / torch.sqrt(variance + 1e-5)
        return scale, _for_each_position(self.shift) - mean * scale


class Residual(nn.Module):
    """Two convolutions whose answer is added to what they read."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.first_norm = SymmetricConv(width, width, 3), SymmetricNorm(width)
        # Starting small, the block first lets through what it reads: early training is steadier.
        self.second, self.second_norm = (
            SymmetricConv(width, width, 3),
            SymmetricNorm(width, gain=0.3),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return features of the same shape."""
        inner = functional.relu(self.first_norm(self.first(features)))
        return functional.relu(features + self.second_norm(self.second(inner)))


class Halving(nn.Module):
    """A convolution that leaves half the height and width."""

    def __init__(self, read: int, write: int, *, lifted: bool = True) -> None:
        super().__init__()
        self.conv = SymmetricConv(read, write, 4, stride=2, lifted=lifted)
        self.norm = SymmetricNorm(write)

    def forward(self, features: Tensor) -> Tensor:
        """Return features of half the size."""
        return functional.relu(self.norm(self.conv(features)))


class CopyNetwork(nn.Module):
    """Maps a picture to 128 numbers that its edits share and other pictures do not."""

    opponents: Tensor

    def __init__(self) -> None:
        super().__init__()
        planes = torch.tensor(OPPONENTS).view(3, 3, 1, 1)
        self.register_buffer("opponents", planes, persistent=False)
        first, second, third, fourth = WIDTHS
        self.body = nn.Sequential(
            Halving(3, first, lifted=False),
            Halving(first, second),
            Halving(second, third),
            Residual(third),
            Halving(third, fourth),
            Residual(fourth),
        )
        self.widen, self.widen_norm = (
            SymmetricConv(fourth, LAST_WIDTH, 1),
            SymmetricNorm(LAST_WIDTH),
        )
        # Means of what is never negative are alike in all pictures: take away what they share.
        self.centre = nn.BatchNorm1d(LAST_WIDTH, affine=False)
        self.describe = nn.Linear(LAST_WIDTH, DIMENSIONS)

    def evened(self, pictures: Tensor) -> Tensor:
        """Take light, contrast and cast away, so that the network need not learn to.

        Every plane is centred and divided by the spread of the picture's brightness.
        """
        planes = functional.conv2d(pictures, self.opponents)
        centred = planes - planes.mean((2, 3), keepdim=True)
        variance = centred[:, :1].square().mean((2, 3), keepdim=True)
        return centred / torch.sqrt(variance + FAINT)

    def places(self, pictures: Tensor) -> Tensor:
        """Return (N, H/16 · W/16, 128) float32: what is at each place of (N, 3, H, W) pictures."""
        features = self.body(self.evened(pictures))
        wide = functional.relu(self.widen_norm(self.widen(features))).float()
        # Generalised mean (Radenović et al. 2018) with power 3, over positions, then over places.
        cubes = (wide * wide * wide).view(len(wide), LAST_WIDTH, POSITIONS, -1).mean(2)
        return cubes.transpose(1, 2)

    def described(self, pooled: Tensor) -> Tensor:
        """Return (N, V, 128) of unit length for what `pooled` returns."""
        flat = self.describe(self.centre(pooled.flatten(0, 1)))
        return functional.normalize(flat, dim=1).view(*pooled.shape[:2], DIMENSIONS)

    def forward(self, pictures: Tensor, parts: Tensor) -> Tensor:
        """Return (N, V, 128) of unit length; H and W are multiples of 32."""
        return self.described(pooled(self.places(pictures), parts))


def pooled(places: Tensor, parts: Tensor) -> Tensor:
    """Return (N, V, 128) for places (N, P, 128) and parts (N, V, P) or (V, P).

    A part says how much each place counts, row by row, and adds up to 1.
    """
    return (parts @ places + LEAST).pow(1 / 3)


def _for_each_position(per_filter: Tensor) -> Tensor:
    return per_filter.repeat_interleave(POSITIONS)
