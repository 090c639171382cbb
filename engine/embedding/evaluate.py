"""How often an edited frame is found, at a given rate of false ones: network and hash side by side.

    python -m autodedup.engine.embedding.evaluate [--videos FOLDER] [--out docs]

Every frame of every film is edited in every way of `trials` and compared with the originals of
all films. Pairs of one film's different frames count neither as found nor as false.
"""

import argparse
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.embedding.model_file import FOLDER
from autodedup.engine.embedding.runtime import CopyModel, Embeddings, load_model
from autodedup.engine.embedding.samples import Film, drawn_films, films_in
from autodedup.engine.embedding.shapes import FULL
from autodedup.engine.embedding.storage import from_bytes, to_bytes
from autodedup.engine.embedding.trials import TRIALS, Trial, saved_again
from autodedup.engine.embedding.views import embed_views, likeness, squeezed
from autodedup.engine.footage.scenes import LUMA, Frames
from autodedup.engine.signature.perceptual import coefficients, hashes_of
from autodedup.engine.signature.views import TURNS, turned

RATES: Final = (1e-3, 1e-4, 1e-5, 1e-6)
_QUALITY: Final = 60  # of the JPEG in which every edited frame is saved


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """What network and hash keep of n frames: `films` (n,) int64 says which film each is of.

    `views` is (n, V, 128), `hashes` (n, V, 32) uint8: every stored view of the hash.
    """

    films: NDArray[np.int64]
    views: Embeddings
    hashes: NDArray[np.uint8]

    @property
    def shown(self) -> NDArray[np.bool_]:
        """Return (n,) bool: there is something to see."""
        something: NDArray[np.bool_] = np.any(self.views[:, FULL] != 0, axis=1)
        return something


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Likeness of each edited frame to its original, and of strangers, by one method."""

    true: dict[str, NDArray[np.float32]]
    false: NDArray[np.float32]

    def threshold(self, rate: float) -> float:
        """Return the least likeness that at most this share of strangers exceeds."""
        allowed = int(rate * len(self.false))
        return float(np.partition(self.false, -allowed - 1)[-allowed - 1])

    def found(self, trial: str, rate: float) -> float:
        """Return the share of a trial's frames that are more alike than that."""
        return float((self.true[trial] > self.threshold(rate)).mean())


def looked_at(parts: Iterable[Frames], model: CopyModel) -> Looks:
    """Embed and hash the frames of each film."""
    films, views, hashes = [], [], []
    for number, frames in enumerate(parts):
        waves = coefficients(np.tensordot(frames, LUMA, axes=1).astype(np.uint8))
        films.append(np.full(len(frames), number))
        hashes.append(hashes_of(waves))
        views.append(embed_views(model, squeezed(frames)))
    return Looks(np.concatenate(films), np.concatenate(views), np.concatenate(hashes))


def measure(films: list[Film], model: CopyModel, trials: dict[str, Trial]) -> dict[str, Scores]:
    """Return the scores of each method: the network, and the hash, plain and with all views."""
    originals = looked_at((film.frames for film in films), model)
    apart = _apart(originals.films, len(films))
    shown = originals.shown
    true: dict[str, dict[str, NDArray[np.float32]]] = {name: {} for name in METHODS}
    false: dict[str, list[NDArray[np.float32]]] = {name: [] for name in METHODS}
    for trial, change in trials.items():
        edited = looked_at(_edited(films, change), model)
        both = shown & edited.shown
        strangers = apart & edited.shown[:, None] & shown[None]
        for name, compare in METHODS.items():
            table = compare(edited, originals)
            true[name][trial] = table.diagonal()[both]
            false[name].append(table[strangers])
    return {name: Scores(true[name], np.concatenate(false[name])) for name in METHODS}


def milliseconds_a_frame(model: CopyModel) -> float:
    """Return what one frame takes of a core: the best of twenty batches, as others only add."""
    pictures = np.random.default_rng(0).integers(0, 256, (16, 96, 160, 3)).astype(np.uint8)
    took = []
    for _ in range(20):
        started = time.process_time()
        model.embed(pictures)
        took.append(time.process_time() - started)
    return min(took) / len(pictures) * 1000


def _edited(films: list[Film], change: Trial) -> Iterator[Frames]:
    for number, film in enumerate(films):
        other = films[_lender(number, len(films))].frames
        rng = np.random.default_rng(number)
        yield saved_again(change(film.frames, other, rng), _QUALITY)


def _lender(film: int, count: int) -> int:
    """Return the film that lends pictures to the edits of this one."""
    return (film + 1) % count


def _apart(films: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    """Return (n, n): no frame of the row's film, nor one that it borrowed, is the column's."""
    lenders = np.array([_lender(film, count) for film in range(count)])
    borrowed: NDArray[np.bool_] = lenders[films][:, None] == films[None]
    apart: NDArray[np.bool_] = ~borrowed & (films[:, None] != films[None])
    return apart


def _whole(edited: Looks, originals: Looks) -> NDArray[np.float32]:
    alike: NDArray[np.float32] = edited.views[:, FULL] @ originals.views[:, FULL].T
    return alike


def _views(edited: Looks, originals: Looks) -> NDArray[np.float32]:
    return likeness(edited.views, originals.views)


def _views_of_bytes(edited: Looks, originals: Looks) -> NDArray[np.float32]:
    return likeness(*(from_bytes(to_bytes(each.views)) for each in (edited, originals)))


def _plain_hash(edited: Looks, originals: Looks) -> NDArray[np.float32]:
    return _agreeing(edited.hashes[:, 0], originals.hashes[:, 0])


def _hash_views(edited: Looks, originals: Looks) -> NDArray[np.float32]:
    """The best of: the edit, turned, in any view of the original; and the other way round."""
    views = range(originals.hashes.shape[1])
    best = np.full((len(edited.films), len(originals.films)), -1.0, dtype=np.float32)
    for turn in TURNS:
        whole = turned(edited.hashes, turn)
        for view in views:
            np.maximum(best, _agreeing(whole[:, 0], originals.hashes[:, view]), out=best)
            np.maximum(best, _agreeing(whole[:, view], originals.hashes[:, 0]), out=best)
    return best


def _agreeing(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return (n, m) float32: 1 where all bits agree, -1 where none does."""
    signs = (np.unpackbits(each, axis=-1).astype(np.float32) * 2 - 1 for each in (a, b))
    first, second = signs
    agreeing: NDArray[np.float32] = first @ second.T / first.shape[1]
    return agreeing


METHODS = {
    "network, whole": _whole,
    "network, all views": _views,
    "network, all views, int8": _views_of_bytes,
    "hash": _plain_hash,
    "hash, all views": _hash_views,
}


def main() -> None:
    """Read the command line, measure, and write tables and curve."""
    from autodedup.engine.embedding.card import add_figures
    from autodedup.engine.embedding.figures import curve, figures, table

    parser = argparse.ArgumentParser(description="Measure the copy network beside the hash.")
    parser.add_argument("--videos", type=Path, help="also measure on the films of this folder")
    parser.add_argument("--films", type=int, default=48, help="how many films to draw")
    parser.add_argument("--frames", type=int, default=6, help="of each film")
    parser.add_argument("--out", type=Path, help="folder for the table and the curve")
    parser.add_argument("--card", action="store_true", help="put the figures on the model's card")
    given = parser.parse_args()
    model = load_model()
    sets = {"drawn films": list(drawn_films(given.films, given.frames))}
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
    if given.videos:
        sets["films of the folder"] = list(films_in(given.videos, given.frames))
    measured = {name: measure(films, model, TRIALS) for name, films in sets.items()}
    text = f"Model `{model.digest}`, {milliseconds_a_frame(model):.2f} ms a frame on one core.\n"
    text += table(measured, RATES)
    sys.stdout.write(text)
    if given.out:
        (given.out / "embedding-figures.md").write_text(text, encoding="utf-8")
        drawn = {name: scores["network, all views"] for name, scores in measured.items()}
        (given.out / "embedding-calibration.svg").write_text(curve(drawn), encoding="utf-8")
    if given.card:
        add_figures(FOLDER, figures(measured))


if __name__ == "__main__":
    main()
