"""A few pictures spread over a film, for what it means rather than how it looks.

Meaning changes slowly: sixteen instants say what a film is about. Each is reached by seeking, so a
long film costs no more than a short one, and no decoder runs on for long.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from autodedup.engine.errors import FileError
from autodedup.engine.media.facts import MediaFacts
from autodedup.engine.media.formats import open_container, picture_stream
from autodedup.engine.media.frames import Progress
from autodedup.engine.media.probe import prepare

STILLS = 16
_MOST_DECODED = 40  # frames on from a keyframe; then what has come has to do
_USUAL_FRAME_SECONDS = 1 / 25


@dataclass(frozen=True, slots=True, eq=False)
class Stills:
    """Pictures of a film: its middle square, upright.

    times_seconds  (K,) float64, rising, from the first picture of the video
    pictures       (K, side, side, 3) uint8 RGB
    """

    times_seconds: NDArray[np.float64]
    pictures: NDArray[np.uint8]


def stills(file: FileIO, facts: MediaFacts, side: int, report: Progress) -> Stills:
    """Return up to `STILLS` different pictures of a film, evenly spread.

    Raises:
        FileError: DECODE_FAILED: no picture could be had.
    """
    taken: dict[float, NDArray[np.uint8]] = {}
    scaler = VideoReformatter()
    with open_container(file) as container:
        stream = picture_stream(container)
        prepare(stream)
        start = float((stream.start_time or 0) * (stream.time_base or 0))
        aspect = float(stream.sample_aspect_ratio or 1) or 1.0
        seconds = facts.duration_seconds or 0.0
        for number in range(STILLS):
            instant = (number + 0.5) / STILLS * seconds
            found = _reached(container, stream, start, instant)
            if found is not None:
                taken.setdefault(found[0], _square(scaler, found[1], aspect, side))
            report(float(number + 1))
            if not seconds:
                break
    if not taken:
        raise FileError("DECODE_FAILED", "None of its pictures could be decoded.")
    times = sorted(taken)
    return Stills(np.array(times), np.stack([taken[time] for time in times]))


def _reached(
    container: InputContainer, stream: VideoStream, start: float, instant: float
) -> tuple[float, VideoFrame] | None:
    """Return the frame at an instant, or the last that came before it, with its time."""
    rate = stream.average_rate
    frame_seconds = float(1 / rate) if rate else _USUAL_FRAME_SECONDS
    last: tuple[float, VideoFrame] | None = None
    try:
        if stream.time_base is not None:
            container.seek(int((start + instant) / stream.time_base), stream=stream)
        for number, frame in enumerate(_decoded(container, stream)):
            now = 0.0 if frame.time is None else max(0.0, frame.time - start)
            last = (now, frame)
            if now >= instant - frame_seconds / 2 or number >= _MOST_DECODED:
                break
    except (av.error.FFmpegError, MemoryError):
        pass  # a damaged stretch: what came before it is still a picture of the film
    return last


def _decoded(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    for packet in container.demux(stream):
        try:
            yield from (frame for frame in packet.decode() if isinstance(frame, VideoFrame))
        except av.error.InvalidDataError:
            continue


def _square(
    scaler: VideoReformatter, frame: VideoFrame, aspect: float, side: int
) -> NDArray[np.uint8]:
    """Scale a frame so that its shorter side fits, cut the middle square and turn it upright."""
    shown_width = frame.width * aspect
    scale = side / min(shown_width, frame.height)
    width, height = max(side, round(shown_width * scale)), max(side, round(frame.height * scale))
    longest = 8 * side  # of a strip: what is cut away need not be made first
    small = scaler.reformat(
        frame, min(width, longest), min(height, longest), "rgb24", interpolation="AREA", threads=1
    ).to_ndarray()
    top, left = (small.shape[0] - side) // 2, (small.shape[1] - side) // 2
    square = small[top : top + side, left : left + side]
    return np.ascontiguousarray(np.rot90(square, frame.rotation % 360 // 90))
