"""Decoding on an NVIDIA GPU (PyNvVideoCodec): pictures are made small where they were decoded.

Few calls are made of PyNvVideoCodec (2.2 or newer): `GetDecoderCaps`, `SimpleDecoder` with its
`get_batch_frames`, `get_batch_frames_by_index` and `reconfigure_decoder`, and of a frame its DLPack
and its stamp.

A surface belongs to the decoder and is written again when the next batch is asked for. So a batch
is read inside `_surfaces`: small pictures are made of it, the device is waited for, and every
tensor that looks at a surface is gone, before the decoder is asked again.

Pictures are asked for by their number. Which they are is not taken on trust: the stamps that come
with them have to run with those of the packets.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from io import FileIO
from types import ModuleType
from typing import Final, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.dlpack import from_dlpack

from autodedup.engine.embedding.shapes import shape_of
from autodedup.engine.kernels.pictures import turned_upright
from autodedup.engine.kernels.surfaces import small_colour, small_luma
from autodedup.engine.media.choose import sample_bits
from autodedup.engine.media.facts import MediaFacts
from autodedup.engine.media.frames import Progress, small_size
from autodedup.engine.media.kept import MOST_KINDS, KeptDecoders
from autodedup.engine.media.timeline import (
    Timeline,
    UnevenTimelineError,
    chosen_pictures,
    timeline,
)

BATCH: Final = 16  # surfaces at once: of 4K, 16 of NV12 are 200 MB
_EIGHT_BITS: Final = 8
_MOST_BESIDE = 0.5  # pictures: stamps are whole ticks, which may be as coarse as milliseconds
_stream: Callable[..., torch.cuda.Stream] = torch.cuda.Stream  # it tells no types of its own
_SPARSE: Final = 12  # pictures passed for one taken, from which on seeking is tried


class NotByNvdecError(Exception):
    """This file cannot be decoded here, and why in a few words: the CPU will do it."""


class _Frame(Protocol):
    """A decoded surface."""

    def __dlpack__(self, stream: int | None = None) -> object: ...

    def __dlpack_device__(self) -> tuple[int, int]: ...

    def getPTS(self) -> int: ...  # noqa: N802  # its name


class _Decoder(Protocol):
    """What is used of `PyNvVideoCodec.SimpleDecoder`."""

    def __len__(self) -> int: ...

    def get_batch_frames(self, batch_size: int) -> Sequence[_Frame]: ...

    def get_batch_frames_by_index(self, indices: list[int]) -> Sequence[_Frame]: ...

    def reconfigure_decoder(self, new_source: str) -> None: ...


@dataclass(frozen=True, slots=True, eq=False)
class DeviceLook:
    """The pictures that were looked at, on the device; as `media.frames.Look` otherwise."""

    times_seconds: NDArray[np.float64]
    pictures: Tensor
    seen_seconds: float
    colours: Tensor | None = None
    notes: tuple[str, ...] = ()
    decoded_frames: int = 0


class NvdecSource:
    """Looks at films with a GPU. One object serves one thread; its decoder is used again."""

    def __init__(
        self, nvc: ModuleType, device: str = "cuda", *, most_bytes: int | None = None
    ) -> None:
        """Make one; its surfaces never take more than `most_bytes` of the device's memory."""
        self._nvc = nvc
        self._device = torch.device(device)
        self._decoder: _Decoder | None = None
        self._kept = KeptDecoders(most_bytes)
        # Each thread has a stream of its own: it waits for its own batch, not for the others'.
        on_gpu = self._device.type == "cuda"
        self._stream = _stream(self._device) if on_gpu else None

    def in_order(self) -> AbstractContextManager[object]:
        """Return a block in which torch works on one stream with the decoder, one after the other.

        What is done with the pictures belongs there too: their memory is used again in that order.
        """
        return torch.cuda.stream(self._stream)  # of none, this does nothing

    def look(
        self, file: FileIO, facts: MediaFacts, report: Progress, *, colour: bool = False
    ) -> DeviceLook:
        """Decode the chosen moments, in colour too where that is asked for.

        Raises:
            FileError: The file cannot be opened.
            NotByNvdecError: The GPU's decoder refuses it, or gives other pictures than it has.
        """
        try:
            film = timeline(file, report)
        except UnevenTimelineError as error:
            raise NotByNvdecError(f"NVDEC needs the time of every picture: {error}") from error
        wanted = chosen_pictures(film)
        sparse = len(wanted) * _SPARSE < len(film.times_seconds)
        _refuse_what_it_numbers_otherwise(film, last=int(wanted[-1]), sparse=sparse)
        decoder = self._opened(file, film, facts, last=int(wanted[-1]))
        shrink = _Shrink(facts, film, colour=colour)
        try:
            with self.in_order():
                if sparse:
                    decoded = self._by_number(decoder, wanted, shrink, report)
                else:
                    decoded = self._in_order(decoder, _Sought(film, wanted), shrink, report)
            beside = film.beside(wanted.tolist(), shrink.stamps)
            if beside > _MOST_BESIDE:
                raise NotByNvdecError(f"NVDEC's pictures lie {beside:.1f} beside those asked for")
        except NotByNvdecError:
            self._decoder = None
            raise
        except Exception as error:  # its exceptions are of many kinds, all of them the file's
            self._decoder = None
            raise NotByNvdecError(f"NVDEC gave up on it ({_short(error)})") from error
        return DeviceLook(
            times_seconds=film.times_seconds[wanted],
            pictures=torch.stack(shrink.pictures),
            seen_seconds=film.seen_seconds,
            colours=torch.stack(shrink.colours) if colour else None,
            decoded_frames=decoded,
        )

    def _opened(self, file: FileIO, film: Timeline, facts: MediaFacts, *, last: int) -> _Decoder:
        """Return a decoder on this file: the one before, told to read another, where that serves.

        Its FFmpeg is given our descriptor by a name of the system's, never the file's own name:
        see `media.formats`. Only there are reopened files known by their descriptor.
        """
        name = _by_descriptor(file)
        kind = (facts.codec, sample_bits(facts) or _EIGHT_BITS)
        if not self._kept.has_room_for(kind, film.size):
            width, height = film.size
            raise NotByNvdecError(f"NVDEC's share of the memory is too small: {width} x {height}")
        try:
            if self._stream is not None:
                # All that was read has been read; and CUDA's context is current in this thread.
                self._stream.synchronize()
            if self._decoder is None or not self._kept.serves(kind, film.size):
                self._decoder = None  # what it keeps is let go before anything new is had
                width, height = self._kept.start_anew(kind, film.size)
                self._decoder = self._nvc.SimpleDecoder(
                    name,
                    gpu_id=self._device.index or 0,
                    # The decoder writes its surfaces in the order in which we read them.
                    cuda_stream=0 if self._stream is None else self._stream.cuda_stream,
                    use_device_memory=self._device.type == "cuda",
                    max_width=width,
                    max_height=height,
                    decoder_cache_size=MOST_KINDS,
                    output_color_type=self._nvc.OutputColorType.NATIVE,
                )
            else:
                self._decoder.reconfigure_decoder(name)
            found = len(self._decoder)
        except Exception as error:
            self._decoder = None
            raise NotByNvdecError(f"NVDEC cannot open it ({_short(error)})") from error
        if found <= last:
            self._decoder = None
            raise NotByNvdecError(f"NVDEC sees {found} of its {len(film.times_seconds)} pictures")
        return self._decoder

    def _in_order(
        self, decoder: _Decoder, sought: "_Sought", shrink: "_Shrink", report: Progress
    ) -> int:
        """Decode from the first picture to the last one wanted, and keep those wanted."""
        number = 0
        while asked := sought.to_ask(number):
            ask = partial(decoder.get_batch_frames, asked)
            with self._surfaces(ask, shrink.stored) as (surfaces, stamps):
                count = len(surfaces)
                for place in range(count):
                    if sought.takes(number + place, stamps[place]):
                        shrink.take(surfaces[place], stamps[place])
            if not count:
                raise NotByNvdecError(f"NVDEC stopped at picture {number} of {sought.last + 1}")
            number += count
            report(1000.0 + number / 1000)
        if sought.left:
            raise NotByNvdecError(f"NVDEC showed none of {sought.left} pictures that are wanted")
        return number

    def _by_number(
        self, decoder: _Decoder, wanted: NDArray[np.int64], shrink: "_Shrink", report: Progress
    ) -> int:
        """Decode the pictures wanted alone; the decoder seeks to the keyframe before each."""
        for start in range(0, len(wanted), BATCH):
            some = [int(number) for number in wanted[start : start + BATCH]]
            ask = partial(decoder.get_batch_frames_by_index, some)
            with self._surfaces(ask, shrink.stored) as (surfaces, stamps):
                count = len(surfaces)
                for place in range(count):
                    shrink.take(surfaces[place], stamps[place])
            if count != len(some):
                raise NotByNvdecError(f"NVDEC gave {count} of {len(some)} pictures")
            report(1000.0 + start / 1000)
        return len(wanted)

    @contextmanager
    def _surfaces(
        self, ask: Callable[[], Sequence[_Frame]], size: tuple[int, int]
    ) -> Iterator[tuple[list[Tensor], list[int]]]:
        """Lend the surfaces of one batch as tensors, with their stamps; at the end they were read.

        Raises:
            NotByNvdecError: They are not luma over colour, row after row, of this width and height.
        """
        frames = ask()
        stamps = [int(frame.getPTS()) for frame in frames]
        tensors: list[Tensor] = [from_dlpack(frame) for frame in frames]  # no copy
        del frames
        try:
            for tensor in tensors:
                _refuse_another_layout(tensor, size)
            yield tensors, stamps
        finally:
            tensors.clear()
            if self._stream is not None:
                self._stream.synchronize()


class _Sought:
    """Which pictures of a film are wanted as they come in their order, and how many to ask for.

    They are known by their numbers. In open groups these do not hold: whether what is shown before
    a keyframe comes out, and is counted, is the decoder's affair. There they are known by their
    stamps, of which those of the packets are expected to the tick.
    """

    def __init__(self, film: Timeline, wanted: NDArray[np.int64]) -> None:
        self.last = int(wanted[-1])
        self._open = bool((film.leading <= self.last).any())
        self._left = set((film.stamps[wanted] if self._open else wanted).tolist())
        # What is lost moves the end closer, and beyond it a batch is an error.
        self._sure = self.last - len(film.leading) if self._open else self.last

    @property
    def left(self) -> int:
        """Return how many have not come yet."""
        return len(self._left)

    def to_ask(self, number: int) -> int:
        """Return how many pictures to ask for from this number on, 0 at the end."""
        if not self._left or number > self.last:
            return 0
        return max(1, min(BATCH, self._sure + 1 - number))

    def takes(self, number: int, stamp: int) -> bool:
        """Say whether a picture is wanted; it is wanted once."""
        name = stamp if self._open else number
        if name not in self._left:
            return False
        self._left.remove(name)
        return True


class _Shrink:
    """Makes the small pictures of one film; none of them looks at a surface afterwards."""

    def __init__(self, facts: MediaFacts, film: Timeline, *, colour: bool) -> None:
        self._quarters = facts.rotation % 360 // 90
        width, height = small_size(facts.width, facts.height)
        self._size = (height, width) if self._quarters % 2 == 0 else (width, height)
        tall, wide = shape_of(facts.width, facts.height)
        self._colour_shape = (tall, wide) if self._quarters % 2 == 0 else (wide, tall)
        self._film = film
        self.stored = film.size  # width and height of the surfaces
        self._colour = colour
        self.pictures: list[Tensor] = []
        self.colours: list[Tensor] = []
        self.stamps: list[int] = []

    def take(self, surface: Tensor, stamp: int) -> None:
        self.stamps.append(stamp)
        luma = small_luma(surface, *self._size, full_range=self._film.full_range)
        self.pictures.append(turned_upright(luma[None], self._quarters)[0])
        if self._colour:
            small = small_colour(
                surface,
                self._colour_shape,
                full_range=self._film.full_range,
                matrix=self._film.matrix,
            )
            self.colours.append(turned_upright(small[None], self._quarters)[0])


def _refuse_what_it_numbers_otherwise(film: Timeline, *, last: int, sparse: bool) -> None:
    """Stop where its pictures, up to the number `last`, could not be told from one another.

    Raises:
        NotByNvdecError: They would not.
    """
    if film.interlaced:
        raise NotByNvdecError("NVDEC is not used for interlaced films: it mixes their fields")
    if film.hidden:
        raise NotByNvdecError(
            f"NVDEC is not used for films of which {film.hidden} pictures are not to be shown"
        )
    # It seeks at every keyframe; whether what is shown before it then has a number, who knows.
    led = int((film.leading <= last).sum())
    if sparse and led:
        raise NotByNvdecError(
            f"NVDEC cannot find pictures in open groups: {led} are shown before their keyframe"
        )


def _refuse_another_layout(tensor: Tensor, size: tuple[int, int]) -> None:
    """Stop unless it is (3 * H / 2, W) samples without gaps: strides were once told wrongly.

    Raises:
        NotByNvdecError: It is not.
    """
    width, height = size
    if tensor.shape != (3 * height // 2, width):
        found = " x ".join(map(str, reversed(tensor.shape)))
        raise NotByNvdecError(
            f"NVDEC's surfaces are of {found}, not of {width} x {3 * height // 2}"
        )
    if not tensor.is_contiguous():
        raise NotByNvdecError("NVDEC's surfaces are laid out in an unknown way")


def _by_descriptor(file: FileIO) -> str:
    if sys.platform == "linux":
        return f"/proc/self/fd/{file.fileno()}"
    return os.fspath(file.name) if isinstance(file.name, str | os.PathLike) else str(file.name)


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
