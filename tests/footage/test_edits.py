"""Edits do to a film what their names say, and tell truly how its seconds were moved."""

import hashlib
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from autodedup.engine.footage import encode as encoding
from autodedup.engine.footage import file_edits
from autodedup.engine.footage.edits import EDITS, Original
from autodedup.engine.footage.encode import (
    H264,
    HEVC,
    MPEG2,
    MPEG4_AVI,
    VP9,
    EncoderMissingError,
    Encoding,
    choose_encoder,
    encode,
)
from autodedup.engine.footage.film import render_film
from autodedup.engine.footage.library import render_demo_library

# Edits whose frames look, instant for instant, like the original's at the same size.
FAITHFUL = sorted(
    {"exact-copy", "remux", "hevc", "vp9", "mpeg4", "mpeg2", "resize", "enlarge", "low-quality"}
    | {"trim", "trim-start", "speed", "television", "frame-rate", "intro", "concatenation", "loop"}
)


def decoded(path: Path) -> tuple[list[np.ndarray], list[float]]:
    """Return every frame at 160 x 90 and its time in seconds from the first."""
    frames, times = [], []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            frames.append(frame.to_ndarray(width=160, height=90, format="rgb24"))
            times.append(frame.time)
    return frames, [at - times[0] for at in times]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    film = render_film(21, size=(160, 90), seconds=6, fps=12)
    path = tmp_path_factory.mktemp("original") / "film.mp4"
    encode(film, path, replace(H264, quality=18))
    return Original(film, path, 21)


@pytest.mark.parametrize("name", sorted(EDITS))
def test_every_edit_is_a_film_with_sound_that_decodes(
    original: Original, tmp_path: Path, name: str
) -> None:
    edit = EDITS[name]
    target = tmp_path / f"edit{edit.suffix}"

    edit.write(original, target)

    with av.open(str(target)) as container:
        assert sum(1 for _ in container.decode(video=0)) > 20
        assert len(container.streams.audio) == 1


@pytest.mark.parametrize("name", FAITHFUL)
def test_a_second_of_an_edit_shows_the_second_of_the_original_that_it_tells(
    original: Original, tmp_path: Path, name: str
) -> None:
    edit = EDITS[name]
    target = tmp_path / f"edit{edit.suffix}"
    timing = edit.write(original, target)

    frames, times = decoded(target)
    wanted = {}
    for number, at in enumerate(times):
        there = timing.offset + timing.speed * at
        if 0 <= there < original.film.seconds - 0.2:
            wanted[number] = min(round(there * 12), len(original.film.frames) - 1)

    assert len(wanted) > 20
    errors = [
        np.abs(frames[number].astype(int) - original.film.frames[there].astype(int)).mean()
        for number, there in wanted.items()
    ]
    loses_detail = name in {"low-quality", "resize"}
    assert np.median(errors) < (14 if loses_detail else 7)


def test_the_segment_of_a_trim_is_what_it_holds(original: Original, tmp_path: Path) -> None:
    timing = EDITS["trim"].write(original, tmp_path / "trim.mp4")
    _, times = decoded(tmp_path / "trim.mp4")

    assert timing.segment is not None
    start, end = timing.segment
    assert start == timing.offset
    assert end - start == pytest.approx(times[-1] + 1 / 12, abs=0.01)
    assert start % 1 > 0.2


def test_a_remux_holds_the_same_packets(original: Original, tmp_path: Path) -> None:
    file_edits.remuxed(original.path, tmp_path / "film.mkv")

    def packets(path: Path, kind: str) -> list[bytes]:
        with av.open(str(path)) as container:
            return [bytes(packet) for packet in container.demux(**{kind: 0}) if packet.size]

    for kind in ("video", "audio"):
        assert packets(tmp_path / "film.mkv", kind) == packets(original.path, kind)
    assert (tmp_path / "film.mkv").read_bytes() != original.path.read_bytes()


def test_a_turned_display_matrix_leaves_the_stream_alone(
    original: Original, tmp_path: Path
) -> None:
    file_edits.turned_by_metadata(original.path, tmp_path / "turned.mp4")

    with av.open(str(tmp_path / "turned.mp4")) as container:
        frame = next(container.decode(video=0))
    assert abs(frame.rotation) == 90
    assert (frame.width, frame.height) == original.film.size


def test_a_file_without_a_track_header_is_refused(original: Original, tmp_path: Path) -> None:
    file_edits.remuxed(original.path, tmp_path / "film.mkv")

    with pytest.raises(ValueError, match=r"film\.mkv has no picture track"):
        file_edits.turned_by_metadata(tmp_path / "film.mkv", tmp_path / "turned.mkv")


def test_a_truncated_download_cannot_be_opened(original: Original, tmp_path: Path) -> None:
    file_edits.truncated(original.path, tmp_path / "half.mp4")

    with pytest.raises(av.error.InvalidDataError):
        av.open(str(tmp_path / "half.mp4"))


@pytest.mark.parametrize(
    ("how", "codecs"),
    [
        (H264, ["h264", "aac"]),
        (HEVC, ["hevc", "aac"]),
        (VP9, ["vp9", "opus"]),
        (MPEG4_AVI, ["mpeg4", "mp2"]),
        (MPEG2, ["mpeg2video", "mp2"]),
    ],
)
def test_a_film_is_written_with_the_codecs_asked_for_and_to_the_same_bytes(
    original: Original, tmp_path: Path, how: Encoding, codecs: list[str]
) -> None:
    one, again = (tmp_path / f"{name}{how.suffix}" for name in ("one", "again"))
    written = encode(original.film, one, how)
    encode(original.film, again, how)

    with av.open(str(one)) as container:
        assert sorted(s.codec_context.codec.canonical_name for s in container.streams) == sorted(
            codecs
        )
    assert written.why is None
    assert hashlib.sha256(one.read_bytes()).digest() == hashlib.sha256(again.read_bytes()).digest()


def test_a_missing_encoder_is_replaced_and_the_reason_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(encoding, "_can_encode", lambda name: name == "mpeg4")

    chosen, why = choose_encoder("libx265")

    assert chosen == "mpeg4"
    assert why is not None
    assert "lack libx265" in why


def test_a_codec_that_nothing_may_stand_in_for_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "_can_encode", lambda name: name == "mpeg4")

    with pytest.raises(EncoderMissingError, match="libvpx-vp9"):
        choose_encoder("libvpx-vp9")


def test_an_odd_size_is_refused_before_anything_is_written(
    original: Original, tmp_path: Path
) -> None:
    odd = replace(original.film, frames=original.film.frames[:, :, :-1])

    with pytest.raises(ValueError, match="159 x 90"):
        encode(odd, tmp_path / "odd.mp4")
    assert list(tmp_path.iterdir()) == []


def test_the_demo_library_is_what_it_says(tmp_path: Path) -> None:
    made = render_demo_library(tmp_path)

    on_disk = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")}
    assert on_disk == {file.path for file in made}
    assert {file.relation for file in made} >= {"exact", "same_stream", "near", "contains", None}
    codecs = set()
    for file in made:
        if not file.broken:
            with av.open(str(tmp_path / file.path)) as container:
                codecs.add(container.streams.video[0].codec_context.codec.canonical_name)
                assert len(container.streams.audio) == 1
    assert codecs == {"h264", "hevc", "vp9"}
