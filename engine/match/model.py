"""What the matcher is given and what it says: values only, no files, no database."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.semantic.vectors import Meanings
from autodedup.engine.signature.model import Embeddings

PairRelation = Literal["near", "contains", "overlap", "semantic"]


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """One distinct content to compare. `key` is the signature's id in the store.

    Arrays as in `engine.signature.model.Signature`; `size_bytes` is of one of its files.
    """

    key: int
    seconds: float
    size_bytes: int
    times_seconds: NDArray[np.float64]
    hashes: NDArray[np.uint8]
    quality: NDArray[np.float32]
    anchor_whashes: NDArray[np.uint64]
    embeddings: Embeddings | None = None
    meaning: Meanings | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """Seconds of `a` that show the same as seconds of `b`.

    `speed` is how many seconds of `b` pass in one second of `a`.
    """

    a_start: float
    a_end: float
    b_start: float
    b_end: float
    speed: float


@dataclass(frozen=True, slots=True)
class PairMatch:
    """Two contents that share pictures, and how.

    `contains` means: the whole of `inner` (one of a and b) is a part of the other.
    Distances are bits of 256 over the aligned frames, as the witness of `view` counts them
    (`engine.match.sights`).
    """

    a: int
    b: int
    relation: PairRelation
    inner: int | None
    confidence: float
    segments: tuple[Segment, ...]
    view: str
    mean_bits: float
    worst_bits: float
    frames: int
