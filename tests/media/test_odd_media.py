"""Media that is odd but sound is signed; media that lies about itself is judged by its pictures."""

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from autodedup.engine.media.probe import probe
from autodedup.engine.media.reading import opened
from autodedup.engine.signature.sign import sign


def pictures(count: int, width: int, height: int) -> list[np.ndarray]:
    """Something that moves and has edges, at any size."""
    chance = np.random.default_rng(3)
    tile = chance.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    ground = np.kron(tile, np.ones((-(-height // 8), -(-width // 8), 1), dtype=np.uint8))
    return [np.roll(ground, 3 * n, axis=1)[:height, :width].copy() for n in range(count)]


def written(  # each is one oddity
    path: Path,
    *,
    codec: str = "libx264",
    size: tuple[int, int] = (128, 96),
    seconds: float = 2.0,
    rate: int = 12,
    pixels: str = "yuv420p",
    options: dict[str, str] | None = None,
    aspect: Fraction | None = None,
    stamps: list[int] | None = None,
) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options or {})
        stream.width, stream.height = size
        stream.pix_fmt = pixels
        if aspect is not None:
            stream.sample_aspect_ratio = aspect
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        frames = pictures(round(seconds * rate), *size)
        for number, shown in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(shown, format="rgb24")
            frame.pts = stamps[number] if stamps else round(1000 * number / rate)
            frame.time_base = Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(("claimed", "width"), [((1, 2000), 128), ((2000, 1), 128), ((2, 1), 256)])
def test_the_shape_of_a_pixel_is_believed_as_far_as_it_can_be_true(
    claimed: tuple[int, int], width: int, tmp_path: Path
) -> None:
    path = written(tmp_path / "film.mkv", aspect=Fraction(*claimed))

    assert sign(os.fspath(path)).facts.width == width


def test_a_film_of_one_line_is_signed_or_refused_but_never_kills(tmp_path: Path) -> None:
    path = written(tmp_path / "thin.mkv", codec="ffv1", size=(640, 2), pixels="yuv444p")
    with opened(os.fspath(path)) as file:
        assert (probe(file).width, probe(file).height) == (640, 2)
    assert len(sign(os.fspath(path)).times_seconds)


def test_a_codec_is_called_by_its_own_name_not_by_its_decoders(tmp_path: Path) -> None:
    """AV1's is libdav1d, by which neither a GPU nor the rules of keeping would know it."""
    if "libsvtav1" not in av.codec.codecs_available:
        pytest.skip("AV1 cannot be written here")
    options = {"preset": "12", "svtav1-params": "lp=1"}
    path = written(tmp_path / "film.mp4", codec="libsvtav1", options=options)

    assert sign(os.fspath(path)).facts.codec == "av1"
