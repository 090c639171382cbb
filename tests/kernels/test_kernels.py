"""Torch says of a picture what numpy says of it, on any device.

On one device the two add up the same products in another order; between CPU and GPU also the
rounding of single sums differs. A bit turns over only where a coefficient is all but zero, so at
most 2 of 256 bits may differ in 99 of 100 frames.
"""

import av
import imagehash
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

torch = pytest.importorskip("torch", reason="torch is not installed")

from autodedup.engine.kernels import hashes, wavelet  # noqa: E402
from autodedup.engine.kernels import pictures as kernels  # noqa: E402
from autodedup.engine.signature import perceptual, quality  # noqa: E402
from autodedup.engine.signature.copy import cut_out  # noqa: E402
from autodedup.engine.signature.wavelet import whashes  # noqa: E402

Pictures = NDArray[np.uint8]


def on(pictures: NDArray[np.generic], device: str) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(pictures)).to(device)


def few_bits_differ(ours: NDArray[np.uint8], theirs: NDArray[np.uint8]) -> bool:
    """Say whether at most 2 bits differ in at least 99 of 100 hashes."""
    bits = np.bitwise_count(ours ^ theirs).sum(axis=-1)
    return bool(np.quantile(bits, 0.99, method="higher") <= 2)


def test_hashes_and_views_are_those_of_numpy(pictures: Pictures, device: str) -> None:
    waves = hashes.coefficients(on(pictures, device))
    expected = perceptual.hashes_of(perceptual.coefficients(pictures))
    found = hashes.hashes_of(waves).cpu().numpy()
    assert found.shape == expected.shape
    assert few_bits_differ(found.reshape(-1, 32), expected.reshape(-1, 32))


def test_quality_is_that_of_numpy(pictures: Pictures, device: str) -> None:
    waves = perceptual.coefficients(pictures)[:, 0]
    found = hashes.quality_of(on(waves, device)).cpu().numpy()
    np.testing.assert_allclose(found, quality.quality_of(waves), atol=1e-5)


def test_scaling_for_the_wavelet_hash_is_pillows_to_the_bit(
    pictures: Pictures, device: str
) -> None:
    for side in (64, 128):
        expected = np.stack(
            [
                np.asarray(Image.fromarray(p).resize((side, side), Image.Resampling.LANCZOS))
                for p in pictures
            ]
        )
        found = wavelet.squeezed(on(pictures, device), side).cpu().numpy()
        np.testing.assert_array_equal(found, expected)


def test_wavelet_hashes_are_those_of_imagehash(pictures: Pictures, device: str) -> None:
    found = wavelet.whashes(on(pictures, device)).cpu().numpy().view(np.uint64)
    expected = whashes(pictures)
    differing = np.bitwise_count(found ^ expected)
    assert np.quantile(differing, 0.99, method="higher") <= 1
    assert int(str(imagehash.whash(Image.fromarray(pictures[0]))), 16) == int(expected[0])


def test_frames_are_made_small_as_ffmpeg_makes_them_small(pictures: Pictures, device: str) -> None:
    """One step of 255 is where FFmpeg's fixed point and a float round apart."""
    bicubic = Image.Resampling.BICUBIC
    large = np.stack([np.asarray(Image.fromarray(p).resize((640, 360), bicubic)) for p in pictures])
    scaler = av.video.reformatter.VideoReformatter()
    expected = np.stack(
        [
            scaler.reformat(
                av.VideoFrame.from_ndarray(p, "gray"), 228, 128, "gray", interpolation="AREA"
            ).to_ndarray()
            for p in large
        ]
    )
    found = kernels.made_small(on(large, device), 128, 228).cpu().numpy()
    assert np.abs(found.astype(int) - expected.astype(int)).max() <= 2
    ours = perceptual.hashes_of(perceptual.coefficients(found))
    theirs = perceptual.hashes_of(perceptual.coefficients(expected))
    assert few_bits_differ(ours[:, 0], theirs[:, 0])


@pytest.mark.parametrize("shape", [(96, 160), (96, 128), (160, 96)])
def test_parts_are_cut_out_as_pillow_cuts_them(device: str, shape: tuple[int, int]) -> None:
    pictures = np.random.default_rng(1).integers(0, 256, (5, 96, 160, 3), dtype=np.uint8)
    for box in ((0.0, 0.0, 1.0, 1.0), (0.1, 0.25, 0.9, 0.75), (0.0, 0.3, 1.0, 0.7)):
        found = kernels.cut_out(on(pictures, device), box, shape).cpu().numpy()
        assert np.abs(found.astype(int) - cut_out(pictures, box, shape).astype(int)).max() <= 2


def test_pictures_are_turned_as_numpy_turns_them(pictures: Pictures, device: str) -> None:
    for quarters in range(4):
        found = kernels.turned_upright(on(pictures, device), quarters).cpu().numpy()
        np.testing.assert_array_equal(found, np.rot90(pictures, quarters, (1, 2)))
