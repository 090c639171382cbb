"""A real container may name another file, too: none leads FFmpeg there.

Whether a file was read is told by the time of its last reading, where the disk keeps one; what was
seen of it, by the pictures.
"""

import os
import shutil
import socket
import struct
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from written_films import looked_at, shows_in_time, written

from autodedup.engine.errors import FileError
from autodedup.engine.footage.film import Film

_LONG_AGO = 10**18  # ns


def box(kind: bytes, *parts: bytes) -> bytes:
    """Return a box of ISO/IEC 14496-12."""
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def boxes(data: bytes) -> list[tuple[bytes, bytes]]:
    """Return the boxes that lie side by side, each by its kind and what is in it."""
    found, at = [], 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        found.append((data[at + 4 : at + 8], data[at + 8 : at + size]))
        at += size
    return found


def with_reference(data: bytes, reference: bytes) -> bytes:
    """Return the head of an mp4 whose pictures lie in another file; its own are left out."""
    inner = {b"moov", b"trak", b"mdia", b"minf", b"dinf"}

    def told(kind: bytes, body: bytes) -> bytes:
        if kind == b"dref":
            return box(kind, struct.pack(">II", 0, 1), reference)
        if kind in inner:
            return box(kind, *(told(*part) for part in boxes(body)))
        return box(kind, body)

    return b"".join(told(*part) for part in boxes(data) if part[0] in {b"ftyp", b"moov"})


def alias(folder: str, name: str) -> bytes:
    """Return a data reference as QuickTime writes it: a Macintosh alias with a path in it."""
    volume, short = b"disk", name.encode()[:63]
    record = bytes(10) + bytes([len(volume)]) + volume.ljust(27, b"\0") + bytes(12)
    record += bytes([len(short)]) + short.ljust(63, b"\0") + bytes(16)
    record += struct.pack(">HH", 1, 1) + bytes(16)  # one level up, one level down to it
    path = f"{folder}/{name}".encode()
    for kind, text in ((2, path), (18, path)):
        record += struct.pack(">HH", kind, len(text)) + text + bytes(len(text) % 2)
    record += struct.pack(">HH", 0xFFFF, 0)
    return box(b"alis", bytes(4), record.ljust(152, b"\0"))


def as_alias(other: Path) -> bytes:
    return alias(os.fspath(other.parent), other.name)


def as_url(other: Path) -> bytes:
    return box(b"url ", bytes(4), other.as_uri().encode() + b"\0")


def unread(path: Path) -> Callable[[], bool]:
    """Return how to tell that a file was not read from now on."""
    os.utime(path, ns=(_LONG_AGO, _LONG_AGO + 1))
    path.read_bytes()
    if path.stat().st_atime_ns == _LONG_AGO:
        pytest.skip("this disk does not keep when a file was read")
    os.utime(path, ns=(_LONG_AGO, _LONG_AGO + 1))
    return lambda: path.stat().st_atime_ns == _LONG_AGO


@pytest.fixture
def other(film: Film, tmp_path: Path) -> Path:
    """The film that is named, and that may be opened by itself."""
    return written(tmp_path / "other.mov", film.frames)


@pytest.mark.parametrize("reference", [as_alias, as_url])
def test_an_mp4_whose_pictures_lie_in_another_file_has_none(
    reference: Callable[[Path], bytes], other: Path, tmp_path: Path
) -> None:
    path = tmp_path / "reference.mov"
    path.write_bytes(with_reference(other.read_bytes(), reference(other)))
    untouched = unread(other)

    with pytest.raises(FileError) as caught:
        looked_at(path)

    assert caught.value.code in {"TRUNCATED", "DECODE_FAILED", "NOT_MEDIA"}
    assert untouched()


def test_the_alias_does_lead_there_without_our_walls(other: Path, tmp_path: Path) -> None:
    path = tmp_path / "reference.mov"
    path.write_bytes(with_reference(other.read_bytes(), as_alias(other)))
    open_to_all = {"enable_drefs": "1", "use_absolute_path": "1"}

    with av.open(str(path), container_options=open_to_all) as container:
        assert next(container.decode(video=0)).width == 320


def test_a_reference_movie_is_no_film(other: Path, tmp_path: Path) -> None:
    named = [
        box(b"rdrf", bytes(4), b"url ", struct.pack(">I", len(uri) + 1), uri + b"\0")
        for uri in (other.as_uri().encode(), other.name.encode())
    ]
    movie = box(b"rmra", *(box(b"rmda", reference) for reference in named))
    path = tmp_path / "reference.mov"
    path.write_bytes(box(b"ftyp", b"qt  ", bytes(4), b"qt  ") + box(b"moov", movie))
    untouched = unread(other)

    with pytest.raises(FileError) as caught:
        looked_at(path)

    assert caught.value.code in {"TRUNCATED", "NOT_MEDIA"}
    assert untouched()


def test_no_reference_of_an_mp4_is_asked_of_the_network(other: Path, tmp_path: Path) -> None:
    data = other.read_bytes()
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        for reference in (
            box(b"url ", bytes(4), f"{address}/film.mov".encode() + b"\0"),
            alias(address, "film.mov"),
        ):
            path = tmp_path / "reference.mov"
            path.write_bytes(with_reference(data, reference))
            with pytest.raises(FileError):
                looked_at(path)

        server.setblocking(False)
        with pytest.raises(BlockingIOError):  # nobody is waiting to be answered
            server.accept()


def element(number: str, body: bytes) -> bytes:
    """Return an element of EBML, its size told in eight bytes."""
    return bytes.fromhex(number) + (1 << 56 | len(body)).to_bytes(8, "big") + body


def test_a_matroska_linked_to_other_segments_is_its_own_pictures(
    film: Film, other: Path, tmp_path: Path
) -> None:
    # Players that link segments look through the folder for the file of the next one.
    path = written(tmp_path / "part.mkv", film.frames[:48], options={})
    data = path.read_bytes()
    linked = tmp_path / "other.mkv"
    shutil.copy(other, linked)
    head = data.index(bytes.fromhex("1549a966"))
    length = 1 if data[head + 4] & 0x80 else 8
    begins = head + 4 + length
    size = int.from_bytes(data[head + 4 : begins], "big") & ((1 << 7 * length) - 1)
    links = element("3eb923", bytes(range(16))) + element("3e83bb", linked.name.encode())
    info = data[begins : begins + size] + links + element("3c83ab", linked.name.encode())
    segment = data.index(bytes.fromhex("18538067"))
    unknown = bytes.fromhex("1853806701ffffffffffffff")
    path.write_bytes(data[:segment] + unknown + element("1549a966", info) + data[begins + size :])
    untouched = unread(linked)

    facts, look = looked_at(path)

    assert look.seen_seconds == pytest.approx(2.0, abs=0.1)
    assert shows_in_time(look, film)
    assert untouched()
    assert facts.container == "matroska,webm"
    assert np.isfinite(look.times_seconds).all()
