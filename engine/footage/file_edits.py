"""What happens to a file without its pictures being encoded again."""

import shutil
import struct
from pathlib import Path

import av

_TURNED = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
_STRAIGHT = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)


def copied(source: Path, target: Path) -> None:
    """Copy byte for byte."""
    shutil.copyfile(source, target)


def remuxed(source: Path, target: Path, *, title: str | None = None) -> None:
    """Move the encoded pictures and sound into another container, untouched."""
    options = {"fflags": "+bitexact"}
    with av.open(str(source)) as given, av.open(str(target), "w", options=options) as made:
        if title is not None:
            made.metadata["title"] = title
        streams = {
            stream.index: made.add_stream_from_template(stream)
            for stream in given.streams
            if isinstance(stream, (av.VideoStream, av.AudioStream))
        }
        for packet in given.demux():
            # A demuxer ends each stream with an empty packet, which no muxer takes.
            if packet.dts is not None and packet.stream.index in streams:
                packet.stream = streams[packet.stream.index]
                made.mux(packet)


def truncated(source: Path, target: Path, *, share: float = 0.5) -> None:
    """Keep only the first part of the bytes: an MP4 whose index stood at its end is lost."""
    data = source.read_bytes()
    target.write_bytes(data[: int(len(data) * share)])


def turned_by_metadata(source: Path, target: Path) -> None:
    """Tell players of an MP4 to turn the picture by a quarter; the stream stays as it is.

    The display matrix stands in the track header (ISO/IEC 14496-12, 8.3.2). PyAV has no way to
    write one, so the matrix of the first track that has a picture is replaced in place.

    Raises:
        ValueError: The file has no picture track with an unturned matrix.
    """
    data = bytearray(source.read_bytes())
    at = data.find(b"tkhd")
    while at >= 0:
        matrix = data.find(_STRAIGHT, at, at + 120)
        if matrix >= 0 and data[matrix + 36 : matrix + 40] != bytes(4):  # sound has width 0
            data[matrix : matrix + 36] = _TURNED
            target.write_bytes(data)
            return
        at = data.find(b"tkhd", at + 4)
    raise ValueError(f"{source.name} has no picture track whose display matrix could be turned")
