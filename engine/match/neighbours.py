"""Which clips have frames that lie close by their embeddings, whatever was done to the picture.

Wholes are compared with wholes, and the small whole of either clip with every window of the other
(`engine.embedding.shapes`). Only frames that differ from the one before are asked. In small
libraries every frame is compared with every other, in tiles of bounded size. In large ones those
that lie close are looked up in cells, and of the windows, which are many, only those of some frames
of a clip are compared. A single clip is always compared with everything.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.embedding.calibration import ALIKE
from autodedup.engine.embedding.runtime import DIMENSIONS
from autodedup.engine.embedding.shapes import FULL, SMALL, VIEWS
from autodedup.engine.embedding.storage import STEPS, from_bytes
from autodedup.engine.match.approximate import Cells, Owned, distinct
from autodedup.engine.match.frames import FrameTable
from autodedup.engine.match.model import Clip, EmbeddedFrames
from autodedup.engine.match.rows import counted
from autodedup.engine.match.rows import distinct as distinct_rows
from autodedup.engine.match.sights import Places, ViewPair

LEAST_SHARE = 0.2  # of the frames of one clip that must have a neighbour in the other
MOST_VIEWS = 2  # of a pair that are worth a closer look, the best supported
EXACT_FRAMES = 6_000  # up to which all are compared
SPARSE_SECONDS = 4.0  # between two frames of a clip whose windows are looked up
SPARSE_LEAST = 12  # of such frames in a clip, if it has as many
TILE_ROWS, TILE_COLUMNS = 512, 4096
LOT_FRAMES = 20_000  # whose views are copied at once: 40 MB

# Of the frame that asks, and of the frame that is asked.
COMPARED: Final = ((FULL, FULL), *((SMALL, window) for window in range(1, SMALL)))


@dataclass(frozen=True, slots=True)
class Near:
    """How two clips lie close: the share, 0..1, of one clip's frames, and in which views.

    The share is of the clip and the view for which it is largest; views are best first.
    """

    share: float
    views: tuple[ViewPair, ...]


Pairs = dict[tuple[int, int], Near]


def neighbours(
    clips: Sequence[Clip],
    table: FrameTable,
    *,
    like: int | None,
    stop: threading.Event,
    memory: dict[int, Places] | None = None,
) -> Pairs:
    """Return pairs of clips (places, the smaller first) that may show the same.

    With `like` only that clip's pairs are returned. `memory` keeps from one search to the next
    which frames of a clip, by its key, differ from the one before. Ends early, with what was
    found, when `stop` is set.
    """
    found: dict[tuple[int, int], dict[ViewPair, float]] = {}
    recipes = sorted({clip.embeddings.recipe for clip in clips if clip.embeddings is not None})
    for recipe in recipes:
        frames = _Frames.of(clips, table, recipe, {} if memory is None else memory)
        if like is not None:
            hits = _of_one(frames, like)
        else:
            hits = (_compared if len(frames.owner) <= EXACT_FRAMES else _looked_up)(frames)
        for views, met in _until(stop, hits):
            for (one, other), share in met:
                if one != other and share >= LEAST_SHARE:
                    pair = (min(one, other), max(one, other))
                    seen = ViewPair(*(views if one < other else views[::-1]))
                    shares = found.setdefault(pair, {})
                    shares[seen] = max(shares.get(seen, 0.0), share)
    return {pair: _best(shares) for pair, shares in found.items()}


def _best(shares: dict[ViewPair, float]) -> Near:
    ranked = sorted(shares, key=lambda views: (-shares[views], views))
    return Near(shares[ranked[0]], tuple(ranked[:MOST_VIEWS]))


@dataclass(frozen=True, slots=True, eq=False)
class _Frames:
    """The frames of one recipe that differ from the one before, with owners (M,) and times (M,).

    `at` says for each clip that has any where its frames stand in the rows of its embeddings. The
    rows stay where they are: those of a large library are copied one view at a time.
    """

    owner: NDArray[np.int64]
    seconds: NDArray[np.float64]
    clips: tuple[EmbeddedFrames, ...]
    at: tuple[NDArray[np.intp], ...]

    @classmethod
    def of(
        cls, clips: Sequence[Clip], table: FrameTable, recipe: str, memory: dict[int, Places]
    ) -> "_Frames":
        edges = np.searchsorted(table.owner, np.arange(len(clips) + 1))
        owners, seconds = [np.zeros(0, dtype=np.int64)], [np.zeros(0)]
        embedded: list[EmbeddedFrames] = []
        places: list[Places] = []
        for number, clip in enumerate(clips):
            frames = clip.embeddings
            if frames is None or frames.recipe != recipe:
                continue
            if clip.key not in memory:
                memory[clip.key] = _distinct(frames, table.place[edges[number] : edges[number + 1]])
            at = memory[clip.key]
            if len(at):
                embedded.append(frames)
                places.append(at)
                seconds.append(clip.times_seconds[frames.places[at]])
                owners.append(np.full(len(at), number, dtype=np.int64))
        return cls(np.concatenate(owners), np.concatenate(seconds), tuple(embedded), tuple(places))

    def view(self, number: int, chosen: NDArray[np.bool_]) -> Owned:
        """Return one view of the chosen frames (M,)."""
        rows = [frames.rows[at, number] for frames, at in self._of_clips(chosen)]
        rows.append(np.zeros((0, DIMENSIONS), dtype=np.int8))
        return Owned(np.concatenate(rows), self.owner[chosen])

    def views(self, chosen: NDArray[np.bool_]) -> NDArray[np.int8]:
        """Return (K, V, 128): all views of the chosen frames (M,)."""
        rows = [frames.rows[at] for frames, at in self._of_clips(chosen)]
        rows.append(np.zeros((0, len(VIEWS), DIMENSIONS), dtype=np.int8))
        return np.concatenate(rows)

    def _of_clips(
        self, chosen: NDArray[np.bool_]
    ) -> Iterator[tuple[EmbeddedFrames, NDArray[np.intp]]]:
        """Yield clips of which frames are chosen, and where these stand in their rows."""
        edges = np.append(np.flatnonzero(np.diff(self.owner, prepend=-1)), len(self.owner))
        before = np.concatenate(([0], np.cumsum(chosen)))[edges]
        for clip in np.flatnonzero(np.diff(before)).tolist():
            first, past = edges[clip : clip + 2].tolist()
            yield self.clips[clip], self.at[clip][chosen[first:past]]

    def lots(self, chosen: NDArray[np.bool_]) -> Iterator[NDArray[np.bool_]]:
        """Cut the chosen frames (M,) into lots whose views all together take little room."""
        places = np.flatnonzero(chosen)
        for first in range(0, len(places), LOT_FRAMES):
            lot = np.zeros_like(chosen)
            lot[places[first : first + LOT_FRAMES]] = True
            yield lot

    def sparse(self) -> NDArray[np.bool_]:
        """Choose some frames (M,) of every clip: one in so many seconds, of short clips several.

        Two clips that show the same for a while have such frames in common moments, wherever these
        lie: what one shows at one of them, the other shows among all of its frames.
        """
        first = np.flatnonzero(np.diff(self.owner, prepend=-1))
        past = np.append(first[1:], len(self.owner))
        shown = self.seconds[past - 1] - self.seconds[first]
        step = np.maximum(np.minimum(SPARSE_SECONDS, shown / SPARSE_LEAST), 1e-3)
        ticks = self.seconds // np.repeat(step, past - first)
        kept: NDArray[np.bool_] = np.diff(ticks, prepend=-1.0) != 0
        kept[first] = True
        return kept


def _distinct(frames: EmbeddedFrames, places: NDArray[np.int64]) -> Places:
    """Return where the frames of these places that differ from the one before stand in the rows."""
    _, at = frames.among(places)
    at = at[frames.rows[at, FULL].any(axis=1)]
    kept: Places = at[distinct(frames.rows[at, FULL])]
    return kept


# Views of the frame that was counted and of the one it met; and, by owners, which share of the
# frames of the one clip that were asked have a neighbour in the other.
_Met = tuple[tuple[int, int], list[tuple[tuple[int, int], float]]]


def _counted(
    frames: _Frames, views: tuple[int, int], hits: NDArray[np.int64], asked: NDArray[np.bool_]
) -> Iterator[_Met]:
    """Give what (H, 2) places of frames that lie close come to, asked from either side.

    `asked` are the frames that stand for their clips: of these the shares are.
    """
    if views == (FULL, FULL):
        hits = np.concatenate((hits, hits[:, ::-1]))
    clips = int(frames.owner.max(initial=0)) + 1
    expected = np.bincount(frames.owner[asked], minlength=clips)
    for (mine, its), (view, other) in (((0, 1), views), ((1, 0), views[::-1])):
        met = hits[:, mine] * clips + frames.owner[hits[:, its]]
        once = distinct_rows(met.astype(np.uint64)).astype(np.int64)
        pairs, count = counted(
            (frames.owner[once // clips] * clips + once % clips).astype(np.uint64)
        )
        ones, others = np.divmod(pairs.astype(np.int64), clips)
        shares = np.minimum(1.0, count / expected[ones])
        yield (
            (view, other),
            list(
                zip(zip(ones.tolist(), others.tolist(), strict=True), shares.tolist(), strict=True)
            ),
        )
        if views == (FULL, FULL):
            return  # both sides were asked


def _compared(frames: _Frames) -> Iterator[_Met]:
    """Compare all frames with each other."""
    everything = np.ones(len(frames.owner), dtype=bool)
    for held, view in COMPARED:
        hits = _products(frames.view(held, everything), frames.view(view, everything))
        yield from _counted(frames, (held, view), hits, everything)


def _of_one(frames: _Frames, like: int) -> Iterator[_Met]:
    """Compare one clip with all; in large libraries only some windows of it and of the others."""
    everything, own = np.ones(len(frames.owner), dtype=bool), frames.owner == like
    some = frames.sparse() if len(frames.owner) > EXACT_FRAMES else everything
    mine = np.flatnonzero(own & some)
    hits = _products(frames.view(FULL, everything), frames.view(FULL, own))
    hits = np.stack((hits[:, 0], np.flatnonzero(own)[hits[:, 1]]), axis=1)
    yield from _counted(frames, (FULL, FULL), hits, everything)

    windows = range(FULL + 1, SMALL)
    own_windows = [frames.view(window, own & some) for window in windows]
    together = Owned(
        np.concatenate([each.rows for each in own_windows]),
        np.concatenate([each.owner for each in own_windows]),
    )
    in_own = _products(frames.view(SMALL, everything), together)
    small = frames.view(SMALL, own)
    in_others: dict[int, list[NDArray[np.int64]]] = {window: [] for window in windows}
    for lot in frames.lots(some & ~own):
        rows, owner, places = frames.views(lot), frames.owner[lot], np.flatnonzero(lot)
        for window in windows:
            met = _products(small, Owned(rows[:, window], owner))
            in_others[window].append(np.stack((met[:, 0], places[met[:, 1]]), axis=1))
    for number, window in enumerate(windows):
        of_others = np.concatenate([np.zeros((0, 2), dtype=np.int64), *in_others[window]])
        of_own = in_own[in_own[:, 1] // max(1, len(mine)) == number]
        held = np.concatenate((np.flatnonzero(own)[of_others[:, 0]], of_own[:, 0]))
        shown = np.concatenate((of_others[:, 1], mine[of_own[:, 1] % max(1, len(mine))]))
        yield from _counted(frames, (SMALL, window), np.stack((held, shown), axis=1), some)


def _products(mine: Owned, its: Owned) -> NDArray[np.int64]:
    """Return (H, 2): which of mine and which of its rows lie close, of different clips."""
    if len(mine.rows) < len(its.rows):
        return _products(its, mine)[:, ::-1]
    found = [np.zeros((0, 2), dtype=np.int64)]
    few = [
        (start, from_bytes(its.rows[start : start + TILE_COLUMNS]).T)
        for start in range(0, len(its.rows), TILE_COLUMNS)
    ]
    for first in range(0, len(mine.rows), TILE_ROWS):
        rows = mine.rows[first : first + TILE_ROWS].astype(np.float32)
        for start, right in few:
            close = np.flatnonzero(rows @ right >= ALIKE * STEPS)
            row, column = first + close // right.shape[1], start + close % right.shape[1]
            apart = mine.owner[row] != its.owner[column]
            found.append(np.stack((row[apart], column[apart]), axis=1))
    return np.concatenate(found)


def _looked_up(frames: _Frames) -> Iterator[_Met]:
    """Look up what lies close in cells; of the windows, only those of some frames of a clip."""
    everything, some = np.ones(len(frames.owner), dtype=bool), frames.sparse()
    whole: int | None = None
    for held, view in COMPARED:
        if held != whole:
            whole, cells = held, Cells(frames.view(held, everything))
        asked = everything if view == FULL else some
        hits = cells.near(frames.view(view, asked), ALIKE)
        hits = np.stack((hits[:, 1], np.flatnonzero(asked)[hits[:, 0]]), axis=1)
        yield from _counted(frames, (held, view), hits, asked)


def _until(stop: threading.Event, found: Iterator[_Met]) -> Iterator[_Met]:
    for met in found:
        if stop.is_set():
            return
        yield met
