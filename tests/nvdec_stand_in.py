"""A stand-in for the calls this project makes of PyNvVideoCodec: PyAV decodes, surfaces are reused.

It answers as PyNvVideoCodec 2.2.4 does by its Python sources and its compiled binding, and refuses
what they refuse: arguments of other names and types, a DLPack version, pictures beyond the end.
`SimpleDecoder` numbers pictures as the container lists them, which is the order of decoding, and
looks for the keyframe before each, also when asked for one after the other: what is shown before
a keyframe but comes after it is lost, and every number behind it means another picture; or, for
nobody has seen it, comes out broken (`leading_lost`).

A decoder has a handful of surfaces and writes them again for the next batch. Here that is made to
hurt: before surfaces are written again they must not be looked at by any tensor, and what was in
them is overwritten.
"""

import os
import sys
import threading
import warnings
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any

import av
import numpy as np
import torch
from numpy.typing import NDArray

SURFACES = 16
_CPU = (1, 0)  # as DLPack names it
_EIGHT_BITS = 8


class SurfaceReusedError(AssertionError):
    """A surface was written again while a tensor still looked at it."""


class _Codec(Enum):
    MPEG1, MPEG2, MPEG4, VC1, H264, JPEG = range(6)
    HEVC, VP8, VP9, AV1 = 8, 9, 10, 11


class _Colour(Enum):
    NATIVE, RGB, RGBP = range(3)


_Chroma = Enum("_Chroma", {"Monochrome": 0, "420": 1, "422": 2, "444": 3})


class PyNvVCException(Exception):  # noqa: N818  # its name
    pass


class PyNvVCExceptionUnsupported(Exception):  # noqa: N818  # its name, and no kind of the other
    pass


def _bound(**given: tuple[object, type]) -> None:
    """Refuse arguments of other types, as the compiled binding does."""
    for name, (value, kind) in given.items():
        # A bool passes for a whole number, a number of numpy's does not do for a list of them.
        fits = isinstance(value, kind) and not (kind is int and int(value) < 0)  # type: ignore[call-overload]
        if not fits:
            raise TypeError(f"incompatible function arguments: {name}={value!r}")


class _Frame:
    def __init__(self, surface: NDArray[Any], timestamp: int) -> None:
        self._surface = surface
        self.timestamp = timestamp

    def __dlpack__(self, stream: object = 0) -> object:  # knows no `max_version`
        return torch.from_numpy(self._surface).__dlpack__()

    def __dlpack_device__(self) -> tuple[int, int]:
        return _CPU

    def getPTS(self) -> int:  # noqa: N802  # its name
        return self.timestamp


class SimpleDecoder:
    """Decodes with PyAV into surfaces of its own, natively: NV12, or P016 for ten bits."""

    made = 0
    reconfigured = 0
    stops_after: int | None = None  # pictures, as a damaged file makes it
    ends_in_silence = False  # as 2.0 did: with fewer pictures than asked for
    drops_first: int = 0  # pictures, as an open group at the beginning makes it
    unit: float = 1.0  # ticks of the stream in which it tells stamps
    leading_lost = True
    small_surfaces = False  # those of another stream of the file

    def __init__(  # noqa: PLR0917  # theirs
        self,
        enc_file_path: str,
        gpu_id: int = 0,
        cuda_context: int = 0,
        cuda_stream: int = 0,
        use_device_memory: bool = True,
        max_width: int = 0,
        max_height: int = 0,
        need_scanned_stream_metadata: int = 0,
        decoder_cache_size: int = 4,
        output_color_type: _Colour = _Colour.NATIVE,
        bWaitForSessionWarmUp: bool = False,  # noqa: N803  # its name
        enableDecodeStats: bool = False,  # noqa: N803  # its name
    ) -> None:
        type(self).made += 1
        if isinstance(enc_file_path, Path):
            enc_file_path = os.fspath(enc_file_path)
        if not isinstance(enc_file_path, str):
            raise TypeError("enc_file_path must be str, …")  # the kinds that are not used here
        _bound(
            gpuId=(gpu_id, int),
            cudaContext=(cuda_context, int),
            cudaStream=(cuda_stream, int),
            useDeviceMemory=(use_device_memory, bool),
            maxWidth=(max_width, int),
            maxHeight=(max_height, int),
            needScannedStreamMetadata=(need_scanned_stream_metadata, int),
            decoderCacheSize=(decoder_cache_size, int),
            outputColorType=(output_color_type, _Colour),
            bWaitForSessionWarmUp=(bWaitForSessionWarmUp, bool),
            enableDecodeStats=(enableDecodeStats, bool),
        )
        if gpu_id or cuda_context or cuda_stream or decoder_cache_size < 1:
            raise PyNvVCException("there is one GPU here, and no context or stream")
        assert output_color_type is _Colour.NATIVE, "not made up here"
        self._most = (max_width, max_height)
        self._pool: list[NDArray[Any]] = []
        self._open(enc_file_path)
        if not len(self):
            raise Exception("Elementary streams not supported by Simple Decoder.")  # noqa: TRY002  # theirs

    def _open(self, name: str) -> None:
        with av.open(name) as container:
            stream = container.streams.video[0]
            # A larger film than a decoder was made for is one that nobody ever lets go of.
            context = stream.codec_context
            self._most = self._most if all(self._most) else (context.width, context.height)
            assert context.width <= self._most[0]
            assert context.height <= self._most[1]
            packets = [packet for packet in container.demux(stream) if packet.size]
            scanned = _scanned(packets) if "matroska" in container.format.name else 0
            self._count = stream.frames or scanned
            ranked = sorted(packet.pts or 0 for packet in packets)
            keys = [place for place, packet in enumerate(packets) if packet.is_keyframe]
            self._keys = keys
            self._shown = [ranked.index(packets[key].pts or 0) for key in keys]
            container.seek(0)
            self._pictures = list(container.decode(stream))[self.drops_first :]
        self._next = 0
        self._from = (0, 0)  # the number of a picture, and its place among those shown
        self._broken: range = range(0)  # places of what refers to pictures before a seek
        self._before: int | None = None

    def reconfigure_decoder(self, new_source: str) -> None:
        type(self).reconfigured += 1
        _bound(new_source=(new_source, str))
        self._take_back()
        self._pool = []
        self._open(new_source)

    def __len__(self) -> int:
        return self._count

    def get_batch_frames(self, batch_size: int) -> list[_Frame]:
        _bound(batch_size=(batch_size, int))
        numbers = range(self._next, min(self._next + batch_size, self._count))
        self._next += len(numbers)
        return self._decoded(numbers)

    def get_batch_frames_by_index(self, indices: list[int]) -> list[_Frame]:
        inside = []
        for index in indices:
            if 0 <= index < len(self):
                if index not in inside:
                    inside.append(index)
            else:
                warnings.warn(f"Skipping index {index}: Out of valid range", stacklevel=2)
        _bound(**{f"indices {place}": (index, int) for place, index in enumerate(inside)})
        assert inside, "of an empty list the first is read"
        if self._before is not None and min(inside) <= self._before:
            self._before = None  # it opens the file again
        frames = self._decoded(sorted(inside))
        by_number = {number: frames[place] for place, number in enumerate(sorted(inside))}
        self._next = max(inside) + 1
        return [by_number[number] for number in inside]

    def _decoded(self, numbers: Sequence[int]) -> list[_Frame]:
        self._take_back()
        places = []
        for number in numbers:
            place = self._place(number)
            if place >= len(self._pictures) or number >= (self.stops_after or sys.maxsize):
                if self.ends_in_silence:
                    break
                raise PyNvVCException(
                    f"End of stream reached while seeking to frame index {number}. "
                    "Seeking to or beyond the end of the stream is not allowed."
                )
            places.append((place, place in self._broken))
        return list(self._lent(places))

    def _place(self, number: int) -> int:
        """Return which of the pictures shown it gives for a number."""
        key = bisect_right(self._keys, number) - 1
        if self._before is None or bisect_right(self._keys, self._before) - 1 != key:
            number_of, place_of = self._keys[key], self._shown[key]
            self._broken = range(number_of, place_of)
            self._from = (number_of, place_of if self.leading_lost else number_of)
        self._before = number
        return number - self._from[0] + self._from[1]

    def _take_back(self) -> None:
        for surface in self._pool:
            # The pool's reference, the loop's and getrefcount's own; any more is a live tensor.
            if sys.getrefcount(surface) > 3:
                raise SurfaceReusedError
            surface.fill(0xA5)

    def _lent(self, places: Sequence[tuple[int, bool]]) -> Iterator[_Frame]:
        assert len(places) <= SURFACES
        for slot, (place, broken) in enumerate(places):
            picture = self._pictures[place]
            native = _native(picture.reformat(64, 48) if self.small_surfaces else picture)
            native = native // 3 if broken else native
            if slot >= len(self._pool) or self._pool[slot].shape != native.shape:
                self._pool[slot:] = [native]
            else:
                self._pool[slot][:] = native
            yield _Frame(self._pool[slot], int((picture.pts or 0) / self.unit))


def _scanned(packets: Sequence[av.Packet]) -> int:
    """Return how many packets it counts where the container does not say.

    One that comes sooner after the last than its duration says is not counted.
    """
    count, before = 0, None
    for packet in packets:
        after = None if before is None or packet.pts is None else packet.pts - before
        if after is None or not 0 < after < (packet.duration or 0):
            count, before = count + 1, packet.pts
    return count


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

    left_behind = threading.local()  # a question that fails leaves its context current

    def caps(
        gpuid: int = 0,
        codec: _Codec = _Codec.H264,
        chromaformat: Enum = _Chroma["420"],
        bitdepth: int = 8,
    ) -> dict[str, int]:
        _bound(
            gpuid=(gpuid, int),
            codec=(codec, _Codec),
            chromaformat=(chromaformat, _Chroma),
            bitdepth=(bitdepth, int),
        )
        if codec.name in without or chromaformat is not _Chroma["420"]:
            return {"supported": 0, "num_decoder_engines": 0, "width_max": 0, "height_max": 0}
        if bitdepth > _EIGHT_BITS and codec is not _Codec.HEVC:
            left_behind.context = codec
            if codec is _Codec.VP9:
                raise PyNvVCExceptionUnsupported("not supported on this GPU")
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
    module.__dict__.update(
        SimpleDecoder=Decoder,
        OutputColorType=_Colour,
        cudaVideoCodec=_Codec,
        cudaVideoChromaFormat=_Chroma,
        GetDecoderCaps=caps,
        PyNvVCException=PyNvVCException,
        PyNvVCExceptionUnsupported=PyNvVCExceptionUnsupported,
        left_behind=left_behind,
    )
    return module
