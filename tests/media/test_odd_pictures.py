"""What pictures are made of: fields, ten bits, light for bright screens, and any size."""

from pathlib import Path

import numpy as np
import pytest
from av.video.stream import VideoStream
from PIL import Image
from written_films import looked_at, shows_in_time, written

from autodedup.engine.errors import FileError
from autodedup.engine.footage.film import Film
from autodedup.engine.media.probe import LONGEST_SIDE
from autodedup.engine.signature.sign import sign

_BT2020, _BT2020_NCL = 9, 9
_PQ, _HLG = 16, 18


@pytest.mark.parametrize("order", ["tff", "bff"])
@pytest.mark.parametrize("suffix", [".mp4", ".ts"])
def test_an_interlaced_film_shows_the_same_at_the_same_times(
    order: str, suffix: str, film: Film, tmp_path: Path
) -> None:
    path = written(tmp_path / f"film{suffix}", film.frames, options={"x264-params": f"{order}=1"})

    _, look = looked_at(path)

    assert look.seen_seconds == pytest.approx(film.seconds, abs=0.1)
    assert shows_in_time(look, film)


@pytest.mark.parametrize(
    ("codec", "pixels"),
    [
        ("libx264", "yuv420p10le"),
        ("libx264", "yuv422p10le"),
        ("libx264", "yuv444p"),
        ("libx265", "yuv420p12le"),
        ("ffv1", "gray16le"),
        ("ffv1", "bgra"),
    ],
)
def test_pixels_of_any_depth_show_the_same(
    codec: str, pixels: str, film: Film, tmp_path: Path
) -> None:
    path = written(tmp_path / "film.mkv", film.frames[:48], codec=codec, pixels=pixels)

    facts, look = looked_at(path)

    assert facts.pixel_format == pixels
    assert shows_in_time(look, film)


@pytest.mark.parametrize("transfer", [_PQ, _HLG])
def test_a_film_marked_for_bright_screens_is_near_the_same_film_without_the_mark(
    transfer: int, film: Film, tmp_path: Path
) -> None:
    def marked(stream: VideoStream) -> None:
        context = stream.codec_context
        context.color_trc, context.color_primaries = transfer, _BT2020
        context.colorspace = _BT2020_NCL

    bright = written(
        tmp_path / "bright.mp4",
        film.frames[:72],
        codec="libx265",
        pixels="yuv420p10le",
        set_up=marked,
    )
    plain = written(tmp_path / "plain.mp4", film.frames[:72])

    one, other = sign(str(bright)), sign(str(plain))

    assert np.allclose(one.times_seconds, other.times_seconds, atol=0.01)
    bits = np.unpackbits(one.hashes[:, 0] ^ other.hashes[:, 0], axis=1).sum(axis=1)
    assert np.median(bits) < 20


@pytest.mark.parametrize("size", [(3, 3), (7, 5), (17, 9), (321, 181), (LONGEST_SIDE, 2)])
def test_a_film_of_any_size_is_signed(size: tuple[int, int], film: Film, tmp_path: Path) -> None:
    path = resized(film, size, tmp_path)

    signature = sign(str(path))

    assert (signature.facts.width, signature.facts.height) == size
    assert signature.seen_seconds == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1), (1, 300)])
def test_a_film_too_small_to_show_anything_says_so(
    size: tuple[int, int], film: Film, tmp_path: Path
) -> None:
    with pytest.raises(FileError) as caught:
        sign(str(resized(film, size, tmp_path)))
    assert caught.value.code == "TOO_FEW_FRAMES"


@pytest.mark.parametrize("size", [(LONGEST_SIDE + 1, 2), (2, LONGEST_SIDE + 1), (65_535, 65_535)])
def test_a_size_beyond_the_bound_is_refused_before_anything_is_made_for_it(
    size: tuple[int, int], film: Film, tmp_path: Path
) -> None:
    width, height = size
    path = tmp_path / "large.gif"
    gif = bytearray()
    gif += b"GIF89a" + width.to_bytes(2, "little") + height.to_bytes(2, "little") + b"\x80\0\0"
    gif += bytes(6)
    for _ in range(2):
        gif += b"\x21\xf9\x04\x00\x0a\x00\x00\x00" + b"\x2c" + bytes(4) + b"\1\0\1\0\0"
        gif += b"\x02\x02\x44\x01\x00"
    path.write_bytes(bytes(gif) + b"\x3b")

    with pytest.raises(FileError) as caught:
        sign(str(path))
    assert caught.value.code == "DECODE_FAILED"


def resized(film: Film, size: tuple[int, int], folder: Path) -> Path:
    frames = [np.asarray(Image.fromarray(frame).resize(size)) for frame in film.frames[:24]]
    return written(folder / "film.nut", frames, codec="rawvideo", pixels="rgb24", container="nut")
