"""A stand-in for the calls this project makes of PyNvVideoCodec: PyAV decodes, surfaces are reused.

It answers as PyNvVideoCodec 2.2.4 does by its Python sources and its binding's own signatures:
`SimpleDecoder` counts its pictures and refuses what has no count, `reconfigure_decoder` takes a
name and nothing else, batches by index come in the order asked for; and as the sources of 2.0 do
where those of 2.2.4 are not to be had.

A decoder has a handful of surfaces and writes them again for the next batch. Here that is made to
hurt: before surfaces are written again they must not be looked at by any tensor, and what was in
them is overwritten.
"""

import sys
from collections.abc import Iterator
from enum import IntEnum
from types import ModuleType
from typing import Any

import av
import numpy as np
import torch
from numpy.typing import NDArray

SURFACES = 16


class SurfaceReusedError(AssertionError):
    """A surface was written again while a tensor still looked at it."""


class _Codec(IntEnum):
    MPEG1, MPEG2, MPEG4, VC1, H264, JPEG = range(6)
    HEVC, VP8, VP9, AV1 = 8, 9, 10, 11


class _Colour(IntEnum):
    NATIVE, RGB, RGBP = range(3)


class PyNvVCException(Exception):  # noqa: N818  # its name
    pass


class _Frame:
    def __init__(self, surface: NDArray[Any], timestamp: int) -> None:
        self._surface = surface
        self.timestamp = timestamp

    def __dlpack__(self, stream: int | None = None, **_: object) -> object:
        return torch.from_numpy(self._surface).__dlpack__()

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)  # the CPU

    def getPTS(self) -> int:  # noqa: N802  # its name
        return self.timestamp


class SimpleDecoder:
    """Decodes with PyAV into surfaces of its own, natively: NV12, or P016 for ten bits."""

    made = 0
    reconfigured = 0
    stops_after: int | None = None  # pictures, as a damaged file makes it
    drops_first: int = 0  # pictures, as an open group at the beginning makes it
    unit: float = 1.0  # ticks of the stream in which it tells stamps

    def __init__(  # noqa: PLR0917  # theirs
        self,
        enc_file_path: str,
        gpu_id: int = 0,
        use_device_memory: bool = True,
        decoder_cache_size: int = 4,
        output_color_type: _Colour = _Colour.NATIVE,
        cuda_stream: int = 0,
        max_width: int = 0,
        max_height: int = 0,
    ) -> None:
        type(self).made += 1
        assert gpu_id == 0
        assert cuda_stream == 0
        self._most = (max_width, max_height)
        assert use_device_memory in {False, True}
        assert output_color_type is _Colour.NATIVE
        assert decoder_cache_size >= 1
        self._pool: list[NDArray[Any]] = []
        self._open(enc_file_path)

    def _open(self, name: str) -> None:
        if not isinstance(name, str):
            raise TypeError("incompatible function arguments: (self, arg0: str) -> None")
        with av.open(name) as container:
            stream = container.streams.video[0]
            # A larger film than a decoder was made for is one that nobody ever lets go of.
            context = stream.codec_context
            self._most = self._most if all(self._most) else (context.width, context.height)
            assert context.width <= self._most[0]
            assert context.height <= self._most[1]
            # Matroska has no count: its packets are counted, and frames in their order not given.
            self._in_order = bool(stream.frames)
            if not self._in_order and "matroska" not in container.format.name:
                raise Exception("Elementary streams not supported by Simple Decoder.")  # noqa: TRY002
            pictures = list(container.decode(stream))
            # At the end of a file it gives the last picture for those that never came.
            self._pictures = pictures[self.drops_first :] + pictures[-1:] * self.drops_first
            self._count = len(pictures)
        self._next = 0

    def reconfigure_decoder(self, new_source: str) -> None:
        type(self).reconfigured += 1
        self._open(new_source)

    def __len__(self) -> int:
        return self._count

    def get_batch_frames(self, batch_size: int) -> list[_Frame]:
        end = min(self._next + batch_size, self._limit()) if self._in_order else self._next
        numbers = range(self._next, end)
        self._next += len(numbers)
        return list(self._lent(numbers))

    def get_batch_frames_by_index(self, indices: list[int]) -> list[_Frame]:
        assert all(isinstance(index, int) for index in indices)
        return list(self._lent([index for index in indices if index < self._limit()]))

    def _limit(self) -> int:
        return len(self._pictures) if self.stops_after is None else self.stops_after

    def _lent(self, numbers: Any) -> Iterator[_Frame]:
        for surface in self._pool:
            # The pool's reference, the loop's and getrefcount's own; any more is a live tensor.
            if sys.getrefcount(surface) > 3:
                raise SurfaceReusedError
            surface.fill(0xA5)
        wanted = list(numbers)
        assert len(wanted) <= SURFACES
        for place, number in enumerate(wanted):
            native = _native(self._pictures[number])
            if place >= len(self._pool) or self._pool[place].shape != native.shape:
                self._pool[place:] = [native]
            else:
                self._pool[place][:] = native
            yield _Frame(self._pool[place], int((self._pictures[number].pts or 0) / self.unit))


def _native(frame: av.VideoFrame) -> NDArray[Any]:
    if "10" in frame.format.name:
        planes = frame.reformat(format="yuv420p10le").to_ndarray()
        return _interleaved(planes, frame.height, frame.width) << 6
    planes = frame.reformat(format="yuv420p", dst_color_range=frame.color_range).to_ndarray()
    return _interleaved(planes, frame.height, frame.width)


def _interleaved(planes: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    chroma = planes[height:].reshape(2, -1)
    both = np.stack((chroma[0], chroma[1]), axis=-1).reshape(height // 2, width)
    return np.ascontiguousarray(np.concatenate((planes[:height], both)))


def stand_in(*, without: tuple[str, ...] = ("AV1",)) -> ModuleType:
    """Return a module that stands in for PyNvVideoCodec on a GPU without some codecs."""

    def caps(gpuid: int, codec: _Codec, chromaformat: int, bitdepth: int) -> dict[str, int]:
        if codec.name in without or chromaformat != 1:
            return {"supported": 0, "num_decoder_engines": 0, "width_max": 0, "height_max": 0}
        if bitdepth > 8 and codec is not _Codec.HEVC:
            raise PyNvVCException("not supported on this GPU")
        least = 144 if codec is _Codec.HEVC else 48
        return {
            "supported": 1,
            "num_decoder_engines": 7,
            "width_max": 4096,
            "height_max": 4096,
            "width_min": least,
            "height_min": least,
        }

    class Decoder(SimpleDecoder):
        made = reconfigured = 0

    module = ModuleType("PyNvVideoCodec")
    chroma = ModuleType("cudaVideoChromaFormat")
    chroma.__members__ = {"Monochrome": 0, "420": 1, "422": 2, "444": 3}  # type: ignore[attr-defined]
    module.__dict__.update(
        SimpleDecoder=Decoder,
        OutputColorType=_Colour,
        cudaVideoCodec=_Codec,
        cudaVideoChromaFormat=chroma,
        GetDecoderCaps=caps,
        PyNvVCException=PyNvVCException,
    )
    return module
