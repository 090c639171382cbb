"""Writing a film to a file: which encoders and container, and what was used instead and why."""

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Literal

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from autodedup.engine.footage.film import Film
from autodedup.engine.footage.sound import SAMPLE_RATE, Sound

VideoEncoder = Literal["libx264", "libx265", "libvpx-vp9", "mpeg4", "mpeg2video"]
AudioEncoder = Literal["aac", "libopus", "mp2"]

# One thread everywhere: the same film gives the same bytes on every machine.
_OPTIONS: dict[VideoEncoder, dict[str, str]] = {
    # Without cpu-independent its macroblock tree differs between runs even on one machine.
    "libx264": {"preset": "veryfast", "threads": "1", "x264-params": "cpu-independent=1"},
    # x265 logs to stderr by itself, past the library that loads it.
    "libx265": {
        "preset": "ultrafast",
        "x265-params": "log-level=none:pools=none:frame-threads=1:scenecut=40:keyint=250",
    },
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "threads": "1", "b": "0"},
    "mpeg4": {"threads": "1"},
    "mpeg2video": {"threads": "1"},
}
_INSTEAD: dict[VideoEncoder, VideoEncoder] = {
    "libx265": "libx264",
    "libx264": "mpeg4",
    "mpeg2video": "mpeg4",
}


class EncoderMissingError(Exception):
    """FFmpeg's libraries here can write neither the codec asked for nor one that may stand in."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How to write a film. `quality` is a CRF for x264, x265 and VP9 and a quantiser for MPEG.

    `keyframe_seconds` is the longest stretch between keyframes; None leaves it to the encoder.
    """

    suffix: str = ".mp4"
    video: VideoEncoder = "libx264"
    audio: AudioEncoder | None = "aac"
    quality: int = 23
    keyframe_seconds: float | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written, and with what; `why` says why not with the encoder asked for."""

    path: Path
    encoding: Encoding
    video: VideoEncoder
    why: str | None = field(default=None)


H264 = Encoding()
HEVC = Encoding(video="libx265", quality=26)
VP9 = Encoding(suffix=".webm", video="libvpx-vp9", audio="libopus", quality=32)
MPEG4_AVI = Encoding(suffix=".avi", video="mpeg4", audio="mp2", quality=5)
MPEG2 = Encoding(suffix=".mpg", video="mpeg2video", audio="mp2", quality=5)


def encode(film: Film, path: Path, encoding: Encoding = H264) -> Written:
    """Write `film` to `path`; the container follows from the path's suffix.

    Raises:
        EncoderMissingError: Nothing here can write this codec or one that may stand in.
        ValueError: The film has no frames, or an odd width or height.
    """
    width, height = film.size
    if not len(film.frames) or width % 2 or height % 2:
        raise ValueError(
            f"{len(film.frames)} frames of {width} x {height} cannot be encoded: at least one "
            "frame and even sizes are needed"
        )
    encoder, why = choose_encoder(encoding.video)
    # Bit-exact containers carry no random ids and no dates: the same film, the same bytes.
    options = {"fflags": "+bitexact"}
    with av.open(str(path), "w", options=options) as container:
        if encoding.title is not None:
            container.metadata["title"] = encoding.title
        pictures = _video_stream(container, film, encoder, encoding)
        sound = _sound_stream(container, film, encoding)
        _write_interleaved(container, film, pictures, sound)
    return Written(path, encoding, encoder, why)


def choose_encoder(wanted: VideoEncoder) -> tuple[VideoEncoder, str | None]:
    """Return the encoder to use, and why it is not the one that was wanted.

    Raises:
        EncoderMissingError: Neither the one wanted nor any that may stand in is there.
    """
    chosen: VideoEncoder | None = wanted
    while chosen is not None and not _can_encode(chosen):
        chosen = _INSTEAD.get(chosen)
    if chosen is None:
        raise EncoderMissingError(f"the FFmpeg libraries in PyAV {av.__version__} lack {wanted}")
    if chosen == wanted:
        return wanted, None
    return chosen, f"the FFmpeg libraries in PyAV {av.__version__} lack {wanted}"


@cache
def _can_encode(name: str) -> bool:
    try:
        av.Codec(name, "w")
    except av.codec.codec.UnknownCodecError:
        return False
    return True


def _video_stream(
    container: OutputContainer, film: Film, encoder: VideoEncoder, encoding: Encoding
) -> VideoStream:
    options = dict(_OPTIONS[encoder])
    if encoder in {"mpeg4", "mpeg2video"}:
        options |= {"qmin": str(encoding.quality), "qmax": str(encoding.quality)}
    else:
        options["crf"] = str(encoding.quality)
    stream = container.add_stream(encoder, rate=film.fps, options=options)
    stream.width, stream.height = film.size
    stream.pix_fmt = "yuv420p"
    stream.time_base = Fraction(1, film.fps)
    if encoding.keyframe_seconds is not None:
        stream.codec_context.gop_size = max(1, round(encoding.keyframe_seconds * film.fps))
    return stream


def _sound_stream(container: OutputContainer, film: Film, encoding: Encoding) -> AudioStream | None:
    if encoding.audio is None or not len(film.sound):
        return None
    stream = container.add_stream(encoding.audio, rate=SAMPLE_RATE, layout="mono")
    stream.bit_rate = 48_000
    return stream


def _write_interleaved(
    container: OutputContainer, film: Film, pictures: VideoStream, sound: AudioStream | None
) -> None:
    """Write both streams second by second, so that no muxer has to hold one of them back."""
    for second in range(-(-len(film.frames) // film.fps)):
        first = second * film.fps
        for number, pixels in enumerate(film.frames[first : first + film.fps], first):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, film.fps)
            container.mux(pictures.encode(frame))
        if sound is not None:
            _write_sound(container, sound, film.sound, second)
    container.mux(pictures.encode(None))
    if sound is not None:
        container.mux(sound.encode(None))


def _write_sound(
    container: OutputContainer, stream: AudioStream, sound: Sound, second: int
) -> None:
    start = second * SAMPLE_RATE
    samples = np.ascontiguousarray(sound[start : start + SAMPLE_RATE][None, :])
    if samples.size:
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate, frame.pts = SAMPLE_RATE, start
        frame.time_base = Fraction(1, SAMPLE_RATE)
        container.mux(stream.encode(frame))
