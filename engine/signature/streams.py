"""What is encoded in a file, whatever container holds it: a hash over the packets alone.

Timestamps, metadata, covers, the order in which streams are interleaved and the way H.264 and
HEVC units are delimited are left out, so an mp4, its mkv remux and its transport stream have
the same hash. Nothing is decoded.
"""

import hashlib
from collections.abc import Iterator

import av
from av.packet import Packet
from av.stream import Stream

from autodedup.engine.errors import FileError
from autodedup.engine.media.formats import codec_of, open_container, picture_stream, said
from autodedup.engine.media.frames import Progress
from autodedup.engine.media.reading import Seen, opened

_START = b"\x00\x00\x01"
# Units that hold no picture: parameter sets and notes, which some containers keep once, beside
# the packets, and streams repeat; delimiters and filler, which only streams have.
_H264_SET_APART = frozenset({6, 7, 8, 9, 12})
_HEVC_SET_APART = frozenset({32, 33, 34, 35, 38, 39, 40})
_ADTS_SYNC, _ADTS_MASK = (
    0xFFF0,
    0xFFF6,
)  # of AAC in a transport stream: a header before every packet
_ADTS_BYTES, _ADTS_BYTES_WITH_CHECKSUM = 7, 9


def stream_hash(path: str, expected: Seen | None = None, report: Progress | None = None) -> bytes:
    """Return the SHA-256 over the picture and sound streams; `report` is told the MB passed.

    Raises:
        FileError: The file cannot be read to its end, is no video, or is not the expected one.
    """
    with opened(path, expected) as file, open_container(file) as container:
        wanted = [picture_stream(container), *container.streams.audio]
        digests = {stream.index: _begun(stream) for stream in wanted}
        passed = 0
        try:
            for packet in container.demux(wanted):
                if not packet.size:  # the end, which belongs to no stream
                    continue
                digest = digests[packet.stream_index]
                for part in _parts(packet):
                    digest.update(part)
                passed += packet.size
                if report is not None:
                    report(passed / 1e6)
        except av.error.FFmpegError as error:
            raise FileError("TRUNCATED", f"It cannot be read to its end: {said(error)}.") from error
    return hashlib.sha256(b"".join(digest.digest() for digest in digests.values())).digest()


def _begun(stream: Stream) -> "hashlib._Hash":
    context = stream.codec_context
    return hashlib.sha256((codec_of(context) if context else "unknown").encode())


def _parts(packet: "Packet[Stream]") -> Iterator[bytes]:
    """Yield what is hashed of one packet."""
    context = packet.stream.codec_context
    codec, data = (codec_of(context) if context else ""), bytes(packet)
    if codec in {"h264", "hevc"}:
        length_bytes = _length_bytes(codec, context.extradata or b"")
        for unit in _by_length(data, length_bytes) if length_bytes else _by_start_code(data):
            if not _is_set_apart(codec, unit):
                yield len(unit).to_bytes(4, "big") + unit
    elif codec == "aac" and int.from_bytes(data[:2], "big") & _ADTS_MASK == _ADTS_SYNC:
        yield data[_ADTS_BYTES if data[1] & 1 else _ADTS_BYTES_WITH_CHECKSUM :]
    else:
        yield data


def _length_bytes(codec: str, extradata: bytes) -> int:
    """Return how many bytes tell a unit's length, 0 for start codes (ISO/IEC 14496-15)."""
    at = 4 if codec == "h264" else 21
    if len(extradata) <= at or extradata[0] != 1:
        return 0
    return (extradata[at] & 3) + 1


def _by_length(data: bytes, length_bytes: int) -> Iterator[bytes]:
    at = 0
    while at + length_bytes <= len(data):
        length = int.from_bytes(data[at : at + length_bytes], "big")
        at += length_bytes
        yield data[at : at + length]
        at += length


def _by_start_code(data: bytes) -> Iterator[bytes]:
    # Zeros before a start code and after the last unit belong to no unit.
    for unit in data.split(_START):
        if trimmed := unit.rstrip(b"\0"):
            yield trimmed


def _is_set_apart(codec: str, unit: bytes) -> bool:
    if not unit:
        return True
    if codec == "h264":
        return unit[0] & 0x1F in _H264_SET_APART
    return (unit[0] >> 1) & 0x3F in _HEVC_SET_APART
