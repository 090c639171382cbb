"""Which containers may be opened, and how: real video files, through one descriptor, alone.

Among FFmpeg's demuxers are playlists, scene scripts, devices and text art: opened by a careless
program, a "video" can make FFmpeg read another file or the network. Three walls stand here:

1. `format_whitelist` refuses every demuxer that is not on the list below, also when it is
   found by probing (FFmpeg checks the list after it has guessed).
2. FFmpeg never sees a name. It reads from a descriptor that we opened, so nothing in a name
   (`concat:a|b`, `http://…`, a leading dash) is ever interpreted.
3. `protocol_whitelist` names a protocol that does not exist, so a container that points to
   another file (a QuickTime reference movie) is refused by FFmpeg's own opener.
"""

from collections.abc import Callable
from io import FileIO

import av
from av.codec.context import CodecContext
from av.container import InputContainer
from av.video.stream import VideoStream

from autodedup.engine.errors import FileError
from autodedup.engine.media.still_pictures import BEGINNING, STILL, is_png, refuse_still
from autodedup.schemas.errors import FileCode

_PYAV = int(av.__version__.partition(".")[0])

# Containers that carry their own pictures.
CONTAINERS = (
    "mov", "matroska", "avi", "asf", "flv", "mpeg", "mpegts", "ogg", "rm", "mxf", "dv", "nut",
    "wtv", "ivf", "obu",
)  # fmt: skip
# Animated pictures: clips like any other, where they have more than one picture.
ANIMATIONS = ("gif", "apng")
# Bare streams: no timestamps, no index, and found by guessing, so text may look like one.
BARE_STREAMS = ("h264", "hevc", "m4v", "mpegvideo", "mjpeg", "h263", "vc1", "av1")
# Of these FFmpeg makes the times up, at 25 pictures a second, whatever rate the stream tells.
TIMES_MADE_UP = ("h264", "hevc")
# Codecs of single pictures: beside a film they are its cover, marked as such or not.
_OF_STILLS = frozenset({"mjpeg", "png", "gif", "bmp", "webp", "tiff", "jpeg2000"})

# What is not UTF-8 in a tag is replaced; from PyAV 19 on that is so without being asked for.
_TAGS: dict[str, str] = {"metadata_errors": "replace"} if _PYAV < 19 else {}  # noqa: PLR2004
_open: Callable[..., InputContainer] = av.open

_BUFFER_BYTES = 64 * 1024  # one read; larger ones cost more in seeks than they save in calls
_OPTIONS = {
    "format_whitelist": ",".join(CONTAINERS + ANIMATIONS + BARE_STREAMS),
    "protocol_whitelist": "none",
}

# How files begin that are what they claim, so that "cut short" can be told from "not a video".
_BEGINNINGS: tuple[tuple[int, bytes], ...] = (
    (4, b"ftyp"),
    (4, b"moov"),
    (4, b"mdat"),
    (0, b"\x1aE\xdf\xa3"),
    (0, b"OggS"),
    (0, b"FLV\x01"),
    (0, b"0&\xb2u\x8ef\xcf\x11"),
    (0, b".RMF"),
    (0, b"\x00\x00\x01\xba"),
    (8, b"AVI "),
)

# Nothing a decoder or demuxer says goes to the terminal: stdout may be the protocol's wire.
av.logging.set_level(None)


def open_container(file: FileIO) -> InputContainer:
    """Open a video file for demuxing, from its first byte.

    Raises:
        FileError: NOT_MEDIA (no allowed format), TRUNCATED (a known format without its index),
            DECODE_FAILED (a known format that makes no sense, or a read error), TOO_FEW_FRAMES
            (a still picture), UNSUPPORTED_CODEC (an animated WebP).
    """
    file.seek(0)
    beginning = file.read(BEGINNING) or b""
    file.seek(0)
    refuse_still(beginning)
    known = any(beginning[at:].startswith(magic) for at, magic in _BEGINNINGS)
    try:
        return _open(
            file,
            "r",
            container_options=_OPTIONS,
            buffer_size=_BUFFER_BYTES,
            **_TAGS,
        )
    except (av.error.InvalidDataError, av.error.EOFError, av.error.ArgumentError) as error:
        if is_png(beginning):
            raise FileError("TOO_FEW_FRAMES", STILL) from error
        if isinstance(error, av.error.ArgumentError):
            # What the allow-list refuses, and headers with impossible values.
            code: FileCode = "DECODE_FAILED" if known else "NOT_MEDIA"
            raise FileError(code, "It is in no video format that may be opened.") from error
        if known:
            raise FileError("TRUNCATED", "The header is there, the rest cannot be read.") from error
        raise FileError("NOT_MEDIA", "It is in no video format that may be opened.") from error
    except (av.error.FFmpegError, MemoryError) as error:
        raise FileError("DECODE_FAILED", f"It cannot be opened: {said(error)}.") from error


def picture_stream(container: InputContainer) -> VideoStream:
    """Return the stream to look at: the largest that is a film, not a cover or thumbnails.

    A cover that is not marked as one is told by its codec, or by being one picture.

    Raises:
        FileError: NOT_MEDIA (no pictures but covers), UNSUPPORTED_CODEC (none that we decode).
    """
    found = films(container)
    if not found:
        raise FileError("NOT_MEDIA", "It has no moving pictures.")
    # PyAV gives a stream without a context where FFmpeg has no decoder for its codec.
    readable = [s for s in found if getattr(s, "codec_context", None) is not None]
    if not readable:
        raise FileError("UNSUPPORTED_CODEC", "No decoder here knows the codec of its pictures.")
    return max(readable, key=_claim)


def films(container: InputContainer) -> list[VideoStream]:
    """Return the streams of pictures that are not marked as a cover or thumbnails."""
    covers = av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails
    return [s for s in container.streams.video if not s.disposition & covers]


def _claim(stream: VideoStream) -> tuple[bool, bool, int, int]:
    """Return what makes one stream more of a film than another."""
    context = stream.codec_context
    area = context.width * context.height
    return stream.frames != 1, codec_of(context) not in _OF_STILLS, area, -stream.index


def codec_of(context: CodecContext) -> str:
    """Return the codec's own name: a context's is that of its decoder, libdav1d for AV1."""
    return context.codec.canonical_name


def said(error: Exception) -> str:
    """Return what FFmpeg says of an error, without names, addresses or line breaks."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return " ".join(text.split())


def video_codecs() -> tuple[str, ...]:
    """Return the names of the video codecs that can be decoded on the CPU here, sorted."""
    names = (av.codec.Codec(name, "r") for name in av.codec.codecs_available if _decodes(name))
    return tuple(sorted({codec.canonical_name for codec in names if codec.type == "video"}))


def _decodes(name: str) -> bool:
    try:
        return av.codec.Codec(name, "r").is_decoder
    except av.codec.codec.UnknownCodecError:
        return False
