"""Films written in odd ways, and which picture of the film each picture of a file is."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image

from autodedup.engine.footage.film import Film
from autodedup.engine.media.facts import MediaFacts
from autodedup.engine.media.frames import Look
from autodedup.engine.media.probe import probe
from autodedup.engine.media.reading import opened
from autodedup.engine.media.software import SoftwareSource

TICK = Fraction(1, 90_000)
_QUIET = {"libx265": {"x265-params": "log-level=none:pools=none:frame-threads=1"}}


def written(
    path: Path,
    frames: Sequence[NDArray[np.uint8]] | NDArray[np.uint8],
    *,
    seconds: Sequence[float] | None = None,
    fps: int = 24,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    options: dict[str, str] | None = None,
    container: str | None = None,
    tick: Fraction = TICK,
    set_up: Callable[[VideoStream], None] = lambda _: None,
) -> Path:
    """Write RGB frames, each at its time where `seconds` says so, and return the path."""
    with av.open(str(path), "w", format=container) as made:
        stream = made.add_stream(codec, rate=fps, options=options or _QUIET.get(codec, {}))
        stream.pix_fmt = pixels
        stream.height, stream.width = frames[0].shape[:2]
        stream.time_base = stream.codec_context.time_base = tick
        set_up(stream)
        for number, shown in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(shown), format="rgb24")
            frame = frame.reformat(format=pixels)
            frame.pts = round((seconds[number] if seconds else number / fps) / tick)
            frame.time_base = tick  # the stream's own becomes the container's
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    return path


def looked_at(path: Path) -> tuple[MediaFacts, Look]:
    """Return what a file says it is, and what was seen in it."""
    with opened(str(path)) as file:
        facts = probe(file)
        return facts, SoftwareSource().look(file, facts, lambda _: None)


def recognised(look: Look, film: Film) -> NDArray[np.intp]:
    """Return for each picture that was seen the number of the film's frame that it shows."""
    height, width = look.pictures.shape[1:]
    small = [Image.fromarray(frame).convert("L").resize((width, height)) for frame in film.frames]
    known = np.stack([np.asarray(picture, dtype=np.int16) for picture in small])
    return np.array([np.abs(known - seen).mean(axis=(1, 2)).argmin() for seen in look.pictures])


def shows_in_time(look: Look, film: Film, *, first: int = 0, within: float = 1.01) -> bool:
    """Say whether every picture is the frame of its time, `within` frames, counted from `first`."""
    due = first + look.times_seconds * film.fps
    return bool((np.abs(recognised(look, film) - due) <= within).all())
