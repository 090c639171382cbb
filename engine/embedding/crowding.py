"""How near an embedding lies to everything: what it is held against, and how that is measured.

Some pictures (a face before a wall, a title card, fog) lie close to very many others, and a cosine
says less of them than of a picture that nothing is like. So each embedding is held against some
thousands of strangers, and is the shorter the closer it comes to those it is nearest to: the
product of two embeddings then is as seldom for strangers of the one kind as of the other.

Sources: M. Douze et al., The 2021 Image Similarity Dataset and Challenge, 2021 (scores normalised
by a background set); A. Conneau et al., Word Translation Without Parallel Data, ICLR 2018 (the
nearness of both sides counts).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.embedding.gallery import SIDE, photo_squares
from autodedup.engine.embedding.pictures import Picture, draw
from autodedup.engine.embedding.runtime import DIMENSIONS, CopyModel, Embeddings
from autodedup.engine.embedding.shapes import FULL, SMALL
from autodedup.engine.embedding.storage import from_bytes, to_bytes
from autodedup.engine.embedding.views import embed_views, squeezed

LOTS: Final = 8  # lots of strangers; the nearest of each is looked at, and their mean taken
STRANGERS: Final = 2048  # of each kind of view
SHORTER: Final = 0.7  # the logarithm of the length falls by so much for one of nearness
FARTHEST: Final = 0.15  # nearer or farther than usual counts no more than this
_DRAWN_SHARE: Final = 0.4
_SQUARES: Final = 8  # of each photograph
_PROBES: Final = 384  # other drawn pictures, which say how near is usual
_SEED: Final = 77_000  # no training drew its pictures from here
_BATCH: Final = 64
_FRAME: Final = slice(56, 200)  # of the 256 rows of a picture: 16:9


@dataclass(frozen=True, slots=True, eq=False)
class Strangers:
    """What embeddings are held against.

    full, small, windows  (128, N) int8 each, as `storage` keeps them: wholes, small wholes and
                          windows of pictures that no film shows
    usual                 how near to them the embeddings of other pictures come
    """

    full: NDArray[np.int8]
    small: NDArray[np.int8]
    windows: NDArray[np.int8]
    usual: float

    @property
    def faced(self) -> tuple[NDArray[np.int8], NDArray[np.int8], NDArray[np.int8]]:
        """Return what wholes, windows and small wholes are compared with, by `views.likeness`."""
        return self.full, self.small, self.windows


def nearness(embeddings: Embeddings, those: NDArray[np.int8]) -> NDArray[np.float32]:
    """Return (n,): how near (n, 128) embeddings of unit length come to (128, N) strangers.

    It is the mean, over `LOTS` lots of them, of the cosine with the nearest of a lot.
    """
    cosines = embeddings @ from_bytes(those)
    near: NDArray[np.float32] = cosines.reshape(len(cosines), LOTS, -1).max(axis=2).mean(axis=1)
    return near


def lengths(near: NDArray[np.float32], usual: float) -> NDArray[np.float32]:
    """Return how long embeddings are that come so near: about 1, and less in a crowd."""
    length: NDArray[np.float32] = np.exp(-SHORTER * np.clip(near - usual, -FARTHEST, FARTHEST))
    return length


def strangers(model: CopyModel, photo_folder: Path | None) -> Strangers:
    """Draw strangers for a model whose embeddings are all of unit length.

    Args:
        model: What embeds.
        photo_folder: The packages it was trained on. Other pieces are cut out of the photographs;
            without any, all strangers are drawn.
    """
    held = _embedded(model, _pictures(photo_folder), STRANGERS)
    probes = _embedded(model, (draw((_SEED + 1, number), SIDE) for number in count()), _PROBES)
    windows = np.stack([frame[1 + n % (SMALL - 1)] for n, frame in enumerate(held)])
    full, small, parts = (to_bytes(each).T for each in (held[:, FULL], held[:, SMALL], windows))
    near = np.concatenate([
        nearness(probes[:, FULL], full),
        nearness(probes[:, FULL + 1 : SMALL].reshape(-1, DIMENSIONS), small),
        nearness(probes[:, SMALL], parts),
    ])  # fmt: skip
    return Strangers(full, small, parts, float(np.median(near)))


def _embedded(model: CopyModel, pictures: Iterator[Picture], many: int) -> Embeddings:
    """Return (many, V, 128): the views of the next so many pictures, cut to 16:9."""
    return np.concatenate([
        embed_views(model, squeezed(np.stack(list(islice(pictures, _BATCH)))[:, _FRAME]))
        for _ in range(0, many, _BATCH)
    ])  # fmt: skip


def _pictures(photo_folder: Path | None) -> Iterator[Picture]:
    """Yield (256, 256, 3) pictures without end, photographs and drawn ones in no order."""
    lots = np.random.default_rng(_SEED)
    squares = [] if photo_folder is None else list(photo_squares(photo_folder, _SEED, _SQUARES))
    for number in count():
        if squares and lots.random() >= _DRAWN_SHARE:
            yield squares.pop(int(lots.integers(len(squares))))[0]
        else:
            yield draw((_SEED, number), SIDE)
