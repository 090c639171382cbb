"""Hashes of bytes and of streams: what changes them and what does not."""

import hashlib
import os
from pathlib import Path

import av
import pytest
from written_films import written

from autodedup.engine.errors import FileError
from autodedup.engine.footage.encode import Encoding, encode
from autodedup.engine.footage.film import Film
from autodedup.engine.signature.digests import EDGE_BYTES, edge_hash, sha256
from autodedup.engine.signature.streams import stream_hash


def repacked(source: Path, target: Path, *, kinds: tuple[str, ...] = ("video", "audio")) -> Path:
    """Write the same packets into another container."""
    with av.open(source) as old, av.open(target, "w") as new:
        old_streams = [stream for stream in old.streams if stream.type in kinds]
        streams = {s.index: new.add_stream_from_template(s) for s in old_streams}
        new.metadata["title"] = "another title"
        for packet in old.demux(old_streams):
            if packet.size:
                packet.stream = streams[packet.stream_index]
                new.mux(packet)
    return target


def edges(path: Path) -> bytes:
    status = path.stat()
    return edge_hash(path, size=status.st_size, mtime_ns=status.st_mtime_ns)


@pytest.mark.parametrize("video_codec", ["libx264", "libx265"])
@pytest.mark.parametrize("suffix", [".mkv", ".ts", ".mov"])
def test_a_remux_has_the_same_streams(
    video_codec: str, suffix: str, film: Film, tmp_path: Path
) -> None:
    path = tmp_path / "film.mp4"
    encode(film, path, Encoding(video=video_codec, audio="aac"))  # type: ignore[arg-type]

    other = repacked(path, tmp_path / f"other{suffix}")

    assert stream_hash(os.fspath(path)) == stream_hash(os.fspath(other))


def test_other_pictures_or_another_sound_are_other_streams(film: Film, tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.mp4" for n in range(3)]
    encode(film, paths[0], Encoding(quality=23))
    encode(film, paths[1], Encoding(quality=24))
    repacked(paths[0], paths[2], kinds=("video",))

    assert len({stream_hash(os.fspath(path)) for path in paths}) == 3


def of_whole_packets(path: Path, codecs: tuple[str, ...]) -> bytes:
    """Return the hash of streams that no container rewrites, called by these names."""
    digests = [hashlib.sha256(codec.encode()) for codec in codecs]
    with av.open(path) as container:
        for packet in container.demux():
            if packet.size:
                digests[packet.stream_index].update(bytes(packet))
    return hashlib.sha256(b"".join(digest.digest() for digest in digests)).digest()


def test_sound_is_called_by_its_codec_and_not_by_its_decoder(film: Film, tmp_path: Path) -> None:
    """That of MP3 is mp3float, or mp3 where FFmpeg was built without it."""
    if "libmp3lame" not in av.codec.codecs_available:
        pytest.skip("MP3 cannot be written here")
    path = tmp_path / "film.avi"
    encode(film, path, Encoding(video="mpeg4", audio="libmp3lame", quality=5))  # type: ignore[arg-type]

    assert stream_hash(os.fspath(path)) == of_whole_packets(path, ("mpeg4", "mp3"))


def test_pictures_are_called_by_their_codec_and_not_by_its_decoder(
    film: Film, tmp_path: Path
) -> None:
    """That of AV1 is libdav1d, libaom-av1 or av1, as FFmpeg was built."""
    if "libsvtav1" not in av.codec.codecs_available:
        pytest.skip("AV1 cannot be written here")
    options = {"preset": "12", "svtav1-params": "lp=1"}
    path = written(tmp_path / "film.mp4", film.frames[:24], codec="libsvtav1", options=options)

    assert stream_hash(os.fspath(path)) == of_whole_packets(path, ("av1",))


def test_streams_of_a_file_that_is_no_video_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.mp4"
    path.write_text("no film\n" * 100)
    with pytest.raises(FileError):
        stream_hash(os.fspath(path))


def test_the_whole_file_is_hashed(video: Path) -> None:
    assert sha256(os.fspath(video)) == hashlib.sha256(video.read_bytes()).digest()


@pytest.mark.parametrize("size", [1, 100, EDGE_BYTES, EDGE_BYTES + 1, 3 * EDGE_BYTES])
def test_the_ends_are_hashed_each_byte_once(size: int, tmp_path: Path) -> None:
    content = os.urandom(size)
    path = tmp_path / "a.mp4"
    path.write_bytes(content)

    tail = content[max(size - EDGE_BYTES, EDGE_BYTES) :] if size > EDGE_BYTES else b""
    plain = size.to_bytes(8, "little") + content[:EDGE_BYTES] + tail
    assert edges(path) == hashlib.sha256(plain).digest()


def test_the_ends_tell_files_apart_that_differ_there(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    content = bytearray(os.urandom(4 * EDGE_BYTES))
    seen = set()
    for change in (0, EDGE_BYTES - 1, 3 * EDGE_BYTES, 4 * EDGE_BYTES - 1):
        content[change] ^= 1
        path.write_bytes(content)
        seen.add(edges(path))
    assert len(seen) == 4


def test_a_file_that_changed_is_not_hashed(video: Path) -> None:
    status = video.stat()
    with pytest.raises(FileError) as caught:
        edge_hash(video, size=status.st_size, mtime_ns=status.st_mtime_ns - 1)
    assert caught.value.code == "FILE_CHANGED"
