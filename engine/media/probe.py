"""What a file says of its pictures and sound, and what its first picture proves.

Claims are cheap: a header may name a size that would fill the memory, and a container says
nothing of a turn until the first picture is decoded. So the size is judged before anything is
allocated, and one picture is decoded before anything is believed.
"""

from collections.abc import Iterator
from io import FileIO

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from autodedup.engine.errors import FileError
from autodedup.engine.media.facts import MediaFacts
from autodedup.engine.media.formats import (
    ANIMATIONS,
    BARE_STREAMS,
    TIMES_MADE_UP,
    codec_of,
    films,
    open_container,
    picture_stream,
    said,
)
from autodedup.engine.media.still_pictures import STILL

LONGEST_SIDE = 16_384  # pixels
MOST_PIXELS = 268_435_456  # 16,384 x 16,384: about 400 MB a frame
_OBLONGEST_PIXEL = 32.0  # sides of one pixel: beyond it the claim is not believed
_PACKETS_TRIED = 400  # before a film whose first picture does not come is given up


def probe(file: FileIO) -> MediaFacts:
    """Return what one video is.

    Raises:
        FileError: NOT_MEDIA, TRUNCATED, UNSUPPORTED_CODEC, DECODE_FAILED, TOO_FEW_FRAMES (a still
            picture).
    """
    with open_container(file) as container:
        stream = picture_stream(container)
        prepare(stream)
        frame = _first_picture(container, stream)
        if container.format.name in ANIMATIONS and not _goes_on(container, stream):
            raise FileError("TOO_FEW_FRAMES", STILL)
        return _facts(container, stream, frame)


def prepare(stream: VideoStream, *, for_eyes: bool = False) -> None:
    """Set the decoder up for one thread and a bounded picture, before it is first used.

    With `for_eyes` it takes no shortcut that a person would see.

    Raises:
        FileError: DECODE_FAILED: the picture is larger than we decode.
    """
    context = stream.codec_context
    if max(context.width, context.height) > LONGEST_SIDE or (
        context.width * context.height > MOST_PIXELS
    ):
        raise FileError(
            "DECODE_FAILED",
            f"Its pictures claim {context.width} x {context.height}; up to {LONGEST_SIDE} a side "
            "are decoded.",
        )
    context.thread_count = 1  # the machine is filled by processes, one a file
    # A hash does not see the missing loop filter, and a stream may change its size on the way.
    shortcuts = {} if for_eyes else {"skip_loop_filter": "all", "flags2": "+fast"}
    context.options = {**shortcuts, "max_pixels": str(MOST_PIXELS)}


def _first_picture(container: InputContainer, stream: VideoStream) -> VideoFrame:
    trouble: Exception | None = None
    packets = 0
    try:
        for packet in container.demux(stream):
            packets += packet.size > 0
            try:
                for frame in packet.decode():
                    return frame
            except av.error.FFmpegError as error:
                trouble = error
            if packets >= _PACKETS_TRIED:
                break
    except (av.error.FFmpegError, MemoryError) as error:
        trouble = error
    raise _no_picture(container, packets, trouble)


def _goes_on(container: InputContainer, stream: VideoStream) -> bool:
    """Say whether another picture follows."""
    try:
        return any(packet.size > 0 for packet in container.demux(stream))
    except av.error.FFmpegError:
        return False


def _no_picture(container: InputContainer, packets: int, trouble: Exception | None) -> FileError:
    if container.format.name in BARE_STREAMS:
        return FileError("NOT_MEDIA", "It looks like a bare video stream, but has no picture.")
    if packets == 0:
        return FileError("TRUNCATED", "The header is there, but no picture follows.")
    if isinstance(trouble, (av.error.PatchWelcomeError, av.error.DecoderNotFoundError)):
        return FileError("UNSUPPORTED_CODEC", f"The decoder cannot: {said(trouble)}.")
    why = said(trouble) if trouble else "no picture came"
    return FileError("DECODE_FAILED", f"Nothing could be decoded: {why}.")


def _facts(container: InputContainer, stream: VideoStream, frame: VideoFrame) -> MediaFacts:
    aspect = float(stream.sample_aspect_ratio or 1)
    if not 1 / _OBLONGEST_PIXEL <= aspect <= _OBLONGEST_PIXEL:
        aspect = 1.0  # a damaged header: no picture is a hair's breadth wide
    width, height = max(1, round(frame.width * aspect)), frame.height
    rotation = frame.rotation % 360
    if rotation in {90, 270}:
        width, height = height, width
    sound = next(iter(container.streams.audio), None)
    context = getattr(sound, "codec_context", None)
    return MediaFacts(
        container=container.format.name,
        codec=codec_of(stream.codec_context),
        width=width,
        height=height,
        rotation=rotation,
        duration_seconds=claimed_seconds(container, stream),
        frames_per_second=_rate(container, stream),
        bitrate_bps=container.bit_rate or None,
        pixel_format=frame.format.name,
        audio_codec=codec_of(context) if context else None,
        audio_channels=context.channels if context else None,
        video_streams=len(films(container)),
    )


def claimed_seconds(container: InputContainer, stream: VideoStream) -> float | None:
    """Return how long the film says it is, None where it does not say."""
    if stream.duration and stream.time_base:
        claimed = float(stream.duration * stream.time_base)
    else:
        claimed = (container.duration or 0) / av.time_base
    return claimed if claimed > 0 else None


def _rate(container: InputContainer, stream: VideoStream) -> float | None:
    told = (stream.average_rate, stream.guessed_rate)
    if container.format.name in TIMES_MADE_UP:
        told = told[::-1]
    rates: Iterator[float] = (float(rate) for rate in told if rate)
    # A container without a frame rate has FFmpeg guess the ticks of its clock.
    return next((rate for rate in rates if 0 < rate <= 480), None)  # noqa: PLR2004
