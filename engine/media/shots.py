"""The pictures of a film around given instants, for eyes and for comparing frame with frame.

Unlike a signature's moments these are chosen by the asker, and come in colour and as large as a
contact sheet shows them. Around an instant several frames are given, so that whoever lays two
films side by side can find the one that belongs to the other film's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
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
from autodedup.engine.media.formats import BARE_STREAMS, open_container, picture_stream
from autodedup.engine.media.frames import Progress
from autodedup.engine.media.moments import Clock
from autodedup.engine.media.probe import prepare
from autodedup.engine.media.software import claimed_stamp

MOST_WIDE = 640  # pixels of the longer side of a picture
_FROM_START_SECONDS = 20.0  # up to here it is cheaper to decode on than to seek
_MOST_DECODED = 900  # frames on from a keyframe to an instant before it is given up
_MOST_FROM_START = 20_000  # frames of a film that can only be read from its start
_FARTHEST_SECONDS = 1.0  # a frame further away than this is not the one that was asked for
_ALL_FRAMES_SECONDS = 1.0  # before an instant, frames that nothing refers to are decoded too
_USUAL_FRAME_SECONDS = 1 / 25


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which pictures: of each instant those within `reach` seconds, `most` of them at most.

    `wide` is the longer side of a picture in pixels; a picture is never enlarged. An instant
    without a frame within reach gets its nearest one.
    """

    instants: tuple[float, ...]
    reach: float = 0.0
    most: int = 1
    wide: int = 320


@dataclass(frozen=True, slots=True, eq=False)
class Shots:
    """Pictures of a film, upright, in the order of their instants and times.

    rows           (K,) which of the wanted instants each is for
    times_seconds  (K,) float64, from the first picture of the film
    pictures       (K, H, W, 3) uint8 RGB, of the displayed shape
    """

    rows: NDArray[np.intp]
    times_seconds: NDArray[np.float64]
    pictures: NDArray[np.uint8]


def shots(file: FileIO, facts: MediaFacts, wanted: Wanted, report: Progress) -> Shots:
    """Return the pictures around the wanted instants that the film has.

    Raises:
        FileError: DECODE_FAILED: it has none of them.
    """
    gathering = [_Row(instant, wanted) for instant in wanted.instants]
    film = _Film(file, facts, wanted, report)
    film.take(gathering)
    found = [
        (number, time, picture)
        for number, row in enumerate(gathering)
        for time, picture in sorted(row.nearest().items())
    ]
    if not found:
        raise FileError("DECODE_FAILED", "None of the pictures asked for could be decoded.")
    return Shots(
        rows=np.array([number for number, _, _ in found], dtype=np.intp),
        times_seconds=np.array([time for _, time, _ in found], dtype=np.float64),
        pictures=np.stack([picture for _, _, picture in found]),
    )


@dataclass(slots=True)
class _Row:
    """What was found around one instant."""

    instant: float
    wanted: Wanted
    found: dict[float, NDArray[np.uint8]] = field(default_factory=dict)

    @property
    def begins(self) -> float:
        return self.instant - self.wanted.reach

    @property
    def ends(self) -> float:
        return self.instant + self.wanted.reach

    def nearest(self) -> dict[float, NDArray[np.uint8]]:
        """Return the pictures that were wanted, by their times."""
        near = sorted(self.found, key=lambda time: abs(time - self.instant))
        within = [time for time in near if abs(time - self.instant) <= self.wanted.reach]
        if not within:
            within = [time for time in near[:1] if abs(time - self.instant) <= _FARTHEST_SECONDS]
        return {time: self.found[time] for time in within[: self.wanted.most]}


class _Film:
    def __init__(self, file: FileIO, facts: MediaFacts, wanted: Wanted, report: Progress) -> None:
        self._file, self._facts, self._report = file, facts, report
        scale = min(1.0, wanted.wide / max(facts.width, facts.height))
        self._size = max(2, round(facts.width * scale)), max(2, round(facts.height * scale))
        self._scaler = VideoReformatter()
        self._passed = 0.0

    def take(self, rows: Sequence[_Row]) -> None:
        """Fill the rows, by seeking where that is cheaper and possible."""
        with open_container(self._file) as container:
            stream = picture_stream(container)
            prepare(stream, for_eyes=True)
            last = max((row.ends for row in rows), default=0.0)
            if last > _FROM_START_SECONDS and container.format.name not in BARE_STREAMS:
                self._by_seeking(container, stream, rows)
                if any(row.found for row in rows):
                    return
        self._from_start(rows)

    def _by_seeking(
        self, container: InputContainer, stream: VideoStream, rows: Sequence[_Row]
    ) -> None:
        tick = float(stream.time_base or 0)
        first = next(self._frames(container, stream), None)
        start = 0.0 if first is None else claimed_stamp(container, first) or 0.0
        if not tick:
            return
        for row in rows:
            try:
                container.seek(int((start + max(0.0, row.begins)) / tick), stream=stream)
            except av.error.FFmpegError:
                return
            due = (start + row.begins - _ALL_FRAMES_SECONDS) / tick
            stamped = (
                (stamp - start, frame)
                for frame in self._frames(container, stream, due)
                if (stamp := claimed_stamp(container, frame)) is not None
            )
            self._fill([row], stamped, _MOST_DECODED)

    def _from_start(self, rows: Sequence[_Row]) -> None:
        with open_container(self._file) as container:
            stream = picture_stream(container)
            prepare(stream, for_eyes=True)
            rate = self._facts.frames_per_second
            clock = Clock(1 / rate if rate else _USUAL_FRAME_SECONDS)
            timed = (
                (clock.seconds(claimed_stamp(container, frame)), frame)
                for frame in self._frames(container, stream)
            )
            self._fill(rows, timed, _MOST_FROM_START)

    def _fill(
        self, rows: Sequence[_Row], frames: Iterator[tuple[float, VideoFrame]], most: int
    ) -> None:
        before: tuple[float, VideoFrame] | None = None
        end = max((row.ends for row in rows), default=0.0)
        for number, (now, frame) in enumerate(frames):
            for row in rows:
                if row.begins <= now <= row.ends:
                    self._put(row, now, frame)
                elif now > row.ends and (before is None or before[0] <= row.ends):
                    # Nothing may lie within reach: the frames on both sides are the nearest.
                    if not row.found and before is not None:
                        self._put(row, *before)
                    self._put(row, now, frame)
            before = (now, frame)
            if now > end or number >= most:
                return
        for row in rows:
            if not row.found and before is not None:
                self._put(row, *before)

    def _put(self, row: _Row, now: float, frame: VideoFrame) -> None:
        turns = frame.rotation % 360 // 90
        width, height = self._size if turns % 2 == 0 else self._size[::-1]
        small = self._scaler.reformat(
            frame, width=width, height=height, format="rgb24", interpolation="AREA", threads=1
        )
        row.found[now] = np.ascontiguousarray(np.rot90(small.to_ndarray(), turns))

    def _frames(
        self, container: InputContainer, stream: VideoStream, due: float = 0.0
    ) -> Iterator[VideoFrame]:
        """Decode, passing lightly over what lies before `due` (in ticks) and over damage."""
        try:
            for packet in container.demux(stream):
                early = packet.pts is not None and packet.pts < due
                stream.codec_context.skip_frame = "NONREF" if early else "DEFAULT"
                try:
                    decoded = packet.decode()
                except av.error.EOFError:
                    return
                except (av.error.FFmpegError, MemoryError):
                    continue
                for frame in decoded:
                    self._passed += 1
                    self._report(self._passed)
                    yield frame
        except (av.error.FFmpegError, MemoryError):
            return
