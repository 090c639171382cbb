"""The frames of two clips seen one way: how far apart they are, and what changes in them.

Two witnesses see frames. The hash sees one look at a time (a crop, a turn) and tells small
changes well; the embedding of the copy tier sees through all edits at once and is more tolerant
of frames that are merely alike. Both measure in bits of 256, so that the same lines and runs are
looked for in what either of them says.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.embedding.calibration import ALIKE
from autodedup.engine.embedding.shapes import FULL, SMALL, WINDOWS
from autodedup.engine.embedding.storage import directions, from_bytes
from autodedup.engine.match.looks import (
    WHOLE_VIEW,
    Look,
    bit_distances,
    hashes_under,
    paired_distances,
)
from autodedup.engine.match.model import Clip, Crop
from autodedup.engine.signature.views import CROPS, VIEWS

Places = NDArray[np.intp]
SAME_SCENE_BITS = 10  # frames of one clip closer than this are one picture that stands still
EMBEDDED_VIEW = "embedding"
_MOSTLY_ALL = 0.78  # of a picture's area: a crop to more than that shows it as good as whole

# Bits for a product of embeddings, which is their cosine, less where many pictures are like them:
# the one from which frames are alike stands for as many bits as frames may lie apart by their
# hashes and still be alike. Strangers lie beyond 128.
_ALIKE_BITS = 70.0
_BITS_A_COSINE = _ALIKE_BITS / (1.0 - ALIKE)
_LEAST_CHANGE = 0.002  # of a squared embedding: below it nothing moves that could be compared
_MUCH_CHANGE = 0.1  # so much moves in most films; a few frames of calmer ones tell little
_LEAST_HALF = 4  # frames


@dataclass(frozen=True, slots=True, order=True)
class ViewPair:
    """Which views of two clips are compared: places in `engine.embedding.shapes.VIEWS`.

    A crop is made at one place of the picture, so one window of the other clip shows it all along.
    """

    a: int
    b: int


class Sight(Protocol):
    """The frames of two clips, a and b, as one witness sees them."""

    @property
    def chosen(self) -> tuple[Places, Places]:
        """Return the places of the frames of a and of b that it sees."""
        ...

    @property
    def name(self) -> str:
        """Return the view in words, as evidence names it."""
        ...

    @property
    def views(self) -> ViewPair | None:
        """Return the views of the embeddings that show what is compared; None if none does."""
        ...

    @property
    def crop(self) -> Crop | None:
        """Return which of the two shows only a part of the other's picture, if one does."""
        ...

    @property
    def distance(self) -> NDArray[np.uint8]:
        """Return (A, B) uint8: bits of 256 between every frame of a and every frame of b."""
        ...

    def scenes(self, rows: Places, columns: Places) -> int:
        """Count the different pictures in the rows of a, or the columns of b if they are fewer."""
        ...

    def stands_still(self, rows: Places, columns: Places) -> NDArray[np.bool_]:
        """Say of each pair of frames whether both clips still show what they did in the last."""
        ...

    def motion(self, rows: Places, columns: Places) -> float:
        """Correlate what changes in a with what changes in b, -1..1; NaN where too little does."""
        ...

    def motion_of_halves(self, rows: Places, columns: Places) -> float:
        """Return the motion of that half, in time, which moves less alike.

        Of those in which much changes; NaN where there are none, or few frames.
        """
        ...


class HashSight:
    """Frames by their hashes, under one look."""

    def __init__(self, look: Look, pair: tuple[Clip, Clip], chosen: tuple[Places, Places]) -> None:
        a, b = hashes_under(look, *pair)
        self._a, self._b = a[chosen[0]], b[chosen[1]]
        self._chosen = chosen
        self._name = look.name
        self._views = ViewPair(FULL, FULL) if look.view == WHOLE_VIEW else None
        height, width = CROPS[VIEWS[look.view]]
        small, large = pair if look.whole == "a" else pair[::-1]
        within = large.inset not in {None, FULL}
        self._crop = _crop_of(small, height * width, inset=within)
        self._distance = bit_distances(self._a, self._b)

    @property
    def chosen(self) -> tuple[Places, Places]:
        """Return the places that were chosen."""
        return self._chosen

    @property
    def name(self) -> str:
        """Return the look in words."""
        return self._name

    @property
    def views(self) -> ViewPair | None:
        """Return the wholes, where the look compares these."""
        return self._views

    @property
    def crop(self) -> Crop | None:
        """Return the clip that is taken whole, where that is a crop of the other."""
        return self._crop

    @property
    def distance(self) -> NDArray[np.uint8]:
        """Return (A, B) uint8: differing bits."""
        return self._distance

    def scenes(self, rows: Places, columns: Places) -> int:
        """Count the pictures that differ from the one counted before."""
        return min(_scenes(self._a[rows]), _scenes(self._b[columns]))

    def stands_still(self, rows: Places, columns: Places) -> NDArray[np.bool_]:
        """Say of each pair but the first whether neither picture differs from the last."""
        return _still(self._a[rows]) & _still(self._b[columns])

    def motion(self, rows: Places, columns: Places) -> float:
        """Correlate the bits that differ from each clip's usual picture, pair by pair."""
        changed_a, changed_b = _changes(self._a[rows]), _changes(self._b[columns])
        share_a, share_b = float(changed_a.mean()), float(changed_b.mean())
        spread = np.sqrt(share_a * (1 - share_a) * share_b * (1 - share_b))
        if len(rows) < 3 or spread < 0.01:  # noqa: PLR2004
            return float("nan")
        both = float((changed_a & changed_b).mean())
        return (both - share_a * share_b) / float(spread)

    def motion_of_halves(self, rows: Places, columns: Places) -> float:
        """Return NaN: hashes tell single frames of two films apart."""
        del rows, columns
        return float("nan")


class EmbeddedSight:
    """Frames by their embeddings: one view of each clip. Mirrors and turns need no look."""

    def __init__(
        self, pair: tuple[Clip, Clip], chosen: tuple[Places, Places], views: ViewPair
    ) -> None:
        """Compare those of the chosen frames of two clips that are embedded in these views.

        Raises:
            ValueError: One of the clips has no embeddings.
        """
        (mine, a), (its, b) = (
            _rows(clip, places, view)
            for clip, places, view in zip(pair, chosen, (views.a, views.b), strict=True)
        )
        self._a, self._b = directions(a), directions(b)
        self._chosen = (mine, its)
        self._views = views
        self._crop = _windowed(pair, views)
        self._hashes = tuple(
            np.ascontiguousarray(clip.hashes[places, 0])
            for clip, places in zip(pair, self._chosen, strict=True)
        )
        bits = np.rint(_BITS_A_COSINE * (1.0 - from_bytes(a) @ from_bytes(b).T))
        self._distance: NDArray[np.uint8] = np.clip(bits, 0, 255).astype(np.uint8)

    @property
    def chosen(self) -> tuple[Places, Places]:
        """Return the places of the frames that are embedded."""
        return self._chosen

    @property
    def name(self) -> str:
        """Return the word for this view."""
        return EMBEDDED_VIEW

    @property
    def views(self) -> ViewPair | None:
        """Return the views that are compared."""
        return self._views

    @property
    def crop(self) -> Crop | None:
        """Return the clip whose small whole is compared with a window of the other."""
        return self._crop

    @property
    def distance(self) -> NDArray[np.uint8]:
        """Return (A, B) uint8: products as bits."""
        return self._distance

    def scenes(self, rows: Places, columns: Places) -> int:
        """Count the pictures of each clip by its own hashes, which no edit comes between."""
        return min(_scenes(self._hashes[0][rows]), _scenes(self._hashes[1][columns]))

    def stands_still(self, rows: Places, columns: Places) -> NDArray[np.bool_]:
        """Say by each clip's own hashes whether neither picture differs from the one before."""
        return _still(self._hashes[0][rows]) & _still(self._hashes[1][columns])

    def motion(self, rows: Places, columns: Places) -> float:
        """Correlate what is left of the embeddings without each clip's mean, pair by pair."""
        return self._correlated(rows, columns, _LEAST_CHANGE)

    def motion_of_halves(self, rows: Places, columns: Places) -> float:
        """Return the motion of the half that moves less alike, of those in which much changes."""
        if len(rows) < 2 * _LEAST_HALF:
            return float("nan")
        halves = zip(np.array_split(rows, 2), np.array_split(columns, 2), strict=True)
        moved = [self._correlated(*half, _MUCH_CHANGE) for half in halves]
        return min((m for m in moved if not math.isnan(m)), default=float("nan"))

    def _correlated(self, rows: Places, columns: Places, least: float) -> float:
        a, b = self._a[rows], self._b[columns]
        changed_a, changed_b = a - a.mean(axis=0), b - b.mean(axis=0)
        spread_a, spread_b = float((changed_a**2).sum()), float((changed_b**2).sum())
        if len(rows) < 3 or min(spread_a, spread_b) < least * len(rows):  # noqa: PLR2004
            return float("nan")
        return float((changed_a * changed_b).sum() / np.sqrt(spread_a * spread_b))


def _crop_of(clip: Clip, share: float, *, inset: bool) -> Crop | None:
    return None if share > _MOSTLY_ALL else Crop(clip.key, round(share, 3), inset)


def _windowed(pair: tuple[Clip, Clip], views: ViewPair) -> Crop | None:
    """Return which clip shows no more than a window of the other."""
    windows = tuple(WINDOWS.values())
    a, b = pair
    for clip, mine, other, its in ((a, views.a, b, views.b), (b, views.b, a, views.a)):
        if mine == SMALL and its != SMALL:
            left, top, right, bottom = windows[its]
            return _crop_of(clip, (right - left) * (bottom - top), inset=other.inset == its)
    return None


def cosine_of(bits: float) -> float:
    """Return the cosine that these bits of an `EmbeddedSight` stand for."""
    return 1.0 - bits / _BITS_A_COSINE


def bits_of(cosine: float) -> float:
    """Return the bits that stand for a cosine, as `cosine_of` reads them."""
    return _BITS_A_COSINE * (1.0 - cosine)


def _rows(clip: Clip, places: Places, view: int) -> tuple[Places, NDArray[np.int8]]:
    """Return which of the places are embedded in this view, and (n, 128) their embeddings."""
    if clip.embeddings is None:
        raise ValueError(f"clip {clip.key} has no embeddings")
    embedded, at = clip.embeddings.among(places)
    rows = clip.embeddings.rows[at, view]
    there = rows.any(axis=1)
    return places[embedded][there], rows[there]


def _scenes(hashes: NDArray[np.uint8]) -> int:
    """Count the pictures in a row of frames that differ from the one counted before."""
    if not len(hashes):
        return 0
    count, last = 1, 0
    while True:
        rest = hashes[last + 1 :]
        bits = paired_distances(np.broadcast_to(hashes[last], rest.shape), rest)
        changed = np.flatnonzero(bits > SAME_SCENE_BITS)
        if not len(changed):
            return count
        last += 1 + int(changed[0])
        count += 1


def _still(hashes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    still = np.zeros(len(hashes), dtype=bool)
    still[1:] = paired_distances(hashes[1:], hashes[:-1]) <= SAME_SCENE_BITS
    return still


def _changes(hashes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    bits = np.unpackbits(hashes, axis=1).astype(bool)
    usual = bits.mean(axis=0) > 0.5  # noqa: PLR2004
    changes: NDArray[np.bool_] = bits ^ usual[None, :]
    return changes
