"""Laying the pictures of two films side by side to the frame, and measuring how they differ. Pure.

A stored match says when one film faces the other to about a tenth of a second. Here every frame
around that second is at hand, so the shift that brings all pairs closest together is found, and
each pair is the frames nearest to it.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.comparing.shown import luma_of, shown_long_enough, stretches_of
from autodedup.engine.match.looks import Look
from autodedup.engine.media.shots import Shots
from autodedup.engine.signature.perceptual import coefficients, hashes_of
from autodedup.engine.signature.views import TURNS, VIEWS, turned

_STEP_SECONDS = 0.01  # of the shifts that are tried
_SIDES: tuple[Literal["a", "b"], ...] = ("a", "b")
_EVERY_LOOK = tuple(
    Look(whole, view, turn)
    for whole in _SIDES
    for view in range(len(VIEWS))
    for turn in range(len(TURNS))
)


@dataclass(frozen=True, slots=True)
class Aligned:
    """One instant: the places of both pictures among their shots, and how far they are apart.

    `bits` differ of 256; `cosine` is given where the films were matched by their embeddings.
    """

    row: int
    file: int
    against: int
    bits: int
    cosine: float | None = None


@dataclass(frozen=True, slots=True)
class Laid:
    """Two films side by side; `shift` in seconds of the file."""

    shift: float
    view: str
    pairs: tuple[Aligned, ...]


def lay(file: Shots, against: Shots, expected: dict[int, float], view: str | None) -> Laid:
    """Return the pairs of pictures that show the same instant of the film.

    Args:
        file: Several shots a row.
        against: One shot a row.
        expected: For each row in which both face each other, the second of the file.
        view: The look under which they were found to match; None where they were not, and
            EMBEDDED_VIEW and the like where no look was needed for it.
    """
    rows = [row for row in expected if (against.rows == row).any() and (file.rows == row).any()]
    here = {row: int(np.flatnonzero(against.rows == row)[0]) for row in rows}
    there = {row: np.flatnonzero(file.rows == row) for row in rows}
    named = "full" if view is None else view
    looks = tuple(look for look in _EVERY_LOOK if look.name == named) or _EVERY_LOOK
    table = _distances(file, against, here, there, looks)
    look = min(looks, key=lambda one: sum(table[one][row].min() for row in rows)) if rows else None
    if look is None:
        return Laid(0.0, "full", ())
    residual = {row: file.times_seconds[there[row]] - expected[row] for row in rows}
    shift = _shift(residual, table[look]) if look.name == view else 0.0
    pairs = []
    for row in rows:
        nearest = int(np.abs(residual[row] - shift).argmin())
        place = int(there[row][nearest])
        pairs.append(Aligned(row, place, here[row], int(table[look][row][nearest])))
    return Laid(shift, look.name, tuple(pairs))


def _shift(residual: dict[int, NDArray[np.float64]], bits: dict[int, NDArray[np.int64]]) -> float:
    """Return the shift at which the nearest frames differ least; the smallest of the best."""
    reach = max(float(np.abs(times).max()) for times in residual.values())
    steps = int(reach / _STEP_SECONDS)
    best, least = 0.0, float("inf")
    for step in sorted(range(-steps, steps + 1), key=abs):
        shift = step * _STEP_SECONDS
        cost = sum(
            float(bits[row][np.abs(times - shift).argmin()]) for row, times in residual.items()
        )
        if cost < least:
            best, least = shift, cost
    return round(best, 2)


def _distances(
    file: Shots,
    against: Shots,
    here: dict[int, int],
    there: dict[int, NDArray[np.intp]],
    looks: tuple[Look, ...],
) -> dict[Look, dict[int, NDArray[np.int64]]]:
    a, b = _hashes(file), _hashes(against)
    return {
        look: {row: _bits(look, a[places], b[here[row]]) for row, places in there.items()}
        for look in looks
    }


def _bits(look: Look, a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return (N,): in how many bits the pictures of a differ from one of b, under a look.

    a is (N, V, 32), b (V, 32): the hashes of all views.
    """
    if look.whole == "a":
        apart = turned(a[:, 0], TURNS[look.turn]) ^ b[look.view]
    else:
        apart = a[:, look.view] ^ turned(b[0], TURNS[look.turn])
    bits: NDArray[np.int64] = np.bitwise_count(apart).sum(axis=-1, dtype=np.int64)
    return bits


def _hashes(shots: Shots) -> NDArray[np.uint8]:
    """Return (K, V, 32): the hashes of the pictures between their bars, as signatures have them."""
    shown, times = shown_long_enough(luma_of(shots.pictures))
    hashes = np.concatenate(
        [
            hashes_of(coefficients(shown[part.first : part.past, part.rows, part.columns]))
            for part in stretches_of(shown)
        ]
    )
    return hashes[::times]
