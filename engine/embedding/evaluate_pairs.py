"""How many pairs of films that show the same are found at one frame a second: network beside hash.

    python -m autodedup.engine.embedding.evaluate_pairs FOLDER/truth.json

`truth.json` lists the films: `path` and `source`; films of one source, and only these, show the
same. Two films are taken for a pair when frames agree on one line of time: at least three of them,
and two in five of those that the line puts side by side, which must be half of the shorter film.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.embedding.calibration import VIEWS, WHOLE
from autodedup.engine.embedding.evaluate import METHODS, Looks, looked_at
from autodedup.engine.embedding.runtime import CopyModel, load_model
from autodedup.engine.embedding.samples import every_second

_SPEEDS: Final = (1.0, 1.1, 1 / 1.1)
_LEAST_FRAMES: Final = 3
_LEAST_SHARE: Final = 0.4
_LEAST_OVERLAP: Final = 0.5  # of the shorter film; of three frames, three soon agree by chance
_LEEWAY: Final = 0.75  # seconds beside the line within which a frame may agree
_HASH_BITS: Final = (60, 50, 40)

Table = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Counted:
    """Pairs found by one method at one threshold, of `true` ones, and false ones."""

    method: str
    threshold: float
    found: int
    true: int
    false: int


def agree(table: NDArray[np.bool_]) -> bool:
    """Say whether frames of (A, B) seconds agree on some line `b = speed * a + offset`."""
    rows, columns = np.nonzero(table)
    if len(np.unique(rows)) < _LEAST_FRAMES:
        return False
    for speed in _SPEEDS:
        shifts = columns - speed * rows
        for offset in np.unique(np.rint(shifts)):
            on = np.abs(shifts - offset) <= _LEEWAY
            agreeing = min(len(np.unique(rows[on])), len(np.unique(columns[on])))
            along = speed * np.arange(table.shape[0]) + offset
            common = int(((along > -0.5) & (along < table.shape[1] - 0.5)).sum())  # noqa: PLR2004
            enough = common >= _LEAST_OVERLAP * min(table.shape)
            if enough and agreeing >= max(_LEAST_FRAMES, _LEAST_SHARE * common):
                return True
    return False


def count(
    films: Sequence[tuple[str, Looks]],
    method: str,
    compare: Callable[[Looks, Looks], Table],
    thresholds: Sequence[float],
) -> list[Counted]:
    """Compare every film with every other; films are given as (source, what is kept of them)."""
    found, false, true = ([0] * len(thresholds) for _ in range(3))
    for (source, one), (other_source, other) in combinations(films, 2):
        table = compare(one, other)
        table[~one.shown] = table[:, ~other.shown] = -1
        for number, threshold in enumerate(thresholds):
            same = source == other_source
            true[number] += same
            if agree(table > threshold):
                found[number] += same
                false[number] += not same
    return [
        Counted(method, threshold, *numbers)
        for threshold, *numbers in zip(thresholds, found, true, false, strict=True)
    ]


def films_of(truth: Path, model: CopyModel) -> list[tuple[str, Looks]]:
    """Return the films that `truth` lists, without those that cannot be read."""
    films = []
    for entry in json.loads(truth.read_text(encoding="utf-8")):
        path = Path(entry["path"])
        frames = every_second(path if path.is_absolute() else truth.parent / path)
        if len(frames):
            films.append((entry["source"], looked_at([frames], model)))
    return films


def table(counted: Sequence[Counted]) -> str:
    """Return Markdown."""
    head = "| compared by | alike from | pairs found | of | false pairs |\n|---|---|---|---|---|\n"
    return head + "".join(
        f"| {each.method} | {each.threshold:.2f} | {each.found / each.true:.3f} | {each.true} | "
        f"{each.false} |\n"
        for each in counted
    )


def main() -> None:
    """Read the command line, measure, and print a table."""
    parser = argparse.ArgumentParser(description="Measure pairs of films at one frame a second.")
    parser.add_argument("truth", type=Path, help="JSON list of {path, source}")
    given = parser.parse_args()
    films = films_of(given.truth, load_model())
    bits = [1 - 2 * number / 256 for number in _HASH_BITS]
    scales = {
        "network, whole": list(WHOLE.values()),
        "network, all views": list(VIEWS.values()),
        "hash": bits,
        "hash, all views": bits,
    }
    sys.stdout.write(f"{len(films)} films\n\n")
    counted = [
        each
        for method, thresholds in scales.items()
        for each in count(films, method, METHODS[method], thresholds)
    ]
    sys.stdout.write(table(counted))


if __name__ == "__main__":
    main()
