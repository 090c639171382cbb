"""What people do to a film in time: each takes a film and returns a new one, sound included."""

import numpy as np

from autodedup.engine.footage.film import Film, cut_out, joined
from autodedup.engine.footage.sound import Sound


def trimmed(film: Film, start: float, end: float) -> Film:
    """Keep the seconds from `start` to `end`."""
    return cut_out(film, start, end)


def sped_up(film: Film, speed: float) -> Film:
    """Play faster (above 1) or slower, at the same frame rate; the pitch goes with it."""
    count = round(len(film.frames) / speed)
    picks = np.minimum((np.arange(count) * speed).round().astype(int), len(film.frames) - 1)
    return Film(film.frames[picks], film.fps, _stretched(film.sound, 1 / speed))


def at_rate(film: Film, fps: int) -> Film:
    """Show the same seconds at another frame rate, by leaving frames out or repeating them."""
    count = round(film.seconds * fps)
    picks = np.minimum((np.arange(count) * film.fps / fps).astype(int), len(film.frames) - 1)
    return Film(film.frames[picks], fps, film.sound)


def played_at(film: Film, fps: int) -> Film:
    """Play the same frames at another rate, as cinema film is at 25 a second on television."""
    return Film(film.frames, fps, _stretched(film.sound, film.fps / fps))


def looped(film: Film, times: int) -> Film:
    """Repeat the film."""
    return joined(*[film] * times)


def backwards(film: Film) -> Film:
    """Play from the end to the start: another film to a matcher, for nothing happens in order."""
    return Film(film.frames[::-1], film.fps, film.sound[::-1])


def _stretched(sound: Sound, factor: float) -> Sound:
    """Return the sound `factor` times as long, by linear interpolation."""
    if not len(sound):
        return sound
    at = np.arange(round(len(sound) * factor)) / factor
    return np.interp(at, np.arange(len(sound)), sound).astype(np.int16)
