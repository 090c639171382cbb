"""Seeded notes: a soundtrack that is different for every film and the same for every render."""

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.int16]  # (samples,), mono at SAMPLE_RATE

SAMPLE_RATE = 48_000  # samples a second; the only rate that AAC and Opus both take
_SCALE = np.array([0, 2, 3, 5, 7, 8, 10])  # natural minor, in semitones
_NOTE_SECONDS = 0.25


def render_sound(seed: tuple[int, ...], seconds: float) -> Sound:
    """Return `seconds` of plucked notes, four a second, at about -10 dB of full scale."""
    rng = np.random.default_rng(seed)
    samples = round(seconds * SAMPLE_RATE)
    length = round(_NOTE_SECONDS * SAMPLE_RATE)
    notes = -(-samples // length)
    pitches = 110.0 * 2 ** ((rng.choice(_SCALE, notes) + 12 * rng.integers(0, 3, notes)) / 12)
    at = np.arange(length) / SAMPLE_RATE
    # The attack of 5 ms keeps one note from clicking into the next.
    envelope = np.minimum(at / 0.005, 1) * np.exp(-9 * at)
    angles = 2 * np.pi * pitches[:, None] * at[None, :]
    waves = (np.sin(angles) + 0.4 * np.sin(2 * angles) + 0.2 * np.sin(3 * angles)) * envelope
    sound: Sound = (waves.ravel()[:samples] * 6000).astype(np.int16)
    return sound
