"""A film as we hold it before it is encoded: frames, their rate and a soundtrack."""

import itertools
from dataclasses import dataclass

import numpy as np

from autodedup.engine.footage.grounds import Size
from autodedup.engine.footage.scenes import Frames, SceneKind, render_shot, talk
from autodedup.engine.footage.sound import SAMPLE_RATE, Sound, render_sound

EDITED: tuple[SceneKind, ...] = ("pan", "sprites", "pan", "card", "sprites", "talk")


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """Frames of (n, height, width, 3) uint8 RGB at `fps`, and mono sound at SAMPLE_RATE.

    All frames are in memory: ten seconds at 320 x 180 and 24 a second are 41 MB.
    """

    frames: Frames
    fps: int
    sound: Sound

    @property
    def seconds(self) -> float:
        """Return how long the pictures last."""
        return len(self.frames) / self.fps

    @property
    def size(self) -> Size:
        """Return width and height in pixels."""
        return self.frames.shape[2], self.frames.shape[1]


def render_film(
    seed: int,
    *,
    size: Size = (320, 180),
    seconds: float = 12.0,
    fps: int = 24,
    scenes: tuple[SceneKind, ...] = EDITED,
) -> Film:
    """Return a film cut from shots of two to four seconds, of the kinds in `scenes` by turns.

    The same seed gives the same shots at any size and rate; another seed shares none.
    """
    times = np.arange(round(seconds * fps)) / fps
    cuts = _cuts(seed, seconds)
    shots = []
    for number, (start, end) in enumerate(itertools.pairwise(cuts)):
        instants = times[(times >= start) & (times < end)] - start
        if len(instants):
            kind = scenes[number % len(scenes)]
            shots.append(render_shot(kind, (seed, number), size, instants))
    return Film(np.concatenate(shots), fps, render_sound((seed, 0), seconds))


def render_take(
    room: int, person: int, *, size: Size = (320, 180), seconds: float = 12.0, fps: int = 24
) -> Film:
    """Return one uncut take of `person` before the fixed camera of `room`."""
    instants = np.arange(round(seconds * fps)) / fps
    frames = talk(np.random.default_rng(room), np.random.default_rng(person), size, instants)
    return Film(frames, fps, render_sound((room, person), seconds))


def cut_out(film: Film, start: float, end: float) -> Film:
    """Return the seconds from `start` to `end`, to the nearest frame."""
    first, last = round(start * film.fps), round(end * film.fps)
    samples = slice(round(start * SAMPLE_RATE), round(end * SAMPLE_RATE))
    return Film(film.frames[first:last], film.fps, film.sound[samples])


def joined(*films: Film) -> Film:
    """Return films of one size and rate, one after the other.

    Raises:
        ValueError: They differ in size or rate.
    """
    if len({(film.size, film.fps) for film in films}) > 1:
        raise ValueError("only films of one size and one frame rate can be joined")
    frames = np.concatenate([film.frames for film in films])
    return Film(frames, films[0].fps, np.concatenate([film.sound for film in films]))


def _cuts(seed: int, seconds: float) -> list[float]:
    """Return the seconds at which shots begin, and the end of the last one."""
    rng = np.random.default_rng((seed, 1 << 16))
    cuts = [0.0]
    while cuts[-1] < seconds:
        cuts.append(cuts[-1] + float(rng.uniform(2, 4)))
    return cuts
