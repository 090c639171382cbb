"""When pictures are shown: uneven times, none at all, and durations that are missing or lies."""

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from written_films import looked_at, shows_in_time, written

from autodedup.engine.footage.encode import Encoding, encode
from autodedup.engine.footage.file_edits import remuxed
from autodedup.engine.footage.film import Film
from autodedup.engine.media.facts import MediaFacts
from autodedup.engine.media.frames import Look


@pytest.fixture(scope="module")
def mute(film: Film, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The film without sound: with it, a container's duration would be the sound's."""
    path = tmp_path_factory.mktemp("mute") / "film.mp4"
    encode(film, path, Encoding(audio=None))
    return path


def shifted(source: Path, target: Path, seconds: float) -> Path:
    """Copy the packets with other times; what then begins before 0 is cut by an edit list."""
    with av.open(str(source)) as given, av.open(str(target), "w") as made:
        stream = given.streams.video[0]
        kept = made.add_stream_from_template(stream)
        ticks = round(seconds / float(stream.time_base or 1))
        for packet in given.demux(stream):
            if packet.dts is not None and packet.pts is not None:
                packet.pts, packet.dts, packet.stream = packet.pts + ticks, packet.dts + ticks, kept
                made.mux(packet)
    return target


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_pictures_of_a_variable_rate_are_told_at_their_own_times(
    suffix: str, film: Film, tmp_path: Path
) -> None:
    chance = np.random.default_rng(4)
    kept = [0, *sorted(chance.choice(np.arange(1, len(film.frames)), 60, replace=False))]
    path = written(
        tmp_path / f"film{suffix}", film.frames[kept], seconds=[n / film.fps for n in kept]
    )

    _, look = looked_at(path)

    assert shows_in_time(look, film, within=0.1)
    assert look.seen_seconds == pytest.approx(kept[-1] / film.fps, abs=0.2)
    assert len(look.times_seconds) > 40


def test_a_picture_that_stands_for_long_takes_its_time(film: Film, tmp_path: Path) -> None:
    seconds = [n / film.fps + (3 if n >= 48 else 0) for n in range(len(film.frames))]
    _, look = looked_at(written(tmp_path / "film.mp4", film.frames, seconds=seconds))

    assert look.seen_seconds == pytest.approx(film.seconds + 3, abs=0.1)
    before = look.times_seconds < 1.99
    after = look.times_seconds >= 4.99
    assert (before | after).all()
    late = Look(look.times_seconds[after] - 3, look.pictures[after], look.seen_seconds)
    assert shows_in_time(late, film)


@pytest.mark.parametrize("suffix", [".mkv", ".ts", ".mp4"])
def test_times_count_from_the_first_picture_whenever_that_is(
    suffix: str, film: Film, tmp_path: Path
) -> None:
    seconds = [5000 + n / film.fps for n in range(len(film.frames))]
    _, look = looked_at(written(tmp_path / f"film{suffix}", film.frames, seconds=seconds))

    assert look.seen_seconds == pytest.approx(film.seconds, abs=0.1)
    assert shows_in_time(look, film)


@pytest.mark.parametrize(
    ("container", "codec"),
    [("h264", "libx264"), ("hevc", "libx265"), ("mpeg2video", "mpeg2video"), ("m4v", "mpeg4")],
)
def test_a_stream_without_timestamps_runs_at_the_rate_that_its_codec_tells(
    container: str, codec: str, film: Film, tmp_path: Path
) -> None:
    path = written(
        tmp_path / "film.bare",
        film.frames,
        codec=codec,
        container=container,
        tick=Fraction(1, film.fps),
    )

    facts, look = looked_at(path)

    assert facts.duration_seconds is None
    assert look.seen_seconds == pytest.approx(film.seconds, abs=0.05)
    assert shows_in_time(look, film)


def test_a_recording_that_was_never_closed_tells_no_duration_and_is_seen_whole(
    mute: Path, film: Film, tmp_path: Path
) -> None:
    path = tmp_path / "live.mkv"
    with av.open(str(mute)) as given, av.open(str(path), "w", options={"live": "1"}) as made:
        kept = made.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(given.streams.video[0]):
            if packet.dts is not None:
                packet.stream = kept
                made.mux(packet)

    facts, look = looked_at(path)

    assert facts.duration_seconds is None
    assert_seen_whole((facts, look), film)


@pytest.mark.parametrize(
    "claimed", [1.0, 1e12, 1e300, 0.0, -5000.0, float("nan"), float("inf"), float("-inf")]
)
def test_a_matroska_that_lies_about_its_duration_is_seen_whole(
    claimed: float, mute: Path, film: Film, tmp_path: Path
) -> None:
    path = tmp_path / "lie.mkv"
    remuxed(mute, path)
    data = bytearray(path.read_bytes())
    at = data.index(b"\x44\x89\x88") + 3  # the element Duration, of eight bytes
    data[at : at + 8] = struct.pack(">d", claimed)
    path.write_bytes(data)

    assert_seen_whole(looked_at(path), film)


@pytest.mark.parametrize("claimed", [0, 1, 2**31, 2**32 - 1])
@pytest.mark.parametrize("edit_list", [True, False])
def test_an_mp4_that_lies_about_its_duration_is_seen_whole(
    claimed: int, edit_list: bool, mute: Path, film: Film, tmp_path: Path
) -> None:
    data = bytearray(mute.read_bytes())
    # ISO/IEC 14496-12: version 0 of the headers of film, track and media.
    for box, duration_at in ((b"mvhd", 16), (b"tkhd", 20), (b"mdhd", 16)):
        at = data.index(box) + 4 + duration_at
        data[at : at + 4] = struct.pack(">I", claimed)
    if not edit_list:
        data[(at := data.index(b"elst")) : at + 4] = b"free"
    path = tmp_path / "lie.mp4"
    path.write_bytes(data)

    assert_seen_whole(looked_at(path), film)


def assert_seen_whole(seen: tuple[MediaFacts, Look], film: Film) -> None:
    facts, look = seen
    assert facts.duration_seconds is None or 0 < facts.duration_seconds < float("inf")
    assert look.seen_seconds == pytest.approx(film.seconds, abs=0.1)
    assert shows_in_time(look, film)


def test_what_an_edit_list_cuts_away_is_not_seen(mute: Path, film: Film, tmp_path: Path) -> None:
    path = shifted(mute, tmp_path / "cut.mp4", -1.0)
    assert b"elst" in path.read_bytes()

    _, look = looked_at(path)

    assert look.seen_seconds == pytest.approx(film.seconds - 1, abs=0.05)
    assert shows_in_time(look, film, first=film.fps)


def test_an_edit_list_that_delays_the_picture_changes_nothing(
    mute: Path, film: Film, tmp_path: Path
) -> None:
    _, look = looked_at(shifted(mute, tmp_path / "late.mp4", 2.0))

    assert look.seen_seconds == pytest.approx(film.seconds, abs=0.05)
    assert shows_in_time(look, film)
