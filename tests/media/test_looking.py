"""Probing and decoding: what is said of a film, which pictures come, and what damage costs."""

import os
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from autodedup.engine.errors import FileError
from autodedup.engine.footage.encode import Encoding, encode
from autodedup.engine.footage.file_edits import remuxed, turned_by_metadata
from autodedup.engine.footage.film import Film, render_film, render_take
from autodedup.engine.media import moments
from autodedup.engine.media.facts import MediaFacts
from autodedup.engine.media.frames import LONG_SIDE, SHORT_SIDE, Look, small_size
from autodedup.engine.media.probe import LONGEST_SIDE, probe
from autodedup.engine.media.reading import opened
from autodedup.engine.media.software import SoftwareSource


def looked_at(
    path: Path, claimed: float | None = None, *, colour: bool = False
) -> tuple[MediaFacts, Look]:
    with opened(os.fspath(path)) as file:
        facts = probe(file)
        if claimed is not None:
            facts = replace(facts, duration_seconds=claimed)
        return facts, SoftwareSource().look(file, facts, lambda _: None, colour=colour)


def refusal(path: Path) -> str:
    with pytest.raises(FileError) as caught:
        looked_at(path)
    return caught.value.code


def test_a_film_is_told_as_it_is(video: Path, film: Film) -> None:
    facts, look = looked_at(video)

    assert (facts.codec, facts.width, facts.height, facts.rotation) == ("h264", 320, 180, 0)
    assert facts.duration_seconds == pytest.approx(film.seconds, abs=0.1)
    assert facts.frames_per_second == pytest.approx(film.fps)
    assert facts.audio_codec == "aac"
    assert look.seen_seconds == pytest.approx(film.seconds, abs=0.05)
    assert look.notes == ()


@pytest.mark.parametrize("turned", [False, True])
def test_colours_come_when_asked_for_upright_and_with_their_pictures(
    video: Path, tmp_path: Path, turned: bool
) -> None:
    path = video
    if turned:
        turned_by_metadata(video, path := tmp_path / "turned.mp4")
    _, plain = looked_at(path)
    _, look = looked_at(path, colour=True)

    assert plain.colours is None
    assert look.colours is not None
    shape = (160, 96) if turned else (96, 160)
    assert look.colours.shape == (len(look.times_seconds), *shape, 3)
    for picture, colour in zip(look.pictures[::20], look.colours[::20], strict=True):
        luma = Image.fromarray(colour).convert("L")
        small = Image.fromarray(picture).resize(luma.size, Image.Resampling.BOX)
        assert np.abs(np.asarray(luma, int) - np.asarray(small, int)).mean() < 12


def test_a_film_that_is_thinned_while_it_runs_keeps_its_colours_with_its_pictures(
    film: Film, tmp_path: Path
) -> None:
    path = tmp_path / "long.mp4"
    frames = np.concatenate([film.frames] * 9)[:, :90, :160]
    encode(replace(film, frames=frames), path, Encoding(audio=None))

    _, look = looked_at(path, claimed=5.0, colour=True)

    assert look.colours is not None
    assert len(look.colours) == len(look.pictures)
    assert len(look.pictures) <= 2 * look.seen_seconds / moments.grid_step(look.seen_seconds) + 4


def test_the_pictures_are_those_of_their_times(video: Path, film: Film) -> None:
    _, look = looked_at(video)

    assert look.pictures.shape[1:] == (SHORT_SIDE, 228)
    assert (np.diff(look.times_seconds) > 0).all()
    weights = np.array([0.299, 0.587, 0.114])
    for time, picture in zip(look.times_seconds[::10], look.pictures[::10], strict=True):
        frame = film.frames[round(time * film.fps)] @ weights
        assert picture.mean() == pytest.approx(frame.mean(), abs=4.0)


def test_a_film_turned_by_its_metadata_is_looked_at_upright(video: Path, tmp_path: Path) -> None:
    turned = tmp_path / "turned.mp4"
    turned_by_metadata(video, turned)

    plain_facts, plain = looked_at(video)
    facts, look = looked_at(turned)

    assert facts.rotation % 180 == 90
    assert (facts.width, facts.height) == (plain_facts.height, plain_facts.width)
    quarter = facts.rotation // 90
    assert (
        np.abs(
            np.rot90(plain.pictures[5], quarter).astype(int) - look.pictures[5].astype(int)
        ).mean()
        < 6.0
    )


@pytest.mark.parametrize(
    "encoding",
    [
        Encoding(".mkv", "libx265", "libopus"),
        Encoding(".webm", "libvpx-vp9", "libopus"),
        Encoding(".avi", "mpeg4", "mp2"),
        Encoding(".mpg", "mpeg2video", "mp2"),
        Encoding(".ts", "libx264", "aac"),
        Encoding(".mp4", "libx264", None, keyframe_seconds=0.5),
    ],
    ids=lambda encoding: f"{encoding.video}{encoding.suffix}",
)
def test_every_encode_of_a_film_shows_the_same_at_the_same_times(
    encoding: Encoding, video: Path, film: Film, tmp_path: Path
) -> None:
    path = tmp_path / f"other{encoding.suffix}"
    encode(film, path, encoding)

    _, one = looked_at(video)
    _, other = looked_at(path)

    assert other.seen_seconds == pytest.approx(one.seen_seconds, abs=0.1)
    nearest = np.abs(one.times_seconds[:, None] - other.times_seconds[None]).argmin(axis=1)
    differences = np.abs(one.pictures.astype(int) - other.pictures[nearest].astype(int)).mean(
        axis=(1, 2)
    )
    assert np.median(differences) < 8.0


@pytest.mark.parametrize("claimed", [0.1, 3600.0 / 16, 1e9], ids=["short", "long", "absurd"])
def test_a_lie_about_the_duration_changes_little(claimed: float, video: Path, film: Film) -> None:
    _, look = looked_at(video, claimed)

    assert look.seen_seconds == pytest.approx(film.seconds, abs=0.1)
    assert len(look.times_seconds) > film.seconds / moments.grid_step(film.seconds) / 4


def test_a_bare_stream_without_timestamps_is_counted(film: Film, tmp_path: Path) -> None:
    packed = tmp_path / "film.mp4"
    encode(replace(film, fps=25), packed, Encoding(audio=None))
    bare = tmp_path / "film.264"
    with av.open(packed) as source, av.open(bare, "w", format="h264") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = stream
                target.mux(packet)

    facts, look = looked_at(bare)

    assert facts.container == "h264"
    assert look.seen_seconds == pytest.approx(len(film.frames) / 25, abs=0.1)


def test_a_film_of_two_frames_can_be_looked_at(film: Film, tmp_path: Path) -> None:
    path = tmp_path / "two.mp4"
    encode(replace(film, frames=film.frames[:2]), path, Encoding(audio=None))

    assert len(looked_at(path)[1].times_seconds) == 2


def test_a_long_film_is_looked_at_by_its_keyframes_and_exactly_at_its_anchors(
    tmp_path: Path,
) -> None:
    film = render_film(9, size=(64, 48), seconds=260.0, fps=8)
    path = tmp_path / "long.mp4"
    encode(film, path, Encoding(audio=None, keyframe_seconds=4.0))

    _, look = looked_at(path)

    assert 60 <= len(look.times_seconds) < 260
    for share in (0.15, 0.5, 0.85):
        nearest = np.abs(look.times_seconds - share * look.seen_seconds).min()
        assert nearest <= 2 / 8
    assert look.seen_seconds == pytest.approx(260.0, abs=0.5)


def test_a_long_film_of_one_keyframe_is_looked_at_densely(tmp_path: Path) -> None:
    film = render_take(9, 1, size=(64, 48), seconds=250.0, fps=4)
    path = tmp_path / "thin.mp4"
    encode(film, path, Encoding(audio=None, keyframe_seconds=300.0))

    assert len(looked_at(path)[1].times_seconds) >= 200


def test_a_damaged_stretch_costs_only_itself(video: Path, tmp_path: Path, film: Film) -> None:
    data = bytearray(video.read_bytes())
    middle = data.index(b"mdat") + len(data) // 3
    data[middle : middle + 2000] = bytes(range(256)) * 7 + bytes(208)
    path = tmp_path / "scratched.mp4"
    path.write_bytes(data)

    _, look = looked_at(path)

    assert look.seen_seconds == pytest.approx(film.seconds, abs=0.3)


def test_a_film_cut_short_is_read_as_far_as_it_goes(
    video: Path, tmp_path: Path, film: Film
) -> None:
    whole = tmp_path / "whole.mkv"
    remuxed(video, whole)
    path = tmp_path / "cut.mkv"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])

    _, look = looked_at(path)

    assert 0.3 * film.seconds < look.seen_seconds < film.seconds


def test_what_cannot_be_looked_at_says_why(video: Path, tmp_path: Path, film: Film) -> None:
    empty = tmp_path / "empty.mp4"
    empty.touch()
    assert refusal(empty) == "EMPTY_FILE"

    headless = tmp_path / "headless.mp4"
    headless.write_bytes(video.read_bytes()[:4000])
    assert refusal(headless) == "TRUNCATED"

    noise = tmp_path / "noise.mkv"
    noise.write_bytes(np.random.default_rng(1).bytes(50_000))
    assert refusal(noise) == "NOT_MEDIA"

    sound = tmp_path / "sound.mp4"
    with av.open(video) as source, av.open(sound, "w") as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.size:
                packet.stream = stream
                target.mux(packet)
    assert refusal(sound) == "NOT_MEDIA"


def test_a_picture_too_large_to_hold_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ribbon.mkv"
    with av.open(path, "w") as target:
        stream = target.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = LONGEST_SIDE + 2, 16, "gray"
        frame = av.VideoFrame.from_ndarray(
            np.zeros((16, LONGEST_SIDE + 2), dtype=np.uint8), format="gray"
        )
        target.mux([*stream.encode(frame), *stream.encode(None)])

    with pytest.raises(FileError, match="up to 16384") as caught:
        looked_at(path)
    assert caught.value.code == "DECODE_FAILED"


def test_the_small_picture_keeps_its_shape_and_never_grows() -> None:
    assert small_size(1920, 1080) == (228, 128)
    assert small_size(1080, 1920) == (128, 228)
    assert small_size(64, 48) == (64, 48)
    assert small_size(4000, 400) == (LONG_SIDE, 32)
