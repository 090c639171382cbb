"""When each picture of a film is shown, by its packets alone: nothing is decoded.

A decoder on a GPU hands out pictures by their number. With the times of all packets in order, the
pictures to look at are chosen before the first of them is decoded, by the same rules as on the CPU.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import FileIO

import av
import numpy as np
from numpy.typing import NDArray

from autodedup.engine.media import moments
from autodedup.engine.media.formats import BARE_STREAMS, open_container, picture_stream, said
from autodedup.engine.media.frames import Progress
from autodedup.engine.signature.model import ANCHORS

_USUAL_FRAME_SECONDS = 1 / 25
_FULL_RANGE = 2  # AVCOL_RANGE_JPEG
_PROGRESSIVE = 1  # AV_FIELD_PROGRESSIVE; 0 is unknown, what comes after has fields
_BT709 = 1  # AVCOL_SPC_BT709
_BT2020 = (9, 10)
_REPORT_EVERY = 500  # packets


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """The pictures of a film in the order in which they are shown.

    times_seconds  (N,) float64, rising, from the first picture
    stamps         (N,) int64, rising: the same in the ticks of the stream, from its own zero
    keyframes      (K,) int64: the numbers of those that can be decoded by themselves
    leading        (L,) int64: the numbers of those that come after a keyframe, not the first one,
                   and are shown before it
    hidden         how many of them the container says are not to be shown
    size           width and height as stored, before any turn
    interlaced     whether a picture is two fields, taken at two instants
    full_range     whether luma runs from 0 to 255, not from 16 to 235
    matrix         which colour matrix its RGB is made by
    """

    times_seconds: NDArray[np.float64]
    stamps: NDArray[np.int64]
    keyframes: NDArray[np.int64]
    frame_seconds: float
    leading: NDArray[np.int64]
    hidden: int
    size: tuple[int, int]
    interlaced: bool
    full_range: bool
    matrix: str

    @property
    def seen_seconds(self) -> float:
        """Return how long the pictures last."""
        return float(self.times_seconds[-1]) + self.frame_seconds

    def beside(self, numbers: Sequence[int], told: Sequence[int]) -> float:
        """Return by how many pictures the stamps that a decoder told lie beside ours, at most.

        In which unit it tells them is its own affair: only that they begin at the stream's zero
        and run evenly with ours is asked. Of a single picture nothing can be said.

        Args:
            numbers: Which pictures were asked for, rising.
            told: What the decoder calls their stamps.
        """
        if len(numbers) < 2:  # noqa: PLR2004  # two make a line
            return 0.0
        ours = self.stamps[list(numbers)].astype(np.float64)
        theirs = np.array(told, dtype=np.float64)
        unit = (theirs[-1] - theirs[0]) / (ours[-1] - ours[0])
        if not unit > 0:
            return float("inf")
        usual = (self.stamps[-1] - self.stamps[0]) / (len(self.stamps) - 1)
        return float(np.abs(theirs / unit - ours).max() / usual)


class UnevenTimelineError(Exception):
    """The packets do not say when each picture is shown."""


def timeline(file: FileIO, report: Progress) -> Timeline:
    """Return when each picture of a film is shown.

    Raises:
        FileError: It cannot be opened.
        UnevenTimelineError: Pictures without a time, or two at one time; or the file breaks off.
    """
    with open_container(file) as container:
        stream = picture_stream(container)
        context = stream.codec_context
        if container.format.name in BARE_STREAMS or stream.time_base is None:
            raise UnevenTimelineError("its pictures have no times")
        stamps: list[int] = []
        keys: list[bool] = []
        hidden = 0
        try:
            for packet in container.demux(stream):
                if not packet.size:
                    continue
                if packet.is_corrupt:
                    raise UnevenTimelineError("some of its packets are damaged")
                if packet.pts is None:
                    raise UnevenTimelineError("some of its pictures have no times")
                stamps.append(packet.pts)
                keys.append(packet.is_keyframe)
                hidden += packet.is_discard
                if len(stamps) % _REPORT_EVERY == 0:
                    report(len(stamps) / 1000)
        except av.error.FFmpegError as error:
            raise UnevenTimelineError(f"the file breaks off ({said(error)})") from error
        rate = stream.average_rate
        tick = stream.time_base
        full = int(context.color_range or 0) == _FULL_RANGE or "yuvj" in str(context.pix_fmt)
        matrix = _matrix(int(context.colorspace or 0))
        size = (context.width, context.height)
        # PyAV 16 does not tell it.
        interlaced = int(getattr(context, "field_order", 0) or 0) > _PROGRESSIVE
    order = np.argsort(np.array(stamps, dtype=np.int64), kind="stable")
    ranked = np.array(stamps, dtype=np.int64)[order]
    if not len(ranked) or (np.diff(ranked) <= 0).any():
        raise UnevenTimelineError("two of its pictures have one time")
    # Reckoned as on the CPU, to the last bit: it decides which of two equally near is taken.
    seconds = ranked * tick.numerator / tick.denominator
    return Timeline(
        times_seconds=seconds - seconds[0],
        stamps=ranked,
        keyframes=np.flatnonzero(np.array(keys)[order]),
        leading=_leading(np.array(stamps, dtype=np.int64), np.array(keys), order),
        frame_seconds=float(1 / rate) if rate else _USUAL_FRAME_SECONDS,
        hidden=hidden,
        size=size,
        interlaced=interlaced,
        full_range=full,
        matrix=matrix,
    )


def _leading(
    stamps: NDArray[np.int64], keys: NDArray[np.bool_], order: NDArray[np.intp]
) -> NDArray[np.int64]:
    """Return the numbers of the pictures shown before the keyframe they come after."""
    places = np.arange(len(stamps))
    key = np.maximum.accumulate(np.where(keys, places, -1))  # the last one, -1 before the first
    led = (key > (np.argmax(keys) if keys.any() else -1)) & (stamps < stamps[key])
    return np.flatnonzero(led[order])


def _matrix(colorspace: int) -> str:
    if colorspace == _BT709:
        return "bt709"
    return "bt2020" if colorspace in _BT2020 else "bt601"


def chosen_pictures(film: Timeline) -> NDArray[np.int64]:
    """Return the numbers of the pictures to look at, rising: as `moments` chooses them."""
    seconds = film.seen_seconds
    if moments.looked_at_densely(seconds):
        return _dense(film)
    kept = film.times_seconds[film.keyframes]
    if moments.too_thinly_keyed(len(kept), float(kept[-1]) if len(kept) else 0.0, seconds):
        return _dense(film)
    window = moments.keyframe_window(seconds)
    places = np.floor(kept / window)
    first = np.flatnonzero(np.diff(places, prepend=-1) > 0)
    numbers = [*film.keyframes[first][: moments.MOST_FRAMES].tolist()]
    numbers += [int(np.abs(film.times_seconds - share * seconds).argmin()) for share in ANCHORS]
    return np.unique(np.array(numbers, dtype=np.int64))


def _dense(film: Timeline) -> NDArray[np.int64]:
    seconds = film.seen_seconds
    grid = moments.Grid(moments.grid_step(seconds), tuple(share * seconds for share in ANCHORS))
    taken: set[int] = set()
    before: tuple[int, float] | None = None
    led = set(film.leading.tolist())  # these may come out broken: their neighbours are taken
    for number, now in enumerate(film.times_seconds.tolist()):
        if number in led:
            continue
        take_before, take_now = grid.nearest(None if before is None else before[1], now)
        if take_before and before is not None:
            taken.add(before[0])
        if take_now:
            taken.add(number)
        before = (number, now)
        if now > moments.DENSE_THIN_SECONDS:
            break
    return np.array(sorted(taken), dtype=np.int64)
