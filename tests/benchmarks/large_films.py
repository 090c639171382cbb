"""Films for measuring: short clips and a few with very large pictures, written by PyAV."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

RATE = 25
TEXTURE = 512  # pixels a side of what is tiled


@dataclass(frozen=True, slots=True)
class Made:
    """One film to make: pictures of this size, that many, in this codec."""

    name: str
    width: int
    height: int
    frames: int
    encoder: str = "libx264"


LARGE = (
    Made("8k h264.mp4", 7680, 4320, 75),
    Made("4k h264.mp4", 3840, 2160, 100),
    Made("4k hevc.mp4", 3840, 2160, 50, "libx265"),
    Made("long 1080p.mp4", 1920, 1080, 25 * 130),
)


def clips(count: int, seconds: int = 10) -> tuple[Made, ...]:
    """Return clips of the size that a library is full of."""
    return tuple(Made(f"clip {n:03d}.mp4", 640, 360, RATE * seconds) for n in range(count))


def make(folder: Path, films: tuple[Made, ...]) -> None:
    """Write the films below a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, film in enumerate(films):
        _write(folder / film.name, film, number)


def _write(path: Path, film: Made, seed: int) -> None:
    texture = _texture(seed)
    rows, columns = -(-film.height // TEXTURE) + 1, -(-film.width // TEXTURE) + 1
    wide = np.tile(texture, (rows, columns))
    options = {"preset": "ultrafast"}
    if film.encoder == "libx265":
        options["x265-params"] = "log-level=none"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(film.encoder, rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = film.width, film.height, "yuv420p"
        stream.codec_context.gop_size = RATE * 2
        for n in range(film.frames):
            picture = np.full((film.height * 3 // 2, film.width), 128, dtype=np.uint8)
            across, down = 5 * n % TEXTURE, 3 * (n // (3 * RATE)) * 40 % TEXTURE
            picture[: film.height] = wide[down : down + film.height, across : across + film.width]
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts, frame.time_base = n, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _texture(seed: int) -> NDArray[np.uint8]:
    """Return soft blotches of grey: a picture that has a hash and does not cost a fortune."""
    chance = np.random.default_rng(seed)
    coarse = chance.integers(16, 235, (9, 9)).astype(np.float64)
    coarse[-1], coarse[:, -1] = coarse[0], coarse[:, 0]  # so that tiles join
    at = np.linspace(0, 8, TEXTURE, endpoint=False)
    low, share = at.astype(int), at - at.astype(int)
    rows = coarse[low] * (1 - share)[:, None] + coarse[low + 1] * share[:, None]
    both = rows[:, low] * (1 - share) + rows[:, low + 1] * share
    return both.astype(np.uint8)
