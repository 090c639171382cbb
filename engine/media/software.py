"""Decoding on the CPU with FFmpeg's libraries (PyAV): the moments of one film, one thread.

What makes it cheap: frames that nothing refers to and the loop filter are skipped on a dense
pass, packets between keyframes are never handed to the decoder on a keyframe pass, and a frame
that is not nearest to a moment is dropped before it is scaled.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from io import FileIO

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
from autodedup.engine.media.formats import (
    BARE_STREAMS,
    TIMES_MADE_UP,
    codec_of,
    open_container,
    picture_stream,
    said,
)
from autodedup.engine.media.frames import Look, Progress, small_size
from autodedup.engine.media.packets import (
    Approach,
    Gate,
    IntraGate,
    KeyframeGate,
    Packets,
    Skip,
    everything,
    without_tails,
)
from autodedup.engine.media.probe import prepare
from autodedup.engine.signature.model import ANCHORS

_USUAL_FRAME_SECONDS = 1 / 25
_MOST_DECODED = 250_000  # frames of one pass; two hours at 30 a second
_EXACT_WITHIN = 900  # frames from a keyframe to an exact moment before it is given up
_CLOSE_SECONDS = 0.5  # before an exact moment, frames are no longer spared
# Frames a step. Without unreferenced frames every second one or so remains, without bidirectional
# ones every second to fourth: the nearest is then within a twelfth of a second.
_SKIP_UNREFERENCED_FROM = 1.5
_SKIP_BIDIRECTIONAL_FROM = 5.9  # a quarter of a second of 23.976
# Steps without a frame; a film with fewer frames than it claims, or many bidirectional in a row.
_SPARE_NOTHING_FROM = 2.0
# Seconds a step: of shorter films all is looked at, and of coarser grids every instant is needed.
_TAILS_SKIPPED_FROM, _TAILS_SKIPPED_TO = 1 / 4, 1 / 2
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
            gate = KeyframeGate(stream, window)
            for frame in self._frames(container, container.demux(stream), seen, gate):
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
        codec = codec_of(stream.codec_context)
        far: Skip = "BIDIR" if codec in _SPARING_WITH_BIDIRECTIONAL else "NONREF"
        gate = Approach(stream, target - _CLOSE_SECONDS, far, "NONREF")
        frames = self._frames(container, container.demux(stream), seen, gate)
        for number, frame in enumerate(frames):
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
            self._spare(container, stream, step)
            gate = IntraGate(stream, step) if stream.codec_context.codec.intra_only else everything
            packets: Packets = container.demux(stream)
            few = _TAILS_SKIPPED_FROM <= step <= _TAILS_SKIPPED_TO
            if few and container.format.name not in BARE_STREAMS:
                packets = without_tails(packets, float(stream.time_base or 0))
            before: tuple[float, VideoFrame] | None = None
            for frame in self._frames(container, packets, seen, gate):
                now = seen.clock.seconds(claimed_stamp(container, frame))
                if before and not frame.key_frame:  # before one, packets may have been left out
                    self._spare_less(stream, (now - before[0]) / grid.step)
                take_before, take_now = grid.nearest(before[0] if before else None, now)
                if before and take_before and before[0] not in seen.times[-1:]:
                    self._keep(seen, *before)
                if take_now:
                    self._keep(seen, now, frame)
                before = (now, frame)
                seen.seconds = now + self._frame_seconds
                if (coarser := _thinned(seen, grid)) is not grid:
                    grid = coarser
                    self._spare(container, stream, grid.step)
                if now > until:
                    seen.stopped = f"looked at up to {now:.0f} s"
                    return seen
        seen.ended = True
        # The last frames may have been skipped, but their packets were met.
        if 0 < seen.last_stamp - seen.first_stamp - seen.seconds < step:
            seen.seconds = seen.last_stamp - seen.first_stamp
        return seen

    def _spare(self, container: InputContainer, stream: VideoStream, step: float) -> None:
        """Have the decoder leave out what a grid of this step can do without."""
        # Bare streams have no timestamps: frames are counted, so none may be missing.
        if container.format.name not in BARE_STREAMS:
            stream.codec_context.skip_frame = self._skipped(step, codec_of(stream.codec_context))

    def _spare_less(self, stream: VideoStream, steps: float) -> None:
        """Decode a film more fully in which so many steps passed without a frame."""
        context = stream.codec_context
        if steps > 1 and context.skip_frame == "BIDIR":
            context.skip_frame = "NONREF"
        elif steps > _SPARE_NOTHING_FROM and context.skip_frame == "NONREF":
            context.skip_frame = "DEFAULT"

    def _skipped(self, step: float, codec: str) -> Skip:
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
        self, container: InputContainer, packets: Packets, seen: _Seen, gate: Gate
    ) -> Iterator[VideoFrame]:
        """Decode the packets that the gate lets through, whatever befalls some of them."""
        decoded = 0
        try:
            for packet in packets:
                if packet.pts is not None and packet.time_base:
                    end = _seconds(packet.pts + (packet.duration or 0), packet.time_base)
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
            # One look at the large picture: its colours are made of the small one.
            small = self._scaler.reformat(
                frame, width, height, "yuvj420p", interpolation="AREA", threads=1
            )
        except av.error.FFmpegError:  # a damaged stream may change to a format nothing converts
            seen.damage += 1
            return
        seen.times.append(now)
        seen.pictures.append(np.ascontiguousarray(np.rot90(_luma(small), turns)))
        if self._colour_scaler is not None:
            tall, wide = self._colour_shape if turns % 2 == 0 else self._colour_shape[::-1]
            colour = self._colour_scaler.reformat(
                small, wide, tall, "rgb24", interpolation="AREA", threads=1
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


def _luma(frame: VideoFrame) -> NDArray[np.uint8]:
    """Return the (H, W) luma of a planar frame of full range."""
    plane = frame.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    luma: NDArray[np.uint8] = rows[:, : frame.width]
    return luma


def claimed_stamp(container: InputContainer, frame: VideoFrame) -> float | None:
    """Return a frame's own claim of its time in seconds, None where it makes none of its own.

    AVI knows only the order of decoding, from which FFmpeg guesses presentation times that go
    back and forth; the decoding times come out in order.
    """
    if container.format.name in TIMES_MADE_UP:
        return None
    stamp = frame.dts if container.format.name == "avi" or frame.pts is None else frame.pts
    return None if stamp is None or not frame.time_base else _seconds(stamp, frame.time_base)


def _seconds(ticks: int, tick: Fraction) -> float:
    # The same number as of the product, which takes as long as decoding a small frame.
    return ticks * tick.numerator / tick.denominator


def _thinned(seen: _Seen, grid: moments.Grid) -> moments.Grid:
    """Go over to a coarser grid when a film goes on for too long, and let go of the rest."""
    coarser = grid.outgrown(seen.seconds)
    if coarser is None:
        return grid
    keep = [coarser.holds(time, grid.step / 2) for time in seen.times]
    seen.times = [time for time, kept in zip(seen.times, keep, strict=True) if kept]
    seen.pictures = [p for p, kept in zip(seen.pictures, keep, strict=True) if kept]
    if seen.colours:
        seen.colours = [p for p, kept in zip(seen.colours, keep, strict=True) if kept]
    return coarser
