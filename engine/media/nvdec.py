"""Decoding on an NVIDIA GPU (PyNvVideoCodec): pictures are made small where they were decoded.

Few calls are made of PyNvVideoCodec (2.2 or newer): `GetDecoderCaps`, `SimpleDecoder` with its
`get_batch_frames`, `get_batch_frames_by_index` and `reconfigure_decoder`, and a frame's DLPack.

A surface belongs to the decoder and is written again when the next batch is asked for. So a batch
is read inside `_surfaces`: small pictures are made of it, the device is waited for, and every
tensor that looks at a surface is gone, before the decoder is asked again.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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
from autodedup.engine.media.facts import MediaFacts
from autodedup.engine.media.frames import Progress, small_size
from autodedup.engine.media.timeline import (
    Timeline,
    UnevenTimelineError,
    chosen_pictures,
    timeline,
)

BATCH: Final = 16  # surfaces at once: of 4K, 16 of NV12 are 200 MB
DECODERS_CACHED: Final = 4  # by a SimpleDecoder, for files of other sizes and codecs
_stream: Callable[..., torch.cuda.Stream] = torch.cuda.Stream  # it tells no types of its own
_SPARSE: Final = 12  # pictures passed for one taken, from which on seeking is tried


class NotByNvdecError(Exception):
    """This file cannot be decoded here, and why in a few words: the CPU will do it."""


class _Frame(Protocol):
    """A decoded surface."""

    def __dlpack__(self, stream: int | None = None) -> object: ...

    def __dlpack_device__(self) -> tuple[int, int]: ...


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

    def __init__(self, nvc: ModuleType, device: str = "cuda") -> None:
        self._nvc = nvc
        self._device = torch.device(device)
        self._decoder: _Decoder | None = None
        # Each thread has a stream of its own: it waits for its own batch, not for the others'.
        on_gpu = self._device.type == "cuda"
        self._stream = _stream(self._device) if on_gpu else None

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
        decoder = self._opened(file, len(film.times_seconds))
        shrink = _Shrink(facts, film, colour=colour)
        sparse = len(wanted) * _SPARSE < len(film.times_seconds)
        taken = self._by_number if sparse else self._in_order
        try:
            with torch.cuda.stream(self._stream):  # of none, this does nothing
                decoded = taken(decoder, wanted, shrink, report)
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

    def _opened(self, file: FileIO, pictures: int) -> _Decoder:
        """Return a decoder on this file: the one before, told to read another, where there is one.

        Its FFmpeg is given our descriptor by a name of the system's, never the file's own name:
        see `media.formats`. Only there are reopened files known by their descriptor.
        """
        name = _by_descriptor(file)
        try:
            if self._decoder is None:
                self._decoder = self._nvc.SimpleDecoder(
                    name,
                    gpu_id=self._device.index or 0,
                    use_device_memory=self._device.type == "cuda",
                    decoder_cache_size=DECODERS_CACHED,
                    output_color_type=self._nvc.OutputColorType.NATIVE,
                )
            else:
                self._decoder.reconfigure_decoder(name)
            found = len(self._decoder)
        except Exception as error:
            self._decoder = None
            raise NotByNvdecError(f"NVDEC cannot open it ({_short(error)})") from error
        if found and found < pictures:
            raise NotByNvdecError(f"NVDEC sees {found} of its {pictures} pictures")
        return self._decoder

    def _in_order(
        self, decoder: _Decoder, wanted: NDArray[np.int64], shrink: "_Shrink", report: Progress
    ) -> int:
        """Decode from the first picture to the last one wanted, and keep those wanted."""
        keep = set(wanted.tolist())
        number, last = 0, int(wanted[-1])
        while number <= last:
            asked = min(BATCH, last + 1 - number)
            with self._surfaces(partial(decoder.get_batch_frames, asked)) as surfaces:
                count = len(surfaces)
                for place in range(count):
                    if number + place in keep:
                        shrink.take(surfaces[place])
            if not count:
                raise NotByNvdecError(f"NVDEC stopped at picture {number} of {last + 1}")
            number += count
            report(1000.0 + number / 1000)
        return number

    def _by_number(
        self, decoder: _Decoder, wanted: NDArray[np.int64], shrink: "_Shrink", report: Progress
    ) -> int:
        """Decode the pictures wanted alone; the decoder seeks to the keyframe before each."""
        for start in range(0, len(wanted), BATCH):
            some = [int(number) for number in wanted[start : start + BATCH]]
            ask = partial(decoder.get_batch_frames_by_index, some)
            with self._surfaces(ask) as surfaces:
                count = len(surfaces)
                for place in range(count):
                    shrink.take(surfaces[place])
            if count != len(some):
                raise NotByNvdecError(f"NVDEC gave {count} of {len(some)} pictures")
            report(1000.0 + start / 1000)
        return len(wanted)

    @contextmanager
    def _surfaces(self, ask: Callable[[], Sequence[_Frame]]) -> Iterator[list[Tensor]]:
        """Lend the surfaces of one batch as tensors; at the end the device has read them."""
        tensors: list[Tensor] = [from_dlpack(frame) for frame in ask()]  # no copy
        try:
            yield tensors
        finally:
            tensors.clear()
            if self._stream is not None:
                self._stream.synchronize()


class _Shrink:
    """Makes the small pictures of one film; none of them looks at a surface afterwards."""

    def __init__(self, facts: MediaFacts, film: Timeline, *, colour: bool) -> None:
        self._quarters = facts.rotation % 360 // 90
        width, height = small_size(facts.width, facts.height)
        self._size = (height, width) if self._quarters % 2 == 0 else (width, height)
        tall, wide = shape_of(facts.width, facts.height)
        self._colour_shape = (tall, wide) if self._quarters % 2 == 0 else (wide, tall)
        self._film = film
        self._colour = colour
        self.pictures: list[Tensor] = []
        self.colours: list[Tensor] = []

    def take(self, surface: Tensor) -> None:
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


def _by_descriptor(file: FileIO) -> str:
    if sys.platform == "linux":
        return f"/proc/self/fd/{file.fileno()}"
    return os.fspath(file.name) if isinstance(file.name, str | os.PathLike) else str(file.name)


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
