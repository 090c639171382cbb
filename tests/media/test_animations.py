"""Animated pictures are clips; still ones are no films, and say so."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from written_films import looked_at, recognised

from autodedup.engine.errors import FileError
from autodedup.engine.footage.film import Film
from autodedup.engine.media.walk import Found, walk
from autodedup.engine.settings import VIDEO_EXTENSIONS, Settings
from autodedup.engine.signature.sign import sign

PICTURE_MS = 80  # a GIF counts hundredths of a second


def animated(path: Path, film: Film, kind: str, *, count: int | None = None) -> Path:
    """Save every second picture of the film as an animation."""
    pictures = [Image.fromarray(frame) for frame in film.frames[::2][:count]]
    pictures[0].save(
        path, kind, save_all=True, append_images=pictures[1:], duration=PICTURE_MS, loop=0
    )
    return path


@pytest.mark.parametrize(("suffix", "kind"), [("gif", "GIF"), ("apng", "PNG")])
def test_an_animation_is_a_clip_that_shows_the_film_in_time(
    suffix: str, kind: str, film: Film, tmp_path: Path
) -> None:
    facts, look = looked_at(animated(tmp_path / f"clip.{suffix}", film, kind))

    assert (facts.container, facts.codec, facts.width) == (suffix, suffix, 320)
    assert look.seen_seconds == pytest.approx(72 * PICTURE_MS / 1000, abs=0.1)
    shown_at = recognised(look, film) / 2 * PICTURE_MS / 1000
    assert np.abs(shown_at - look.times_seconds).max() < PICTURE_MS / 1000
    assert len(look.times_seconds) > 40


def test_pictures_that_tell_only_what_changed_are_put_together(tmp_path: Path, film: Film) -> None:
    frames = np.repeat(film.frames[:1], 40, axis=0)
    for number, frame in enumerate(frames):
        frame[40:80, number * 6 : number * 6 + 40] = 255
    pictures = [Image.fromarray(frame).quantize(64) for frame in frames]
    path = tmp_path / "clip.gif"
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=100, disposal=1)
    assert path.stat().st_size < 40 * 20_000  # not forty whole pictures

    _, look = looked_at(path)

    known = np.stack(
        [np.asarray(Image.fromarray(f).convert("L").resize((228, 128))) for f in frames]
    )
    for time, seen in zip(look.times_seconds, look.pictures, strict=True):
        nearest = np.abs(known.astype(int) - seen).mean(axis=(1, 2)).argmin()
        assert nearest == round(time * 10)


def test_a_gif_is_near_the_film_that_it_was_made_of(
    video: Path, film: Film, tmp_path: Path
) -> None:
    clip, whole = sign(str(animated(tmp_path / "clip.gif", film, "GIF"))), sign(str(video))

    nearest = np.abs(clip.times_seconds[:, None] - whole.times_seconds[None]).argmin(axis=1)
    bits = np.unpackbits(clip.hashes[:, 0] ^ whole.hashes[nearest, 0], axis=1).sum(axis=1)
    assert np.median(bits) < Settings().near_bits


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("still.gif", "GIF"),
        ("still.apng", "PNG"),
        ("still.png", "PNG"),
        ("still.webp", "WEBP"),
        ("called.mp4", "GIF"),
    ],
)
def test_a_still_picture_is_no_film_and_says_so(
    name: str, kind: str, film: Film, tmp_path: Path
) -> None:
    path = tmp_path / name
    Image.fromarray(film.frames[0]).save(path, kind)

    with pytest.raises(FileError, match="still picture") as caught:
        sign(str(path))
    assert caught.value.code == "TOO_FEW_FRAMES"


@pytest.mark.parametrize("brand", [b"avif", b"heic", b"mif1"])
def test_a_photograph_in_a_films_container_is_a_still_picture(brand: bytes, tmp_path: Path) -> None:
    path = tmp_path / "photograph.mp4"
    path.write_bytes(b"\0\0\0\x18ftyp" + brand + bytes(4) + brand + b"miaf" + bytes(64))

    with pytest.raises(FileError, match="still picture") as caught:
        sign(str(path))
    assert caught.value.code == "TOO_FEW_FRAMES"


@pytest.mark.parametrize(("name", "kind"), [("one.gif", "GIF"), ("one.apng", "PNG")])
def test_an_animation_of_one_picture_is_a_still(
    name: str, kind: str, film: Film, tmp_path: Path
) -> None:
    with pytest.raises(FileError) as caught:
        sign(str(animated(tmp_path / name, film, kind, count=1)))
    assert caught.value.code == "TOO_FEW_FRAMES"


def test_an_animated_webp_says_that_it_cannot_be_decoded_here(film: Film, tmp_path: Path) -> None:
    path = animated(tmp_path / "clip.webp", film, "WEBP", count=6)

    with pytest.raises(FileError, match="WebP") as caught:
        sign(str(path))
    assert caught.value.code == "UNSUPPORTED_CODEC"


def test_of_a_folder_of_numbered_pictures_and_a_clip_the_clip_is_looked_at(
    film: Film, tmp_path: Path
) -> None:
    for number in range(3):
        Image.fromarray(film.frames[number]).save(tmp_path / f"frame{number:04}.png")

    animated(tmp_path / "clip.gif", film, "GIF", count=3)

    entries = list(walk(tmp_path, "", extensions=VIDEO_EXTENSIONS))

    assert [entry.path for entry in entries if isinstance(entry, Found)] == ["clip.gif"]
