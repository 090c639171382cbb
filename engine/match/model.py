"""What the matcher is given and what it says: values only, no files, no database."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.semantic.vectors import Meanings

PairRelation = Literal["near", "contains", "overlap", "semantic"]


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedFrames:
    """The copy embeddings of a clip's frames, of those that have any.

    recipe  how they were made; only embeddings of one recipe may be compared
    places  (K,) int64, rising: places of the frames in the clip
    rows    (K, V, 128) int8, as in `engine.signature.model.Embeddings`
    """

    recipe: str
    places: NDArray[np.int64]
    rows: NDArray[np.int8]

    def among(self, places: NDArray[np.intp]) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
        """Say of places of frames, rising, which are embedded, and where these stand in `rows`."""
        at = np.minimum(np.searchsorted(self.places, places), max(0, len(self.places) - 1))
        known = self.places[at] == places if len(self.places) else np.zeros(len(places), dtype=bool)
        return known, at[known]


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """One distinct content to compare. `key` is the signature's id in the store.

    Arrays as in `engine.signature.model.Signature`; `size_bytes` is of one of its files. `inset` is
    the view that shows a film which is set into the picture of another, if one is; the whole where
    two lie side by side.
    """

    key: int
    seconds: float
    size_bytes: int
    times_seconds: NDArray[np.float64]
    hashes: NDArray[np.uint8]
    quality: NDArray[np.float32]
    anchor_whashes: NDArray[np.uint64]
    embeddings: EmbeddedFrames | None = None
    meaning: Meanings | None = None
    inset: int | None = None


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

    def swapped(self) -> "Segment":
        """Return the same with a and b in each other's place."""
        return Segment(self.b_start, self.b_end, self.a_start, self.a_end, 1.0 / self.speed)


@dataclass(frozen=True, slots=True)
class Crop:
    """`content` shows no more than `share` (0..1) of the area of the other's picture.

    Or it is the film that is set into the other's picture, if `inset` says so.
    """

    content: int
    share: float
    inset: bool = False


@dataclass(frozen=True, slots=True)
class PairMatch:
    """Two contents that share pictures, and how.

    `contains` means: the whole of `inner` (one of a and b) is a part of the other. `composite` says
    that one of the two shows another film as well (`engine.match.composites`). `crop` is None where
    both show about the same part of the picture.
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
    composite: bool = False
    crop: Crop | None = None

    def as_overlap(self) -> "PairMatch":
        """Return the match as one of two films that share its seconds, and no more."""
        return replace(self, relation="overlap", inner=None)

    def shows_more(self, content: int | None) -> bool:
        """Say whether `content`, one of a and b, shows more of the picture than the other does."""
        return self.crop is not None and self.crop.content != content

    def segments_of(self, content: int) -> tuple[Segment, ...]:
        """Return the segments with the seconds of `content`, one of a and b, as those of a."""
        return self.segments if content == self.a else self.swapped().segments

    def swapped(self) -> "PairMatch":
        """Return the same with a and b in each other's place."""
        segments = tuple(segment.swapped() for segment in self.segments)
        return replace(self, a=self.b, b=self.a, segments=segments)
