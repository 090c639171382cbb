"""Which of several streams is the film: not the cover, not a poster, and the largest of several."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition
from PIL import Image
from written_films import looked_at, shows_in_time

from autodedup.engine.errors import FileError
from autodedup.engine.footage.film import Film

_TILES = np.random.default_rng(9).integers(0, 256, (8, 8, 3), dtype=np.uint8)
COVER = np.kron(_TILES, np.ones((80, 80, 1), dtype=np.uint8))  # larger than the film


@dataclass(frozen=True)
class Track:
    """A stream to write: of the film, of another picture, `count` of them."""

    codec: str = "libx264"
    pixels: str = "yuv420p"
    cover: bool = False
    marked: bool = False
    scale: int = 1
    count: int | None = None


FILM = Track()


def muxed(path: Path, film: Film, tracks: Sequence[Track]) -> Path:
    with av.open(str(path), "w") as made:
        streams = []
        for track in tracks:
            stream = made.add_stream(track.codec, rate=film.fps)
            picture = COVER if track.cover else film.frames[0, :: track.scale, :: track.scale]
            stream.height, stream.width = picture.shape[:2]
            stream.pix_fmt = track.pixels
            if track.marked:
                stream.disposition = Disposition.attached_pic
            streams.append(stream)
        for track, stream in zip(tracks, streams, strict=True):
            for number, frame in enumerate(film.frames[: track.count]):
                shown = COVER if track.cover else frame[:: track.scale, :: track.scale]
                picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(shown), format="rgb24")
                picture = picture.reformat(format=track.pixels)
                picture.pts = number
                made.mux(stream.encode(picture))
            made.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("first", [True, False])
def test_a_film_with_a_cover_is_the_film(
    suffix: str, marked: bool, first: bool, film: Film, tmp_path: Path
) -> None:
    poster = Track(codec="mjpeg", pixels="yuvj420p", cover=True, marked=marked, count=1)
    tracks = (poster, FILM) if first else (FILM, poster)
    facts, look = looked_at(muxed(tmp_path / f"film{suffix}", film, tracks))

    assert (facts.codec, facts.width) == ("h264", 320)
    assert shows_in_time(look, film)
    assert look.seen_seconds == pytest.approx(film.seconds, abs=0.1)


def test_a_film_whose_matroska_has_a_cover_attached_is_the_film(
    video: Path, film: Film, tmp_path: Path
) -> None:
    path, cover = tmp_path / "film.mkv", tmp_path / "cover.png"
    Image.fromarray(COVER).save(cover)
    with av.open(str(video)) as given, av.open(str(path), "w") as made:
        kept = made.add_stream_from_template(given.streams.video[0])
        made.add_attachment("cover.png", "image/png", cover.read_bytes())
        for packet in given.demux(given.streams.video[0]):
            if packet.dts is not None:
                packet.stream = kept
                made.mux(packet)

    facts, look = looked_at(path)

    assert (facts.codec, facts.video_streams) == ("h264", 1)
    assert shows_in_time(look, film)


def test_a_poster_that_is_no_cover_by_its_mark_is_none_by_its_one_picture(
    film: Film, tmp_path: Path
) -> None:
    # An encoder of films wrote it, so its codec does not tell.
    poster = Track(cover=True, count=1)
    facts, look = looked_at(muxed(tmp_path / "film.mp4", film, (poster, FILM)))

    assert (facts.codec, facts.width) == ("h264", 320)
    assert shows_in_time(look, film)


def test_sound_with_a_cover_is_no_film(film: Film, tmp_path: Path) -> None:
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as made:
        sound = made.add_stream("aac", rate=44_100)
        cover = made.add_stream("mjpeg", rate=1)
        cover.height, cover.width, cover.pix_fmt = 640, 640, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        picture = av.VideoFrame.from_ndarray(COVER, format="rgb24").reformat(format="yuvj420p")
        picture.pts = 0
        made.mux([*cover.encode(picture), *cover.encode(None)])
        none = np.zeros((2, 1024), dtype=np.float32)
        silence = av.AudioFrame.from_ndarray(none, format="fltp", layout="stereo")
        silence.sample_rate, silence.pts = 44_100, 0
        made.mux([*sound.encode(silence), *sound.encode(None)])

    with pytest.raises(FileError) as caught:
        looked_at(path)
    assert caught.value.code == "NOT_MEDIA"
    assert "moving" in caught.value.detail


@pytest.mark.parametrize("first", [True, False])
def test_of_two_films_the_larger_is_looked_at(first: bool, film: Film, tmp_path: Path) -> None:
    small = Track(scale=2)
    tracks = (FILM, small) if first else (small, FILM)
    facts, look = looked_at(muxed(tmp_path / "film.mkv", film, tracks))

    assert (facts.width, facts.height, facts.video_streams) == (320, 180, 2)
    assert shows_in_time(look, film)


def test_a_film_of_stills_alone_is_a_film(film: Film, tmp_path: Path) -> None:
    track = Track(codec="mjpeg", pixels="yuvj420p")
    facts, look = looked_at(muxed(tmp_path / "film.avi", film, [track]))

    assert facts.codec == "mjpeg"
    assert shows_in_time(look, film)
