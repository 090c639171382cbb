"""Decoding on the CPU with FFmpeg's libraries (PyAV): the moments of one film, one thread.

What makes it cheap: frames that nothing refers to and the loop filter are skipped on a dense
pass, packets between keyframes are never handed to the decoder on a keyframe pass, and a frame
that is not nearest to a moment is dropped before it is scaled.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import FileIO
from typing import Literal

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from autodedup.engine.embedding.shapes import shape_of
from autodedup.engine.errors import FileError
from autodedup.engine.media import moments
from autodedup.engine.media.facts import MediaFacts
from autodedup.engine.media.formats import BARE_STREAMS, open_container, picture_stream, said
from autodedup.engine.media.frames import Look, Progress, small_size
from autodedup.engine.media.probe import prepare
from autodedup.engine.signature.model import ANCHORS

_Gate = Callable[["Packet[VideoStream]"], bool]
_USUAL_FRAME_SECONDS = 1 / 25
_MOST_DECODED = 250_000  # frames of one pass; two hours at 30 a second
_EXACT_WITHIN = 900  # frames from a keyframe to an exact moment before it is given up
# Frames a step. Without unreferenced frames every second one or so remains, without bidirectional
# ones every second to fourth: the nearest is then within a twelfth of a second.
_SKIP_UNREFERENCED_FROM = 3
_SKIP_BIDIRECTIONAL_FROM = 6
# Later codecs call nearly every frame bidirectional. So may an odd encoder of these: a film in
# which a step passes without a frame is decoded more fully from there on.
_SPARING_WITH_BIDIRECTIONAL = frozenset({"h264", "mpeg4", "mpeg2video", "mpeg1video"})


class SoftwareSource:
    """Looks at films with the CPU."""

    def look(
        self, file: FileIO, facts: MediaFacts, report: Progress, *, colour: bool = False
    ) -> Look:
        """Decode the moments of a film: densely or by keyframes, as `moments` decides.

        Raises:
            FileError: DECODE_FAILED: no picture could be had; NOT_MEDIA and the like where the
                file cannot even be opened a second time.
        """
        claimed = facts.duration_seconds
        film = _Film(file, facts, report, colour=colour)
        if moments.looked_at_densely(claimed):
            seen = film.densely(claimed or 0.0, until=2 * moments.DENSE_SECONDS)
            if seen.ended:
                return seen.look()
        seen = film.by_keyframes(claimed)
        last = max(seen.times, default=0.0)
        if moments.too_thinly_keyed(len(seen.times), last, claimed):
            return film.densely(max(last, seen.seconds), moments.DENSE_THIN_SECONDS).look()
        film.add_exact(seen, [share * seen.seconds for share in ANCHORS])
        return seen.look()


@dataclass(slots=True)
class _Seen:
    """What one pass has gathered so far."""

    clock: moments.Clock
    times: list[float] = field(default_factory=list)
    pictures: list[NDArray[np.uint8]] = field(default_factory=list)
    colours: list[NDArray[np.uint8]] = field(default_factory=list)
    seconds: float = 0.0
    damage: int = 0
    first_stamp: float = 0.0
    last_stamp: float = 0.0
    ended: bool = False
    stopped: str | None = None

    def look(self) -> Look:
        if not self.pictures:
            raise FileError("DECODE_FAILED", "None of its pictures could be decoded.")
        notes = [f"{self.damage} damaged packets skipped"] if self.damage else []
        notes += [self.stopped] if self.stopped else []
        order = np.argsort(np.array(self.times), kind="stable")
        return Look(
            times_seconds=np.array(self.times, dtype=np.float64)[order],
            pictures=np.stack(self.pictures)[order],
            seen_seconds=self.seconds,
            notes=tuple(notes),
            colours=np.stack(self.colours)[order] if self.colours else None,
        )


class _Film:
    """One file, looked at in one or more passes, each from a newly opened container."""

    def __init__(self, file: FileIO, facts: MediaFacts, report: Progress, *, colour: bool) -> None:
        self._file = file
        self._report = report
        rate = facts.frames_per_second
        self._frame_seconds = 1 / rate if rate else _USUAL_FRAME_SECONDS
        self._size = small_size(facts.width, facts.height)
        self._colour_shape = shape_of(facts.width, facts.height)
        self._scaler = VideoReformatter()  # one a format: each keeps the tables of its last call
        self._colour_scaler = VideoReformatter() if colour else None

    def densely(self, claimed: float, until: float) -> _Seen:
        """Look at the instants of the grid; again, finer, if the claim was far too long."""
        step = moments.grid_step(claimed)
        seen = self._dense_pass(step, claimed, until)
        if moments.step_was_too_coarse(step, seen.seconds):
            return self._dense_pass(moments.grid_step(seen.seconds), seen.seconds, until)
        return seen

    def by_keyframes(self, claimed: float | None) -> _Seen:
        """Look at the keyframes, at most one in a window that bounds their number."""
        window = moments.keyframe_window(claimed)
        seen = _Seen(moments.Clock(self._frame_seconds))
        with self._opened() as (container, stream):
            # Where the demuxer has an index it does not even read what lies between.
            stream.discard = Discard.nonkey
            for frame in self._frames(container, stream, seen, _KeyframeGate(stream, window)):
                self._keep(seen, seen.clock.seconds(claimed_stamp(container, frame)), frame)
                if len(seen.pictures) >= moments.MOST_FRAMES:
                    seen.stopped = f"looked at up to {seen.seconds:.0f} s"
                    break
        # The last keyframe is not the end: the claim says more, if it is not absurd.
        if claimed and seen.seconds < claimed < 2 * seen.seconds + moments.THIN_SECONDS:
            seen.seconds = claimed
        return seen

    def add_exact(self, seen: _Seen, instants: list[float]) -> None:
        """Add the frames nearest to some instants, by seeking to the keyframe before each."""
        with self._opened() as (container, stream):
            for instant in instants:
                try:
                    self._add_exact(seen, container, stream, instant)
                except av.error.FFmpegError as error:
                    seen.stopped = f"no seeking in this file ({said(error)})"
                    return

    def _add_exact(
        self, seen: _Seen, container: InputContainer, stream: VideoStream, instant: float
    ) -> None:
        target = seen.first_stamp + instant
        if stream.time_base is None:
            return
        container.seek(int(target / stream.time_base), stream=stream)
        stream.codec_context.skip_frame = "NONREF"
        for number, frame in enumerate(self._frames(container, stream, seen, _everything)):
            stamp = claimed_stamp(container, frame)
            if stamp is None or number > _EXACT_WITHIN:
                return
            if stamp >= target - self._frame_seconds / 2:
                self._keep(seen, max(0.0, stamp - seen.first_stamp), frame)
                return

    def _dense_pass(self, step: float, claimed: float, until: float) -> _Seen:
        grid = moments.Grid(step, tuple(share * claimed for share in ANCHORS if claimed))
        seen = _Seen(moments.Clock(self._frame_seconds))
        with self._opened() as (container, stream):
            if container.format.name not in BARE_STREAMS:
                # Bare streams have no timestamps: frames are counted, so none may be missing.
                stream.codec_context.skip_frame = self._skipped(step, stream.codec_context.name)
            gate = (
                _IntraGate(stream, step) if stream.codec_context.codec.intra_only else _everything
            )
            before: tuple[float, VideoFrame] | None = None
            for frame in self._frames(container, stream, seen, gate):
                now = seen.clock.seconds(claimed_stamp(container, frame))
                if before and now - before[0] > step and stream.codec_context.skip_frame == "BIDIR":
                    stream.codec_context.skip_frame = "NONREF"
                take_before, take_now = grid.nearest(before[0] if before else None, now)
                if before and take_before and before[0] not in seen.times[-1:]:
                    self._keep(seen, *before)
                if take_now:
                    self._keep(seen, now, frame)
                before = (now, frame)
                seen.seconds = now + self._frame_seconds
                grid = _thinned(seen, grid)
                if now > until:
                    seen.stopped = f"looked at up to {now:.0f} s"
                    return seen
        seen.ended = True
        # The last frames may have been skipped, but their packets were met.
        if 0 < seen.last_stamp - seen.first_stamp - seen.seconds < step:
            seen.seconds = seen.last_stamp - seen.first_stamp
        return seen

    def _skipped(self, step: float, codec: str) -> Literal["DEFAULT", "NONREF", "BIDIR"]:
        """Return which frames a dense pass can do without, and still come near every instant."""
        frames = step / self._frame_seconds
        if frames < _SKIP_UNREFERENCED_FROM:
            return "DEFAULT"
        if frames < _SKIP_BIDIRECTIONAL_FROM or codec not in _SPARING_WITH_BIDIRECTIONAL:
            return "NONREF"
        return "BIDIR"

    @contextmanager
    def _opened(self) -> Iterator[tuple[InputContainer, VideoStream]]:
        with open_container(self._file) as container:
            stream = picture_stream(container)
            prepare(stream)
            yield container, stream

    def _frames(
        self, container: InputContainer, stream: VideoStream, seen: _Seen, gate: _Gate
    ) -> Iterator[VideoFrame]:
        """Decode the packets that the gate lets through, whatever befalls some of them."""
        decoded = 0
        try:
            for packet in container.demux(stream):
                if packet.pts is not None and packet.time_base:
                    end = float((packet.pts + (packet.duration or 0)) * packet.time_base)
                    seen.last_stamp = max(seen.last_stamp, end)
                if packet.size and not gate(packet):
                    self._report(seen.seconds)
                    continue
                for frame in _decoded(packet, seen):
                    if not decoded and not seen.pictures:
                        seen.first_stamp = claimed_stamp(container, frame) or 0.0
                    decoded += 1
                    self._report(seen.seconds)
                    yield frame
                if decoded > _MOST_DECODED:
                    seen.stopped = f"looked at the first {decoded} frames"
                    return
        except IndexError:
            # PyAV knows the streams that were there when it opened the file; a recording that was
            # joined from two may get another on the way.
            seen.stopped = f"another stream begins after {seen.seconds:.1f} s"
        except (av.error.FFmpegError, MemoryError) as error:
            if isinstance(error, av.error.EOFError):
                return
            seen.stopped = f"the file breaks off after {seen.seconds:.1f} s ({said(error)})"

    def _keep(self, seen: _Seen, now: float, frame: VideoFrame) -> None:
        """Scale a frame down to the small pictures, turn them upright and keep them."""
        turns = frame.rotation % 360 // 90
        width, height = self._size if turns % 2 == 0 else self._size[::-1]
        try:
            small = self._scaler.reformat(
                frame, width=width, height=height, format="gray", interpolation="AREA", threads=1
            )
        except av.error.FFmpegError:  # a damaged stream may change to a format nothing converts
            seen.damage += 1
            return
        seen.times.append(now)
        seen.pictures.append(np.ascontiguousarray(np.rot90(small.to_ndarray(), turns)))
        if self._colour_scaler is not None:
            tall, wide = self._colour_shape if turns % 2 == 0 else self._colour_shape[::-1]
            colour = self._colour_scaler.reformat(
                frame, wide, tall, "rgb24", interpolation="AREA", threads=1
            )
            seen.colours.append(np.ascontiguousarray(np.rot90(colour.to_ndarray(), turns)))
        seen.seconds = max(seen.seconds, now + self._frame_seconds)


def _decoded(packet: "Packet[VideoStream]", seen: _Seen) -> list[VideoFrame]:
    try:
        return [frame for frame in packet.decode() if isinstance(frame, VideoFrame)]
    except av.error.EOFError:
        return []
    except (av.error.FFmpegError, MemoryError):
        # Also healthy files get here: FFmpeg calls an empty packet of Theora, which repeats
        # the frame before, invalid.
        seen.damage += packet.size > 0
        return []


def claimed_stamp(container: InputContainer, frame: VideoFrame) -> float | None:
    """Return a frame's own claim of its time in seconds, None where it makes none.

    AVI knows only the order of decoding, from which FFmpeg guesses presentation times that go
    back and forth; the decoding times come out in order.
    """
    stamp = frame.dts if container.format.name == "avi" or frame.pts is None else frame.pts
    return None if stamp is None or not frame.time_base else float(stamp * frame.time_base)


def _thinned(seen: _Seen, grid: moments.Grid) -> moments.Grid:
    """Go over to the next coarser grid when there are too many frames, and let go of the rest."""
    if len(seen.times) <= 2 * moments.FRAMES_AIMED_AT:
        return grid
    coarser = grid.coarser()
    if coarser is None:
        return grid
    keep = [coarser.holds(time, grid.step / 2) for time in seen.times]
    seen.times = [time for time, kept in zip(seen.times, keep, strict=True) if kept]
    seen.pictures = [p for p, kept in zip(seen.pictures, keep, strict=True) if kept]
    if seen.colours:
        seen.colours = [p for p, kept in zip(seen.colours, keep, strict=True) if kept]
    return coarser


def _everything(_packet: "Packet[VideoStream]") -> bool:
    return True


class _KeyframeGate:
    """Lets one keyframe through in each window of time."""

    def __init__(self, stream: VideoStream, window: float) -> None:
        self._tick = float(stream.time_base or 0)
        self._window = window
        self._last: float | None = None

    def __call__(self, packet: "Packet[VideoStream]") -> bool:
        if not packet.is_keyframe:
            return False
        stamp = packet.dts if packet.pts is None else packet.pts
        if stamp is None or not self._window:
            return True
        place = stamp * self._tick // self._window
        first = place != self._last
        self._last = place
        return first


class _IntraGate:
    """Lets the packets around every instant through, of a codec in which each stands alone."""

    def __init__(self, stream: VideoStream, step: float) -> None:
        self._tick = float(stream.time_base or 0)
        self._step = step
        self._first: float | None = None
        self._next = 0.0

    def __call__(self, packet: "Packet[VideoStream]") -> bool:
        stamp = packet.dts if packet.pts is None else packet.pts
        if stamp is None:
            return True
        seconds = stamp * self._tick
        if self._first is None or seconds < self._first:
            self._first = seconds
        seconds -= self._first
        if seconds < self._next:
            return False
        self._next = (seconds // self._step + 1) * self._step
        return True
