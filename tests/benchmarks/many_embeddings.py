"""What looking for alike embeddings among very many frames costs, and how much of it is found.

    python tests/benchmarks/many_embeddings.py [--films 2000] [--frames 50]

Makes films that exist as embeddings only: a film's frames lie near each other, as those of one
place do. Every tenth is a copy of another, as whole, or a crop of it that only one window shows;
each frame of a copy lies at a cosine of about 0.8. Prints CPU seconds of the search in cells and
of one look-up, and which share of the copies are neighbours, and how many strangers are.
"""

import argparse
import json
import threading
import time

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.embedding.shapes import FULL, SMALL, VIEWS
from autodedup.engine.embedding.storage import to_bytes
from autodedup.engine.match import neighbours
from autodedup.engine.match.frames import frame_table
from autodedup.engine.match.model import Clip, EmbeddedFrames
from autodedup.engine.signature.views import VIEWS as HASH_VIEWS

NUMBERS = 128
ONE_PLACE = 0.6  # cosine of two frames of a film, about
COPIED = 0.8  # cosine of a frame and its copy, about
COPIES_EVERY, CROPS_EVERY = 10, 20  # every other copy is a crop
Rows = NDArray[np.float32]


def near(chance: np.random.Generator, rows: Rows, cosine: float) -> Rows:
    """Return rows of unit length at about this cosine from each of these."""
    strange = chance.standard_normal(rows.shape, dtype=np.float32)
    strange /= np.linalg.norm(strange, axis=-1, keepdims=True)
    mixed = cosine * rows + np.sqrt(1 - cosine**2, dtype=np.float32) * strange
    found: Rows = mixed / np.linalg.norm(mixed, axis=-1, keepdims=True)
    return found


def film(seed: int, frames: int) -> Rows:
    """Return (frames, views, 128): all views of a film of its own."""
    chance = np.random.default_rng((1, seed))
    place = near(chance, np.zeros((1, 1, NUMBERS), np.float32), 0.0)
    views = near(chance, np.repeat(place, len(VIEWS), axis=1), 0.3)
    return near(chance, np.repeat(views, frames, axis=0), np.sqrt(ONE_PLACE))


def clip(number: int, frames: int) -> tuple[Clip, int | None]:
    """Return a clip, and which film it copies, if it does."""
    original = number - 1 if number % COPIES_EVERY == 1 else None
    rows = film(number, frames)
    chance = np.random.default_rng((2, number))
    if original is not None:
        source = film(original, frames)
        if number % CROPS_EVERY == 1:
            rows[:, SMALL] = near(chance, source[:, 1 + number % (SMALL - 1)], COPIED)
        else:
            rows[:, FULL] = near(chance, source[:, FULL], COPIED)
    made = Clip(
        key=number,
        seconds=float(frames),
        size_bytes=1,
        times_seconds=np.arange(frames, dtype=np.float64),
        hashes=chance.integers(0, 256, (frames, len(HASH_VIEWS), 32), dtype=np.uint8),
        quality=np.full(frames, 100.0, dtype=np.float32),
        anchor_whashes=np.zeros(3, dtype=np.uint64),
        embeddings=EmbeddedFrames("made up", np.arange(frames), to_bytes(rows)),
    )
    return made, original


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=2000)
    parser.add_argument("--frames", type=int, default=50)
    given = parser.parse_args()
    made = [clip(number, given.frames) for number in range(given.films)]
    clips = [each for each, _ in made]
    planted = {(original, n) for n, (_, original) in enumerate(made) if original is not None}
    table, stop = frame_table(clips), threading.Event()
    memory: dict[int, NDArray[np.intp]] = {}

    began = time.process_time()
    found = set(neighbours.neighbours(clips, table, like=None, stop=stop, memory=memory))
    all_s = time.process_time() - began
    began = time.process_time()
    one = neighbours.neighbours(clips, table, like=0, stop=stop, memory=memory)
    one_s = time.process_time() - began
    report = {
        "films": given.films,
        "frames": len(table.owner),
        "cpu_s": round(all_s, 2),
        "one_cpu_s": round(one_s, 3),
        "found": round(len(found & planted) / len(planted), 4),
        "strangers": len(found - planted),
        "one_found": (0, 1) in one,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
