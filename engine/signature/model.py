"""The signature of a video: all that is kept of its pictures.

Shapes: N sampled frames, V views of each (see `engine.signature.views`), 256-bit hashes as 32
bytes. Times are seconds from the first picture of the video.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.media.facts import DecodeRoute, MediaFacts

HASH_BITS = 256
HASH_BYTES = HASH_BITS // 8
ANCHORS = (0.15, 0.50, 0.85)  # of the duration: the frames the strict profile compares


@dataclass(frozen=True, slots=True, eq=False)
class Embeddings:
    """The copy embeddings of the N frames of a signature.

    recipe  how they were made, with which model; only embeddings of one recipe may be compared
    rows    (N, V, 128) int8, as `engine.embedding.storage` keeps them: the views of each frame that
            `engine.embedding.shapes` names; zeros where a frame was not embedded, or a view
            shows nothing
    """

    recipe: str
    rows: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class SetIn:
    """A film that is set into the picture of another.

    share   0..1, how much of the frame it takes
    window  the place in `engine.embedding.shapes.VIEWS` of the window next to it; that of the whole
            where the two lie side by side, each in a half
    """

    share: float
    window: int


@dataclass(frozen=True, slots=True, eq=False)
class Signature:
    """What one content looks like, computed by `recipe`.

    times_seconds   (N,) float64, rising
    hashes          (N, V, 32) uint8: 256-bit frame hash of every stored view; view 0 is the whole
    quality         (N,) float32, 0 flat … 1 busy; frames under `FLAT` do not vote
    anchor_whashes  (3,) uint64: 64-bit wavelet hashes, equal to `imagehash.whash`, of the frames
                    nearest to 15 %, 50 % and 85 % of the duration
    seen_seconds    how long the pictures really last, whatever the container claims
    shown_share     how much of the frame its picture takes, for most of the film: less than 1
                    where it lies between bars or in a border
    inset           the film that is set into the picture of another, for most of the film, if any
    embeddings      None where the copy tier was not asked for, or has no model here
    """

    recipe: str
    facts: MediaFacts
    route: DecodeRoute
    seen_seconds: float
    shown_share: float
    inset: SetIn | None
    times_seconds: NDArray[np.float64]
    hashes: NDArray[np.uint8]
    quality: NDArray[np.float32]
    anchor_whashes: NDArray[np.uint64]
    notes: tuple[str, ...] = ()
    embeddings: Embeddings | None = None
